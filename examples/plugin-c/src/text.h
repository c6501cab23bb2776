// Text that grows, and the forms in which names travel: of a web form, of JSON, of XML.
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin.h"

// Bytes on the heap, always followed by a zero. A failed allocation ends the call.
typedef struct {
  char *at;
  size_t length, room;
} text;

void text_add(text *to, const char *bytes, size_t length);
void text_say(text *to, const char *words);
void text_number(text *to, uint64_t number);

// For `application/x-www-form-urlencoded`.
void text_form(text *to, const char *bytes, size_t length);

// As a JSON string with its quotes. The bytes are UTF-8 and stay so.
void text_json(text *to, const char *bytes, size_t length);

// Gives the bytes away: what an export returns is freed by the generated code.
plugin_string_t text_give(text *from);

// The text of a string member of a flat JSON object; false if there is none.
bool json_member(const plugin_string_t *object, const char *name, text *to);

// The text of the first element of that name; false if there is none.
bool xml_element(const plugin_list_u8_t *document, const char *name, text *to);

#endif
