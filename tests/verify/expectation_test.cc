#include "sensor/verify/expectation.h"

#include <gtest/gtest.h>

namespace lapwing::verify {
namespace {

const std::vector<Json> kRecords = {
    Json::parse(R"({"event_type": "alert", "timestamp": "2024-08-16T18:07:39.000000+0000", "src_ip": "10.0.0.5",
                    "alert": {"signature_id": 7, "signature": "seven"}})"),
    Json::parse(R"({"event_type": "alert", "alert": {"signature_id": 7, "signature": "seven"}})"),
    Json::parse(R"({"event_type": "behaviour", "timestamp": "2024-08-16T18:07:39.000000+0000",
                    "behaviour": {"id": "b1", "name": "lateral", "state": "open", "level": "high", "subject": "192.168.1.46",
                                  "objects": ["192.168.1.195"], "last": "2024-08-16T18:07:29.000000+0000",
                                  "attack": [{"tactic": "TA0008", "technique": "T1021.002"}],
                                  "evidence": {"file": "PSEXESVC.exe", "stages": ["write", "start"], "tries": 12}}})"),
    Json::parse(R"({"event_type": "behaviour",
                    "behaviour": {"id": "b1", "name": "lateral", "state": "over", "level": "high", "subject": "192.168.1.46"}})"),
    Json::parse(R"({"event_type": "incident", "incident": {"id": "i1", "score": 94, "level": "critical",
                    "tactics": ["TA0011", "TA0008"], "subject": {"ip": "192.168.1.46", "name": "UTICA"}}})"),
};

Expectation read(const std::string& row) {
  return read_expectation(parse_documents(row, "test.yaml").front());
}

struct Case {
  const char* row;
  bool held;
  size_t found;
  const char *key, *expected, *value;
};

class Rows : public testing::TestWithParam<Case> {};

TEST_P(Rows, AreJudged) {
  const Case& row = GetParam();
  const Verdict verdict = judge(read(row.row), kRecords);
  EXPECT_EQ(verdict.held, row.held) << row.row;
  EXPECT_EQ(verdict.found, row.found) << row.row;
  if (row.held) return;
  EXPECT_EQ(verdict.key, row.key) << row.row;
  EXPECT_EQ(verdict.expected, row.expected) << row.row;
  EXPECT_EQ(verdict.value, row.value) << row.row;
}

INSTANTIATE_TEST_SUITE_P(
    Held, Rows,
    testing::Values(
        Case{"alert: 7", true, 2}, Case{"{alert: 7, count: 2}", true, 2},
        Case{"{alert: seven, count: \"> 1\"}", true, 2},
        Case{"{alert: 7, match: {src_ip: 10.0.0.5}, count: 1}", true, 1},
        Case{"{behaviour: lateral, count: 1}", true, 1},  // one finding, told of twice
        Case{"{behaviour: lateral, subject: 192.168.1.46, objects: [192.168.1.195], level: \">= high\"}", true, 1},
        Case{"{behaviour: lateral, within: 30s, attack: T1021.002}", true, 1},
        Case{"{behaviour: lateral, evidence: {file: PSEXESVC.exe, stages: [start], tries: \">= 10\"}}", true, 1},
        Case{"behaviour: {level: high, name: lateral}", true, 1}, Case{"behaviour:", true, 1},
        Case{"incident: {score: \">= 60\", tactics: [TA0008]}", true, 1},
        Case{"{incident: {}, subject: UTICA}", true, 1}, Case{"none: {behaviour: beacon}", true, 0},
        Case{"none: http", true, 0}, Case{"match: {event_type: alert, alert.signature_id__lt: 8}", true, 2},
        Case{"{match: {has-key: src_ip, not-has-key: [dest_ip]}, count: 1}", true, 1}));

