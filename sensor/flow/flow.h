// Flow: one conversation [W].
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "sensor/flow/flow_key.h"

namespace lapwing {

enum class FlowState : uint8_t { new_flow, established, closed, bypassed };
enum class FlowEnd : uint8_t { none, timeout, forced, shutdown, tcp_reuse };
/// RFC 9293 states as a passive observer sees them.
enum class TcpState : uint8_t {
  none,
  listen,
  syn_sent,
  syn_recv,
  established,
  fin_wait1,
  fin_wait2,
  time_wait,
  last_ack,
  close_wait,
  closing,
  closed
};
inline constexpr size_t kTcpStates = 12;

/// What kept a flow from being followed as it should: a memory cap, a beginning that was not seen, a dissector that
/// gave up. What becomes of it then is up to the exception policies (exception_policy.h).
enum class FlowException : uint8_t { stream_memcap, stream_reassembly_memcap, stream_midstream, app_layer_error };
inline constexpr size_t kFlowExceptions = 4;
constexpr uint8_t bit(FlowException exception) {
  return static_cast<uint8_t>(1U << static_cast<unsigned>(exception));
}

/// As records write them: "new", "established", ...; "timeout", "forced", ...; "syn_sent", ...
std::string_view name(FlowState state);
std::string_view name(FlowEnd end);
std::string_view name(TcpState state);

/// State that a later room hangs on a flow. Destroyed with the flow, on its worker.
class FlowAttachment {
 public:
  virtual ~FlowAttachment() = default;
};

/// Rooms that keep state in a flow; each owns its own slot and nobody else's.
enum class FlowSlot : uint8_t { stream, app, identify, match, watch };
inline constexpr size_t kFlowSlots = 5;

/// What a lone SYN said, sent again or not. Kept in the flow so that a scan or flood needs no TCP session.
struct TcpSyn {
  uint32_t isn = 0;
  uint32_t ts_first = 0, ts_value = 0;  // lowest and highest timestamp offered: an answer may echo any between
  uint16_t window = 0;
  uint8_t wscale = 0;
  uint8_t options = 0;  // syn_option bits
};

namespace syn_option {
inline constexpr uint8_t timestamp = 1, wscale = 2, sack = 4, session_refused = 8, is_signed = 16;
/// A FIN was seen that its receiver has not acknowledged: the connection may go on.
inline constexpr uint8_t fin_pending = 32;
/// It was established: its SYN, seen again, begins another.
inline constexpr uint8_t established = 64;
}  // namespace syn_option

/// What the flow has cost so far, in units that keep it small (budget.h). Never wraps around.
struct FlowCosts {
  static constexpr uint64_t kWorkUnit = 64, kRecordUnit = 16;  // bytes

  uint32_t work = 0, records = 0;
};

/// Directions: index 0 is to the server, 1 to the client. Ordered by cache line: what every lookup reads, what every
/// packet updates, what begin and end need.
struct alignas(64) Flow {
  FlowKey key;
  uint8_t client_side = 0;  // which side of the key sent the first packet (or SYN)
  FlowState state = FlowState::new_flow;
  TcpState tcp_state = TcpState::none;
  FlowEnd end = FlowEnd::none;
  Timestamp last;                           // of the latest packet
  uint32_t timer_next = 0, timer_prev = 0;  // the table's timer lists

  std::array<uint64_t, 2> packets{}, bytes{};  // bytes of whole frames on the wire
  std::array<uint8_t, 2> tcp_flags{}, min_ttl{}, max_ttl{};
  uint16_t flags = 0;       // flow_flag bits
  uint8_t icmp[4] = {};     // type, code of the request; type, code of the response
  uint16_t timer_slot = 0;  // the table's
  uint8_t exceptions = 0;   // bits of the FlowExceptions that it met
  TcpSyn syn;               // the stream room's; syn.isn stays the client's first sequence number

  std::array<std::unique_ptr<FlowAttachment>, kFlowSlots> slots;
  Timestamp start;
  uint64_t id = 0;  // EVE flow_id
  FlowCosts costs;

  void note(FlowException exception) { exceptions |= bit(exception); }
  bool met(FlowException exception) const { return exceptions & bit(exception); }
  template <class T>
  T* get(FlowSlot slot) const {
    return static_cast<T*>(slots[static_cast<size_t>(slot)].get());
  }
  IpAddress client() const { return address(client_side); }
  IpAddress server() const { return address(1 - client_side); }
  uint16_t client_port() const { return key.port[client_side]; }
  uint16_t server_port() const { return key.port[1 - client_side]; }
  /// Client and server change places: what was learned shows that the first packet was an answer.
  void swap_direction();

 private:
  IpAddress address(size_t side) const;
};
static_assert(sizeof(Flow) == 192, "an idle flow, its share of the buckets included, stays below 256 bytes");

namespace flow_flag {
inline constexpr uint16_t alerted = 1, midstream = 2, passed = 4, direction_fixed = 8, seen_ts = 16, seen_tc = 32;
/// Rules ask for all files of this direction to be stored.
inline constexpr uint16_t store_to_server = 64, store_to_client = 128;
inline constexpr uint16_t bypass_wanted = 256;     // by a rule: the rest of the flow is only counted
inline constexpr uint16_t midstream_synack = 512;  // picked up at the server's SYN/ACK
inline constexpr uint16_t encrypted = 1024;        // raw payload is not inspected any more
/// Rules turned records off: those of the flow's transactions, its own.
inline constexpr uint16_t transactions_unrecorded = 2048, unrecorded = 4096;
inline constexpr uint16_t client_first = 8192, server_first = 16384;  // of TCP: the side whose payload was seen first
inline constexpr uint16_t storing = 32768;  // a file of it is being stored: it is reassembled without limit
}  // namespace flow_flag

}  // namespace lapwing
