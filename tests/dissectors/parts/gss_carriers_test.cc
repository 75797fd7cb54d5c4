// Logins by NTLMSSP and Kerberos, as each protocol carries them.
#include <gmock/gmock.h>

#include "sensor/base/text.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/parts/ntlmssp_wire.h"

namespace lapwing {
namespace {

using namespace std::string_literals;
using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string coded(const std::string& token) {
  return to_base64(to_bytes(token));
}
const std::string kNegotiate = coded(ntlm_negotiate()), kAuthenticate = coded(ntlm_authenticate()),
                  kChallenge = coded(ntlm_challenge(wide("LAB"), ntlm_server_pairs()));
const std::string kRecord =
    R"({"ntlm":{"domain":"LAB","user":"ann","host":"WS1","version":"10.0 build 17763 rev 15","ntlm_version":1,)"
    R"("server":{"target":"LAB","name":"DC1","domain":"LAB","dns_name":"dc1.lab.example","dns_domain":"lab.example",)"
    R"("dns_forest":"example","time":"2024-05-01T10:00:00","version":"10.0 build 17763 rev 15"},"outcome":")";

/// How a protocol says what a login needs.
struct MailProtocol {
  std::string_view protocol;
  std::string greeting, hello, welcome, begin, go_on, challenge, granted, refused;
  std::string anomaly;
};
const MailProtocol kCarriers[] = {
    {"smtp", "220 mx\r\n", "EHLO c\r\n", "250 ok\r\n", "AUTH NTLM\r\n", "334 \r\n", "334 ", "235 yes\r\n", "535 no\r\n",
     "gss_malformed_ntlmssp"},
    {"imap", "* OK ready\r\n", "", "", "a AUTHENTICATE NTLM\r\n", "+ \r\n", "+ ", "a OK yes\r\n", "a NO no\r\n",
     "gss_malformed_ntlmssp"},
    {"pop3", "+OK ready\r\n", "", "", "AUTH NTLM\r\n", "+ \r\n", "+ ", "+OK yes\r\n", "-ERR no\r\n",
     "gss_malformed_ntlmssp"},
};

TEST(GssCarriers, MailTellsLoginsOfNtlmsspOnce) {
  for (const MailProtocol& carrier : kCarriers) {
    for (const bool granted : {false, true}) {
      Dialogue d(dissector(carrier.protocol));
      d.server(carrier.greeting)
          .client(carrier.hello)
          .server(carrier.welcome)
          .client(carrier.begin)
          .server(carrier.go_on)
          .client(kNegotiate + "\r\n");
      d.server(carrier.challenge + kChallenge + "\r\n").client(kAuthenticate + "\r\n");
      d.server(granted ? carrier.granted : carrier.refused).finish();
      const std::string outcome = granted ? "success" : "failure";
      EXPECT_THAT(d.records, Contains(kRecord + outcome + "\"}}")) << carrier.protocol;
      EXPECT_THAT(d.records, Contains(HasSubstr(R"("user":"ann")"))) << carrier.protocol;
      EXPECT_THAT(d.logins, ElementsAre("ann " + outcome)) << carrier.protocol;
      EXPECT_THAT(d.sightings, Contains("ntlm server dc1.lab.example")) << carrier.protocol;
      EXPECT_THAT(d.sightings, Contains("product client Windows 10.0.17763")) << carrier.protocol;
      EXPECT_THAT(d.anomalies, IsEmpty()) << carrier.protocol;
    }
  }
}

TEST(GssCarriers, MailTellsWhatIsMalformed) {
  for (const MailProtocol& carrier : kCarriers) {
    Dialogue d(dissector(carrier.protocol));
    d.server(carrier.greeting)
        .client(carrier.hello)
        .server(carrier.welcome)
        .client(carrier.begin)
        .server(carrier.go_on);
    d.client(coded(ntlm_authenticate().substr(0, 50)) + "\r\n").server(carrier.refused).finish();
    EXPECT_THAT(d.anomalies, ElementsAre(HasSubstr(carrier.anomaly))) << carrier.protocol;
    EXPECT_THAT(d.records, Not(Contains(HasSubstr("\"ntlm\"")))) << carrier.protocol;
  }
}

std::string get(const std::string& headers = {}) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}
std::string answer(const std::string& status, const std::string& headers = {}) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: 0\r\n" + headers + "\r\n";
}

