// TCP tracking and reassembly: packets of a flow in, Chunks out.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/decode/packet.h"
#include "sensor/event/chunk.h"
#include "sensor/flow/flow.h"

namespace lapwing {

/// Stream events, named as stream-event rules name them ("pkt_broken_ack"). Index into stream_event_names().
/// `wrong_thread` exists for rules only: a flow never leaves its worker.
enum class StreamAnomaly : uint8_t {
#define X(enumerator, text) enumerator,
#include "sensor/stream/stream_events.inc"
#undef X
};
std::string_view name(StreamAnomaly event);
std::optional<StreamAnomaly> find_stream_event(std::string_view name);
std::span<const std::string_view> stream_event_names();

/// What becomes of the urgent byte (RFC 6093).
enum class Urgent : uint8_t { oob, in_line, drop, gap };

/// [S] Keys "stream.*", "defrag.*", "host-os-policy", with Suricata's names and meaning.
struct StreamConfig {
  uint64_t memcap = 0, depth = 0, reassembly_memcap = 0;  // depth 0: no limit
  uint64_t behind_hole = UINT64_MAX;                      // bytes for which a hole waits without an acknowledgement
  bool midstream = false, async_oneside = false, inline_mode = false;
  bool checksum_validation = true, liberal_timestamps = true, check_overlap_data = true;
  uint64_t max_syn_queued = 0, max_synack_queued = 0, max_regions = 0;
  Urgent urgent = Urgent::oob, urgent_beyond_limit = Urgent::drop;
  std::vector<std::string> urgent_inline_hosts;

  bool defrag = true;
  uint64_t defrag_memcap = 0, defrag_hash_size = 0, defrag_trackers = 0, defrag_max_frags = 0, defrag_timeout = 0;

  // Networks whose hosts resolve overlaps like the named system; the longest prefix decides.
  std::vector<std::string> os_first, os_last, os_bsd, os_bsd_right, os_old_linux, os_linux, os_old_solaris, os_solaris,
      os_hpux10, os_hpux11, os_irix, os_macos, os_windows, os_vista, os_windows2k3;
};
std::span<const OptionRow<StreamConfig>> stream_options();

struct StreamCounters {
  uint64_t syn = 0, synack = 0, rst = 0, urg = 0, sessions = 0, active_sessions = 0, midstream_pickups = 0;
  uint64_t invalid_checksum = 0, no_flow = 0, memuse = 0, reassembly_memuse = 0;
  uint64_t ssn_memcap_drop = 0, segment_memcap_drop = 0, insert_list_fail = 0, insert_region_fail = 0;
  uint64_t reassembly_memheld = 0, suspected_fin = 0, doubtful = 0, syn_forgotten = 0;
  uint64_t reassembly_gap = 0, overlap = 0, overlap_diff_data = 0, ack_unseen_data = 0, stream_depth_reached = 0;
  uint64_t urgent_oob_data = 0, urgent_oob_limit = 0, rejected = 0, max_packet_events = 0;
};
std::span<const CounterRow<StreamCounters>> stream_counter_rows();

/// Takes what a packet brought to its stream, in stream order. Implemented in sensor/pipeline.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void chunk(Flow& flow, const Chunk& chunk) = 0;
  /// `lost` bytes of this direction were acknowledged but not seen, or not kept.
  virtual void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) = 0;
  /// At the end of the flow: what was sent behind `missing` bytes that nobody acknowledged, so that no program got it.
  virtual void behind_hole(Flow& flow, const Chunk& chunk, uint64_t missing) = 0;
  /// Bytes of each direction of this flow that are reassembled, where those of the configuration do not suffice; asked
  /// only then.
  virtual uint64_t depth(const Flow&, uint64_t configured) const { return configured; }
  /// Every event when it is found; those of the packet at hand are in its StreamVerdict too.
  virtual void event(Flow& flow, StreamAnomaly event) = 0;
};

/// What the packet meant to its connection. Two words, so that it is handed back in registers.
struct alignas(8) StreamVerdict {
  bool accepted = false;   // within window and state: its payload counts as traffic of the stream
  bool in_stream = false;  // its payload entered reassembly whole (stream rules see it, packet content rules need not)
  bool established = false;  // the handshake was seen complete (or picked up midstream) by now
  bool doubtful = false;     // its receiver may have dropped it: its payload gives way to other data of the same place
  uint8_t event_count = 0, events_refused = 0;
  StreamAnomaly events[10];  // each once, though a packet may bring several gaps

  void add(StreamAnomaly event) {
    const auto known = std::span(events).first(event_count);
    if (std::ranges::find(known, event) != known.end()) return;
    if (event_count < std::size(events)) {
      events[event_count++] = event;
    } else {
      ++events_refused;
    }
  }
};
static_assert(sizeof(StreamVerdict) == 16);

/// What records say of a connection beyond its Flow; directions by index(Direction).
struct StreamInfo {
  bool tracked = false;  // a session was ever seen; the state's name is name(flow.tcp_state)
  std::array<bool, 2> gap{};
  std::array<uint16_t, 2> max_regions{}, urgent_oob{};
};
StreamInfo stream_info(const Flow& flow);

/// [W] Data is handed over when the receiver acknowledged it, so that retransmissions with other content have been
/// resolved as the receiver does; at once in inline mode and for connections of which only one side is seen; and when
/// the connection is reset or the flow ends. A hole is given up when the receiver acknowledged it and later data is
/// there: an acknowledgement alone may have overtaken the data on its way to the sensor.
class StreamEngine {
 public:
  StreamEngine(const StreamConfig& config, StreamSink& sink);
  /// Flows may outlive their engine.
  ~StreamEngine();
  /// The packet belongs to a connection of which it is not the beginning, and none was seen.
  bool begins_midway(const Flow& flow, const Packet& packet) const;
  /// Follows the state of the connection and reassembles. Sets flow.tcp_state and flow.state (the caller re-files it).
  StreamVerdict packet(Flow& flow, const Packet& packet, Direction direction);
  /// The flow ends: hands over what waited behind gaps, then an `end` chunk of each open direction.
  void finish(Flow& flow, Timestamp now);
  /// Sequence numbers that each sender has used so far, by index(Direction): its bytes, SYN and FIN. Modulo 2^32.
  static std::array<uint32_t, 2> sizes(const Flow& flow);
  /// Client and server change places, in the flow and in its session.
  void swap_direction(Flow& flow);
  const StreamCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
