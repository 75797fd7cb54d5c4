#include <gmock/gmock.h>

#include "dissectors/protocols/tls/tls.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/dissectors/tls/tls_wire.h"

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

constexpr Direction kUp = Direction::to_server, kDown = Direction::to_client;
constexpr unsigned kCcs = 20, kAlert = 21, kHandshake = 22, kData = 23, kHeartbeat = 24;

const DissectorRow& row() {
  return dissector("tls");
}

const std::string& server_der() {
  static const std::string der = make_certificate({.subject = {{"CN", "server.example"}},
                                                   .issuer = {{"O", "Test CA"}},
                                                   .serial_hex = "0A",
                                                   .not_before = "20240101000000Z",
                                                   .not_after = "20340101000000Z",
                                                   .alternative_names = "DNS:server.example,DNS:alt.example"});
  return der;
}

const std::string& client_der() {
  static const std::string der = make_certificate({.subject = {{"CN", "client.example"}},
                                                   .issuer = {{"O", "Test CA"}},
                                                   .serial_hex = "0B",
                                                   .not_before = "20240101000000Z",
                                                   .not_after = "20340101000000Z",
                                                   .alternative_names = ""});
  return der;
}

std::string client_hello(const std::string& more = "", const std::string& session_id = "") {
  return tls_record(
      kHandshake,
      tls_message(1, tls_client_hello({.session_id = session_id,
                                       .extensions = tls_sni("server.example") + tls_alpn({"h2", "http/1.1"}) + more})),
      0x0301);
}

std::string server_hello(const std::string& session_id = "") {
  return tls_record(kHandshake, tls_message(2, tls_server_hello({.random = std::string(32, 'S'),
                                                                 .session_id = session_id,
                                                                 .ciphers = {0xc02f},
                                                                 .extensions = tls_alpn({"h2"})})));
}

std::string tls13_server_hello(const std::string& random = std::string(32, 'S')) {
  return tls_record(
      kHandshake,
      tls_message(
          2, tls_server_hello({.random = random, .ciphers = {0x1301}, .extensions = tls_extension(43, be16(0x0304))})));
}

std::string certificate(const std::string& der) {
  return tls_record(kHandshake, tls_message(11, tls_certificate({der, "second"})));
}
std::string hello_done() {
  return tls_record(kHandshake, tls_message(14, ""));
}
std::string change_cipher() {
  return tls_record(kCcs, "\1");
}

TEST(Tls, NamesTheByteFromWhichOnTheFlowIsEncrypted) {
  for (size_t piece : {size_t{0}, size_t{1}}) {
    Dialogue talk(row());
    const std::string hello = client_hello();
    talk.client(hello, piece).server(server_hello(), piece);
    EXPECT_THAT(talk.encrypted_from, IsEmpty());
    talk.client(tls_record(kCcs, "\1") + tls_record(kData, "secret"), piece);
    ASSERT_THAT(talk.encrypted_from, SizeIs(1));
    EXPECT_EQ(talk.encrypted_from[0], std::pair(kUp, uint64_t{hello.size() + 6 + 5}));
  }
}

TEST(Tls, EarlyDataAndFullHandlingLeaveTheFlowInTheClear) {
  Dialogue early(row());
  early.client(client_hello() + tls_record(kData, "early"));
  EXPECT_THAT(early.encrypted_from, IsEmpty());
  early.server(server_hello());
  early.client(tls_record(kData, "later"));
  EXPECT_THAT(early.encrypted_from, SizeIs(1));

  Dialogue full(row(), {{"app-layer.protocols.tls.encryption-handling", "full"}});
  full.client(client_hello()).server(server_hello()).client(tls_record(kData, "secret"));
  EXPECT_THAT(full.encrypted_from, IsEmpty());
}

TEST(Tls, RecordsAloneDoNotEncryptAFlowWhoseBeginningWasSeen) {
  const std::string data = tls_record(kData, "abcd");
  Dialogue d(row());
  for (int i = 0; i < 20; ++i) d.client(data).server(data);
  EXPECT_THAT(d.encrypted_from, IsEmpty());
  d.client("GET / HTTP/1.1\r\n");
  EXPECT_THAT(d.anomalies, ElementsAre("invalid_record_type@0"));

  Dialogue half(row());
  half.client(client_hello()).client(data).server(data).client(data);
  EXPECT_THAT(half.encrypted_from, IsEmpty()) << "the server has not greeted";

  Dialogue late(row());
  late.late = true;
  for (int i = 0; i < 3; ++i) late.client(data).server(data);
  EXPECT_THAT(late.encrypted_from, IsEmpty());
  for (int i = 0; i < 3; ++i) late.client(data);
  EXPECT_THAT(late.encrypted_from, IsEmpty()) << "one side alone";
  late.server(data);
  EXPECT_THAT(late.encrypted_from, SizeIs(1));
}

