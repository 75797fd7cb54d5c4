// What every row of the table of detectors must be.
#include "analytics/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>

#include "dissectors/registry.h"
#include "tests/analytics/detectors/dns_scene.h"
#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Dice;
using test::Scene;

bool known(std::string_view protocol) {
  return std::ranges::any_of(dissectors(), [&](const DissectorRow* row) { return row->protocol->name == protocol; }) ||
         std::ranges::any_of(packet_dissectors(),
                             [&](const PacketDissectorRow* row) { return row->protocol->name == protocol; });
}

void operate(Scene& scene, Dice& dice, const FlowRef& flow) {
  static constexpr std::string_view kInterfaces[] = {"smb",     "svcctl", "IWbemServices", "samr",   "srvsvc",
                                                     "drsuapi", "efs",    "netlogon",      "lsarpc", "ldap"};
  static constexpr std::string_view kOperations[] = {"create", "write", "read", "delete", "search"};
  static constexpr std::string_view kObjects[] = {"ADMIN$\\x.exe", "C$\\x", "public\\x.exe",
                                                  "DC=a??sub?(adminCount=1)"};
  scene.operation(flow, {.interface = kInterfaces[dice.below(std::size(kInterfaces))],
                         .operation = kOperations[dice.below(std::size(kOperations))],
                         .object = kObjects[dice.below(std::size(kObjects))],
                         .number = static_cast<uint16_t>(dice.below(32)),
                         .outcome = static_cast<Outcome>(dice.below(3)),
                         .sealed = dice.percent(20),
                         .by_pipe = dice.percent(50)});
}

