// State that crosses flows: thresholds, xbits, hostbits. One for all workers of a process.
#pragma once

#include <compare>
#include <functional>
#include <mutex>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "signatures/match/aged_table.h"
#include "signatures/match/tag.h"
#include "signatures/program/match_counters.h"
#include "signatures/program/rule.h"

namespace lapwing::rules {

struct SharedKey {
  enum class Kind : uint8_t { threshold, xbit, hostbit } kind = Kind::threshold;
  uint8_t track = 0;
  uint32_t gid = 0, sid = 0;  // of a bit: its name's number in sid
  uint64_t flow = 0;
  IpAddress a, b;

  bool operator==(const SharedKey&) const = default;
};

struct SharedKeyHash {
  size_t operator()(const SharedKey& key) const;
};

/// What becomes of an alert after its thresholds.
struct ThresholdVerdict {
  bool alert = true;
  bool changed = false;  // rate filter: `action` applies
  Action action = Action::alert;
};

struct HostHash {
  size_t operator()(const IpAddress& host) const;
};

/// `await` is called before the state is touched: in replay it waits until all workers have finished every frame before
/// `number`, so that the outcome does not depend on scheduling. Live it does nothing.
class SharedState {
 public:
  explicit SharedState(std::function<void(uint64_t number)> await) : await_(std::move(await)) {}

  /// To be called before anything else of a packet.
  void await(uint64_t number) {
    if (await_) await_(number);
  }
  ThresholdVerdict count(const Threshold& threshold, const SharedKey& key, Timestamp now, MatchCounters& counters);
  bool has_bit(const SharedKey& key, Timestamp now);
  void set_bit(const SharedKey& key, Timestamp expires, MatchCounters& counters);
  void clear_bit(const SharedKey& key);

  void add_tag(const IpAddress& host, const Tag& tag, const RuleInfo& rule, Timestamp now, MatchCounters& counters);
  /// Counts a packet of or to the host; true when it is to be recorded.
  bool count_tag(const IpAddress& host, size_t bytes, Timestamp now);

 private:
  /// Of thresholds and of bits each, and of hosts with tags.
  static constexpr size_t kMaxSharedEntries = 1 << 18, kMaxTaggedHosts = 1 << 16;

  struct Window {
    Timestamp start;
    uint64_t count = 0, next = 0;
    Timestamp action_until;  // rate filter
  };
  std::function<void(uint64_t)> await_;
  std::mutex mutex_;
  // Apart, so that a flood of the ones does not push out the others.
  AgedTable<SharedKey, Window, SharedKeyHash, kMaxSharedEntries> thresholds_;
  AgedTable<SharedKey, Timestamp, SharedKeyHash, kMaxSharedEntries> bits_;  // when each ends
  AgedTable<IpAddress, TagList, HostHash, kMaxTaggedHosts> tags_;
};

}  // namespace lapwing::rules

namespace lapwing {
using rules::SharedState;
}
