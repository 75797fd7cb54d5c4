// What nDPI's dissectors need of a payload. Most look at its length, its first bytes or the ports and give up on the
// flow: where that is sure to happen they need not be called.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace lapwing {

/// A number or all of `from` to `to`. Zero is none.
struct NumberRange {
  uint16_t from = 0, to = 0;

  constexpr NumberRange() = default;
  constexpr NumberRange(uint16_t only) : from(only), to(only) {}
  constexpr NumberRange(uint16_t first, uint16_t last) : from(first), to(last) {}
  constexpr bool has(uint16_t value) const { return from != 0 && from <= value && value <= to; }
};

enum class Carrier : uint8_t { tcp, udp, both };

/// Of a flow, the first packet with payload: no dissector has seen any yet and remembers it.
enum class At : uint8_t { any_packet, first_packet };

/// What becomes of a packet without what it needs. `excludes`: the dissector sets its bit of the flow's
/// excluded_protocol_bitmask and changes nothing else. `ignores`: it changes nothing.
enum class Without : uint8_t { excludes, ignores };

/// One dissector on one carrier. It is to be asked of a payload that has the length, the first byte and a port, or one
/// of the other lengths or ports. Payloads shorter than kShortest or longer than kLongest it is always asked of.
struct PayloadNeeds {
  static constexpr uint16_t kShortest = 5, kLongest = 2047;
  static constexpr uint16_t kNever = kLongest + 1;

  uint16_t protocol;
  Carrier carrier;
  At at = At::any_packet;
  Without without = Without::excludes;
  uint16_t least = 0, most = kLongest;
  std::string_view first = {};            // a class as in regular expressions, '-' in front for itself; empty: any
  std::array<NumberRange, 3> ports = {};  // of either side; none: any
  std::array<NumberRange, 6> other_lengths = {};
  std::array<NumberRange, 3> other_ports = {};
  uint16_t dissector = 0;          // whose protocol it is, where its dissector excludes another
  uint16_t ignores_from = kNever;  // at this length and above it changes nothing, whatever the payload
};

/// At most one row for each protocol and carrier; a dissector without a row is always asked. One with a row of another
/// protocol, too, is asked where either row says so.
std::span<const PayloadNeeds> payload_needs();

}  // namespace lapwing
