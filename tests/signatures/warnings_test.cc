// What is legal in a rule and yet cannot be meant: told with its place; and what only looks like it: not told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "signatures/compile/rule_compiler.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::vector<RuleMessage> judged(std::string_view rules, RuleLab& lab) {
  RuleCompiler compiler(lab.environment, lab.config, lab.messages);
  compiler.judge();
  parse_rules(rules, "lab.rules", lab.messages, [&](const RuleTree& tree) { compiler.add(tree); });
  lab.rules = compiler.finish();
  return lab.messages;
}

std::vector<RuleMessage> judged(std::string_view rules) {
  RuleLab lab;
  return judged(rules, lab);
}

void expect_silence(std::string_view rules) {
  for (const RuleMessage& message : judged(rules)) ADD_FAILURE() << rules << ": " << message.text;
}

/// The rule's one warning is at this option and says this.
void expect_warning(std::string_view rule, std::string_view option, std::string_view text, std::string_view at) {
  auto messages = judged(rule);
  ASSERT_EQ(messages.size(), 1u) << rule << (messages.empty() ? "" : ": " + messages.back().text);
  EXPECT_EQ(messages[0].level, RuleMessage::Level::warning);
  EXPECT_EQ(messages[0].option, option);
  EXPECT_EQ(messages[0].sid, 1u);
  EXPECT_THAT(messages[0].text, HasSubstr(std::string(text)));
  EXPECT_EQ(messages[0].mark.column, rule.find(at) + 1) << messages[0].text;
  EXPECT_EQ(messages[0].mark.line, 1u);
  EXPECT_EQ(messages[0].mark.file, "lab.rules");
}

TEST(Warnings, LinesThatAreNoRulesAreCountedAsFaults) {
  RuleLab lab;
  judged("<html>\n<title>404</title>\nalert tcp any any -> any any (sid:0;)\nalert tcp any any -> any any (sid:1;)\n",
         lab);
  EXPECT_EQ(lab.rules->counts().loaded, 1u);
  EXPECT_EQ(lab.rules->counts().failed, 3u);
}

TEST(Warnings, ALaterRevisionLeavesNothingUnsupported) {
  RuleLab lab;
  judged("alert tcp any any -> any any (sid:1; rev:2;)\nalert tcp any any -> any any (sid:1; rev:1;)\n", lab);
  EXPECT_EQ(lab.rules->counts().older, 1u);
  EXPECT_EQ(lab.rules->counts().skipped, 0u);
}

TEST(Warnings, SuppressionsOfWhatIsNotThere) {
  RuleLab lab;
  lab.environment.thresholds = parse_thresholds("suppress gen_id 1, sig_id 7\nsuppress gen_id 1, sig_id 1\n", "t",
                                                lab.environment.threshold_faults);
  const auto messages = judged("alert tcp any any -> any any (sid:1;)\n", lab);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].text, "no rule has sid 7") << "its place is told beside it";
}

TEST(Warnings, LinesOfAThresholdFileThatCannotBeReadAreFaultsAndLeftOut) {
  RuleLab lab;
  lab.environment.thresholds =
      parse_thresholds("suppress gen_id 1\nsuppress gen_id 1, sig_id 1\n", "t", lab.environment.threshold_faults);
  const auto messages = judged("alert tcp any any -> any any (sid:1;)\n", lab);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].level, RuleMessage::Level::error);
  EXPECT_EQ(to_string(messages[0].mark), "t:1:1");
  EXPECT_EQ(lab.rules->counts().loaded, 1u);
  EXPECT_EQ(lab.rules->counts().failed, 1u);
}

TEST(Warnings, StateThatNoRuleSets) {
  expect_warning("alert tcp any any -> any any (flowbits:isset,one; sid:1;)", "flowbits", "sets flowbit 'one'",
                 "isset,one");
  expect_warning("alert tcp any any -> any any (flowbits:isnotset,one; sid:1;)", "flowbits", "'one'", "isnotset,one");
  expect_warning("alert ip any any -> any any (xbits:isset,one,track ip_src; sid:1;)", "xbits", "xbit 'one'",
                 "isset,one");
  expect_warning("alert ip any any -> any any (hostbits:isset,one; sid:1;)", "hostbits", "hostbit 'one'", "isset,one");
  expect_warning("alert tcp any any -> any any (flowint:n,>,3; sid:1;)", "flowint", "flowint 'n'", "n,>,3");
  expect_warning("alert tcp any any -> any any (flowvar:v,\"x\"; sid:1;)", "flowvar", "captures variable 'v'",
                 "v,\"x\"");
}

