#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <list>
#include <utility>

#include "signatures/parse/parse.h"

namespace lapwing {
namespace {

struct Parsed {
  std::vector<RuleTree> rules;
  std::vector<RuleMessage> messages;
  std::list<std::string> texts = {};  // what the rules view
};

/// A rule that outlives its line.
RuleTree kept(RuleTree rule, std::list<std::string>& texts) {
  const std::string& copy = texts.emplace_back(rule.text);
  const std::string_view line = std::exchange(rule.text, copy);
  for (RuleOption& option : rule.options) {
    for (std::string_view* part : {&option.name, &option.value}) {
      if (part->data()) *part = {copy.data() + (part->data() - line.data()), part->size()};
    }
  }
  return rule;
}

Parsed parse(std::string_view text) {
  static const std::string kPlace = "t.rules";  // the places of options refer to it
  Parsed out;
  parse_rules(text, kPlace, out.messages, [&](const RuleTree& rule) { out.rules.push_back(kept(rule, out.texts)); });
  return out;
}

std::string place(const SourceMark& mark) {
  return to_string(mark);
}

/// The message of a rule that must fail, as "line:column option text".
std::string rule_fault(std::string_view text) {
  Parsed out = parse(text);
  EXPECT_TRUE(out.rules.empty()) << text;
  if (out.messages.size() != 1) return "messages: " + std::to_string(out.messages.size());
  const RuleMessage& m = out.messages[0];
  EXPECT_EQ(m.level, RuleMessage::Level::error);
  return std::to_string(m.mark.line) + ":" + std::to_string(m.mark.column) + " " + m.option + "|" + m.text;
}

TEST(ParseRule, ReadsHeaderAndOptions) {
  auto [rules, messages, texts] =
      parse(R"(alert http $HOME_NET any -> [10.0.0.1,!$DMZ] !80 (msg:"a rule"; content:"x"; nocase; sid:7; rev:2;))");
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_TRUE(messages.empty());
  const RuleTree& rule = rules[0];
  EXPECT_EQ(rule.action, Action::alert);
  EXPECT_EQ(rule.protocol, "http");
  EXPECT_EQ(rule.src.kind, ListNode::Kind::variable);
  EXPECT_EQ(rule.src.text, "HOME_NET");
  EXPECT_EQ(rule.src_port.kind, ListNode::Kind::any);
  ASSERT_EQ(rule.dst.items.size(), 2u);
  EXPECT_EQ(rule.dst.items[0].text, "10.0.0.1");
  EXPECT_TRUE(rule.dst.items[1].negated);
  EXPECT_EQ(rule.dst.items[1].text, "DMZ");
  EXPECT_TRUE(rule.dst_port.negated);
  EXPECT_EQ(rule.dst_port.text, "80");
  ASSERT_EQ(rule.options.size(), 5u);
  EXPECT_EQ(rule.options[0].name, "msg");
  EXPECT_EQ(rule.options[0].value, "\"a rule\"");
  EXPECT_EQ(rule.options[2].name, "nocase");
  EXPECT_FALSE(rule.options[2].has_value);
  EXPECT_TRUE(rule.options[4].has_value);
}

TEST(ParseRule, KnowsEveryActionAndDirectionInAnyCase) {
  auto [rules, messages, texts] = parse(
      "alert tcp any any -> any any (sid:1;)\npass tcp any any <> any any (sid:2;)\ndrop tcp any any => any any "
      "(sid:3;)\n"
      "reject tcp any any -> any any (sid:4;)\nrejectsrc tcp any any -> any any (sid:5;)\n"
      "rejectdst tcp any any -> any any (sid:6;)\nrejectboth tcp any any -> any any (sid:7;)\n"
      "config tcp any any -> any any (sid:8;)\nALERT TCP-pkt any any -> any any (sid:9;)\n"
      "pass:flow http1:request_headers any any -> any any (sid:10;)\n");
  ASSERT_EQ(rules.size(), 10u);
  EXPECT_TRUE(messages.empty());
  Action actions[] = {Action::alert,      Action::pass,        Action::drop,   Action::reject, Action::reject_src,
                      Action::reject_dst, Action::reject_both, Action::config, Action::alert,  Action::pass};
  for (size_t i = 0; i < rules.size(); ++i) EXPECT_EQ(rules[i].action, actions[i]) << i;
  EXPECT_EQ(rules[0].direction, RuleDirection::one_way);
  EXPECT_EQ(rules[1].direction, RuleDirection::both_ways);
  EXPECT_EQ(rules[2].direction, RuleDirection::transactional);
  EXPECT_EQ(rules[8].protocol, "tcp-pkt");
  EXPECT_EQ(rules[9].protocol, "http1:request_headers");
  EXPECT_EQ(rules[9].action_scope, "flow");
}

TEST(ParseRule, SplitsOptionsAtUnescapedSemicolonsWhateverTheQuotes) {
  auto [rules, messages, texts] =
      parse(R"(alert tcp any any -> any any (msg:"a\;b: c"; content : !"x:y" ; pcre:"/a\;[:]/R"; sid : 1 ;))");
  ASSERT_EQ(rules.size(), 1u);
  const auto& options = rules[0].options;
  ASSERT_EQ(options.size(), 4u);
  EXPECT_EQ(options[0].value, R"("a\;b: c")");
  EXPECT_EQ(options[1].name, "content");
  EXPECT_EQ(options[1].value, R"(!"x:y")");
  EXPECT_EQ(options[2].value, R"("/a\;[:]/R")");
  EXPECT_EQ(options[3].value, "1");
  auto cut = parse(R"(alert tcp any any -> any any (content:"a;b"; sid:1;))");
  ASSERT_EQ(cut.rules.size(), 1u);  // what "b" then is, the keyword table says
  ASSERT_EQ(cut.rules[0].options.size(), 3u);
  EXPECT_EQ(cut.rules[0].options[0].value, "\"a");
  EXPECT_EQ(cut.rules[0].options[1].name, "b\"");
}

TEST(ParseRule, KeepsParensWithinValues) {
  auto [rules, messages, texts] = parse(R"x(alert tcp any any -> any any (msg:"(a) b)"; pcre:"/(x)/"; sid:1;)  )x");
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0].options[0].value, "\"(a) b)\"");
  EXPECT_EQ(rules[0].options[1].value, "\"/(x)/\"");
}

