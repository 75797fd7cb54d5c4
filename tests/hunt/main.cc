// hunt: conversations drawn from a seed through the whole sensor, until something gives.
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <thread>

#include "sensor/base/log.h"
#include "sensor/pipeline/pipeline.h"
#include "sensor/verify/recut.h"
#include "tests/hunt/campaign.h"
#include "tests/hunt/captures.h"
#include "tests/hunt/child.h"
#include "tests/hunt/conversation.h"
#include "tests/hunt/dialogue.h"
#include "tests/hunt/minimise.h"
#include "tests/hunt/resegment.h"

extern "C" {
// A sanitizer's word, when nothing of the environment overrides it.
const char* __asan_default_options() {
  return "abort_on_error=0:exitcode=99:detect_leaks=0:handle_abort=1:allocator_may_return_null=0:hard_rss_limit_mb="
         "3000:"
         "allocator_release_to_os_interval_ms=-1:detect_stack_use_after_return=0";
}
const char* __ubsan_default_options() {
  return "print_stacktrace=1";
}
}

namespace lapwing::hunt {
namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

struct Options {
  double minutes = 0;
  uint64_t seed = 1, first = 0, conversations = 0, only = 0, tries = 3000;
  bool show = false;
  size_t jobs = 2 * std::max(1u, std::thread::hardware_concurrency());  // a run waits for its threads now and then
  double limit = 20;
  std::string configuration = "tests/hunt/hunt.yaml", rules = "tests/hunt/hunt.rules", findings = "hunt-findings",
              grammar;
  std::vector<std::string> replayed, resegmented, moving;
  std::string minimised;
  uint64_t rounds = 1, round = 0;
};

std::string name_of(const Finding& finding) {
  std::string out = finding.kind + "-" + finding.place;
  for (char& c : out) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '-' && c != '.') c = '_';
  }
  return out;
}

/// The extra runs are dear: they are made for a part of the conversations, the same ones every time. Of a campaign is
/// asked what several workers make of it.
Checks checks_of(uint64_t number, std::string_view only) {
  if (is_campaign(number, only)) return {.workers = 2 + number % 3, .segmentation = false, .identify = false};
  return {.workers = number % 8 == 0 ? 2U : 1U, .identify = number % 16 == 0};
}

