// Reads members of one JSON object. What is nested is stepped over.

#include <string.h>

#include "text.h"

typedef struct {
  const uint8_t *at, *end;
} reader;

static void skip_blanks(reader *from) {
  while (from->at < from->end && memchr(" \t\r\n", *from->at, 4) != NULL) from->at++;
}

static bool take(reader *from, char wanted) {
  skip_blanks(from);
  if (from->at == from->end || *from->at != (uint8_t)wanted) return false;
  from->at++;
  return true;
}

static bool take_hex(reader *from, uint32_t *code) {
  if (from->end - from->at < 4) return false;
  *code = 0;
  for (int i = 0; i < 4; i++) {
    uint8_t c = *from->at++;
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return false;
    *code = *code << 4 | (uint32_t)digit;
  }
  return true;
}

static void add_utf8(text *to, uint32_t code) {
  char bytes[4];
  size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const uint8_t LEAD[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (size_t i = length; i-- > 1; code >>= 6) bytes[i] = (char)(0x80 | (code & 0x3F));
  bytes[0] = (char)(LEAD[length] | code);
  text_add(to, bytes, length);
}

// `\uXXXX`, of which two may stand for one character.
static bool take_unicode(reader *from, text *to) {
  uint32_t code, low;
  if (!take_hex(from, &code)) return false;
  if (code >= 0xD800 && code < 0xDC00) {
    if (from->end - from->at < 2 || from->at[0] != '\\' || from->at[1] != 'u') return false;
    from->at += 2;
    if (!take_hex(from, &low) || low < 0xDC00 || low > 0xDFFF) return false;
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xDC00 && code < 0xE000) {
    return false;
  }
  add_utf8(to, code);
  return true;
}

static bool take_string(reader *from, text *to) {
  if (!take(from, '"')) return false;
  while (from->at < from->end) {
    uint8_t c = *from->at++;
    if (c == '"') return true;
    if (c < 0x20) return false;
    if (c != '\\') {
      text_add(to, (const char *)&c, 1);
      continue;
    }
    if (from->at == from->end) return false;
    c = *from->at++;
    static const char FROM[] = "\"\\/bfnrt", INTO[] = "\"\\/\b\f\n\r\t";
    const char *known = memchr(FROM, c, sizeof FROM - 1);
    if (known != NULL) {
      text_add(to, INTO + (known - FROM), 1);
    } else if (c != 'u' || !take_unicode(from, to)) {
      return false;
    }
  }
  return false;
}

// Steps over a value of any kind.
static bool skip_value(reader *from) {
  size_t depth = 0;
  do {
    skip_blanks(from);
    if (from->at == from->end) return false;
    uint8_t c = *from->at;
    if (c == '"') {
      text ignored = {0};
      if (!take_string(from, &ignored)) return false;
      continue;
    }
    from->at++;
    if (c == '{' || c == '[') depth++;
    if (c == '}' || c == ']') depth--;
    if (memchr("{}[],:", c, 6) != NULL) continue;
    // A number or a word.
    while (from->at < from->end && memchr(" \t\r\n,:{}[]\"", *from->at, 11) == NULL) from->at++;
  } while (depth > 0);
  return true;
}

// Leaves the reader before the member's value.
static bool find(reader *from, const char *name) {
  if (!take(from, '{')) return false;
  do {
    text key = {0};
    if (!take_string(from, &key) || !take(from, ':')) return false;
    skip_blanks(from);
    if (key.length == strlen(name) && (key.length == 0 || memcmp(key.at, name, key.length) == 0)) return true;
    if (!skip_value(from)) return false;
  } while (take(from, ','));
  return false;
}

bool json_string(const uint8_t *json, size_t length, const char *name, plugin_string_t *value) {
  reader from = {json, json + length};
  text found = {0};
  if (!find(&from, name) || !take_string(&from, &found)) return false;
  *value = whole(found);
  return true;
}

bool json_integer(const uint8_t *json, size_t length, const char *name, uint64_t *value) {
  reader from = {json, json + length};
  if (!find(&from, name)) return false;
  const uint8_t *first = from.at;
  for (*value = 0; from.at < from.end && *from.at >= '0' && *from.at <= '9'; from.at++) {
    uint64_t digit = (uint64_t)(*from.at - '0');
    if (*value > (UINT64_MAX - digit) / 10) return false;
    *value = *value * 10 + digit;
  }
  if (from.at == first) return false;
  skip_blanks(&from);
  return from.at < from.end && (*from.at == ',' || *from.at == '}');
}
