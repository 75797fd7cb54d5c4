// What TLS tells of the application, and of risks.
#include <gmock/gmock.h>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/dissectors/facts.h"
#include "tests/dissectors/tls/tls_wire.h"

namespace lapwing::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr unsigned kAlertRecord = 21, kHandshakeRecord = 22;
constexpr unsigned kTls10 = 0x0301, kTls11 = 0x0302, kTls12 = 0x0303, kTls13 = 0x0304;
constexpr unsigned kSupportedVersions = 43, kEncryptedSni = 65486;
const std::string kHost = "www.example.org";

const std::string& usual() {
  static const std::string kExtensions = tls_sni(kHost) + tls_alpn({"h2", "http/1.1"});
  return kExtensions;
}
std::string hello_with(const std::string& extensions = usual(), unsigned version = kTls12) {
  return tls_record(kHandshakeRecord, tls_message(1, tls_client_hello({.version = version, .extensions = extensions})));
}
std::string answer_with(const std::string& extensions = {}) {
  return tls_record(kHandshakeRecord,
                    tls_message(2, tls_server_hello({.ciphers = {0xc02f}, .extensions = extensions})));
}
std::string shown(const CertificateParts& parts) {
  return tls_record(kHandshakeRecord, tls_message(11, tls_certificate({make_certificate(parts)})));
}
/// For www.example.org, within its time at noon of the day.
CertificateParts valid_certificate() {
  return {.subject = {{"CN", kHost}},
          .issuer = {{"O", "Test CA"}},
          .serial_hex = "0A",
          .not_before = "20240101000000Z",
          .not_after = "20241231000000Z",
          .alternative_names = "DNS:www.example.org,DNS:alt.example"};
}
constexpr int64_t kNewYear = 1'704'067'200, kDay = 86'400;  // 2024-01-01

std::vector<HeardFacts> told(const std::string& client, const std::string& server = {}, int64_t day = 60) {
  Dialogue talk(dissector("tls"));
  talk.time = Timestamp::from_seconds(kNewYear + day * kDay);
  talk.client(client).server(server);
  return talk.facts;
}
uint64_t risks(const std::string& client) {
  return risks_of(told(client));
}
uint64_t risks_of_certificate(const CertificateParts& parts, int64_t day = 60) {
  return risks_of(told(hello_with(), answer_with() + shown(parts), day));
}

TEST(TlsFacts, TheHandshakeTellsHostThenCipherThenNames) {
  const auto facts = told(hello_with(), answer_with(tls_alpn({"h2"})) + shown(valid_certificate()));
  ASSERT_THAT(facts, SizeIs(3));
  EXPECT_EQ(facts[0].host, kHost);
  EXPECT_FALSE(facts[0].complete);
  EXPECT_EQ(facts[1].cipher, 0xc02f);
  EXPECT_THAT(facts[1].alpns, ElementsAre("h2", "http/1.1"));
  EXPECT_FALSE(facts[1].complete);
  EXPECT_THAT(facts[2].names, ElementsAre(kHost, "alt.example"));
  EXPECT_EQ(facts[2].subject, "CN=" + kHost);
  EXPECT_TRUE(facts[2].complete);
  EXPECT_EQ(risks_of(facts), 0);
}

TEST(TlsFacts, BehindAHelloOfTls13AllIsEncrypted) {
  const auto facts = told(hello_with(), answer_with(tls_extension(kSupportedVersions, be16(kTls13))));
  ASSERT_THAT(facts, SizeIs(2));
  EXPECT_TRUE(facts[1].complete);
  EXPECT_THAT(facts[1].alpns, IsEmpty());
}

TEST(TlsFacts, RisksOfHellos) {
  const std::string alpn = tls_alpn({"h2"}), sni = tls_sni(kHost);
  EXPECT_EQ(risks(hello_with()), 0);
  EXPECT_EQ(risks(hello_with(usual(), kTls10)), bits({Risk::tls_obsolete_version}));
  EXPECT_EQ(risks(hello_with(sni)), bits({Risk::tls_not_carrying_https}));
  EXPECT_EQ(risks(hello_with(alpn)), bits({Risk::tls_missing_sni}));
  EXPECT_EQ(risks(hello_with(alpn, kTls11)), bits({Risk::tls_missing_sni, Risk::tls_obsolete_version}));
  EXPECT_EQ(risks(hello_with(alpn, kTls10)), bits({Risk::tls_obsolete_version}));
  const std::string esni = tls_extension(kEncryptedSni, "abcd");
  EXPECT_EQ(risks(hello_with(usual() + esni)), bits({Risk::tls_suspicious_esni_usage}));
  EXPECT_EQ(risks(hello_with(alpn + esni)), 0);
  EXPECT_EQ(risks(hello_with(alpn + tls_sni("a\x01z"))), bits({Risk::invalid_characters}));
}

TEST(TlsFacts, ExtensionsThatNobodySendsAreSuspicious) {
  const uint64_t suspicious = bits({Risk::tls_suspicious_extension});
  for (unsigned type : {53, 60, 40'000}) EXPECT_EQ(risks(hello_with(usual() + tls_extension(type, ""))), suspicious);
  for (unsigned type : {52, 59, 17'513, 0x2a2a, 65'281}) {
    EXPECT_EQ(risks(hello_with(usual() + tls_extension(type, ""))), 0) << type;
  }
  EXPECT_EQ(risks_of(told(hello_with(), answer_with(tls_extension(40'000, "")))), suspicious);
}

TEST(TlsFacts, FatalAlerts) {
  EXPECT_EQ(risks_of(told(hello_with(), tls_record(kAlertRecord, "\x02\x28") + answer_with())),
            bits({Risk::tls_fatal_alert}));
}

TEST(TlsFacts, RisksOfCertificates) {
  EXPECT_EQ(risks_of_certificate(valid_certificate()), 0);
  CertificateParts parts = valid_certificate();
  parts.issuer = parts.subject;
  EXPECT_EQ(risks_of_certificate(parts), bits({Risk::tls_selfsigned_certificate}));
  parts = valid_certificate();
  parts.not_after = "20250301000000Z";
  EXPECT_EQ(risks_of_certificate(parts), bits({Risk::tls_certificate_validity_too_long}));
  EXPECT_EQ(risks_of_certificate(valid_certificate(), -1), bits({Risk::tls_certificate_expired})) << "not begun";
  EXPECT_EQ(risks_of_certificate(valid_certificate(), 330), 0);
  EXPECT_EQ(risks_of_certificate(valid_certificate(), 340), bits({Risk::tls_certificate_about_to_expire}));
  EXPECT_EQ(risks_of_certificate(valid_certificate(), 366), bits({Risk::tls_certificate_expired}));
}

TEST(TlsFacts, ACertificateIsOfItsNames) {
  auto of = [](const std::string& names) {
    CertificateParts parts = valid_certificate();
    parts.alternative_names = names;
    return risks_of_certificate(parts);
  };
  const uint64_t mismatch = bits({Risk::tls_certificate_mismatch});
  EXPECT_EQ(of("DNS:other.example"), mismatch);
  EXPECT_EQ(of("DNS:other.example,DNS:WWW.example.org"), 0);
  EXPECT_EQ(of("DNS:*.example.org"), 0);
  EXPECT_EQ(of("DNS:*.org"), mismatch);
}

}  // namespace
}  // namespace lapwing::test