TEST(GssCarriers, HttpLogsAConnectionIn) {
  struct {
    std::string credentials, challenge, refused;
  } const kRealms[] = {{"Authorization", "WWW-Authenticate", "401 Unauthorized"},
                       {"Proxy-Authorization", "Proxy-Authenticate", "407 Proxy Authentication Required"}};
  for (const auto& realm : kRealms) {
    for (const std::string scheme : {"NTLM ", "Negotiate ", "ntlm  "}) {
      for (const bool granted : {false, true}) {
        Dialogue d(dissector("http"));
        d.client(get()).server(answer(realm.refused, realm.challenge + ": Negotiate\r\n" + realm.challenge +
                                                         ": NTLM\r\n" + realm.challenge + ": Basic realm=x\r\n"));
        d.client(get(realm.credentials + ": " + scheme + kNegotiate + "\r\n"));
        d.server(answer(realm.refused, realm.challenge + ": " + scheme + kChallenge + "\r\n"));
        d.client(get(realm.credentials + ": " + scheme + kAuthenticate + "\r\n"));
        d.server(answer(granted ? "200 OK" : realm.refused)).client(get()).server(answer("200 OK")).finish();
        const std::string outcome = granted ? "success" : "failure";
        ASSERT_THAT(d.records, SizeIs(5));
        EXPECT_EQ(d.records[3], kRecord + outcome + "\"}}");
        EXPECT_THAT(d.logins, ElementsAre("ann " + outcome));
        EXPECT_THAT(d.anomalies, Not(Contains(HasSubstr("gss"))));
      }
    }
  }
}

TEST(GssCarriers, HttpTellsOfKerberosThatSomebodyCame) {
  Dialogue d(dissector("http"));
  const std::string token = spnego_init(kOidKrb5, krb_token("\1\0"s, krb_ap_request("LAB", {"HTTP", "www"}, 18)));
  d.client(get("Authorization: Negotiate " + coded(token) + "\r\n"));
  d.server(answer("200 OK", "WWW-Authenticate: Negotiate " + coded(spnego_response(0, kOidKrb5, "")) + "\r\n"));
  d.client(get("Authorization: Basic eDp5\r\n")).server(answer("200 OK")).finish();
  EXPECT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.logins, ElementsAre(" success", "x success"));
  EXPECT_THAT(d.anomalies, Not(Contains(HasSubstr("gss"))));
}

TEST(GssCarriers, HttpTellsWhatIsMalformed) {
  const std::pair<std::string, std::string> kCases[] = {
      {coded(ntlm_authenticate().substr(0, 50)), "gss_malformed_ntlmssp@0"},
      {"not!base64", "gss_malformed_token@0"},
      {coded("\x60\x20\x06"), "gss_malformed_token@0"},
      {coded(krb_token("\1\0"s, krb_ap_request("A", {"b"}, 18).substr(0, 20))), "gss_malformed_kerberos@0"},
      {coded(ntlm_authenticate({.host_first = true})), "gss_unusual_ntlmssp_order@0"},
  };
  for (const auto& [token, anomaly] : kCases) {
    Dialogue d(dissector("http"));
    d.client(get("Authorization: Negotiate " + token + "\r\n")).server(answer("401 no")).finish();
    EXPECT_THAT(d.anomalies, Contains(anomaly));
  }
  Dialogue offers(dissector("http"));
  offers.client(get("Authorization: Negotiate\r\nProxy-Authorization: Digest NTLM=\"x\"\r\n")).server(answer("401 no"));
  offers.finish();
  EXPECT_THAT(offers.anomalies, Not(Contains(HasSubstr("gss"))));
}

}  // namespace
}  // namespace lapwing
