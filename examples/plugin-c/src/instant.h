// An instant such as 2030-01-31T12:00:00Z, in milliseconds since 1970.
#ifndef INSTANT_H
#define INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool instant_ms(const char *at, size_t length, uint64_t *ms);

#endif
