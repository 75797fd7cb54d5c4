#include "analytics/intel/intel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/analytics/detectors/dns_scene.h"
#include "tests/analytics/frame/rows_text.h"

namespace lapwing::analytics {
namespace {

namespace fs = std::filesystem;
using test::DnsScene;
using test::Ends;
using test::fault_of;
using test::list_of;
using test::Row;
using test::Scene;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kFeeds = "analytics.intel.feeds";
const Ends kCall{"10.0.0.5", "198.51.100.7", 443};
const Ends kVisit{"198.51.100.7", "10.0.0.80", 443};

class IntelTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("lapwing-intel-detector-" + std::to_string(getpid()));
    fs::create_directory(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  /// With one feed.
  std::unique_ptr<const AnyDetector> listing(const std::string& text, Row more = {}) {
    more.emplace_back("path", paths_.emplace_back(write("list" + std::to_string(paths_.size()), text)));
    return read({more});
  }
  std::unique_ptr<const AnyDetector> read(const std::vector<Row>& feeds) {
    const Setting root = list_of(kFeeds, feeds);
    return detector<Intel>().read(OptionSource(root));
  }

  fs::path folder_;
  std::deque<std::string> paths_;
};

TEST_F(IntelTest, WithoutFeedsItFindsNothing) {
  Scene scene;
  scene.at(1).talked(kCall, 500, 800);
  EXPECT_TRUE(scene.found(*detector<Intel>().read(OptionSource())).empty());
}

TEST_F(IntelTest, TheFirstFeedsMayComeWithAReload) {
  const auto none = detector<Intel>().read(OptionSource());
  const Setting root = list_of(kFeeds, {{{"path", write("first.txt", "198.51.100.7\n")}}});
  const Reread first = none->reread(OptionSource(root));
  EXPECT_THAT(first.faults, IsEmpty());
  first.adopt();
  Scene scene;
  scene.at(1).talked(kCall, 500, 800);
  EXPECT_FALSE(scene.found(*none).empty());
  none->reread(OptionSource()).adopt();
  EXPECT_TRUE(scene.found(*none).empty()) << "and go with one";
}

TEST_F(IntelTest, WhatIsOffReadsNothing) {
  Setting root = list_of(kFeeds, {{{"path", "missing"}}});
  Setting& off = root.make("analytics.off", {"c.yaml", 9, 1});
  off.kind = Setting::Kind::scalar;
  off.scalar = "intel";
  EXPECT_NO_THROW(detector<Intel>().read(OptionSource(root)));
}

TEST_F(IntelTest, AConnectionToWhatIsListedIsAFinding) {
  Scene scene;
  scene.at(1).talked(kCall, 500, 800);
  scene.at(5).talked({"10.0.0.5", "198.51.100.8", 443}, 500, 800);
  const auto found = scene.found(*listing("# bad\n198.51.100.7\n"));
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].subject, "10.0.0.5");
  EXPECT_THAT(found[0].objects, ElementsAre("198.51.100.7:443"));
  EXPECT_EQ(found[0].severity, 60);
  EXPECT_EQ(level_of(found[0].severity, found[0].confidence), FindingLevel::medium);
  EXPECT_THAT(found[0].evidence, HasSubstr(R"("value":"198.51.100.7")"));
  EXPECT_THAT(found[0].evidence, HasSubstr(R"("done":["connected","data"])"));
  EXPECT_THAT(found[0].evidence, HasSubstr(R"("bytes_out":500,"bytes_in":800)"));
  EXPECT_EQ(found[1].state, FindingState::over);
  EXPECT_EQ(found[1].count, 1U);
}

TEST_F(IntelTest, OneFindingForEachIndicatorAndHost) {
  Scene scene;
  for (int i = 0; i < 40; ++i) {
    scene.at(i).talked(kCall, 10, 10);
    scene.at(i).talked({"10.0.0.6", "198.51.100.7", 80}, 10, 10);
  }
  const auto found = scene.found(*listing("198.51.100.7\n", {{"severity", "90"}}));
  ASSERT_EQ(found.size(), 4U) << "updates of what only grows wait ten minutes";
  EXPECT_EQ(found[0].severity, 90);
  EXPECT_EQ(found[2].count, 40U);
  EXPECT_THAT(found[2].evidence, HasSubstr(R"("connections":40)"));
}

