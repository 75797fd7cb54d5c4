#include "analytics/frame/alerts.h"

#include <gtest/gtest.h>

#include <string>

namespace lapwing::analytics {
namespace {

constexpr std::string_view kInside = "10.0.0.5", kInside2 = "10.0.0.6", kOutside = "198.51.100.7";
constexpr std::string_view kWeb = "Web Application Attack", kTrojan = "A Network Trojan was detected";
using Target = RuleInfo::Target;
constexpr Direction kUp = Direction::to_server, kDown = Direction::to_client;

RuleInfo rule(std::string_view category, std::string_view metadata = {}, Target target = Target::none) {
  RuleInfo out{.category = std::string(category)};
  out.target = target;
  out.text = metadata;
  if (!metadata.empty()) out.metadata = {{0, static_cast<uint32_t>(metadata.size())}};
  return out;
}

TEST(AlertsTest, WhoAttacksWhom) {
  const Surroundings surroundings{.internal = Networks({"10.0.0.0/8"}, nullptr)};
  const struct {
    std::string_view client, server;
    Direction direction;
    RuleInfo rule;
    std::string_view victim;
  } kRows[] = {
      {kOutside, kInside, kUp, rule(kWeb), kInside},
      {kInside, kOutside, kUp, rule(kWeb), kOutside},
      {kInside, kOutside, kDown, rule(kWeb), kInside},
      {kOutside, kInside, kDown, rule(kWeb), kInside},
      {kInside, kInside2, kDown, rule(kWeb), kInside2},
      {kInside, kOutside, kDown, rule(kTrojan), kOutside},
      {kInside, kInside2, kDown, rule(kWeb, "attack_target Client_Endpoint"), kInside},
      {kInside, kOutside, kDown, rule(kWeb, "attack_target Web_Server"), kOutside},
      {kInside, kOutside, kUp, rule(kWeb, "attack_target Client_and_Server"), kOutside},
      {kInside, kOutside, kUp, rule(kTrojan, "attack_target Client_Endpoint"), kOutside},
      {kInside, kOutside, kUp, rule(kTrojan, "attack_target Client_Endpoint, mitre_tactic_id TA0001"), kInside},
      {kInside, kOutside, kUp, rule(kWeb, "attack_target Web_Server", Target::source), kInside},
      {kInside, kOutside, kDown, rule(kTrojan, {}, Target::source), kOutside},
      {kInside, kOutside, kDown, rule(kTrojan, {}, Target::destination), kInside},
  };
  for (const auto& row : kRows) {
    const FlowName flow{1, *IpAddress::parse(row.client), *IpAddress::parse(row.server)};
    const AlertSeen seen = AlertSeen::of({row.rule, {}, flow, row.direction, {}}, surroundings);
    EXPECT_EQ(to_string(seen.victim), row.victim) << &row - kRows;
    EXPECT_NE(seen.actor, seen.victim);
    EXPECT_EQ(seen.attack, row.rule.category == kWeb || row.rule.text.ends_with("TA0001")) << &row - kRows;
  }
}

/// What is kept does not depend on the order, nor on how many workers there are.
TEST(AlertsTest, SumsAreBoundedTheSameWayInAnyOrder) {
  constexpr uint32_t kHosts = 3 * AlertSums::kMost, kRounds = 2;
  RuleInfo rule;
  const auto seen = [&](uint32_t host, uint32_t round) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(host >> 16), static_cast<uint8_t>(host >> 8),
                             static_cast<uint8_t>(host)};
    return AlertSeen{rule, Timestamp::from_seconds(round), IpAddress::v4(bytes), *IpAddress::parse(kOutside)};
  };
  AlertSums one(7);
  for (uint32_t round = 0; round < kRounds; ++round) {
    for (uint32_t host = 0; host < kHosts; ++host) one.add(seen(host, round));
  }
  one.cut();
  EXPECT_EQ(one.sums().size(), AlertSums::kMost);
  EXPECT_EQ(one.beyond(), kRounds * (kHosts - AlertSums::kMost));

  AlertSums parts[] = {AlertSums(7), AlertSums(7), AlertSums(7)}, sum(7);
  for (uint32_t host = kHosts; host-- > 0;) {
    for (uint32_t round = kRounds; round-- > 0;) parts[host % 2 + (host == 5)].add(seen(host, round));
  }
  for (AlertSums& part : parts) sum += std::move(part);
  sum.cut();
  EXPECT_EQ(sum.beyond(), one.beyond());
  ASSERT_EQ(sum.sums().size(), one.sums().size());
  for (auto mine = one.sums().begin(), theirs = sum.sums().begin(); mine != one.sums().end(); ++mine, ++theirs) {
    ASSERT_EQ(mine->first, theirs->first);
    ASSERT_EQ(mine->second.count, kRounds);
    ASSERT_EQ(theirs->second.count, kRounds);
    ASSERT_EQ(theirs->second.last.seconds(), kRounds - 1);
  }
}

}  // namespace
}  // namespace lapwing::analytics
