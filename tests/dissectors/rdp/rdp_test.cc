#include <gmock/gmock.h>

#include "tests/dissectors/caps.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/dissectors/rdp/rdp_wire.h"
#include "tests/dissectors/tls/tls_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr unsigned kHandshake = 22;
const std::string kCookie = "Cookie: mstshash=alice\r\n";
const std::string kAskTls = rdp_request(kCookie + rdp_negotiation(1, 0, 3));
const std::string kChooseTls = rdp_confirm(rdp_negotiation(2, 0x1f, 2));

std::string hello(const std::string& extensions = tls_sni("desk.example")) {
  return tls_record(kHandshake, tls_message(1, tls_client_hello({.extensions = extensions})));
}
std::string answer(const std::string& extensions = "") {
  return tls_record(kHandshake, tls_message(2, tls_server_hello({.extensions = extensions})));
}
std::string certificate(const std::string& serial = "0AFF") {
  return make_certificate({.subject = {{"CN", "desk.example"}},
                           .issuer = {{"CN", "desk.example"}},
                           .serial_hex = serial,
                           .not_before = "20240101000000Z",
                           .not_after = "20240701000000Z"});
}
std::string shown(const std::vector<std::string>& chain) {
  return tls_record(kHandshake, tls_message(11, tls_certificate(chain)));
}
/// An opening by standard security, up to the server's data.
Dialogue& open(Dialogue& d, const std::string& request, const std::string& response) {
  return d.client(rdp_request(kCookie)).server(rdp_confirm()).client(request).server(response);
}

TEST(Rdp, ARequestSaysWhoAsksAndForWhat) {
  Dialogue d(dissector("rdp"));
  d.client(rdp_request(kCookie + rdp_negotiation(1, 0x0b, 0x0b) + le16(6) + le16(36) + std::string(16, '\x11') +
                       std::string(16, '\0')));
  EXPECT_THAT(d.records, ElementsAre(R"({"rdp":{"tx_id":1,"event_type":"initial_request","cookie":"alice","flags":[)"
                                     R"("restricted_admin_mode_required","redirected_authentication_mode_required",)"
                                     R"("correlation_info_present"],"protocols":["ssl","hybrid","hybrid_ex"],)"
                                     R"("correlation_id":"11111111111111111111111111111111"}})"));
  EXPECT_THAT(d.values("rdp.cookie"), ElementsAre("alice"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Rdp, ARoutingTokenIsNoCookie) {
  Dialogue d(dissector("rdp"));
  d.client(rdp_request("Cookie: msts=3640205228.15629.0000\r\n" + rdp_negotiation(1, 0, 0)));
  EXPECT_THAT(d.records, ElementsAre(AllOf(HasSubstr(R"("routing_token":"Cookie: msts=3640205228.15629.0000")"),
                                           HasSubstr(R"("protocols":["rdp"])"), Not(HasSubstr("\"cookie\"")))));
}

TEST(Rdp, AnEmptyCookieIsOne) {
  Dialogue d(dissector("rdp"));
  d.client(rdp_request("Cookie: mstshash=\r\n"));
  EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("cookie":"")")));
}

TEST(Rdp, TheServerChooses) {
  Dialogue d(dissector("rdp"));
  d.client(kAskTls).server(kChooseTls);
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_EQ(d.records[1], R"({"rdp":{"tx_id":2,"event_type":"initial_response","server_supports":[)"
                          R"("extended_client_data","dynvc_gfx","restricted_admin","redirected_authentication"],)"
                          R"("protocol":"hybrid"}})");
}

TEST(Rdp, EachProtocolHasItsName) {
  const std::pair<uint32_t, std::string> names[] = {{0, "rdp"},       {1, "ssl"},      {2, "hybrid"}, {4, "rds_tls"},
                                                    {8, "hybrid_ex"}, {16, "rds_aad"}, {3, "3"}};
  for (const auto& [number, name] : names) {
    Dialogue d(dissector("rdp"));
    d.client(kAskTls).server(rdp_confirm(rdp_negotiation(2, 0, number)));
    EXPECT_THAT(d.records, Contains(HasSubstr("\"protocol\":\"" + name + "\"")));
  }
}

TEST(Rdp, ARefusalHasAReason) {
  const std::string reasons[] = {"ssl required by server",    "ssl not allowed by server",
                                 "ssl cert not on server",    "inconsistent flags",
                                 "hybrid required by server", "ssl with user auth required by server"};
  for (uint32_t code = 1; code <= std::size(reasons); ++code) {
    Dialogue d(dissector("rdp"));
    d.client(kAskTls).server(rdp_confirm(rdp_negotiation(3, 0, code)));
    EXPECT_THAT(d.records, Contains(HasSubstr("\"error_code\":" + std::to_string(code) + ",\"reason\":\"" +
                                              reasons[code - 1] + "\"")));
  }
  Dialogue d(dissector("rdp"));
  d.client(kAskTls).server(rdp_confirm(rdp_negotiation(3, 0, 77)));
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("\"error_code\":77"), Not(HasSubstr("reason")))));
}

