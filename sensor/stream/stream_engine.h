// TCP tracking and reassembly: packets of a flow in, Chunks out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/decode/packet.h"
#include "sensor/event/chunk.h"
#include "sensor/flow/flow.h"

namespace lapwing {

/// Stream events, named as stream-event rules name them ("pkt_broken_ack"). Index into stream_event_names().
enum class StreamEvent : uint8_t {};
std::string_view name(StreamEvent event);
std::span<const std::string_view> stream_event_names();

/// [S] Keys "stream.*", "defrag.*", "host-os-policy", with Suricata's names and meaning.
struct StreamConfig {
  uint64_t memcap = 0, depth = 0, reassembly_memcap = 0;
  bool midstream = false, async_oneside = false, inline_mode = false;
  // the stream room completes this list
};
std::span<const OptionRow<StreamConfig>> stream_options();

struct StreamCounters {
  uint64_t sessions = 0;
  // the stream room completes this list ("tcp.sessions", "tcp.reassembly_gap", "tcp.memuse", ... as Suricata names them)
};
std::span<const CounterRow<StreamCounters>> stream_counter_rows();

/// Takes what a packet brought to its stream, in stream order. Implemented in sensor/pipeline.
class StreamSink {
 public:
  virtual ~StreamSink() = default;
  virtual void chunk(Flow& flow, const Chunk& chunk) = 0;
  /// `lost` bytes of this direction will never come (acknowledged but unseen, or given up at the end).
  virtual void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) = 0;
  virtual void event(Flow& flow, StreamEvent event) = 0;
};

/// What the packet meant to its connection.
struct StreamVerdict {
  bool accepted = false;      // within window and state: its payload counts as traffic of the stream
  bool in_stream = false;     // its payload entered reassembly (stream rules see it, so packet content rules need not)
  bool established = false;   // the handshake was seen complete (or picked up midstream) by now
  uint8_t event_count = 0;
  StreamEvent events[8];
};

class StreamEngine {
 public:
  StreamEngine(const StreamConfig& config, StreamSink& sink);
  ~StreamEngine();
  /// Follows the state of the connection and reassembles. Sets flow.tcp_state and flow.state (the caller re-files it).
  StreamVerdict packet(Flow& flow, const Packet& packet, Direction direction);
  /// The flow ends: hands over what waited behind gaps, then an `end` chunk of each open direction.
  void finish(Flow& flow, Timestamp now);
  /// No more reassembly of this direction (depth reached, protocol bypassed).
  void stop_reassembly(Flow& flow, Direction direction);
  const StreamCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
