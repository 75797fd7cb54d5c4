#include "sensor/pipeline/pipeline.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <iterator>

#include "sensor/base/allocator.h"
#include "sensor/base/json_writer.h"
#include "sensor/base/log.h"
#include "sensor/control/confinement.h"
#include "sensor/control/control.h"
#include "sensor/flow/slab.h"
#include "sensor/metrics/http_server.h"
#include "sensor/pipeline/told.h"

namespace lapwing {
namespace {

using Clock = std::chrono::steady_clock;

/// Which worker this thread is: shared state asks for its order without knowing workers.
thread_local size_t this_worker = 0;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of the calling thread. A core that was taken away meanwhile is no reason to stop.
void bind_to_core(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  if (int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set)) {
    spdlog::warn("a worker cannot be bound to core {}: {}", cpu, std::strerror(error));
  }
}

constexpr std::chrono::milliseconds kTick{100};

Timestamp wall_clock() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
}

/// Where the process may map little, tables are smaller than configured.
void tell_little_space(const SensorConfig& config) {
  const uint64_t share = address_space() / kSlabShare;
  const uint64_t wanted = std::max({config.flow.memcap, config.stream.memcap, config.stream.defrag_memcap});
  if (wanted <= share) return;
  spdlog::warn(
      "the address space of the process is limited (ulimit -v): flows, TCP sessions and fragments get {} MiB each",
      share >> 20);
}

/// Those whose path begins so come by name, in the places that they have: which worker met one first is no order.
CounterSet by_name(const CounterSet& set, std::string_view prefix) {
  const auto of = [&](const CounterValue& v) { return v.path.starts_with(prefix); };
  std::vector<CounterValue> named;
  std::ranges::copy_if(set.values(), std::back_inserter(named), of);
  std::ranges::sort(named, {}, &CounterValue::path);
  CounterSet out;
  auto next = named.begin();
  for (const CounterValue& v : set.values()) {
    const CounterValue& here = of(v) ? *next++ : v;
    here.text.empty() ? out.add(here.path, here.value, here.help, here.kind)
                      : out.set_text(here.path, here.text, here.help);
  }
  return out;
}

constexpr std::string_view kLastReload = "detect.engines.0.last_reload",
                           kLastReloadHelp = "when the rules in force were loaded; live only";

void add_rule_status(const RuleStatus& status, CounterSet& set) {
  set.add("detect.engines.0.id", 0, "number of the rule engine; there is one", CounterKind::gauge);
  if (status.since.ns) set.set_text(kLastReload, to_iso8601(status.since), kLastReloadHelp);
  set.add("detect.engines.0.rules_loaded", status.counts.loaded, "rules in force", CounterKind::gauge);
  set.add("detect.engines.0.rules_failed", status.counts.failed, "rules left out: at fault", CounterKind::gauge);
  set.add("detect.engines.0.rules_skipped", status.counts.skipped, "rules left out: not supported yet",
          CounterKind::gauge);
  set.add("reload.generation", status.generation, "number of the rule set in force; those refused have numbers too",
          CounterKind::gauge);
  set.add("reload.taken", status.taken, "reloads that put new rules in force");
  set.add("reload.refused", status.refused, "reloads that left the rules as they were");
}

}  // namespace