TEST(Warnings, StateThatSomeRuleSets) {
  expect_silence(
      "alert tcp any any -> any any (content:\"abc\"; flowbits:set,one; noalert; sid:1;)\n"
      "alert tcp any any -> any any (flowbits:isset,one; sid:2;)\n"
      "alert tcp any any -> any any (flowbits:toggle,two; flowint:n,+,1; sid:3;)\n"
      "alert tcp any any -> any any (flowbits:isset,one|two; flowint:n,>,3; sid:4;)\n"
      "alert tcp any any -> any any (pcre:\"/(abc)/,flow:v\"; sid:5;)\n"
      "alert tcp any any -> any any (flowvar:v,\"x\"; sid:6;)\n");
}

TEST(Warnings, TakingABitAwaySetsNothing) {
  auto messages = judged(
      "alert tcp any any -> any any (flowbits:unset,one; sid:1;)\n"
      "alert tcp any any -> any any (flowbits:isset,one; sid:2;)\n");
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].sid, 2u);
  EXPECT_EQ(messages[0].mark.line, 2u);
}

TEST(Warnings, AFlowbitAndAnXbitOfOneNameAreTwo) {
  auto messages = judged(
      "alert tcp any any -> any any (flowbits:set,one; sid:1;)\n"
      "alert ip any any -> any any (xbits:isset,one,track ip_src; sid:2;)\n");
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].option, "xbits");
}

TEST(Warnings, TellsWhenTheRuleThatSetsWasLeftOut) {
  auto messages = judged(
      "alert smb any any -> any any (content:\"abc\"; flowbits:set,one; sid:1;)\n"
      "alert tcp any any -> any any (flowbits:isset,one; sid:2;)\n");
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].sid, 1u);
  EXPECT_THAT(messages[1].text, HasSubstr("left out"));
}

TEST(Warnings, ARuleThatDoesNothing) {
  expect_warning("alert tcp any any -> any any (content:\"abc\"; flowbits:set,one; noalert; sid:1;)", "flowbits",
                 "no loaded rule reads flowbit 'one'", "set,one");
  expect_silence("alert tcp any any -> any any (content:\"abc\"; flowbits:set,one; sid:1;)");
  expect_silence("alert tcp any any -> any any (content:\"abc\"; flowbits:set,one; bypass; noalert; sid:1;)");
  expect_silence("alert tcp any any -> any any (content:\"abc\"; flowbits:set,one; noalert; tag:session; sid:1;)");
  expect_silence("alert tcp any any -> any any (pcre:\"/(abc)/,flow:v\"; noalert; sid:1;)");
}

TEST(Warnings, BytesThatABufferNeverHas) {
  expect_warning("alert http any any -> any any (http.uri; to_lowercase; content:\"/Abc\"; sid:1;)", "content",
                 "never match; write it in lower case", "\"/Abc\"");
  expect_warning("alert http any any -> any any (http.uri; to_uppercase; content:\"ABc\"; sid:1;)", "content",
                 "write it in upper case", "\"ABc\"");
  expect_warning("alert http any any -> any any (http.host; dotprefix; content:\".Abc\"; sid:1;)", "content",
                 "http.host after dotprefix", "\".Abc\"");
  expect_warning("alert http any any -> any any (http.uri; strip_whitespace; content:\"a b\"; sid:1;)", "content",
                 "leave that byte out", "\"a b\"");
  expect_warning("alert http any any -> any any (http.uri; content:\"x\"; to_lowercase; content:!\"A\"; sid:1;)",
                 "content", "always absent", "!\"A\"");
  expect_silence("alert http any any -> any any (http.uri; to_lowercase; content:\"/Abc\"; nocase; sid:1;)");
  expect_silence("alert http any any -> any any (http.uri; to_uppercase; content:\"abc\"; nocase; sid:1;)");
  expect_silence("alert http any any -> any any (http.host; dotprefix; content:\".abc\"; sid:1;)");
  expect_silence("alert http any any -> any any (http.uri; to_lowercase; xor:\"0d\"; content:\"ABC\"; sid:1;)");
  expect_silence("alert http any any -> any any (http.uri; to_lowercase; to_md5; content:\"ABC\"; sid:1;)");
  expect_silence("alert http any any -> any any (http.uri; header_lowercase; content:\"a: B\"; sid:1;)");
}

