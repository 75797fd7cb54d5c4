#include <gtest/gtest.h>

#include "sensor/verify/test_case.h"
#include "tests/support/capture_writer.h"

namespace lapwing::verify {
namespace {

struct Reason {
  const char *yaml, *why;  // why it is not run; empty: it is
};

class SuricataTest : public testing::TestWithParam<Reason> {
 protected:
  TestCase read(const std::string& yaml) {
    folder_.write("case/test.yaml", to_bytes(yaml));
    return read_suricata_test(folder_.path("case"), "case");
  }
  void write(const std::string& name, const std::string& text) { folder_.write("case/" + name, to_bytes(text)); }

  test::TemporaryDirectory folder_;
};

const std::string kCheck = "checks: [{filter: {count: 1, match: {event_type: dns}}}]\n";

TEST_P(SuricataTest, IsLeftOutForAReason) {
  write("in.pcap", "x");
  EXPECT_EQ(read(GetParam().yaml + kCheck).skipped, GetParam().why) << GetParam().yaml;
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, SuricataTest,
    testing::Values(Reason{"", ""}, Reason{"command: suricata -V\n", "command"}, Reason{"skip: true\n", "skip"},
                    Reason{"skip: [x]\n", ""}, Reason{"exit-code: 1\n", "exit-code"},
                    Reason{"requires: {min-version: 7}\n", ""},
                    Reason{"requires: {min-version: 8.0.8}\n", "min-version 8.0.8"},
                    Reason{"requires: {min-version: 9}\n", "min-version 9"},
                    Reason{"requires: {lt-version: 8}\n", "lt-version 8"}, Reason{"requires: {lt-version: 9}\n", ""},
                    Reason{"requires: {version: 8}\n", ""}, Reason{"requires: {version: 7.0}\n", "version 7.0"},
                    Reason{"requires: {features: [RUST, HAVE_LUA]}\n", "feature HAVE_LUA"},
                    Reason{"requires: {script: [x]}\n", "script"}, Reason{"args: [-k none, --set vars.x=1]\n", ""},
                    Reason{"args: [--simulate-ips]\n", "arg --simulate-ips"},
                    Reason{"args: [\"--set pcap-log.enabled=yes\"]\n", "arg pcap-log.enabled"},
                    Reason{"pcap: other.pcap\n", "no pcap"}, Reason{"rules: none.rules\n", "no rules"}));

TEST_F(SuricataTest, TakesArgumentsAndChecks) {
  write("in.pcap", "x");
  write("test.rules", "alert ip any any -> any any (sid:1;)\n");
  write("suricata.yaml", "%YAML 1.1\n---\n");
  const TestCase test = read(R"(
args:
  - -k none
  - --set default-rule-path=${TEST_DIR}/x
checks:
  - filter: {count: 2, match: {event_type: dns, dns.id: 7}}
  - filter: {count: 1, match: {event_type: stats}}
  - filter: {count: 1, filename: other.json, match: {event_type: dns}}
  - filter: {count: 1, requires: {min-version: 9}, match: {event_type: dns}}
  - shell: {args: "rm -rf /", expect: 0}
)");
  EXPECT_EQ(test.skipped, "");
  EXPECT_EQ(test.checksums, "none");
  EXPECT_EQ(test.assignments, std::vector<std::string>{"default-rule-path=" + folder_.path("case") + "/x"});
  EXPECT_EQ(test.rule_files, std::vector<std::string>{folder_.path("case/test.rules")});
  EXPECT_EQ(test.suricata_config, folder_.path("case/suricata.yaml"));
  ASSERT_EQ(test.expectations.size(), 1u);
  EXPECT_EQ(test.omitted.size(), 4u);
  EXPECT_EQ(test.omitted.back().title, "shell");
  EXPECT_TRUE(test.adopted);
}

TEST_F(SuricataTest, RulesOfALaterVersionAndOfLuaAreNone) {
  write("in.pcap", "x");
  write("min9.rules", "alert ip any any -> any any (sid:1;)\n");
  EXPECT_TRUE(read(kCheck).rule_files.empty());
  write("more.rules", "alert ip any any -> any any (lua:x.lua; sid:1;)\n");
  EXPECT_EQ(read(kCheck).skipped, "firewall rules");
  EXPECT_EQ(read("rules: more.rules\n" + kCheck).skipped, "lua");
}

}  // namespace
}  // namespace lapwing::verify
