// `rules bench`: what each rule costs on a capture.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "sensor/base/hash.h"
#include "sensor/base/log.h"
#include "sensor/cli/configuration.h"
#include "sensor/cli/rights.h"
#include "sensor/cli/rules.h"
#include "sensor/pipeline/checksum_sample.h"
#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/explain.h"
#include "signatures/match/tracer.h"

namespace lapwing {
namespace {

struct BenchOptions {
  ConfigurationOptions configuration;
  std::vector<std::string> captures;
  std::string checksums;
  size_t top = 20;
  bool json = false;
};

struct RuleTime {
  const RuleInfo* rule = nullptr;
  uint64_t checks = 0, matches = 0, total = 0, most = 0;  // ticks
};

/// What looking for patterns took, in one group or in all.
struct SearchTime {
  const rules::Group* group = nullptr;
  uint64_t scans = 0, bytes = 0, ticks = 0;

  void add(size_t more, uint64_t spent) {
    scans++;
    bytes += more;
    ticks += spent;
  }
};

/// Adds up the ticks of looks and scans, without those that reading the counter takes.
class Profiler final : public Tracer {
 public:
  Profiler() {
    uint64_t least = UINT64_MAX;
    constexpr int kTries = 1000;
    for (int i = 0; i < kTries; i++) {
      const uint64_t start = ticks();
      least = std::min(least, ticks() - start);
    }
    overhead_ = least;
  }

  bool asks(const RuleInfo&) const override { return false; }
  void looked(const RuleLook& look, const RuleMiss*) override {
    RuleTime& time = times_[look.rule];
    const uint64_t spent = net(look.ticks);
    time.checks++;
    time.matches += look.matched;
    time.total += spent;
    time.most = std::max(time.most, spent);
  }
  void scanned(const rules::Group& group, size_t bytes, uint64_t ticks) override {
    for (SearchTime* time : {&searches, &groups_[&group]}) time->add(bytes, net(ticks));
  }
  void flow_over(const MatchContext&, const RuleInfo&, std::string_view) override {}

  /// Dearest first.
  std::vector<RuleTime> times() const {
    std::vector<RuleTime> out;
    for (auto [rule, time] : times_) {
      time.rule = rule;
      out.push_back(time);
    }
    std::sort(out.begin(), out.end(), [](const RuleTime& a, const RuleTime& b) {
      return std::tuple(b.total, a.rule->gid, a.rule->sid) < std::tuple(a.total, b.rule->gid, b.rule->sid);
    });
    return out;
  }

  std::vector<SearchTime> groups() const {
    std::vector<SearchTime> out;
    for (auto [group, time] : groups_) {
      time.group = group;
      out.push_back(time);
    }
    std::sort(out.begin(), out.end(), [](const SearchTime& a, const SearchTime& b) {
      return std::tuple(b.ticks, b.scans, b.bytes) < std::tuple(a.ticks, a.scans, a.bytes);
    });
    return out;
  }

  SearchTime searches;

 private:
  uint64_t net(uint64_t ticks) const { return ticks > overhead_ ? ticks - overhead_ : 0; }

  uint64_t overhead_ = 0;
  std::unordered_map<const RuleInfo*, RuleTime> times_;
  std::unordered_map<const rules::Group*, SearchTime> groups_;
};

struct Result {
  RunSummary summary;
  double ns_per_tick = 0;
  std::vector<RuleTime> times;
  RuleTime all;  // summed over the rules
  struct Group {
    std::string name;
    SearchTime time;
  };
  std::vector<Group> groups;  // those that took longest