TEST(Warnings, PlacesThatDoNotFitTheSize) {
  expect_warning("alert http any any -> any any (http.uri; content:\"abcd\"; offset:7; bsize:10; sid:1;)", "offset",
                 "ends at byte 11", "7; bsize");
  expect_warning(
      "alert http any any -> any any (http.uri; content:\"abc\"; content:\"def\"; distance:5; bsize:<11; sid:1;)",
      "distance", "ends at byte 11", "5; bsize");
  expect_warning("alert http any any -> any any (http.uri; to_md5; content:\"abcd\"; offset:14; sid:1;)", "offset",
                 "ends at byte 18", "14; sid");
  expect_warning("alert udp any any -> any any (content:\"abcd\"; offset:7; dsize:<11; sid:1;)", "offset",
                 "ends at byte 11", "7; dsize");
  expect_warning("alert udp any any -> any any (content:\"abcdef\"; dsize:5; sid:1;)", "content", "ends at byte 6",
                 "\"abcdef\"");
  expect_warning("alert http any any -> any any (http.uri; content:\"abc\"; startswith; endswith; bsize:>3; sid:1;)",
                 "endswith", "at least 4", "endswith;");
  expect_warning("alert http any any -> any any (http.uri; content:\"abc\"; depth:9; endswith; bsize:>9; sid:1;)",
                 "endswith", "at least 10", "endswith;");
  expect_warning("alert http any any -> any any (http.uri; content:\"a\"; bsize:>9; bsize:<5; sid:1;)", "bsize",
                 "at least 10 and at most 4", "<5");
  expect_warning("alert http any any -> any any (http.uri; to_sha1; content:\"a\"; bsize:32; sid:1;)", "bsize",
                 "http.uri after to_sha1", "32; sid");
}

TEST(Warnings, PlacesThatFitTheSize) {
  expect_silence("alert http any any -> any any (http.uri; content:\"abcd\"; offset:6; bsize:10; sid:1;)");
  expect_silence(
      "alert http any any -> any any (http.uri; content:\"abc\"; content:\"def\"; distance:4; bsize:<11; sid:1;)");
  expect_silence(
      "alert http any any -> any any (http.uri; content:\"abc\"; content:\"bcd\"; distance:-2; bsize:4; sid:1;)");
  expect_silence("alert http any any -> any any (http.uri; content:\"abc\"; content:\"abc\"; bsize:3; sid:1;)");
  expect_silence(
      "alert http any any -> any any (http.uri; content:\"abc\"; content:!\"xyz\"; offset:3; bsize:3; sid:1;)");
  expect_silence("alert http any any -> any any (http.uri; content:\"abc\"; startswith; endswith; bsize:3; sid:1;)");
  expect_silence("alert http any any -> any any (http.uri; content:\"abc\"; endswith; bsize:>9; sid:1;)");
  expect_silence("alert udp any any -> any any (content:\"abcd\"; offset:6; dsize:<11; sid:1;)");
  expect_silence("alert udp any any -> any any (content:\"abcdef\"; dsize:!5; sid:1;)");
  expect_silence(
      "alert udp any any -> any any (content:\"abc\"; byte_jump:1,0,relative; content:\"def\"; distance:0; dsize:6; "
      "sid:1;)");
  expect_silence(
      "alert http any any -> any any (http.uri; absent:or_else; content:\"abcd\"; offset:7; bsize:10; sid:1;)");
}

TEST(Warnings, ContentsThatContradictEachOther) {
  expect_warning("alert udp any any -> any any (content:\"abc\"; startswith; content:\"abd\"; startswith; sid:1;)",
                 "content", "contradicts \"abc\"", "\"abd\"");
  expect_warning("alert udp any any -> any any (content:\"abc\"; startswith; content:\"x\"; offset:1; depth:1; sid:1;)",
                 "content", "contradicts \"abc\"", "\"x\"");
  expect_warning(
      "alert http any any -> any any (http.uri; content:\"abc\"; endswith; content:\"bd\"; endswith; sid:1;)",
      "content", "at the end", "\"bd\"");
  expect_warning("alert udp any any -> any any (content:\"abc\"; content:!\"b\"; sid:1;)", "content", "which has it",
                 "!\"b\"");
  expect_warning("alert udp any any -> any any (content:\"ABC\"; content:!\"b\"; nocase; sid:1;)", "content",
                 "which has it", "!\"b\"");
  expect_silence("alert udp any any -> any any (content:\"abc\"; startswith; content:\"ab\"; startswith; sid:1;)");
  expect_silence(
      "alert udp any any -> any any (content:\"abc\"; startswith; content:\"AB\"; startswith; nocase; sid:1;)");
  expect_silence(
      "alert udp any any -> any any (content:\"abc\"; startswith; content:\"x\"; offset:3; depth:1; sid:1;)");
  expect_silence(
      "alert udp any any -> any any (content:\"abc\"; startswith; content:\"x\"; offset:1; depth:2; sid:1;)");
  expect_silence(
      "alert http any any -> any any (http.uri; content:\"abc\"; endswith; content:\"bc\"; endswith; sid:1;)");
  expect_silence("alert udp any any -> any any (content:\"abc\"; content:!\"b\"; distance:0; sid:1;)");
  expect_silence("alert udp any any -> any any (content:\"abc\"; content:!\"b\"; offset:3; sid:1;)");
  expect_silence("alert udp any any -> any any (content:\"ABC\"; nocase; content:!\"b\"; sid:1;)");
  expect_silence("alert http any any -> any any (http.uri; content:\"abc\"; http.method; content:!\"b\"; sid:1;)");
  expect_silence("alert dns any any -> any any (dns.query; content:\"abc\"; dns.query; content:!\"b\"; sid:1;)");
}

