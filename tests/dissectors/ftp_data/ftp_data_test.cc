#include <gmock/gmock.h>

#include "dissectors/contract/announced_file.h"
#include "tests/dissectors/caps.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::shared_ptr<AnnouncedFile> announced(std::string_view command, std::string_view name, Direction direction) {
  auto out = std::make_shared<AnnouncedFile>();
  out->known = true;
  out->command = command;
  out->name = name;
  out->listing = name.empty();
  out->direction = direction;
  return out;
}

const CapReaches kReaches = {
    {"ftp-data",
     "early",
     {},
     [](Dialogue& d) {
       d.context = std::make_shared<AnnouncedFile>();
       d.client(std::string(70'000, 'x'));
     }},
};

TEST(FtpData, AFileHasTheNameOfItsCommand) {
  Dialogue d(dissector("ftp-data"));
  d.context = announced("RETR", "a.txt", Direction::to_client);
  d.server("content", 2).end(Direction::to_client).end(Direction::to_server);
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("filename":"a.txt")"), HasSubstr(R"("size":7)"), HasSubstr("CLOSED")));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("command":"RETR")"), HasSubstr(R"("filename":"a.txt")")));
  EXPECT_THAT(d.values("file.data"), ElementsAre("content"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(FtpData, WhatCameBeforeItsCommandIsOfTheFile) {
  Dialogue d(dissector("ftp-data"));
  const auto file = std::make_shared<AnnouncedFile>();
  d.context = file;
  d.client("early").end(Direction::to_server);
  EXPECT_THAT(d.records, IsEmpty());
  *file = *announced("STOR", "shell.php", Direction::to_server);
  d.finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0], AllOf(HasSubstr("shell.php"), HasSubstr(R"("size":5)"), HasSubstr("CLOSED")));
  EXPECT_THAT(d.values("file.name"), ElementsAre("shell.php"));
}

TEST(FtpData, AListingIsNoFile) {
  Dialogue d(dissector("ftp-data"));
  d.context = announced("NLST", "", Direction::to_client);
  d.server("a\r\nb\r\n").finish();
  EXPECT_THAT(d.records, ElementsAre(R"({"ftp_data":{"command":"NLST"}})"));
}

TEST(FtpData, AListingIsAFrameUntilItsEnd) {
  Heard heard;
  FlowDriver flow({.known = "ftp-data", .frames = true, .context = announced("NLST", "", Direction::to_client)}, heard);
  flow.say(Direction::to_client, "a\r\n");
  flow.say(Direction::to_client, "b\r\n");
  flow.end(Direction::to_client);
  EXPECT_THAT(heard.frames, ElementsAre("< data 0+6"));
}

TEST(FtpData, APartOfAFileSaysWhereItBegins) {
  Dialogue d(dissector("ftp-data"));
  auto file = announced("RETR", "a", Direction::to_client);
  file->offset = 100;
  d.context = file;
  d.server("0123456789").end(Direction::to_client).finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[0],
              AllOf(HasSubstr(R"("start":100)"), HasSubstr(R"("end":109)"), HasSubstr(R"("offset":100)")));
}

TEST(FtpData, BothSidesMayBeHeardThoughOneIsToSend) {
  Dialogue d(dissector("ftp-data"));
  d.context = announced("RETR", "a", Direction::to_client);
  d.client("x").server("content").finish();
  EXPECT_THAT(d.anomalies, ElementsAre("unexpected_direction@0"));
  EXPECT_THAT(d.values("file.data"), ElementsAre("x", "content"));
}

TEST(FtpData, LostBytesLeaveAHole) {
  Dialogue d(dissector("ftp-data"));
  d.context = announced("RETR", "a", Direction::to_client);
  d.server("con").gap(Direction::to_client, 3).server("t").end(Direction::to_client).finish();
  EXPECT_THAT(d.records[0], AllOf(HasSubstr(R"("gaps":true)"), HasSubstr(R"("size":7)"), HasSubstr("TRUNCATED")));
}

TEST(FtpData, NothingIsSaidOfAConnectionThatNoCommandUsed) {
  Dialogue d(dissector("ftp-data"));
  d.context = std::make_shared<AnnouncedFile>();
  d.end(Direction::to_client).finish();
  EXPECT_THAT(d.records, IsEmpty());
}

}  // namespace
}  // namespace lapwing