/// What one look at these frames finds, made by a child of its own.
std::optional<Finding> examine_apart(const Sensor& sensor, std::span<const test::BuiltFrame> frames,
                                     const Options& options) {
  Child child(options.findings + "/.child", options.limit, [&](Child::Line& line) {
    line.begin(1);
    if (auto finding = examine(sensor, frames, {}, nullptr)) line.found(*finding);
  });
  std::vector<Child::News> news;
  std::set<std::string> seen;
  while (child.look(news, seen)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  if (news.empty()) return std::nullopt;
  return std::move(news.front().finding);
}

/// All findings of a hunt, by what they are; of each the first few are kept as captures.
class Bag {
 public:
  explicit Bag(const Options& options) : options_(options) {}

  void add(const Child::News& news) {
    const Finding& finding = news.finding;
    size_t& count = counts_[name_of(finding)];
    constexpr size_t kKept = 3;
    if (++count > kKept) return;
    const std::string path = options_.findings + "/" + name_of(finding) + "-" + std::to_string(options_.seed) + "-" +
                             std::to_string(news.number);
    write_capture(path + ".pcap", conversation(options_.seed, news.number, options_.grammar));
    std::ofstream(path + ".txt") << "seed " << options_.seed << "\nconversation " << news.number << "\n"
                                 << (options_.grammar.empty() ? "" : "grammar " + options_.grammar + "\n")
                                 << finding.kind << " at " << finding.place << "\n\n"
                                 << finding.text;
    if (count == 1) std::cout << "FOUND " << headline(finding) << "\n  " << path << ".pcap" << std::endl;
  }
  void summarise() const {
    for (const auto& [name, count] : counts_) std::cout << "  " << count << " x " << name << "\n";
  }
  size_t kinds() const { return counts_.size(); }

 private:
  const Options& options_;
  std::map<std::string, size_t> counts_;
};

void show_seen(const std::set<std::string>& seen) {
  std::map<std::string, std::vector<std::string>> groups;
  for (const std::string& name : seen) {
    const size_t space = name.find(' ');
    groups[name.substr(0, space)].push_back(name.substr(space + 1));
  }
  for (const auto& [group, names] : groups) {
    std::cout << "  " << names.size() << " kinds of " << group;
    if (group == "record") {
      std::cout << ":";
      for (const auto& name : names) std::cout << " " << name;
    }
    std::cout << "\n";
  }
}

void show_unseen(const std::set<std::string>& seen) {
  size_t count = 0;
  std::string names;
  for (const CounterValue& counter : all_counter_rows()) {
    if (seen.contains("counter " + counter.path)) continue;
    ++count;
    names += " " + counter.path;
  }
  std::cout << "  " << count << " counters never moved:" << names << "\n";
}

/// How many of the counters that must move did not.
size_t show_still(const std::vector<std::string>& moving, const std::set<std::string>& seen) {
  size_t count = 0;
  for (const std::string& path : moving) {
    if (seen.contains("counter " + path)) continue;
    ++count;
    std::cout << "  " << path << " never moved, and must\n";
  }
  return count;
}

int hunt(const Options& options, const Sensor& sensor) {
  fs::create_directories(options.findings);
  Bag bag(options);
  std::set<std::string> seen;
  const auto begin = Clock::now();
  auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  const double end = options.minutes > 0 ? options.minutes * 60 : options.conversations > 0 ? 1e9 : 60;
  const uint64_t last = options.conversations > 0 ? options.first + options.conversations : UINT64_MAX;
  std::vector<std::unique_ptr<Child>> children(options.jobs);
  std::vector<uint64_t> next(options.jobs), done(options.jobs);
  for (size_t i = 0; i < options.jobs; ++i) next[i] = options.first + i;
  auto start = [&](size_t i) {
    const std::string log = options.findings + "/.child" + std::to_string(i);
    children[i] = std::make_unique<Child>(log, options.limit, [&, i](Child::Line& line) {
      for (uint64_t n = next[i]; n < last && seconds() < end; n += options.jobs) {
        line.begin(n);
        const auto frames = conversation(options.seed, n, options.grammar);
        if (auto finding =
                examine(sensor, frames, checks_of(n, options.grammar), [&](std::string_view name) { line.seen(name); }))
          line.found(*finding);
      }
    });
  };
  for (size_t i = 0; i < options.jobs; ++i) start(i);
  for (bool alive = true; alive;) {
    alive = false;
    for (size_t i = 0; i < options.jobs; ++i) {
      if (!children[i]) continue;
      std::vector<Child::News> news;
      const bool running = children[i]->look(news, seen);
      for (const Child::News& one : news) bag.add(one);
      alive = true;
      if (running) continue;
      done[i] += children[i]->cases();
      // It died of what it found, or has come to its end.
      const bool died = !news.empty() && news.back().number == children[i]->number();
      next[i] = children[i]->cases() ? children[i]->number() + options.jobs : next[i];
      children[i].reset();
      if (died && next[i] < last && seconds() < end) start(i);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  uint64_t all = 0;
  for (uint64_t count : done) all += count;
  std::cout << all << " conversations of seed " << options.seed << " in " << static_cast<uint64_t>(seconds()) << " s, "
            << static_cast<uint64_t>(static_cast<double>(all) / seconds()) << " a second; " << bag.kinds()
            << " findings\n";
  bag.summarise();
  show_seen(seen);
  show_unseen(seen);
  return bag.kinds() + show_still(options.moving, seen) > 0;
}

int replay(const Options& options, const Sensor& sensor) {
  fs::create_directories(options.findings);
  size_t found = 0;
  for (const std::string& path : options.replayed) {
    const auto finding = examine_apart(sensor, read_capture(path), options);
    std::cout << path << ": " << (finding ? headline(*finding) : "nothing found") << "\n";
    if (finding) std::cout << finding->text << "\n";
    found += finding.has_value();
  }
  return found > 0;
}

int minimise_file(const Options& options, const Sensor& sensor) {
  fs::create_directories(options.findings);
  Frames frames = read_capture(options.minimised);
  const auto finding = examine_apart(sensor, frames, options);
  if (!finding) {
    std::cerr << options.minimised << ": nothing found\n";
    return 1;
  }
  std::cout << headline(*finding) << "\n";
  // Written each time, so that whoever has waited long enough may stop it.
  const std::string path = fs::path(options.minimised).replace_extension("min.pcap");
  auto shows = [&](std::span<const test::BuiltFrame> smaller) {
    const auto again = examine_apart(sensor, smaller, options);
    if (!again || again->kind != finding->kind || again->place != finding->place) return false;
    write_capture(path, Frames(smaller.begin(), smaller.end()));
    return true;
  };
  const size_t before = frames.size();
  frames = minimise(std::move(frames), shows, options.tries);
  std::cout << before << " packets became " << frames.size() << ": " << path << "\n";
  return 0;
}

/// One conversation in this process, for a debugger.
int look_at_one(const Options& options, const Sensor& sensor) {
  const auto frames = conversation(options.seed, options.only, options.grammar);
  fs::create_directories(options.findings);
  const std::string path =
      options.findings + "/conversation-" + std::to_string(options.seed) + "-" + std::to_string(options.only);
  write_capture(path + ".pcap", frames);
  std::cout << frames.size() << " frames: " << path << ".pcap" << std::endl;
  if (const auto cut = verify::in_single_bytes(frames)) write_capture(path + "-bytes.pcap", *cut);
  if (options.show) {
    for (const std::string& record : sensor.run(frames, 1, true).records) std::cout << record << "\n";
  }
  const auto finding = examine(sensor, frames, {}, nullptr);
  std::cout << (finding ? headline(*finding) + "\n" + finding->text : "nothing found") << "\n";
  return finding.has_value();
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app("Conversations drawn from a seed through the whole sensor, until something gives.");
  app.add_option("MINUTES", options.minutes,
                 "how long; one minute where neither this nor a number of conversations is given");
  app.add_option("--seed", options.seed, "what everything is drawn from")->capture_default_str();
  app.add_option("--conversations", options.conversations, "how many");
  app.add_option("--first", options.first, "number of the first");
  auto* only =
      app.add_option("--only", options.only, "this one alone, in the process itself, which a debugger can follow");
  app.add_flag("--show", options.show, "print its records")->needs(only);
  std::vector<std::string> names;
  for (const Grammar& grammar : grammars()) names.emplace_back(grammar.name);
  for (const Act& act : acts()) names.emplace_back(act.name);
  names.emplace_back(kAnyAct);
  app.add_option("--grammar", options.grammar, "only this protocol, or campaigns alone: of any acts or of this one")
      ->check(CLI::IsMember(names));
  app.add_option("--moves", options.moving, "counters of which it is a failure that they do not move");
  app.add_option("--jobs", options.jobs, "processes at work")->check(CLI::Range(1, 256));
  app.add_option("--limit", options.limit, "seconds of CPU beyond which a conversation hangs")->capture_default_str();
  app.add_option("--config", options.configuration, "what the sensor is told")->capture_default_str();
  app.add_option("--rules", options.rules, "what it looks for")->capture_default_str();
  app.add_option("--findings", options.findings, "folder of what is found")->capture_default_str();
  app.add_option("--replay", options.replayed, "captures to examine instead")->check(CLI::ExistingFile);
  app.add_option(
         "--resegment", options.resegmented,
         "captures, or folders of them, whose records must not depend on segments, acknowledgements and workers")
      ->check(CLI::ExistingPath);
  app.add_option("--rounds", options.rounds, "times that each of them is cut anew")->capture_default_str();
  app.add_option("--round", options.round, "number of the first of these times")->capture_default_str();
  app.add_option("--minimise", options.minimised, "a capture to make as small as its finding allows")
      ->check(CLI::ExistingFile);
  app.add_option("--tries", options.tries, "looks that minimising may take")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::off);
  const Sensor sensor(options.configuration, options.rules);
  if (!options.replayed.empty()) return replay(options, sensor);
  if (!options.resegmented.empty()) {
    return resegment(sensor, {.captures = options.resegmented,
                              .findings = options.findings,
                              .seed = options.seed,
                              .first = options.round,
                              .rounds = options.rounds,
                              .jobs = options.jobs,
                              .limit = options.limit});
  }
  if (!options.minimised.empty()) return minimise_file(options, sensor);
  if (only->count() > 0) return look_at_one(options, sensor);
  return hunt(options, sensor);
}

}  // namespace
}  // namespace lapwing::hunt

int main(int argc, char** argv) {
  try {
    return lapwing::hunt::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "hunt: " << error.what() << "\n";
    return 2;
  }
}
