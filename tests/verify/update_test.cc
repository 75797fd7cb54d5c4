#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sensor/verify/report.h"
#include "tests/support/capture_writer.h"

namespace lapwing::verify {
namespace {

TEST(Update, WritesExactCountsAndNothingElse) {
  const test::TemporaryDirectory folder;
  folder.write("a.pcap", to_bytes("x"));
  const std::string before = R"(# kept
name: x
capture: a.pcap
expect:
  - {alert: 1, count: 2}   # and this
  - {alert: 2, count: "3"}
  - {alert: 3, count: ">= 4"}
  - {alert: 4}
  - {alert: 5, count: 5}
  - none: {alert: 6}
  - {alert: 7, count: 8}
)";
  const std::string path = folder.write("t.yaml", to_bytes(before));
  const auto tests = read_tests(path);
  CaseResult result = begun(tests.front());
  const std::vector<uint64_t> found = {20, 30, 3, 0, 5, 1, 0};
  for (size_t i = 0; i < found.size(); ++i) {
    const Expectation& one = tests.front().expectations[i];
    result.rows.push_back({.title = one.title,
                           .status = one.count.holds(found[i]) ? Status::passed : Status::failed,
                           .line = one.mark.line,
                           .column = one.mark.column,
                           .found = found[i]});
  }
  EXPECT_EQ(update_counts({&result, 1}, tests), 2u);
  std::ostringstream after;
  after << std::ifstream(path).rdbuf();
  std::string wanted = before;
  wanted.replace(wanted.find("count: 2}"), 9, "count: 20}");
  wanted.replace(wanted.find("count: \"3\"}"), 11, "count: \"30\"}");
  EXPECT_EQ(after.str(), wanted);
}

}  // namespace
}  // namespace lapwing::verify
