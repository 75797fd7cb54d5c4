// Analyst: adds up what all workers saw of each second, and has the detectors' Globals judge the sum.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/frame/epochs.h"
#include "analytics/frame/snapshot.h"
#include "analytics/incidents/incidents.h"
#include "sensor/base/counters.h"

namespace lapwing::analytics {

/// Of what detectors keep across restarts.
struct AnalystCounters {
  uint64_t learning = 0;
  uint64_t exhausted = 0;
  uint64_t saved = 0, failed = 0, refused = 0;
  uint64_t bytes = 0;
};
std::span<const CounterRow<AnalystCounters>> analyst_counter_rows();

/// Who is told what was found [G].
class AnalystSink : public FindingSink, public IncidentSink {};

/// [G] run() has a thread of its own.
class Analyst final : private FindingSink {
 public:
  /// Detectors, surroundings, options, policy and sink are borrowed for the run.
  Analyst(std::span<const std::shared_ptr<const AnyDetector>> detectors, const Surroundings& surroundings,
          size_t workers, const IncidentConfig& incidents, const Policy& policy, AnalystSink& sink);

  /// Before run(): takes up what an earlier one kept in the file, which fits, or begins with nothing where it is at
  /// fault, and says so. Keeps it there at the end, and each kPause of real time of a live sensor. The file is
  /// borrowed.
  void remember(SnapshotFile& file, std::optional<Snapshot> before);

  /// What the observer of a worker needs.
  Epochs& epochs(size_t worker) { return epochs_[worker]; }
  Bell& bell() { return bell_; }
  /// Of a worker that could not begin.
  void abandon(size_t worker) { epochs_[worker].sealed(Epochs::kEnd, bell_, true); }

  /// Until every worker's observer has finished. `pause` is called when what has come was judged.
  void run(const std::function<void()>& pause);
  /// Both are safe from any thread. `done` is called once, with whether an incident of that id was open: on the
  /// analyst's thread, or at once where the run is over.
  void close_incident(std::string id, std::string_view reason, std::function<void(bool)> done);
  /// What the sensor lost in all, and had lost some seconds before; safe from any thread.
  void lost(const PacketLosses& now, const PacketLosses& before);
  void add_counters(CounterSet& set) const;

 private:
  struct Seat {
    const AnyDetector* detector;
    std::unique_ptr<AnyGlobal> global;
    Findings findings;
  };
  static constexpr std::chrono::minutes kPause{5};
  static constexpr std::chrono::milliseconds kShow{200};  // that counters may be behind

  void begin();
  bool recall(const Snapshot& before);
  void keep();
  // FindingSink
  void behaviour(const Behaviour& behaviour) override;
  void asset(const Asset& asset) override;
  void learned(const IpAddress& address, Role role, bool has) override;
  void known(const IpAddress& address, const AssetBrief& brief) override;
  void sides(const InterfaceSides& of) override;
  /// A step that is left where memory lacks, which is counted: what it holds is whole whenever it may fail.
  template <class Step>
  void spare(Step step);
  void judge(Second second);
  void release(Second second);
  void take_losses();
  void serve(bool last);
  void show();

  const std::span<const std::shared_ptr<const AnyDetector>> detectors_;
  const Surroundings& surroundings_;
  std::vector<Seat> seats_;
  SnapshotFile* file_ = nullptr;
  std::chrono::steady_clock::time_point kept_{}, shown_at_{};
  AnalystCounters counters_;
  std::deque<Epochs> epochs_;    // by worker
  std::vector<AnyDelta*> sums_;  // of the second at hand, by seat
  Bell bell_;
  AnalystSink& sink_;
  Incidents incidents_;
  Gate gate_;
  FindingBook book_;
  struct Closing {
    std::string id;
    std::string_view reason;
    std::function<void(bool)> done;
  };
  std::mutex told_mutex_;  // what others ask and tell
  std::vector<Closing> closings_;
  PacketLosses lost_{}, lost_before_{};
  bool over_ = false;
  mutable std::mutex shown_mutex_;
  CounterSet shown_;
};

/// What add_counters() adds, for listing.
void list_analyst_counters(std::span<const DetectorRow> rows, CounterSet& set);

}  // namespace lapwing::analytics
