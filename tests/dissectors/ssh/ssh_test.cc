#include <gmock/gmock.h>

#include "dissectors/protocols/ssh/ssh.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/ssh/ssh_wire.h"

namespace lapwing {
namespace {

using namespace test;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string kClientVersion = "SSH-2.0-client_1 a comment\r\n", kServerVersion = "SSH-2.0-server_2\r\n";

const DissectorRow& row() {
  return dissector("ssh");
}

/// Both sides up to their new keys.
Dialogue& open(Dialogue& d, const SshLists& lists = kSshLists) {
  d.client(kClientVersion)
      .server(kServerVersion)
      .client(ssh_kex_init(lists))
      .server(ssh_kex_init(lists))
      .server(ssh_kex_reply());
  return d.server(ssh_new_keys()).client(ssh_new_keys());
}

/// A login over aes128-ctr and hmac-md5: a success is 16 + 16 bytes, a service that is accepted 32 + 16.
Dialogue& ask(Dialogue& d, size_t reply, size_t piece = 0) {
  return d.client(std::string(80, 'x'), piece).server(std::string(reply, 'y'), piece);
}

TEST(Ssh, IsToldByItsBanner) {
  EXPECT_EQ(probe(row(), Direction::to_server, "SSH-2.0-x\r\n"), Likelihood::sure);
  EXPECT_EQ(probe(row(), Direction::to_client, "SS"), Likelihood::more);
  EXPECT_EQ(probe(row(), Direction::to_client, "ssh-2.0"), Likelihood::no);
}

TEST(Ssh, ABannerHasThreeParts) {
  ssh::Banner banner;
  ASSERT_TRUE(ssh::parse_banner("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3", banner));
  EXPECT_EQ(banner.proto, "2.0");
  EXPECT_EQ(banner.software, "OpenSSH_9.2p1");
  EXPECT_EQ(banner.comments, "Debian-2+deb12u3");
  ASSERT_TRUE(ssh::parse_banner("SSH-1.99-Cisco-1.25", banner));
  EXPECT_EQ(banner.software, "Cisco-1.25");
  EXPECT_TRUE(banner.comments.empty());
  // Some servers ask for no more than "SSH-2.0-".
  ASSERT_TRUE(ssh::parse_banner("SSH-2.0-", banner));
  EXPECT_TRUE(banner.software.empty() && banner.comments.empty());
  ASSERT_TRUE(ssh::parse_banner("SSH-2.0- x y", banner));
  EXPECT_EQ(banner.software, " x");
  EXPECT_EQ(banner.comments, "y");
  for (const char* none : {"SSH-2.0", "SSH--x", "HTTP/1.1"}) EXPECT_FALSE(ssh::parse_banner(none, banner)) << none;
}

TEST(Ssh, TheClientsFirstChoiceThatTheServerHasIsTaken) {
  EXPECT_EQ(ssh::choose("a,b,c", "c,b"), "b");
  EXPECT_EQ(ssh::choose("a", "ab"), "");
  EXPECT_EQ(ssh::choose(",,b", ",b"), "b") << "no name is empty";
}

TEST(Ssh, SizesFollowFromTheAlgorithms) {
  EXPECT_EQ(ssh::size_on_wire("chacha20-poly1305@openssh.com", "", 1), 28u);
  EXPECT_EQ(ssh::size_on_wire("aes256-gcm@openssh.com", "", 1), 36u);
  EXPECT_EQ(ssh::size_on_wire("aes128-ctr", "hmac-sha2-256", 1), 48u);
  EXPECT_EQ(ssh::size_on_wire("aes128-ctr", "hmac-sha2-256-etm@openssh.com", 1), 52u);
  EXPECT_EQ(ssh::size_on_wire("aes128-ctr", "umac-64-etm@openssh.com", 17), 44u);
  EXPECT_EQ(ssh::size_on_wire("none", "hmac-md5", 1), 0u);
}

TEST(Ssh, OneRecordHasBannersFingerprintsAndWhatWasChosen) {
  for (const size_t piece : {0, 1, 7}) {
    Dialogue d(row());
    d.client(kClientVersion, piece)
        .server(kServerVersion, piece)
        .client(ssh_kex_init(), piece)
        .server(ssh_kex_init(), piece);
    EXPECT_THAT(d.records, IsEmpty());
    d.server(ssh_kex_reply(), piece);
    ASSERT_THAT(d.records, SizeIs(1));
    EXPECT_THAT(d.records[0],
                HasSubstr(R"("algorithms":{"kex":"kex-a","host_key":"ssh-ed25519",)"
                          R"("to_server":{"cipher":"aes128-ctr","mac":"hmac-sha1","compression":"none"},)"
                          R"("to_client":{"cipher":"aes256-ctr","mac":"hmac-md5","compression":"none"}})"));
    EXPECT_THAT(d.values("ssh.hassh.string"), ElementsAre("kex-a,kex-b;aes128-ctr;hmac-sha1;none,zlib"));
    EXPECT_THAT(d.values("ssh.hassh.server.string"), ElementsAre("kex-a,kex-b;aes256-ctr;hmac-md5;none"));
    EXPECT_THAT(d.values("ssh.software"), ElementsAre("client_1", "server_2"));
    EXPECT_THAT(d.anomalies, IsEmpty());
    const std::string fingerprint = "SHA256:eCurkCR82idiIJrpM9vMgbh/DUO9Ybv8Jf+K9GJoQJs";
    EXPECT_THAT(d.records[0], HasSubstr(R"("host_key":{"type":"ssh-ed25519","fingerprint":")" + fingerprint + "\"}"));
    EXPECT_THAT(d.values("ssh.host_key.fingerprint"), ElementsAre(fingerprint));
  }
}

TEST(Ssh, WhatComesInPlaceOfAKeyIsNone) {
  Dialogue d(row());
  d.client(kClientVersion).server(kServerVersion).client(ssh_kex_init()).server(ssh_kex_init());
  // The group that both are to use (RFC 4419 3), and then the key.
  d.server(ssh_record(31, std::string("\0\0\0\5\0\xff\xff\xff\xff\0\0\0\1\2", 14)));
  EXPECT_THAT(d.records, IsEmpty());
  d.server(ssh_kex_reply("rsa-sha2-512", "key", 33));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("host_key":{"type":"rsa-sha2-512",)"));
}

TEST(Ssh, BehindAGapRecordsGoOn) {
  const std::string exchange = ssh_kex_init();
  for (const size_t piece : {0, 1, 7}) {
    for (const size_t lost : {size_t{1}, exchange.size() - 20, exchange.size(), exchange.size() + 3}) {
      Dialogue d(row());
      d.client(kClientVersion, piece)
          .server(kServerVersion, piece)
          .client(exchange, piece)
          .server(exchange.substr(0, 20), piece);
      d.gap(Direction::to_client, lost);
      const std::string whole = exchange + ssh_kex_reply() + ssh_record(30) + ssh_new_keys();
      d.server(whole.substr(20 + lost), piece);
      d.client(ssh_new_keys(), piece).finish();
      EXPECT_THAT(d.encrypted_from, SizeIs(1)) << lost;
      EXPECT_THAT(d.anomalies, IsEmpty());
      ASSERT_THAT(d.records, SizeIs(1));
      EXPECT_THAT(d.records[0], HasSubstr("client_1"));
    }
  }
}

TEST(Ssh, NewKeysThatAreLostInPartAreNewKeys) {
  for (const size_t lost : {5, 10, 90}) {
    Dialogue d(row());
    d.client(kClientVersion).server(kServerVersion).client(ssh_kex_init()).server(ssh_kex_init());
    d.client(ssh_new_keys()).server(ssh_new_keys().substr(0, 6)).gap(Direction::to_client, lost);
    d.server(std::string(20, '\xff')).finish();
    EXPECT_THAT(d.encrypted_from, SizeIs(1)) << lost;
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Ssh, FromTheMiddleItIsToldByAKeyExchange) {
  const std::string exchange = ssh_kex_init();
  EXPECT_EQ(probe(row(), Direction::to_server, exchange), Likelihood::sure);
  EXPECT_EQ(probe(row(), Direction::to_server, exchange.substr(0, 10)), Likelihood::more);
  EXPECT_EQ(probe(row(), Direction::to_server, std::string(40, '\0')), Likelihood::no);
  for (const size_t piece : {0, 1}) {
    Dialogue d(row());
    d.late = true;
    d.client(exchange, piece).server(exchange, piece).server(ssh_kex_reply() + ssh_new_keys(), piece);
    d.client(ssh_new_keys(), piece);
    EXPECT_THAT(d.values("ssh.hassh"), SizeIs(1));
    EXPECT_THAT(d.encrypted_from, SizeIs(1));
    EXPECT_THAT(d.anomalies, IsEmpty());
    ASSERT_THAT(d.records, SizeIs(1));
  }
}

TEST(Ssh, FromTheMiddleOfARecordItGoesOnWithTheNext) {
  for (const size_t piece : {0, 1}) {
    Dialogue d(row());
    d.late = true;
    d.client(ssh_kex_init(), piece).server("\xff\xffjunk" + ssh_kex_reply() + ssh_new_keys(), piece);
    d.client(ssh_new_keys(), piece).finish();
    EXPECT_THAT(d.encrypted_from, SizeIs(1));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Ssh, ALostBannerIsNone) {
  Dialogue d(row());
  d.client(kClientVersion).server("SSH-2").gap(Direction::to_client, 20).server("rest\r\n" + ssh_kex_init());
  d.client(ssh_kex_init()).finish();
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(d.values("ssh.software"), ElementsAre("client_1"));
  EXPECT_THAT(d.values("ssh.hassh.server"), SizeIs(1));
}

TEST(Ssh, AServerMayGreetBeforeItsBannerAndAClientMayNot) {
  Dialogue d(row());
  d.client(kClientVersion).server("welcome\r\nto this host\n" + kServerVersion).finish();
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(d.values("ssh.software"), ElementsAre("client_1", "server_2"));
  Dialogue other(row());
  other.server(kServerVersion).client("hello\r\n" + kClientVersion);
  EXPECT_THAT(other.anomalies, ElementsAre("invalid_banner@0"));
  EXPECT_THAT(other.values("ssh.software"), ElementsAre("server_2"));
}

TEST(Ssh, ALongBannerIsCutAndWhatFollowsIsRead) {
  for (const size_t piece : {0, 1, 100}) {
    Dialogue d(row());
    d.server(kServerVersion)
        .client("SSH-2.0-" + std::string(1000, 'x') + "\r\n" + ssh_kex_init(), piece)
        .server(ssh_kex_init());
    EXPECT_THAT(d.anomalies, ElementsAre("long_banner@0"));
    EXPECT_THAT(d.values("ssh.hassh"), SizeIs(1));
  }
}

TEST(Ssh, OfVersion1OnlyBannersAreRead) {
  Dialogue d(row());
  d.server("SSH-1.5-old\r\n").client("SSH-1.5-older\n" + std::string(100, '\xff'));
  EXPECT_THAT(d.anomalies, IsEmpty());
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("proto_version":"1.5")"));
}

TEST(Ssh, ARecordWithoutEndIsNotFollowed) {
  Dialogue d(row());
  d.server(kServerVersion)
      .client(kClientVersion + std::string("\xff\xff\xff\xff\x04\x14", 6) + std::string(100, 'x'))
      .finish();
  EXPECT_THAT(d.anomalies, ElementsAre("invalid_record@0"));
  EXPECT_THAT(d.records, SizeIs(1));
}

TEST(Ssh, ARefusedLoginIsGuessed) {
  for (const size_t piece : {0, 9}) {
    Dialogue d(row());
    open(d);
    for (const size_t reply : {48, 64, 64, 64}) ask(d, reply, piece);
    d.finish();
    ASSERT_THAT(d.records, SizeIs(2));
    EXPECT_THAT(d.records[1], HasSubstr(R"("login":{"outcome":"failure","attempts":3,"guessed":true})"));
  }
}

TEST(Ssh, AConnectionThatEndsBehindOneRefusalIsAFailure) {
  Dialogue d(row());
  open(d);
  for (const size_t reply : {48, 64}) ask(d, reply);
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"("login":{"outcome":"failure","attempts":1,"guessed":true})"));
}

TEST(Ssh, ALoginIsGuessedByTheShortestMessage) {
  Dialogue d(row());
  open(d);
  for (const size_t reply : {48, 64, 64, 32}) ask(d, reply);
  ask(d, 300);
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"("login":{"outcome":"success","attempts":3,"guessed":true})"));
  EXPECT_THAT(d.values("ssh.login.attempts"), ElementsAre("3"));
}

TEST(Ssh, ALoginIsGuessedByTheSessionThatBegins) {
  Dialogue d(row());
  open(d);
  for (const size_t reply : {48, 64, 64, 700, 48, 100}) ask(d, reply);
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"("outcome":"success")"));
}

TEST(Ssh, ABannerInFrontOfTheFirstRefusalIsSeenThrough) {
  Dialogue d(row());
  open(d);
  for (const size_t reply : {48, 400, 64, 64, 64}) ask(d, reply);
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"("login":{"outcome":"failure","attempts":4,"guessed":true})"));
}

TEST(Ssh, AClientNeedNotWaitForTheService) {
  Dialogue d(row());
  open(d);
  for (const size_t reply : {48 + 64, 64, 64}) ask(d, reply);
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"("login":{"outcome":"failure","attempts":3,"guessed":true})"));
}

TEST(Ssh, WhereNothingWasAskedNothingIsGuessed) {
  Dialogue d(row());
  open(d).finish();
  EXPECT_THAT(d.records, SizeIs(1));
}

}  // namespace
}  // namespace lapwing