INSTANTIATE_TEST_SUITE_P(
    Missed, Rows,
    testing::Values(
        Case{"alert: 8", false, 0, "alert.signature_id", "8", "7"},
        Case{"{alert: 7, count: 3}", false, 2, "count", "3", "2"},
        Case{"{alert: 7, count: \"<= 1\"}", false, 2, "count", "<= 1", "2"},
        Case{"behaviour: beacon", false, 0, "behaviour.name", "beacon", "lateral"},
        Case{"{behaviour: lateral, subject: 10.9.9.9}", false, 0, "behaviour.subject", "10.9.9.9", "192.168.1.46"},
        Case{"{behaviour: lateral, level: critical}", false, 0, "behaviour.level", "critical", "high"},
        Case{"{behaviour: lateral, within: 5s}", false, 0, "within", "<= 5.0 s", "10.0"},
        Case{"{behaviour: lateral, evidence: {tries: \"> 20\"}}", false, 0, "behaviour.evidence.tries", "> 20", "12"},
        Case{"{behaviour: lateral, evidence: {stages: [start, stop]}}", false, 0, "behaviour.evidence.stages", "stop",
             R"(["write","start"])"},
        Case{"incident: {score: \">= 95\"}", false, 0, "incident.score", ">= 95", "94"},
        Case{"none: {alert: 7}", false, 2, "count", "0", "2"},
        Case{"match: {event_type: tls}", false, 0, "event_type", "tls", "no record has it"}));

TEST(Expectations, OfOtherTimesAndAddressesAskForWhatStays) {
  const Expectation row =
      read("{behaviour: lateral, subject: 192.168.1.46, level: critical, count: 3, evidence: {tries: 1}}");
  EXPECT_FALSE(judge(row, kRecords).held);
  EXPECT_TRUE(judge(row, kRecords, true).held);
  EXPECT_FALSE(judge(read("{behaviour: lateral, subject: 10.0.0.1}"), kRecords, true).held);
  EXPECT_FALSE(judge(read("none: {behaviour: lateral}"), kRecords, true).held);
  EXPECT_TRUE(judge(read("{alert: 9, count: 0}"), kRecords, true).held);
}

TEST(Budget, CountsFindingsOnce) {
  const auto rows = read_budget(parse_documents("{findings: 1, incidents: 0, alerts: 2, signatures: 1}", "t").front());
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_TRUE(judge(rows[0], kRecords).held);
  EXPECT_FALSE(judge(rows[1], kRecords).held);
  EXPECT_EQ(judge(rows[1], kRecords).found, 1u);
  EXPECT_TRUE(judge(rows[2], kRecords).held);
  EXPECT_TRUE(judge(rows[3], kRecords).held);
}

struct Fault {
  const char *row, *message;
};

class Faults : public testing::TestWithParam<Fault> {};

TEST_P(Faults, AreToldWithTheirPlace) {
  try {
    read(GetParam().row);
    FAIL() << GetParam().row;
  } catch (const SettingError& error) {
    EXPECT_EQ(error.what(), std::string("test.yaml:") + GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Faults,
    testing::Values(
        Fault{"[1]", "1:1: a row of expect is a map: behaviour, alert, incident, none or match"},
        Fault{"beacon: 1", "1:1: names neither behaviour, alert, incident, none nor match"},
        Fault{"alert: 7\nbehaviour: scan", "1:1: both behaviour and alert; make two rows"},
        Fault{"alert: 7\nsubject: 10.0.0.1", "2:1: 'subject' is no word of a row about alert; there are match, count"},
        Fault{"alert: 7\ncount: many", "2:8: a number of records, or one with an order: 3, \">= 1\""},
        Fault{"behaviour: scan\nwithin: 30", "2:9: a time with its unit, as in 30s; units are ms, s, m, h, d"},
        Fault{"none: {alert: 7}\ncount: 1", "2:1: belongs within none: none: {count: ...}"},
        Fault{"incident: 7", "1:11: incident takes a map of its members"}));

TEST(Seconds, HaveUnits) {
  const auto read = [](const char* text) { return read_seconds(parse_documents(text, "t").front()); };
  EXPECT_DOUBLE_EQ(read("500ms"), 0.5);
  EXPECT_DOUBLE_EQ(read("30s"), 30);
  EXPECT_DOUBLE_EQ(read("2m"), 120);
  EXPECT_DOUBLE_EQ(read("1.5h"), 5400);
}

}  // namespace
}  // namespace lapwing::verify
