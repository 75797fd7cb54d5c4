// Literals in short buffers, against a search at every place.
#include "signatures/program/short_search.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sensor/base/text.h"

namespace lapwing::rules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kAnywhere = UINT64_MAX;

struct Sought {
  std::string text;
  bool nocase = false;
  uint64_t first = 0, reach = kAnywhere;
};

/// Rules are numbered as their literals are.
ShortSearch search_for(const std::vector<Sought>& literals) {
  ShortSearch out;
  for (uint32_t rule = 0; rule < literals.size(); rule++) {
    const Sought& one = literals[rule];
    out.add({one.text, one.nocase, one.first, one.reach}, rule);
  }
  out.build();
  return out;
}

enum class Where : uint8_t { all, head };

std::vector<uint32_t> found(const ShortSearch& search, std::string_view bytes, uint64_t base = 0,
                            Where where = Where::all) {
  Candidates candidates;
  candidates.resize(10'000);
  if (where == Where::head)
    search.scan_head(to_bytes(bytes), base, candidates);
  else
    search.scan(to_bytes(bytes), base, candidates);
  const auto sorted = candidates.sorted();
  return {sorted.begin(), sorted.end()};
}

bool is_there(const Sought& literal, std::string_view bytes, uint64_t base) {
  for (size_t at = 0; at + literal.text.size() <= bytes.size(); at++) {
    if (base + at < literal.first) continue;
    if (literal.reach != kAnywhere && base + at + literal.text.size() > literal.reach) return false;
    const std::string_view there = bytes.substr(at, literal.text.size());
    if (literal.nocase ? to_lower(there) == to_lower(literal.text) : there == literal.text) return true;
  }
  return false;
}

TEST(ShortSearch, FindsLiteralsOfEverySize) {
  const std::string text = "abcdefghijklmnopqrstuvwxyz";
  for (size_t size = 1; size <= text.size(); size++) {
    for (size_t at = 0; at + size <= text.size(); at++) {
      const ShortSearch search = search_for({{text.substr(at, size)}, {text.substr(at, size) + "!"}});
      EXPECT_THAT(found(search, text), ElementsAre(0)) << size << " bytes at " << at;
    }
  }
}

TEST(ShortSearch, TellsLettersOfEitherCaseApartWhereARuleDoes) {
  const ShortSearch search = search_for({{"Host"}, {"hOST", true}, {"host"}});
  EXPECT_THAT(found(search, "HOST: x"), ElementsAre(1));
  EXPECT_THAT(found(search, "Host: x"), ElementsAre(0, 1));
}

TEST(ShortSearch, KnowsWhereALiteralCanBe) {
  const ShortSearch search = search_for({{"abcd", false, 0, 4}, {"abcd", false, 2, 8}, {"abcd", false, 5}});
  EXPECT_THAT(found(search, "abcd"), ElementsAre(0));
  EXPECT_THAT(found(search, "..abcd"), ElementsAre(1));
  EXPECT_THAT(found(search, "......abcd"), ElementsAre(2));
  EXPECT_THAT(found(search, "abcd", 3), ElementsAre(1)) << "bytes that begin amid a buffer";
  EXPECT_THAT(found(search, "abcd", 1000), ElementsAre(2));
  EXPECT_THAT(found(search, "..abcd" + std::string(90, '.'), 0, Where::head), ElementsAre(1));
  EXPECT_THAT(found(search, "abcd", 3, Where::head), ElementsAre(1));
}

TEST(ShortSearch, HasNoMoreBytesThanItWasGiven) {
  const ShortSearch search = search_for({{"ab  "}, {std::string("ab\0\0", 4)}});
  EXPECT_THAT(found(search, "ab"), IsEmpty());
  EXPECT_THAT(found(search, ""), IsEmpty());
}

TEST(ShortSearch, SharesLiteralsAmongRules) {
  const ShortSearch search = search_for({{"same"}, {"same"}, {"other"}});
  EXPECT_EQ(search.literals(), 2u);
  EXPECT_THAT(found(search, "the same"), ElementsAre(0, 1));
}

/// Few different bytes, so that literals overlap and are near misses of each other.
class Drawn : public testing::TestWithParam<unsigned> {};

TEST_P(Drawn, FindsWhatASearchAtEveryPlaceFinds) {
  std::mt19937_64 random(GetParam());
  auto below = [&](uint64_t end) { return random() % end; };
  auto bytes = [&](size_t size) {
    static constexpr std::string_view kLetters("aAbB \0.\xff", 8);
    std::string out;
    for (size_t i = 0; i < size; i++) out += kLetters[below(kLetters.size())];
    return out;
  };
  for (int round = 0; round < 200; round++) {
    std::vector<Sought> literals;
    for (uint64_t count = 1 + below(60); count > 0; count--) {
      Sought one{bytes(1 + below(12)), below(2) == 0};
      if (below(2) == 0) one.first = below(40);
      if (below(2) == 0) one.reach = one.first + one.text.size() + below(150);
      literals.push_back(one);
    }
    const ShortSearch search = search_for(literals);
    for (int packet = 0; packet < 20; packet++) {
      const std::string text = bytes(below(ShortSearch::kMost + 1));
      const uint64_t base = below(3) == 0 ? below(200) : 0;
      std::vector<uint32_t> all, heads;
      for (uint32_t rule = 0; rule < literals.size(); rule++) {
        if (!is_there(literals[rule], text, base)) continue;
        all.push_back(rule);
        if (literals[rule].reach <= ShortSearch::kMost) heads.push_back(rule);
      }
      ASSERT_EQ(found(search, text, base), all) << "round " << round;
      if (base >= ShortSearch::kMost) continue;
      // Others may be named too, of those that are there.
      const auto near = found(search, text + bytes(below(200)), base, Where::head);
      const std::set<uint32_t> named(near.begin(), near.end());
      for (const uint32_t rule : heads) ASSERT_TRUE(named.count(rule)) << "round " << round;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Drawn, testing::Values(1u, 2u, 3u));

}  // namespace
}  // namespace lapwing::rules
