#include <gmock/gmock.h>

#include <algorithm>

#include "dissectors/protocols/ftp/ftp.h"
#include "tests/dissectors/caps.h"
#include "tests/support/cost.h"
#include "tests/support/silent_sink.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const DissectorRow& row() {
  return dissector("ftp");
}
const std::string kPasswords = "app-layer.protocols.ftp.record.passwords";

std::string times(size_t count, std::string_view text) {
  return repeated(count, [&](size_t) { return std::string(text); });
}

const CapReaches kReaches = {
    {"ftp", "tx", {{"app-layer.protocols.ftp.max-tx", "4"}}, [](Dialogue& d) { d.client(times(5, "NOOP\r\n")); }},
    {"ftp", "reply", {}, [](Dialogue& d) { d.server(times(5000, "220-welcome\r\n")); }},
    {"ftp", "user", {}, [](Dialogue& d) { d.client("USER " + std::string(300, 'u') + "\r\n"); }},
    {"ftp",
     "directory",
     {},
     [](Dialogue& d) { d.client("CWD /" + std::string(2000, 'd') + "\r\n").server("250 in\r\n"); }},
};

TEST(Ftp, PasswordsAreShownToRulesAndToRecordsAsOptionsSay) {
  const auto records = [](std::string_view user, std::string_view shown) {
    Dialogue d(row(), {{kPasswords, std::string(shown)}});
    d.client("USER " + std::string(user) + "\r\nPASS secret\r\n").finish();
    EXPECT_THAT(d.values("ftp.command_data"), ElementsAre(user, "secret"));
    EXPECT_THAT(d.records, SizeIs(2));
    for (const std::string& alert : d.alerts) {
      EXPECT_EQ(alert.find("\"secret\"") == std::string::npos,
                d.records[1].find("\"secret\"") == std::string::npos || alert.find("PASS") == std::string::npos);
    }
    return d.records[1];
  };
  const auto redacted = AllOf(Not(HasSubstr("secret")), HasSubstr(R"("password_redacted":true)"));
  EXPECT_THAT(records("bob", "guests"), redacted);
  EXPECT_THAT(records("Anonymous", "guests"), HasSubstr(R"("command_data":"secret")"));
  EXPECT_THAT(records("ftp", "none"), redacted);
  EXPECT_THAT(records("bob", "all"), HasSubstr(R"("command_data":"secret")"));
}

TEST(Ftp, HowALoginEndedIsToldByItsReply) {
  const auto outcomes = [](std::string_view client, std::string_view server) {
    Dialogue d(row());
    d.client(std::string(client)).server(std::string(server)).finish();
    return d.values("ftp.login.outcome");
  };
  const std::string kUnknown = "0", kSuccess = "1", kFailure = "2";
  constexpr std::string_view kLogin = "USER a\r\nPASS b\r\n";
  EXPECT_THAT(outcomes(kLogin, "331 go on\r\n230 in\r\n"), ElementsAre(kSuccess));
  EXPECT_THAT(outcomes(kLogin, "331 go on\r\n530 no\r\n"), ElementsAre(kFailure));
  EXPECT_THAT(outcomes(kLogin, "530 guests only\r\n503 who?\r\n"), ElementsAre(kFailure));
  EXPECT_THAT(outcomes(kLogin, "331 go on\r\n"), ElementsAre(kUnknown));
  EXPECT_THAT(outcomes("USER a\r\n", "230 no password is asked for\r\n"), ElementsAre(kSuccess));
  EXPECT_THAT(outcomes("PASS b\r\nACCT c\r\n", "332 and the account\r\n530 no\r\n"), ElementsAre(kFailure));
  EXPECT_THAT(outcomes("", "220 hello\r\n331 go on\r\n230 in\r\n"), ElementsAre(kSuccess));
  EXPECT_THAT(outcomes("STOR a\r\n", "530 log in first\r\n"), IsEmpty());
}

TEST(Ftp, ALoginShowsItsSecretToWhoAsks) {
  Dialogue d(row());
  d.client("USER a\r\nPASS b\r\n").server("331 go on\r\n530 no\r\n").finish();
  EXPECT_THAT(d.secrets, ElementsAre("b"));
}

TEST(Ftp, WhatTheServerSaysOfAFilesSizeIsTold) {
  Dialogue d(row());
  d.client("SIZE a\r\nEPSV\r\nRETR a (9 bytes)\r\n");
  d.server("213 4711\r\n229 (|||1025|)\r\n150 Opening a (9 bytes) (4711 bytes).\r\n226 done\r\n");
  ASSERT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.records[0], HasSubstr(R"("file_size":4711)"));
  EXPECT_THAT(d.records[2], HasSubstr(R"("file_size":4711)"));
}

TEST(Ftp, ALongNameOfAUserIsNotRepeated) {
  Dialogue d(row());
  d.client("USER " + std::string(300, 'u') + "\r\nNOOP\r\n").finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], HasSubstr("uuu"));
  EXPECT_THAT(d.records[1], Not(HasSubstr("uuu")));
}

