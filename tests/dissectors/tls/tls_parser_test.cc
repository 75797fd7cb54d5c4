#include <gmock/gmock.h>

#include "dissectors/parts/handshake/fingerprint.h"
#include "dissectors/parts/handshake/handshake.h"
#include "dissectors/parts/x509/x509.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/dissectors/tls/tls_wire.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using tls::Hello;

/// The client hello whose JA4 and its raw form FoxIO's description of JA4 works through.
HelloParts published_example() {
  HelloParts parts;
  parts.ciphers = {0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
                   0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
  std::string signatures;
  for (unsigned s : {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601}) signatures += be16(s);
  parts.extensions =
      tls_extension(0x3a3a, "") + tls_extension(0x001b, "") + tls_sni("example.org") + tls_extension(0x0033, "") +
      tls_alpn({"h2", "http/1.1"}) + tls_extension(0x4469, "") + tls_extension(0x0017, "") + tls_extension(0x002d, "") +
      tls_extension(0x000d, tls_sized(signatures, 2)) + tls_extension(0x0005, "") + tls_extension(0x0023, "") +
      tls_extension(0x0012, "") + tls_extension(0x002b, tls_sized(be16(0x0a0a) + be16(0x0304) + be16(0x0303), 1)) +
      tls_extension(0xff01, std::string(1, '\0')) + tls_extension(0x000b, std::string("\1\0", 2)) +
      tls_extension(0x000a, tls_sized(be16(0x4a4a) + be16(29) + be16(23), 2)) + tls_extension(0x0015, "");
  return parts;
}

TEST(TlsParser, ReadsAClientHello) {
  const std::string body = tls_client_hello(published_example());
  Hello hello;
  ASSERT_TRUE(tls::parse_client_hello(to_bytes(body), hello));
  EXPECT_EQ(to_text(hello.sni), "example.org");
  EXPECT_EQ(hello.legacy_version, 0x0303);
  EXPECT_EQ(hello.version, 0x0304);
  EXPECT_EQ(hello.random.size(), 32u);
  EXPECT_EQ(hello.faults, 0);
  Bytes names = hello.alpn, name;
  ASSERT_TRUE(tls::next_alpn(names, name));
  EXPECT_EQ(to_text(name), "h2");
}

TEST(TlsParser, EveryPrefixOfAHelloIsSafe) {
  const std::string body = tls_client_hello(published_example());
  Hello hello;
  size_t readable = 0;
  for (size_t size = 0; size <= body.size(); ++size) {
    const std::string prefix = body.substr(0, size);
    readable += tls::parse_client_hello(to_bytes(prefix), hello);
    tls::parse_server_hello(to_bytes(prefix), hello);
  }
  EXPECT_GT(readable, 0u);
}

TEST(TlsParser, NamesWhatIsWrongWithAServerName) {
  auto faults = [](const std::string& extensions) {
    const std::string body = tls_client_hello({.extensions = extensions});
    Hello hello;
    EXPECT_TRUE(tls::parse_client_hello(to_bytes(body), hello));
    return hello.faults;
  };
  EXPECT_EQ(faults(tls_sni("a")), 0);
  EXPECT_EQ(faults(tls_sni("a") + tls_sni("b")), tls::kManySni);
  EXPECT_EQ(faults(tls_sni("a", 1)), tls::kBadSniType);
  EXPECT_EQ(faults(tls_extension(0, be16(9) + std::string("\0\0\x20x", 4))), tls::kBadSniLength);
  EXPECT_EQ(faults(tls_sni("a") + "\1"), tls::kBadLength);
}

TEST(TlsFingerprint, Ja4IsAsPublished) {
  const std::string body = tls_client_hello(published_example());
  Hello hello;
  ASSERT_TRUE(tls::parse_client_hello(to_bytes(body), hello));
  EXPECT_EQ(tls::ja4(hello), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(TlsFingerprint, Ja4OfBareHellos) {
  const std::string bare = tls_client_hello({.version = 0x0301, .ciphers = {0x0a0a}});
  Hello hello;
  ASSERT_TRUE(tls::parse_client_hello(to_bytes(bare), hello));
  EXPECT_EQ(tls::ja4(hello), "t10i000000_000000000000_000000000000");
  const std::string odd = tls_client_hello({.extensions = tls_alpn({"\xab-\xcd"})});
  ASSERT_TRUE(tls::parse_client_hello(to_bytes(odd), hello));
  EXPECT_EQ(tls::ja4(hello).substr(0, 10), "t12i0201ad");
  const std::string draft = tls_client_hello({.extensions = tls_extension(43, "\x04" + be16(0x7f12) + be16(0x0303))});
  ASSERT_TRUE(tls::parse_client_hello(to_bytes(draft), hello));
  EXPECT_EQ(tls::ja4(hello).substr(0, 3), "t00");
}

TEST(TlsFingerprint, Ja3LeavesGreaseOut) {
  const std::string body = tls_client_hello(published_example());
  Hello hello;
  ASSERT_TRUE(tls::parse_client_hello(to_bytes(body), hello));
  EXPECT_EQ(tls::ja3_string(hello),
            "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,"
            "27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23,0");
  EXPECT_EQ(tls::md5_hex(tls::ja3_string(hello)), "c7240d90981bb4a546a859dd3bd5457c");
}

TEST(TlsNames, VersionsAreWrittenAsRecordsWriteThem) {
  std::string scratch;
  EXPECT_EQ(tls::version_name(0, scratch), "UNDETERMINED");
  EXPECT_EQ(tls::version_name(0x0002, scratch), "SSLv2");
  EXPECT_EQ(tls::version_name(0x0301, scratch), "TLSv1");
  EXPECT_EQ(tls::version_name(0x0304, scratch), "TLS 1.3");
  EXPECT_EQ(tls::version_name(0x7f12, scratch), "TLS 1.3 draft-18");
  EXPECT_EQ(tls::version_name(0xfb1a, scratch), "TLS 1.3 draft-26-fb");
  EXPECT_EQ(tls::version_name(0x1234, scratch), "0x1234");
}

TEST(TlsCertificate, IsReadAsRecordsWantIt) {
  const std::string der =
      make_certificate({.subject = {{"C", "US"}, {"O", "GitHub, Inc."}, {"CN", "www.example.org"}},
                        .issuer = {{"DC", "example"}, {"emailAddress", "a@b.org"}, {"SN", "Müller"}},
                        .serial_hex = "97E64709",
                        .not_before = "19691231000000Z",
                        .not_after = "20200513120000Z",
                        .alternative_names = "DNS:a.org,IP:192.0.2.1,IP:2001:db8::1,email:x@y.z"});
  const auto certificate = x509::read_certificate(to_bytes(der));
  ASSERT_TRUE(certificate->readable);
  EXPECT_EQ(certificate->subject, "C=US, O=GitHub, Inc., CN=www.example.org");
  EXPECT_EQ(certificate->issuer, "DC=example, Email=a@b.org, surname=Müller");
  EXPECT_EQ(certificate->serial, "00:97:E6:47:09");
  EXPECT_EQ(certificate->not_before, "1969-12-31T00:00:00");
  EXPECT_EQ(certificate->not_after, "2020-05-13T12:00:00");
  EXPECT_THAT(certificate->names, ElementsAre("a.org", "192.0.2.1", "2001:db8::1", "x@y.z"));
  EXPECT_EQ(certificate->fingerprint, sha1_colons(der));
  EXPECT_EQ(x509::read_certificate(to_bytes(der)), certificate) << "kept";
}

TEST(TlsCertificate, WhatIsOddInOneFieldHidesNoOther) {
  const std::string der = make_certificate({.subject = {{"O", "Example"}, {"CN", "www.example.org"}},
                                            .issuer = {{"CN", "issuer.example"}},
                                            .serial_hex = "0A",
                                            .not_before = "20240101000000Z",
                                            .not_after = "20340101000000Z",
                                            .alternative_names = "DNS:alt.example"});
  using Fault = x509::CertificateFault;
  struct {
    std::string what, by, subject, issuer;
    Fault fault;
  } const kCases[] = {
      {"www.ex", "\xfcww.ex", "O=Example, CN=\xfcww.example.org", "CN=issuer.example", Fault::name},
      {"issuer.", std::string("issuer\0", 7), "O=Example, CN=www.example.org", std::string("CN=issuer\0example", 17),
       Fault::issuer},
      {"\x0c\x0fwww.example.org", "\x02\x0fwww.example.org", "O=Example, CN=7777772e6578616d706c652e6f7267",
       "CN=issuer.example", Fault::name},
      {"\x0c\x0fwww.example.org", "\x1e\x0fwww.example.org", "O=Example, CN=7777772e6578616d706c652e6f7267",
       "CN=issuer.example", Fault::name},
      {"\x0c\x0fwww.example.org", "\x0c\x3fwww.example.org", "O=Example", "CN=issuer.example", Fault::name},
      {"\x0c\x0eissuer", "\x0c\x3fissuer", "O=Example, CN=www.example.org", "", Fault::name},
  };
  for (const auto& one : kCases) {
    std::string odd = der;
    ASSERT_NE(odd.find(one.what), std::string::npos) << one.what;
    odd.replace(odd.find(one.what), one.what.size(), one.by);
    const auto certificate = x509::read_certificate(to_bytes(odd));
    EXPECT_EQ(certificate->subject, one.subject);
    EXPECT_EQ(certificate->issuer, one.issuer);
    EXPECT_EQ(certificate->serial, "0A");
    EXPECT_EQ(certificate->not_before, "2024-01-01T00:00:00");
    EXPECT_THAT(certificate->names, ElementsAre("alt.example"));
    EXPECT_EQ(certificate->fault, one.fault) << one.by;
  }
  std::string undated = der;
  undated.replace(undated.find("240101"), 6, "241301");
  const auto certificate = x509::read_certificate(to_bytes(undated));
  EXPECT_EQ(certificate->fault, Fault::date);
  EXPECT_EQ(certificate->not_before, "");
  EXPECT_EQ(certificate->subject, "O=Example, CN=www.example.org");
  EXPECT_EQ(x509::read_certificate(to_bytes(der))->fault, Fault::none);
}

TEST(TlsCertificate, ReadsLengthsThatTheEndMarks) {
  const std::string der = make_certificate({.subject = {{"CN", "www.example.org"}},
                                            .issuer = {{"CN", "issuer.example"}},
                                            .serial_hex = "0A",
                                            .not_before = "20240101000000Z",
                                            .not_after = "20340101000000Z",
                                            .alternative_names = "DNS:alt.example"});
  ASSERT_EQ(der.substr(0, 2), "\x30\x82");
  ASSERT_EQ(der.substr(4, 2), "\x30\x81");
  const size_t size = static_cast<uint8_t>(der[6]);
  const std::string end(2, '\0');
  const auto certificate =
      x509::read_certificate(to_bytes("\x30\x80\x30\x80" + der.substr(7, size) + end + der.substr(7 + size) + end));
  EXPECT_EQ(certificate->subject, "CN=www.example.org");
  EXPECT_THAT(certificate->names, ElementsAre("alt.example"));
  EXPECT_EQ(certificate->fault, x509::CertificateFault::none);
}

TEST(TlsCertificate, WhatIsNoneHasOnlyAFingerprint) {
  const auto certificate = x509::read_certificate(to_bytes("not a certificate"));
  EXPECT_FALSE(certificate->readable);
  EXPECT_EQ(certificate->fingerprint, sha1_colons("not a certificate"));
  EXPECT_TRUE(certificate->subject.empty());
}

}  // namespace
}  // namespace lapwing
