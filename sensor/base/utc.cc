#include "sensor/base/utc.h"

#include <chrono>

namespace lapwing {

namespace {

void digits(std::string& out, int64_t value, size_t count) {
  const std::string text = std::to_string(value);
  out.append(count - text.size(), '0') += text;
}

}  // namespace

std::string to_utc(int64_t seconds) {
  constexpr int64_t kDay = 86'400, kEnd = 253'402'300'800;  // of the year 9999
  if (seconds < 0 || seconds >= kEnd) return {};
  const std::chrono::year_month_day date(std::chrono::sys_days(std::chrono::days(seconds / kDay)));
  const int64_t of_day = seconds % kDay;
  std::string out;
  digits(out, static_cast<int>(date.year()), 4);
  digits(out += '-', static_cast<unsigned>(date.month()), 2);
  digits(out += '-', static_cast<unsigned>(date.day()), 2);
  digits(out += 'T', of_day / 3'600, 2);
  digits(out += ':', of_day / 60 % 60, 2);
  digits(out += ':', of_day % 60, 2);
  return out;
}

}  // namespace lapwing
