// Which rules are looked for between which addresses.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "signatures/program/compiled.h"
#include "tests/signatures/rule_lab.h"

namespace lapwing::test {
namespace {

constexpr const char* kHome = "[192.168.0.0/16,10.0.0.0/8,fd00::/8]";
constexpr const char* kExternal = "![192.168.0.0/16,10.0.0.0/8,fd00::/8]";

std::shared_ptr<const rules::Compiled> compile(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string text;
  size_t sid = 0;
  for (const auto& [src, dst] : headers) {
    text += "alert tcp " + src + " any -> " + dst + " any (content:\"x\"; sid:" + std::to_string(++sid) + ";)\n";
  }
  RuleLab lab;
  lab.load(text);
  return std::static_pointer_cast<const rules::Compiled>(lab.rules);
}

const rules::Rule& rule(const rules::Compiled& rules, uint32_t sid) {
  return **std::ranges::find_if(rules.all, [&](const auto& rule) { return rule->info->sid == sid; });
}

IpAddress address(const char* text) {
  return *IpAddress::parse(text);
}

TEST(AddressClasses, RulesBetweenTwoSidesAreLookedForThereAlone) {
  const auto rules =
      compile({{kHome, kExternal}, {kExternal, kHome}, {kHome, "any"}, {"any", "any"}, {"10.1.0.0/16", kHome}});
  const rules::AddressClasses& classes = rules->classes;
  const size_t in_out = classes.of(address("192.168.9.9"), address("1.2.3.4"));
  const size_t out_in = classes.of(address("2001:db8::1"), address("fd00::1"));
  const size_t in_in = classes.of(address("10.255.255.255"), address("192.168.0.0"));
  EXPECT_EQ(classes.of(rule(*rules, 1)), 1u << in_out);
  EXPECT_EQ(classes.of(rule(*rules, 2)), 1u << out_in);
  EXPECT_EQ(classes.of(rule(*rules, 3)), 1u << in_out | 1u << in_in);
  EXPECT_EQ(classes.of(rule(*rules, 4)), 15u);
  EXPECT_EQ(classes.of(rule(*rules, 5)), 1u << in_in);
}

TEST(AddressClasses, WithoutAddressesThereIsOneClass) {
  const auto rules = compile({{"any", "any"}});
  EXPECT_EQ(rules->classes.of(address("10.0.0.1"), address("1.2.3.4")), 0u);
  EXPECT_EQ(rules->classes.of(rule(*rules, 1)), 1u);
}

TEST(AddressClasses, TheMatcherLooksInTheClassOfThePacket) {
  RuleLab lab;
  lab.load(
      "alert udp 10.0.0.0/8 any -> !10.0.0.0/8 any (content:\"abc\"; sid:1;)\n"
      "alert udp !10.0.0.0/8 any -> 10.0.0.0/8 any (content:\"abc\"; sid:2;)\n"
      "alert udp any any -> any any (content:\"bcd\"; sid:3;)\n");
  int flow = 0;
  for (const char* src : {"10.0.0.1", "1.2.3.4"}) {
    for (const char* dst : {"10.0.0.2", "1.2.3.5"}) {
      LabPacket packet;
      packet.layers.ether().ipv4(src, dst).udp(40000, 53);
      packet.payload = "abcd";
      packet.flow = ++flow;
      lab.run(packet);
    }
  }
  const std::map<uint32_t, std::vector<uint64_t>> expected{{1, {2}}, {2, {3}}, {3, {1, 2, 3, 4}}};
  EXPECT_EQ(lab.alerts(), expected);
}

TEST(AddressClasses, NoRuleIsMissedBetweenAddressesThatItNames) {
  std::mt19937 random(1);
  auto pick = [&](size_t count) { return random() % count; };
  auto v4 = [&] {
    return std::to_string(pick(4)) + "." + std::to_string(pick(3) * 127) + ".0." + std::to_string(pick(256));
  };
  auto v6 = [&] { return std::to_string(pick(4)) + "::" + std::to_string(pick(10)); };
  auto one = [&] {
    switch (pick(4)) {
      case 0: return v4() + "/" + std::to_string(pick(33));
      case 1: return v6() + "/" + std::to_string(pick(129));
      case 2: return std::string(pick(2) ? "1.0.0.0/8" : "[1.0.0.0/8,2.127.0.0/16]");
      default: return pick(2) ? v4() : v6();
    }
  };
  auto set = [&]() -> std::string {
    if (pick(5) == 0) return "any";
    const std::string list = "[" + one() + "," + one() + "]";
    return pick(2) ? list : "!" + list;
  };
  size_t both = 0, pruned = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::string, std::string>> headers;
    for (size_t i = 0; i < 8; ++i) headers.emplace_back(set(), set());
    const auto rules = compile(headers);
    for (int pair = 0; pair < 50; ++pair) {
      const bool four = pick(2);
      const IpAddress src = address((four ? v4() : v6()).c_str()), dst = address((four ? v4() : v6()).c_str());
      const uint32_t here = 1u << rules->classes.of(src, dst);
      for (const auto& rule : rules->all) {
        const bool matches = rule->header.src->contains(src) && rule->header.dst->contains(dst);
        both += matches;
        pruned += !matches && !(rules->classes.of(*rule) & here);
        ASSERT_TRUE(!matches || rules->classes.of(*rule) & here) << to_string(src) << " " << to_string(dst);
      }
    }
  }
  EXPECT_GT(both, 1000u);
  EXPECT_GT(pruned, 1000u);
}

}  // namespace
}  // namespace lapwing::test
