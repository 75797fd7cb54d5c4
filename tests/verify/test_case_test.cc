#include "sensor/verify/test_case.h"

#include <gtest/gtest.h>

#include "tests/support/capture_writer.h"

namespace lapwing::verify {
namespace {

class Tests : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) { return folder_.write(name, to_bytes(text)); }
  /// What is said of a file of tests; empty: nothing is wrong.
  std::string fault(const std::string& text) {
    const std::string path = write("t.yaml", text);
    try {
      read_tests(path);
      return {};
    } catch (const SettingError& error) {
      return std::string(error.what()).substr(path.size());
    }
  }

  test::TemporaryDirectory folder_;
};

TEST_F(Tests, AreReadWithAllTheySay) {
  write("a.pcap", "x");
  write("b.pcap", "x");
  const auto tests = read_tests(write("t.yaml", R"(
name: first
attack: [T1021.002, T1569.002]
capture: {merge: [a.pcap, b.pcap], shift: 60s}
learn: b.pcap
rules: |
  alert tcp any any -> any any (msg:"x"; sid:1;)
config: {stream: {midstream: yes}}
scale: no
expect:
  - behaviour: lateral
  - none: {alert: 1}
budget: {findings: 2}
---
name: second
generate: record.sh
expect: [{alert: 2}]
)"));
  ASSERT_EQ(tests.size(), 2u);
  const TestCase& first = tests[0];
  EXPECT_EQ(first.name, "first");
  EXPECT_EQ(first.attack, (std::vector<std::string>{"T1021.002", "T1569.002"}));
  EXPECT_TRUE(first.capture.merged);
  EXPECT_EQ(first.capture.shift, 60'000'000'000);
  EXPECT_EQ(first.capture.files, (std::vector<std::string>{folder_.path("a.pcap"), folder_.path("b.pcap")}));
  EXPECT_EQ(first.learn.size(), 1u);
  EXPECT_EQ(first.rule_mark.line, 6u);
  EXPECT_TRUE(first.config);
  EXPECT_FALSE(first.scale);
  EXPECT_TRUE(first.recut);
  EXPECT_EQ(first.expectations.size(), 3u);
  EXPECT_TRUE(first.skipped.empty());
  EXPECT_TRUE(tests[1].generated);
  EXPECT_FALSE(tests[1].skipped.empty());
}

TEST_F(Tests, AtFaultAreToldWithLineAndColumn) {
  write("a.pcap", "x");
  EXPECT_EQ(fault("name: x\ncapture: a.pcap\nexpect: [{alert: 1}]\n"), "");
  EXPECT_EQ(fault("name: x\ncapture: a.pcap\n"), ":1:1: the test expects nothing; `expect` says what");
  EXPECT_EQ(fault("name: x\nexpect: [{alert: 1}]\n"), ":1:1: the test has no capture");
  EXPECT_EQ(fault("capture: a.pcap\nexpect: [{alert: 1}]\n"), ":1:1: the test has no name");
  EXPECT_EQ(fault("name: x\ncapture: a.pcap\nexpect: {alert: 1}\n"), ":3:9: a list of rows: '- alert: 2010781'");
  EXPECT_EQ(fault("name: x\ncapture: {merge: [a.pcap], by: 3s}\n"), ":2:28: 'by' is neither merge nor shift");
  EXPECT_EQ(fault("name: x\nscale: maybe\n"), ":2:8: yes or no");
  EXPECT_EQ(fault("name: x\nchecksums: some\n"), ":2:12: none, all or auto");
  EXPECT_EQ(fault("name: [\n"), ":2:1: end of sequence flow not found");
  EXPECT_EQ(fault(""), ":1:1: there is no test in it");
  EXPECT_EQ(fault("name: x\ncapture: b.pcap\n"), ":2:10: there is no " + folder_.path("b.pcap"));
  EXPECT_TRUE(fault("nam: x\n").starts_with(":1:1: 'nam' is no word of a test; there are name, attack, capture"));
}

TEST_F(Tests, SayHowTheirTrafficIsMade) {
  const std::string head = "name: x\nexpect: [{alert: 1}]\ngenerate: ";
  write("t.yaml",
        head + "{topology: lan, tools: nmap, steps: [{on: victim, run: true, keep: yes}, {on: server, run: nmap}]}\n");
  const auto tests = read_tests(folder_.path("t.yaml"));
  ASSERT_TRUE(tests.at(0).staging);
  const Staging& staging = *tests[0].staging;
  EXPECT_EQ(staging.topology->name, "lan");
  EXPECT_EQ(staging.tools, std::vector<std::string>{"nmap"});
  ASSERT_EQ(staging.steps.size(), 2u);
  EXPECT_TRUE(staging.steps[0].keep);
  EXPECT_EQ(staging.steps[1].host, "server");
  EXPECT_EQ(tests[0].skipped, "its traffic is made by --live");
  EXPECT_EQ(fault(head + "{steps: [{on: server, run: x}]}\n"), ":3:11: traffic is made somewhere: topology");
  EXPECT_EQ(fault(head + "{topology: moon}\n"), ":3:22: there is no topology 'moon'; there are two-hosts, lan");
  EXPECT_EQ(fault(head + "{topology: lan}\n"), ":3:11: traffic is made by steps: steps");
  EXPECT_EQ(fault(head + "{topology: lan, step: x}\n"),
            ":3:27: 'step' is no word of generate; there are topology, tools and steps");
  EXPECT_EQ(fault(head + "{topology: two-hosts, steps: [{on: victim, run: x}]}\n"),
            ":3:46: there is no host 'victim' in two-hosts; there are attacker, server");
  EXPECT_EQ(fault(head + "{topology: lan, steps: [{on: victim}]}\n"), ":3:35: the step runs nothing: run");
  EXPECT_EQ(fault(head + "{topology: lan, steps: [{on: victim, at: 3}]}\n"),
            ":3:48: 'at' is no word of a step; there are on, run and keep");
}

TEST_F(Tests, AreFoundInFoldersInTheOrderOfTheirNames) {
  write("a.pcap", "x");
  const std::string good = "capture: " + folder_.path("a.pcap") + "\nexpect: [{alert: 1}]\n";
  write("suite/b/two.yaml", "name: two\n" + good);
  write("suite/a/one.yml", "name: one\n" + good);
  write("suite/broken.yaml", "name: {\n");
  write("suite/sv/core/test.yaml", "checks: []\n");
  write("suite/sv/core/suricata.yaml", "no: test\n");
  write("suite/test/test.yaml", "name: ours\n" + good);
  std::vector<std::string> faults;
  const auto tests = find_tests({folder_.path("suite"), folder_.path("nowhere")}, faults);
  std::vector<std::string> names;
  for (const TestCase& test : tests) names.push_back(test.name);
  EXPECT_EQ(names, (std::vector<std::string>{"one", "two", "sv/core", "ours"}));
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[1], folder_.path("nowhere") + ": there is no such file or folder");
}

TEST_F(Tests, OfGreatDepthEndAtOnce) {
  EXPECT_NE(fault("name: " + std::string(5000, '[') + "\n"), "");
  std::string doubled = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string last = std::to_string(i - 1);
    doubled += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + last + ", *a" + last + "]\n";
  }
  EXPECT_NE(fault(doubled).find("nodes"), std::string::npos);
}

}  // namespace
}  // namespace lapwing::verify
