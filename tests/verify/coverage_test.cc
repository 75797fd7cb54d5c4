#include <gtest/gtest.h>

#include "sensor/verify/report.h"

namespace lapwing::verify {
namespace {

const std::vector<Claim> kClaims = {{"beacon", {"T1071.001", "T1571"}}, {"scan", {"T1046"}}, {"flood", {"T1498"}}};

std::vector<CaseResult> results() {
  return {
      {.name = "one", .status = Status::passed, .attack = {"T1071.001"}, .behaviours = {"beacon"}},
      {.name = "two", .status = Status::failed, .attack = {"T1571"}, .behaviours = {"beacon"}},
      {.name = "three",
       .status = Status::passed,
       .attack = {"T1046"},
       .behaviours = {"scan:vertical"},
       .generated = true},
      {.name = "four", .status = Status::passed, .attack = {"T1498"}, .behaviours = {"floods"}, .generated = true},
      {.name = "five", .status = Status::skipped, .attack = {"T1000"}},
  };
}

TEST(Gaps, AreClaimsWithoutAPassedTestOfTheDetector) {
  std::vector<std::string> gaps;
  for (const Gap& gap : gaps_of(kClaims, results())) gaps.push_back(gap.detector + " " + gap.technique);
  EXPECT_EQ(gaps, (std::vector<std::string>{"beacon T1571", "flood T1498"}));
  EXPECT_EQ(gaps_of(kClaims, {}).size(), 4u);
  EXPECT_TRUE(gaps_of({}, results()).empty());
}

TEST(Layer, ScoresByWhatWasShown) {
  const Json layer = Json::parse(to_layer(kClaims, results()));
  std::map<std::string, int> scores;
  for (const Json& one : layer["techniques"]) scores[one["techniqueID"]] = one["score"];
  EXPECT_EQ(scores, (std::map<std::string, int>{{"T1046", 70}, {"T1071.001", 100}, {"T1498", 70}, {"T1571", 0}}));
  EXPECT_EQ(layer["versions"], Json::parse(R"({"attack":"18","navigator":"5.2.0","layer":"4.5"})"));
  const Json none = Json::parse(to_layer(kClaims, {}));
  for (const Json& one : none["techniques"]) EXPECT_EQ(one["score"], 40);
}

TEST(Junit, HasNoCharacterThatXmlHasNot) {
  CaseResult result{.name = "a <b> & \"c\"\x01", .file = "t.yaml", .status = Status::failed};
  result.rows.push_back({.title = "x", .status = Status::failed, .key = "k", .expected = "\xff", .value = "]]>"});
  const std::string text = to_junit(std::span(&result, 1));
  EXPECT_NE(text.find("name=\"a &lt;b&gt; &amp; &quot;c&quot;\\u0001\""), std::string::npos);
  EXPECT_EQ(text.find('\x01'), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos);
  EXPECT_NE(text.find("found ]]&gt;"), std::string::npos);
}

}  // namespace
}  // namespace lapwing::verify
