// Decoder events: Suricata's names for what is wrong with a packet. They are rule keywords and anomaly records.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace lapwing {

/// Index into decode_event_names(). Enumerators are made from the same list (decode_events.inc).
enum class DecodeEvent : uint8_t {};

/// "ipv4.trunc_pkt", ... : the name that decode-event takes; records write "decoder." before it.
std::string_view name(DecodeEvent event);
std::optional<DecodeEvent> find_decode_event(std::string_view name);
std::span<const std::string_view> decode_event_names();

}  // namespace lapwing
