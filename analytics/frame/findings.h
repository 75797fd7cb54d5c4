// Findings: the life of what detectors find, from its opening record to the one that says it is over.
#pragma once

#include <bitset>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analytics/frame/gate.h"
#include "analytics/frame/roles.h"
#include "sensor/base/counters.h"
#include "sensor/base/json_writer.h"
#include "sensor/event/asset.h"
#include "sensor/event/behaviour.h"
#include "sensor/event/flow_update.h"
#include "sensor/event/interface_sides.h"
#include "sensor/event/packet_losses.h"

namespace lapwing::analytics {

struct About;

/// [G] The state of a finding as its detector sees it now. Numbers are totals since `first`.
struct Report {
  uint64_t key = 0;                  // of subject and group of objects: one finding of a detector each
  std::string subject;               // who does it; stays with a finding as it was when that was first told
  std::vector<std::string> objects;  // to whom; at most kMostObjects are shown
  uint8_t severity = 0, confidence = 0;
  uint32_t techniques = 1;      // bits by place in About::techniques
  Timestamp time, first, last;  // of the observation that completed it; of what it rests on
  uint64_t count = 0;           // of whatever it counts: where it has doubled, that is news
  std::vector<FlowName> flows;  // at most kMostFlows are shown
  IpAddress src, dest;          // where no flow has them
  RoleMask explained_by = 0;    // roles of the subject that explain this one, beside About::explained_by
  int64_t idle = 0;             // seconds without news after which it is over, where longer than About::idle
};

struct FindingCounters {
  uint64_t opened = 0, updated = 0, over = 0, open = 0;
  uint64_t findings_max = 0;  // refused: as many are open as may be
  uint64_t objects_max = 0;   // reports of which not all objects are shown
};
std::span<const CounterRow<FindingCounters>> finding_counter_rows();

/// Who is told [G].
class FindingSink {
 public:
  virtual ~FindingSink() = default;
  virtual void behaviour(const Behaviour& behaviour) = 0;
  virtual void asset(const Asset&) {}
  virtual void learned(const IpAddress&, Role, bool) {}
  virtual void known(const IpAddress&, const AssetBrief&) {}
  virtual void sides(const InterfaceSides&) {}
};

/// [G] All findings of a run.
class FindingBook {
 public:
  static constexpr size_t kMostOpen = 16384, kMostObjects = 16, kMostFlows = 8;
  /// Nanoseconds between records of a finding that only grows.
  static constexpr int64_t kPause = 600'000'000'000;
  static constexpr uint8_t kLowered = 15;  // severity of what a learned role explains

  /// Borrowed. Without a gate nothing is withheld.
  explicit FindingBook(FindingSink& sink, Gate* gate = nullptr) : sink_(sink), gate_(gate) {}

  /// One that the gate withholds is not told, nor counted among those that are; one that was told before ends when its
  /// time without news is over.
  void report(const About& about, Report&& report, std::string&& evidence);
  void asset(const Asset& asset) { sink_.asset(asset); }
  void learned(const IpAddress& address, Role role, bool has) { sink_.learned(address, role, has); }
  void known(const IpAddress& address, const AssetBrief& brief) { sink_.known(address, brief); }
  void sides(const InterfaceSides& of) {
    one_sided_.set(of.interface, of.one_sided);
    sink_.sides(of);
  }
  bool one_sided(uint8_t interface) const { return one_sided_.test(interface); }
  /// Totals of now, and of shortly before: what is judged now was seen in between. Findings tell by how much they grew
  /// while they were open, as evidence.loss.
  void lost(const PacketLosses& now, const PacketLosses& before) {
    lost_ = now;
    lost_before_ = before;
  }
  /// Findings of which nothing was heard for their detector's idle time are over.
  void expire(int64_t second);
  /// Nothing more is heard of any.
  void finish();
  const FindingCounters& counters() const { return counters_; }

 private:
  struct Open {
    const About* about = nullptr;
    Behaviour behaviour;
    uint32_t techniques = 0;
    int64_t idle = 0;  // seconds
    Judged::As judged = Judged::As::told;
    bool told = false;
    PacketLosses lost{};  // when it opened
    // As last told:
    FindingLevel level = FindingLevel::info;
    uint64_t count = 0;
    Timestamp time;
  };
  using Key = std::pair<const About*, uint64_t>;
  struct ByName {
    bool operator()(const Key& one, const Key& other) const;
  };

  /// When it is over, if nothing more is heard of it.
  static Timestamp due_of(const Open& open);
  void tell(Open& open, FindingState state, Timestamp time);
  std::string with_loss(const Open& open) const;

  FindingSink& sink_;
  Gate* gate_;
  std::bitset<kNoInterface + 1> one_sided_;  // by interface
  std::map<Key, Open, ByName> open_;
  PacketLosses lost_{}, lost_before_{};
  int64_t next_due_ = INT64_MAX;  // second before which none is over; no later than the first that is
  FindingCounters counters_;
};

/// [G] A detector's way to the book.
class Findings {
 public:
  Findings(FindingBook& book, const About& about) : book_(book), about_(about) {}
  /// Opens the finding or brings it up to date; the book decides which of that is told. `evidence` writes the members
  /// of the evidence object: the numbers of the verdict, and what they were held against.
  void report(Report report, const std::function<void(JsonWriter&)>& evidence);
  /// Told as it is.
  void asset(const Asset& asset) { book_.asset(asset); }
  /// A host has a role, or has it no more.
  void learned(const IpAddress& address, Role role, bool has) { book_.learned(address, role, has); }
  /// What a host is known by from here on.
  void known(const IpAddress& address, const AssetBrief& brief) { book_.known(address, brief); }
  /// An interface shows connections from one side, or from both again.
  void sides(const InterfaceSides& of) { book_.sides(of); }
  /// Nothing may rest on the silence of flows there: an answer may have gone another way.
  bool one_sided(uint8_t interface) const { return book_.one_sided(interface); }

 private:
  FindingBook& book_;
  const About& about_;
};

}  // namespace lapwing::analytics
