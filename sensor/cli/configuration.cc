#include "sensor/cli/configuration.h"

#include <set>

#include "sensor/base/log.h"
#include "sensor/config/config.h"

namespace lapwing {

namespace {

/// Files that settings stand in: one, and those that it includes.
void collect_files(const Setting& node, std::set<std::string>& files) {
  if (node.mark.line) files.insert(node.mark.file);
  for (const auto& child : node.children) collect_files(*child, files);
}

}  // namespace

void ConfigurationOptions::add_to(CLI::App& command) {
  command.add_option("-c,--config", file, "Lapwing's configuration (YAML)")->check(CLI::ExistingFile);
  command.add_option("--suricata-config", suricata_file, "take over the settings of a suricata.yaml")
      ->check(CLI::ExistingFile);
  command.add_option("--set", assignments, "set one key of the configuration: key=value")->take_all();
  command.add_option("--rules", rule_files, "rule file or directory of *.rules")->take_all();
}

void ConfigurationOptions::add_strict_to(CLI::App& command) {
  command.add_flag("--strict", strict, "refuse to start when a rule is at fault or a rule file missing");
}

std::vector<std::string> ConfigurationOptions::files() const {
  std::vector<std::string> out;
  for (const std::string& path : {file, suricata_file}) {
    if (!path.empty()) out.push_back(path);
  }
  return out;
}

std::unique_ptr<Setting> ConfigurationOptions::read() const {
  Warnings warnings;
  auto root = read_settings({.suricata = suricata_file, .own = file, .assignments = assignments}, warnings);
  for (const std::string& warning : warnings) spdlog::warn("{}", warning);
  return root;
}

KeyPlaces ConfigurationOptions::key_places() const {
  auto places_in = [](const std::string& path) { return path.empty() ? nullptr : read_key_places(path); };
  return {places_in(file), places_in(suricata_file)};
}

void ConfigurationOptions::check_unread(const Setting& root, const KeyPlaces& places) const {
  const std::vector<std::string> known = option_keys();
  if (places.own) {
    std::set<std::string> own;
    collect_files(*places.own, own);
    for (const UnusedKey& unused : unused_keys(root, places.own.get())) {
      if (own.contains(unused.mark.file)) throw SettingError(unused.mark, unknown_key_text(unused, known));
    }
  }
  for (const UnusedKey& unused : unused_keys(root)) {
    // Only a key of a file is a mistake of its author; the command line speaks Suricata's names too.
    if (unused.mark.line == 0) spdlog::warn("{}: nothing reads this key", unused.path);
  }
  if (!places.suricata) return;
  for (const std::string& message : unknown_key_messages(root, known, places.suricata.get()))
    spdlog::warn("{}", message);
  if (std::string message = unsupported_keys_message(root); !message.empty()) spdlog::warn("{}", message);
}

std::shared_ptr<const RuleSet> load_rules(const RuleFiles& files, const SensorConfig& config, bool strict,
                                          RuleFaults* faults) {
  // suricata.yaml names a file that its own updater makes; without it Suricata only warns as well.
  for (const std::string& path : files.missing) {
    if (strict) throw SettingError({path}, "no such rule file");
    spdlog::warn("{}: no such rule file", path);
  }
  const std::atomic<bool> never = false;
  LoadedRules loaded = compile_rules(files.paths, config.rules, config.detect, never);
  const std::vector<RuleMessage>& messages = loaded.messages;
  if (faults) faults->take(messages);
  constexpr size_t kShown = 20;
  size_t shown = 0;
  for (const RuleMessage& message : messages) {
    if (++shown > kShown) break;
    std::string where = to_string(message.mark) + (message.sid ? ": sid " + std::to_string(message.sid) : "");
    if (message.level == RuleMessage::Level::error) {
      spdlog::warn("{}: {}", where, message.text);
    } else {
      spdlog::info("{}: {}", where, message.text);
    }
  }
  if (messages.size() > kShown)
    spdlog::warn("{} more messages; `lapwing rules check` shows all", messages.size() - kShown);
  if (!files.paths.empty()) {
    RuleCounts counts = loaded.rules->counts();
    spdlog::info("{} rules loaded, {} left out for what is not supported yet, {} at fault", counts.loaded,
                 counts.skipped, counts.failed);
    if (strict && counts.failed) {
      throw SettingError({"--strict"}, "rules are at fault: " + std::to_string(counts.failed));
    }
  }
  return loaded.rules;
}

void keep_datasets(const DatasetStore& datasets) {
  for (const std::string& failure : datasets.save()) spdlog::error("{}", failure);
}

}  // namespace lapwing
