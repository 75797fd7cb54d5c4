#include "sensor/verify/trial.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

#include "sensor/base/hash.h"
#include "sensor/config/config.h"
#include "sensor/pipeline/checksum_sample.h"
#include "sensor/pipeline/rule_files.h"
#include "sensor/pipeline/settings_files.h"
#include "signatures/compile/rule_compiler.h"

namespace lapwing::verify {
namespace {

constexpr int64_t kAfterLearning = 3600'000'000'000;  // ns; flows have ended by then

void move_by(std::span<HeldFrame> frames, int64_t ns) {
  for (HeldFrame& frame : frames) frame.time.ns += ns;
}

Timestamp first_of(std::span<const HeldFrame> frames) {
  return frames.empty() ? Timestamp{} : std::ranges::min(frames, {}, &HeldFrame::time).time;
}
Timestamp last_of(std::span<const HeldFrame> frames) {
  return frames.empty() ? Timestamp{} : std::ranges::max(frames, {}, &HeldFrame::time).time;
}

/// Sections that say where records go and what a process may do say nothing of what it finds.
constexpr std::string_view kOfProcesses[] = {"outputs", "security", "run-as", "default-log-dir", "sensor-name"};

/// Throws at a key of the test's own that nothing reads.
void check_config(const TestCase& test, const Setting& root) {
  if (!test.config) return;
  for (std::string_view key : kOfProcesses) {
    if (const Setting* section = root.find(key)) section->use_all();
  }
  pass_over_options_of_run(root);
  const std::vector<std::string> known = option_keys();
  for (const UnusedKey& unused : unused_keys(root)) {
    const auto holds = [&](const std::string& key) { return key == unused.path || key.starts_with(unused.path + "."); };
    if (unused.mark.file == test.path && std::ranges::none_of(known, holds)) {
      throw SettingError(unused.mark, unknown_key_text(unused, known));
    }
  }
}

/// From a place in the text of a block to that in its file: it begins on the line behind its sign, and is indented.
void place_in_block(const TestCase& test, SourceMark& mark) {
  mark.line += test.rule_mark.line;
  std::ifstream file(std::filesystem::path(test.folder) / std::filesystem::path(test.path).filename());
  std::string line;
  for (uint32_t i = 0; i < mark.line && std::getline(file, line); ++i) continue;
  if (mark.column) mark.column += static_cast<uint32_t>(std::min(line.find_first_not_of(' '), line.size()));
}

std::shared_ptr<const RuleSet> compile(const TestCase& test, const SensorConfig& config, const Setting& root) {
  std::vector<RuleMessage> messages;
  RuleCompiler compiler(config.rules, config.detect, messages);
  const auto add = [&](const RuleTree& tree) { compiler.add(tree); };
  const RuleFiles files = find_rule_files(test.rule_files, root);
  for (const std::string& path : files.paths) read_rules(path, messages, add);
  const size_t of_files = messages.size();
  if (!test.rule_text.empty()) parse_rules(test.rule_text, test.path, messages, add);
  for (size_t i = of_files; i < messages.size(); ++i) place_in_block(test, messages[i].mark);
  const auto rules = compiler.finish();
  const RuleCounts counts = rules->counts();
  if (test.adopted || counts.failed + counts.skipped == 0) return rules;
  const auto fault = std::ranges::find(messages, RuleMessage::Level::error, &RuleMessage::level);
  const RuleMessage& told = fault == messages.end() ? messages.front() : *fault;
  throw SettingError(told.mark, told.text);
}

}  // namespace

Reel read_reel(const TestCase& test) {
  Reel out;
  std::vector<HeldFrame> judged;
  if (!test.capture.merged) {
    judged = read_frames(test.capture.files, out.errors);
  } else {
    Timestamp begin;
    for (size_t i = 0; i < test.capture.files.size(); ++i) {
      auto frames = read_frames({test.capture.files[i]}, out.errors);
      if (test.capture.shifted && i > 0) move_by(frames, begin.ns + test.capture.shift - first_of(frames).ns);
      begin = first_of(frames);
      std::ranges::move(frames, std::back_inserter(judged));
    }
    std::ranges::stable_sort(judged, {}, &HeldFrame::time);
  }
  out.begin = first_of(judged);
  if (!test.learn.empty()) {
    out.frames = read_frames(test.learn, out.errors);
    move_by(out.frames, out.begin.ns - kAfterLearning - last_of(out.frames).ns);
    out.learned = out.frames.size();
  }
  std::ranges::move(judged, std::back_inserter(out.frames));
  for (size_t i = 0; i < out.frames.size(); ++i) out.frames[i].number = i + 1;
  return out;
}

Outcome run_test(const TestCase& test, std::vector<std::unique_ptr<PacketSource>> sources) {
  Warnings warnings;
  auto root = read_settings(
      {.suricata = test.suricata_config, .own = test.config_file, .assignments = test.assignments}, warnings);
  if (test.config) {
    merge(*root, as_settings(*test.config));
    check_kinds(*root, option_keys());
  }
  const auto config = SensorConfig::read(*root, {});
  Pipeline::Plan plan{.config = config.get(), .sources = std::move(sources), .hash_seed = kReplaySeed};
  plan.checksums = settle_checksums(checksum_mode(test.checksums, *root), test.capture.files, config->decode);
  plan.rules = compile(test, *config, *root);
  check_config(test, *root);
  return run(std::move(plan));
}

std::vector<Json> judged_records(std::span<const std::string> records, const Reel* reel) {
  std::vector<Json> out;
  for (const std::string& line : records) {
    Json record = Json::parse(line, nullptr, false);
    if (record.is_discarded()) throw std::runtime_error("a record is no JSON: " + line.substr(0, 200));
    out.push_back(std::move(record));
  }
  if (!reel || reel->learned == 0) return out;
  const std::string begin = to_iso8601(reel->begin);
  const auto before = [&](const Json& record) {
    const Json start = record.contains("flow") ? record["flow"].value("start", Json()) : Json();
    // Texts of one form, which are in the order of their times.
    return record.value("timestamp", "") < begin || (start.is_string() && start < Json(begin)) ||
           (record.contains("pcap_cnt") && record["pcap_cnt"] <= reel->learned);
  };
  const auto flow_of = [](const Json& record) { return record.value("flow_id", uint64_t{0}); };
  // All of them first: workers write in any order.
  std::set<uint64_t> flows;  // that began while it learned
  for (const Json& record : out) {
    if (before(record)) flows.insert(flow_of(record));
  }
  flows.erase(0);
  std::erase_if(out, [&](const Json& record) { return before(record) || flows.contains(flow_of(record)); });
  return out;
}

}  // namespace lapwing::verify