TEST(Tls, TheFirstInvalidRecordTakesEncryptionBack) {
  for (size_t piece : {size_t{0}, size_t{1}}) {
    Dialogue d(row());
    const std::string up = client_hello() + change_cipher() + tls_record(kData, "secret");
    d.client(client_hello(), piece).server(server_hello(), piece);
    d.client(change_cipher() + tls_record(kData, "secret"), piece);
    EXPECT_THAT(d.encrypted_from, SizeIs(1));
    EXPECT_THAT(d.plain_from, IsEmpty());
    d.client("in the clear", piece);
    ASSERT_THAT(d.plain_from, SizeIs(1));
    EXPECT_EQ(d.plain_from[0], std::pair(kUp, uint64_t{up.size()}));
    EXPECT_THAT(d.anomalies, ElementsAre("invalid_record_type@0"));
  }
}

TEST(Tls, TheHelloIsFoundHoweverItsRecordsAreMade) {
  // What OpenSSL's server takes.
  const std::string message = client_hello().substr(5);
  std::vector<std::string> shapes;
  for (unsigned version : {0x0300u, 0x0305u, 0x03ffu}) shapes.push_back(tls_record(kHandshake, message, version));
  std::string empty;
  for (int i = 0; i < 32; ++i) empty += tls_record(kHandshake, "");
  shapes.push_back(empty + tls_record(kHandshake, message));
  shapes.push_back(tls_record(kCcs, "") + tls_record(kHandshake, message));
  shapes.push_back(tls_record(kHandshake, message.substr(0, 1)) + tls_record(kHandshake, message.substr(1)));
  shapes.emplace_back();
  for (char c : message) shapes.back() += tls_record(kHandshake, std::string(1, c)) + tls_record(kHandshake, "");
  for (const std::string& shape : shapes) {
    for (size_t piece : {size_t{0}, size_t{1}}) {
      Dialogue d(row());
      d.client(shape, piece);
      EXPECT_THAT(d.values("tls.sni"), ElementsAre("server.example"));
      EXPECT_FALSE(d.failed);
    }
    for (size_t size = 0; size <= shape.size(); ++size) {
      const Likelihood likelihood = probe(row(), kUp, shape.substr(0, size));
      ASSERT_TRUE(likelihood == Likelihood::more || likelihood == Likelihood::sure) << size;
    }
    EXPECT_EQ(probe(row(), kUp, shape), Likelihood::sure);
  }
  EXPECT_EQ(probe(row(), kUp, empty + tls_record(kHandshake, "") + tls_record(kHandshake, message)), Likelihood::no);
}

TEST(Tls, ATls12HandshakeIsOneRecord) {
  Dialogue d(row());
  d.client(client_hello()).server(server_hello() + certificate(server_der()));
  EXPECT_THAT(d.records, IsEmpty());
  d.server(hello_done());
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_EQ(d.records[0],
            R"({"tls":{"subject":"CN=server.example","issuerdn":"O=Test CA","serial":"0A","fingerprint":")" +
                sha1_colons(server_der()) +
                R"(","notbefore":"2024-01-01T00:00:00","notafter":"2034-01-01T00:00:00",)"
                R"("subjectaltname":["server.example","alt.example"],"sni":"server.example","version":"TLS 1.2",)"
                R"("ja3":{"hash":")" +
                d.values("ja3.hash").at(0) +
                R"(","string":"771,4865-49199,0-16,,"},)"
                R"("ja3s":{"hash":")" +
                d.values("ja3s.hash").at(0) +
                R"(","string":"771,49199,16"},)"
                R"("ja4":")" +
                d.values("ja4.hash").at(0) + R"(","client_alpns":["h2","http/1.1"],"server_alpns":["h2"]}})");
  d.client(change_cipher() + tls_record(kHandshake, "encrypted")).server(tls_record(kData, "data")).finish();
  EXPECT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Tls, TimesThatAreNoneAreLeftOutOfTheRecord) {
  std::string undated = server_der();
  undated.replace(undated.find("240101"), 6, "241301");
  Dialogue d(row());
  d.client(client_hello()).server(server_hello() + certificate(undated) + hello_done());
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("subject":"CN=server.example")"),
                                  HasSubstr(R"("notafter":"2034-01-01T00:00:00")"), Not(HasSubstr("notbefore"))));
}

