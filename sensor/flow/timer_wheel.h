// TimerWheel: when flows are to be looked at again.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "sensor/flow/flow.h"
#include "sensor/flow/slab.h"

namespace lapwing {

/// One list of flows for each of the next seconds of packet time [W]. A flow is filed under the second at which its
/// timeout ended when it was filed; a packet only moves the flow's `last`, so the owner re-checks what comes up and
/// files it anew. Touching a flow thus costs nothing here, and expiry stays exact to the second.
class TimerWheel {
 public:
  static constexpr uint32_t kSeconds = 1024;  // further deadlines are looked at on the way

  explicit TimerWheel(const Slab<Flow>& flows) : flows_(flows) { lists_.fill({kNoHandle, kNoHandle}); }

  int64_t clock() const { return clock_; }
  bool started() const { return clock_ != std::numeric_limits<int64_t>::min(); }
  /// Sets the clock without bringing anything up: at the start, or when time ran far backwards.
  void start(int64_t second) { clock_ = second; }

  /// Under the clock's own second or an earlier one: it has come up at once.
  void file(Flow& flow, int64_t deadline);
  void remove(Flow& flow);
  /// The second under which the flow is filed.
  int64_t filed(const Flow& flow) const;

  /// Moves the clock by more than kSeconds.
  void leap(int64_t second);
  /// A flow that has come up by `now`, still filed, or null when no more have; moves the clock to `now`.
  Flow* due(int64_t now);
  /// The flow filed under the earliest second, or null.
  Flow* earliest();
  /// Brings every flow up for a check, in the order of their seconds.
  void raise_all();

 private:
  struct List {
    uint32_t head, tail;
  };

  static uint32_t slot_of(int64_t second) { return static_cast<uint32_t>(second) % kSeconds; }
  void append(Flow& flow, uint32_t slot);
  bool next_used(int64_t limit, int64_t& second) const;
  void mark(uint32_t slot, bool used);

  const Slab<Flow>& flows_;
  int64_t clock_ = std::numeric_limits<int64_t>::min();
  std::array<List, kSeconds> lists_;  // the list of the clock's own second holds what has come up
  std::array<uint64_t, kSeconds / 64> used_{};
};

}  // namespace lapwing
