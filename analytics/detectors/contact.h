// Contact: an attempt of a source at a target, and how it ended, as far as that tells honest users from scanners.
#pragma once

#include <cstdint>
#include <limits>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "sensor/event/flow_update.h"

namespace lapwing::analytics {

/// By what the target is found. protocol: by the number of what IP carries, which stands for the port.
enum class Medium : uint8_t { tcp, udp, sctp, protocol, echo, arp };

/// A key: no padding.
struct Contact {
  IpAddress source, target;
  uint8_t vacant = 0;
  Medium medium = Medium::tcp;
  uint16_t port = 0;
};
static_assert(sizeof(Contact) == 38);

/// Bits of Ending::outcomes.
namespace outcome {
inline constexpr uint8_t silent = 1;       // nothing came back
inline constexpr uint8_t refused = 2;      // by the target itself
inline constexpr uint8_t unreachable = 4;  // by a router, or by a firewall in its name
inline constexpr uint8_t half = 8;         // a connection was made, and nothing said over it
inline constexpr uint8_t answered = 16;    // an echo or ARP request
inline constexpr uint8_t good = 32;        // both sides said something
inline constexpr uint8_t one_sided = 64;   // of the source: the capture lacks what comes back to it
inline constexpr uint8_t peer = 128;       // of the source: it is one of many that look for each other
inline constexpr uint8_t of_source = one_sided | peer;
inline constexpr uint8_t failed = silent | refused | unreachable | half;
}  // namespace outcome

/// How attempts at one target ended. Unions and minima, which add up in any order.
struct Ending {
  uint8_t outcomes = 0;
  uint8_t interface = kNoInterface;  // of the flow
  uint16_t client_port = 0;
  Timestamp time{std::numeric_limits<int64_t>::max()};  // of the first
  uint64_t flow = 0;                                    // and its id, or 0

  void merge(const Ending& other);
  bool has(uint8_t bits) const { return outcomes & bits; }
  bool operator==(const Ending&) const = default;
};

/// Whether what IP carries by this number is found by ports or echoes.
bool has_flows(uint8_t proto);

/// What a moment of a flow says of a contact: no outcomes, where it says nothing. Of what says something of its source
/// alone the target is no address.
struct Seen {
  Contact contact;
  Ending ending;
};
Seen contact_of(const FlowUpdate& update);

}  // namespace lapwing::analytics