TEST(Tls, FieldsAreReadOnceInTheirDirection) {
  Dialogue d(row());
  d.client(client_hello()).server(server_hello() + certificate(server_der()) + hello_done()).finish();
  EXPECT_THAT(d.values("tls.sni"), ElementsAre("server.example"));
  EXPECT_THAT(d.values("tls.cert_subject"), ElementsAre("CN=server.example"));
  EXPECT_THAT(d.values("tls.cert_issuer"), ElementsAre("O=Test CA"));
  EXPECT_THAT(d.values("tls.cert_serial"), ElementsAre("0A"));
  EXPECT_THAT(d.values("tls.cert_fingerprint"), ElementsAre(sha1_colons(server_der())));
  EXPECT_THAT(d.values("tls.subjectaltname"), ElementsAre("server.example", "alt.example"));
  EXPECT_THAT(d.values("tls.certs"), ElementsAre(server_der(), "second"));
  EXPECT_THAT(d.values("tls.cert_chain_len"), ElementsAre("2"));
  EXPECT_THAT(d.values("tls.alpn"), ElementsAre("h2", "http/1.1", "h2"));
  EXPECT_THAT(d.values("tls.random_time"), ElementsAre("RRRR", "SSSS"));
  EXPECT_THAT(d.values("tls.random_bytes"), ElementsAre(std::string(28, 'R'), std::string(28, 'S')));
  EXPECT_THAT(d.values("tls.version"), ElementsAre("771", "771"));
}

TEST(Tls, PiecesAndRecordBoundariesMeanNothing) {
  const std::string up = client_hello(), down = server_hello() + certificate(server_der()) + hello_done();
  Dialogue whole(row());
  whole.client(up).server(down);
  for (size_t piece : {1, 2, 5, 100}) {
    Dialogue cut(row());
    cut.client(up, piece).server(down, piece);
    EXPECT_EQ(cut.records, whole.records) << piece;
    EXPECT_EQ(cut.fields, whole.fields) << piece;
    EXPECT_THAT(cut.anomalies, IsEmpty()) << piece;
  }
  // All messages in one run of bytes, put into records of three bytes each.
  std::string messages;
  for (const std::string& record : {server_hello(), certificate(server_der()), hello_done()})
    messages += record.substr(5);
  std::string records;
  for (size_t at = 0; at < messages.size(); at += 3) records += tls_record(kHandshake, messages.substr(at, 3));
  Dialogue split(row());
  split.client(up).server(records);
  EXPECT_EQ(split.records, whole.records);
  EXPECT_EQ(split.fields, whole.fields);
}

TEST(Tls, ATls13HandshakeIsDueWithTheFirstEncryptedRecord) {
  Dialogue d(row());
  d.client(client_hello(tls_extension(43, tls_sized(be16(0x0304), 1)))).server(tls13_server_hello());
  EXPECT_THAT(d.records, IsEmpty());
  d.server(change_cipher() + tls_record(kData, "encrypted extensions"));
  EXPECT_THAT(d.records, ElementsAre(AllOf(HasSubstr(R"("version":"TLS 1.3")"), Not(HasSubstr("session_resumed")))));
}

TEST(Tls, ARetryRequestKeepsTheFirstHelloAndReadsTheSecondPair) {
  const std::string retry_random =
      "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2"
      "\xc8\xa8\x33\x9c";
  Dialogue d(row());
  d.client(client_hello()).server(tls13_server_hello(retry_random) + change_cipher());
  d.client(change_cipher() + client_hello(tls_extension(44, "cookie")));
  d.server(tls13_server_hello() + tls_record(kData, "x"));
  EXPECT_THAT(d.values("tls.sni"), ElementsAre("server.example"));
  EXPECT_THAT(d.values("ja3.string"), ElementsAre("771,4865-49199,0-16,,"));
  EXPECT_THAT(d.records, SizeIs(1));
}

