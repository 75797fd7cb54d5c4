// TcpSession: what the stream room hangs on a flow once a second packet showed that it is more than a lone SYN.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "sensor/flow/flow.h"
#include "sensor/flow/slab.h"
#include "sensor/stream/os_policy.h"
#include "sensor/stream/segment_list.h"

namespace lapwing {

// Sequence numbers compare modulo 2^32 (RFC 9293, section 3.4).
constexpr bool seq_lt(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) < 0;
}
constexpr bool seq_leq(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) <= 0;
}
constexpr bool seq_gt(uint32_t a, uint32_t b) {
  return seq_lt(b, a);
}
constexpr bool seq_geq(uint32_t a, uint32_t b) {
  return seq_leq(b, a);
}

namespace half_flag {
inline constexpr uint16_t keepalive = 1;       // its sender probed with a keep-alive
inline constexpr uint16_t zero_timestamp = 2;  // its handshake said timestamp 0
inline constexpr uint16_t timestamps = 4;      // its SYN offered timestamps
inline constexpr uint16_t reset_received = 8;  // its sender was sent an RST
inline constexpr uint16_t fin = 16;            // its sender, or one in its name, sent a FIN at fin_offset
inline constexpr uint16_t ended = 32;          // the end chunk was handed over
inline constexpr uint16_t after_reset = 64;    // what waits was sent after the RST
inline constexpr uint16_t depth_reached = 128;
inline constexpr uint16_t gap = 256;
inline constexpr uint16_t oob_limit = 512;
inline constexpr uint16_t window_probe = 1024;  // a byte was sent into a zero window
inline constexpr uint16_t policy_known = 2048;
inline constexpr uint16_t fin_doubted = 4096;    // its sender went on beyond that FIN
inline constexpr uint16_t signature = 8192;      // its SYN was signed (RFC 2385)
inline constexpr uint16_t urgent_ahead = 16384;  // urgent_offset is valid
inline constexpr uint16_t mac_known = 32768;     // packets were sent to that station
}  // namespace half_flag

namespace session_flag {
inline constexpr uint16_t midstream = 1;              // picked up without a SYN
inline constexpr uint16_t midstream_synack = 2;       // ... at its SYN/ACK
inline constexpr uint16_t midstream_established = 4;  // ... at data, and the other side was not seen yet
inline constexpr uint16_t async = 8;                  // only one side is seen
inline constexpr uint16_t timestamps = 16;            // both sides use timestamps
inline constexpr uint16_t wscale_offered = 32;        // the client's SYN had a window scale
inline constexpr uint16_t four_way = 64;              // the server answered a SYN with a SYN
inline constexpr uint16_t fast_open = 128;
inline constexpr uint16_t evasion_attempt = 256;  // right sequence, wrong acknowledgement in the handshake
inline constexpr uint16_t confirmed = 512;        // traffic beyond the handshake was acknowledged
inline constexpr uint16_t closed_by_reset = 1024;
inline constexpr uint16_t liberal = 2048;           // packets were lost here: be lenient with windows
inline constexpr uint16_t picked_to_client = 4096;  // the packet it was picked up at travels to the client
inline constexpr uint16_t syn_forgotten = 8192;     // there were more SYNs than the queue holds
/// Of one side, by its receiver or in its name: more than the window held.
inline constexpr uint16_t acked_beyond = 16384;
inline constexpr uint16_t syn_data = 32768;  // the SYN brought data, and did not ask for a fast open
}  // namespace session_flag

/// Another SYN or SYN/ACK of a connection that is not established.
struct OtherSyn : TcpSyn {
  bool answers = false;  // a SYN/ACK
  uint32_t ack = 0;      // what that acknowledges
};

/// One direction: what its sender sent, and what of that its receiver acknowledged and allows.
struct Half {
  uint32_t isn = 0, next_seq = 0;     // first and next expected sequence number of the sender
  uint32_t sent = 0;                  // behind the highest number that the sender was seen to use
  uint32_t last_ack = 0;              // highest acknowledgement of the receiver
  uint32_t claimed_ack = 0;           // ... of what the sender was not seen to send
  uint32_t window = 0, next_win = 0;  // bytes the receiver allows beyond last_ack, and the highest edge ever allowed
  uint32_t last_ts = 0, last_ts_seconds = 0;  // the sender's latest timestamp, and when it came
  uint16_t flags = 0;                         // half_flag bits
  uint8_t wscale = 0;                         // of the receiver's announcements
  OsPolicy policy = OsPolicy::bsd;            // of the receiver
  uint64_t mac = 0;                           // of the station that the receiver's own packets come from; 0: not seen

  // Offsets count the sender's bytes from 0, in 64 bits.
  uint64_t delivered = 0;                      // everything before was handed over or given up
  uint64_t fin_offset = 0, urgent_offset = 0;  // urgent_offset: of an urgent byte that is still to come
  SegmentList segments;
  uint16_t urgent_oob = 0;  // bytes taken out of the stream so far, delivered ones only
  uint16_t max_regions = 0;
  uint32_t ts_first = 0;  // the lowest timestamp of its SYNs, last_ts being the highest

  bool has(uint16_t flag) const { return flags & flag; }
  void set(uint16_t flag) { flags |= flag; }
  void clear(uint16_t flag) { flags &= static_cast<uint16_t>(~flag); }
  /// Nothing was sent before `seq`.
  void start(uint32_t seq) {
    isn = seq - 1;
    next_seq = sent = last_ack = claimed_ack = seq;
  }
  /// The receiver acknowledged, or somebody in its name, what was not seen.
  bool claimed() const { return seq_gt(claimed_ack, last_ack); }
  /// Its sender ended it, as far as is known.
  bool said_fin() const { return has(half_flag::fin) && !has(half_flag::fin_doubted); }
  /// The receiver acknowledged the number that the FIN takes.
  bool fin_acknowledged() const { return has(half_flag::fin) && offset(last_ack) > static_cast<int64_t>(fin_offset); }
  /// Offset of a sequence number near `delivered`; negative before the stream's first byte.
  int64_t offset(uint32_t seq) const {
    auto base = static_cast<uint32_t>(isn + 1 + delivered);
    return static_cast<int64_t>(delivered) + static_cast<int32_t>(seq - base);
  }
};

struct StreamPools;

/// [W] Lives in its pool; deleting it gives it back there.
struct TcpSession final : FlowAttachment {
  explicit TcpSession(StreamPools& owner) : pools(owner) {}
  ~TcpSession() override;
  static void operator delete(TcpSession* session, std::destroying_delete_t);

  bool has(uint16_t flag) const { return flags & flag; }
  void set(uint16_t flag) { flags |= flag; }
  void clear(uint16_t flag) { flags &= static_cast<uint16_t>(~flag); }

  StreamPools& pools;
  std::array<Half, 2> half;  // by the direction of what they carry
  TcpState state = TcpState::none;
  TcpState before_reset = TcpState::none;
  uint16_t flags = 0;                            // session_flag bits
  std::unique_ptr<std::vector<OtherSyn>> queue;  // until it is established; most have none
};

/// Shared by the engine and its sessions: dies with the last of them.
struct StreamPools {
  StreamPools(uint32_t session_count, uint64_t data_cap) : sessions(session_count), blocks(data_cap) {}
  Slab<TcpSession> sessions;
  BlockPool blocks;
  bool orphaned = false;
};

static_assert(sizeof(TcpSession) <= 256, "a connection with nothing pending stays small");

}  // namespace lapwing