TEST(Rdp, TheClientSaysWhatItIs) {
  const std::string optional = le16(0xca01) + le16(1) + le32(5) + le16(24) + le16(15) + le16(0x05ef) +
                               rdp_text("55274-OEM", 64) + std::string("\6\0", 2) + le32(0) + le32(520) + le32(290) +
                               le16(0) + le32(125) + le32(140);
  Dialogue d(dissector("rdp"));
  open(d,
       rdp_connect(rdp_core({.optional = optional}) + rdp_block(0xc004, le32(0x0d) + le32(0)) +
                   rdp_block(0xc002, le32(0x1b) + le32(0)) + rdp_channels({"rdpdr", "cliprdr", "MS_T120"}) +
                   rdp_block(0xc005, le32(0) + le32(2))),
       rdp_connected(""));
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_EQ(
      d.records[2],
      R"({"rdp":{"tx_id":3,"event_type":"connect_request","client":{"version":"v5","desktop_width":1280,)"
      R"("desktop_height":768,"color_depth":24,"keyboard_layout":"en-US","build":"Windows 7 SP1","client_name":"DESK",)"
      R"("keyboard_type":"enhanced","function_keys":12,"product_id":1,"serial_number":5,"capabilities":[)"
      R"("support_errinfo_pdf","want_32bpp_session","support_statusinfo_pdu","strong_asymmetric_keys",)"
      R"("valid_connection_type","support_monitor_layout_pdu","support_netchar_autodetect","support_dynvc_gfx_protocol",)"
      R"("support_heartbeat_pdu"],"id":"55274-OEM","connection_hint":"lan","physical_width":520,"physical_height":290,)"
      R"("desktop_orientation":0,"scale_factor":125,"device_scale_factor":140,"build_number":7601,)"
      R"("keyboard_layout_id":1033},"channels":["rdpdr","cliprdr","MS_T120"],"encryption_methods":["40bit","128bit",)"
      R"("56bit","fips"],"redirection":["supported"],"monitors":2}})");
  EXPECT_THAT(d.values("rdp.client_name"), ElementsAre("DESK"));
  EXPECT_THAT(d.values("rdp.channel"), ElementsAre("rdpdr", "cliprdr", "MS_T120"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Rdp, WhatAnOlderClientDoesNotSayIsNotThere) {
  Dialogue d(dissector("rdp"));
  open(d, rdp_connect(rdp_core({.version = 0x00080001, .build = 1, .name = ""})), rdp_connected(""));
  EXPECT_EQ(d.records[2],
            R"({"rdp":{"tx_id":3,"event_type":"connect_request","client":{"version":"v4","desktop_width":1280,)"
            R"("desktop_height":768,"color_depth":8,"keyboard_layout":"en-US","build":"unknown",)"
            R"("keyboard_type":"enhanced","function_keys":12,"build_number":1,"keyboard_layout_id":1033}}})");
}

TEST(Rdp, SizesThatNoDisplayHasAreNotShown) {
  const std::string before =
      le16(0) + le16(1) + le32(0) + le16(0) + le16(0) + le16(0) + rdp_text("", 64) + std::string("\0\0", 2) + le32(0);
  Dialogue d(dissector("rdp"));
  open(d, rdp_connect(rdp_core({.optional = before + le32(9) + le32(200) + le16(90) + le32(100) + le32(100)})),
       rdp_connected(""));
  EXPECT_THAT(d.records[2], AllOf(Not(HasSubstr("physical")), Not(HasSubstr("orientation")), Not(HasSubstr("scale"))));
}

TEST(Rdp, VersionsBuildsAndKeyboardsHaveNames) {
  const auto record = [](const CoreParts& parts) {
    Dialogue d(dissector("rdp"));
    open(d, rdp_connect(rdp_core(parts)), rdp_connected(""));
    return d.records.at(2);
  };
  EXPECT_THAT(record({.version = 0x00080005}), HasSubstr(R"("version":"v10.0")"));
  EXPECT_THAT(record({.version = 0x0008000c}), HasSubstr(R"("version":"v10.7")"));
  EXPECT_THAT(record({.version = 0x00080011}), HasSubstr(R"("version":"v10.12")"));
  EXPECT_THAT(record({.version = 0x00080012}), HasSubstr(R"("version":"unknown")"));
  EXPECT_THAT(record({.build = 17763}), HasSubstr(R"("build":"Windows 10 RS5")"));
  EXPECT_THAT(record({.build = 3790}), HasSubstr(R"("build":"Windows Server 2003")"));
  EXPECT_THAT(record({.keyboard_layout = 0x40a}), HasSubstr(R"("keyboard_layout":"es-ES_tradnl")"));
  EXPECT_THAT(record({.keyboard_layout = 0x7c92}), HasSubstr(R"("keyboard_layout":"ku-Arab")"));
  EXPECT_THAT(record({.keyboard_layout = 0x00010407}), HasSubstr(R"("keyboard_layout":"de-DE")"));
  EXPECT_THAT(record({.keyboard_layout = 0xfff0}), HasSubstr(R"("keyboard_layout":"unknown")"));
}

TEST(Rdp, StandardSecurityIsTold) {
  Dialogue d(dissector("rdp"));
  open(d, rdp_connect(rdp_core({})),
       rdp_connected(rdp_block(0x0c01, le32(0x00080004)) + rdp_block(0x0c03, le16(1003) + le16(2) + le16(1004)) +
                     rdp_security(2, 3, rdp_rsa_certificate(2048))));
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_EQ(d.records[3], R"({"rdp":{"tx_id":4,"event_type":"connect_response","server":{"version":"v5",)"
                          R"("result":"success","encryption_method":"128bit","encryption_level":"high","certificate":)"
                          R"({"type":"rsa","count":1,"key_bits":2048},"channels":2}}})");
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Rdp, StandardSecurityMayShowAChain) {
  Dialogue d(dissector("rdp"));
  open(d, rdp_connect(rdp_core({})),
       rdp_connected(rdp_security(16, 4, rdp_x509_chain({certificate("01"), certificate("0AFF")}))));
  EXPECT_THAT(d.records.at(3),
              AllOf(HasSubstr(R"("encryption_method":"fips","encryption_level":"fips","certificate":{"type":"x509",)"
                              R"("count":2,"temporary":true,"subject":"CN=desk.example","issuerdn":"CN=desk.example",)"
                              R"("serial":"0A:FF")"),
                    HasSubstr(R"("notafter":"2024-07-01T00:00:00")")));
}

TEST(Rdp, AConferenceMayBeRefused) {
  Dialogue d(dissector("rdp"));
  open(d, rdp_connect(rdp_core({})), rdp_connected("", 1));
  EXPECT_THAT(d.records.at(3), HasSubstr(R"("server":{"result":"user rejected"})"));
}

TEST(Rdp, BehindTheServersDataNothingIsRead) {
  Dialogue d(dissector("rdp"));
  open(d, rdp_connect(rdp_core({})), rdp_connected(rdp_security(2, 2)));
  d.client(rdp_data("\x04\1\0\1\0")).client("\x44\x04junk").server("junk").finish();
  EXPECT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_FALSE(d.failed);
}

TEST(Rdp, TlsIsReadUpToTheServersCertificate) {
  const std::string der = certificate();
  Dialogue d(dissector("rdp"));
  d.client(kAskTls).server(kChooseTls).client(hello()).server(answer()).server(shown({der, certificate("00")}));
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[2],
              AllOf(HasSubstr(R"({"rdp":{"tx_id":3,"event_type":"tls_handshake","x509_serials":["aff","0"],)"
                              R"("tls":{"version":"TLS 1.2","sni":"desk.example","subject":"CN=desk.example",)"
                              R"("issuerdn":"CN=desk.example","serial":"0A:FF","fingerprint":")" +
                              sha1_colons(der) + R"(","notbefore":"2024-01-01T00:00:00")"),
                    HasSubstr(R"("certificates":2,"ja3":{"hash":")"), HasSubstr(R"("ja3s":{"hash":")"),
                    HasSubstr(R"("ja4":"t12d)")));
  d.client(tls_record(23, std::string(40, 'x'))).server(tls_record(23, std::string(40, 'x'))).finish();
  EXPECT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Rdp, ACertificateThatIsEncryptedIsNotWaitedFor) {
  const std::string thirteen = tls_extension(43, be16(0x0304));
  Dialogue d(dissector("rdp"));
  d.client(kAskTls).server(kChooseTls).client(hello()).server(answer(thirteen));
  EXPECT_THAT(d.records, SizeIs(2));
  d.server(tls_record(23, std::string(900, 'x')));
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("event_type":"tls_handshake","tls":{"version":"TLS 1.3")"),
                                  Not(HasSubstr("x509_serials"))));
}

TEST(Rdp, AnEarlierSessionShowsNoCertificate) {
  Dialogue d(dissector("rdp"));
  d.client(kAskTls).server(kChooseTls).client(hello()).server(answer()).server(tls_record(20, "\1"));
  EXPECT_THAT(d.records, SizeIs(3));
}

TEST(Rdp, ASecondHelloMayBeAskedFor) {
  const std::string retry(
      "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2"
      "\xc8\xa8\x33\x9c",
      32);
  Dialogue d(dissector("rdp"));
  d.client(kAskTls).server(kChooseTls).client(hello());
  d.server(tls_record(kHandshake, tls_message(2, tls_server_hello({.random = retry}))) + tls_record(20, "\1"));
  EXPECT_THAT(d.records, SizeIs(2));
  d.client(tls_record(20, "\1") + hello()).server(answer()).server(shown({certificate()}));
  EXPECT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Rdp, ClientAndServerAreSeenByName) {
  Dialogue standard(dissector("rdp")), tls(dissector("rdp"));
  open(standard, rdp_connect(rdp_core({})), rdp_connected(rdp_security(2, 2, rdp_x509_chain({certificate()}))));
  EXPECT_THAT(standard.sightings, ElementsAre("dns client DESK", "certificate server desk.example"));
  tls.client(kAskTls).server(kChooseTls).client(hello()).server(answer()).server(shown({certificate()}));
  EXPECT_THAT(tls.sightings,
              ElementsAre(StartsWith("ja4 client t12d"), "sni server desk.example", "certificate server desk.example"));
}

TEST(Rdp, OneSideAloneIsTold) {
  Dialogue client(dissector("rdp")), server(dissector("rdp"));
  client.client(kAskTls).client(hello()).finish();
  EXPECT_THAT(client.records, ElementsAre(HasSubstr("initial_request"), HasSubstr("\"sni\":\"desk.example\"")));
  server.server(kChooseTls).server(answer()).server(shown({certificate()}));
  EXPECT_THAT(server.records, ElementsAre(HasSubstr("initial_response"), HasSubstr(R"("x509_serials":["aff"])")));
}

TEST(Rdp, BrokenBytesAreTold) {
  const auto anomalies = [](const std::string& request, const std::string& confirm = "") {
    Dialogue d(dissector("rdp"));
    d.client(request).server(confirm).finish();
    return d.anomalies;
  };
  const std::string ask = rdp_request(kCookie);
  EXPECT_THAT(anomalies(ask + std::string("\3\0\0\6\2\xf0\x80", 7)), ElementsAre("invalid_tpkt@0"));
  EXPECT_THAT(anomalies(ask + "GET / HTTP/1.1"), ElementsAre("invalid_tpkt@0"));
  EXPECT_THAT(anomalies(ask + std::string("\3\0\0\x08\x20\xe0\0\0", 8)), ElementsAre("invalid_x224@0"));
  EXPECT_THAT(anomalies(ask + rdp_confirm()), ElementsAre("invalid_x224@0"));
  EXPECT_THAT(anomalies(ask + tpkt(std::string("\6\xe0\0\1\0\0\0", 7))), ElementsAre("invalid_x224@0"));
  EXPECT_THAT(anomalies(tpkt(std::string("\6\xe0\0\0\0\0\0trail", 12))), ElementsAre("invalid_tpkt@0"));
  EXPECT_THAT(anomalies(rdp_request("Cookie: mstshash=no end")), ElementsAre("invalid_negotiation@0"));
  EXPECT_THAT(anomalies(rdp_request(kCookie + "\1\0\7\0\0\0\0\0")), ElementsAre("invalid_negotiation@0"));
  EXPECT_THAT(anomalies(ask, rdp_confirm("\4\0\x08\0\0\0\0\0")), ElementsAre("invalid_negotiation@1"));
  EXPECT_THAT(anomalies(ask + rdp_connected("")), ElementsAre("invalid_connect_data@0"));
  EXPECT_THAT(anomalies(ask + rdp_connect(rdp_block(0xc001, "short"))), ElementsAre("invalid_connect_data@1"));
  EXPECT_THAT(anomalies(ask + rdp_connect(rdp_channels({"a"}, 2))), ElementsAre("invalid_connect_data@1"));
  EXPECT_THAT(anomalies(ask + rdp_connect(le16(0xc006) + le16(3))), ElementsAre("invalid_connect_data@1"));
  EXPECT_THAT(anomalies(ask + rdp_connect(rdp_channels(std::vector<std::string>(32, "c")))),
              ElementsAre("too_many_channels@1"));
  std::string segmented = rdp_connect(rdp_core({}));
  segmented[6] = 0;
  EXPECT_THAT(anomalies(ask + segmented), ElementsAre("segmented_x224@1"));
}

TEST(Rdp, AMessageInSeveralTpdusIsJoined) {
  const auto cut = [](const std::string& whole, size_t size, bool ends) {
    const std::string data = whole.substr(7);
    std::string out;
    for (size_t at = 0; at < data.size(); at += size) {
      std::string tpdu = rdp_data(data.substr(at, size));
      if (!ends || at + size < data.size()) tpdu[6] = 0;
      out += tpdu;
    }
    return out;
  };
  const std::string ask = rdp_connect(rdp_core({.name = "EVIL"}) + rdp_channels({"rdpdr"}));
  for (size_t size : {1, 2, 3, 50}) {
    for (bool ends : {true, false}) {
      for (size_t piece : {0, 1}) {
        Dialogue d(dissector("rdp"));
        d.client(rdp_request(kCookie), piece).server(rdp_confirm(), piece).client(cut(ask, size, ends), piece);
        d.server(cut(rdp_connected(rdp_security(1, 1)), size, ends), piece).finish();
        ASSERT_THAT(d.records, SizeIs(4)) << size << ends;
        EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("client_name":"EVIL")"), HasSubstr("rdpdr")));
        EXPECT_THAT(d.records[3], HasSubstr(R"("encryption_method":"40bit")"));
        EXPECT_THAT(d.anomalies, ElementsAre("segmented_x224@2", "segmented_x224@3"));
      }
    }
  }
}

TEST(Rdp, WhoGivesUpMayAlertBeforeAnyHello) {
  const std::string alert("\x15\3\3\0\2\2\x32", 7), asked = rdp_request(kCookie + rdp_negotiation(1, 0, 3));
  const auto anomalies = [&](const std::string& confirm, const std::string& client, const std::string& server) {
    Dialogue d(dissector("rdp"));
    d.client(asked).server(confirm).client(client).server(server).finish();
    EXPECT_THAT(d.records, SizeIs(2));
    return d.anomalies;
  };
  for (const uint32_t protocol : {1, 2, 8}) {
    const std::string confirm = rdp_confirm(rdp_negotiation(2, 0, protocol));
    EXPECT_THAT(anomalies(confirm, "", alert), IsEmpty());
    EXPECT_THAT(anomalies(confirm, alert, alert), IsEmpty());
    EXPECT_THAT(anomalies(confirm, "", alert + "plain"), ElementsAre("invalid_tls_record@1"));
    EXPECT_THAT(anomalies(confirm, "GET / HTTP/1.1", ""), ElementsAre("invalid_tpkt@1"));
  }
  EXPECT_THAT(anomalies(rdp_confirm(rdp_negotiation(2, 0, 0)), "", alert), ElementsAre("invalid_tpkt@1"));
  EXPECT_THAT(anomalies(rdp_confirm(), "", alert), ElementsAre("invalid_tpkt@1"));
}

TEST(Rdp, BrokenTlsIsTold) {
  const auto anomalies = [](const std::string& server) {
    Dialogue d(dissector("rdp"));
    d.client(kAskTls).server(kChooseTls).client(hello()).server(answer()).server(server).finish();
    return d.anomalies;
  };
  EXPECT_THAT(anomalies("plain"), ElementsAre("invalid_tls_record@1"));
  EXPECT_THAT(anomalies(std::string("\x16\3\3\xff\xff", 5)), ElementsAre("invalid_tls_record@1"));
  EXPECT_THAT(anomalies(tls_record(kHandshake, tls_message(99, ""))), ElementsAre("invalid_tls_handshake@1"));
  EXPECT_THAT(anomalies(shown({"no certificate"})), ElementsAre("invalid_certificate@2"));
  EXPECT_THAT(anomalies(tls_record(kHandshake, tls_message(11, std::string("\0\0\x09\0\0\x01", 6)))),
              ElementsAre("invalid_certificate@2"));
}

TEST(Rdp, GapsAreSkippedWhereMessagesSayHowLongTheyAre) {
  Dialogue d(dissector("rdp"));
  const std::string connect = rdp_connect(rdp_core({}));
  d.client(rdp_request(kCookie)).server(rdp_confirm());
  d.client(rdp_data("\x04lost").substr(0, 9)).gap(kClient, 3).client(connect).server(rdp_connected("")).finish();
  EXPECT_THAT(d.records, ElementsAre(HasSubstr("initial_request"), HasSubstr("initial_response"),
                                     HasSubstr("connect_request"), HasSubstr("connect_response")));
}

TEST(Rdp, BehindALossAMessageIsFound) {
  Dialogue d(dissector("rdp"));
  d.client(rdp_request(kCookie)).gap(kServer, 500).server("junk\3\3" + rdp_connected(rdp_security(1, 1))).finish();
  EXPECT_THAT(d.records, ElementsAre(HasSubstr("initial_request"), HasSubstr("40bit")));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Rdp, BehindALossAHelloIsFound) {
  Dialogue d(dissector("rdp"));
  d.client(kAskTls).gap(kServer, 19).client(hello()).server("\x16junk" + answer() + shown({certificate()})).finish();
  EXPECT_THAT(d.records, ElementsAre(HasSubstr("initial_request"), HasSubstr(R"("x509_serials":["aff"])")));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Rdp, AGapInTheHandshakeEndsItsSide) {
  Dialogue d(dissector("rdp"));
  d.client(kAskTls).server(kChooseTls).client(hello()).server(answer().substr(0, 20)).gap(kServer, 30);
  d.server(shown({certificate()})).finish();
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr("\"sni\""), Not(HasSubstr("x509_serials"))));
}

