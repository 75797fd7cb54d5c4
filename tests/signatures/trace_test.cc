// What a tracer is told of the rule engine at work.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "signatures/match/tracer.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Notes : public Tracer {
 public:
  explicit Notes(bool asking = true) : asking_(asking) {}
  bool asks(const RuleInfo&) const override { return asking_; }
  void looked(const RuleLook& look, const RuleMiss* miss) override {
    std::string text = std::to_string(look.rule->sid) + " ";
    if (look.matched) text += "matched";
    if (miss) {
      text += std::string(miss->part) + " " + miss->buffer + " [" + miss->condition + "] " + miss->found + " '" +
              std::string(to_text(miss->bytes)) + "'@" + std::to_string(miss->offset) + "/" +
              std::to_string(miss->size);
    }
    looks.push_back(text);
  }
  void scanned(const rules::Group&, size_t bytes, uint64_t) override { scanned_bytes += bytes; }
  void flow_over(const MatchContext&, const RuleInfo& rule, std::string_view why_not) override {
    over.push_back(std::to_string(rule.sid) + " " + std::string(why_not));
  }
  std::vector<std::string> looks, over;
  size_t scanned_bytes = 0;

 private:
  bool asking_;
};

LabPacket udp(const std::string& payload) {
  LabPacket packet;
  packet.layers.ether().ipv4("10.0.0.1", "10.0.0.2").udp(40000, 53);
  packet.payload = payload;
  return packet;
}

LabPacket flow_end() {
  LabPacket packet;
  packet.ends_flow = true;
  return packet;
}

std::vector<std::string> looks(std::string_view rule, const LabPacket& packet) {
  Notes notes;
  RuleLab lab;
  lab.load(rule);
  EXPECT_THAT(lab.messages, IsEmpty());
  lab.trace(&notes);
  lab.run(packet);
  return notes.looks;
}

TEST(Trace, TellsOfMatches) {
  EXPECT_THAT(looks("alert udp any any -> any any (content:\"abc\"; sid:1;)", udp("xabcx")), ElementsAre("1 matched"));
  EXPECT_THAT(looks("alert udp any any -> any any (content:\"abc\"; sid:1;)", udp("x")), IsEmpty());
}

TEST(Trace, TellsTheFirstConditionThatFailedAndItsBytes) {
  EXPECT_THAT(looks("alert udp any any -> any 54 (content:\"abc\"; content:!\"q\"; sid:1;)", udp("abc")), IsEmpty());
  EXPECT_THAT(looks("alert udp ![10.0.0.1] any -> any any (content:\"abc\"; sid:1;)", udp("abc")), IsEmpty());
  EXPECT_THAT(looks("alert udp ![10.0.0.1] any -> any any (content:\"abc\"; sid:1;)\n"
                    "alert udp 10.0.0.0/8 any -> 10.0.0.0/8 any (content:\"z\"; sid:2;)",
                    udp("abc")),
              ElementsAre("1 header  [the source address is none of its] 10.0.0.1 ''@0/0"));
  EXPECT_THAT(looks("alert udp any any -> any any (content:\"abc\"; ttl:7; dsize:3; sid:1;)", udp("abc")),
              ElementsAre("1 condition  [ttl = 7]  ''@0/0"));
  EXPECT_THAT(looks("alert udp any any -> any any (content:\"abc\"; content:\"xy\"; distance:1; content:\"z\"; sid:1;)",
                    udp("abcdxz")),
              ElementsAre("1 buffer payload [content \"xy\", distance 1]  'dxz'@3/6"));
  EXPECT_THAT(looks("alert udp any any -> any any (content:\"abc\"; content:\"z\"; offset:4; sid:1;)", udp("zabcxy")),
              ElementsAre("1 buffer payload [content \"z\", offset 4]  'xy'@4/6"));
}

TEST(Trace, TellsOfAnotherIpProtocol) {
  LabPacket esp;
  esp.layers.ether().ipv4("10.0.0.1", "10.0.0.2").proto(50);
  esp.payload = "abcdefgh";
  esp.flow = -1;
  EXPECT_THAT(looks("alert igmp any any -> any any (sid:1;)", esp),
              ElementsAre("1 header  [it is for another IP protocol] number 50 ''@0/0"));
}

TEST(Trace, CountsInALaterPieceOfAFrameFromWhereTheFrameBegins) {
  const std::string piece = "abcxyz";
  LabPacket packet = udp("x");
  const Protocol* tls = nullptr;
  for (const Protocol* protocol : lab_protocols()) tls = protocol->name == "tls" ? protocol : tls;
  packet.frame = {.protocol = tls, .kind = &tls->frames[0], .length = 200, .base = 100, .bytes = to_bytes(piece)};
  const std::string name(tls->frames[0].name);
  EXPECT_THAT(looks("alert tls any any -> any any (frame:tls." + name +
                        "; content:\"abc\"; content:\"z\"; offset:104; content:\"q\"; offset:103; sid:1;)",
                    packet),
              ElementsAre("1 buffer frame:" + name + " [content \"q\", offset 103]  'xyz'@103/106"));
}