TEST(ParseRule, MarksEveryPartExactly) {
  auto [rules, messages, texts] =
      parse("# first\n\nalert tcp  [1.1.1.1, !2.2.2.2] any -> any 80 (msg:  \"x\"; sid:1;)\n");
  ASSERT_EQ(rules.size(), 1u);
  const RuleTree& rule = rules[0];
  EXPECT_EQ(place(rule.mark), "t.rules:3:1");
  EXPECT_EQ(place(rule.src.mark), "t.rules:3:12");
  EXPECT_EQ(place(rule.src.items[1].mark), "t.rules:3:22");
  EXPECT_EQ(place(rule.dst_port.mark), "t.rules:3:43");
  EXPECT_EQ(place(rule.options[0].mark), "t.rules:3:47");
  EXPECT_EQ(place(rule.options[0].value_mark), "t.rules:3:53");
  EXPECT_EQ(place(rule.options[1].mark), "t.rules:3:58");
}

TEST(ParseRule, JoinsContinuedLinesAndKeepsTheirPlaces) {
  auto [rules, messages, texts] = parse(
      "alert tcp any any -> any any ( \\\r\n  msg:\"one \\ \r\ntwo\"; \\\r\n\\\r\n    sid:1;)\r\nalert tcp any any -> "
      "any any (sid:2;)");
  ASSERT_EQ(rules.size(), 2u);
  ASSERT_EQ(rules[0].options.size(), 2u);
  EXPECT_EQ(rules[0].options[0].value, "\"one two\"");
  EXPECT_EQ(place(rules[0].options[0].mark), "t.rules:2:3");
  EXPECT_EQ(place(rules[0].options[1].mark), "t.rules:5:5");
  EXPECT_EQ(place(rules[0].options[1].value_mark), "t.rules:5:9");
  EXPECT_EQ(rules[0].text.find('\\'), std::string::npos);
  for (const RuleOption& option : rules[0].options) {
    EXPECT_EQ(rules[0].text.substr(option.value_at, option.value.size()), option.value);
  }
  EXPECT_EQ(place(rules[1].mark), "t.rules:6:1");
}

