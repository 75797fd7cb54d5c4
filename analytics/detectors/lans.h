// Lans: those who serve each LAN, for detectors that judge a LAN once in a second in which it was heard of.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "analytics/frame/detector.h"
#include "analytics/shape/table.h"
#include "sensor/base/time.h"

namespace lapwing::analytics {

template <class Member>
struct Lan {
  static constexpr size_t kMost = 16;  // members
  Timestamp first;                     // when it was first heard of
  std::vector<Member> members;
  bool due = false;  // to be judged
};

/// [G] By VLAN.
template <class Member>
class Lans {
 public:
  static constexpr uint32_t kMost = 4096;

  explicit Lans(const Surroundings& surroundings) : lans_(surroundings.part(kMost), surroundings.hash_seed) {}

  Lan<Member>& hear(uint16_t vlan, Timestamp time, uint32_t now) {
    Lan<Member>& lan = lans_.touch({vlan}, now).value;
    if (lan.members.empty()) lan.first = time;
    if (!std::exchange(lan.due, true)) due_.push_back(vlan);
    return lan;
  }
  /// each(vlan, lan) of those heard of since the last call, in the order in which they were.
  template <class Each>
  void judge(Each each) {
    for (uint16_t vlan : due_) {
      auto* entry = lans_.find({vlan});
      if (!entry) continue;
      entry->value.due = false;
      lans_.set_worth(*entry, static_cast<uint8_t>(entry->value.members.size()));
      each(vlan, std::as_const(entry->value));
    }
    due_.clear();
  }
  void expire(uint32_t second) {
    lans_.expire(second, [](const auto&) {});
  }
  StateUse use() const { return {.keys = lans_.keys(), .bytes = lans_.bytes(), .evicted = lans_.evicted()}; }

 private:
  struct Place {
    uint16_t vlan = 0;
  };
  Table<Place, Lan<Member>> lans_;
  std::vector<uint16_t> due_;
};

}  // namespace lapwing::analytics
