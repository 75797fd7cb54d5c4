// Files as they are read and written: pieces in any order, again, behind holes and at their end.
#include <gmock/gmock.h>

#include "tests/dissectors/smb/smb_talk.h"

namespace lapwing {
namespace {

using namespace test;
using namespace test::smb;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(Smb, AFileIsReadFromItsPieces) {
  for (size_t piece : {0, 1, 3, 7}) {
    Dialogue d(dissector("smb"));
    Talk talk(d, piece);
    talk.tree().open(1, "dir\\a.txt").read(1, 0, "hello ").read(1, 6, "world").close(1);
    d.finish();
    ASSERT_THAT(d.records, SizeIs(5));
    EXPECT_THAT(d.records[2], AllOf(HasSubstr(R"("fileinfo":{"filename":"dir\\a.txt")"), HasSubstr(R"("size":11)"),
                                    HasSubstr(R"("state":"CLOSED")"), HasSubstr(R"("status":"STATUS_SUCCESS")")));
    EXPECT_THAT(d.records[3], AllOf(HasSubstr(R"("command":"SMB2_COMMAND_READ","status":"STATUS_SUCCESS")"),
                                    HasSubstr(R"("share":"\\\\srv\\share")")));
    EXPECT_THAT(d.values("file.data"), ElementsAre("hello world"));
    EXPECT_THAT(d.values("smb.share"), ElementsAre("\\\\srv\\share"));
    EXPECT_THAT(d.reversed, ElementsAre(false, false, true, false, false));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, PiecesThatComeEarlyWait) {
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree().open(1, "a").write(1, 3, "def").write(1, 0, "abc").write(1, 6, "ghi").close(1);
  d.finish();
  EXPECT_THAT(d.values("file.data"), ElementsAre("abcdefghi"));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Smb, WhatIsWrittenTwiceIsAnOverlap) {
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree().open(1, "a").write(1, 0, "abc").write(1, 1, "xyz").close(1);
  d.finish();
  EXPECT_THAT(d.values("file.data"), ElementsAre("axyz" + zeros(1) + "abc")) << "as the server has it, then as it was";
  EXPECT_THAT(d.anomalies, ElementsAre("file_overlap@2"));
}

TEST(Smb, WhatIsWrittenAtTheLastOffsetIsAppended) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    Talk talk(d, piece);
    talk.tree().open(1, "a").write(1, UINT64_MAX, "abc").write(1, UINT64_MAX, "def").write(1, 9, "jkl");
    talk.write(1, UINT64_MAX, "mno").write(1, 6, "ghi").close(1);
    d.finish();
    EXPECT_THAT(d.values("file.data"), ElementsAre("abcdefghijklmno"));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, WhatIsReadBehindItsEndIsTheFileOnceMore) {
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree().open(1, "a").read(1, 0, "good").exchange(8, read2(file_id(1), 100, 4), le(9, 2) + zeros(7), 0xc0000011);
  talk.read(1, 0, "evil").close(1);
  d.finish();
  EXPECT_THAT(d.values("file.data"), ElementsAre("good", "evil"));
}

TEST(Smb, TheEndMayBeAnsweredBeforeWhatWasAskedForFirst) {
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree().open(1, "a").ask(8, read2(file_id(1), 100, 0)).ask(8, read2(file_id(1), 100, 4));
  talk.answer(8, le(9, 2) + zeros(7), 0xc0000011);
  --talk.message;
  talk.answer(8, data2("evil"));
  ++talk.message;
  talk.close(1);
  d.finish();
  EXPECT_THAT(d.values("file.data"), ElementsAre("evil"));
}

TEST(Smb, AsManyReadsAsServersGrantMayWait) {
  constexpr uint64_t kCredits = 8192;
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree().open(1, "a");
  const uint64_t first = talk.message + 1;
  for (uint64_t i = 0; i < kCredits; ++i) talk.ask(8, read2(file_id(1), 100, i));
  talk.message = first;
  talk.answer(8, data2("e"));
  d.finish();
  EXPECT_THAT(d.values("file.data"), ElementsAre("e"));
}

TEST(Smb, WhatIsRelatedIsAboutTheHandleBeforeItWhateverNumberItHas) {
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree();
  d.client(compound({message2(5, {.message = 10}, create2("evil.exe")),
                     message2(9, {.message = 11, .flags = kRelated}, write2(file_id(77), 0, "abc"))}));
  d.server(packet(message2(5, {.message = 10, .flags = kResponse}, created2(file_id(1)))));
  talk.close(1);
  d.finish();
  EXPECT_THAT(d.values("file.name"), ElementsAre("evil.exe"));
}

TEST(Smb, AHoleThatIsNeverFilledCutsTheFile) {
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree().open(1, "a").write(1, 0, "abc").write(1, uint64_t{1} << 63, "far").close(1);
  d.finish();
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("state":"TRUNCATED")"), HasSubstr(R"("gaps":true)"))));
  EXPECT_THAT(d.values("file.data"), ElementsAre("abc" + zeros(256) + "far")) << "the hole is told short";
}

TEST(Smb, WhatIsWrittenBehindTheLastOffsetDoesNotGoOnAtTheFirst) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    d.client(packet(message2(9, {.message = 1}, write2(file_id(1), UINT64_MAX - 1, "xyfile"))), piece);
    d.client(packet(message2(9, {.message = 2}, write2(file_id(1), 0, "a file"))), piece).finish();
    EXPECT_THAT(d.values("file.data"), ElementsAre("a file"));
    EXPECT_THAT(d.anomalies, ElementsAre(StartsWith("malformed_data")));
  }
}

