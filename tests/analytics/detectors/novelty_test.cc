#include "analytics/detectors/novelty.h"

#include <gtest/gtest.h>

#include <memory>

#include "dissectors/protocols/tls/tls.h"
#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Dice;
using test::Ends;
using test::Scene;

constexpr double kDay = 86'400;
constexpr uint64_t kLearn = 86'400;

class NoveltyTest : public testing::Test {
 protected:
  NoveltyTest() {
    scene_.learn = kLearn;
    // A network is never silent for long, or it would be the sensor that is.
    for (double time = 0; time < 1.5 * kDay; time += 1800) speak(time, {"10.0.0.2", "10.0.0.3", 80}, "http");
  }
  std::vector<Behaviour> found() const {
    std::vector<Behaviour> out;
    for (const Behaviour& of : scene_.found(*detector<Novelties>().read(OptionSource()))) {
      if (of.state == FindingState::open) out.push_back(of);
    }
    return out;
  }
  void speak(double time, const Ends& ends, std::string_view protocol, std::string_view application = "",
             uint64_t answers = 1) {
    FlowRef flow = scene_.at(time).flow(ends);
    flow.protocol = protocol;
    flow.application = application;
    scene_.tell(flow, {.moment = ends.proto == 6 ? FlowMoment::identified : FlowMoment::closed,
                       .bytes = {100, 100},
                       .all_packets = {3, answers}});
  }
  void greet(double time, const Ends& ends, const std::string& sni, const std::string& ja4) {
    FlowRef flow = scene_.at(time).flow(ends);
    const auto name = std::make_shared<const std::string>(sni);
    flow.protocol = "tls";
    flow.host = *name;
    const auto tx = std::make_shared<tls::Handshake>();
    tx->sni = sni;
    tx->ja4 = ja4;
    scene_.show(Scene::pair(flow.client, flow.server),
                [flow, name, tx, time = scene_.now()](AnyLocal& local, uint32_t) {
                  const Event event{.protocol = &tls::Tls::protocol, .tx = tx.get(), .record = &tls::records()[0]};
                  local.event({event, &flow, time, flow.client, flow.server});
                });
  }
  Scene scene_;
};

TEST_F(NoveltyTest, AServiceThatWasNeverThere) {
  speak(1.2 * kDay, {"10.0.0.2", "10.0.0.7", 4444}, "http");
  speak(1.3 * kDay, {"10.0.0.8", "10.0.0.7", 4444}, "http");
  const auto all = found();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].subject, "10.0.0.7");
  EXPECT_EQ(all[0].objects, std::vector<std::string>{"10.0.0.7:4444"});
  EXPECT_EQ(all[0].attack, (std::vector<Technique>{{"T1571", "TA0011"}}));
  EXPECT_EQ(level_of(all[0].severity, all[0].confidence), FindingLevel::info);
  EXPECT_NE(all[0].evidence.find("\"kind\":\"service\""), std::string::npos) << all[0].evidence;
}

TEST_F(NoveltyTest, NoServiceIsNewBeforeAllIsLearnedNorWhereNobodyAnswers) {
  speak(0.5 * kDay, {"10.0.0.2", "10.0.0.7", 4444}, "http");
  speak(1.2 * kDay, {"10.0.0.2", "10.0.0.7", 4444}, "http");          // known by now
  speak(1.2 * kDay, {"10.0.0.2", "10.0.0.9", 53, 17}, "dns", "", 0);  // silence
  speak(1.2 * kDay, {"10.0.0.2", "198.51.100.7", 4444}, "http");      // outside
  speak(1.2 * kDay, {"10.0.0.2", "10.0.0.7", 50'000}, "http");        // a port of the hour
  speak(1.2 * kDay, {"10.0.0.2", "10.0.0.7", 4445}, "failed");        // nobody knows of what
  EXPECT_TRUE(found().empty());
}

TEST_F(NoveltyTest, ManyNewServicesOfAHostAreOneFinding) {
  for (uint16_t port = 1000; port < 1400; ++port) speak(1.2 * kDay + port, {"10.0.0.2", "10.0.0.7", port}, "http");
  const auto all = found();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].objects.size(), 1U);  // as it opened
}