TEST(Trace, TellsOfTheWordsOfProtocols) {
  LabPacket packet = udp("x");
  packet.steps.push_back({.protocol = "tls", .fields = {{"tls.version", {"771"}}}});
  EXPECT_THAT(looks("alert tls any any -> any any (ssl_version:!tls1.1,tls1.2; sid:1;)", packet),
              ElementsAre("1 condition ssl_version [ssl_version none of, tls1.1, tls1.2]  ''@0/0"));
}

TEST(Trace, GoesAsFarAsBacktrackingGoes) {
  // The second "ab" is followed by "c", and only then the last content fails.
  EXPECT_THAT(
      looks(
          "alert udp any any -> any any (content:\"ab\"; content:\"c\"; within:1; content:\"de\"; distance:0; sid:1;)",
          udp("abxabcxx")),
      ElementsAre("1 buffer payload [content \"de\", distance 0]  'xx'@6/8"));
}

TEST(Trace, OfSeveralValuesTheOneThatGotFurthest) {
  LabPacket packet = udp("x");
  packet.steps.push_back(
      {.protocol = "dns", .fields = {{"dns.query", {"abc", "abd.e", "zzz"}}, {"dns.opcode", {"0"}}}});
  EXPECT_THAT(
      looks("alert dns any any -> any any (dns.query; content:\"ab\"; content:\"e\"; endswith; content:\"q\"; sid:1;)",
            packet),
      ElementsAre("1 buffer dns.query [content \"q\"]  'abd.e'@0/5"));
  EXPECT_THAT(looks("alert dns any any -> any any (dns.query; content:\"abc\"; dns.opcode:2; sid:1;)", packet),
              ElementsAre("1 condition dns.opcode [dns.opcode = 2] 0 ''@0/0"));
}

TEST(Trace, TellsOfStateThatFlowsShareLast) {
  EXPECT_THAT(looks("alert udp any any -> any any (xbits:isset,one,track ip_src; content:\"abc\"; sid:1;)", udp("abc")),
              ElementsAre("1 condition  [xbits isset one of the source]  ''@0/0"));
}

TEST(Trace, AskingAgainAddsNothingToASet) {
  Notes notes;
  RuleLab lab;
  lab.load("alert dns any any -> any any (dns.query; dataset:set,traced-set,type string; sid:1;)");
  lab.trace(&notes);
  for (int i = 0; i < 2; i++) {
    LabPacket packet = udp("x");
    packet.steps.push_back({.tx = i, .protocol = "dns", .fields = {{"dns.query", {"abc"}}}});
    lab.run(packet);
  }
  EXPECT_THAT(notes.looks, ElementsAre("1 matched", HasSubstr("1 state dns.query [dataset set traced-set")));
}

TEST(Trace, SaysWhyAFlowNeverMadeACandidate) {
  Notes notes;
  RuleLab lab;
  lab.load(
      "alert udp any any -> any any (content:\"abc\"; sid:1;)\n"
      "alert udp any any -> any 99 (content:\"abc\"; sid:2;)\n"
      "alert tcp any any -> any any (content:\"abc\"; sid:3;)\n"
      "alert udp any any <> 10.9.9.9 any (content:\"abc\"; sid:4;)\n");
  lab.trace(&notes);
  lab.run(udp("x"));
  lab.run(flow_end());
  EXPECT_THAT(notes.over,
              testing::UnorderedElementsAre("1 its fast pattern was not seen", "2 the destination port is none of its",
                                            "3 it is for another transport protocol",
                                            HasSubstr("4 the destination address is none of its")));
}

TEST(Trace, LeavesAlertsAndCountersAsTheyAre) {
  const std::string rules =
      "alert udp any any -> any any (content:\"abc\"; content:\"x\"; sid:1;)\n"
      "alert udp any any -> any any (content:\"abc\"; pcre:\"/(a+)+z/\"; sid:2;)\n";
  RuleLab plain, traced;
  Notes notes;
  for (RuleLab* lab : {&plain, &traced}) {
    lab->load(rules);
    if (lab == &traced) lab->trace(&notes);
    lab->run(udp("abcx"));
    lab->run(udp("abc"));
  }
  EXPECT_EQ(plain.alerts(), traced.alerts());
  EXPECT_EQ(plain.counters().candidates, traced.counters().candidates);
  EXPECT_EQ(plain.counters().pcre_match_limit, traced.counters().pcre_match_limit);
  EXPECT_EQ(notes.looks.size(), 4u);
  EXPECT_EQ(notes.scanned_bytes, 7u);
}

TEST(Trace, WhoAsksForNoRuleGetsNoReasons) {
  Notes notes(false);
  RuleLab lab;
  lab.load("alert udp any any -> any any (content:\"abc\"; content:\"x\"; sid:1;)");
  lab.trace(&notes);
  lab.run(udp("abc"));
  lab.run(flow_end());
  EXPECT_THAT(notes.looks, ElementsAre("1 "));
  EXPECT_THAT(notes.over, IsEmpty());
}

}  // namespace

}  // namespace lapwing::test