TEST(Rdp, IsToldByItsFirstBytes) {
  const auto verdict = [](Direction direction, const std::string& bytes) {
    return probe(dissector("rdp"), direction, bytes);
  };
  EXPECT_EQ(verdict(kClient, kAskTls), Likelihood::sure);
  EXPECT_EQ(verdict(kClient, rdp_request(rdp_negotiation(1, 0, 1))), Likelihood::sure);
  EXPECT_EQ(verdict(kClient, rdp_request("")), Likelihood::maybe);
  EXPECT_EQ(verdict(kClient, rdp_request("tsv://x\r\n")), Likelihood::maybe);
  EXPECT_EQ(verdict(kServer, kChooseTls), Likelihood::sure);
  EXPECT_EQ(verdict(kServer, rdp_confirm()), Likelihood::maybe);
  EXPECT_EQ(verdict(kClient, rdp_connect(rdp_core({}))), Likelihood::sure);
  EXPECT_EQ(verdict(kServer, rdp_connected("")), Likelihood::sure);
  EXPECT_EQ(verdict(kClient, rdp_data("\x04\1\0\1\0")), Likelihood::maybe);
  for (size_t size = 1; size < 12; ++size)
    EXPECT_EQ(verdict(kClient, kAskTls.substr(0, size)), Likelihood::more) << size;
  EXPECT_EQ(verdict(kClient, std::string(kAskTls).replace(1, 1, "\xff")), Likelihood::sure) << "reserved";
  EXPECT_EQ(verdict(kServer, kAskTls), Likelihood::no);
  EXPECT_EQ(verdict(kClient, kChooseTls), Likelihood::no);
  EXPECT_EQ(verdict(kServer, rdp_connect("")), Likelihood::no);
  // S7comm and H.225 have TPKT as well.
  EXPECT_EQ(verdict(kClient, rdp_request(std::string("\xc1\2\1\0\xc2\2\1\2\xc0\1\x0a", 11))), Likelihood::no);
  EXPECT_EQ(verdict(kClient, rdp_data("\x32\1\0\0\0\0\0\x08\0\0")), Likelihood::no);
  EXPECT_EQ(verdict(kClient, tpkt(std::string("\x08\2\0\0\x05\x04\x03\x88\x93\xa5", 10))), Likelihood::no);
}

