// Pipeline: workers on their threads, the publisher behind them, and an orderly end.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "export/outputs/publisher.h"
#include "sensor/capture/packet_source.h"
#include "sensor/event/asset.h"
#include "sensor/event/incident.h"
#include "sensor/event/packet_losses.h"
#include "sensor/pipeline/losses.h"
#include "sensor/pipeline/reloader.h"
#include "sensor/pipeline/signature_totals.h"
#include "sensor/pipeline/worker.h"

namespace lapwing {

/// What became of a run.
struct RunSummary {
  uint64_t packets = 0, bytes = 0, flows = 0;
  double seconds = 0;
  std::vector<std::pair<std::string, uint64_t>> records;  // by type
  std::vector<SignatureTotal> alerts;                     // by signature, most frequent first
  std::vector<Incident> incidents;                        // the gravest first
  CounterSet counters;
  std::vector<CaptureError> errors;
};

/// The rules in force, and what reloads came to.
struct RuleStatus {
  uint64_t generation = 0;
  RuleCounts counts;
  Timestamp since;  // live only
  uint64_t taken = 0, refused = 0;
};

class Pipeline {
 public:
  /// What a worker has of its own.
  struct Seat {
    int cpu = -1;  // core it is bound to, or any
    std::optional<ChecksumMode> checksums;
    std::optional<bool> use_vlan;
  };

  struct Plan {
    const SensorConfig* config = nullptr;
    std::shared_ptr<const RuleSet> rules;
    std::vector<std::unique_ptr<PacketSource>> sources;  // one a worker
    std::vector<Seat> seats;                             // as many, or none
    std::vector<std::unique_ptr<Exporter>> exporters;
    ChecksumMode checksums = ChecksumMode::all;
    bool replay = true;
    uint64_t hash_seed = 0;
    std::string state = {};                          // file of what detectors learned, or ""
    Tracer* tracer = nullptr;                        // borrowed; for one worker only
    std::function<void(CounterSet&)> more_counters;  // of who works beside the pipeline; called on any thread
  };

  explicit Pipeline(Plan plan);
  ~Pipeline();

  /// Runs to the end of the input or until stop(). `tick` is called some ten times a second with the progress.
  RunSummary run(const std::function<void(double progress)>& tick);
  /// Safe from a signal handler.
  void stop();

  // The others are safe from any thread while the pipeline lives.

  /// Puts rules in force and waits until every worker has taken them, which is never before run() is under way; what
  /// they replace is freed here.
  void adopt(std::shared_ptr<const RuleSet> rules);
  RuleStatus rule_status() const;
  /// Counts the reload and writes its record.
  void note_reload(const ReloadReport& report);
  /// Outputs open their files anew, soon.
  void reopen_outputs();
  /// All counters of now; none when the run is over. Waits for the workers, some 100 ms at most.
  CounterSet counters();
  /// As last told, the gravest first: see Told.
  std::vector<Incident> incidents() const;
  /// As last told.
  std::vector<Asset> assets() const;
  /// `done` is told whether one of that id was open, on any thread. `reason` is one of kCloseReasons.
  void close_incident(std::string id, std::string_view reason, std::function<void(bool)> done);
  /// Seconds since the start; 0 in a replay.
  double uptime() const;
  /// The object of a stats record with the counters of now. Waits for the workers, some 100 ms at most.
  std::string stats_object();

 private:
  /// `running`: workers are at work, so their latest snapshots are taken.
  /// Takes findings to the records [G].
  class Teller;

  std::optional<analytics::Snapshot> read_state();
  void tell_losses();
  void write_stats(Timestamp time, double uptime, bool running);
  CounterSet all_counters(bool running);

  Plan plan_;
  std::unique_ptr<FrameOrder> order_;
  FileNumbers file_numbers_;
  std::unique_ptr<Publisher> publisher_;
  analytics::Surroundings surroundings_;
  std::unique_ptr<Teller> teller_;
  std::optional<analytics::SnapshotFile> state_;
  std::unique_ptr<analytics::Analyst> analyst_;  // where behaviour is judged
  std::vector<std::unique_ptr<Worker>> workers_;
  std::chrono::steady_clock::time_point start_;

  std::mutex adopt_mutex_;          // held through an adoption
  mutable std::mutex rules_mutex_;  // rules in force, their status, hits of those that were
  std::shared_ptr<const RuleSet> rules_;
  RuleStatus status_;
  SignatureTotals totals_;
  std::mutex records_mutex_;  // the recorder of records about the sensor, its ring, and that the publisher is there
  std::unique_ptr<Recorder> stats_recorder_;
  LossWatch losses_;                        // what loss records have told
  double losses_told_ = 0;                  // and up to which uptime
  std::deque<PacketLosses> packet_losses_;  // of the last seconds, live; of run() alone
};

/// Paths and meanings of all counters that a stats record can hold.
std::vector<CounterValue> all_counter_rows();

}  // namespace lapwing