TEST_F(NoveltyTest, AWayOfAdministrationBetweenWorkstations) {
  speak(1.2 * kDay, {"10.0.0.20", "10.0.0.21", 445}, "", "SMBv23");
  const auto all = found();
  ASSERT_EQ(all.size(), 2U);  // and the service
  const auto& edge = all[0].subject == "10.0.0.20" ? all[0] : all[1];
  EXPECT_EQ(edge.subject, "10.0.0.20");
  EXPECT_EQ(edge.objects, std::vector<std::string>{"10.0.0.21:445"});
  EXPECT_EQ(edge.attack, (std::vector<Technique>{{"T1021", "TA0008"}}));
  EXPECT_EQ(level_of(edge.severity, edge.confidence), FindingLevel::low);
}

TEST_F(NoveltyTest, NoWayToAServerNorFromWhoAdministersIsNews) {
  for (int i = 30; i < 36; ++i) {
    const std::string host = "10.0.0." + std::to_string(i);
    speak(0.2 * kDay + i, {host, "10.0.0.5", 22}, "ssh");  // a server
    speak(0.3 * kDay + i, {"10.0.0.6", host, 22}, "ssh");  // an administrator
    speak(0.4 * kDay + i, {"10.0.0.50", "10.0.0.51", 22}, "ssh");
  }
  speak(1.2 * kDay, {"10.0.0.40", "10.0.0.5", 22}, "ssh");
  speak(1.2 * kDay, {"10.0.0.6", "10.0.0.51", 22}, "ssh");
  speak(1.2 * kDay, {"10.0.0.50", "10.0.0.51", 22}, "ssh");
  EXPECT_TRUE(found().empty());
}

constexpr std::string_view kRare = "t13d1516h2_8daaf6152771_02713d6af862",
                           kCommon = "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6";

TEST_F(NoveltyTest, AFingerprintOfOneHostAndOnePeer) {
  for (int i = 1; i <= 60; ++i) {
    greet(1.1 * kDay + i, {"10.0.1." + std::to_string(i), "198.51.100.7", 443}, "www.example.com",
          std::string(kCommon));
  }
  for (int i = 0; i < 8; ++i) {
    greet(1.1 * kDay + 600 * i, {"10.0.1.9", "203.0.113.5", 443}, "c2.example.net", std::string(kRare));
  }
  const auto all = found();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].subject, "10.0.1.9");
  EXPECT_NE(all[0].evidence.find(kRare), std::string::npos) << all[0].evidence;
  EXPECT_EQ(level_of(all[0].severity, all[0].confidence), FindingLevel::low);
}

TEST_F(NoveltyTest, NotOneOfSeveralPeersOrHostsNorAKnownOneNorAmongFew) {
  const auto crowd = [&](int hosts) {
    for (int i = 1; i <= hosts; ++i) {
      greet(1.1 * kDay + i, {"10.0.1." + std::to_string(i), "198.51.100.7", 443}, "www.example.com",
            std::string(kCommon));
    }
  };
  crowd(60);
  greet(0.5 * kDay, {"10.0.1.3", "203.0.113.5", 443}, "a.example.net", "known");
  for (int i = 0; i < 8; ++i) {
    const double time = 1.1 * kDay + 600 * i;
    greet(time, {"10.0.1.1", "203.0.113." + std::to_string(i), 443}, "", "many-peers");
    greet(time, {"10.0.1." + std::to_string(1 + i), "203.0.113.5", 443}, "a.example.net", "many-hosts");
    greet(time, {"10.0.1.3", "203.0.113.5", 443}, "a.example.net", "known");
    greet(1.1 * kDay + i, {"10.0.1.4", "203.0.113.5", 443}, "a.example.net", "not-for-long");
  }
  EXPECT_TRUE(found().empty());
  scene_ = Scene();
  scene_.learn = 0;
  crowd(40);
  for (int i = 0; i < 8; ++i) greet(1.1 * kDay + 600 * i, {"10.0.1.9", "203.0.113.5", 443}, "c2.example.net", "few");
  EXPECT_TRUE(found().empty());
}

TEST_F(NoveltyTest, AClientOfPublicDnsOverHttps) {
  greet(0.5 * kDay, {"10.0.0.20", "8.8.8.8", 443}, "dns.google", "a");
  greet(1.1 * kDay, {"10.0.0.20", "1.1.1.1", 443}, "chrome.cloudflare-dns.com", "a");  // it does so all the time
  greet(1.1 * kDay, {"10.0.0.21", "198.51.100.7", 443}, "notdns.google.example", "a");
  EXPECT_TRUE(found().empty());
  greet(1.2 * kDay, {"10.0.0.21", "8.8.8.8", 443}, "DNS.Google", "a");
  const auto all = found();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].subject, "10.0.0.21");
  EXPECT_EQ(all[0].attack, (std::vector<Technique>{{"T1572", "TA0011"}}));
}

