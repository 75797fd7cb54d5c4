// New rules in the middle of flows: what lives on, what starts anew, and that nothing is read under the wrong set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sensor/base/text.h"
#include "signatures/datasets/datasets.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Numbers = std::vector<uint64_t>;
namespace fs = std::filesystem;

LabPacket saying(const std::string& payload, bool in_stream = false) {
  LabPacket packet;
  packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 80);
  packet.payload = payload;
  packet.in_stream = in_stream;
  return packet;
}

LabPacket step(int tx, uint8_t progress, std::map<std::string, std::vector<std::string>> fields,
               Direction direction = Direction::to_server) {
  LabPacket packet = saying("");
  packet.steps.push_back(
      {.tx = tx, .protocol = "http", .direction = direction, .progress = progress, .fields = std::move(fields)});
  return packet;
}

/// `count` rules that match nothing, so that the numbers of the others change.
std::string others(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) {
    out += "alert tcp any any -> any any (msg:\"none\"; content:\"never-" + std::to_string(i) +
           "\"; priority:1; sid:" + std::to_string(1000 + i) + ";)\n";
  }
  return out;
}

TEST(Adopt, ARemovedRuleIsSilentAndANewOneSpeaks) {
  RuleLab lab;
  lab.load("alert tcp any any -> any any (content:\"old\"; sid:1;)");
  lab.run(saying("old new"));
  lab.load("alert tcp any any -> any any (content:\"new\"; sid:2;)");
  lab.run(saying("old new"));
  lab.load("");
  lab.run(saying("old new"));
  lab.load("alert tcp any any -> any any (content:\"old\"; sid:1;)");
  lab.run(saying("old new"));
  EXPECT_EQ(lab.alerts().at(1), (Numbers{1, 4}));
  EXPECT_EQ(lab.alerts().at(2), (Numbers{2}));
}

TEST(Adopt, FlowbitsAndVariablesLiveOnUnderTheirNames) {
  RuleLab lab;
  lab.load("alert tcp any any -> any any (content:\"login\"; flowbits:set,in; flowint:n,=,7; sid:1;)");
  lab.run(saying("login"));
  // Others come first now, with names that no set has had before.
  lab.load(
      "alert tcp any any -> any any (content:\"x\"; flowbits:set,before; flowint:before,=,1; sid:2;)\n"
      "alert tcp any any -> any any (content:\"attack\"; flowbits:isset,in; sid:3;)\n"
      "alert tcp any any -> any any (content:\"attack\"; flowint:n,==,7; sid:4;)\n"
      "alert tcp any any -> any any (content:\"attack\"; flowbits:isset,before; sid:5;)");
  lab.run(saying("attack"));
  EXPECT_EQ(lab.alerts().at(3), (Numbers{2}));
  EXPECT_EQ(lab.alerts().at(4), (Numbers{2}));
  EXPECT_FALSE(lab.alerts().contains(5));
  EXPECT_THAT(lab.flowbits(0), ElementsAre("in"));
}

TEST(Adopt, ThresholdsLiveOnBySid) {
  RuleLab lab;
  const std::string rule =
      "alert tcp any any -> any any (content:\"x\"; threshold:type both,track by_src,count 3,seconds 60; sid:7;)\n";
  lab.load(rule);
  lab.run(saying("x"));
  lab.run(saying("x"));
  lab.load(others(5) + rule);
  lab.run(saying("x"));
  lab.run(saying("x"));
  EXPECT_EQ(lab.alerts().at(7), (Numbers{3}));
}

TEST(Adopt, ThePassedFlowStaysPassedAndTagsGoOn) {
  RuleLab lab;
  lab.load(
      "pass tcp any any -> any any (flow:established; sid:1;)\n"
      "alert udp any any -> any any (content:\"t\"; tag:session,10,packets; sid:2;)");
  lab.run(saying("x"));
  LabPacket tagged;
  tagged.layers.ether().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000);
  tagged.payload = "t";
  tagged.flow = 1;
  lab.run(tagged);
  lab.load("alert tcp any any -> any any (content:\"x\"; sid:3;)");
  lab.run(saying("x"));
  tagged.payload = "more";
  lab.run(tagged);
  EXPECT_FALSE(lab.alerts().contains(3));
  EXPECT_EQ(lab.tagged(), (Numbers{4}));
}

TEST(Adopt, TheNewRulesSeeTheStreamThatIsHeld) {
  RuleLab lab;
  const std::string rule =
      "alert tcp any any -> any any (flow:to_server; content:\"GET \"; content:\"secret\"; sid:1;)\n";
  lab.load(others(40) + "alert tcp any any -> any any (flow:to_server; content:\"GET \"; priority:1; sid:9;)");
  lab.run(saying("GET /a ", true));
  // Fewer rules now: numbers noted for the stream under the old set lie beyond the new one's end.
  lab.load(rule);
  LabPacket last = saying("secret", true);
  last.fin = true;
  lab.run(last);
  EXPECT_EQ(lab.alerts().at(1), (Numbers{2}));
}

