// Flow: one conversation [W].
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "sensor/base/time.h"
#include "sensor/flow/flow_key.h"

namespace lapwing {

enum class FlowState : uint8_t { fresh, established, closed, bypassed };
enum class FlowEnd : uint8_t { none, timeout, forced, shutdown, tcp_reuse };
/// RFC 9293 states as a passive observer sees them.
enum class TcpState : uint8_t { none, listen, syn_sent, syn_recv, established, fin_wait1, fin_wait2, time_wait, last_ack, close_wait, closing, closed };

/// State that a later room hangs on a flow. Destroyed with the flow, on its worker.
class FlowAttachment {
 public:
  virtual ~FlowAttachment() = default;
};

/// Rooms that keep state in a flow; each owns its own slot and nobody else's.
enum class FlowSlot : uint8_t { stream, app, identify, match };
inline constexpr size_t kFlowSlots = 4;

/// Directions: index 0 is to the server, 1 to the client.
struct Flow {
  FlowKey key;
  uint8_t client_side = 0;      // which side of the key sent the first packet (or SYN)
  FlowState state = FlowState::fresh;
  TcpState tcp_state = TcpState::none;
  FlowEnd end = FlowEnd::none;
  Timestamp start, last;        // last: of the latest packet
  uint64_t id = 0;              // EVE flow_id
  uint64_t first_number = 0;    // frame number of the first packet
  std::array<uint64_t, 2> packets{}, bytes{};  // bytes of whole frames on the wire
  std::array<uint8_t, 2> tcp_flags{}, min_ttl{}, max_ttl{};
  uint8_t flags = 0;            // FlowFlag bits
  uint8_t icmp[4] = {};         // type, code of the request; type, code of the response
  std::array<std::unique_ptr<FlowAttachment>, kFlowSlots> slots;

  template <class T>
  T* get(FlowSlot slot) const { return static_cast<T*>(slots[static_cast<size_t>(slot)].get()); }
  IpAddress client() const;
  IpAddress server() const;
  uint16_t client_port() const { return key.port[client_side]; }
  uint16_t server_port() const { return key.port[1 - client_side]; }
};

namespace flow_flag {
inline constexpr uint8_t alerted = 1, midstream = 2, passed = 4, direction_fixed = 8, seen_ts = 16, seen_tc = 32;
}

}  // namespace lapwing
