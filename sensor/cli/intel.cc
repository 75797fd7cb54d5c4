// `intel`: what lists of indicators hold, and what of it old records name.
#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "analytics/intel/record_hunt.h"
#include "sensor/base/terminal.h"
#include "sensor/cli/commands.h"

namespace lapwing {
namespace {

struct IntelOptions {
  analytics::FeedOptions feeds;
  std::string list;
  std::vector<std::string> files, records;
  uint64_t min_confidence = 0;
  bool all = false;
};

/// One line for what is at fault, or, where all is asked for, for every row.
analytics::IndicatorSet::Watch teller(bool all) {
  return [all](const std::string& file, analytics::FeedFormat format, const analytics::FeedRow& row) {
    const std::string place = format == analytics::FeedFormat::json
                                  ? fmt::format("{}: indicator {}", file, row.line - 1)
                                  : fmt::format("{}:{}", file, row.line);
    if (!row.why.empty() && (!row.skipped || all))
      fmt::print("{}: {}{}\n", place, row.skipped ? "skipped: " : "", for_terminal(row.why));
    if (!all || !row.why.empty()) return;
    for (const analytics::FeedIndicator& one : row.indicators) {
      fmt::print("{}: {} {}{}\n", place, name(one.type), for_terminal(one.text),
                 for_terminal(one.tags.empty() ? "" : " (" + one.tags + ")"));
    }
  };
}

int check_indicators(IntelOptions& options) {
  bool failed = false;
  for (const std::string& file : options.files) {
    options.feeds.feeds = {{.path = file, .min_confidence = options.min_confidence}};
    try {
      const auto set = analytics::IndicatorSet::load(options.feeds, teller(options.all));
      const analytics::FeedCounts& counts = set->counts();
      fmt::print("{}: {} rows: {} indicators, {} bad, {} skipped, {} refused\n", file, counts.rows, counts.indicators,
                 counts.bad, counts.skipped, counts.refused);
      failed |= counts.bad > 0 || counts.refused > 0;
    } catch (const std::runtime_error& error) {
      fmt::print("{}\n", error.what());
      failed = true;
    }
  }
  return failed ? exit_status::input_failed : exit_status::done;
}

int hunt(IntelOptions& options) {
  options.feeds.feeds = {{.path = options.list, .min_confidence = options.min_confidence}};
  const auto set = analytics::IndicatorSet::load(options.feeds, {});
  analytics::RecordHunt hunt(*set);
  uint64_t found = 0, broken = 0;
  for (const std::string& path : options.records) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + ": cannot be read");
    uint64_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      const bool good = hunt.read(line, [&](const analytics::RecordHit& hit) {
        ++found;
        fmt::print("{}:{}: {} {} {} {} in {}{}\n", path, number, for_terminal(hit.timestamp),
                   for_terminal(hit.event_type), name(hit.type), for_terminal(hit.value), hit.text.source,
                   for_terminal(hit.text.tags.empty() ? "" : " (" + hit.text.tags + ")"));
      });
      broken += !good && !line.empty();
    }
  }
  fmt::print("{} hits", found);
  if (broken > 0) fmt::print(", {} lines that are no record", broken);
  fmt::print("\n");
  return exit_status::done;
}

}  // namespace

void add_intel(CLI::App& app, Command& command) {
  auto options = std::make_shared<IntelOptions>();
  options->feeds.seed = draw_seed();
  CLI::App* intel = app.add_subcommand("intel", "read lists of indicators, and look for them in records");
  intel->require_subcommand(1);
  CLI::App* checks = intel->add_subcommand("check", "tell what each row of a list becomes, and which are at fault");
  checks->add_option("FILE", options->files, "lists, or folders of lists")->required();
  checks->add_flag("--all", options->all, "every row, not only those at fault");
  CLI::App* hunts = intel->add_subcommand("hunt", "find what a list names in records of the past");
  hunts->add_option("FILE", options->list, "the list, or a folder of lists")->required();
  hunts->add_option("RECORDS", options->records, "files of records, one JSON object a line")->required();
  for (CLI::App* sub : {checks, hunts}) {
    sub->add_option("--min-confidence", options->min_confidence, "of rows that state one")->check(CLI::Range(0, 100));
    sub->add_option("--allow", options->feeds.allow, "names and networks that no list may name")
        ->allow_extra_args(false);
  }
  checks->callback([options, &command] { command = [options] { return check_indicators(*options); }; });
  hunts->callback([options, &command] { command = [options] { return hunt(*options); }; });
}

}  // namespace lapwing