TEST(Rdp, CostGrowsWithWhatIsSaid) {
  const auto channels = [](size_t n) {
    const std::string request =
        rdp_connect(repeated(n, [](size_t) { return rdp_channels(std::vector<std::string>(5, "c"), 5000); }));
    return [=] {
      Dialogue d(dissector("rdp"));
      d.client(rdp_request(kCookie)).client(request, 1).finish();
    };
  };
  EXPECT_LT(growth(channels, 200), kDoubled);
  const auto lies = [](size_t n) {
    const std::string bytes = repeated(n, [](size_t) { return rdp_data("\x64\0"); });
    return [=] {
      Dialogue d(dissector("rdp"));
      d.client(rdp_request(kCookie)).client(bytes, 7).finish();
    };
  };
  EXPECT_LT(growth(lies, 2000), kDoubled);
  const auto empty_records = [](size_t n) {
    const std::string bytes = repeated(n, [](size_t) { return tls_record(kHandshake, ""); });
    return [=] {
      Dialogue d(dissector("rdp"));
      d.client(kAskTls).server(kChooseTls).client(bytes, 1).finish();
    };
  };
  EXPECT_LT(growth(empty_records, 2000), kDoubled);
  const auto lost = [](size_t n) {
    const std::string junk(n, '\3');
    return [=] {
      Dialogue d(dissector("rdp"));
      d.client(rdp_request(kCookie)).gap(kClient, 100).client(junk, 11).finish();
    };
  };
  EXPECT_LT(growth(lost, 20'000), kDoubled);
}

const CapReaches kReaches = {
    {"rdp",
     "tx",
     {},
     [](Dialogue& d) {
       for (int i = 0; i < 17; ++i) d.client(rdp_request(kCookie));
     }},
    {"rdp",
     "channels",
     {},
     [](Dialogue& d) { d.client(rdp_request("") + rdp_connect(rdp_channels(std::vector<std::string>(65, "c")))); }},
    {"rdp",
     "message",
     {},
     [](Dialogue& d) {
       d.client(kAskTls).client(tls_record(kHandshake, tls_message(1, std::string(70'000, 'a')).substr(0, 4)));
     }},
    {"rdp",
     "text",
     {},
     [](Dialogue& d) {
       const std::string named = tls_client_hello({.extensions = tls_sni(std::string(5000, 'n'))});
       d.client(kAskTls).server(kChooseTls).client(tls_record(kHandshake, tls_message(1, named))).server(answer());
     }},
    {"rdp",
     "certificate",
     {},
     [](Dialogue& d) {
       CertificateParts made{.subject = {{"CN", "a"}},
                             .issuer = {{"CN", "a"}},
                             .serial_hex = "0A",
                             .not_before = "20240101000000Z",
                             .not_after = "20240401000000Z",
                             .alternative_names = "DNS:b"};
       for (int i = 0; i < 1000; ++i) made.alternative_names += ",DNS:a" + std::to_string(i);
       d.client(kAskTls).server(kChooseTls).client(hello()).server(answer()).server(shown({make_certificate(made)}));
     }},
    {"rdp",
     "tsdu",
     {},
     [](Dialogue& d) {
       std::string part = rdp_data("\x7f\x65\x83\xff\xff\xff" + std::string(60'000, 'a'));
       part[6] = 0;
       d.client(kAskTls).client(part).client(part);
     }},
    {"rdp",
     "chain",
     {},
     [](Dialogue& d) {
       d.client(kAskTls).server(kChooseTls).client(hello()).server(answer());
       d.server(shown(std::vector<std::string>(33, "der")));
     }},
};

TEST(Rdp, ALongChainOfStandardSecurityIsCounted) {
  Dialogue d(dissector("rdp"));
  open(d, rdp_connect(rdp_core({})),
       rdp_connected(rdp_security(2, 2, rdp_x509_chain(std::vector<std::string>(33, "d")))));
  d.finish();
  EXPECT_GT(d.capped("chain"), 0u);
  EXPECT_THAT(d.records.at(3), HasSubstr("\"count\":32"));
}

}  // namespace
}  // namespace lapwing
