// Times of certificates, tickets and files as records show them.
#pragma once

#include <cstdint>
#include <string>

namespace lapwing {

/// "2024-05-01T10:20:30" of seconds since 1970 (UTC). Empty where it lies before 1970 or behind the year 9999.
std::string to_utc(int64_t seconds);

}  // namespace lapwing
