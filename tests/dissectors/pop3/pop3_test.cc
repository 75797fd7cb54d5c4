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
  return dissector("pop3");
}
const std::string kGreeting = "+OK POP3 server ready\r\n", kOk = "+OK\r\n", kError = "-ERR no\r\n";
const Settings kPasswords = {{"app-layer.protocols.pop3.record.passwords", "yes"}};

std::string times(size_t count, std::string_view text) {
  return repeated(count, [&](size_t) { return std::string(text); });
}

const CapReaches kReaches = {
    {"pop3",
     "tx",
     {{"app-layer.protocols.pop3.max-tx", "4"}},
     [](Dialogue& d) { d.server(kGreeting).client(times(5, "NOOP\r\n")); }},
    {"pop3", "line", {}, [](Dialogue& d) { d.client("NOOP " + std::string(5000, 'x') + "\r\n"); }},
    {"pop3",
     "reply",
     {},
     [](Dialogue& d) { d.server(kGreeting).client("UIDL\r\n").server(kOk + times(20'000, "1 abcdefgh\r\n")); }},
};

TEST(Pop3, PasswordsAreShownToRulesAndToRecordsIfAskedFor) {
  for (bool asked : {false, true}) {
    Dialogue d(row(), asked ? kPasswords : Settings{});
    d.server(kGreeting).client("USER ann\r\n").server(kOk).client("PASS secret\r\n").server(kError);
    d.client("APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n").server(kError);
    d.client("AUTH PLAIN AGFubgBzZWNyZXQ=\r\n").server(kOk).finish();
    ASSERT_THAT(d.records, SizeIs(5));
    EXPECT_THAT(d.values("pop3.args"), Contains("secret"));
    const std::vector<std::string> secrets = {"secret", "c4c9334b", "AGFubgBz"};
    for (const std::string& secret : secrets) {
      for (const auto& texts : {d.records, d.alerts}) {
        const bool shown =
            std::ranges::any_of(texts, [&](const std::string& text) { return text.find(secret) != std::string::npos; });
        EXPECT_EQ(shown, asked) << secret;
      }
    }
    EXPECT_THAT(d.records[3], HasSubstr(asked ? R"("args":["ann","c4c9334b)" : R"("args":["ann"])"));
    EXPECT_EQ(d.records[4].find(R"("password":"secret")") != std::string::npos, asked);
    EXPECT_THAT(d.values("pop3.login.outcome"), ElementsAre("2", "2", "1"));
  }
}

TEST(Pop3, MechanismsOfSaslShowWhoLogsIn) {
  constexpr struct {
    std::string_view mechanism;
    std::array<std::string_view, 2> responses;
    std::string_view user;
  } kCases[] = {
      {"PLAIN", {"AGFubgBzZWNyZXQ="}, "ann"},
      {"LOGIN", {"YW5u", "c2VjcmV0"}, "ann"},
      {"CRAM-MD5", {"YW5uIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"}, "ann"},
      {"XOAUTH2", {"dXNlcj1hbm4BYXV0aD1CZWFyZXIgdAEB"}, "ann"},
      {"OAUTHBEARER", {"bixhPWFubiwBYXV0aD1CZWFyZXIgdAEB"}, "ann"},
      {"SCRAM-SHA-1", {"biwsbj1hbm4scj1mZWRj", "Yz1iaXdzLHI9ZmVkYw=="}, "ann"},
      {"GSSAPI", {"YW5u"}, ""},
      {"PLAIN", {"*"}, ""},
      {"PLAIN", {"%%%"}, ""},
  };
  for (const auto& one : kCases) {
    Dialogue d(row(), kPasswords);
    d.server(kGreeting).client("AUTH " + std::string(one.mechanism) + "\r\n").server("+ \r\n");
    d.client(std::string(one.responses[0]) + "\r\n");
    if (!one.responses[1].empty()) d.server("+ VXNlcm5hbWU6\r\n").client(std::string(one.responses[1]) + "\r\n");
    d.server(kOk).client("STAT\r\n").server("+OK 0 0\r\n").finish();
    ASSERT_THAT(d.records, SizeIs(3)) << one.mechanism;
    EXPECT_EQ(d.records[1].find(R"("user":"ann")") != std::string::npos, one.user == "ann") << d.records[1];
    EXPECT_THAT(d.anomalies, IsEmpty()) << one.mechanism;
  }
}

TEST(Pop3, AResponseOfAuthIsNoCommandWhateverItLooksLike) {
  Dialogue d(row());
  d.server(kGreeting).client("AUTH LOGIN\r\n").server("+ \r\n").client("QUIT\r\n").server("+ \r\n").client("STAT\r\n");
  d.server(kError).finish();
  EXPECT_THAT(d.values("pop3.command"), ElementsAre("AUTH"));
  Dialogue alone(row());
  alone.client("AUTH LOGIN\r\nYW5u\r\nc2VjcmV0\r\nSTAT\r\n").finish();
  EXPECT_THAT(alone.values("pop3.command"), ElementsAre("AUTH", "STAT"));
  EXPECT_THAT(alone.values("pop3.login.user"), ElementsAre("ann"));
}

TEST(Pop3, RepliesFollowCommandsThatAreAheadOfThem) {
  for (size_t piece : {0, 1, 7}) {
    Dialogue d(row());
    d.client("CAPA\r\nUSER ann\r\nPASS x\r\nLIST\r\nRETR 1\r\nRETR 2\r\nQUIT\r\n", piece);
    d.server(kGreeting +
                 "+OK\r\nPIPELINING\r\n.\r\n+OK\r\n+OK in\r\n+OK\r\n1 9\r\n.\r\n+OK\r\nSubject: one\r\n\r\n+OK\r\n" +
                 ".\r\n+OK\r\nSubject: two\r\n\r\n.\r\n+OK bye\r\n",
             piece);
    d.finish();
    EXPECT_THAT(d.records, SizeIs(8));
    EXPECT_THAT(d.values("email.subject"), ElementsAre("one", "two"));
    EXPECT_THAT(d.values("pop3.header"), ElementsAre("POP3 server ready", "", "", "in", "", "", "", "bye"));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Pop3, CommandsBeyondThoseThatMayWaitLeaveTheirRepliesToNobody) {
  Dialogue d(row(), {{"app-layer.protocols.pop3.max-tx", "2"}});
  d.server(kGreeting).client("NOOP\r\nSTAT\r\nLIST\r\nRETR 1\r\n");
  EXPECT_THAT(d.records, SizeIs(3));
  d.server("+OK noop\r\n+OK 1 9\r\n+OK list\r\n1 9\r\n.\r\n+OK retr\r\nSubject: a\r\n\r\n.\r\n");
  d.client("QUIT\r\n").server("+OK quit\r\n").finish();
  ASSERT_THAT(d.records, SizeIs(8));
  EXPECT_THAT(d.records[5], AllOf(HasSubstr(R"("data":["1 9"])"), Not(HasSubstr("request"))));
  EXPECT_THAT(d.records[6], AllOf(HasSubstr(R"("subject":"a")"), Not(HasSubstr("request"))));
  EXPECT_THAT(d.records[7], AllOf(HasSubstr("QUIT"), HasSubstr(R"("header":"quit")")));
  EXPECT_THAT(d.anomalies, ElementsAre("too_many_transactions@3"));
}

TEST(Pop3, WhatBreaksTheProtocolIsTold) {
  const auto anomalies = [](const std::string& client, const std::string& server) {
    Dialogue d(row());
    d.server(kGreeting).client(client).server(server).finish();
    return d.anomalies;
  };
  EXPECT_THAT(anomalies("RETR\r\n", kError), ElementsAre("incorrect_argument_count@1"));
  EXPECT_THAT(anomalies("STAT 1\r\n", kError), ElementsAre("incorrect_argument_count@1"));
  EXPECT_THAT(anomalies("EXEC\r\n", kError), ElementsAre("unknown_command@1"));
  EXPECT_THAT(anomalies("\r\n", kError), ElementsAre("unknown_command@1"));
  EXPECT_THAT(anomalies("USER " + std::string(300, 'u') + "\r\n", kError), ElementsAre("request_too_long@1"));
  EXPECT_THAT(anomalies("NOOP\r\n", "+OK " + std::string(600, 'u') + "\r\n"), ElementsAre("response_too_long@1"));
  EXPECT_THAT(anomalies("NOOP\r\n", "junk\r\nmore\r\n+OK\r\n"), ElementsAre("invalid_reply@2"));
  EXPECT_THAT(anomalies("RETR 1\r\n", "+OK\r\nSubject: a\r\n\r\nx\n.\r\n"), ElementsAre("ambiguous_end_of_text@1"));
  EXPECT_THAT(anomalies("STLS\r\nNOOP\r\n", kError + kOk), ElementsAre("plaintext_behind_stls@2"));
  EXPECT_THAT(anomalies("STLS\r\n", kOk + "+OK again\r\n"), ElementsAre("plaintext_behind_stls@2"));
}

TEST(Pop3, AStatusNeedsNoBlankBehindIt) {
  for (const std::string status : {"+OK", "+ok\t5", "+OK5 octets", "+OK: here"}) {
    Dialogue d(row());
    d.server(kGreeting).client("RETR 1\r\n").server(status + "\r\nSubject: a\r\n\r\nx\r\n.\r\n").finish();
    EXPECT_THAT(d.values("email.subject"), ElementsAre("a")) << status;
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
  Dialogue d(row());
  d.server(kGreeting).client("NOOP\r\nNOOP\r\n").server("+OKAY\r\n-ERR(busy)\r\n+5\r\n").finish();
  EXPECT_THAT(d.anomalies, ElementsAre("invalid_reply@3", "invalid_reply@4"));
}

TEST(Pop3, CommandsWithoutAnAnswerToStlsAreNoAnomalyWhereNoServerIsHeard) {
  Dialogue d(row());
  d.client("STLS\r\nUSER ann\r\nPASS x\r\n").finish();
  EXPECT_THAT(d.records, SizeIs(3));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Pop3, ASideThatIsPickedUpLateBeginsAtAReply) {
  for (size_t piece : {0, 1}) {
    Dialogue d(row());
    d.late = true;
    d.client("RETR 2\r\n", piece).server("of a message\r\n.\r\n+OK\r\nSubject: a\r\n\r\n.\r\n", piece);
    d.client("c2VjcmV0\r\n", piece).server(kError, piece).finish();
    ASSERT_THAT(d.records, SizeIs(2));
    EXPECT_THAT(d.records[0], AllOf(HasSubstr("RETR"), HasSubstr(R"("subject":"a")")));
    EXPECT_THAT(d.records[1], Not(testing::ContainsRegex("c2VjcmV0|C2VJCMV0")));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Pop3, HowMuchOfAMessageRecordsHaveIsAnOption) {
  for (const auto& [bytes, data] : {std::pair("0", R"("data":[],"truncated":true)"),
                                    std::pair("46", R"("data":["Subject: a",""],"truncated":true)"),
                                    std::pair("4kb", R"("data":["Subject: a","","text"]})")}) {
    Dialogue d(row(), {{"app-layer.protocols.pop3.record.message-data", bytes}});
    d.server(kGreeting).client("RETR 1\r\n").server("+OK\r\nSubject: a\r\n\r\ntext\r\n.\r\n").finish();
    ASSERT_THAT(d.records, SizeIs(2));
    EXPECT_THAT(d.records[1], HasSubstr(data));
  }
}

TEST(Pop3, OnlyWhatNoOtherProtocolSaysIsSure) {
  using enum Direction;
  for (std::string_view text : {"+OK Dovecot ready.\r\n", "+OK <1896.697170952@dbc.mtview.ca.us>"}) {
    EXPECT_EQ(probe(row(), to_client, text), Likelihood::sure) << text;
  }
  for (std::string_view text : {"+OK\r\n", "-ERR busy\r\n", "+OK \r\n"}) {
    EXPECT_EQ(probe(row(), to_client, text), Likelihood::maybe) << text;
  }
  for (std::string_view text : {"+", "-E", "+OK", "+OK "}) {
    EXPECT_EQ(probe(row(), to_client, text), Likelihood::more) << text;
  }
  for (std::string_view text : {"* OK IMAP4rev1\r\n", "+PONG\r\n", "+OKAY\r\n", "220 ftp\r\n"}) {
    EXPECT_EQ(probe(row(), to_client, text), Likelihood::no) << text;
  }
  for (std::string_view text : {"CAPA\r\n", "stls\r\n", "APOP ann c4c9\r\n", "UIDL\r\n", "TOP 1 0\r\n"}) {
    EXPECT_EQ(probe(row(), to_server, text), Likelihood::sure) << text;
  }
  for (std::string_view text : {"USER ann\r\n", "QUIT\r\n", "AUTH PLAIN\r\n", "CAPA x\r\n", "RETR 1\r\n"}) {
    EXPECT_EQ(probe(row(), to_server, text), Likelihood::maybe) << text;
  }
  for (std::string_view text : {"C", "us", "USER", "USER ann"}) {
    EXPECT_EQ(probe(row(), to_server, text), Likelihood::more) << text;
  }
  for (std::string_view text : {"EHLO a\r\n", "USERS a\r\n", "a1 CAPA\r\n", "SYST\r\n"}) {
    EXPECT_EQ(probe(row(), to_server, text), Likelihood::no) << text;
  }
}

/// What a hostile side may say for as long as it likes.
TEST(Pop3, CostGrowsWithWhatIsSaid) {
  constexpr struct {
    std::string_view name, begin;
    Direction direction;
    std::string_view element;
    size_t n;
  } kShapes[] = {
      {"commands", "", Direction::to_server, "NOOP\r\n", 20'000},
      {"arguments", "NOOP ", Direction::to_server, "a ", 200'000},
      {"bytes of a line", "", Direction::to_server, "x", 400'000},
      {"responses", "AUTH LOGIN\r\n", Direction::to_server, "YW5u\r\n", 20'000},
      {"injected", "STLS\r\n", Direction::to_server, "NOOP\r\n", 20'000},
      {"ends of lines", "", Direction::to_client, "\n", 100'000},
      {"replies", "", Direction::to_client, "+OK a\r\n", 20'000},
      {"challenges", "", Direction::to_client, "+ a\r\n", 20'000},
      {"replies and junk", "", Direction::to_client, "-ERR\r\njunk\r\n", 10'000},
      {"bytes of a reply", "+OK ", Direction::to_client, "x", 400'000},
      {"lines of a reply", "+OK\r\n+OK\r\nTOP\r\n", Direction::to_client, "1 9\r\n", 80'000},
      {"ends of lines of a reply", "+OK\r\n+OK\r\nTOP\r\n", Direction::to_client, "\n", 100'000},
      {"dots", "+OK\r\n+OK\r\nSubject: a\r\n\r\n", Direction::to_client, "..\r\n", 40'000},
      {"one line of a message", "+OK\r\n+OK\r\nSubject: a\r\n\r\n", Direction::to_client, "x", 400'000},
      {"messages", "+OK\r\n", Direction::to_client, "+OK\r\nTo: a\r\n\r\n.\r\n", 5000},
  };
  for (const auto& shape : kShapes) {
    const auto make = [&](size_t n) {
      return [&shape, text = std::string(shape.begin) + times(n, shape.element)] {
        Dialogue d(row());
        if (shape.direction == Direction::to_server) d.server(kGreeting);
        d.say(shape.direction, text, 1460).finish();
      };
    };
    EXPECT_LT(growth(make, shape.n), kDoubled) << shape.name;
  }
}

/// Behind lost bytes each line of a text may be a reply.
TEST(Pop3, CostGrowsWithWhatIsSaidBehindLostBytes) {
  for (std::string_view element : {"x", "x\r\n", "+O\r\n", ":\n"}) {
    const auto make = [&](size_t n) {
      return [text = times(n, element)] {
        Dialogue d(row());
        d.server(kGreeting).client("RETR 1\r\nQUIT\r\n").server("+OK\r\nSubject: a\r\n\r\n");
        d.gap(Direction::to_client, 10).server(text, 1460).finish();
      };
    };
    EXPECT_LT(growth(make, 200'000 / element.size()), kDoubled) << element;
  }
}

}  // namespace
}  // namespace lapwing