class Pipeline::Teller final : public analytics::AnalystSink {
 public:
  /// `interfaces`: names by number, none in a replay. `silent`: detectors that rest on silence.
  Teller(const std::shared_ptr<const EveConfig>& eve, Publisher& publisher, size_t ring, bool replay,
         std::vector<std::string> interfaces, std::vector<std::string_view> silent)
      : recorder_(eve),
        publisher_(publisher),
        ring_(ring),
        interfaces_(std::move(interfaces)),
        silent_(std::move(silent)),
        told_(replay) {}
  void behaviour(const Behaviour& behaviour) override { recorder_.behaviour(behaviour); }
  void incident(const Incident& incident) override {
    recorder_.incident(incident);
    told_.take(incident);
  }
  void asset(const Asset& asset) override {
    recorder_.asset(asset);
    told_.take(asset);
  }
  void sides(const InterfaceSides& of) override {
    const bool named = of.interface < interfaces_.size();
    const std::string name = named ? interfaces_[of.interface] : std::to_string(of.interface);
    std::string detectors, object;
    JsonWriter json(object);
    json.begin_object().member("name", name).member("one_sided", of.one_sided).member("connections", of.connections);
    json.member("one_sided_connections", of.one_sided_connections).begin_array("detectors");
    for (std::string_view detector : silent_) {
      json.value(detector);
      detectors += (detectors.empty() ? "" : ", ") + std::string(detector);
    }
    json.end_array().end_object();
    const std::string seen = std::to_string(of.one_sided_connections) + " of " + std::to_string(of.connections) +
                             " TCP connections are seen from one side";
    const std::string message = "interface " + name + ": " + seen + ": " +
                                (of.one_sided ? "what stays unanswered there is not judged by "
                                              : "what stays unanswered there is judged again by ") +
                                (detectors.empty() ? "any detector" : detectors);
    if (!interfaces_.empty()) of.one_sided ? spdlog::warn("{}", message) : spdlog::info("{}", message);
    recorder_.engine(
        {.time = of.time, .module = "analytics", .message = message, .name = "interface", .object = object});
  }
  const Told& told() const { return told_; }
  void publish() {
    if (auto batch = recorder_.take()) publisher_.push(ring_, std::move(batch));
  }
  std::span<const uint64_t> written() const { return recorder_.written(); }

 private:
  Recorder recorder_;
  Publisher& publisher_;
  const size_t ring_;
  const std::vector<std::string> interfaces_;
  const std::vector<std::string_view> silent_;
  Told told_;
};

Pipeline::Pipeline(Plan plan) : plan_(std::move(plan)) {
  const size_t count = plan_.sources.size();
  tell_little_space(*plan_.config);
  // One ring a worker, one for the stats record, and one for the analyst's.
  publisher_ = std::make_unique<Publisher>(std::move(plan_.exporters), count + 2, plan_.replay);
  if (plan_.replay && count > 1) order_ = std::make_unique<FrameOrder>(count);
  start_ = Clock::now();
  rules_ = std::move(plan_.rules);
  status_ = {.generation = rules_->generation(), .counts = rules_->counts()};
  if (!plan_.replay) status_.since = wall_clock();
  const analytics::Config& behaviour = plan_.config->analytics;
  if (behaviour.enabled && std::ranges::any_of(std::array{"behaviour", "incident", "asset"},
                                               [&](const char* type) { return plan_.config->eve->enabled(type); })) {
    surroundings_ = behaviour.surroundings;
    surroundings_.hash_seed = plan_.hash_seed;
    surroundings_.replay = plan_.replay;
    surroundings_.alerts = !plan_.replay || !rules_->rules().empty();
    std::vector<std::string> interfaces;
    std::vector<std::string_view> silent;
    for (const auto& source : plan_.sources) {  // those of an interface follow each other
      if (plan_.replay) break;
      const std::string_view name = source->interface_name(0);
      if (interfaces.empty() || interfaces.back() != name) interfaces.emplace_back(name);
    }
    for (const auto& detector : behaviour.detectors) {
      if (detector->about().silence) silent.push_back(detector->about().name);
    }
    teller_ = std::make_unique<Teller>(plan_.config->eve, *publisher_, count + 1, plan_.replay, std::move(interfaces),
                                       std::move(silent));
    const std::optional<analytics::Snapshot> before = read_state();
    // What was learned is told by hashes.
    if (before) surroundings_.hash_seed = before->seed;
    analyst_ = std::make_unique<analytics::Analyst>(behaviour.detectors, surroundings_, count, behaviour.incidents,
                                                    behaviour.policy, *teller_);
    if (state_) analyst_->remember(*state_, before);
  }
  WorkerShare share{.config = plan_.config,
                    .rules = rules_,
                    .state = std::make_shared<SharedState>([order = order_.get()](uint64_t number) {
                      if (order) order->wait(this_worker, number);
                    }),
                    .publisher = publisher_.get(),
                    .file_numbers = &file_numbers_,
                    .order = order_.get(),
                    .checksums = plan_.checksums,
                    .workers = count,
                    .replay = plan_.replay,
                    .hash_seed = plan_.hash_seed,
                    .tracer = plan_.tracer,
                    .analyst = analyst_.get(),
                    .detectors = behaviour.detectors,
                    .surroundings = &surroundings_};
  plan_.seats.resize(count);
  for (size_t i = 0; i < count; ++i) {
    WorkerShare own = share;
    own.checksums = plan_.seats[i].checksums.value_or(plan_.checksums);
    own.use_vlan = plan_.seats[i].use_vlan.value_or(plan_.config->flow.use_vlan);
    workers_.push_back(std::make_unique<Worker>(i, *plan_.sources[i], own));
  }
  stats_recorder_ = std::make_unique<Recorder>(plan_.config->eve);
}