TEST(ParseRule, SkipsCommentsDisabledRulesAndBlankLines) {
  auto [rules, messages, texts] = parse(
      "\xef\xbb\xbf# c\r\n#alert tcp any any -> any any (sid:1;)\n   \n  # alert \\\n; old comment\nalert tcp any any "
      "-> any any (sid:2;)\n");
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_TRUE(messages.empty());
  EXPECT_EQ(rules[0].mark.line, 6u);
}

TEST(ParseRule, LeavesOutOnlyTheFaultyRule) {
  auto [rules, messages, texts] = parse(
      "alert tcp any any -> any any (sid:1;)\nalert tcp any any -> any (sid:2;)\nalert tcp any any -> any any "
      "(sid:3;)\n");
  ASSERT_EQ(rules.size(), 2u);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].sid, 2u);
  EXPECT_EQ(place(messages[0].mark), "t.rules:2:26");
}

TEST(ParseRule, SaysWhatIsWrongAndWhere) {
  EXPECT_TRUE(rule_fault("allert tcp any any -> any any (sid:1;)").starts_with("1:1 |'allert' is not an action"));
  EXPECT_TRUE(rule_fault("alert tcp any any <- any any (sid:1;)").starts_with("1:19 |'<-' is not a direction"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any").starts_with("1:29 |the rule has no options"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any ()").starts_with("1:31 |the rule has no options"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any sid:1;)").starts_with("1:30 |'(' is expected"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any (msg:\"x\";)").starts_with("1:1 sid|the rule has no sid"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any (sid:1)").starts_with("1:31 sid|the option is not ended"));
  EXPECT_TRUE(
      rule_fault("alert tcp any any -> any any (sid:1;;)").starts_with("1:37 |the name of an option is missing"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any (sid:0;)").starts_with("1:35 sid|'0' is not a sid"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any (sid:4294967296;)").starts_with("1:35 sid|"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any (sid:\"1\";)").starts_with("1:35 sid|"));
  EXPECT_TRUE(rule_fault("alert tcp any any -> any any (sid:1; sid:1;)").starts_with("1:38 sid|sid is given twice"));
  EXPECT_TRUE(
      rule_fault("alert tcp any any -> any any (sid:1; rev:1; rev:2;)").starts_with("1:45 rev|rev is given twice"));
  EXPECT_TRUE(rule_fault("alert tcp [1.1.1.1 any -> any any (sid:1;)").starts_with("1:20 |a ',' or ']' is expected"));
  EXPECT_TRUE(rule_fault("alert tcp 1.1.1.1] any -> any any (sid:1;)").starts_with("1:18 |']' without its '['"));
  EXPECT_TRUE(
      rule_fault("alert tcp [1.1.1.1,,2.2.2.2] any -> any any (sid:1;)").starts_with("1:20 |a value is missing"));
  EXPECT_TRUE(rule_fault("alert tcp !!1.1.1.1 any -> any any (sid:1;)").starts_with("1:12 |'!' twice"));
  EXPECT_TRUE(
      rule_fault("alert tcp any any -> any any (sid:1;) # note").starts_with("1:37 |text after the closing ')'"));
}

TEST(ParseRule, TakesAMissingParenWithAWarning) {
  auto [rules, messages, texts] = parse("alert tcp any any -> any any (sid:18;");
  EXPECT_EQ(rules.size(), 1u);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].level, RuleMessage::Level::warning);
  EXPECT_EQ(messages[0].sid, 18u);
}