TEST(DohResolver, NamesAndWhatIsBelowThem) {
  EXPECT_TRUE(is_doh_resolver("dns.google"));
  EXPECT_TRUE(is_doh_resolver("dns64.dns.google"));
  EXPECT_TRUE(is_doh_resolver("dns9.quad9.net"));
  EXPECT_FALSE(is_doh_resolver("notdns.google"));
  EXPECT_FALSE(is_doh_resolver("www.google.com"));
  EXPECT_FALSE(is_doh_resolver(""));
}

/// Seconds of many hosts and values, with what came of them.
class Memory {
 public:
  struct Nobody final : FindingSink {
    void behaviour(const Behaviour&) override { ++told; }
    size_t told = 0;
  };
  Memory()
      : detector_(detector<Novelties>().read(OptionSource())),
        local_(detector_->local(surroundings_)),
        fresh_(make()) {}
  std::unique_ptr<AnyGlobal> make() const { return detector_->global(surroundings_); }
  AnyGlobal& global() { return *fresh_; }

  size_t pass(AnyGlobal& global, int from, int to) {
    Nobody sink;
    FindingBook book(sink);
    Findings findings(book, detector_->about());
    for (int second = from; second < to; ++second) {
      for (uint8_t i = 0; i < 5; ++i) {
        const uint8_t server[] = {10, 0, 0, static_cast<uint8_t>(second % 50)}, client[] = {10, 0, 1, i};
        const FlowRef flow{.id = static_cast<uint64_t>(second * 5 + i),
                           .client = IpAddress::v4(client),
                           .server = IpAddress::v4(server),
                           .server_port = static_cast<uint16_t>(20 + second / 50),
                           .proto = 6,
                           .protocol = "ssh"};
        local_->flow({.moment = FlowMoment::identified,
                      .time = Timestamp::from_seconds(Scene::kStart + second),
                      .flow = &flow,
                      .all_packets = {2, 2}});
      }
      if (const auto delta = test::sealed(*local_)) global.take(Scene::kStart + second, *delta, findings);
      global.expire(Scene::kStart + second, findings);
    }
    return sink.told;
  }
  static std::vector<uint8_t> saved(AnyGlobal& global) {
    StateWriter out;
    global.save(out);
    return out.take();
  }

 private:
  const Surroundings surroundings_{
      .internal = Networks({"10.0.0.0/8"}, nullptr), .hash_seed = kReplaySeed, .replay = true, .learn = 200};
  std::unique_ptr<const AnyDetector> detector_;
  std::unique_ptr<AnyLocal> local_;
  std::unique_ptr<AnyGlobal> fresh_;
};

TEST(NoveltyState, GoesOnWhereItWas) {
  Memory memory;
  memory.pass(memory.global(), 0, 250);
  EXPECT_EQ(memory.global().use().learning, 0U);
  const auto bytes = Memory::saved(memory.global());
  const auto again = memory.make();
  StateReader in(bytes);
  ASSERT_TRUE(again->load(in) && in.done());
  EXPECT_EQ(Memory::saved(*again), bytes);
  EXPECT_EQ(again->use().learning, 0U);
  const size_t told = memory.pass(memory.global(), 250, 400);
  EXPECT_GT(told, 0U);
  EXPECT_EQ(memory.pass(*again, 250, 400), told);
  EXPECT_EQ(Memory::saved(*again), Memory::saved(memory.global()));
  EXPECT_EQ(memory.pass(*memory.make(), 250, 400), 0U);  // which has learned nothing
}

TEST(NoveltyState, TakesNothingOnTrust) {
  Memory memory;
  memory.pass(memory.global(), 0, 60);
  const auto bytes = Memory::saved(memory.global());
  for (size_t size = 0; size < bytes.size(); size += 1 + size / 64) {
    StateReader in(Bytes(bytes).first(size));
    EXPECT_FALSE(memory.make()->load(in) && in.done()) << size;
  }
  Dice dice(1);
  size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    auto broken = bytes;
    for (uint64_t i = 0, flips = 1 + dice.below(4); i < flips; ++i) {
      // The head matters most.
      const size_t at = dice.below(dice.percent(30) ? 450 : broken.size());
      broken[at] = static_cast<uint8_t>(dice.below(256));
    }
    const auto global = memory.make();
    StateReader in(broken);
    if (!global->load(in)) {
      ++refused;
      continue;
    }
    EXPECT_LE(global->use().keys, bytes.size() / 40);
    memory.pass(*global, 60, 62);  // goes on whatever it believes
  }
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace lapwing::analytics
