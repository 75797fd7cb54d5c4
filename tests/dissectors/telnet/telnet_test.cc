#include <gmock/gmock.h>

#include "dissectors/protocols/telnet/telnet.h"
#include "tests/dissectors/dialogue.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const DissectorRow& row() {
  return dissector("telnet");
}

const std::string kWillTerminal = "\xff\xfb\x18", kDoTerminal = "\xff\xfd\x18";

TEST(Telnet, IsToldByItsNegotiation) {
  EXPECT_EQ(probe(row(), Direction::to_client, kDoTerminal + "\xff\xfd\x20"), Likelihood::sure);
  EXPECT_EQ(probe(row(), Direction::to_client, kDoTerminal), Likelihood::maybe);
  EXPECT_EQ(probe(row(), Direction::to_client, "\xff"), Likelihood::more);
  EXPECT_EQ(probe(row(), Direction::to_client, "\xff\x01"), Likelihood::no);
  EXPECT_EQ(probe(row(), Direction::to_client, "login: "), Likelihood::maybe) << "where it is at home";
  EXPECT_EQ(probe(row(), Direction::to_client, std::string("\0", 1)), Likelihood::no);
}

TEST(Telnet, ALoginHasAUserAndAnOutcomeAndNeverAPassword) {
  for (const size_t piece : {0, 1, 3}) {
    Dialogue d(row());
    d.server(kDoTerminal + "\r\nhost login: ", piece).client("ro\x7fot\r\n", piece).server("Password: ", piece);
    d.client("secret\r\n", piece).server("\r\nLogin incorrect\r\nhost login: ", piece).client("admin\r\n", piece);
    d.server("Password: ", piece).client("letmein\r\n", piece).server("\r\nLast login: Mon\r\n# ", piece).finish();
    ASSERT_THAT(d.records, SizeIs(2));
    EXPECT_THAT(d.records[0], HasSubstr(R"("login":{"user":"rot","outcome":"failure"})"));
    EXPECT_THAT(d.records[1], HasSubstr(R"("login":{"user":"admin","outcome":"success"})"));
    EXPECT_THAT(d.values("telnet.login.user"), ElementsAre("rot", "admin"));
    for (const std::string& record : d.records) EXPECT_THAT(record, Not(HasSubstr("secret"))) << record;
  }
}

TEST(Telnet, APromptAloneTellsOfSuccess) {
  Dialogue d(row());
  d.server("User:").client("cisco\r").server("Password:").client("cisco\r").server("\r\nrouter>").client("en\r");
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("outcome":"success")"));
}

TEST(Telnet, WhatIsNegotiatedIsTold) {
  Dialogue d(row());
  d.client(kWillTerminal + std::string("\xff\xfa\x18\0xterm\xff\xf0", 11));
  d.client(std::string("\xff\xfa\x27\0\0USER\1bob\xff\xf0", 15)).server("\xff\xfb\x01\xff\xfb\x77").finish();
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("terminal_type":"xterm","environment_user":"bob")"));
  EXPECT_THAT(d.records[0], HasSubstr(R"("options":{"client":["terminal-type"],"server":["echo","119"]})"));
}

TEST(Telnet, NothingIsSaidOfASessionWithoutWords) {
  Dialogue d(row());
  d.client("hello\r\n").server("hello\r\n").finish();
  EXPECT_THAT(d.records, IsEmpty());
}

TEST(Telnet, ALoginUnderWayIsToldAtTheEnd) {
  Dialogue d(row());
  d.server("login: ").client("root\r\n").finish();
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("login":{"user":"root","outcome":"unknown"})"));
}

TEST(Telnet, BehindLostTextNothingIsAPassword) {
  Dialogue d(row());
  d.server("login: ").client("root\r\n").server("Password: ");
  d.gap(Direction::to_client, 100).client("secret\r\n").server("# ").finish();
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("outcome":"unknown")"));
}

TEST(Telnet, ASubnegotiationWithoutEndIsText) {
  for (const size_t piece : {0, 100}) {
    Dialogue d(row());
    d.client("\xff\xfa\x18" + std::string(5000, 'x'), piece).server("login: ").client("\r\nroot\r\n").finish();
    EXPECT_THAT(d.anomalies, SizeIs(1));
    EXPECT_EQ(d.capped("subnegotiation"), 1u);
  }
}

}  // namespace
}  // namespace lapwing