Pipeline::~Pipeline() = default;

std::optional<analytics::Snapshot> Pipeline::read_state() {
  if (plan_.state.empty()) return std::nullopt;
  state_.emplace(plan_.state);
  try {
    std::optional<analytics::Snapshot> out = state_->read();
    if (out) analytics::check_fit(*out, plan_.config->analytics.detectors, surroundings_);
    return out;
  } catch (const analytics::SnapshotError& error) {
    spdlog::warn("{}: {}; learning begins anew", plan_.state, error.what());
    state_->refuse();
    return std::nullopt;
  }
}

void Pipeline::stop() {
  for (auto& source : plan_.sources) source->stop();
}

CounterSet Pipeline::all_counters(bool running) {
  CounterSet all;
  for (auto& worker : workers_) {
    if (running) {
      all.add(worker->counters().snapshot());
    } else {
      worker->counters().add_counters(all);
    }
  }
  if (order_) all = by_name(all, "decoder.event.");
  if (analyst_) analyst_->add_counters(all);
  if (teller_) teller_->told().add_counters(all);
  add_rule_status(rule_status(), all);
  if (plan_.more_counters) plan_.more_counters(all);
  all.add(publisher_->counters(), publisher_counter_rows());
  const auto exporters = publisher_->exporters();
  add_exporter_counters(exporters, all);
  for (const ExporterStatus& exporter : exporters) all.add(exporter.counters.files, file_store_counter_rows());
  return all;
}

/// What the analyst judges was seen some seconds ago.
void Pipeline::tell_losses() {
  constexpr size_t kSeconds = 5;
  PacketLosses now{};
  if (packet_losses_.empty()) packet_losses_.push_back(now);
  for (auto& worker : workers_) {
    const CounterSet counters = worker->counters().snapshot();
    for (size_t i = 0; i < now.size(); ++i) now[i] += counters.value(kPacketLosses[i].path);
  }
  packet_losses_.push_back(now);
  if (packet_losses_.size() > kSeconds) packet_losses_.pop_front();
  analyst_->lost(now, packet_losses_.front());
}

void Pipeline::write_stats(Timestamp time, double uptime, bool running) {
  if (!plan_.config->eve->enabled("stats") && !plan_.config->eve->enabled("loss")) return;
  std::lock_guard lock(records_mutex_);
  const CounterSet counters = all_counters(running);
  stats_recorder_->loss(time, losses_.since_last(counters), uptime - losses_told_);
  stats_recorder_->stats(time, counters, uptime);
  losses_told_ = uptime;
  if (auto batch = stats_recorder_->take()) publisher_->push(workers_.size(), std::move(batch));
}

double Pipeline::uptime() const {
  return plan_.replay ? 0 : seconds_since(start_);
}

