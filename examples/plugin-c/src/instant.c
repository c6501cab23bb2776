#include "instant.h"

static bool digits(const char *at, size_t count, uint64_t *number) {
  *number = 0;
  for (size_t i = 0; i < count; i++) {
    if (at[i] < '0' || at[i] > '9') return false;
    *number = *number * 10 + (uint64_t)(at[i] - '0');
  }
  return true;
}

bool instant_ms(const char *at, size_t length, uint64_t *ms) {
  // What stands between the numbers. Fractions of a second are left out: earlier is safe.
  static const char FORM[] = "0000-00-00T00:00:00";
  const size_t form = sizeof FORM - 1;
  if (length < form + 1 || at[length - 1] != 'Z' || (length > form + 1 && at[form] != '.')) return false;
  for (size_t i = 0; i < form; i++) {
    if (FORM[i] != '0' && at[i] != FORM[i]) return false;
  }
  uint64_t year, month, day, hour, minute, second;
  if (!digits(at, 4, &year) || !digits(at + 5, 2, &month) || !digits(at + 8, 2, &day) || !digits(at + 11, 2, &hour) ||
      !digits(at + 14, 2, &minute) || !digits(at + 17, 2, &second)) {
    return false;
  }
  if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return false;
  // Years begin in March, so that the leap day is their last.
  uint64_t shifted = month > 2 ? year : year - 1, months = (month + 9) % 12;
  uint64_t days = 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * months + 2) / 5 + day - 1 - 719468;
  *ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
  return true;
}
