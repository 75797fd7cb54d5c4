// Reassembler: the bytes of a connection, in order, once each.
#pragma once

#include "sensor/stream/os_policy.h"
#include "sensor/stream/stream_engine.h"
#include "sensor/stream/tcp_session.h"

namespace lapwing {

/// [W]
class Reassembler {
 public:
  Reassembler(const StreamConfig& config, StreamSink& sink, StreamCounters& counters);

  /// Takes the payload of an accepted packet; false when something new of it, or all, did not become part of the
  /// stream: as the stream's nobody will look at it.
  bool insert(Flow& flow, TcpSession& session, const Packet& packet, Direction direction, StreamVerdict& verdict);
  /// Hands over what the receiver acknowledged. `all`: what follows on it, too. No verdict: the flow ends.
  void deliver(Flow& flow, TcpSession& session, Direction direction, Timestamp time, bool all, StreamVerdict* verdict);
  /// Hands over all and ends the direction.
  void finish(Flow& flow, TcpSession& session, Direction direction, Timestamp time);
  void raise(Flow& flow, StreamVerdict* verdict, StreamAnomaly event);

 private:
  struct Target {
    Flow& flow;
    TcpSession& session;
    Half& half;
    Direction direction;
    Timestamp time;
    StreamVerdict* verdict;
  };
  bool place(Target& to, uint64_t begin, Bytes data);
  uint64_t depth(const Flow& flow, uint64_t wanted) const;
  uint32_t find_urgent(Half& half, const Packet& packet, int64_t begin) const;
  bool place_around_urgent(Target& to, uint64_t begin, Bytes data, uint32_t urgent);
  /// Counts and raises what came of an insertion; false when it refused some of the bytes.
  bool note(Target& to, const SegmentList::Result& result);
  void hand_over(Target& to, Bytes data);
  void give_up(Target& to, uint64_t end);
  void behind_holes(Target& to);
  /// `broken_off`: more was sent.
  void end(Target& to, bool broken_off = false);
  bool eager(const TcpSession& session) const { return config_.inline_mode || session.has(session_flag::async); }

  const StreamConfig& config_;
  StreamSink& sink_;
  StreamCounters& counters_;
  const HostList inline_hosts_;
};

}  // namespace lapwing