TEST_F(IntelTest, FailuresAreToldAsTries) {
  Scene scene;
  scene.at(1).silent(kCall);
  scene.at(2).refused(kCall);
  const auto found = scene.found(*listing("198.51.100.0/24\n"));
  ASSERT_FALSE(found.empty());
  EXPECT_THAT(found.back().evidence, HasSubstr(R"("done":["tried"])"));
  EXPECT_THAT(found.back().evidence, HasSubstr(R"("tries":2)"));
}

TEST_F(IntelTest, MuchThatGoesOutIsGraver) {
  Scene scene;
  scene.at(1).talked(kCall, uint64_t{26} << 20, 10);
  const auto found = scene.found(*listing("198.51.100.7\n"));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back().severity, 75);
  EXPECT_THAT(found.back().attack, testing::Contains(Technique{"T1041", "TA0010"}));
  Scene in;
  in.at(1).talked(kCall, 10, uint64_t{26} << 20);
  EXPECT_EQ(in.found(*listing("198.51.100.7\n")).back().severity, 60) << "what comes in is no loss";
}

TEST_F(IntelTest, FromOutsideItIsInfoUntilItIsAnsweredWithData) {
  Scene noise;
  for (int i = 0; i < 200; ++i) {
    noise.at(i).silent({"198.51.100.7", "10.0.1." + std::to_string(i), 22});
    noise.at(i).talked(kVisit, 0, 40);  // a banner for nobody
  }
  const auto listed = listing("198.51.100.7\n", {{"severity", "100"}, {"name", "scanners"}});
  const auto found = noise.found(*listed);
  ASSERT_EQ(found.size(), 2U) << "one finding, however many are tried";
  EXPECT_EQ(found[0].subject, "198.51.100.7");
  for (const Behaviour& one : found) EXPECT_EQ(level_of(one.severity, one.confidence), FindingLevel::info);
  EXPECT_THAT(found[1].attack, ElementsAre(Technique{"T1595", "TA0043"}));
  EXPECT_THAT(found[1].evidence, HasSubstr(R"("direction":"inbound")"));

  noise.at(300).talked(kVisit, 100, 4000);
  const auto grave = noise.found(*listed);
  ASSERT_EQ(grave.size(), 3U);
  EXPECT_GE(level_of(grave[2].severity, grave[2].confidence), FindingLevel::high);
  EXPECT_THAT(grave[2].evidence, HasSubstr(R"("bytes_in":100)"));
}

TEST_F(IntelTest, QuestionsAndAnswersOfNameServers) {
  DnsScene scene;
  scene.at(1).say({.name = "CDN.bad.example", .response = false});
  scene.at(1.1).say({.name = "CDN.bad.example", .answers = {{dns::kA, std::string("\xc6\x33\x64\x09", 4)}}});
  scene.at(2).say({.name = "good.example", .answers = {{dns::kA, std::string("\xc6\x33\x64\x08", 4)}}});
  scene.at(3).say({.name = "www.notbad.example"});
  const auto found = scene.found(*listing("bad.example\n198.51.100.8\n"));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_THAT(found[0].objects, ElementsAre("cdn.bad.example"));
  EXPECT_THAT(found[0].evidence, HasSubstr(R"("done":["asked"])"));
  EXPECT_THAT(found[1].evidence, HasSubstr(R"("done":["answered"])"));
  EXPECT_THAT(found[1].evidence, HasSubstr(R"("value":"198.51.100.8")"));
  for (const Behaviour& one : found) EXPECT_EQ(one.subject, "10.0.0.5");
}

