// Expectation: records that a capture must give, or must not, and how many.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sensor/verify/condition.h"

namespace lapwing::verify {

struct Expectation {
  std::string title;  // as people call it: "behaviour lateral"
  SourceMark mark;
  std::vector<Condition> conditions;  // all hold of a record that is meant
  size_t steady = 0;                  // how many, from the first, hold at other times and of other addresses too
  Bound count{Bound::Order::greater_equal, 1};
  SourceMark count_mark;    // line 0: none was given
  std::string identity;     // pointer to what several records may tell of, which counts once; empty: each record counts
  bool negative = false;    // nothing of the kind may be there
  bool of_packets = false;  // any record, and so one that depends on how streams were cut and when
};

/// A row of `expect`. Throws SettingError.
Expectation read_expectation(const DataNode& row);
/// The rows of `budget`.
std::vector<Expectation> read_budget(const DataNode& budget);
/// What suricata-verify calls a filter: `match` and `count`.
Expectation read_filter(const DataNode& filter);

/// What became of an expectation, and where it failed, why.
struct Verdict {
  bool held = false;
  size_t found = 0;
  std::string key, expected, value;  // of the nearest record the first member that is another
};

/// `steady`: only what holds at other times and of other addresses too, in any number.
Verdict judge(const Expectation& expectation, std::span<const Json> records, bool steady = false);

/// "30s", "500ms", "2m", "1h" as seconds. Throws SettingError.
double read_seconds(const DataNode& node);

}  // namespace lapwing::verify
