#include <gmock/gmock.h>

#include "tests/dissectors/caps.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const DissectorRow& row() {
  return dissector("imap");
}
const std::string kGreeting = "* OK ready\r\n";

std::string times(size_t count, std::string_view text) {
  return repeated(count, [&](size_t) { return std::string(text); });
}
std::string literal(const std::string& text, std::string_view sign = "") {
  return "{" + std::to_string(text.size()) + std::string(sign) + "}\r\n" + text;
}
std::string fetched(const std::string& text, const std::string& section = "BODY[]") {
  return "* 1 FETCH (UID 9 " + section + " " + literal(text) + ")\r\n";
}
const std::string kMixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
const std::string kProgram = "Subject: a\r\n" + kMixed +
                             "--b\r\n\r\nsee http://x.example/y\r\n--b\r\nContent-Type: application/x; name=a.exe\r\n" +
                             "Content-Transfer-Encoding: base64\r\n\r\nTVo=\r\n--b--\r\n";

const CapReaches kReaches = {
    {"imap",
     "tx",
     {{"app-layer.protocols.imap.max-tx", "4"}},
     [](Dialogue& d) { d.client(repeated(5, [](size_t i) { return std::to_string(i) + " NOOP\r\n"; })); }},
    {"imap", "line", {}, [](Dialogue& d) { d.client("a1 FETCH " + std::string(10'000, '1') + "\r\n"); }},
    {"imap",
     "command",
     {},
     [](Dialogue& d) { d.client("a1 SEARCH " + times(3, "x " + literal(std::string(4000, 'x'), "+")) + "\r\n"); }},
    {"imap",
     "structures",
     {},
     [](Dialogue& d) {
       d.server(kGreeting).client("a1 FETCH 1:* BODYSTRUCTURE\r\n").server(repeated(65, [](size_t i) {
         return "* " + std::to_string(i) + " FETCH (BODYSTRUCTURE (\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1))\r\n";
       }));
     }},
    {"imap",
     "depth",
     {},
     [](Dialogue& d) {
       d.server(kGreeting)
           .client("a1 FETCH 1 BODYSTRUCTURE\r\n")
           .server("* 1 FETCH (BODYSTRUCTURE " + std::string(33, '(') + "\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1" +
                   std::string(33, ')') + ")\r\n");
     }},
    {"imap",
     "ahead",
     {},
     [](Dialogue& d) { d.server(kGreeting).client("a1 APPEND x {90000}\r\n" + std::string(80'000, 'x')); }},
};

TEST(Imap, AFetchedMessageHasItsFilesAndLinks) {
  for (size_t piece : {0, 1, 2, 7}) {
    Dialogue d(row());
    d.server(kGreeting).client("a1 FETCH 1 BODY[]\r\n", piece).server(fetched(kProgram) + "a1 OK\r\n", piece).finish();
    ASSERT_THAT(d.records, SizeIs(4));
    EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("filename":"a.exe")"), HasSubstr(R"("size":2)")));
    EXPECT_THAT(d.records[2], HasSubstr(R"("attachment":["a.exe"])"));
    EXPECT_THAT(d.values("file.data"), Each("MZ"));
    EXPECT_THAT(d.values("email.url"), ElementsAre("x.example/y"));
    EXPECT_THAT(d.reversed, ElementsAre(false, true, true, false));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Imap, AMessageThatIsStoredHasItsFilesWhateverItReplaces) {
  for (const std::string command :
       {"APPEND box", "REPLACE 4 box", "UID REPLACE 4 \"box\" (\\Seen)", "replace 4 {3+}\r\nbox"}) {
    Dialogue d(row());
    d.server(kGreeting).client("a1 " + command + " " + literal(kProgram, "+") + "\r\n").server("a1 OK\r\n").finish();
    ASSERT_THAT(d.records, SizeIs(4)) << command;
    EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("filename":"a.exe")"), HasSubstr(R"("size":2)")));
    EXPECT_THAT(d.records[3], AllOf(HasSubstr(R"("mailbox":"box")"), Not(HasSubstr("Subject")))) << command;
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Imap, SectionsOfAMessageAreReadTogether) {
  const size_t body = kProgram.find("\r\n\r\n") + 4;
  Dialogue d(row());
  d.server(kGreeting).client("a1 FETCH 1 (BODY[HEADER] BODY[TEXT])\r\n");
  d.server("* 1 FETCH (BODY[HEADER] " + literal(kProgram.substr(0, body)) + " BODY[TEXT] " +
           literal(kProgram.substr(body)) + " UID 4)\r\na1 OK\r\n");
  ASSERT_THAT(d.records, SizeIs(4));
  EXPECT_THAT(d.records[1], HasSubstr(R"("filename":"a.exe")"));
  EXPECT_THAT(d.records[2], HasSubstr(R"("uid":4)"));
}

TEST(Imap, APartIsWhatItsStructureSaid) {
  const std::string structure =
      "BODYSTRUCTURE ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 3 1)(\"application\" \"x\" (\"name\" \"a.exe\") NIL NIL "
      "\"base64\" 4) \"mixed\")";
  Dialogue d(row());
  d.server(kGreeting)
      .client("a1 UID FETCH 9 BODYSTRUCTURE\r\n")
      .server("* 1 FETCH (UID 9 " + structure + ")\r\na1 OK\r\n");
  d.client("a2 UID FETCH 9 BODY[2]\r\n").server(fetched("TVo=", "BODY[2]") + "a2 OK\r\n");
  d.client("a3 UID FETCH 9 BINARY[2]\r\n").server(fetched("MZ", "BINARY[2]") + "a3 OK\r\n");
  d.client("a4 UID FETCH 9 BODY[1]\r\n").server(fetched("yes", "BODY[1]") + "a4 OK\r\n");
  d.client("a5 UID FETCH 9 BODY[7]\r\n").server(fetched("raw", "BODY[7]") + "a5 OK\r\n").finish();
  EXPECT_THAT(d.values("file.name"), ElementsAre("a.exe", "a.exe", ""));
  EXPECT_THAT(d.values("file.data"), ElementsAre("MZ", "MZ", "raw"));
}

TEST(Imap, ABodyFollowsTheHeaderOfAnotherCommand) {
  const size_t body = kProgram.find("\r\n\r\n") + 4;
  Dialogue d(row());
  d.server(kGreeting).client("a1 FETCH 1 RFC822.HEADER\r\n");
  d.server(fetched(kProgram.substr(0, body), "RFC822.HEADER") + "a1 OK\r\n").client("a2 FETCH 1 BODY.PEEK[TEXT]\r\n");
  d.server(fetched(kProgram.substr(body), "BODY[TEXT]") + "a2 OK\r\n").finish();
  EXPECT_THAT(d.records, Contains(HasSubstr(R"("filename":"a.exe")")));
  EXPECT_THAT(d.values("email.subject"), ElementsAre("a"));
}

TEST(Imap, PartsThatFollowEachOtherAreOneMessage) {
  Dialogue d(row());
  d.server(kGreeting);
  for (size_t at = 0; at < kProgram.size(); at += 50) {
    const std::string begin = std::to_string(at), piece = kProgram.substr(at, 50);
    d.client("a" + begin + " FETCH 1 BODY[]<" + begin + ".50>\r\n");
    d.server(fetched(piece, "BODY[]<" + begin + ">") + "a" + begin + " OK\r\n");
  }
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("filename":"a.exe")"), HasSubstr("CLOSED"))));
  Dialogue cut(row());
  cut.server(kGreeting).client("a1 FETCH 1 BODY[]<0.90>\r\n");
  cut.server(fetched(kProgram.substr(0, 90), "BODY[]<0>") + "a1 OK\r\n").finish();
  EXPECT_THAT(cut.records, Contains(AllOf(HasSubstr(R"("partial":true)"), HasSubstr(R"("offset":0)"))));
}

TEST(Imap, APasswordIsInNoRecordUnlessAskedFor) {
  const std::string logins[] = {
      "a1 LOGIN ann secret\r\n",
      "a1 LOGIN " + literal("ann", "+") + " " + literal("secret", "+") + "\r\n",
      "a1 AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\r\n",
      "a1 AUTHENTICATE PLAIN\r\nAGFubgBzZWNyZXQ=\r\n",
      "a1 AUTHENTICATE LOGIN\r\nYW5u\r\nc2VjcmV0\r\n",
  };
  for (const std::string& login : logins) {
    for (bool asked : {false, true}) {
      Dialogue d(row(), asked ? Settings{{"app-layer.protocols.imap.record.passwords", "yes"}} : Settings{});
      d.server(kGreeting).client(login).server("+ \r\n+ \r\na1 OK in\r\n").finish();
      ASSERT_THAT(d.records, SizeIs(2)) << login;
      EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("user":"ann")"), HasSubstr(R"("outcome":"success")")));
      for (const auto& shown : {d.records[1], d.alerts.back()}) {
        EXPECT_EQ(shown.find(R"("secret")") != std::string::npos, asked) << login;
        EXPECT_EQ(shown.find("YW"), std::string::npos) << login;
        EXPECT_EQ(shown.find("AGFubg"), std::string::npos) << login;
      }
      EXPECT_THAT(d.values("imap.login.user"), ElementsAre("ann"));
      EXPECT_THAT(d.anomalies, IsEmpty());
    }
  }
}

TEST(Imap, AnswersFindTheirCommandsByTag) {
  Dialogue d(row());
  d.server(kGreeting).client("a1 SELECT x\r\na2 FETCH 1 FLAGS\r\na3 NOOP\r\na3 NOOP\r\n");
  d.server("a1 OK\r\na3 OK\r\n* 1 FETCH (FLAGS ())\r\na2 OK\r\na9 OK\r\n");
  EXPECT_THAT(d.anomalies, ElementsAre("duplicate_tag@4", "unknown_tag@5"));
  ASSERT_THAT(d.records, SizeIs(5));
  EXPECT_THAT(d.records[3],
              AllOf(HasSubstr(R"("tag":"a2")"), HasSubstr(R"("fetched":1)"), HasSubstr(R"("mailbox":"x")")));
}

TEST(Imap, ALiteralThatIsRefusedDoesNotCome) {
  Dialogue polite(row()), ahead(row());
  polite.server(kGreeting)
      .client("a1 APPEND x {20}\r\n")
      .server("a1 NO\r\n")
      .client("a2 SELECT y\r\n")
      .server("a2 OK\r\n");
  ahead.server(kGreeting).client("a1 APPEND x {20}\r\na2 SELECT y\r\n").server("a1 NO\r\na2 OK\r\n");
  for (Dialogue* d : {&polite, &ahead}) {
    d->finish();
    EXPECT_THAT(d->values("imap.mailbox"), ElementsAre("x", "y"));
  }
  EXPECT_THAT(polite.anomalies, IsEmpty());
  EXPECT_THAT(ahead.anomalies, ElementsAre("invalid_pipelined_sequence@1"));
  Dialogue granted(row());
  granted.server(kGreeting).client("a1 APPEND x {13}\r\na2 SELECT y\r\n\r\na3 NOOP\r\n");
  granted.server("+ go\r\na1 OK\r\na3 OK\r\n").finish();
  EXPECT_THAT(granted.records, SizeIs(4));
}

TEST(Imap, AClientThatEndsAheadOfAnAnswerHoldsNobodyUp) {
  Dialogue d(row());
  d.server(kGreeting).client("a1 NOOP {9}\r\nahead").end(Direction::to_server);
  d.server("* 1 EXISTS\r\na1 OK done\r\n").finish();
  EXPECT_THAT(d.records, Contains(HasSubstr(R"("response":"done")")));
}

TEST(Imap, WhatIsSaidInTheClearBehindStarttlsIsTold) {
  const std::string hello = "\x16\x03\x03\x00\x2f\x01";
  Dialogue client(row()), server(row());
  client.server(kGreeting).client("a1 STARTTLS\r\na2 LOGIN eve x\r\n").server("a1 OK go\r\n").client(hello);
  EXPECT_THAT(client.anomalies, Contains(HasSubstr("data_behind_starttls")));
  server.server(kGreeting).client("a1 STARTTLS\r\n").server("a1 OK go\r\n* CAPABILITY AUTH=PLAIN\r\n").client(hello);
  EXPECT_THAT(server.anomalies, Contains(HasSubstr("data_behind_starttls")));
  Dialogue refused(row());
  refused.server(kGreeting).client("a1 STARTTLS\r\n").server("a1 NO\r\n").client("a2 NOOP\r\n").server("a2 OK\r\n");
  EXPECT_THAT(refused.anomalies, ElementsAre("starttls_rejected@1"));
  EXPECT_THAT(refused.records, SizeIs(3));
}

TEST(Imap, AMessageLastsAsLongAsTheFrameOfItsLiteral) {
  const std::string message = "a2 APPEND x {1000+}\r\nSubject: x\r\n\r\nbody";
  Heard heard;
  FlowDriver tls({.known = "imap", .frames = true}, heard);
  tls.say(kServer, kGreeting);
  tls.say(kClient, "a1 STARTTLS\r\n");
  tls.say(kServer, "a1 OK go\r\n");
  tls.say(kClient, message);
  tls.say(kServer, "\x16\x03\x03");
  FlowDriver compressed({.known = "imap", .late = true, .frames = true}, heard);
  compressed.say(kClient, "a1 COMPRESS DEFLATE\r\n" + message);
  compressed.say(kServer, "a1 OK\r\n");
  compressed.say(kClient, std::string(1000, 'x'));
  EXPECT_THAT(heard.frames, Contains(HasSubstr("> literal 42+1000")));
}

TEST(Imap, CompressionIsToldAndLeft) {
  Dialogue d(row());
  d.server(kGreeting)
      .client("a1 COMPRESS DEFLATE\r\n")
      .server("a1 OK\r\n")
      .client("\x01\x02 a\r\n")
      .server("* BAD\r\n");
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr(R"("compressed":true)"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Imap, EitherSideAloneIsRead) {
  Dialogue client(row()), server(row());
  client.client("a1 LOGIN ann x\r\na2 APPEND y " + literal(kProgram) + "\r\na3 LOGOUT\r\n").finish();
  EXPECT_THAT(client.records, Contains(HasSubstr(R"("filename":"a.exe")")));
  EXPECT_THAT(client.values("imap.command"), ElementsAre("LOGIN", "APPEND", "LOGOUT"));
  server.server(kGreeting + "a1 OK in\r\n" + fetched(kProgram) + "a2 OK\r\n* BYE\r\n").finish();
  EXPECT_THAT(server.records, Contains(HasSubstr(R"("filename":"a.exe")")));
  EXPECT_THAT(server.records, Contains(AllOf(HasSubstr(R"("tag":"a2")"), HasSubstr(R"("fetched":1)"))));
  for (Dialogue* d : {&client, &server}) EXPECT_THAT(d->anomalies, IsEmpty());
}

TEST(Imap, AFlowIsReadFromTheMiddle) {
  Dialogue d(row());
  d.late = true;
  d.server("middle of a mail\r\n* OK no\r\n").client("junk\r\na7 NOOP\r\n").server("more\r\na7 OK\r\n").finish();
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("tag":"a7")"), HasSubstr(R"("status":"OK")"))));
}

TEST(Imap, ALiteralIsFoundBehindALineOfAnyLength) {
  const std::string structure(20'000, 's');
  Dialogue d(row());
  d.server(kGreeting).client("a1 FETCH 1 (BODYSTRUCTURE BODY[])\r\n");
  d.server("* 1 FETCH (BODYSTRUCTURE (" + structure + ") BODY[] " + literal(kProgram) + ")\r\na1 OK\r\n", 1000)
      .finish();
  EXPECT_THAT(d.records, Contains(HasSubstr(R"("filename":"a.exe")")));
  EXPECT_THAT(d.anomalies, ElementsAre("response_line_too_long@1"));
}

TEST(Imap, HugeLiteralsCostNoMemory) {
  Dialogue d(row());
  d.server(kGreeting).client("a1 APPEND x {9223372036854775807+}\r\n").client(std::string(100'000, 'x'), 1000);
  d.client("a2 NOOP {9223372036854775808+}\r\n").finish();
  EXPECT_FALSE(d.failed);
  Dialogue beyond(row());
  beyond.server(kGreeting).client("a1 APPEND x {9223372036854775808+}\r\na2 NOOP\r\n").finish();
  EXPECT_THAT(beyond.anomalies, ElementsAre("invalid_literal@1"));
}

TEST(ImapCost, GrowsWithTheBytes) {
  constexpr struct {
    std::string_view name;
    Direction direction;
    std::string_view element;
    size_t n;
  } kShapes[] = {
      {"commands", Direction::to_server, "a NOOP\r\n", 20'000},
      {"junk", Direction::to_server, "x\r\n", 50'000},
      {"one line", Direction::to_server, "x", 400'000},
      {"literals", Direction::to_server, "{1+}\r\nx", 40'000},
      {"empty literals", Direction::to_server, "{0+}\r\n", 40'000},
      {"appends", Direction::to_server, "a APPEND x {3+}\r\n\r\nx\r\n", 5000},
      {"answers", Direction::to_client, "a OK\r\n", 20'000},
      {"flags", Direction::to_client, "* 1 FETCH (FLAGS ())\r\n", 20'000},
      {"messages", Direction::to_client, "* 1 FETCH (BODY[] {3}\r\n\r\nx)\r\n", 5000},
      {"sections", Direction::to_client, " BODY[1] {1}\r\nx", 10'000},
      {"quotes", Direction::to_client, "\"\\", 200'000},
      {"braces", Direction::to_client, "{1", 200'000},
      {"one response", Direction::to_client, "(UID ", 100'000},
  };
  for (const auto& shape : kShapes) {
    const auto make = [&](size_t n) {
      return [&shape, text = times(n, shape.element)] {
        Dialogue d(row());
        d.server(kGreeting).client("a FETCH 1 BODY[]\r\nb SEARCH ").server("* 1 FETCH (");
        d.say(shape.direction, text, 1460).finish();
      };
    };
    EXPECT_LT(growth(make, shape.n), kDoubled) << shape.name;
  }
}

}  // namespace
}  // namespace lapwing
