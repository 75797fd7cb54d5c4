// Novelty: since when a value is known, and to how many hosts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "analytics/shape/bits.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/state.h"

namespace lapwing::analytics {

/// State of one (kind, value). Minimum, maximum and union: it may live in a Delta.
class Novelty {
 public:
  struct Judgement {
    uint32_t hosts = 0;       // that had it
    uint32_t prevalence = 0;  // of the active hosts, in percent
    int32_t surprise = 0;     // in 1/16 bit: log2 of active hosts by those that had it
    uint32_t age = 0;         // seconds since it was first seen
    uint32_t silence = 0;     // seconds since it was last seen
  };

  /// `host`: its keyed hash.
  void add(uint64_t host, uint32_t second) {
    first_ = std::min(first_, second);
    last_ = std::max(last_, second);
    hosts_.add(host);
  }
  void merge(const Novelty& other) {
    first_ = std::min(first_, other.first_);
    last_ = std::max(last_, other.last_);
    hosts_.merge(other.hosts_);
  }
  bool empty() const { return hosts_.empty(); }

  /// `active`: how many hosts might have had it.
  Judgement judge(uint32_t active, uint32_t now) const {
    if (empty()) return {};
    Judgement out{.hosts = hosts_.count()};
    active = std::max(active, out.hosts);
    out.prevalence = static_cast<uint32_t>(uint64_t{out.hosts} * 100 / active);
    out.surprise = log2_sixteenths(active) - log2_sixteenths(out.hosts);
    out.age = now > first_ ? now - first_ : 0;
    out.silence = now > last_ ? now - last_ : 0;
    return out;
  }
  /// Few enough to be counted one by one.
  bool exact() const { return hosts_.exact(); }
  uint32_t hosts() const { return hosts_.count(); }
  /// Seconds from the first time to the last.
  uint32_t span() const { return last_ > first_ ? last_ - first_ : 0; }

  static constexpr size_t kSaved = 8 + sizeof(SmallFan);  // bytes
  void save(StateWriter& out) const {
    out.u32(first_);
    out.u32(last_);
    out.bytes(hosts_.bytes());
  }
  bool load(StateReader& in) {
    first_ = in.u32();
    last_ = in.u32();
    return hosts_.load(in.bytes(sizeof hosts_)) && in.ok();
  }
  bool operator==(const Novelty&) const = default;

 private:
  uint32_t first_ = UINT32_MAX, last_ = 0;
  SmallFan hosts_;
};
static_assert(sizeof(Novelty) == 36);

}  // namespace lapwing::analytics
