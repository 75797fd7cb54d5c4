// Observer: the worker's end of analytics. Shows its Locals what happens, and seals what they made of each second.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/frame/epochs.h"
#include "sensor/base/counters.h"

namespace lapwing::analytics {

struct ObserverCounters {
  uint64_t epochs_merged = 0;  // live: seconds added to the next, as the analyst was late
};
std::span<const CounterRow<ObserverCounters>> observer_counter_rows();

/// [W]
class Observer {
 public:
  /// `epochs` and `bell` are borrowed for the run.
  Observer(std::span<const std::shared_ptr<const AnyDetector>> detectors, const Surroundings& surroundings,
           Epochs& epochs, Bell& bell);

  bool wants(FlowMoment moment) const { return (moments_ & bit(moment)) != 0; }
  /// Kept for a while: a detector that is shown many at once finds its code and tables at hand.
  void flow(const FlowUpdate& update);
  /// Any of its events.
  bool wants(const Protocol& protocol) const { return audience(protocol) != nullptr; }
  bool wants(const Event& event) const { return listeners(event) != nullptr; }
  void event(const Observed& observed);

  bool wants_logins() const { return !of_logins_.empty(); }
  void login(const LoginOf& login) {
    for (AnyLocal* local : of_logins_) local->login(login);
  }
  /// Whether Protocol::sightings is asked at all.
  bool wants_sightings() const { return !of_bindings_.empty() || !of_software_.empty() || !of_operations_.empty(); }
  void binding(const BindingOf& binding) {
    for (AnyLocal* local : of_bindings_) local->binding(binding);
  }
  void software(const SoftwareOf& software) {
    for (AnyLocal* local : of_software_) local->software(software);
  }
  void operation(const OperationOf& operation) {
    for (AnyLocal* local : of_operations_) local->operation(operation);
  }
  void alert(const AlertAt& alert) {
    const AlertSeen seen = AlertSeen::of(alert, surroundings_);
    alerts_.add(seen);
    for (AnyLocal* local : of_alerts_) local->alert(seen);
  }

  /// The clock has come to `second`: what was seen before is sealed. A replay waits for the analyst, a live sensor adds
  /// the next second to this one instead.
  void advance(Second second);
  /// Nothing more is seen.
  void finish();
  const ObserverCounters& counters() const { return counters_; }

 private:
  using Listeners = std::vector<AnyLocal*>;
  struct Kept {
    FlowUpdate update;
    FlowRef flow;
    std::string names;  // application and host, which live no longer than the call
  };
  static constexpr size_t kBatch = 32;
  /// Those of a protocol's events.
  struct Audience {
    std::string_view protocol;
    Listeners of_due, of_all;
  };
  const Audience* audience(const Protocol& protocol) const;
  /// Null: the event is for nobody.
  const Listeners* listeners(const Event& event) const;
  bool seal(Second second);
  void show_kept();

  const Surroundings surroundings_;
  std::vector<std::unique_ptr<AnyLocal>> locals_;  // by detector
  Listeners of_logins_, of_alerts_, of_bindings_, of_software_, of_operations_;
  std::vector<std::pair<AnyLocal*, uint32_t>> of_flows_;  // and the moments that each is shown
  uint32_t moments_ = 0;                                  // all of them
  std::vector<Audience> audiences_;
  struct Asked {
    const Protocol* protocol;
    const Audience* audience;  // null: nobody
  };
  mutable std::vector<Asked> asked_;  // of each protocol that was ever asked about, what came of it
  std::vector<Kept> kept_ = std::vector<Kept>(kBatch);
  size_t kept_count_ = 0;
  AlertSums alerts_;
  Epochs& epochs_;
  Bell& bell_;
  Second now_ = std::numeric_limits<Second>::min();
  ObserverCounters counters_;
};

}  // namespace lapwing::analytics