TEST(Tls, ASecondHelloThatAsksForAnotherNameIsATransactionOfItsOwn) {
  const std::string retry_random =
      "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2"
      "\xc8\xa8\x33\x9c";
  const std::string other =
      tls_record(kHandshake, tls_message(1, tls_client_hello({.extensions = tls_sni("hidden.example")})));
  Dialogue d(row());
  d.client(client_hello()).server(tls13_server_hello(retry_random) + change_cipher());
  d.client(change_cipher() + other + other).server(tls13_server_hello() + tls_record(kData, "x"));
  EXPECT_THAT(d.values("tls.sni"), ElementsAre("server.example", "hidden.example"));
  EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("sni":"server.example")"), HasSubstr(R"("sni":"hidden.example")")));
  EXPECT_THAT(d.records[1], HasSubstr(R"("version":"TLS 1.3")"));
  EXPECT_THAT(d.anomalies, ElementsAre("invalid_handshake_message@1"));
  EXPECT_THAT(d.encrypted_from, SizeIs(1));
}

TEST(Tls, LongTextsLeaveTheFlowWithTheHandshake) {
  const std::string many = tls_extension(16, tls_sized(std::string(20'000, '\0'), 2));
  std::vector<unsigned> ciphers(5000, 0x1301);
  const std::string hello =
      tls_message(1, tls_client_hello({.ciphers = ciphers, .extensions = tls_sni(std::string(9000, 'n')) + many}));
  std::string up;
  for (size_t at = 0; at < hello.size(); at += 16000) up += tls_record(kHandshake, hello.substr(at, 16000));
  Dialogue d(row());
  d.client(up);
  EXPECT_THAT(d.values("tls.alpn"), SizeIs(20'000)) << "rules see all of them";
  EXPECT_THAT(d.alerts.back(), HasSubstr("nnnn"));
  d.server(server_hello() + certificate(server_der()) + hello_done());
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr("nnnn"), HasSubstr(R"("client_alpns":["","")")));
  EXPECT_GE(d.messages[0], hello.size());
  d.client(change_cipher() + tls_record(kHeartbeat, std::string(40, 'x')));
  EXPECT_LT(d.alerts.back().size(), 2000u);
  EXPECT_THAT(d.alerts.back(), AllOf(HasSubstr("CN=server.example"), HasSubstr(R"("ja3":{"hash":")")));
}

TEST(Tls, EmptyMessagesAreNoEvents) {
  Dialogue d(row());
  d.client(client_hello()).server(server_hello());
  const size_t before = d.alerts.size();
  std::string exchanges;
  for (int i = 0; i < 4000; ++i) exchanges += tls_message(12, "");
  d.server(tls_record(kHandshake, exchanges));
  EXPECT_EQ(d.alerts.size(), before + 1);
}

TEST(Tls, EarlyDataDoesNotEndTheHandshake) {
  Dialogue d(row());
  d.client(client_hello() + change_cipher() + tls_record(kData, "early"));
  EXPECT_THAT(d.records, IsEmpty());
  d.server(tls13_server_hello() + tls_record(kData, "x"));
  EXPECT_THAT(d.records, ElementsAre(HasSubstr("TLS 1.3")));
}

TEST(Tls, ResumedSessionsSaySo) {
  for (const bool ticket : {true, false}) {
    const std::string id(32, 'I');
    const std::string up = ticket ? client_hello(tls_extension(35, "ticket")) : client_hello("", id);
    const std::string down = server_hello(ticket ? "" : id) + change_cipher() + tls_record(kHandshake, "finished");
    Dialogue d(row());
    d.client(up).server(down).client(change_cipher() + tls_record(kData, "x"));
    EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("session_resumed":true)")));
    Dialogue off(row(), {{"app-layer.protocols.tls.record.session-resumption", "no"}});
    off.client(up).server(down).client(change_cipher() + tls_record(kData, "x")).finish();
    EXPECT_THAT(off.records, IsEmpty());
  }
}

TEST(Tls, AClientCertificateIsWaitedForAndWritten) {
  Dialogue d(row());
  d.client(client_hello());
  d.server(server_hello() + certificate(server_der()) + tls_record(kHandshake, tls_message(13, "request")) +
           hello_done());
  EXPECT_THAT(d.records, IsEmpty());
  d.client(certificate(client_der()));
  EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("client":{"subject":"CN=client.example","issuerdn":"O=Test CA")")));
  EXPECT_THAT(d.fields, Contains("> tls.cert_subject=CN=client.example"));
}

TEST(Tls, AHelloWithoutAnAnswerIsWrittenAtTheEnd) {
  Dialogue d(row());
  d.client(client_hello()).finish();
  EXPECT_THAT(d.records,
              ElementsAre(AllOf(HasSubstr(R"("sni":"server.example")"), HasSubstr(R"("version":"TLS 1.2")"))));
}

TEST(Tls, WhatItTookOverFromIsToldWhateverElseIs) {
  const std::string key = "app-layer.protocols.tls.record.";
  for (const auto& [name, value] : Settings{{key + "extended", "no"}, {key + "custom", "sni"}}) {
    Heard heard;
    FlowDriver flow({.settings = {{name, value}}}, heard);
    flow.say(Direction::to_client, "220 mail ESMTP\r\n");
    flow.say(Direction::to_server, "EHLO a\r\n");
    flow.say(Direction::to_client, "250-mail\r\n250 STARTTLS\r\n");
    flow.say(Direction::to_server, "STARTTLS\r\n");
    flow.say(Direction::to_client, "220 go\r\n");
    flow.say(Direction::to_server, client_hello());
    flow.say(Direction::to_client, server_hello() + certificate(server_der()) + hello_done());
    flow.finish();
    EXPECT_THAT(heard.records, Contains(AllOf(HasSubstr(R"({"tls":{)"), HasSubstr(R"("from_proto":"smtp")"))));
  }
}

TEST(Tls, MembersCanBeChosen) {
  const std::string key = "app-layer.protocols.tls.";
  const std::string down = server_hello() + certificate(server_der()) + hello_done();
  Dialogue basic(row(), {{key + "record.extended", "no"}});
  basic.client(client_hello()).server(down);
  EXPECT_THAT(basic.records, ElementsAre(R"({"tls":{"subject":"CN=server.example","issuerdn":"O=Test CA"}})"));
  Dialogue custom(row(), {{key + "record.custom", "certificate,chain,client_handshake,server_handshake"}});
  custom.client(client_hello(tls_extension(13, tls_sized(be16(0x0403), 2)))).server(down);
  ASSERT_THAT(custom.records, SizeIs(1));
  EXPECT_THAT(custom.records[0],
              HasSubstr(R"(,"c2Vjb25k"],"client_handshake":{"version":"TLS 1.2","ciphers":[4865,49199],)"
                        R"("exts":[0,16,13],"sig_algs":[1027]},)"
                        R"("server_handshake":{"version":"TLS 1.2","cipher":49199,"exts":[16]}}})"));
  EXPECT_THAT(custom.records[0], HasSubstr(R"("certificate":")"));
  Dialogue plain(row(), {{key + "ja3-fingerprints", "no"}, {key + "ja4-fingerprints", "no"}});
  plain.client(client_hello()).server(down);
  EXPECT_THAT(plain.records, ElementsAre(AllOf(Not(HasSubstr("ja3")), Not(HasSubstr("ja4")))));
  EXPECT_THAT(plain.values("ja3.hash"), IsEmpty());
}

TEST(Tls, Ssl2HellosAreRead) {
  const std::string body =
      std::string("\1\3\1", 3) + be16(3) + be16(0) + be16(16) + std::string("\0\0\5", 3) + std::string(16, 'C');
  const std::string hello = be16(0x8000 | static_cast<unsigned>(body.size())) + body;
  EXPECT_EQ(probe(row(), kUp, hello), Likelihood::sure);
  EXPECT_EQ(probe(row(), kUp, hello.substr(0, 12)), Likelihood::more);
  EXPECT_EQ(probe(row(), kUp, "\x80\x2e\x01\x09\x01"), Likelihood::no);
  Dialogue d(row());
  d.client(hello, 3).server(server_hello() + certificate(server_der()) + hello_done());
  EXPECT_THAT(d.records, ElementsAre(AllOf(HasSubstr("CN=server.example"), Not(HasSubstr("\"ja3\"")))));
}

TEST(Tls, AnErrorOfSsl2IsNamedAndNoMalformedHello) {
  const std::string body =
      std::string("\1\0\2", 3) + be16(3) + be16(0) + be16(16) + std::string("\1\0\x80", 3) + std::string(16, 'C');
  Dialogue d(row());
  d.client(be16(0x8000 | static_cast<unsigned>(body.size())) + body).server(std::string("\x80\3\0\0\1", 5));
  EXPECT_THAT(d.anomalies, ElementsAre("error_message_encountered@0"));
  EXPECT_EQ(d.records.size(), 1U);
}

TEST(Tls, HeartbeatsThatLeakAreNamed) {
  Dialogue heartbleed(row());
  heartbleed.client(client_hello() + tls_record(kHeartbeat, std::string("\1\x40\0", 3)));
  EXPECT_THAT(heartbleed.anomalies, ElementsAre("heartbeat_message@0", "overflow_heartbeat_message@0"));
  Dialogue encrypted(row());
  encrypted.client(client_hello()).server(server_hello() + certificate(server_der()) + hello_done());
  encrypted.client(change_cipher() + tls_record(kHeartbeat, std::string(40, 'x')));
  encrypted.server(change_cipher() + tls_record(kHeartbeat, std::string(4000, 'y')));
  EXPECT_THAT(encrypted.anomalies, ElementsAre("heartbeat_message@0", "dataleak_heartbeat_mismatch@0"));
}

TEST(Tls, BrokenTrafficIsNamed) {
  auto anomalies = [](const std::string& up, const std::string& down = "") {
    Dialogue d(row());
    d.client(up);
    if (!down.empty()) d.server(down);
    return d.anomalies;
  };
  EXPECT_THAT(anomalies(client_hello() + "nonsense"), ElementsAre("invalid_record_type@0"));
  EXPECT_THAT(anomalies(client_hello() + tls_record(kHandshake, "x", 0x0909)), ElementsAre("invalid_record_version@0"));
  EXPECT_THAT(anomalies(client_hello() + std::string("\x16\3\3\xff\xff", 5)), ElementsAre("invalid_tls_header@0"));
  EXPECT_THAT(anomalies(client_hello() + tls_record(kHandshake, tls_message(99, ""))),
              ElementsAre("invalid_handshake_message@0"));
  EXPECT_THAT(anomalies(tls_record(kHandshake, tls_message(1, "short"))), ElementsAre("invalid_handshake_message@0"));
  EXPECT_THAT(anomalies(client_hello(tls_sni("again"))), ElementsAre("multiple_sni_extensions@0"));
  EXPECT_THAT(anomalies(client_hello() + tls_record(kAlert, "\7\7")), ElementsAre("invalid_alert_message@0"));
  EXPECT_THAT(anomalies(client_hello(), server_hello() + certificate("junk")),
              ElementsAre("certificate_invalid_der@0"));
  EXPECT_THAT(anomalies(client_hello(), server_hello() + certificate(server_der().substr(0, 100))),
              ElementsAre("invalid_certificate@0"));
  for (const char* ends_in_field : {"\x30\0", "\x30\2\x30\x84", "\x30\4\x30\2\2\5", "\x30\7\x30\5\2\1\1\x30\5"}) {
    const std::string der(ends_in_field, 2 + static_cast<uint8_t>(ends_in_field[1]));
    EXPECT_THAT(anomalies(client_hello(), server_hello() + certificate(der)),
                ElementsAre("certificate_invalid_length@0"));
  }
  for (const char* ends_before : {"\x30\4\x30\x82\x40\1", "\x30\6\x30\x84\xff\xff\xff\xfa"}) {
    const std::string der(ends_before, 2 + static_cast<uint8_t>(ends_before[1]));
    EXPECT_THAT(anomalies(client_hello(), server_hello() + certificate(der)), ElementsAre("invalid_certificate@0"));
  }
  const std::string huge_unknown = std::string("\x77\xff\xff\xf0", 4) + std::string(64, 'Z');
  EXPECT_THAT(anomalies(client_hello(), server_hello() + tls_record(kHandshake, huge_unknown)),
              ElementsAre("invalid_handshake_message@0"));
  const std::string bad_length =
      tls_record(kHandshake, tls_message(11, tls_sized(tls_sized(server_der(), 3), 3) + "x"));
  EXPECT_THAT(anomalies(client_hello(), server_hello() + bad_length), ElementsAre("certificate_invalid_length@0"));
}

TEST(Tls, AMessageTooLargeIsSkippedNotKept) {
  Dialogue d(row());
  d.client(client_hello());
  std::string message = std::string("\x0b\xff\xff\xff", 4) + std::string(10'000, 'c');
  d.server(server_hello() + tls_record(kHandshake, message));
  EXPECT_THAT(d.anomalies, ElementsAre("handshake_invalid_length@0"));
  EXPECT_FALSE(d.failed);
}

TEST(Tls, WhatOneSideSaysBeforeItsFirstRecordDoesNotHideTheOthersHandshake) {
  for (const std::string& junk : {std::string("hello"), std::string(1, '\0'), std::string("\x80\x03\x01**")}) {
    for (size_t step : {0, 1}) {
      Dialogue d(row());
      d.client(junk + client_hello(), step).server(server_hello() + certificate(server_der()) + hello_done(), step);
      EXPECT_THAT(d.records, ElementsAre(HasSubstr("server.example")));
      EXPECT_THAT(d.anomalies, Not(IsEmpty()));
      EXPECT_FALSE(d.failed);
    }
  }
  Dialogue both(row());
  both.client("hello").server("hello");
  EXPECT_TRUE(both.failed);
}

TEST(Tls, GapsInEncryptedRecordsDoNotMatterOthersEndTheDirection) {
  Dialogue d(row());
  d.client(client_hello()).server(tls13_server_hello() + tls_record(kData, std::string(1000, 'x')).substr(0, 500));
  d.gap(kDown, 505).server(tls_record(kHeartbeat, std::string(20, 'h')));
  EXPECT_THAT(d.anomalies, ElementsAre("heartbeat_message@0")) << "record boundaries are still known";
  Dialogue lost(row());
  lost.client(client_hello())
      .server(server_hello().substr(0, 20))
      .gap(kDown, 4000)
      .server("the middle of a certificate");
  EXPECT_THAT(lost.anomalies, IsEmpty());
  EXPECT_FALSE(lost.failed);
  lost.finish();
  EXPECT_THAT(lost.records, ElementsAre(HasSubstr("server.example")));
}

TEST(Tls, BypassLooksNoMoreAfterTheHandshake) {
  Dialogue d(row(), {{"app-layer.protocols.tls.encryption-handling", "bypass"}});
  d.client(client_hello()).server(tls13_server_hello() + tls_record(kData, "x") + tls_record(kHeartbeat, "hhh"));
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(d.records, SizeIs(1));
}

TEST(TlsProbe, IsSureOfHellosAndLeavesTheRestToItsPort) {
  const std::string hello = client_hello();
  for (size_t size = 0; size < 9; ++size) EXPECT_EQ(probe(row(), kUp, hello.substr(0, size)), Likelihood::more) << size;
  EXPECT_EQ(probe(row(), kUp, hello.substr(0, 9)), Likelihood::sure);
  EXPECT_EQ(probe(row(), kDown, server_hello()), Likelihood::sure);
  EXPECT_EQ(probe(row(), kUp, tls_record(kData, "midstream")), Likelihood::maybe);
  for (std::string_view other : {"GET / HTTP/1.1", "SSH-2.0", "\x16\x04\x01\x00\x10", "\x16\x02\x01"}) {
    EXPECT_EQ(probe(row(), kUp, other), Likelihood::no) << other;
  }
}

TEST(TlsProbe, ABriefRecordProvesNothingByItself) {
  for (const std::string& record :
       {tls_record(kAlert, "\2\x28"), tls_record(kAlert, std::string(2, '\1')), tls_record(kCcs, "\1")}) {
    for (Direction direction : {kUp, kDown}) {
      EXPECT_EQ(probe(row(), direction, record), Likelihood::maybe);
      EXPECT_EQ(probe(row(), direction, record + record), Likelihood::maybe);
      EXPECT_EQ(probe(row(), direction, record + "GET /"), Likelihood::no);
      EXPECT_EQ(probe(row(), direction, record + tls_record(kHandshake, "\x7f secret")), Likelihood::maybe);
    }
    EXPECT_EQ(probe(row(), kUp, record + client_hello()), Likelihood::sure);
    EXPECT_EQ(probe(row(), kDown, record + server_hello()), Likelihood::sure);
  }
}

}  // namespace
}  // namespace lapwing