TEST(Ftp, AReplyHasAllItsLinesInWhateverPiecesTheyCome) {
  for (size_t piece : {0, 1, 5}) {
    Dialogue d(row());
    d.client("FEAT\r\n", piece).server("211-Features:\r\n MDTM\r\n211-SIZE\r\n220 no end\r\n211 End\r\n", piece);
    EXPECT_THAT(d.values("ftp.reply"), ElementsAre("Features:", " MDTM", "SIZE", "220 no end", "End"));
    EXPECT_THAT(d.values("ftp.completion_code"), ElementsAre("211"));
    EXPECT_THAT(d.records, SizeIs(1));
  }
}

TEST(Ftp, WhatIsTelnetsHidesNoCommand) {
  Dialogue d(row());
  d.client("RE\xff\xf1TR \xff\xfd\x06shadow\r\n").finish();
  EXPECT_THAT(d.values("ftp.command"), ElementsAre("RETR"));
  EXPECT_THAT(d.values("ftp.command_data"), ElementsAre("shadow"));
}

TEST(Ftp, WhatTheServerSaysFirstIsNoAnswer) {
  Dialogue d(row());
  d.client("USER a\r\nPASS b\r\n").server("120 in a minute\r\n220 now\r\n331 password\r\n230 in\r\n");
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr("220"), Not(HasSubstr("USER"))));
  EXPECT_THAT(d.records[2], AllOf(HasSubstr("331"), HasSubstr("USER")));
  EXPECT_THAT(d.records[3], AllOf(HasSubstr("230"), HasSubstr("PASS")));
}

TEST(Ftp, TransfersWithoutAPortOrANameAreTold) {
  Dialogue d(row());
  d.client("RETR a\r\n").server("425 no\r\n");
  d.client("PORT 10,0,0,1,4,1\r\n").server("200 ok\r\n").client("STOR\r\nSTOR b\r\n");
  EXPECT_THAT(d.anomalies, ElementsAre("file_before_port@0", "file_without_name@2", "file_before_port@3"));
  Dialogue pipelined(row());
  pipelined.client("PASV\r\nRETR a\r\n").server("227 Passive (10,0,0,2,4,1)\r\n150 here\r\n226 done\r\n");
  EXPECT_THAT(pipelined.anomalies, IsEmpty());
}

/// What data connections are to carry.
struct Announcements final : SilentSink {
  void expect(const Expectation& one) override {
    files.push_back(std::dynamic_pointer_cast<const AnnouncedFile>(one.context));
    ports.push_back(one.port);
  }
  std::vector<std::shared_ptr<const AnnouncedFile>> files;
  std::vector<uint16_t> ports;
};

TEST(Ftp, ARefusedTransferLeavesItsDataConnectionToTheNext) {
  const std::string passive = "227 Passive (10,0,0,2,4,1)\r\n";
  const struct {
    std::vector<std::pair<Direction, std::string>> said;
    bool begun = false;
  } kCases[] = {
      {{{kClient, "PASV\r\n"},
        {kServer, passive},
        {kClient, "RETR a\r\n"},
        {kServer, "550 no\r\n"},
        {kClient, "STOR b\r\n"}}},
      {{{kClient, "PASV\r\n"}, {kServer, passive}, {kClient, "RETR a\r\nSTOR b\r\n"}, {kServer, "550 no\r\n"}}},
      {{{kClient, "PASV\r\nLIST a\r\nSTOR b\r\n"}, {kServer, passive + "450 no\r\n"}}},
      {{{kClient, "PASV\r\n"},
        {kServer, passive},
        {kClient, "RETR a\r\n"},
        {kServer, "550 no\r\n"},
        {kClient, "STOR b\r\n"}},
       true},
  };
  for (const auto& [said, begun] : kCases) {
    Announcements heard;
    const ftp::Config config{.max_tx = 100, .line_limit = 4096};
    ftp::Ftp session(config, Out<ftp::Ftp>(Beginning{.sink = heard}));
    for (const auto& [who, text] : said) {
      session.data({.data = to_bytes(text), .direction = who});
      if (begun && !heard.files.empty()) heard.files[0]->begun = true;
    }
    ASSERT_FALSE(heard.files.empty());
    EXPECT_EQ(heard.ports[0], 1025);
    EXPECT_EQ(heard.files[0]->command, begun ? "RETR" : "STOR");
    EXPECT_EQ(heard.files[0]->name, begun ? "a" : "b");
    EXPECT_EQ(heard.files[0]->direction, begun ? kServer : kClient);
    EXPECT_FALSE(heard.files[0]->listing);
  }
}

TEST(Ftp, ARefusedRestartMovesNothing) {
  for (const std::string reply : {"350 at 100\r\n", "502 no\r\n"}) {
    Announcements heard;
    const ftp::Config config{.max_tx = 100, .line_limit = 4096};
    ftp::Ftp session(config, Out<ftp::Ftp>(Beginning{.sink = heard}));
    session.data({.data = to_bytes("PORT 10,0,0,1,4,1\r\nREST 100\r\n"), .direction = kClient});
    const std::string replies = "200 ok\r\n" + reply;
    session.data({.data = to_bytes(replies), .direction = kServer});
    session.data({.data = to_bytes("RETR a\r\n"), .direction = kClient});
    ASSERT_THAT(heard.files, SizeIs(1));
    EXPECT_EQ(heard.files[0]->offset, reply.starts_with("350") ? 100 : 0);
  }
}

