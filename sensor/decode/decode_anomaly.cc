#include "sensor/decode/decode_anomaly.h"

#include <algorithm>
#include <array>

namespace lapwing {
namespace {

constexpr std::string_view kNames[] = {
#define LAPWING_DECODE_EVENT(enumerator, text) text,
#include "sensor/decode/decode_events.inc"
#undef LAPWING_DECODE_EVENT
};
static_assert(std::size(kNames) == kDecodeEventCount && kDecodeEventCount <= 256);
static_assert(std::ranges::is_sorted(kNames));

}  // namespace

std::string_view name(DecodeAnomaly event) {
  return kNames[static_cast<size_t>(event)];
}

std::optional<DecodeAnomaly> find_decode_event(std::string_view name) {
  auto found = std::ranges::lower_bound(kNames, name);
  if (found == std::end(kNames) || *found != name) return std::nullopt;
  return static_cast<DecodeAnomaly>(found - std::begin(kNames));
}

std::span<const std::string_view> decode_event_names() {
  return kNames;
}

}  // namespace lapwing
