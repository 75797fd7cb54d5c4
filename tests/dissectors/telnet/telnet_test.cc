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
  EXPECT_EQ(probe(row(), Direction::to_client, "\xff\xf1"), Likelihood::maybe);
  EXPECT_EQ(probe(row(), Direction::to_client, std::string(19, '\xff')), Likelihood::no) << "as BGP begins";
  EXPECT_EQ(probe(row(), Direction::to_client, kDoTerminal + "\xff\xff\xff"), Likelihood::maybe);
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

TEST(Telnet, WhoIsInIsAskedNoMore) {
  for (const size_t piece : {0, 1}) {
    Dialogue d(row());
    d.server("login: ").client("root\r\n").server("Password: ").client("x\r\n");
    d.server("# ssh other\r\nlogin:", piece).client("bob\r\n").finish();
    EXPECT_THAT(d.records, ElementsAre(HasSubstr(R"("user":"root","outcome":"success")")));
  }
}

TEST(Telnet, WhatIsNegotiatedIsTold) {
  Dialogue d(row());
  d.client(kWillTerminal + std::string("\xff\xfa\x18\0xterm\xff\xf0", 11));
  d.client(std::string("\xff\xfa\x27\0\0USER\1bob\xff\xf0", 15)).server("\xff\xfb\x01\xff\xfb\x77").finish();
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("terminal_type":"xterm","environment_user":"bob")"));
  EXPECT_THAT(d.records[0], HasSubstr(R"("options":{"client":["terminal-type"],"server":["echo","119"]})"));
}

TEST(Telnet, WhatIsNegotiatedIsToldWhole) {
  const std::string name(900, 't'), user(128, 'u');
  Dialogue d(row());
  d.client(kWillTerminal + std::string("\xff\xfa\x18\0", 4) + name + "\xff\xf0");
  d.server("login: ").client(user + "\r\n").server("Password:").client("x\r\n").server("# ").finish();
  EXPECT_THAT(d.records, ElementsAre(testing::AllOf(HasSubstr('"' + name + '"'), HasSubstr('"' + user + '"'))));
  EXPECT_EQ(d.capped("line"), 0u);
}

TEST(Telnet, OfALongLineTheBeginningIsKept) {
  for (const size_t piece : {0, 1, 100}) {
    Dialogue d(row());
    d.server("login: ").client(std::string(300, 'u') + "\r\n", piece).server("Password: ").client("x\r\n");
    d.server("# ").finish();
    EXPECT_THAT(d.values("telnet.login.user"), ElementsAre(std::string(telnet::Login::kLine, 'u')));
    EXPECT_EQ(d.capped("line"), 1u);
  }
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

TEST(Telnet, OfALongSubnegotiationTheBeginningIsKept) {
  for (const size_t piece : {0, 1, 100}) {
    Dialogue d(row());
    d.client(std::string("\xff\xfa\x18\0xterm", 9) + std::string(5000, 'x'), piece).server("login: ");
    d.client("\r\nroot\r\n\xff\xf0", piece).client("guest\r\n", piece).finish();
    EXPECT_THAT(d.anomalies, SizeIs(1));
    EXPECT_EQ(d.capped("subnegotiation"), 1u);
    ASSERT_THAT(d.records, SizeIs(1));
    EXPECT_THAT(d.records[0], HasSubstr(R"("user":"guest")"));
    EXPECT_THAT(d.records[0], HasSubstr(R"("terminal_type":"xterm)" + std::string(1018, 'x') + '"'));
  }
}

TEST(Telnet, AnyCommandEndsASubnegotiation) {
  for (const size_t piece : {0, 1}) {
    Dialogue d(row());
    d.client(std::string("\xff\xfa\x18\0x\xff\xffy", 8) + kWillTerminal + "a\n", piece).finish();
    ASSERT_THAT(d.records, SizeIs(1));
    EXPECT_THAT(d.records[0], HasSubstr(R"("terminal_type":"x\\xffy","options":{"client":["terminal-type"]})"));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Telnet, WhatBothAgreedToEncryptIsNotRead) {
  const std::string start = std::string("\xff\xfa\x26\3\xff\xf0"), login = "login: ", user = "root\r\n";
  Dialogue alone(row());
  alone.client("\xff\xfb\x26" + start).server(login).client(user).finish();
  EXPECT_THAT(alone.records, ElementsAre(HasSubstr(R"("user":"root")")));
  Dialogue agreed(row());
  agreed.server("\xff\xfd\x26").client("\xff\xfb\x26" + start).server(login).client(user).finish();
  EXPECT_THAT(agreed.records, ElementsAre(Not(HasSubstr("root"))));
}

TEST(Telnet, AUserOfTheEnvironmentNeedNotBeAsked) {
  const std::string named("\xff\xfa\x27\0\0USER\1-f root\xff\xf0", 19);
  Dialogue d(row());
  d.client(named).server("Password: ").client("x\r\n").server("\r\nLogin incorrect\r\n").finish();
  EXPECT_THAT(d.values("telnet.environment_user"), ElementsAre("-f root"));
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("login":{"user":"-f root","outcome":"failure"})"));
  Dialogue let_in(row());
  let_in.client(named).server("*** Welcome #1 ***\r\nhost:~# ").client("id\r\n");
  ASSERT_THAT(let_in.records, SizeIs(1));
  EXPECT_THAT(let_in.records[0], HasSubstr(R"("login":{"user":"-f root","outcome":"success"})"));
  Dialogue asked(row());
  asked.client(named).server("login: ").client("bob\r\n").server("Password: ").client("x\r\n").server("$ ").finish();
  EXPECT_THAT(asked.records, ElementsAre(HasSubstr(R"("login":{"user":"bob","outcome":"success"})")));
}

}  // namespace
}  // namespace lapwing
