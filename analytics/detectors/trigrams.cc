#include "analytics/detectors/trigrams.h"

#include <limits>

namespace lapwing::analytics {
namespace {

struct Limit {
  uint32_t names;
  uint16_t surprise;
};

#include "analytics/detectors/trigrams.inc"

constexpr size_t kKinds = 38, kEnd = 0, kNone = SIZE_MAX, kLeast = 6;
static_assert(sizeof kTrigrams == kKinds * kKinds * kKinds + 1);

constexpr size_t place_of(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<size_t>(c - 'a') + 1;
  if (c >= '0' && c <= '9') return static_cast<size_t>(c - '0') + 27;
  return c == '-' ? 37 : kNone;
}
/// Of a digit of the table, in quarters of a bit.
constexpr uint32_t quarters(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<uint32_t>(digit - '0');
  if (digit >= 'A' && digit <= 'Z') return static_cast<uint32_t>(digit - 'A') + 10;
  if (digit >= 'a' && digit <= 'z') return static_cast<uint32_t>(digit - 'a') + 36;
  return digit == '+' ? 62 : 63;
}

}  // namespace

std::optional<uint16_t> surprise(std::string_view label) {
  if (label.size() < kLeast || label.starts_with("xn--")) return {};
  size_t before = kNone, last = kEnd;
  uint32_t sum = 0;
  for (size_t i = 0; i <= label.size(); ++i) {
    const size_t place = i < label.size() ? place_of(label[i]) : kEnd;
    if (place == kNone) return {};
    if (before != kNone) sum += quarters(kTrigrams[(before * kKinds + last) * kKinds + place]);
    before = last;
    last = place;
  }
  return static_cast<uint16_t>(4 * sum / label.size());
}

uint16_t surprise_limit(uint32_t names) {
  uint16_t out = std::numeric_limits<uint16_t>::max();
  for (const Limit& limit : kLimits) {
    if (names >= limit.names) out = limit.surprise;
  }
  return out;
}

}  // namespace lapwing::analytics
