// Analyst: adds up what all workers saw of each second, and has the detectors' Globals judge the sum.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/frame/epochs.h"
#include "analytics/incidents/incidents.h"
#include "sensor/base/counters.h"

namespace lapwing::analytics {

/// Who is told what was found [G].
class AnalystSink : public FindingSink, public IncidentSink {};

/// [G] run() has a thread of its own.
class Analyst final : private FindingSink {
 public:
  /// Detectors, surroundings, options, policy and sink are borrowed for the run.
  Analyst(std::span<const std::shared_ptr<const AnyDetector>> detectors, const Surroundings& surroundings,
          size_t workers, const IncidentConfig& incidents, const Policy& policy, AnalystSink& sink);

  /// What the observer of a worker needs.
  Epochs& epochs(size_t worker) { return epochs_[worker]; }
  std::atomic<uint64_t>& bell() { return bell_; }
  /// Of a worker that could not begin.
  void abandon(size_t worker) { epochs_[worker].sealed(Epochs::kEnd, bell_); }

  /// Until every worker's observer has finished. `pause` is called when what has come was judged.
  void run(const std::function<void()>& pause);
  /// Both are safe from any thread. `done` is called once, with whether an incident of that id was open: on the
  /// analyst's thread, or at once where the run is over.
  void close_incident(std::string id, std::string_view reason, std::function<void(bool)> done);
  void add_counters(CounterSet& set) const;

 private:
  struct Seat {
    const AnyDetector* detector;
    std::unique_ptr<AnyGlobal> global;
    Findings findings;
  };
  // FindingSink
  void behaviour(const Behaviour& behaviour) override;
  void asset(const Asset& asset) override;
  void learned(const IpAddress& address, Role role, bool has) override;
  void judge(Second second);
  void serve(bool last);
  void show();

  std::vector<Seat> seats_;
  std::deque<Epochs> epochs_;  // by worker
  std::atomic<uint64_t> bell_ = 0;
  AnalystSink& sink_;
  Incidents incidents_;
  Gate gate_;
  FindingBook book_;
  struct Closing {
    std::string id;
    std::string_view reason;
    std::function<void(bool)> done;
  };
  std::mutex closings_mutex_;
  std::vector<Closing> closings_;
  bool over_ = false;
  mutable std::mutex shown_mutex_;
  CounterSet shown_;
};

/// What add_counters() adds, for listing.
void list_analyst_counters(std::span<const DetectorRow> rows, CounterSet& set);

}  // namespace lapwing::analytics
