// Decoder events: Suricata's names for what is wrong with a packet. They are rule keywords and anomaly records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lapwing {

/// Index into decode_event_names().
enum class DecodeAnomaly : uint8_t {
#define LAPWING_DECODE_EVENT(enumerator, text) enumerator,
#include "sensor/decode/decode_events.inc"
#undef LAPWING_DECODE_EVENT
};

inline constexpr size_t kDecodeEventCount = 0
#define LAPWING_DECODE_EVENT(enumerator, text) +1
#include "sensor/decode/decode_events.inc"
#undef LAPWING_DECODE_EVENT
    ;

/// "ipv4.trunc_pkt", ... : the name that decode-event takes; records write "decoder." before it.
std::string_view name(DecodeAnomaly event);
std::optional<DecodeAnomaly> find_decode_event(std::string_view name);
std::span<const std::string_view> decode_event_names();

}  // namespace lapwing
