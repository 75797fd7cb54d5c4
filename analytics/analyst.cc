#include "analytics/analyst.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <string>

#include "analytics/frame/interfaces.h"
#include "analytics/frame/observer.h"
#include "analytics/inventory/inventory.h"
#include "sensor/base/log.h"

namespace lapwing::analytics {
namespace {

void add_use(std::string_view detector, const StateUse& use, CounterSet& set) {
  const std::string path = "analytics." + std::string(detector) + ".";
  set.add(path + "keys", use.keys, "entries of the detector's tables", CounterKind::gauge);
  set.add(path + "bytes", use.bytes, "memory of the detector's tables", CounterKind::gauge);
  set.add(path + "evicted", use.evicted, "entries given up for others: the detector's part of memory was full");
  set.add(path + "overflow", use.overflow, "observations that were only counted: a second brought too many");
}

constexpr CounterRow<AnalystCounters> kRows[] = {
    {"analytics.learning", &AnalystCounters::learning,
     "seconds of packet time that must still be seen before anything is told to be new (analytics.learn)",
     CounterKind::gauge},
    {"analytics.memory_exhausted", &AnalystCounters::exhausted,
     "steps of the analyst that were left undone, a detector's second each: memory lacked", CounterKind::loss},
    {"analytics.state.saved", &AnalystCounters::saved,
     "times that what detectors learned was written (analytics.state)"},
    {"analytics.state.failed", &AnalystCounters::failed, "times that it could not be written"},
    {"analytics.state.refused", &AnalystCounters::refused, "files of it that did not fit: learning began anew"},
    {"analytics.state.bytes", &AnalystCounters::bytes, "size of what was last written", CounterKind::gauge},
};

}  // namespace

std::span<const CounterRow<AnalystCounters>> analyst_counter_rows() {
  return kRows;
}

Analyst::Analyst(std::span<const std::shared_ptr<const AnyDetector>> detectors, const Surroundings& surroundings,
                 size_t workers, const IncidentConfig& incidents, const Policy& policy, AnalystSink& sink)
    : detectors_(detectors),
      surroundings_(surroundings),
      sink_(sink),
      incidents_(incidents, surroundings, sink),
      gate_(policy),
      book_(*this, &gate_) {
  for (size_t i = 0; i < workers; ++i) epochs_.emplace_back();
  begin();
  show();
}

/// With nothing.
void Analyst::begin() {
  seats_.clear();
  for (const auto& detector : detectors_) {
    seats_.push_back({detector.get(), detector->global(surroundings_), Findings(book_, detector->about())});
  }
}

void Analyst::remember(SnapshotFile& file, std::optional<Snapshot> before) {
  file_ = &file;
  kept_ = std::chrono::steady_clock::now();
  if (before && !recall(*before)) begin();
  if (file.refused()) ++counters_.refused;
  show();
}

bool Analyst::recall(const Snapshot& before) {
  try {
    for (const Snapshot::Section& section : before.sections) {
      StateReader in(section.bytes);
      const auto of = [&](const Seat& seat) { return seat.detector->about().name == section.name; };
      const auto seat = std::ranges::find_if(seats_, of);
      if (seat == seats_.end() || !seat->global->load(in) || !in.done()) {
        throw SnapshotError("what " + section.name + " kept is at fault");
      }
    }
    return true;
  } catch (const SnapshotError& error) {
    spdlog::warn("{}: {}; learning begins anew", file_->path(), error.what());
    file_->refuse();
    return false;
  }
}

void Analyst::keep() {
  kept_ = std::chrono::steady_clock::now();
  Snapshot now{.seed = surroundings_.hash_seed, .internal = surroundings_.internal.fingerprint(), .sections = {}};
  for (const Seat& seat : seats_) {
    if (seat.detector->state() == 0) continue;
    StateWriter out;
    seat.global->save(out);
    now.sections.push_back({std::string(seat.detector->about().name), seat.detector->state(), out.take()});
  }
  const std::vector<uint8_t> bytes = now.encode();
  const int error = bytes.size() > Snapshot::kMostBytes ? EFBIG : file_->write(bytes);
  if (error == 0) {
    ++counters_.saved;
    counters_.bytes = bytes.size();
    return;
  }
  if (++counters_.failed == 1) spdlog::error("{} cannot be written: {}", file_->path(), std::strerror(error));
}

template <class Step>
void Analyst::spare(Step step) {
  try {
    step();
  } catch (const std::bad_alloc&) {
    ++counters_.exhausted;
  }
}

void Analyst::run(const std::function<void()>& pause) {
  // The allocator needs memory of its own for a thread that first allocates, and ends the process where none is left:
  // so it does while there is some.
  spare([&] { show(); });
  while (true) {
    const uint64_t rung = bell_.rung();
    take_losses();
    Second sealed = Epochs::kEnd;
    for (const Epochs& epochs : epochs_) sealed = std::min(sealed, epochs.sealed_to());
    // Seconds of which all workers have said all, in order.
    while (true) {
      std::optional<Second> next;
      for (Epochs& epochs : epochs_) {
        const Epoch* front = epochs.front();
        if (front && front->second <= sealed && (!next || front->second < *next)) next = front->second;
      }
      if (!next) break;
      spare([&] { judge(*next); });
      release(*next);
    }
    if (sealed == Epochs::kEnd) break;
    spare([&] {
      serve(false);
      if (file_ && !surroundings_.replay && std::chrono::steady_clock::now() - kept_ >= kPause) keep();
      if (std::chrono::steady_clock::now() - shown_at_ >= kShow) show();
      pause();
    });
    bell_.wait(rung);
  }
  take_losses();
  spare([&] { serve(true); });
  for (Seat& seat : seats_) spare([&] { seat.global->finish(seat.findings); });
  spare([&] { book_.finish(); });
  spare([&] { incidents_.finish(); });
  if (file_) spare([&] { keep(); });
  spare([&] { show(); });
  spare([&] { pause(); });
}

void Analyst::judge(Second second) {
  sums_.assign(seats_.size(), nullptr);
  AlertSums alerts(surroundings_.hash_seed);
  for (Epochs& epochs : epochs_) {
    Epoch* front = epochs.front();
    if (!front || front->second != second) continue;
    alerts += std::exchange(front->alerts, AlertSums());
    for (size_t i = 0; i < seats_.size(); ++i) {
      if (!front->said[i].any) continue;
      AnyDelta& delta = *front->said[i].delta;
      if (sums_[i]) {
        sums_[i]->add(delta);
      } else {
        sums_[i] = &delta;
      }
    }
  }
  alerts.cut();
  incidents_.take(alerts);
  for (size_t i = 0; i < seats_.size(); ++i) {
    spare([&] {
      if (sums_[i]) seats_[i].global->take(second, *sums_[i], seats_[i].findings);
      seats_[i].global->expire(second, seats_[i].findings);
    });
  }
  book_.expire(second);
  incidents_.expire(second);
}

/// The second goes back to those who saw it.
void Analyst::release(Second second) {
  for (Epochs& epochs : epochs_) {
    Epoch* front = epochs.front();
    if (!front || front->second != second) continue;
    for (Epoch::Said& said : front->said) {
      if (!said.any) continue;
      // One that keeps what was judged must not be filled again.
      auto spent = std::move(said.delta);
      spare([&] {
        spent->clear();
        said.delta = std::move(spent);
      });
    }
    epochs.pop();
  }
}

void Analyst::close_incident(std::string id, std::string_view reason, std::function<void(bool)> done) {
  {
    const std::lock_guard lock(told_mutex_);
    if (!over_) {
      closings_.push_back({std::move(id), reason, std::move(done)});
      bell_.ring();
      return;
    }
  }
  done(false);
}

void Analyst::lost(const PacketLosses& now, const PacketLosses& before) {
  const std::lock_guard lock(told_mutex_);
  lost_ = now;
  lost_before_ = before;
}

void Analyst::take_losses() {
  const std::lock_guard lock(told_mutex_);
  book_.lost(lost_, lost_before_);
}

void Analyst::serve(bool last) {
  std::vector<Closing> closings;
  {
    const std::lock_guard lock(told_mutex_);
    closings.swap(closings_);
    over_ = last;
  }
  // Whoever asked waits for an answer.
  for (const Closing& closing : closings) {
    bool open = false;
    spare([&] { open = incidents_.close(closing.id, closing.reason); });
    spare([&] { closing.done(open); });
  }
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

void Analyst::known(const IpAddress& address, const AssetBrief& brief) {
  incidents_.known(address, brief);
}

void Analyst::sides(const InterfaceSides& of) {
  sink_.sides(of);
}

void Analyst::show() {
  CounterSet now;
  now.add(book_.counters(), finding_counter_rows());
  gate_.add_counters(now);
  incidents_.add_counters(now);
  counters_.learning = 0;
  for (const Seat& seat : seats_) {
    const StateUse use = seat.global->use();
    counters_.learning = std::max(counters_.learning, use.learning);
    add_use(seat.detector->about().name, use, now);
    seat.global->add_counters(now);
  }
  now.add(counters_, analyst_counter_rows());
  shown_at_ = std::chrono::steady_clock::now();
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
  list_incident_counters(set);
  for (const DetectorRow& row : rows) {
    add_use(row.about.name, {}, set);
    if (row.list_counters) row.list_counters(set);
  }
  set.add(AnalystCounters{}, analyst_counter_rows());
  add_use(Interfaces::about.name, {}, set);
  set.add(Interfaces::Counters{}, Interfaces::counter_rows());
  add_use(Inventory::about.name, {}, set);
  set.add(Inventory::Counters{}, Inventory::counter_rows());
}

}  // namespace lapwing::analytics
