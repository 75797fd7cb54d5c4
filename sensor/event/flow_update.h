// FlowUpdate: what happens to a flow, as behaviour is judged from it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"

namespace lapwing {

/// opened: the first packet. answered: the first packet back, but no refusal: a SYN/ACK, a datagram, an echo reply.
/// refused: a RST in answer to a SYN, or an ICMP error that quotes the flow. unanswered: kAnswerTime after the first
/// packet nothing had come back. burst: payload came after kSilence without any, and the silence behind it has come, or
/// the flow's end; a lone packet without answer is none, one that was answered and carried no payload has one burst of
/// nothing. spoke: what was seen first of both sides of a stream of unknown protocol, up to kBeginning bytes of each.
/// identified: protocol and application are known. tick: payload since the last tick, kTickTime or longer
/// after it. closed: the flow is over.
enum class FlowMoment : uint8_t { opened, answered, refused, unanswered, burst, spoke, identified, tick, closed };
inline constexpr size_t kMoments = 9;
constexpr uint32_t bit(FlowMoment moment) {
  return uint32_t{1} << static_cast<unsigned>(moment);
}

inline constexpr int64_t kAnswerTime = 3'000'000'000;  // ns
inline constexpr int64_t kSilence = 1'000'000'000;     // ns
inline constexpr int64_t kTickTime = 60'000'000'000;   // ns
inline constexpr size_t kBeginning = 512;              // bytes

/// Of what comes from no interface that is known. Those behind the 254th count as one.
inline constexpr uint8_t kNoInterface = 255;

/// [W] Whose flow it is. Views live as long as the call.
struct FlowRef {
  uint64_t id = 0;
  IpAddress client, server;
  uint16_t client_port = 0, server_port = 0;  // of ICMP the types of message and counterpart
  uint8_t proto = 0;
  uint8_t interface = kNoInterface;  // number of that which brought it
  uint16_t vlan = 0;                 // the outermost, or 0
  Timestamp start;
  bool midstream = false;        // its beginning was not seen
  bool one_sided = false;        // one side goes on as if answered, and nothing of the other was ever seen
  std::string_view protocol;     // as app_proto; "" while unknown, "failed"
  std::string_view application;  // nDPI's "TLS.Microsoft", or ""
  std::string_view host;         // the server by the name that the client gave it, or ""
  uint64_t ja4 = 0;  // hash of how the client says hello by TLS (JA4), or 0; where any detector is shown software
};

/// [W] Directions by index(Direction).
struct FlowUpdate {
  FlowMoment moment = FlowMoment::opened;
  Timestamp time;  // of what the moment is: of a burst its first payload
  const FlowRef* flow = nullptr;
  std::array<uint64_t, 2> bytes{},
      packets{};  // with payload: of a burst its own, of unanswered so far, of others since the tick before
  std::array<uint64_t, 2> all_packets{};  // of the flow so far, with payload or not
  std::array<uint8_t, 2> tcp_flags{};     // union so far
  std::array<Bytes, 2> said{};            // of spoke
  bool icmp = false;                      // refused by an ICMP error,
  uint8_t icmp_type = 0, icmp_code = 0;   // of this kind,
  IpAddress icmp_sender;                  // from there
};

}  // namespace lapwing
