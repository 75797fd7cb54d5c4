// Edges: since when a client asks a server for a kind of thing.
#pragma once

#include <cstdint>

#include "analytics/detectors/acts.h"
#include "analytics/shape/learning.h"
#include "analytics/shape/state.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// [G] New is what a network never showed in all the time in which it was learned (analytics.learn).
class Edges {
 public:
  static constexpr uint32_t kMost = 65'535;
  static constexpr uint32_t kMemory = 14 * 86'400;  // seconds for which one is known
  static constexpr uint32_t kFresh = 3600;          // seconds for which one stays new

  explicit Edges(const Surroundings& surroundings)
      : learn_(surroundings.learn),
        edges_(surroundings.part(kMost), surroundings.hash_seed),
        seed_(surroundings.hash_seed) {}

  /// Before anything is added of a second.
  void pass(Second second);
  void add(const ActOf& edge, Timestamp first);
  bool is_new(const ActOf& edge);
  /// Seconds since it was first seen; 0: it was not.
  uint32_t age(const ActOf& edge);
  void expire();
  StateUse use() const;

  void save(StateWriter& out);
  bool load(StateReader& in);

 private:
  struct Edge {
    uint32_t first = 0;  // second
    bool fresh = false;  // it came when all was learned
  };
  using Known = Table<uint64_t, Edge>;
  uint64_t key(const ActOf& edge) const;

  uint64_t learn_;
  Learning learning_;
  uint32_t learned_ = 0;  // second since which enough is learned, or 0
  uint32_t now_ = 0;
  Known edges_;
  uint64_t seed_;
};

}  // namespace lapwing::analytics
