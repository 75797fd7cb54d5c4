// Packet time: nanoseconds since the Unix epoch, and its text form in records.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace lapwing {

struct Timestamp {
  int64_t ns = 0;

  static Timestamp from_seconds(int64_t seconds, int64_t nanoseconds = 0) {
    return {seconds * 1'000'000'000 + nanoseconds};
  }
  int64_t seconds() const { return ns / 1'000'000'000; }
  int64_t milliseconds() const { return ns / 1'000'000; }
  auto operator<=>(const Timestamp&) const = default;
};

/// Bytes that write_iso8601 writes: "2024-05-01T10:20:30.123456+0000".
inline constexpr size_t kIso8601Size = 31;

/// Writes the UTC time with microseconds, as EVE timestamps are written; returns the end of the text.
char* write_iso8601(Timestamp time, char* out);
std::string to_iso8601(Timestamp time);

}  // namespace lapwing
