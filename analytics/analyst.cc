#include "analytics/analyst.h"

#include <algorithm>
#include <optional>
#include <string>

#include "analytics/frame/observer.h"
#include "analytics/inventory/inventory.h"

namespace lapwing::analytics {
namespace {

void add_use(std::string_view detector, const StateUse& use, CounterSet& set) {
  const std::string path = "analytics." + std::string(detector) + ".";
  set.add(path + "keys", use.keys, "entries of the detector's tables", CounterKind::gauge);
  set.add(path + "bytes", use.bytes, "memory of the detector's tables", CounterKind::gauge);
  set.add(path + "evicted", use.evicted, "entries given up for others: the detector's part of memory was full");
  set.add(path + "overflow", use.overflow, "observations that were only counted: a second brought too many");
}

}  // namespace

Analyst::Analyst(std::span<const std::shared_ptr<const AnyDetector>> detectors, const Surroundings& surroundings,
                 size_t workers, const IncidentConfig& incidents, const Policy& policy, AnalystSink& sink)
    : sink_(sink), incidents_(incidents, surroundings, sink), gate_(policy), book_(*this, &gate_) {
  for (size_t i = 0; i < workers; ++i) epochs_.emplace_back();
  for (const auto& detector : detectors) {
    seats_.push_back({detector.get(), detector->global(surroundings), Findings(book_, detector->about())});
  }
  show();
}

void Analyst::run(const std::function<void()>& pause) {
  while (true) {
    const uint64_t rung = bell_.load(std::memory_order_acquire);
    Second sealed = Epochs::kEnd;
    for (const Epochs& epochs : epochs_) sealed = std::min(sealed, epochs.sealed_to());
    // Seconds of which all workers have said all, in order.
    while (true) {
      std::optional<Second> next;
      for (const Epochs& epochs : epochs_) {
        const Epoch* front = epochs.front();
        if (front && front->second <= sealed && (!next || front->second < *next)) next = front->second;
      }
      if (!next) break;
      judge(*next);
    }
    if (sealed == Epochs::kEnd) break;
    serve(false);
    show();
    pause();
    bell_.wait(rung);
  }
  serve(true);
  for (Seat& seat : seats_) seat.global->finish(seat.findings);
  book_.finish();
  incidents_.finish();
  show();
  pause();
}

void Analyst::judge(Second second) {
  std::vector<std::unique_ptr<AnyDelta>> sums(seats_.size());
  AlertSums alerts;
  for (Epochs& epochs : epochs_) {
    const Epoch* front = epochs.front();
    if (!front || front->second != second) continue;
    Epoch epoch = epochs.pop();
    alerts += std::move(epoch.alerts);
    for (size_t i = 0; i < seats_.size(); ++i) {
      if (!epoch.deltas[i]) continue;
      if (sums[i]) {
        sums[i]->add(*epoch.deltas[i]);
      } else {
        sums[i] = std::move(epoch.deltas[i]);
      }
    }
  }
  incidents_.take(alerts);
  for (size_t i = 0; i < seats_.size(); ++i) {
    if (sums[i]) seats_[i].global->take(second, *sums[i], seats_[i].findings);
    seats_[i].global->expire(second, seats_[i].findings);
  }
  book_.expire(second);
  incidents_.expire(second);
}

void Analyst::close_incident(std::string id, std::string_view reason, std::function<void(bool)> done) {
  {
    const std::lock_guard lock(closings_mutex_);
    if (!over_) {
      closings_.push_back({std::move(id), reason, std::move(done)});
      bell_.fetch_add(1, std::memory_order_release);
      bell_.notify_one();
      return;
    }
  }
  done(false);
}

void Analyst::serve(bool last) {
  std::vector<Closing> closings;
  {
    const std::lock_guard lock(closings_mutex_);
    closings.swap(closings_);
    over_ = last;
  }
  for (const Closing& closing : closings) closing.done(incidents_.close(closing.id, closing.reason));
}

void Analyst::behaviour(const Behaviour& behaviour) {
  sink_.behaviour(behaviour);
  incidents_.take(behaviour);
}

void Analyst::asset(const Asset& asset) {
  sink_.asset(asset);
}

void Analyst::learned(const IpAddress& address, Role role, bool has) {
  gate_.roles().learned(address, role, has);
}

void Analyst::show() {
  CounterSet now;
  now.add(book_.counters(), finding_counter_rows());
  gate_.add_counters(now);
  now.add(incidents_.counters(), incident_counter_rows());
  for (const Seat& seat : seats_) add_use(seat.detector->about().name, seat.global->use(), now);
  const std::lock_guard lock(shown_mutex_);
  shown_ = std::move(now);
}

void Analyst::add_counters(CounterSet& set) const {
  const std::lock_guard lock(shown_mutex_);
  set.add(shown_);
}

void list_analyst_counters(std::span<const DetectorRow> rows, CounterSet& set) {
  set.add(ObserverCounters{}, observer_counter_rows());
  set.add(FindingCounters{}, finding_counter_rows());
  list_gate_counters(set);
  set.add(IncidentCounters{}, incident_counter_rows());
  for (const DetectorRow& row : rows) add_use(row.about.name, {}, set);
  add_use(Inventory::about.name, {}, set);
}

}  // namespace lapwing::analytics
