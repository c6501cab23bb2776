#include "text.h"

#include <stdlib.h>
#include <string.h>

void text_add(text *to, const char *bytes, size_t length) {
  if (to->room - to->length < length) {
    to->room = 2 * (to->length + length) + 64;
    to->at = realloc(to->at, to->room);
    if (to->at == NULL) __builtin_trap();
  }
  if (length > 0) memcpy(to->at + to->length, bytes, length);
  to->length += length;
}

void text_say(text *to, const char *words) { text_add(to, words, strlen(words)); }

void text_number(text *to, uint64_t number) {
  char digits[20];
  size_t first = sizeof digits;
  do digits[--first] = (char)('0' + number % 10);
  while (number /= 10);
  text_add(to, digits + first, sizeof digits - first);
}

void text_json(text *to, plugin_string_t value) {
  static const char HEX[] = "0123456789abcdef";
  text_say(to, "\"");
  for (size_t i = 0; i < value.len; i++) {
    uint8_t byte = value.ptr[i];
    if (byte == '"' || byte == '\\') {
      text_add(to, (char[]){'\\', (char)byte}, 2);
    } else if (byte < 0x20) {
      text_add(to, (char[]){'\\', 'u', '0', '0', HEX[byte >> 4], HEX[byte & 15]}, 6);
    } else {
      text_add(to, (const char *)&value.ptr[i], 1);
    }
  }
  text_say(to, "\"");
}

plugin_string_t words(const char *constant) { return (plugin_string_t){(uint8_t *)constant, strlen(constant)}; }

plugin_string_t whole(text from) { return (plugin_string_t){(uint8_t *)from.at, from.length}; }