TEST(Warnings, VariablesThatNothingReads) {
  expect_warning("alert udp any any -> any any (content:\"abc\"; byte_extract:1,0,size; sid:1;)", "byte_extract",
                 "'size'", "1,0,size");
  expect_warning("alert udp any any -> any any (byte_math:bytes 1,offset 0,oper +,rvalue 3,result sum; sid:1;)",
                 "byte_math", "'sum'", "bytes 1");
  expect_silence("alert udp any any -> any any (byte_extract:1,0,size; content:\"abc\"; depth:size; sid:1;)");
  expect_silence(
      "alert udp any any -> any any (byte_extract:1,0,a; byte_math:bytes 1,offset 0,oper +,rvalue a,result b; "
      "isdataat:b; sid:1;)");
}

TEST(Warnings, VariablesOfTheConfigurationThatNoRuleUses) {
  RuleLab lab;
  auto define = [&](const char* name, const char* text, bool ports) {
    auto& variables = lab.environment.variables;
    (ports ? variables.port_groups : variables.address_groups)[name] = text;
    variables.written.push_back({name, ports, {"lapwing.yaml", 3, 5}});
  };
  define("USED", "[10.0.0.1,$INNER]", false);
  define("INNER", "10.0.0.2", false);
  define("UNUSED", "10.0.0.3", false);
  define("WEB", "[80,$MORE]", true);
  define("MORE", "8080", true);
  define("OTHER", "99", true);
  lab.environment.variables.address_groups["DEFAULT"] = "10.0.0.4";
  auto messages = judged("alert tcp !$USED any -> any [$WEB,99] (content:\"abc\"; sid:1;)", lab);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].option, "UNUSED");
  EXPECT_EQ(messages[1].option, "OTHER");
  EXPECT_EQ(messages[0].mark.file, "lapwing.yaml");
  EXPECT_EQ(messages[0].level, RuleMessage::Level::warning);
}

TEST(Warnings, TheSameSidTwice) {
  auto messages = judged(
      "alert udp any any -> any any (content:\"abc\"; sid:1; rev:2;)\n"
      "alert udp any any -> any any (content:\"abc\"; sid:1; rev:1;)\n"
      "alert udp any any -> any any (content:\"abc\"; byte_extract:1,0,x; sid:2; rev:1;)\n"
      "alert udp any any -> any any (content:\"abc\"; sid:2; rev:2;)\n"
      "alert udp any any -> any any (content:\"abc\"; sid:1; rev:2;)\n"
      "alert udp any any -> any any (content:\"abc\"; gid:2; sid:1; rev:2;)\n");
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0].mark.line, 2u);
  EXPECT_THAT(messages[0].text, HasSubstr("revision 2 of this sid is loaded instead, from lab.rules:1:1"));
  EXPECT_EQ(messages[0].level, RuleMessage::Level::warning);
  EXPECT_EQ(messages[1].mark.line, 3u) << "what is wrong with a rule that was replaced does not matter";
  EXPECT_THAT(messages[1].text, HasSubstr("from lab.rules:4:1"));
  EXPECT_EQ(messages[2].mark.line, 5u);
  EXPECT_EQ(messages[2].level, RuleMessage::Level::error);
}

TEST(Warnings, NothingIsJudgedWhereNobodyAsked) {
  RuleLab lab;
  lab.load("alert tcp any any -> any any (flowbits:isset,one; sid:1;)");
  EXPECT_THAT(lab.messages, IsEmpty());
}

}  // namespace

}  // namespace lapwing::test
