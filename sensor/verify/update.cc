// Counts that are written anew, in their place.
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "sensor/verify/report.h"

namespace lapwing::verify {
namespace {

struct Change {
  SourceMark at;
  std::string before, now;
};

/// The text with each change made at its line and column; what stands there otherwise stays.
size_t apply(const std::string& path, const std::vector<Change>& changes) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  in.close();
  size_t made = 0;
  // Several rows of one line move those behind them: the last comes first.
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    if (change->at.line == 0 || change->at.line > lines.size()) continue;
    std::string& line = lines[change->at.line - 1];
    size_t at = change->at.column - 1;
    if (at < line.size() && (line[at] == '"' || line[at] == '\'')) ++at;
    if (line.compare(at, change->before.size(), change->before) != 0) continue;
    line.replace(at, change->before.size(), change->now);
    ++made;
  }
  std::ofstream out(path, std::ios::binary);
  for (const std::string& line : lines) out << line << "\n";
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
  return made;
}

}  // namespace

size_t update_counts(std::span<const CaseResult> results, std::span<const TestCase> tests) {
  std::map<std::string, std::vector<Change>> changes;
  for (size_t i = 0; i < results.size() && i < tests.size(); ++i) {
    if (tests[i].adopted) continue;  // they are judged, not kept, here
    for (const Expectation& one : tests[i].expectations) {
      if (one.count_mark.line == 0 || one.count.order != Bound::Order::equal) continue;
      for (const Row& row : results[i].rows) {
        const bool same = row.title == one.title && row.line == one.mark.line && row.column == one.mark.column;
        if (same && row.status == Status::failed && row.found > 0) {
          changes[tests[i].path].push_back({one.count_mark, one.count.limit.dump(), std::to_string(row.found)});
        }
      }
    }
  }
  size_t made = 0;
  for (const auto& [path, list] : changes) made += apply(path, list);
  return made;
}

}  // namespace lapwing::verify
