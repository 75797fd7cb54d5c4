// IP defragmentation with target-based overlap policies.
#pragma once

#include <memory>
#include <span>

#include "sensor/base/counters.h"
#include "sensor/decode/packet.h"
#include "sensor/stream/stream_engine.h"

namespace lapwing {

struct DefragCounters {
  uint64_t ipv4_fragments = 0, ipv4_reassembled = 0, ipv4_timeouts = 0;
  uint64_t ipv6_fragments = 0, ipv6_reassembled = 0, ipv6_timeouts = 0;
  uint64_t host_drops = 0, contradictions = 0, max_trackers_reached = 0, max_frags_reached = 0, memcap_drop = 0,
           source_share = 0, max_packet_events = 0;
  uint64_t memuse = 0;
};
std::span<const CounterRow<DefragCounters>> defrag_counter_rows();

/// [W] Keeps fragments by (src, dst, id, protocol, VLAN). At a cap of "defrag.*" the packet that began first is given
/// up, and before that the first one of a source that holds more than its share.
class Defragmenter {
 public:
  explicit Defragmenter(const StreamConfig& config);
  ~Defragmenter();
  /// Takes a fragment; returns the whole IP packet (rewritten header, no fragment fields) when this one completed it,
  /// else an empty range. The bytes live until the call after the next, which may thus be for a fragment among them.
  /// Anomalies are added to packet.events.
  Bytes add(Packet& packet);
  /// The packet that add() returned, behind the link headers of its last fragment.
  Bytes frame() const;
  /// The packet that add() returned last was put together of fragments that overlap.
  bool overlapped() const;
  /// Whether the packet's destination drops it, for its host_drops; counted where `counted` says so.
  bool drops(const Packet& packet, bool counted = true) const;
  /// Gives up packets whose first fragment came longer ago than the timeout. Also done by add().
  void expire(Timestamp now);
  const DefragCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