void Pipeline::adopt(std::shared_ptr<const RuleSet> rules) {
  std::lock_guard adopting(adopt_mutex_);
  std::vector<std::unique_ptr<RuleHandover>> handovers;
  for (auto& worker : workers_) handovers.push_back(worker->prepare(rules));
  for (size_t i = 0; i < workers_.size(); ++i) workers_[i]->offer(*handovers[i]);
  for (auto& worker : workers_) {
    while (!worker->given_back()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::lock_guard lock(rules_mutex_);
  for (auto& handover : handovers) totals_.add(handover->hits);
  status_.generation = rules->generation();
  status_.counts = rules->counts();
  if (!plan_.replay) status_.since = wall_clock();
  // The set that was in force ends with `rules` and the handovers, on this thread.
  rules_.swap(rules);
}

RuleStatus Pipeline::rule_status() const {
  std::lock_guard lock(rules_mutex_);
  return status_;
}

void Pipeline::note_reload(const ReloadReport& report) {
  {
    std::lock_guard lock(rules_mutex_);
    ++(report.taken ? status_.taken : status_.refused);
  }
  const std::string message = to_text(report), object = to_json(report);
  report.taken ? spdlog::info("{}", message) : spdlog::error("{}", message);
  for (const RuleMessage& error : report.errors) {
    if (report.taken) spdlog::warn("{}: {}", to_string(error.mark), error.text);
  }
  std::lock_guard lock(records_mutex_);
  if (!publisher_) return;
  stats_recorder_->engine({.time = wall_clock(),
                           .module = "reload",
                           .message = message,
                           .fault = !report.taken,
                           .name = "reload",
                           .object = object});
  if (auto batch = stats_recorder_->take()) publisher_->push(workers_.size(), std::move(batch));
}

void Pipeline::reopen_outputs() {
  std::lock_guard lock(records_mutex_);
  if (publisher_) publisher_->reopen();
}

CounterSet Pipeline::counters() {
  for (auto& worker : workers_) worker->counters().snapshot();
  constexpr int kWaits = 150;  // milliseconds: an idle worker has its order every 100
  auto fresh = [&] { return std::ranges::all_of(workers_, [](auto& w) { return w->counters().fresh(); }); };
  for (int i = 0; i < kWaits && !fresh(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::lock_guard lock(records_mutex_);
  return publisher_ ? all_counters(true) : CounterSet{};
}

std::vector<Incident> Pipeline::incidents() const {
  return teller_ ? teller_->told().incidents() : std::vector<Incident>();
}

std::vector<Asset> Pipeline::assets() const {
  return teller_ ? teller_->told().assets() : std::vector<Asset>();
}

void Pipeline::close_incident(std::string id, std::string_view reason, std::function<void(bool)> done) {
  if (!analyst_) return done(false);
  analyst_->close_incident(std::move(id), reason, std::move(done));
}

std::string Pipeline::stats_object() {
  const CounterSet now = counters();
  if (now.values().empty()) return "{}";
  std::string out;
  write_stats_object(out, now, uptime());
  return out;
}

RunSummary Pipeline::run(const std::function<void(double)>& tick) {
  const auto start = Clock::now();
  std::atomic<size_t> running = workers_.size();
  std::vector<std::thread> threads;
  std::thread analyst;
  try {
    if (analyst_) {
      analyst = std::thread([this] {
        pthread_setname_np(pthread_self(), "analyst");
        analyst_->run([this] { teller_->publish(); });
      });
    }
    for (size_t i = 0; i < workers_.size(); ++i) {
      threads.emplace_back([this, i, &running] {
        this_worker = i;
        bind_to_core(plan_.seats[i].cpu);
        if (!plan_.replay || workers_.size() > 1) allocate_apart();
        workers_[i]->run();
        running.fetch_sub(1);
      });
    }
  } catch (...) {
    // A thread that cannot be had is no start; those that were had may wait for the order of those that were not.
    stop();
    for (size_t i = threads.size(); order_ && i < workers_.size(); ++i) order_->leave(i);
    for (size_t i = threads.size(); analyst_ && i < workers_.size(); ++i) analyst_->abandon(i);
    for (auto& thread : threads) thread.join();
    if (analyst.joinable()) analyst.join();
    throw;
  }
  auto last_stats = start, last_losses = start;
  while (running.load() > 0) {
    std::this_thread::sleep_for(
        plan_.replay ? std::min(kTick, std::chrono::milliseconds(seconds_since(start) < 0.1 ? 2 : 100)) : kTick);
    if (tick) tick(workers_[0]->progress());
    if (!plan_.replay && analyst_ && seconds_since(last_losses) >= 1) {
      last_losses = Clock::now();
      tell_losses();
    }
    if (!plan_.replay && seconds_since(last_stats) >= static_cast<double>(plan_.config->eve->stats_interval())) {
      last_stats = Clock::now();
      write_stats(wall_clock(), seconds_since(start), true);
    }
  }
  for (auto& thread : threads) thread.join();
  if (analyst.joinable()) analyst.join();

  RunSummary summary;
  Timestamp last;
  // An adoption under way finds the workers ended, and brings the hits of those that took part.
  { std::lock_guard adopted(adopt_mutex_); }
  for (auto& worker : workers_) {
    last = std::max(last, worker->last_time());
    summary.flows += worker->flows();
    std::lock_guard lock(rules_mutex_);
    totals_.add(worker->signature_hits());
  }
  summary.alerts = totals_.sorted();
  if (teller_) summary.incidents = teller_->told().incidents();
  publisher_->drain();  // the last record tells of all others
  // A replay's uptime is the capture's own: the record must not depend on the machine.
  write_stats(last, plan_.replay ? 0 : seconds_since(start), false);
  summary.counters = all_counters(false);
  {
    std::lock_guard lock(records_mutex_);
    publisher_->drain();
    publisher_.reset();
  }
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
    if (teller_) count += teller_->written()[t];
    if (count) summary.records.emplace_back(std::string(topics[t]), count);
  }
  return summary;
}

std::vector<CounterValue> all_counter_rows() {
  CounterSet set;
  set.add(CaptureCounters{}, capture_counter_rows());
  add_interface_counters({}, 0, "eth0", set);
  set.add(DecodeCounters{}, decode_counter_rows());
  for (std::string_view event : decode_event_names())
    set.add("decoder.event." + std::string(event), 0, "packets with this decoder event");
  set.add(DefragCounters{}, defrag_counter_rows());
  set.add(FlowCounters{}, flow_counter_rows());
  set.add(ExceptionCounters{}, exception_counter_rows());
  set.add(MemoryFaults{}, memory_fault_rows());
  set.add(StationCounters{}, station_counter_rows());
  set.add(StreamCounters{}, stream_counter_rows());
  set.add(AppCounters{}, app_counter_rows());
  for (const Protocol* protocol : all_protocols()) {
    ProtocolCounters(*protocol).add(*protocol, set);
  }
  set.add(IdentifyCounters{}, identify_counter_rows());
  set.add(WatchCounters{}, watch_counter_rows());
  set.add(MidwayCounters{}, midway_counter_rows());
  analytics::list_analyst_counters(analytics::detectors(), set);
  set.add(ToldCounters{}, told_counter_rows());
  set.add(MatchCounters{}, match_counter_rows());
  set.add(RecorderCounters{}, recorder_counter_rows());
  set.add(FileKeeperCounters{}, file_keeper_counter_rows());
  set.add(PublisherCounters{}, publisher_counter_rows());
  set.add(FileStoreCounters{}, file_store_counter_rows());
  add_exporter_counters(std::array{ExporterStatus{.label = {"file", "eve.json"}}}, set);
  add_rule_status({}, set);
  set.set_text(kLastReload, to_iso8601({}), kLastReloadHelp);
  add_worker_counters({}, 0, set);
  set.add(ControlCounters{}, control_counter_rows());
  set.add(HttpCounters{}, http_counter_rows());
  set.add(ConfinementCounters{}, confinement_counter_rows());
  return set.values();
}

}  // namespace lapwing
