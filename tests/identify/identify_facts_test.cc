// Flows of which a dissector tells enough, and packets that wait for its word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "sensor/event/facts.h"
#include "sensor/identify/identify.h"
#include "tests/identify/default_config.h"
#include "tests/identify/identify_captures.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

IdentifyConfig config(IdentifyDepth depth = IdentifyDepth::facts) {
  auto out = test::default_config();
  out.depth = depth;
  return out;
}

constexpr uint32_t kNobody = 0x0100000a;  // 10.0.0.1 in network order
constexpr FlowEnds kWeb{.transport = 6, .ports = {40000, 443}, .ipv4 = {kNobody, kNobody}};

class IdentifyFacts : public testing::Test {
 protected:
  /// What is said of one host.
  Application told(std::string_view protocol, const FlowEnds& ends, std::string_view host) {
    state_ = std::make_unique<IdentifyState>();
    identifier_.begin(*state_, ends);
    EXPECT_TRUE(identifier_.rely_on_facts(*state_, protocol, ends));
    Facts facts;
    facts.host = host;
    identifier_.tell(*state_, facts);
    return identifier_.describe(*state_);
  }

  Identifier identifier_{config()};
  std::unique_ptr<IdentifyState> state_;
};

TEST_F(IdentifyFacts, AHostTellsApplicationAndCategory) {
  const Application found = told("tls", kWeb, "WWW.YouTube.com");
  EXPECT_EQ(found.protocol, "TLS.YouTube");
  EXPECT_EQ(found.hostname, "www.youtube.com");
  EXPECT_EQ(found.category, "Media");
  EXPECT_EQ(found.confidence, "DPI");
  EXPECT_TRUE(state_->done());
  identifier_.finish(*state_);
  EXPECT_EQ(identifier_.describe(*state_).protocol, "TLS.YouTube");
  EXPECT_EQ(identifier_.counters().told, 1u);
  EXPECT_EQ(identifier_.counters().packets, 0u);
}

TEST_F(IdentifyFacts, WhatIsKeptOfANameChangesNoAnswer) {
  // More names than are kept, each asked twice and thrice.
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3000; ++i) {
      const std::string host = "h" + std::to_string(i) + (i % 3 ? ".lapwing.example" : ".youtube.com");
      const Application found =
          told(i % 2 ? "tls" : "dns", i % 2 ? kWeb : FlowEnds{.transport = 17, .ports = {40000, 53}}, host);
      const std::string protocol = i % 2 ? "TLS" : "DNS";
      ASSERT_EQ(found.protocol, i % 3 ? protocol : protocol + ".YouTube") << host;
    }
  }
}

TEST_F(IdentifyFacts, AnAddressTellsWhereNoNameDoes) {
  FlowEnds google = kWeb;
  google.ipv4[1] = 0x08080808;
  EXPECT_EQ(told("tls", google, "lapwing.example").protocol, "TLS.Google");
  EXPECT_EQ(told("tls", google, "www.youtube.com").protocol, "TLS.YouTube");
}

TEST_F(IdentifyFacts, OtherNamesTellWhereTheHostDoesNot) {
  IdentifyState state;
  identifier_.begin(state, kWeb);
  ASSERT_TRUE(identifier_.rely_on_facts(state, "tls", kWeb));
  Facts facts;
  facts.names = {"lapwing.example", "*.netflix.com", "*.youtube.com"};
  identifier_.tell(state, facts);
  EXPECT_EQ(identifier_.describe(state).protocol, "TLS.NetFlix");
}

TEST_F(IdentifyFacts, RisksAreNdpis) {
  IdentifyState state;
  identifier_.begin(state, kWeb);
  ASSERT_TRUE(identifier_.rely_on_facts(state, "tls", kWeb));
  Facts facts;
  facts.risk(Risk::tls_missing_sni);
  facts.cipher = 0x002f;  // TLS_RSA_WITH_AES_128_CBC_SHA
  facts.alpns = {"lapwing/1"};
  identifier_.tell(state, facts);
  const Application found = identifier_.describe(state);
  EXPECT_THAT(found.risk_names, Contains(HasSubstr("Missing SNI")));
  EXPECT_THAT(found.risk_names, Contains(HasSubstr("Weak TLS Cipher")));
  EXPECT_THAT(found.risk_names, Contains(HasSubstr("Uncommon TLS ALPN")));
  EXPECT_THAT(told("dns", {.transport = 17, .ports = {40000, 53}}, "qzxkvjwqpzxkvjqz.com").risk_names,
              Contains(HasSubstr("DGA")));
}

