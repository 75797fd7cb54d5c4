#include "sensor/base/time.h"

namespace lapwing {
namespace {

char* digits(char* out, int64_t value, int count) {
  for (int i = count - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + count;
}

}  // namespace

char* write_iso8601(Timestamp time, char* out) {
  int64_t second = time.ns / 1'000'000'000, fraction = time.ns % 1'000'000'000;
  if (fraction < 0) {
    --second;
    fraction += 1'000'000'000;
  }
  int64_t micro = fraction / 1'000;
  // The calendar arithmetic costs more than the rest of the record header, and it changes once a day.
  thread_local int64_t cached_day = INT64_MIN;
  thread_local char cached_date[10];
  int64_t day = second >= 0 ? second / 86'400 : -((-second + 86'399) / 86'400);
  if (day != cached_day) {
    // Days to civil date: eras of 400 years counted from 1 March of year 0 (proleptic Gregorian calendar).
    int64_t z = day + 719'468;
    int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
    int64_t doe = z - era * 146'097;
    int64_t yoe = (doe - doe / 1'460 + doe / 36'524 - doe / 146'096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int64_t month = mp < 10 ? mp + 3 : mp - 9;
    int64_t year = yoe + era * 400 + (month <= 2);
    char* p = digits(cached_date, year < 0 ? 0 : year, 4);
    *p++ = '-';
    p = digits(p, month, 2);
    *p++ = '-';
    digits(p, doy - (153 * mp + 2) / 5 + 1, 2);
    cached_day = day;
  }
  __builtin_memcpy(out, cached_date, 10);
  out += 10;
  int64_t of_day = second - day * 86'400;
  *out++ = 'T';
  out = digits(out, of_day / 3'600, 2);
  *out++ = ':';
  out = digits(out, of_day / 60 % 60, 2);
  *out++ = ':';
  out = digits(out, of_day % 60, 2);
  *out++ = '.';
  out = digits(out, micro, 6);
  __builtin_memcpy(out, "+0000", 5);
  return out + 5;
}

std::string to_iso8601(Timestamp time) {
  char text[kIso8601Size];
  return {text, write_iso8601(time, text)};
}

}  // namespace lapwing
