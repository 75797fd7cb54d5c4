#include "sensor/pipeline/pipeline.h"

#include <algorithm>
#include <chrono>

namespace lapwing {
namespace {

using Clock = std::chrono::steady_clock;

/// Which worker this thread is: shared state asks for its turn without knowing workers.
thread_local size_t this_worker = 0;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

constexpr std::chrono::milliseconds kTick{100};

}  // namespace

Pipeline::Pipeline(Plan plan) : plan_(std::move(plan)) {
  const size_t count = plan_.sources.size();
  // One ring a worker, and one for the stats record.
  publisher_ = std::make_unique<Publisher>(std::move(plan_.exporters), count + 1, plan_.replay);
  if (plan_.replay && count > 1) turn_ = std::make_unique<Turn>(count);
  WorkerShare share{.config = plan_.config,
                    .rules = plan_.rules,
                    .state = SharedState::create([turn = turn_.get()](uint64_t number) {
                      if (turn) turn->wait(this_worker, number);
                    }),
                    .publisher = publisher_.get(),
                    .file_numbers = &file_numbers_,
                    .turn = turn_.get(),
                    .checksums = plan_.checksums,
                    .workers = count,
                    .replay = plan_.replay,
                    .hash_seed = plan_.hash_seed,
                    .tracer = plan_.tracer};
  for (size_t i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(i, *plan_.sources[i], share));
  stats_recorder_ = std::make_unique<Recorder>(plan_.config->eve);
}

Pipeline::~Pipeline() = default;

void Pipeline::stop() {
  stop_.store(true, std::memory_order_relaxed);
  for (auto& source : plan_.sources) source->stop();
}

CounterSet Pipeline::all_counters(bool running) {
  CounterSet all;
  for (auto& worker : workers_) {
    if (running) {
      const CounterSet snapshot = worker->snapshot();
      for (const CounterValue& v : snapshot.values()) all.add(v.path, v.value, v.help);
    } else {
      worker->add_counters(all);
    }
  }
  all.add(publisher_->counters(), publisher_counter_rows());
  for (const ExporterCounters& output : publisher_->exporter_counters()) all.add(output.files, file_store_counter_rows());
  return all;
}

void Pipeline::write_stats(Timestamp time, double uptime, bool running) {
  if (!plan_.config->eve->enabled("stats")) return;
  stats_recorder_->stats(time, all_counters(running), uptime);
  if (auto batch = stats_recorder_->take()) publisher_->push(workers_.size(), std::move(batch));
}

RunSummary Pipeline::run(const std::function<void(double)>& tick) {
  const auto start = Clock::now();
  std::atomic<size_t> running = workers_.size();
  std::vector<std::thread> threads;
  for (size_t i = 0; i < workers_.size(); ++i) {
    threads.emplace_back([this, i, &running] {
      this_worker = i;
      workers_[i]->run(stop_);
      running.fetch_sub(1);
    });
  }
  auto last_stats = start;
  while (running.load() > 0) {
    std::this_thread::sleep_for(plan_.replay ? std::min(kTick, std::chrono::milliseconds(seconds_since(start) < 0.1 ? 2 : 100)) : kTick);
    if (tick) tick(workers_[0]->progress());
    if (!plan_.replay && seconds_since(last_stats) >= static_cast<double>(plan_.config->eve->stats_interval())) {
      last_stats = Clock::now();
      auto wall = std::chrono::system_clock::now().time_since_epoch();
      write_stats({std::chrono::duration_cast<std::chrono::nanoseconds>(wall).count()}, seconds_since(start), true);
    }
  }
  for (auto& thread : threads) thread.join();

  RunSummary summary;
  Timestamp last;
  for (auto& worker : workers_) {
    last = std::max(last, worker->last_time());
    summary.flows += worker->flows();
    for (const SignatureHits& hit : worker->signature_hits()) {
      auto known = std::ranges::find(summary.alerts, hit.rule, [](const auto& a) { return a.first; });
      if (known == summary.alerts.end()) {
        summary.alerts.emplace_back(hit.rule, hit.hits);
      } else {
        known->second += hit.hits;
      }
    }
  }
  // A replay's uptime is the capture's own: the record must not depend on the machine.
  write_stats(last, plan_.replay ? 0 : seconds_since(start), false);
  summary.counters = all_counters(false);
  publisher_->drain();
  publisher_.reset();
  summary.seconds = seconds_since(start);
  CaptureCounters captured;
  for (size_t i = 0; i < plan_.sources.size(); ++i) {
    if (plan_.replay && i > 0) break;
    CaptureCounters c = plan_.sources[i]->counters();
    captured.packets += c.packets;
    captured.bytes += c.bytes;
    auto errors = plan_.sources[i]->errors();
    summary.errors.insert(summary.errors.end(), errors.begin(), errors.end());
  }
  summary.packets = captured.packets;
  summary.bytes = captured.bytes;
  auto topics = plan_.config->eve->topics();
  for (size_t t = 0; t < topics.size(); ++t) {
    uint64_t count = 0;
    for (auto& worker : workers_) count += worker->records_written()[t];
    count += stats_recorder_->written()[t];
    if (count) summary.records.emplace_back(std::string(topics[t]), count);
  }
  std::ranges::stable_sort(summary.alerts, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first->sid < b.first->sid;
  });
  return summary;
}

std::vector<CounterValue> all_counter_rows() {
  CounterSet set;
  set.add(CaptureCounters{}, capture_counter_rows());
  set.add(DecodeCounters{}, decode_counter_rows());
  for (std::string_view event : decode_event_names()) set.add("decoder.event." + std::string(event), 0, "packets with this decoder event");
  set.add(DefragCounters{}, defrag_counter_rows());
  set.add(FlowCounters{}, flow_counter_rows());
  set.add(StreamCounters{}, stream_counter_rows());
  set.add(AppCounters{}, app_counter_rows());
  for (const Protocol* protocol : all_protocols()) {
    set.add("app_layer.flow." + std::string(protocol->name), 0, "flows of this protocol");
    set.add("app_layer.tx." + std::string(protocol->name), 0, "transactions of this protocol");
  }
  set.add(IdentifyCounters{}, identify_counter_rows());
  set.add(DetectCounters{}, detect_counter_rows());
  set.add(FileKeeperCounters{}, file_keeper_counter_rows());
  set.add(PublisherCounters{}, publisher_counter_rows());
  set.add(FileStoreCounters{}, file_store_counter_rows());
  return set.values();
}

}  // namespace lapwing
