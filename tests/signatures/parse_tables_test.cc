#include <gtest/gtest.h>

#include "signatures/parse/parse.h"

namespace lapwing {
namespace {

template <class Read>
std::string table_fault(Read read) {
  try {
    read();
  } catch (const SettingError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Classifications, ReadNamesDescriptionsAndPriorities) {
  RuleTables tables;
  parse_classifications("# c\nconfig classification: My-Type,Some, long text ,2\n config  classification:b,B, 255\n",
                        "c", tables);
  EXPECT_EQ(tables.classifications.at("my-type").description, "Some, long text");
  EXPECT_EQ(tables.classifications.at("my-type").priority, 2);
  EXPECT_EQ(tables.classifications.at("b").priority, 255);
}

TEST(Classifications, NameTheLineAtFault) {
  RuleTables tables;
  for (const char* line :
       {"config classification: a,b", "config classification: a,b,0", "config classification: a,b,256",
        "config classification a,b,1", "classification: a,b,1", "config reference: a b"}) {
    EXPECT_EQ(table_fault([&] { parse_classifications(std::string("\n") + line, "c", tables); }).find("c:2:1: "), 0u)
        << line;
  }
}

TEST(References, ReadSystemsAndPrefixes) {
  RuleTables tables;
  parse_references("config reference: CVE   https://example.org/?name=\nconfig reference: url\thttps://\n", "r",
                   tables);
  EXPECT_EQ(tables.references.at("cve"), "https://example.org/?name=");
  EXPECT_EQ(tables.references.at("url"), "https://");
  EXPECT_EQ(table_fault([&] { parse_references("config reference: alone", "r", tables); }).find("r:1:1: "), 0u);
}

TEST(DefaultTables, HoldTheStandardNames) {
  RuleTables tables = default_rule_tables();
  EXPECT_EQ(tables.classifications.size(), 43u);
  EXPECT_EQ(tables.classifications.at("trojan-activity").description, "A Network Trojan was detected");
  EXPECT_EQ(tables.classifications.at("trojan-activity").priority, 1);
  EXPECT_EQ(tables.classifications.at("tcp-connection").priority, 4);
  EXPECT_EQ(tables.references.at("url"), "https://");
}

TEST(Thresholds, ReadEveryKindOfLine) {
  std::vector<RuleMessage> faults;
  auto lines = parse_thresholds(
      "# comment\n"
      "threshold gen_id 1, sig_id 2404000, type limit, track by_dst, count 1, seconds 10\n"
      "event_filter gen_id 0, sig_id 0, type both, track by_src, \\\n  seconds 60, count 5\n"
      "rate_filter gen_id 1, sig_id 7, track by_rule, count 3, seconds 2, new_action drop, timeout 9\n"
      "suppress gen_id 1, sig_id 8   # told by others too\n"
      "suppress gen_id 1, sig_id 9, track by_either, ip [10.0.0.0/8,!$DMZ, ::1]\n",
      "t", faults);
  EXPECT_TRUE(faults.empty());
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[0].kind, ThresholdLine::Kind::threshold);
  EXPECT_EQ(lines[0].gid, 1u);
  EXPECT_EQ(lines[0].sid, 2404000u);
  EXPECT_EQ(lines[0].type, "limit");
  EXPECT_EQ(lines[0].track, "by_dst");
  EXPECT_EQ(lines[1].gid, 0u);
  EXPECT_EQ(lines[1].count, 5u);
  EXPECT_EQ(lines[1].seconds, 60u);
  EXPECT_EQ(lines[2].new_action, "drop");
  EXPECT_EQ(lines[2].timeout, 9u);
  EXPECT_FALSE(lines[3].address);
  EXPECT_EQ(lines[4].track, "by_either");
  ASSERT_TRUE(lines[4].address);
  EXPECT_EQ(lines[4].address->items.size(), 3u);
  EXPECT_EQ(lines[4].mark.line, 7u);
}

TEST(Thresholds, NameTheFaultAndItsPlace) {
  auto wrong = [](const char* line) {
    std::vector<RuleMessage> faults;
    EXPECT_TRUE(parse_thresholds(line, "t", faults).empty()) << line;
    return faults.size() == 1 ? to_string(faults[0].mark) + ": " + faults[0].text : std::string();
  };
  EXPECT_EQ(wrong("limit gen_id 1, sig_id 1").find("t:1:1: 'limit' is not known here"), 0u);
  EXPECT_EQ(wrong("suppress gen_id 1").find("t:1:1: suppress needs sig_id"), 0u);
  EXPECT_EQ(wrong("suppress gen_id 1, sig_id 2, track by_src").find("t:1:1: suppress needs ip"), 0u);
  EXPECT_EQ(wrong("suppress gen_id x, sig_id 2").find("t:1:17: 'x' is not a number"), 0u);
  EXPECT_EQ(wrong("suppress gen_id 1, sig_id 2, count 3").find("t:1:30: 'count' is not a key of suppress"), 0u);
  EXPECT_EQ(wrong("suppress gen_id 1, sig_id 2, gen_id 3").find("t:1:30: gen_id is given twice"), 0u);
  EXPECT_EQ(wrong("suppress gen_id 1, sig_id 2, track by_src, ip [1.1.1.1").find("t:1:47: '[' without"), 0u);
  EXPECT_NE(wrong("threshold gen_id 1, sig_id 1, type often, track by_src, count 1, seconds 1")
                .find("limit, threshold, both"),
            std::string::npos);
  EXPECT_NE(wrong("threshold gen_id 1, sig_id 1, type limit, track by_src, count 0, seconds 1").find("0 never matches"),
            std::string::npos);
}

TEST(Thresholds, PlacesWithinAnAddressOutliveTheFilesName) {
  std::vector<RuleMessage> faults;
  const auto lines = parse_thresholds("suppress gen_id 1, sig_id 2, track by_src, ip [10.0.0.1,$NOWHERE]\n",
                                      std::string("a-name-that-is-gone-once-it-was-read.config"), faults);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(table_fault([&] {
              resolve_addresses(*lines[0].address, {});
            }).find("a-name-that-is-gone-once-it-was-read.config:1:"),
            0u);
}

}  // namespace
}  // namespace lapwing