TEST(Ftp, ForgottenCommandsLeaveTheirRepliesToNobody) {
  Dialogue d(row(), {{"app-layer.protocols.ftp.max-tx", "2"}});
  d.client("NOOP\r\nRETR a\r\nSTAT\r\nQUIT\r\n");
  EXPECT_THAT(d.records, IsEmpty());
  d.server("200 noop\r\n150 retr\r\n226 retr\r\n211 stat\r\n221 quit\r\n");
  ASSERT_THAT(d.records, SizeIs(5));
  EXPECT_THAT(d.records[3], AllOf(HasSubstr("STAT"), HasSubstr("211")));
  EXPECT_THAT(d.records[4], AllOf(HasSubstr("QUIT"), HasSubstr("221")));
  EXPECT_THAT(d.anomalies, testing::Contains("too_many_transactions@0"));
}

TEST(Ftp, OnlyWhatNoOtherProtocolSaysIsSure) {
  using enum Direction;
  for (std::string_view text : {"220 (vsFTPd 3.0.3)\r\n", "220-- Welcome to Pure-FTPd --\r\n"}) {
    EXPECT_EQ(probe(row(), to_client, text), Likelihood::sure) << text;
  }
  for (std::string_view text : {"220 files\r\n", "220 ftp.example ESMTP\r\n", "530 no\r\n", "220\r\n"}) {
    EXPECT_EQ(probe(row(), to_client, text), Likelihood::maybe) << text;
  }
  for (std::string_view text : {"2", "22", "220", "220 vsFTPd"}) {
    EXPECT_EQ(probe(row(), to_client, text), Likelihood::more) << text;
  }
  for (std::string_view text : {"+OK\r\n", "2x", "22\r\n", "SSH-2.0-a\r\n", "HTTP/1.1 220\r\n"}) {
    EXPECT_EQ(probe(row(), to_client, text), Likelihood::no) << text;
  }
  for (std::string_view text : {"FEAT\r\n", "auth tls\r\n", "EPSV\r\n", "PORT 1,2,3,4,5,6\r\n"}) {
    EXPECT_EQ(probe(row(), to_server, text), Likelihood::sure) << text;
  }
  for (std::string_view text : {"USER a\r\n", "QUIT\r\n", "AUTH PLAIN\r\n", "EPSV ALL\r\n"}) {
    EXPECT_EQ(probe(row(), to_server, text), Likelihood::maybe) << text;
  }
  for (std::string_view text : {"U", "us", "USER", "USER a"}) {
    EXPECT_EQ(probe(row(), to_server, text), Likelihood::more) << text;
  }
  for (std::string_view text : {"EHLO a\r\n", "USE a\r\n", "RSET\r\n", "USER\x01\r\n"}) {
    EXPECT_EQ(probe(row(), to_server, text), Likelihood::no) << text;
  }
}

/// What a hostile side may say for as long as it likes.
TEST(Ftp, CostGrowsWithWhatIsSaid) {
  constexpr struct {
    std::string_view name;
    Direction direction;
    std::string_view element;
    size_t n;
  } kShapes[] = {
      {"commands", Direction::to_server, "CWD a\r\n", 20'000},
      {"ports", Direction::to_server, "PORT 10,0,0,1,4,1\r\nRETR a\r\n", 5000},
      {"passive", Direction::to_server, "PASV\r\nRETR a\r\n", 5000},
      {"users", Direction::to_server, "USER abcdefgh\r\n", 10'000},
      {"bytes of a line", Direction::to_server, "x", 200'000},
      {"ends of lines", Direction::to_client, "\n", 100'000},
      {"lines of a reply", Direction::to_client, "220-a\r\n", 40'000},
      {"replies", Direction::to_client, "227 (10,0,0,1,4,1)\r\n", 10'000},
      {"interim replies", Direction::to_client, "150 a\r\n", 20'000},
  };
  for (const auto& shape : kShapes) {
    const auto make = [&](size_t n) {
      return [&shape, text = times(n, shape.element)] {
        Dialogue d(row());
        d.client("LIST\r\n").say(shape.direction, text, 1460).finish();
      };
    };
    EXPECT_LT(growth(make, shape.n), kDoubled) << shape.name;
  }
}

TEST(Ftp, DirectoriesAreFollowed) {
  Dialogue d(row());
  d.client("PWD\r\n").server("257 \"/home\" is current\r\n").client("CWD a\r\n").server("250 ok\r\n");
  d.client("CDUP\r\n").server("200 ok\r\n").client("CWD no\r\n").server("550 no\r\n").client("NOOP\r\n").finish();
  ASSERT_THAT(d.records, SizeIs(5));
  EXPECT_THAT(d.records[2], HasSubstr(R"("cwd":"/home/a")"));
  EXPECT_THAT(d.records[4], HasSubstr(R"("cwd":"/home")"));
}

}  // namespace
}  // namespace lapwing
