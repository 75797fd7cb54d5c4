#include "signatures/program/literal_endings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <random>
#include <set>

#include "signatures/program/prefilter.h"

namespace lapwing::rules {
namespace {

/// So many names below one domain, none twice.
std::vector<std::string> names(size_t count, const std::string& ending, uint32_t seed = 1) {
  std::mt19937 random(seed);
  std::set<std::string> out;
  while (out.size() < count) {
    std::string name;
    for (size_t i = 0, size = 5 + random() % 6; i < size; ++i) {
      name += "abcdefghijklmnopqrstuvwxyz0123456789"[random() % 36];
    }
    out.insert(name + ending);
  }
  return {out.begin(), out.end()};
}

std::vector<std::string> parted(std::vector<std::string> literals) {
  std::vector<std::string*> pointers;
  for (std::string& literal : literals) pointers.push_back(&literal);
  part_common_endings(pointers);
  return literals;
}

TEST(LiteralEndings, WhatManyShareGoesButForItsFirstBytes) {
  for (const std::string ending : {".duckdns.org", "/wp-admin/admin-ajax.php", ".DuckDNS.org"}) {
    const auto whole = names(2000, ending);
    const auto parts = parted(whole);
    std::set<std::string> tails;
    for (size_t i = 0; i < whole.size(); ++i) {
      ASSERT_TRUE(whole[i].starts_with(parts[i]));
      ASSERT_EQ(parts[i].size(), whole[i].size() - ending.size() + 4) << whole[i];
      tails.insert(parts[i].substr(parts[i].size() - 8));
    }
    EXPECT_GT(tails.size(), whole.size() * 9 / 10);
  }
}

TEST(LiteralEndings, EndingsOfDifferentLengthAreAllTaken) {
  auto whole = names(1000, ".a.dyn.example.com");
  for (const std::string& name : names(1000, ".bb.dyn.example.com", 2)) whole.push_back(name);
  whole.push_back("example.com");  // shorter than what the others share
  const auto parts = parted(whole);
  for (size_t i = 0; i + 1 < whole.size(); ++i) EXPECT_LT(parts[i].size(), 18u) << whole[i];
  EXPECT_EQ(parts.back(), "example.com");
}

TEST(LiteralEndings, FewAndShortOnesStayWhole) {
  const auto few = names(400, ".duckdns.org");
  EXPECT_EQ(parted(few), few);
  auto many = names(1000, ".duckdns.org");
  many.push_back("a.duckdns.org");  // what tells it apart would be everywhere
  many.push_back(".duckdns.org");
  const auto parts = parted(many);
  EXPECT_EQ(parts[1000], "a.duckdns.org");
  EXPECT_EQ(parts[1001], ".duckdns.org");
  const std::vector<std::string> same(1000, "of-a-thousand-rules.example");
  EXPECT_EQ(parted(same), same);
}

Prefilter compiled(const std::vector<std::string>& literals, Scratch& scratch) {
  Prefilter out;
  for (uint32_t rule = 0; rule < literals.size(); ++rule) out.add({.text = literals[rule], .nocase = true}, rule);
  out.prepare();
  out.compile();
  EXPECT_TRUE(out.settle(scratch).empty());
  return out;
}

TEST(LiteralEndings, EveryRuleIsStillFound) {
  const auto literals = names(2000, ".duckdns.org");
  Scratch scratch;
  const Prefilter prefilter = compiled(literals, scratch);
  EXPECT_EQ(prefilter.longest(), 22u) << "of the whole";
  Candidates candidates;
  candidates.resize(literals.size());
  for (uint32_t rule = 0; rule < literals.size(); rule += 7) {
    candidates.clear();
    const std::string bytes = "host: " + literals[rule] + "\r\n";
    ASSERT_TRUE(prefilter.scan(to_bytes(bytes), scratch.get(), candidates));
    const auto found = candidates.sorted();
    EXPECT_TRUE(std::ranges::binary_search(found, rule)) << literals[rule];
    EXPECT_LT(found.size(), 10u) << literals[rule];
  }
}

double cpu_seconds(size_t count) {
  const auto literals = names(count, ".duckdns.org");
  const std::clock_t begin = std::clock();
  Scratch scratch;
  compiled(literals, scratch);
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(LiteralEndings, CompileInLinearTime) {
  double small = 0, large = 0;
  for (int round = 0; round < 3; ++round) {
    small += cpu_seconds(3'000);
    large += cpu_seconds(12'000);
  }
  EXPECT_LT(large, small * 8) << "two doublings: a quadratic takes 16 times as long";
}

}  // namespace
}  // namespace lapwing::rules
