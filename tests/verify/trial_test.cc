#include "sensor/verify/trial.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "sensor/verify/examine.h"

namespace lapwing::verify {
namespace {

TestCase dns() {
  TestCase test{.name = "dns", .path = "t.yaml", .folder = "."};
  test.capture.files = {"pcaps/dns/dns.pcap"};
  return test;
}

std::vector<Json> records_of(const TestCase& test, size_t workers = 1) {
  const Reel reel = read_reel(test);
  return judged_records(run_test(test, replay_frames(reel.frames, workers)).records, &reel);
}

size_t count(const std::vector<Json>& records, const char* type) {
  return static_cast<size_t>(std::ranges::count_if(records, [&](const Json& r) { return r["event_type"] == type; }));
}

TEST(Reel, WhatIsLearnedComesBeforeAndDoesNotCount) {
  TestCase test = dns();
  const auto alone = records_of(test);
  test.learn = {"pcaps/web/web.pcap", "pcaps/dns/dns.pcap"};
  const Reel reel = read_reel(test);
  for (size_t i = 0; i < reel.frames.size(); ++i) {
    EXPECT_EQ(reel.frames[i].number, i + 1);
    EXPECT_EQ(reel.frames[i].time < reel.begin, i < reel.learned);
  }
  for (const size_t workers : {1, 2}) {
    const auto after = records_of(test, workers);
    for (const char* type : {"dns", "flow", "http"}) EXPECT_EQ(count(after, type), count(alone, type)) << type;
  }
}

TEST(Reel, WhatIsMergedIsInTheOrderOfTime) {
  TestCase test = dns();
  test.capture.files.emplace_back("pcaps/tunnel/tunnel.pcap");
  test.capture.merged = true;
  const Reel apart = read_reel(test);
  test.capture.shifted = true;
  test.capture.shift = 100'000'000;
  const Reel shifted = read_reel(test);
  ASSERT_EQ(apart.frames.size(), shifted.frames.size());
  EXPECT_TRUE(std::ranges::is_sorted(shifted.frames, {}, &HeldFrame::time));
  EXPECT_LT(shifted.frames.back().time.ns - shifted.begin.ns, 60'000'000'000);
  EXPECT_EQ(count(records_of(test), "dns"), 58u + 63u);
}

TEST(Trial, RulesStandInTheTestItself) {
  TestCase test = dns();
  test.rule_text = "alert dns any any -> any any (dns.query; content:\"lab.example\"; sid:1;)\n";
  EXPECT_GT(count(records_of(test), "alert"), 0u);
  test.rule_text = "\nalert dns any any -> any any (dns.quary; content:\"x\"; sid:1;)\n";
  test.rule_mark = {"t.yaml", 10, 3};
  try {
    records_of(test);
    FAIL();
  } catch (const SettingError& error) {
    EXPECT_EQ(error.where().line, 12u);
  }
}

TEST(Examination, TellsWhatIsWrongWithATest) {
  TestCase test = dns();
  test.folder = std::filesystem::current_path().string();
  test.expectations.push_back(read_expectation(parse_documents("{match: {event_type: dns}, count: 58}", "t").front()));
  EXPECT_EQ(examine(test, {.workers = {1, 2}, .variants = true}).status, Status::passed);
  test.expectations.push_back(read_expectation(parse_documents("{match: {event_type: dns}, count: 5}", "t").front()));
  const CaseResult failed = examine(test, {});
  EXPECT_EQ(failed.status, Status::failed);
  EXPECT_EQ(failed.rows.back().key, "count");
  test.capture.files = {"pcaps/none.pcap"};
  EXPECT_EQ(examine(test, {}).status, Status::failed);
  test.config_file = "tests/none.yaml";
  test.capture = dns().capture;
  EXPECT_EQ(examine(test, {}).status, Status::fault);
}

}  // namespace
}  // namespace lapwing::verify