TEST(Smb, ReadsThatAreUnderWayWhenTheFileIsClosedBelongToIt) {
  for (size_t piece : {0, 1}) {
    Dialogue d(dissector("smb"));
    Talk talk(d, piece);
    talk.tree();
    const std::string name = message2(5, {.message = 10}, create2("a"));
    const Head2 related{.message = 11, .session = UINT64_MAX, .tree = UINT32_MAX, .flags = kRelated};
    Head2 last = related;
    last.message = 12;
    d.client(compound({name, message2(8, related, read2(kFileBefore, 9, 0)), message2(6, last, close2(kFileBefore))}),
             piece);
    const auto answer = [](Head2 head) {
      head.flags |= kResponse;
      return head;
    };
    d.server(compound({message2(5, answer({.message = 10}), created2(file_id(4))),
                       message2(8, answer(related), data2("whole")), message2(6, answer(last), closed2())}),
             piece);
    d.finish();
    EXPECT_THAT(d.values("file.data"), ElementsAre("whole"));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr("fileinfo"), HasSubstr(R"("state":"CLOSED")"))).Times(1));
    EXPECT_THAT(d.records, Contains(HasSubstr("SMB2_COMMAND_CLOSE")).Times(1));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(Smb, LostBytesOfAFileAreAHoleInIt) {
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree().open(1, "a");
  const std::string write = packet(message2(9, {.message = 9}, write2(file_id(1), 0, std::string(100, 'x') + "end")));
  d.client(write.substr(0, 150)).gap(Direction::to_server, 20).client(write.substr(170));
  talk.close(1);
  d.finish();
  EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("size":103)"), HasSubstr(R"("state":"TRUNCATED")"))));
  EXPECT_THAT(d.records, Contains(HasSubstr("SMB2_COMMAND_CLOSE")));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

/// What of a message tells DCERPC apart is not waited for.
TEST(Smb, LostBytesAtTheBeginningOfWhatIsWrittenAreAHoleInIt) {
  for (const bool connected : {true, false}) {
    for (size_t came : {0, 3, 15}) {
      Dialogue d(dissector("smb"));
      Talk talk(d);
      if (connected) talk.tree();
      talk.open(1, "a");
      const std::string write = packet(message2(9, {.message = 9}, write2(file_id(1), 0, "0123456789abcdefghij")));
      const size_t data = write.size() - 20;
      d.client(write.substr(0, data + came)).gap(Direction::to_server, 17 - came).client(write.substr(data + 17));
      talk.close(1);
      d.finish();
      const std::string kept = std::string("0123456789abcde").substr(0, came);
      EXPECT_THAT(d.values("file.data"), ElementsAre(kept + zeros(17 - came) + "hij"));
      EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("size":20)"), HasSubstr(R"("state":"TRUNCATED")"))));
      EXPECT_THAT(d.records, Contains(HasSubstr("SMB2_COMMAND_WRITE")));
      EXPECT_THAT(d.anomalies, IsEmpty());
    }
  }
}

}  // namespace
}  // namespace lapwing
