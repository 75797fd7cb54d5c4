#include "analytics/detectors/tls_anomaly.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dissectors/protocols/tls/tls.h"
#include "tests/analytics/scene.h"

namespace lapwing::analytics {
namespace {

using test::Scene;

constexpr int64_t kSecondsOfADay = 86'400;

/// Days before and behind the scene's start.
std::string date(int64_t days) {
  return to_iso8601(Timestamp::from_seconds(Scene::kStart + days * kSecondsOfADay)).substr(0, 19);
}

x509::Certificate honest() {
  return {.subject = "CN=www.shop.example",
          .issuer = "O=Authority, CN=Authority",
          .fingerprint = "01",
          .not_before = date(-30),
          .not_after = date(60),
          .names = {"www.shop.example"},
          .key = "rsaEncryption",
          .key_hash = "aa",
          .key_bits = 2048,
          .signature = "RSA-SHA256",
          .digest = "SHA256",
          .public_policy = true};
}
x509::Certificate own(std::string name) {
  auto out = honest();
  out.subject = out.issuer = "CN=" + std::move(name);
  out.names = {};
  out.self_issued = true;
  out.public_policy = false;
  return out;
}

class TlsScene : public Scene {
 public:
  struct Said {
    x509::Certificate certificate;
    std::string sni = "www.shop.example";
    uint16_t version = tls::kTls12;
    std::string client = "10.0.0.5", server = "198.51.100.7";
    std::string ja3s = "s";
  };
  TlsScene& at(double seconds) {
    Scene::at(seconds);
    return *this;
  }
  TlsScene& say(const Said& said) {
    const FlowRef of = flow({said.client, said.server, 443});
    const auto tx = std::make_shared<tls::Handshake>();
    tx->sni = said.sni;
    tx->ja4 = "t12d1";
    tx->ja3s_hash = said.ja3s;
    for (tls::Party& party : tx->parties) {
      party.greeted = true;
      party.version = said.version;
    }
    if (said.version != tls::kTls13) {
      tx->parties[index(Direction::to_client)].certificate = std::make_shared<x509::Certificate>(said.certificate);
    }
    show(pair(of.client, of.server), [of, tx, time = now()](AnyLocal& local, uint32_t) {
      const Event event{.protocol = &tls::Tls::protocol,
                        .tx = tx.get(),
                        .direction = Direction::to_client,
                        .record = &tls::records()[0]};
      local.event({event, &of, time, of.client, of.server});
    });
    return *this;
  }
  std::vector<Behaviour> found() const { return Scene::found(*detector<TlsAnomaly>().read(OptionSource())); }
};

TEST(TlsAnomalyTest, TraitsOfOneCertificate) {
  struct Row {
    std::string_view trait;
    void (*change)(TlsScene::Said&);
  };
  const Row kRows[] = {
      {"expired", [](auto& said) { said.certificate.not_after = date(-1); }},
      {"not_yet_valid", [](auto& said) { said.certificate.not_before = date(1); }},
      {"long_lived", [](auto& said) { said.certificate.not_after = date(370); }},
      {"other_name", [](auto& said) { said.sni = "www.bank.example"; }},
      {"weak_key", [](auto& said) { said.certificate.key_bits = 1024; }},
      {"weak_signature", [](auto& said) { said.certificate.digest = "SHA1"; }},
      {"weak_signature", [](auto& said) { said.certificate.digest = "MD5"; }},
      {"old_version", [](auto& said) { said.version = tls::kTls11; }},
      {"self_signed", [](auto& said) { said.certificate = own("www.shop.example"); }},
      {"random_name",
       [](auto& said) {
         said.certificate = own("www.xq7zk2vvpw9j.example");
         said.sni = {};
       }},
      {"address_name",
       [](auto& said) {
         said.certificate = own("203.0.113.9");
         said.sni = {};
       }},
  };
  for (const auto& [trait, change] : kRows) {
    TlsScene::Said said{honest()};
    change(said);
    const auto found = TlsScene().say(said).found();
    ASSERT_EQ(found.size(), 2u) << trait;
    EXPECT_NE(found[0].evidence.find('"' + std::string(trait) + '"'), std::string::npos) << trait << found[0].evidence;
    EXPECT_LT(found[0].severity, 40) << trait;
    EXPECT_EQ(found[0].objects.at(0), "198.51.100.7:443");
  }
}

TEST(TlsAnomalyTest, HonestOnesAreNone) {
  auto fresh = honest(), private_and_long = honest(), edge = honest();
  fresh.not_before = date(0);
  private_and_long.public_policy = false;
  private_and_long.not_after = date(3650);
  edge.not_before = date(-1);
  edge.not_after = date(397);
  auto wild = honest();
  wild.names = {"*.shop.example"};
  for (const auto& certificate : {honest(), fresh, private_and_long, edge, wild}) {
    EXPECT_TRUE(TlsScene().say({certificate}).found().empty());
  }
  EXPECT_TRUE(TlsScene().say({own("10.0.0.9"), "", tls::kTls12, "10.0.0.5", "10.0.0.9"}).found().empty())
      << "an appliance inside";
  EXPECT_TRUE(TlsScene().say({own("x"), "www.shop.example", tls::kTls13}).found().empty()) << "which nobody sees";
}

TEST(TlsAnomalyTest, SeveralOnOneCertificateAreMedium) {
  auto odd = own("www.xq7zk2vvpw9j.example");
  odd.not_before = date(0);
  const auto found = TlsScene().say({odd, "www.bank.example"}).found();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(level_of(found[0].severity, found[0].confidence), FindingLevel::medium);
}

/// One of those who let browsers be tested.
TEST(TlsAnomalyTest, SeveralOnSeveralCertificatesAreNot) {
  TlsScene scene;
  for (int i = 0; i < 40; ++i) {
    scene.at(i * 7 % 31);
    auto certificate = i % 4 == 0 ? own("www.shop.example") : honest();
    certificate.fingerprint = std::to_string(i % 4);
    if (i % 4 == 1) certificate.not_after = date(-3);
    if (i % 4 == 2) certificate.key_bits = 512;
    if (i % 4 == 3) certificate.not_after = date(2000);
    scene.say({certificate, std::to_string(i % 4) + ".shop.example"});
  }
  const auto found = scene.found();
  ASSERT_FALSE(found.empty());
  for (const Behaviour& of : found) {
    EXPECT_EQ(of.id, found[0].id);
    EXPECT_LT(of.severity, 40);
  }
  EXPECT_EQ(found.back().count, 40u);
}

TEST(TlsAnomalyTest, OneByTheClockIsMedium) {
  const auto calls = [](auto gap) {
    TlsScene scene;
    double time = 0;
    for (int i = 0; i < 40; ++i) scene.at(time += gap(i)).say({own("c2.example"), ""});
    const auto found = scene.found();
    return found.empty() ? 0 : found.back().severity;
  };
  EXPECT_GE(calls([](int) { return 60.0; }), 40);
  EXPECT_LT(calls([](int i) { return i * i % 17 * i % 23 * 30.0 + 2.5; }), 40);
}

TEST(TlsAnomalyTest, OneKeyInManyNetworks) {
  const auto shown = [](const x509::Certificate& certificate) {
    TlsScene scene;
    for (int i = 1; i <= 3; ++i) {
      scene.at(i).say({certificate, "", tls::kTls12, "10.0.0.5", "198." + std::to_string(50 + i) + ".100.7"});
    }
    return scene.found();
  };
  const auto own_of_many = shown(own("server"));
  ASSERT_EQ(own_of_many.size(), 6u);
  EXPECT_NE(own_of_many[2].evidence.find("shared_key"), std::string::npos);
  EXPECT_EQ(own_of_many[0].evidence.find("shared_key"), std::string::npos);
  auto company = honest();
  company.public_policy = false;
  EXPECT_TRUE(shown(company).empty());
}

TEST(TlsAnomalyTest, WhatManyUseIsNoSignOfItself) {
  TlsScene scene;
  for (int i = 1; i <= 20; ++i) {
    scene.at(i).say({own("www.shop.example"), "www.shop.example", tls::kTls12, "10.0.0." + std::to_string(i)});
  }
  const auto found = scene.found();
  ASSERT_FALSE(found.empty());
  EXPECT_LE(found.back().count, 10u) << "from then on it is what all use";
}

TEST(TlsAnomalyTest, AnotherPairBehindANameThatIsKnown) {
  const auto shown = [](double last) {
    TlsScene scene;
    for (int i = 0; i < 30; ++i) scene.at(i * last / 30).say({honest(), "www.shop.example", tls::kTls13});
    scene.at(last).say({honest(), "www.shop.example", tls::kTls13, "10.0.0.5", "198.51.100.9", "other"});
    return scene.found();
  };
  const auto found = shown(2 * kSecondsOfADay);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NE(found[0].evidence.find("new_pair"), std::string::npos);
  EXPECT_TRUE(shown(3600).empty()) << "it is not known for a day";
}

}  // namespace
}  // namespace lapwing::analytics