/// A little of everything, between hosts that are few enough to meet again, in a quarter of an hour.
void fill(Scene& scene, Dice& dice, double begin = 0) {
  const auto inside = [&] { return "10.0.0." + std::to_string(1 + dice.below(6)); };
  const auto anywhere = [&] {
    return dice.percent(50) ? inside() : "198.51.100." + std::to_string(1 + dice.below(200));
  };
  static const RuleInfo kAttack{.sid = 1, .msg = "attack", .category = "Web Application Attack"}, kOther{.sid = 2};
  for (int i = 0; i < 6000; ++i) {
    scene.at(begin + static_cast<double>(dice.below(900'000)) / 1000);
    const test::Ends ends{inside(), anywhere(), static_cast<uint16_t>(dice.percent(50) ? 443 : dice.below(2000)),
                          static_cast<uint8_t>(dice.percent(60)   ? 6
                                               : dice.percent(70) ? 17
                                               : dice.percent(80) ? 1
                                                                  : 47),
                          static_cast<uint16_t>(dice.percent(90) ? 40'000 + dice.below(1000) : 8)};
    switch (dice.below(8)) {
      case 0: scene.silent(ends, static_cast<uint8_t>(dice.percent(70) ? 2 : dice.below(64))); break;
      case 1: scene.refused(ends); break;
      case 2: scene.unreachable(ends, anywhere(), 3, static_cast<uint8_t>(dice.below(14))); break;
      case 3: scene.talked(ends, dice.below(1 << dice.below(24)), dice.below(1 << dice.below(24))); break;
      case 4: {
        FlowRef flow = scene.flow(ends);
        flow.protocol = dice.percent(50) ? "ssh" : "ftp";
        scene.login(flow, {.user = dice.percent(70) ? "user" + std::to_string(dice.below(9)) : "",
                           .outcome = static_cast<Outcome>(dice.below(3)),
                           .attempts = static_cast<uint32_t>(1 + dice.below(3)),
                           .clear = dice.percent(50),
                           .guessed = dice.percent(50)});
        break;
      }
      case 5:
        scene.alert(scene.flow(ends), dice.percent(70) ? kAttack : kOther,
                    dice.percent(50) ? "wget http://" + inside() + "/x" : "");
        break;
      case 6: operate(scene, dice, scene.flow(ends)); break;
      default: {
        FlowRef flow = scene.flow(ends);
        flow.one_sided = dice.percent(10);
        flow.application = dice.percent(10) ? "BitTorrent" : dice.percent(50) ? "TLS.Microsoft" : "";
        scene.tell(flow, {.moment = static_cast<FlowMoment>(dice.below(kMoments)),
                          .bytes = {dice.below(2000), dice.below(2000)},
                          .packets = {dice.below(9), dice.below(9)},
                          .all_packets = {1 + dice.below(9), dice.below(9)},
                          .tcp_flags = {static_cast<uint8_t>(dice.below(64)), static_cast<uint8_t>(dice.below(64))}});
      }
    }
  }
}

TEST(RegistryTest, EachRowSaysWhatItIs) {
  const std::regex technique("T[0-9]{4}(\\.[0-9]{3})?"), tactic("TA[0-9]{4}");
  std::set<std::string_view> names;
  for (const DetectorRow& row : detectors()) {
    SCOPED_TRACE(row.about.name);
    EXPECT_TRUE(names.insert(row.about.name).second);
    EXPECT_FALSE(row.about.help.empty());
    EXPECT_TRUE(row.about.moments != 0 || row.about.logins || row.about.alerts || row.about.operations ||
                !row.about.protocols.empty());
    EXPECT_LT(row.about.moments, 1U << kMoments);
    EXPECT_GT(row.about.idle, 0);
    EXPECT_FALSE(row.about.techniques.empty());
    EXPECT_LE(row.about.techniques.size(), 32U);
    for (const Technique& of : row.about.techniques) {
      EXPECT_TRUE(std::regex_match(std::string(of.id), technique)) << of.id;
      EXPECT_TRUE(std::regex_match(std::string(of.tactic), tactic)) << of.tactic;
    }
    for (std::string_view protocol : row.about.protocols) EXPECT_TRUE(known(protocol)) << protocol;
    for (const OptionInfo& option : row.options()) {
      EXPECT_TRUE(option.key.starts_with("analytics." + std::string(row.about.name) + ".")) << option.key;
      EXPECT_FALSE(option.help.empty()) << option.key;
    }
  }
}

/// Deltas add up in any order and grouping: what is found does not depend on the number of workers.
TEST(RegistryTest, EachFindsTheSameHoweverItIsDealt) {
  for (const DetectorRow& row : detectors()) {
    SCOPED_TRACE(row.about.name);
    const auto detector = row.read(OptionSource());
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      Scene scene;
      Dice dice(seed);
      fill(scene, dice);
      scene.found(*detector);
    }
  }
}

/// What is left of it after 40 days, whose last second ends a minute.
uint64_t left(const AnyDetector& detector, double begin) {
  test::DnsScene scene;
  Dice dice(1);
  fill(scene, dice, begin);
  for (int i = 0; i < 400; ++i) {
    scene.at(begin + 2 * i).say({.name = test::drawn(dice, 40, test::kBase32) + ".example.org", .rcode = 3});
  }
  scene.at(begin + 40 * 86'400 + 40).show(0, [](AnyLocal&, uint32_t) {});
  return scene.told(detector).use.keys;
}

/// Nobody says that a capture's clock was set.
TEST(RegistryTest, EachForgetsWhatWasSeenBefore1970) {
  for (const DetectorRow& row : detectors()) {
    SCOPED_TRACE(row.about.name);
    const auto detector = row.read(OptionSource());
    EXPECT_EQ(left(*detector, -Scene::kStart - 460), left(*detector, 0));
  }
}

std::vector<uint8_t> saved(AnyGlobal& global) {
  StateWriter out;
  global.save(out);
  return out.take();
}

/// What was kept is taken up as it was, and what nobody could have kept does no harm, whoever wrote it.
TEST(RegistryTest, EachRemembersWhatItSavedAndTrustsNoBytes) {
  const Surroundings surroundings{
      .internal = Networks({"10.0.0.0/8"}, nullptr), .hash_seed = kReplaySeed, .replay = true};
  Scene scene;
  Dice dice(1);
  fill(scene, dice);
  Scene little;
  little.at(1000).talked({"10.0.0.1", "198.51.100.1", 443}, 1 << 22, 1000);
  size_t remember = 0;
  for (const DetectorRow& row : detectors()) {
    SCOPED_TRACE(row.about.name);
    const auto detector = row.read(OptionSource());
    if (detector->state() == 0) continue;
    ++remember;
    const auto global = detector->global(surroundings);
    scene.play(*detector, surroundings, *global);
    const std::vector<uint8_t> bytes = saved(*global);
    EXPECT_GT(bytes.size(), 500U);
    const auto again = detector->global(surroundings);
    StateReader in(bytes);
    EXPECT_TRUE(again->load(in) && in.done());
    EXPECT_EQ(saved(*again), bytes);
    for (size_t size = 0; size < bytes.size(); size += 1 + size / 16) {
      StateReader cut(Bytes(bytes).first(size));
      EXPECT_FALSE(detector->global(surroundings)->load(cut) && cut.done()) << size;
    }
    for (int i = 0; i < 200; ++i) {
      auto broken = bytes;
      for (uint64_t flips = 1 + dice.below(4); flips > 0; --flips) {
        broken[dice.below(broken.size())] = static_cast<uint8_t>(dice.below(256));
      }
      const auto other = detector->global(surroundings);
      StateReader reader(broken);
      if (other->load(reader)) little.play(*detector, surroundings, *other);
    }
  }
  EXPECT_GE(remember, 3U);
}

}  // namespace
}  // namespace lapwing::analytics
