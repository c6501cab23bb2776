#include "text.h"

#include <stdlib.h>
#include <string.h>

void text_add(text *to, const char *bytes, size_t length) {
  if (to->room <= to->length + length) {
    to->room = 2 * (to->length + length) + 64;
    to->at = realloc(to->at, to->room);
    if (to->at == NULL) __builtin_trap();
  }
  if (length > 0) memcpy(to->at + to->length, bytes, length);
  to->length += length;
  to->at[to->length] = 0;
}

void text_say(text *to, const char *words) { text_add(to, words, strlen(words)); }

void text_number(text *to, uint64_t number) {
  char digits[20];
  size_t first = sizeof digits;
  do digits[--first] = (char)('0' + number % 10);
  while (number /= 10);
  text_add(to, digits + first, sizeof digits - first);
}

static const char HEX[] = "0123456789ABCDEF";

void text_form(text *to, const char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                 byte == '-' || byte == '_' || byte == '.' || byte == '~';
    if (plain) {
      text_add(to, bytes + i, 1);
    } else {
      text_add(to, (char[]){'%', HEX[byte >> 4], HEX[byte & 15]}, 3);
    }
  }
}

void text_json(text *to, const char *bytes, size_t length) {
  text_say(to, "\"");
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    if (byte == '"' || byte == '\\') {
      text_add(to, (char[]){'\\', (char)byte}, 2);
    } else if (byte < 0x20) {
      text_say(to, "\\u00");
      text_add(to, (char[]){HEX[byte >> 4], HEX[byte & 15]}, 2);
    } else {
      text_add(to, bytes + i, 1);
    }
  }
  text_say(to, "\"");
}

plugin_string_t text_give(text *from) {
  text_add(from, "", 0);
  plugin_string_t given = {(uint8_t *)from->at, from->length};
  *from = (text){0};
  return given;
}

static bool same(const text *one, const char *other) {
  return one->length == strlen(other) && (one->length == 0 || memcmp(one->at, other, one->length) == 0);
}

static void add_code_point(text *to, uint32_t code) {
  char bytes[4];
  size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const unsigned char LEAD[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = length; i-- > 1; code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
  bytes[0] = (char)(LEAD[length] | code);
  text_add(to, bytes, length);
}

static bool hex4(const char *at, const char *end, uint32_t *code) {
  if (end - at < 4) return false;
  *code = 0;
  for (int i = 0; i < 4; i++) {
    char c = at[i];
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return false;
    *code = *code << 4 | (uint32_t)digit;
  }
  return true;
}

// Reads a JSON string; `at` is behind its first quote, and is left behind its last.
static bool json_string(const char **at, const char *end, text *to) {
  while (*at < end && **at != '"') {
    char c = *(*at)++;
    if (c != '\\') {
      text_add(to, &c, 1);
      continue;
    }
    if (*at == end) return false;
    c = *(*at)++;
    static const char FROM[] = "bfnrt", INTO[] = "\b\f\n\r\t";
    const char *known = memchr(FROM, c, 5);
    if (known != NULL) {
      text_add(to, INTO + (known - FROM), 1);
    } else if (c == 'u') {
      uint32_t code, low;
      if (!hex4(*at, end, &code)) return false;
      *at += 4;
      if (code >= 0xD800 && code < 0xDC00 && end - *at > 6 && (*at)[0] == '\\' && (*at)[1] == 'u' && hex4(*at + 2, end, &low)) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        *at += 6;
      }
      add_code_point(to, code);
    } else {
      text_add(to, &c, 1);
    }
  }
  return (*at)++ < end;
}

bool json_member(const plugin_string_t *object, const char *name, text *to) {
  const char *at = (const char *)object->ptr, *end = at + object->len;
  // Names and values alternate; a value that is no string has no quote in it.
  while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
    text key = {0};
    at++;
    bool whole = json_string(&at, end, &key), wanted = whole && same(&key, name);
    free(key.at);
    while (whole && at < end && (*at == ' ' || *at == ':')) at++;
    if (!whole || at >= end) return false;
    if (*at != '"') {
      if (wanted) return false;
      continue;
    }
    at++;
    text value = {0};
    whole = json_string(&at, end, wanted ? to : &value);
    free(value.at);
    if (wanted || !whole) return whole;
  }
  return false;
}

bool xml_element(const plugin_list_u8_t *document, const char *name, text *to) {
  const char *at = (const char *)document->ptr, *end = at + document->len;
  size_t length = strlen(name);
  while ((at = memchr(at, '<', (size_t)(end - at))) != NULL) {
    at++;
    if ((size_t)(end - at) <= length || memcmp(at, name, length) != 0 || at[length] != '>') continue;
    at += length + 1;
    const char *close = memchr(at, '<', (size_t)(end - at));
    if (close == NULL) return false;
    static const char *const NAMED[][2] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#34;", "\""},
                                           {"&apos;", "'"}, {"&#39;", "'"}, {"&amp;", "&"}};
    while (at < close) {
      size_t skip = 1;
      const char *plain = at;
      for (size_t i = 0; *at == '&' && i < sizeof NAMED / sizeof *NAMED; i++) {
        size_t size = strlen(NAMED[i][0]);
        if ((size_t)(close - at) >= size && memcmp(at, NAMED[i][0], size) == 0) skip = size, plain = NAMED[i][1];
      }
      text_add(to, plain, 1);
      at += skip;
    }
    return true;
  }
  return false;
}
