#include <gmock/gmock.h>

#include "tests/dissectors/caps.h"
#include "tests/dissectors/template/protocol/echo_parser.h"

namespace lapwing {
namespace {

using test::Dialogue;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const DissectorRow& row() {
  return test::dissector("echo");
}

const test::CapReaches kReaches = {
    {"echo",
     "pending",
     {},
     [](Dialogue& d) {
       for (size_t i = 0; i < 65; ++i) d.client("ECHO a\r\n");
     }},
};

TEST(EchoParser, ReadsOneLineAndLeavesTheRest) {
  const auto line = echo::parse_line(to_bytes("ECHO a\r\nECHO b"), false);
  EXPECT_EQ(line.outcome, echo::Outcome::ok);
  EXPECT_EQ(line.size, std::string_view("ECHO a\r\n").size());
  EXPECT_EQ(to_text(line.text), "ECHO a");
  EXPECT_EQ(echo::parse_line(to_bytes("ECHO b"), false).outcome, echo::Outcome::incomplete);
  EXPECT_EQ(echo::parse_line(to_bytes("ECHO b"), true).outcome, echo::Outcome::ok);
  EXPECT_EQ(echo::parse_line(to_bytes("ECHO \x01\n"), false).outcome, echo::Outcome::invalid);
  EXPECT_EQ(echo::parse_line(to_bytes(std::string(echo::kMaxLine, 'a')), false).outcome, echo::Outcome::too_long);
}

TEST(Echo, AnExchangeIsOneRecordWithItsFields) {
  Dialogue d(row());
  d.client("ECHO hello\r\n").server("ECHO hello\r\n");
  EXPECT_THAT(d.records, ElementsAre(R"({"echo":{"request":"hello","reply":"hello","answered":true}})"));
  EXPECT_THAT(d.fields, ElementsAre("> echo.request=hello", "> echo.length=5", "< echo.reply=hello"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Echo, PiecesOfAnySizeMeanTheSameAsTheWhole) {
  const std::string requests = "ECHO one\nECHO two\r\nECHO three\n", replies = "ECHO one\nECHO 2\nECHO three\n";
  Dialogue whole(row());
  whole.client(requests).server(replies);
  for (size_t piece : {1, 2, 7}) {
    Dialogue cut(row());
    cut.client(requests, piece).server(replies, piece);
    EXPECT_EQ(cut.records, whole.records);
    EXPECT_EQ(cut.fields, whole.fields);
    EXPECT_EQ(cut.anomalies, whole.anomalies);
  }
  EXPECT_THAT(whole.anomalies, ElementsAre("mismatched_reply@1"));
}

TEST(Echo, WhatIsUnansweredIsWrittenAtTheEnd) {
  Dialogue d(row());
  d.datagram(Direction::to_server, "ECHO lost");
  EXPECT_THAT(d.records, IsEmpty());
  d.finish();
  EXPECT_THAT(d.records, ElementsAre(R"({"echo":{"request":"lost","answered":false}})"));
}

TEST(Echo, TextCanBeLeftOutOfRecords) {
  Dialogue d(row(), {{"app-layer.protocols.echo.log-text", "no"}});
  d.client("ECHO secret\n").server("ECHO secret\n");
  EXPECT_THAT(d.records, ElementsAre(R"({"echo":{"answered":true}})"));
}

TEST(Echo, PendingRequestsAreBounded) {
  Dialogue d(row());
  for (size_t i = 0; i < 70; ++i) d.client("ECHO x\n");
  EXPECT_THAT(d.records, SizeIs(6));
  EXPECT_THAT(d.anomalies, SizeIs(6));
  EXPECT_EQ(d.anomalies[0], "too_many_pending@0");
}

TEST(Echo, OtherTextIsNeverTaken) {
  for (std::string_view text : {"GET / HTTP/1.1\r\n", "EHLO example\r\n", "ECHO\n", "ECHO \n", "echo a\n"}) {
    EXPECT_EQ(test::probe(row(), Direction::to_server, text), Likelihood::no) << text;
  }
  EXPECT_EQ(test::probe(row(), Direction::to_server, std::string_view("ECHO").substr(0, 3)), Likelihood::more);
  EXPECT_EQ(test::probe(row(), Direction::to_server, "ECHO a\n"), Likelihood::maybe);
  EXPECT_EQ(test::probe(row(), Direction::to_client, "ECHO a\n"), Likelihood::no);
}

TEST(Echo, GivesUpWhereItCannotFollow) {
  EXPECT_TRUE(Dialogue(row()).server("ECHO a\n").failed);
  EXPECT_TRUE(Dialogue(row()).client("QUIT\n").failed);
  EXPECT_TRUE(Dialogue(row()).client("ECHO a\n").gap(Direction::to_client, 3).failed);
}

}  // namespace
}  // namespace lapwing
