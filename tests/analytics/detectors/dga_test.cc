#include "analytics/detectors/dga.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/analytics/detectors/dns_scene.h"

namespace lapwing::analytics {
namespace {

using test::Dice;
using test::DnsSaid;
using test::DnsScene;
using test::drawn;
using testing::IsEmpty;

constexpr unsigned kNxdomain = 3;

std::vector<Behaviour> generated(const DnsScene& scene) {
  return scene.found(*detector<Dga>().read(OptionSource()));
}

std::string pronounceable(Dice& dice, size_t syllables) {
  std::string out;
  for (size_t i = 0; i < syllables; ++i) out += drawn(dice, 1, "bcdfghjklmnprstvwz") + drawn(dice, 1, "aeiou");
  return out;
}

struct Family {
  std::string_view name;
  std::function<std::string(Dice&)> make;
};
const Family kFamilies[] = {
    {"letters", [](Dice& dice) { return drawn(dice, 8 + dice.below(12), test::kLetters); }},
    {"short letters", [](Dice& dice) { return drawn(dice, 6 + dice.below(3), test::kLetters); }},
    {"hex", [](Dice& dice) { return drawn(dice, 12 + dice.below(20), test::kHex); }},
    {"letters and digits", [](Dice& dice) { return drawn(dice, 8 + dice.below(8), test::kBase32); }},
};

TEST(DgaTest, FamiliesAreFound) {
  for (const Family& family : kFamilies) {
    for (int count : {6, 12, 40}) {
      size_t hosts = 0;
      for (uint64_t seed = 0; seed < 10; ++seed) {
        DnsScene scene;
        Dice dice(seed);
        for (int i = 0; i < count; ++i) {
          scene.at(2 * i).say({.name = family.make(dice) + (i % 2 ? ".com" : ".biz"), .rcode = kNxdomain});
        }
        hosts += !generated(scene).empty();
      }
      EXPECT_EQ(hosts, 10U) << family.name << " " << count;
    }
  }
}

TEST(DgaTest, PronounceableOnesAreMostlyFoundOnceThereAreSome) {
  size_t hosts = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    DnsScene scene;
    Dice dice(seed);
    for (int i = 0; i < 19; ++i) {
      scene.at(2 * i).say({.name = pronounceable(dice, 4 + dice.below(3)) + ".net", .rcode = kNxdomain});
    }
    hosts += !generated(scene).empty();
  }
  EXPECT_GE(hosts, 5U);
}

TEST(DgaTest, MadeOfWordsTheyAreFoundByTheirNumber) {
  constexpr std::string_view kWords[] = {"table", "river", "green", "stone", "window", "summer", "paper", "light"};
  DnsScene scene;
  Dice dice(1);
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::string(kWords[dice.below(8)]) + std::string(kWords[dice.below(8)]);
    scene.at(3 * i).say({.name = name + (i % 2 ? ".net" : ".ru"), .rcode = kNxdomain});
  }
  EXPECT_FALSE(generated(scene).empty());
}

TEST(DgaTest, TheNameThatExistsIsTold) {
  DnsScene scene;
  Dice dice(1);
  for (int i = 0; i < 20; ++i) {
    scene.at(i).say({.name = drawn(dice, 12, test::kLetters) + ".info", .rcode = kNxdomain});
  }
  scene.at(21).say({.name = "qzxkvwjpmtrb.info"}).say({.name = "www.debian.org"});
  const auto findings = generated(scene);
  ASSERT_GE(findings.size(), 2U);
  EXPECT_THAT(findings.front().objects, IsEmpty());
  EXPECT_THAT(findings.back().objects, testing::ElementsAre("qzxkvwjpmtrb.info"));
  EXPECT_GT(findings.back().confidence, findings.front().confidence - 1);
  EXPECT_EQ(findings.back().severity, 75);
}

TEST(DgaTest, OthersTrafficHidesThemNot) {
  DnsScene scene;
  Dice dice(1);
  for (int i = 0; i < 300; ++i) {
    scene.at(i).say({.name = "www.site" + std::to_string(i % 60) + ".org"});
    if (i % 10 == 0) scene.say({.name = drawn(dice, 14, test::kLetters) + ".top", .rcode = kNxdomain});
  }
  EXPECT_FALSE(generated(scene).empty());
}

TEST(DgaTest, OrdinaryFailuresAreNone) {
  struct Row {
    std::string_view what;
    int count;
    std::function<DnsSaid(int, Dice&)> said;
  };
  constexpr std::string_view kTypos[] = {"gogle.com",  "wikipdia.org",     "facebok.com", "yuotube.com", "amazn.de",
                                         "githbu.com", "stackoverlow.com", "debain.org",  "microsft.com"};
  const Row kRows[] = {
      {"a browser's probes", 60,
       [](int, Dice& dice) { return DnsSaid{.name = drawn(dice, 12, test::kLetters), .rcode = kNxdomain}; }},
      {"probes with the own suffix", 60,
       [](int, Dice& dice) {
         return DnsSaid{.name = drawn(dice, 12, test::kLetters) + ".corp.example.com", .rcode = kNxdomain};
       }},
      {"typing errors", 9,
       [&](int i, Dice&) { return DnsSaid{.name = std::string(kTypos[i % 9]), .rcode = kNxdomain}; }},
      {"a network of servers", 100,
       [](int, Dice& dice) {
         return DnsSaid{.name = drawn(dice, 16, test::kHex) + ".example.net", .rcode = kNxdomain};
       }},
      {"odd names that exist", 40,
       [](int, Dice& dice) { return DnsSaid{.name = drawn(dice, 12, test::kLetters) + ".com"}; }},
      {"block lists", 100,
       [](int i, Dice&) { return DnsSaid{.name = std::to_string(i) + ".2.0.127.bl.example.org", .rcode = kNxdomain}; }},
      {"a server of mail, which asks for no address", 100,
       [](int, Dice& dice) {
         return DnsSaid{.name = drawn(dice, 12, test::kLetters) + ".com", .type = dns::kMx, .rcode = kNxdomain};
       }},
      {"few", 5,
       [](int, Dice& dice) { return DnsSaid{.name = drawn(dice, 12, test::kLetters) + ".com", .rcode = kNxdomain}; }},
      {"few among many that exist", 30,
       [](int i, Dice& dice) {
         return DnsSaid{.name = drawn(dice, 12, test::kLetters) + ".com", .rcode = i % 30 < 3 ? kNxdomain : 0};
       }},
  };
  for (const Row& row : kRows) {
    DnsScene scene;
    Dice dice(1);
    for (int i = 0; i < row.count; ++i) scene.at(3 * i).say(row.said(i, dice));
    EXPECT_THAT(generated(scene), IsEmpty()) << row.what;
  }
}

}  // namespace
}  // namespace lapwing::analytics