TEST_F(IntelTest, WhoFollowsAListedNameIsGraver) {
  const auto listed = listing("bad.example\n");
  const auto go = [&](std::string_view client, std::string_view server, double after) {
    DnsScene scene;
    scene.at(1).say({.name = "bad.example", .response = false});
    scene.at(1.1).say({.name = "bad.example", .answers = {{dns::kA, std::string("\xc6\x33\x64\x09", 4)}}});
    scene.at(1.1 + after);
    scene.talked({std::string(client), std::string(server), 4444}, 10, 10);
    const auto found = scene.found(*listed);
    EXPECT_EQ(found.back().subject, "10.0.0.5");
    return found.back();
  };
  for (const double after : {0.1, 5.0, 59.0}) {
    const Behaviour followed = go("10.0.0.5", "198.51.100.9", after);
    EXPECT_EQ(followed.severity, 70) << after;
    EXPECT_THAT(followed.evidence, HasSubstr(R"("done":["asked","followed"])"));
  }
  EXPECT_EQ(go("10.0.0.5", "198.51.100.9", -1).severity, 60) << "it was there before";
  EXPECT_EQ(go("10.0.0.5", "198.51.100.9", 100).severity, 60) << "much later";
  EXPECT_EQ(go("10.0.0.5", "198.51.100.8", 1).severity, 60) << "elsewhere";
  EXPECT_EQ(go("10.0.0.6", "198.51.100.9", 1).severity, 60) << "somebody else";
}

TEST_F(IntelTest, WhatHasExpiredByPacketTimeIsNoHit) {
  // The scene begins on 2023-11-14.
  Scene scene;
  scene.at(1).talked(kCall, 10, 10);
  DnsScene names;
  names.at(1).say({.name = "a.b.bad.example"});
  const std::string head = "indicator,valid_until\n";
  EXPECT_THAT(scene.found(*listing(head + "198.51.100.7,2023-11-13\n")), IsEmpty());
  EXPECT_THAT(scene.found(*listing(head + "198.51.100.7,2023-11-14T10:00:00Z\n")), testing::SizeIs(2));
  // A network or parent that still counts stands in for what does not, and a row for one that ended earlier.
  const auto wider = scene.found(*listing(head + "198.51.100.7,2020-01-01\n198.51.100.0/24,\n"));
  ASSERT_EQ(wider.size(), 2U);
  EXPECT_THAT(wider[0].evidence, HasSubstr("198.51.100.0/24"));
  const auto parent = names.found(*listing(head + "b.bad.example,2020-01-01\nbad.example,2030-01-01\n"));
  ASSERT_EQ(parent.size(), 2U);
  EXPECT_THAT(parent[0].evidence, HasSubstr(R"("value":"bad.example")"));
  EXPECT_THAT(scene.found(*listing(head + "198.51.100.7,2020-01-01\n198.51.100.7,2030-01-01\n")), testing::SizeIs(2));
}