TEST(Adopt, NumbersOfCandidatesAreNotReadUnderAnotherSet) {
  RuleLab lab;
  // A whole cell with a candidate that waits for the next one; then sets of every size up to it.
  lab.load(others(3) + "alert tcp any any -> any any (flow:to_server; content:\"begin\"; content:\"end\"; sid:1;)");
  lab.run(saying("begin" + std::string(2600, '.'), true));
  lab.load("alert tcp any any -> any any (flow:to_server; content:\"other\"; sid:2;)");
  lab.run(saying(std::string(100, '.'), true));
  lab.load(others(60) + "alert tcp any any -> any any (flow:to_server; content:\"begin\"; content:\"end\"; sid:3;)");
  LabPacket last = saying("end", true);
  last.fin = true;
  lab.run(last);
  EXPECT_FALSE(lab.alerts().contains(1));
  EXPECT_FALSE(lab.alerts().contains(2));
  EXPECT_EQ(lab.alerts().at(3), (Numbers{3}));
}

TEST(Adopt, ATransactionUnderWayIsSeenByTheNewRulesFromItsNextStageOn) {
  RuleLab lab;
  lab.load("alert http any any -> any any (http.method; content:\"GET\"; sid:1;)");
  lab.run(step(0, 1, {{"http.method", {"GET"}}}));
  lab.load(others(10) +
           "alert http any any -> any any (http.method; content:\"GET\"; http.host; content:\"evil\"; sid:2;)\n"
           "alert http any any -> any any (http.host; content:\"good\"; sid:3;)");
  lab.run(step(0, kComplete, {{"http.host", {"evil"}}}));
  EXPECT_EQ(lab.alerts().at(1), (Numbers{1}));
  EXPECT_EQ(lab.alerts().at(2), (Numbers{2})) << "it joins a field from before with one from after";
  EXPECT_FALSE(lab.alerts().contains(3));
}

TEST(Adopt, TheOldSetEndsWithTheKitThatTookItsPlace) {
  RuleLab lab;
  struct Sink : AlertSink {
    void alert(const MatchContext&, Alert&) override {}
    PacketBytes shown(const Packet&) const override { return {}; }
    void serialise(const MessageFrame&, std::string&) override {}
    void serialise(const Event&, std::string&, std::string&) override {}
    void tagged(const MatchContext&) override {}
  } sink;
  lab.load("alert tcp any any -> any any (content:\"old\"; sid:1;)");
  Matcher matcher(lab.rules, std::make_shared<SharedState>(nullptr), sink);
  std::weak_ptr<const RuleSet> old = lab.rules;
  lab.load("alert tcp any any -> any any (content:\"new\"; sid:1;)");
  auto kit = matcher.prepare(lab.rules);
  matcher.exchange(*kit);
  EXPECT_FALSE(old.expired()) << "nothing is freed where packets wait";
  kit.reset();
  EXPECT_TRUE(old.expired());
}

TEST(Adopt, SetsThatAreOnlyLoadedAreReadAnewAndOthersLiveOn) {
  const fs::path folder = testing::TempDir() + "lapwing-adopt";
  fs::remove_all(folder);
  fs::create_directories(folder);
  auto write = [&](const std::string& value) {
    std::ofstream(folder / "list.lst") << to_base64(to_bytes(value)) << "\n";
  };
  Setting root;
  Setting& data = root.make("default-data-dir");
  data.kind = Setting::Kind::scalar;
  data.scalar = folder.string();
  const std::string listed =
      "alert http any any -> any any (http.host; dataset:isset,listed,type string,load list.lst; sid:1;)\n";
  RuleLab lab;
  lab.environment.datasets = DatasetStore::create(root);
  write("a.org");
  lab.load(listed + "alert http any any -> any any (http.host; dataset:set,seen,type string; noalert; sid:3;)");
  ASSERT_THAT(lab.messages, IsEmpty());
  lab.run(step(0, kComplete, {{"http.host", {"a.org"}}}));
  write("b.org");
  std::weak_ptr<DatasetStore> before = lab.environment.datasets;
  lab.environment.datasets = lab.environment.datasets->next();
  EXPECT_FALSE(before.expired()) << "the rules in force need it";
  lab.load(listed + "alert http any any -> any any (http.host; dataset:isset,seen,type string; sid:4;)");
  EXPECT_TRUE(before.expired());
  ASSERT_THAT(lab.messages, IsEmpty());
  lab.run(step(1, kComplete, {{"http.host", {"a.org"}}}));
  lab.run(step(2, kComplete, {{"http.host", {"b.org"}}}));
  EXPECT_EQ(lab.alerts().at(1), (Numbers{1, 3}));
  EXPECT_EQ(lab.alerts().at(4), (Numbers{2}));
  fs::remove_all(folder);
}

}  // namespace

}  // namespace lapwing::test
