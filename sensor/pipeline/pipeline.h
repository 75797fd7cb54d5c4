// Pipeline: workers on their threads, the publisher behind them, and an orderly end.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "export/publisher.h"
#include "sensor/capture/packet_source.h"
#include "sensor/pipeline/worker.h"

namespace lapwing {

/// What became of a run.
struct RunSummary {
  uint64_t packets = 0, bytes = 0, flows = 0;
  double seconds = 0;
  std::vector<std::pair<std::string, uint64_t>> records;     // by type
  std::vector<std::pair<const RuleInfo*, uint64_t>> alerts;  // by signature, most frequent first
  CounterSet counters;
  std::vector<CaptureError> errors;
};

class Pipeline {
 public:
  struct Plan {
    const SensorConfig* config = nullptr;
    std::shared_ptr<const RuleSet> rules;
    std::vector<std::unique_ptr<PacketSource>> sources;  // one a worker
    std::vector<std::unique_ptr<Exporter>> exporters;
    ChecksumMode checksums = ChecksumMode::all;
    bool replay = true;
    uint64_t hash_seed = 0;
    Tracer* tracer = nullptr;  // borrowed; for one worker only
  };

  explicit Pipeline(Plan plan);
  ~Pipeline();

  /// Runs to the end of the input or until stop(). `tick` is called some ten times a second with the progress.
  RunSummary run(const std::function<void(double progress)>& tick);
  /// Safe from a signal handler.
  void stop();

 private:
  /// `running`: workers are at work, so their latest snapshots are taken.
  void write_stats(Timestamp time, double uptime, bool running);
  CounterSet all_counters(bool running);

  Plan plan_;
  std::unique_ptr<Turn> turn_;
  FileNumbers file_numbers_;
  std::unique_ptr<Publisher> publisher_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Recorder> stats_recorder_;
  std::atomic<bool> stop_ = false;
};

/// Paths and meanings of all counters that a stats record can hold.
std::vector<CounterValue> all_counter_rows();

}  // namespace lapwing
