// State that crosses flows: thresholds, xbits, hostbits. One for all workers of a process.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <mutex>
#include <unordered_map>

#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"
#include "signatures/compile/rule.h"
#include "signatures/match/tag.h"
#include "signatures/matcher.h"

namespace lapwing::detect {

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

class Shared : public SharedState {
 public:
  /// Entries kept at most; beyond, the expired go first, and then new ones are not remembered.
  static constexpr size_t kMaxSharedEntries = 1 << 20;
  /// A full table is searched for expired entries no more often than this.
  static constexpr int64_t kSweepInterval = 1'000'000'000;  // ns

  explicit Shared(std::function<void(uint64_t)> turn) : turn_(std::move(turn)) {}

  /// To be called before anything else of a packet.
  void turn(uint64_t number) {
    if (turn_) turn_(number);
  }
  ThresholdVerdict count(const Threshold& threshold, const SharedKey& key, Timestamp now, DetectCounters& counters);
  bool has_bit(const SharedKey& key, Timestamp now);
  void set_bit(const SharedKey& key, Timestamp expires, Timestamp now, DetectCounters& counters);
  void clear_bit(const SharedKey& key);

  /// Hosts with tags kept at most; beyond, those unseen for kTagLife go, and then new ones are not tagged.
  static constexpr size_t kMaxTaggedHosts = 1 << 16;
  static constexpr int64_t kTagLife = 600'000'000'000;  // ns
  void add_tag(const IpAddress& host, const Tag& tag, const RuleInfo& rule, Timestamp now, DetectCounters& counters);
  /// Counts a packet of or to the host; true when it is to be recorded.
  bool count_tag(const IpAddress& host, size_t bytes, Timestamp now);

 private:
  struct Entry {
    Timestamp start, expires;  // start of the window; end of a bit's life
    uint64_t count = 0, next = 0;
    Timestamp action_until;  // rate filter
  };
  Entry* find_or_add(const SharedKey& key, Timestamp now, bool& fresh, DetectCounters& counters);

  std::function<void(uint64_t)> turn_;
  std::mutex mutex_;
  std::unordered_map<SharedKey, Entry, SharedKeyHash> entries_;
  Timestamp next_sweep_{INT64_MIN};
  std::map<IpAddress, TagList> tags_;
};

}  // namespace lapwing::detect