TEST_F(IntelTest, WhatItKeepsOfASecondIsBounded) {
  Scene scene;
  for (int i = 0; i < 6000; ++i) {
    scene.silent({"10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), "198.51.100.7", 443});
  }
  const auto listed = listing("198.51.100.7\n");
  const Surroundings surroundings{.internal = Networks({"10.0.0.0/8"}, nullptr), .hash_seed = kReplaySeed};
  const auto global = listed->global(surroundings);
  scene.play(*listed, surroundings, *global);
  EXPECT_GE(global->use().overflow, 6000U - Intel::Delta::kMostKeys);
}

TEST_F(IntelTest, AReloadTakesNewListsAndKeepsTheOldWhereOneIsBroken) {
  const std::string path = write("a.txt", "198.51.100.7\n");
  const Setting root = list_of(kFeeds, {{{"path", path}}});
  const auto listed = detector<Intel>().read(OptionSource(root));
  const Surroundings surroundings{.internal = Networks({"10.0.0.0/8"}, nullptr), .hash_seed = 1};
  const auto local = listed->local(surroundings);
  Scene scene;
  const auto seen = [&](std::string_view server) {
    const FlowRef flow = scene.flow({"10.0.0.5", std::string(server), 443});
    local->flow({.moment = FlowMoment::answered, .time = scene.now(), .flow = &flow});
    return test::sealed(*local) != nullptr;
  };
  EXPECT_TRUE(seen("198.51.100.7"));
  EXPECT_FALSE(seen("198.51.100.8"));
  write("a.txt", "198.51.100.8\n");
  const Reread next = listed->reread(OptionSource(root));
  EXPECT_THAT(next.faults, IsEmpty());
  EXPECT_TRUE(seen("198.51.100.7")) << "nothing is in force before it is adopted";
  std::thread adoption(next.adopt);  // waits for whoever looks up
  while (!seen("198.51.100.8")) std::this_thread::yield();
  adoption.join();
  EXPECT_FALSE(seen("198.51.100.7"));

  fs::remove(path);
  const Reread broken = listed->reread(OptionSource(root));
  EXPECT_FALSE(broken.adopt);
  ASSERT_EQ(broken.faults.size(), 1U);
  EXPECT_THAT(broken.faults[0], HasSubstr(path));
  EXPECT_TRUE(seen("198.51.100.8"));
  CounterSet counters;
  listed->global(surroundings)->add_counters(counters);
  EXPECT_EQ(counters.value("analytics.intel.reloads"), 1U);
  EXPECT_EQ(counters.value("analytics.intel.reloads_refused"), 1U);
  EXPECT_EQ(counters.value("analytics.intel.indicators.network"), 1U);
}

TEST_F(IntelTest, WhatStandsInTheFileDecides) {
  const std::string path = write("a.txt", "198.51.100.7 # bad\n198.51.100.9\n");
  const Setting root = list_of(kFeeds, {{{"path", path}}});
  const auto listed = detector<Intel>().read(OptionSource(root));
  const Surroundings surroundings{.internal = Networks({"10.0.0.0/8"}, nullptr), .hash_seed = kReplaySeed};
  Intel::Delta delta(surroundings);
  Intel::Seen& seen = delta.seen.at({.host = *IpAddress::parse("10.0.0.5"), .type = IndicatorType::network});
  seen.canonical = Network::parse("198.51.100.8")->key();
  seen.count = 1;
  delta.seal();
  made::DeltaOf<Intel> sum(surroundings);
  sum.sum += std::move(delta);
  struct Sink final : FindingSink {
    void behaviour(const Behaviour&) override { ++told; }
    int told = 0;
  } sink;
  FindingBook book(sink);
  Findings findings(book, Intel::about);
  const auto global = listed->global(surroundings);
  global->take(1, sum, findings);
  EXPECT_EQ(sink.told, 0) << "the row does not stand there";
}

TEST_F(IntelTest, AResolverThatOnlyAsksIsExplained) {
  Policy policy;
  policy.roles.push_back({Role::resolver, Networks({"10.0.0.0/24"}, nullptr)});
  struct Sink final : FindingSink {
    void behaviour(const Behaviour& behaviour) override { told.push_back(behaviour.subject); }
    std::vector<std::string> told;
  } sink;
  Gate gate(policy);
  FindingBook book(sink, &gate);
  Findings findings(book, Intel::about);
  const auto listed = listing("bad.example\n");
  const Surroundings surroundings{.internal = Networks({"10.0.0.0/8"}, nullptr), .hash_seed = kReplaySeed};
  const auto global = listed->global(surroundings);
  const auto take = [&](const char* host, uint8_t deeds) {
    made::DeltaOf<Intel> delta(surroundings);
    Intel::Seen& seen = delta.sum.seen.at({.host = *IpAddress::parse(host)});
    seen.canonical = "bad.example";
    seen.deeds = deeds;
    delta.sum.seal();
    global->take(1, delta, findings);
  };
  take("10.0.0.5", deed::asked);
  EXPECT_THAT(sink.told, IsEmpty());
  take("10.0.1.5", deed::asked);
  EXPECT_THAT(sink.told, ElementsAre("10.0.1.5"));
  take("10.0.0.5", deed::connected);
  EXPECT_THAT(sink.told, ElementsAre("10.0.1.5", "10.0.0.5")) << "it asked for itself";
}

TEST_F(IntelTest, ConnectingAfterAskingIsGraver) {
  struct Sink final : FindingSink {
    void behaviour(const Behaviour& behaviour) override { severity = behaviour.severity; }
    int severity = 0;
  } sink;
  FindingBook book(sink);
  Findings findings(book, Intel::about);
  const auto listed = listing("indicator,confidence\nbad.example,98\n");
  const Surroundings surroundings{.internal = Networks({"10.0.0.0/8"}, nullptr), .hash_seed = kReplaySeed};
  const auto global = listed->global(surroundings);
  for (const auto& [deeds, severity] : {std::pair(deed::asked, 60), {deed::connected, 70}}) {
    made::DeltaOf<Intel> delta(surroundings);
    Intel::Seen& seen = delta.sum.seen.at({.host = *IpAddress::parse("10.0.0.5")});
    seen.canonical = "bad.example";
    seen.deeds = deeds;
    seen.count = 9;
    delta.sum.seal();
    global->take(1, delta, findings);
    EXPECT_EQ(sink.severity, severity);
  }
}

TEST_F(IntelTest, FaultsOfTheConfigurationAreNamedByTheirPlace) {
  const std::string path = write("a.txt", "bad.example\n");
  const auto fault = [](const std::vector<Row>& rows) {
    return fault_of(list_of(kFeeds, rows), [](const OptionSource& source) { detector<Intel>().read(source); });
  };
  EXPECT_EQ(fault({{{"path", path}}}), "");
  EXPECT_THAT(fault({{{"path", path}}, {{"path", path + ".none"}}}),
              HasSubstr("c.yaml:3:5: analytics.intel.feeds: " + path + ".none: No such file"));
  EXPECT_THAT(fault({{{"name", "x"}}}), HasSubstr("c.yaml:2:5: the row lacks 'path'"));
  EXPECT_THAT(fault({{{"path", path}, {"severity", "101"}}}),
              HasSubstr("c.yaml:2:6: severity: '101' is more than 100"));
  EXPECT_THAT(fault({{{"path", path}, {"colour", "red"}}}), HasSubstr("c.yaml:2:6: colour: 'colour' is nothing"));
  EXPECT_THAT(fault({{{"path", write("b.json", "{}")}}}), HasSubstr("c.yaml:2:5"));
}

TEST_F(IntelTest, NeverAllowedAndOwnAreRefused) {
  const std::string path =
      write("a.txt", "www.fine.example\n203.0.113.9\n192.0.2.1\n198.51.100.7\nbad.example\n10.0.0.9\n");
  Setting root = list_of(kFeeds, {{{"path", path}}});
  Setting& never = root.make("analytics.intel.never", {"c.yaml", 5, 1});
  never.kind = Setting::Kind::list;
  for (const char* text : {"fine.example", "203.0.113.0/24"}) {
    Setting& one = never.add("", {"c.yaml", 6, 1});
    one.kind = Setting::Kind::scalar;
    one.scalar = text;
  }
  Setting& allow = root.make("analytics.allow", {"c.yaml", 7, 1});
  allow.kind = Setting::Kind::list;
  const auto allowed = [&](const Row& members) {
    Setting& row = allow.add("", {"c.yaml", 8, 1});
    row.kind = Setting::Kind::map;
    for (const auto& [key, value] : members) {
      Setting& member = row.add(key, {"c.yaml", 8, 2});
      member.kind = Setting::Kind::scalar;
      member.scalar = value;
    }
  };
  allowed({{"peer", "*.bad.example"}, {"reason", "r"}});
  allowed({{"peer", "198.51.100.7"}, {"port", "80"}, {"reason", "of one port alone"}});
  Setting& home = root.make("vars.address-groups.HOME_NET", {"c.yaml", 9, 1});
  home.kind = Setting::Kind::scalar;
  home.scalar = "[192.0.2.0/24, !192.0.3.0/24]";
  const auto listed = detector<Intel>().read(OptionSource(root));
  CounterSet counters;
  listed->global({})->add_counters(counters);
  EXPECT_EQ(counters.value("analytics.intel.refused"), 5U);
  EXPECT_EQ(counters.value("analytics.intel.indicators.network"), 1U);
  EXPECT_EQ(counters.value("analytics.intel.indicators.domain"), 0U);
  never.children[0]->scalar = "?";
  EXPECT_THAT(fault_of(root, [](const OptionSource& source) { detector<Intel>().read(source); }),
              HasSubstr("c.yaml:6:1: '?' is no name or network"));
}

}  // namespace
}  // namespace lapwing::analytics
