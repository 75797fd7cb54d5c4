#include "analytics/frame/observer.h"

#include <algorithm>

namespace lapwing::analytics {
namespace {

constexpr CounterRow<ObserverCounters> kRows[] = {
    {"analytics.epochs_merged", &ObserverCounters::epochs_merged,
     "seconds of a worker that were added to the next, as the analyst was late: nothing is lost but resolution"},
};

}  // namespace

std::span<const CounterRow<ObserverCounters>> observer_counter_rows() {
  return kRows;
}

Observer::Observer(std::span<const std::shared_ptr<const AnyDetector>> detectors, const Surroundings& surroundings,
                   Epochs& epochs, Bell& bell)
    : surroundings_(surroundings), alerts_(surroundings.hash_seed), epochs_(epochs), bell_(bell) {
  for (const auto& detector : detectors) {
    AnyLocal* local = locals_.emplace_back(detector->local(surroundings)).get();
    const About& about = detector->about();
    if (about.alerts && !surroundings.alerts) continue;
    if (about.moments != 0) of_flows_.emplace_back(local, about.moments);
    moments_ |= about.moments;
    if (about.logins) of_logins_.push_back(local);
    if (about.alerts) of_alerts_.push_back(local);
    if (about.bindings) of_bindings_.push_back(local);
    if (about.software) of_software_.push_back(local);
    if (about.operations) of_operations_.push_back(local);
    for (std::string_view protocol : about.protocols) {
      auto known = std::ranges::find(audiences_, protocol, &Audience::protocol);
      if (known == audiences_.end()) known = audiences_.insert(audiences_.end(), {.protocol = protocol});
      known->of_due.push_back(local);
      if (!about.only_due) known->of_all.push_back(local);
    }
  }
}

const Observer::Audience* Observer::audience(const Protocol& protocol) const {
  for (const Asked& asked : asked_) {
    if (asked.protocol == &protocol) return asked.audience;
  }
  const auto known = std::ranges::find(audiences_, protocol.name, &Audience::protocol);
  return asked_.emplace_back(Asked{&protocol, known == audiences_.end() ? nullptr : &*known}).audience;
}

const Observer::Listeners* Observer::listeners(const Event& event) const {
  const Audience* of = audience(*event.protocol);
  if (!of) return nullptr;
  const Listeners& listeners = event.record || event.protocol->one_message ? of->of_due : of->of_all;
  return listeners.empty() ? nullptr : &listeners;
}

void Observer::flow(const FlowUpdate& update) {
  if (!wants(update.moment)) return;
  if (update.moment == FlowMoment::spoke) {  // what was said lives no longer than the call, and is rare
    for (const auto& [local, moments] : of_flows_) {
      if (moments & bit(update.moment)) local->flow(update);
    }
    return;
  }
  Kept& kept = kept_[kept_count_];
  kept.update = update;
  kept.flow = *update.flow;
  kept.update.flow = &kept.flow;
  kept.names.assign(update.flow->application).append(update.flow->host);
  const std::string_view names = kept.names;
  kept.flow.application = names.substr(0, update.flow->application.size());
  kept.flow.host = names.substr(update.flow->application.size());
  if (++kept_count_ == kBatch) show_kept();
}

void Observer::show_kept() {
  const auto kept = std::span(kept_).first(std::exchange(kept_count_, 0));
  for (const auto& [local, moments] : of_flows_) {
    for (const Kept& one : kept) {
      if (moments & bit(one.update.moment)) local->flow(one.update);
    }
  }
}

void Observer::event(const Observed& observed) {
  const Listeners* wanted = listeners(observed.event);
  if (!wanted) return;
  for (AnyLocal* local : *wanted) local->event(observed);
}

void Observer::advance(Second second) {
  if (second <= now_) return;
  show_kept();
  if (seal(second - 1)) {
    epochs_.sealed(second - 1, bell_, !surroundings_.replay);
  } else {
    ++counters_.epochs_merged;
  }
  now_ = second;
}

void Observer::finish() {
  show_kept();
  epochs_.wait_for_room(bell_);
  seal(std::max(now_, Second{0}));
  epochs_.sealed(Epochs::kEnd, bell_, true);
}

/// False where there was no room.
bool Observer::seal(Second second) {
  if (epochs_.full()) {
    if (!surroundings_.replay) return false;
    epochs_.wait_for_room(bell_);
  }
  Epoch& epoch = epochs_.next();
  epoch.second = second;
  bool any = !alerts_.empty();
  if (any) epoch.alerts = std::exchange(alerts_, AlertSums(surroundings_.hash_seed));
  epoch.said.resize(locals_.size());
  for (size_t i = 0; i < locals_.size(); ++i) {
    Epoch::Said& said = epoch.said[i];
    said.any = locals_[i]->seal(said.delta);
    any |= said.any;
  }
  if (any) epochs_.push();
  return true;
}

}  // namespace lapwing::analytics