  double ns(uint64_t ticks) const { return static_cast<double>(ticks) * ns_per_tick; }
  double average(const RuleTime& time) const {
    return time.checks ? ns(time.total) / static_cast<double>(time.checks) : 0;
  }
};

void print_text(const Result& result, const Profiler& profiler, size_t top) {
  constexpr double kMs = 1e6;  // ns
  fmt::print("{:>10} {:>6} {:>10} {:>9} {:>9} {:>10}  {:>10} {:>4}  {}\n", "total ms", "share", "checks", "matches",
             "avg ns", "max ns", "sid", "rev", "msg");
  for (size_t i = 0; i < std::min(top, result.times.size()); i++) {
    const RuleTime& time = result.times[i];
    double share =
        result.all.total ? 100.0 * static_cast<double>(time.total) / static_cast<double>(result.all.total) : 0;
    fmt::print("{:>10.3f} {:>5.1f}% {:>10} {:>9} {:>9.0f} {:>10.0f}  {:>10} {:>4}  {}\n", result.ns(time.total) / kMs,
               share, time.checks, time.matches, result.average(time), result.ns(time.most), time.rule->sid,
               time.rule->rev, time.rule->msg);
  }
  if (result.times.size() > top) fmt::print("... and {} rules more that were candidates\n", result.times.size() - top);
  fmt::print("rules: {:.3f} ms in {} checks of {} rules, {} matches\n", result.ns(result.all.total) / kMs,
             result.all.checks, result.times.size(), result.all.matches);
  fmt::print("{:>10} {:>6} {:>10} {:>11} {:>9} {:>9}  {}\n", "total ms", "share", "scans", "bytes", "ns a scan",
             "ns a byte", "group");
  auto print = [&](const SearchTime& time, std::string_view name) {
    const double ns = result.ns(time.ticks);
    const double all = std::max(1.0, result.ns(profiler.searches.ticks));
    fmt::print("{:>10.3f} {:>5.1f}% {:>10} {:>11} {:>9.0f} {:>9.3f}  {}\n", ns / kMs, 100 * ns / all, time.scans,
               time.bytes, ns / static_cast<double>(std::max<uint64_t>(time.scans, 1)),
               ns / static_cast<double>(std::max<uint64_t>(time.bytes, 1)), name);
  };
  for (const Result::Group& group : result.groups) print(group.time, group.name);
  print(profiler.searches, "all groups");
}

void print_json(const Result& result, const Profiler& profiler, size_t top) {
  std::string out;
  JsonWriter json(out);
  auto members = [&](const RuleTime& time) {
    json.member("checks", time.checks).member("matches", time.matches);
    json.member("total_ns", result.ns(time.total))
        .member("avg_ns", result.average(time))
        .member("max_ns", result.ns(time.most));
  };
  json.begin_object().begin_array("rules");
  for (size_t i = 0; i < std::min(top, result.times.size()); i++) {
    const RuleTime& time = result.times[i];
    json.begin_object().member("gid", time.rule->gid).member("sid", time.rule->sid).member("rev", time.rule->rev);
    json.member("msg", std::string_view(time.rule->msg));
    members(time);
    json.end_object();
  }
  json.end_array().begin_object("all").member("rules", result.times.size());
  members(result.all);
  auto search = [&](const SearchTime& time) {
    json.member("scans", time.scans).member("bytes", time.bytes).member("total_ns", result.ns(time.ticks));
    json.end_object();
  };
  json.end_object().begin_array("groups");
  for (const Result::Group& group : result.groups) {
    json.begin_object().member("name", std::string_view(group.name));
    search(group.time);
  }
  json.end_array().begin_object("prefilter");
  search(profiler.searches);
  json.member("packets", result.summary.packets).end_object();
  fmt::print("{}\n", out);
}

int bench(const BenchOptions& options) {
  auto root = options.configuration.read();
  const KeyPlaces places = options.configuration.key_places();
  auto config = SensorConfig::read(*root, {});
  confine_rules(*root, config->detect);
  Profiler profiler;
  Pipeline::Plan plan{.config = config.get(), .hash_seed = kReplaySeed, .tracer = &profiler};
  plan.checksums = checksum_mode(options.checksums, *root);
  const auto rules = load_rules(find_rule_files(options.configuration.rule_files, *root), *config, false);
  plan.rules = rules;
  pass_over_options_of_run(*root);
  options.configuration.check_unread(*root, places);
  plan.checksums = settle_checksums(plan.checksums, options.captures, config->decode);
  plan.sources = open_captures(options.captures, 1);
  Pipeline pipeline(std::move(plan));
  Result result;
  const uint64_t first = ticks();
  const auto start = std::chrono::steady_clock::now();
  result.summary = pipeline.run([](double) {});
  const auto took = std::chrono::steady_clock::now() - start;
  result.ns_per_tick = std::chrono::duration<double, std::nano>(took).count() / static_cast<double>(ticks() - first);
  result.times = profiler.times();
  for (const RuleTime& time : result.times) {
    result.all.checks += time.checks;
    result.all.matches += time.matches;
    result.all.total += time.total;
    result.all.most = std::max(result.all.most, time.most);
  }
  for (const SearchTime& time : profiler.groups()) {
    if (result.groups.size() == options.top) break;
    result.groups.push_back({name_of_group(*rules, *time.group), time});
  }
  if (options.json)
    print_json(result, profiler, options.top);
  else
    print_text(result, profiler, options.top);
  for (const CaptureError& error : result.summary.errors) spdlog::error("{}", to_string(error));
  return result.summary.errors.empty() ? exit_status::done : exit_status::input_failed;
}

}  // namespace

void add_rules_bench(CLI::App& rules, Command& command) {
  CLI::App* sub = rules.add_subcommand("bench", "run capture files and list the rules that cost most");
  auto options = std::make_shared<BenchOptions>();
  sub->add_option("CAPTURE", options->captures, "capture files or directories, as for replay")->required();
  options->configuration.add_to(*sub);
  sub->add_option("--top", options->top, "so many rules, and groups of them")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  sub->add_option("--checksums", options->checksums, "verify checksums: none, all or auto")
      ->check(CLI::IsMember({"none", "all", "auto"}));
  sub->add_flag("--json", options->json, "one JSON object");
  sub->callback([options, &command] { command = [options] { return bench(*options); }; });
}

}  // namespace lapwing
