#include "sensor/verify/condition.h"

#include <gtest/gtest.h>

namespace lapwing::verify {
namespace {

const Json kRecord = Json::parse(R"({
  "event_type": "dns", "src_port": 53, "vlan": [7, 8], "app_proto": null,
  "timestamp": "2024-08-16T18:07:39.110000+0000",
  "dns": {"rcode": "NOERROR", "flags": "8180", "rd": true, "answers": [{"rrname": "a.example", "ttl": 60}, {"ttl": 5}]},
  "name": "Zürich", "ratio": 0.5})");

struct FilterRow {
  const char *key, *value;  // JSON
  bool holds;
};

class Filter : public testing::TestWithParam<FilterRow> {};

TEST_P(Filter, JudgesAsSuricataVerifyDoes) {
  const FilterRow& row = GetParam();
  EXPECT_EQ(Condition::filter(row.key, Json::parse(row.value), {}).holds(kRecord), row.holds)
      << row.key << " " << row.value;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Filter,
    testing::Values(FilterRow{"event_type", "\"dns\"", true}, FilterRow{"event_type", "\"http\"", false},
                    FilterRow{"src_port", "53", true}, FilterRow{"src_port", "53.0", true},
                    FilterRow{"src_port", "\"53\"", false},                              // a text is no number
                    FilterRow{"dns.rd", "true", true}, FilterRow{"dns.rd", "1", false},  // nor is a truth
                    FilterRow{"dns.answers[0].rrname", "\"a.example\"", true},
                    FilterRow{"dns.answers[1].ttl", "5", true}, FilterRow{"dns.answers[2].ttl", "5", false},
                    FilterRow{"dns.answers.ttl", "60", false}, FilterRow{"vlan", "[7, 8]", true},
                    FilterRow{"vlan", "[7]", false}, FilterRow{"vlan[1]", "8", true},
                    FilterRow{"src_port[0]", "53", false}, FilterRow{"missing", "null", true},
                    FilterRow{"app_proto", "null", true}, FilterRow{"missing.deep", "1", false}));

INSTANTIATE_TEST_SUITE_P(
    Suffixes, Filter,
    testing::Values(FilterRow{"src_port.__gt", "52", true}, FilterRow{"src_port.__gt", "53", false},
                    FilterRow{"src_port__gte", "53", true}, FilterRow{"src_port__lt", "53", false},
                    FilterRow{"src_port.__lte", "53", true}, FilterRow{"ratio__gt", "0", true},
                    FilterRow{"dns.rcode__gt", "5", false},  // no order
                    FilterRow{"dns.rcode__gt", "\"NO\"", true}, FilterRow{"missing.__gt", "0", false},
                    FilterRow{"dns.answers.__len", "2", true}, FilterRow{"dns.answers__len", "3", false},
                    FilterRow{"name.__len", "6", true}, FilterRow{"src_port.__len", "-1", true},
                    FilterRow{"dns.rcode.__startswith", "\"NO\"", true},
                    FilterRow{"dns.rcode.__endswith", "\"NO\"", false}, FilterRow{"src_port.__startswith", "5", false},
                    FilterRow{"dns.rcode.__find", "\"ERR\"", true}, FilterRow{"vlan.__contains", "8", true},
                    FilterRow{"vlan.__contains", "9", false}, FilterRow{"dns.__contains", "\"rd\"", true},
                    FilterRow{"src_port.__contains", "5", false}, FilterRow{"event_type.__not", "\"http\"", true},
                    FilterRow{"event_type__not", "\"dns\"", false}));

TEST(Bound, IsReadFromItsText) {
  struct Row {
    const char *text, *value;
    bool holds;
  };
  for (const Row& row : {Row{">= 60", "60", true}, Row{">=60", "59", false}, Row{"> 1.5", "2", true},
                         Row{"<= 3", "4", false}, Row{"== 3", "3", true}, Row{"= 3", "2", false},
                         Row{">= high", "\"critical\"", true}, Row{">= high", "\"medium\"", false},
                         Row{"< low", "\"info\"", true}, Row{">= high", "70", false}, Row{">= high", "null", false}}) {
    const auto bound = Bound::parse(row.text);
    ASSERT_TRUE(bound) << row.text;
    EXPECT_EQ(bound->holds(Json::parse(row.value)), row.holds) << row.text << " of " << row.value;
  }
  EXPECT_FALSE(Bound::parse("60"));
  EXPECT_FALSE(Bound::parse(">="));
  EXPECT_EQ(to_text(*Bound::parse(">=60")), ">= 60");
}

TEST(Named, FindsWhatIsCalledSo) {
  struct Row {
    const char *value, *name;
    bool holds;
  };
  for (const Row& row : {
           Row{R"("192.168.1.46")", "192.168.1.46", true},
           Row{R"("192.168.1.46")", "192.168.1.4", false},
           Row{R"(["10.0.0.1:443", "10.0.0.2:80"])", "10.0.0.2", true},
           Row{R"(["10.0.0.1:443"])", "10.0.0.1:443", true},
           Row{R"(["10.0.0.1:443"])", "10.0.0.1:44", false},
           Row{R"("[2001:db8::1]:443")", "2001:db8::1", true},
           Row{R"({"ip": "10.0.1.5", "name": "UTICA", "role": ["workstation"]})", "utica", true},
           Row{R"([{"ip": "10.0.1.5", "port": 443}])", "10.0.1.5", true},
           Row{"null", "10.0.1.5", false},
       }) {
    const Json record = {{"subject", Json::parse(row.value)}};
    EXPECT_EQ(Condition::at("subject", Condition::Test::named, row.name, {}).holds(record), row.holds)
        << row.name << " in " << row.value;
  }
}

TEST(Within, CountsFromTheLastThatTheFindingRestsOn) {
  const auto holds = [](const char* record, double seconds) {
    return Condition::at("within", Condition::Test::within, seconds, {}).holds(Json::parse(record));
  };
  const char* finding =
      R"({"timestamp": "2024-08-16T18:07:39.110000+0000", "behaviour": {"last": "2024-08-16T18:07:09.11Z"}})";
  EXPECT_TRUE(holds(finding, 30.001));
  EXPECT_FALSE(holds(finding, 29.9));
  EXPECT_FALSE(holds(R"({"timestamp": "2024-08-16T18:07:39.110000+0000"})", 1000));
  EXPECT_FALSE(holds(R"({"timestamp": "soon", "incident": {"last": "then"}})", 1000));
}

}  // namespace
}  // namespace lapwing::verify
