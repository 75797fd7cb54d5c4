// Compressed messages of SMB 3.1.1, of which nothing is unpacked.
#include <gmock/gmock.h>

#include "tests/dissectors/smb/smb_talk.h"

namespace lapwing {
namespace {

using namespace test;
using namespace test::smb;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(SmbCompressed, WhatStandsBeforeThatIsRead) {
  const std::string contexts = le(3, 2) + le(12, 2) + zeros(4) + le(2, 2) + zeros(6) + le(4, 2) + le(1, 2);
  std::string agreed = negotiated2(0x311);
  agreed.replace(6, 2, le(1, 2)).resize(64);
  for (size_t piece : {0, 1, 7}) {
    Dialogue d(dissector("smb"));
    Talk talk(d, piece);
    talk.exchange(0, negotiate2({0x311}), agreed + contexts).tree().open(1, "up.bin").open(2, "down.bin");
    const auto head = [&](uint32_t flags = 0) { return Head2{.message = ++talk.message, .flags = flags}; };
    d.client(compressed2(message2(9, head(), write2(file_id(1), 0, std::string(5000, 'w'))), 112 + 3), piece);
    talk.answer(9, written2()).write(1, 5000, "end");
    talk.ask(8, read2(file_id(2), 65536, 0));
    d.server(compressed2(message2(8, {.message = talk.message, .flags = kResponse}, data2(std::string(700, 'r'))), 80),
             piece);
    // Nothing of its request stands before that, and of the last not even a header.
    d.client(compressed2(message2(5, head(), create2("hidden")), 64), piece);
    talk.answer(5, created2(file_id(3)));
    d.client(compressed2(message2(5, head(), create2("hidden")), 60), piece);
    talk.close(1).close(2);
    d.finish();
    EXPECT_THAT(d.records, Contains(HasSubstr(R"("compression":["Pattern_V1","LZNT1"])")));
    EXPECT_THAT(d.records,
                Contains(AllOf(HasSubstr(R"("filename":"up.bin","gaps":true)"), HasSubstr(R"("size":5003)"))));
    EXPECT_THAT(d.records, Contains(AllOf(HasSubstr(R"("filename":"down.bin")"), HasSubstr(R"("gaps":true)"))));
    EXPECT_THAT(d.anomalies, IsEmpty());
  }
}

TEST(SmbCompressed, MessagesThatLieAreNamed) {
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree();
  const std::string message = message2(9, {.message = 9}, write2(file_id(1), 0, "w"));
  for (uint32_t plain : {uint32_t{4000}, UINT32_MAX, UINT32_MAX - 15}) {
    std::string lie = compressed2(message, 64);
    lie.replace(16, 4, le(plain, 4));
    d.client(lie);
  }
  d.client(packet("\xfcSMB" + le(9, 4)));
  talk.open(1, "after");
  d.finish();
  EXPECT_THAT(d.anomalies, AllOf(SizeIs(4), Each(StartsWith("malformed_data"))));
  EXPECT_THAT(d.records, Contains(HasSubstr(R"("filename":"after")")));
}

}  // namespace
}  // namespace lapwing
