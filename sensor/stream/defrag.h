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
  uint64_t max_trackers_reached = 0, max_frags_reached = 0, memcap_drop = 0, memuse = 0;
};
std::span<const CounterRow<DefragCounters>> defrag_counter_rows();

/// [W] Keeps fragments by (src, dst, id, protocol, VLAN). Memory and tracker caps from "defrag.*": when all trackers
/// are in use the packet that waited longest is given up; a fragment beyond the other caps is lost.
class Defragmenter {
 public:
  explicit Defragmenter(const StreamConfig& config);
  ~Defragmenter();
  /// Takes a fragment; returns the whole IP packet (rewritten header, no fragment fields) when this one completed it,
  /// else an empty range. The bytes live until the next call. Anomalies are added to packet.events.
  Bytes add(Packet& packet);
  /// The packet that add() returned, behind the link headers of its last fragment.
  Bytes frame() const;
  /// Gives up packets without a further fragment for longer than the timeout. Also done by add().
  void expire(Timestamp now);
  const DefragCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
