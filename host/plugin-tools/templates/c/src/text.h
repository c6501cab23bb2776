// Text that grows, and JSON.
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin.h"

// Starts as `{0}`. An allocation that fails ends the call.
typedef struct {
  char *at;
  size_t length, room;
} text;

void text_add(text *to, const char *bytes, size_t length);
void text_say(text *to, const char *words);
void text_number(text *to, uint64_t number);
// As a JSON string, with its quotes.
void text_json(text *to, plugin_string_t value);

// Words of the program, or a text that is whole, as the contract's string.
plugin_string_t words(const char *constant);
plugin_string_t whole(text from);

// A member of the JSON object in these bytes: false where the bytes are no such object, where there is no
// such member, or where it is of another kind.
bool json_string(const uint8_t *json, size_t length, const char *name, plugin_string_t *value);
bool json_integer(const uint8_t *json, size_t length, const char *name, uint64_t *value);

#endif