TEST(ParseRule, RefusesListsNestedBeyondTheLimit) {
  std::string deep(100, '['), close(100, ']');
  EXPECT_NE(rule_fault("alert tcp " + deep + "1.1.1.1" + close + " any -> any any (sid:1;)").find("64 levels"),
            std::string::npos);
}

class RuleFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("lapwing_rules_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string path(const char* name) const { return (folder_ / name).string(); }
  void write(const char* name, const std::string& text) { std::ofstream(path(name)) << text; }

  std::filesystem::path folder_;
};

TEST_F(RuleFiles, ReadsADirectorySortedByNameAndGzip) {
  write("b.rules", "alert tcp any any -> any any (sid:2;)\n");
  write("a.rules", "alert tcp any any -> any any (sid:1;)\nbad\n");
  write("c.txt", "not rules");
  gzFile gz = gzopen(path("c.rules.gz").c_str(), "wb");
  gzputs(gz, "alert tcp any any -> any any (sid:3;)\n");
  gzclose(gz);
  std::vector<RuleMessage> messages;
  std::vector<std::string> files;
  read_rules(folder_.string(), messages, [&](const RuleTree& rule) { files.push_back(*rule.mark.file); });
  ASSERT_EQ(files.size(), 3u);
  EXPECT_EQ(files[0], path("a.rules"));
  EXPECT_EQ(files[2], path("c.rules.gz"));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(place(messages[0].mark), path("a.rules") + ":2:1");
}

TEST_F(RuleFiles, ReadsInPiecesWhatItReadsAsAWhole) {
  std::string text = "\xef\xbb\xbf";
  for (int i = 1; i <= 9000; ++i) {
    const std::string sid = std::to_string(i);
    text += "alert tcp any any -> any any (msg:\"" + std::string(static_cast<size_t>(i % 97), 'm') + "\"; ";
    text += i % 3 == 0 ? "\\\n  " : "";
    text += i % 5 == 0 ? "\\\n\\\n" : "";
    if (i % 4000 == 0) text += "content:\"" + std::string(600'000, 'c') + "\"; ";
    text += "sid:" + sid + ";)" + (i % 7 == 0 ? "\r\n" : "\n") + (i % 11 == 0 ? "# a comment\n\n" : "");
  }
  text += "alert tcp any any -> any any (sid:9001;) \\";
  ASSERT_GT(text.size(), 2'000'000u);
  write("a.rules", text);
  auto list = [](std::vector<std::string>& out) {
    return [&out](const RuleTree& rule) {
      const RuleOption& last = rule.options.back();
      out.push_back(place(rule.mark) + place(last.mark) + place(last.value_mark) + std::string(rule.text));
    };
  };
  std::vector<RuleMessage> messages;
  std::vector<std::string> whole, pieces;
  parse_rules(text, path("a.rules"), messages, list(whole));
  read_rules(path("a.rules"), messages, list(pieces));
  EXPECT_TRUE(messages.empty());
  EXPECT_EQ(whole.size(), 9001u);
  EXPECT_EQ(pieces, whole);
}

TEST_F(RuleFiles, RefusesUnreadableAndDamagedFiles) {
  std::vector<RuleMessage> messages;
  EXPECT_THROW(read_rules(path("none.rules"), messages, [](const RuleTree&) {}), SettingError);
  gzFile gz = gzopen(path("d.rules.gz").c_str(), "wb");
  for (int i = 0; i < 5000; ++i) gzprintf(gz, "alert tcp any any -> any any (sid:%d;)\n", i * 7919 + 1);
  gzclose(gz);
  std::filesystem::resize_file(path("d.rules.gz"), std::filesystem::file_size(path("d.rules.gz")) / 2);
  EXPECT_THROW(read_rules(path("d.rules.gz"), messages, [](const RuleTree&) {}), SettingError);
}

}  // namespace
}  // namespace lapwing