TEST_F(IdentifyFacts, CompleteEndsIt) {
  IdentifyState state;
  identifier_.begin(state, kWeb);
  ASSERT_TRUE(identifier_.rely_on_facts(state, "tls", kWeb));
  Facts facts;
  facts.host = "www.youtube.com";
  facts.complete = true;
  identifier_.tell(state, facts);
  EXPECT_FALSE(state.wants_facts());
  facts.host = "lapwing.example";
  identifier_.tell(state, facts);
  EXPECT_EQ(identifier_.describe(state).hostname, "www.youtube.com");
}

TEST_F(IdentifyFacts, OnlyWhereNdpiLooksForTheProtocolFirst) {
  FlowEnds odd = kWeb;
  odd.ports = {40000, 4433};
  for (const auto& [protocol, ends] : {std::pair{"tls", odd}, {"http", kWeb}, {"smtp", kWeb}}) {
    IdentifyState state;
    identifier_.begin(state, ends);
    EXPECT_FALSE(identifier_.rely_on_facts(state, protocol, ends)) << protocol;
  }
  Identifier full(config(IdentifyDepth::full));
  IdentifyState state;
  full.begin(state, kWeb);
  EXPECT_FALSE(full.rely_on_facts(state, "tls", kWeb));
  EXPECT_FALSE(full.hold(state, Bytes(), {}));
}

TEST_F(IdentifyFacts, HeldPacketsCountAmongFlowsLookedAt) {
  IdentifyConfig few = config();
  few.max_flows = 1;
  Identifier identifier(few);
  const std::vector<uint8_t> packet(40);
  IdentifyState first, second;
  identifier.begin(first, kWeb);
  identifier.begin(second, kWeb);
  EXPECT_TRUE(identifier.hold(first, packet, {}));
  EXPECT_TRUE(identifier.hold(second, packet, {}));
  EXPECT_TRUE(second.done());
  EXPECT_EQ(identifier.counters().max_flows, 1u);
}

/// Whether packets waited, and how many could, is not seen in what nDPI says of them.
TEST_F(IdentifyFacts, WhatWaitedIsJudgedAsIfItHadNot) {
  size_t flows = 0, waited = 0;
  for (const auto& entry : fs::recursive_directory_iterator("pcaps")) {
    if (entry.path().extension() != ".pcap") continue;
    std::map<std::string, std::pair<IdentifyState, IdentifyState>> all;
    for (const test::CapturedPacket& packet : test::read_capture(entry.path().string())) {
      const auto [known, fresh] = all.try_emplace(packet.flow);
      auto& [straight, held] = known->second;
      if (fresh) identifier_.begin(held, kWeb);
      identifier_.packet(straight, packet.ip, packet.time);
      if (identifier_.hold(held, packet.ip, packet.time)) {
        ++waited;
      } else {
        identifier_.packet(held, packet.ip, packet.time);
      }
    }
    for (auto& [name, states] : all) {
      auto& [straight, held] = states;
      identifier_.finish(straight);
      identifier_.finish(held);
      const Application wanted = identifier_.describe(straight);
      const std::string protocol(wanted.protocol), host(wanted.hostname);
      const uint64_t risk = wanted.risk;
      const Application found = identifier_.describe(held);
      EXPECT_EQ(found.protocol, protocol) << entry.path() << ' ' << name;
      EXPECT_EQ(found.hostname, host) << entry.path() << ' ' << name;
      EXPECT_EQ(found.risk, risk) << entry.path() << ' ' << name;
      ++flows;
    }
  }
  EXPECT_GT(flows, 50u);
  EXPECT_GT(waited, 50u);
}

}  // namespace
}  // namespace lapwing
