#include <gmock/gmock.h>

#include "tests/dissectors/dialogue.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string be16(unsigned value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
std::string request(unsigned opcode, const std::string& file, const std::vector<std::string>& options = {}) {
  std::string out = be16(opcode) + file + '\0' + "octet" + '\0';
  for (const std::string& text : options) out += text + '\0';
  return out;
}
std::string block(unsigned number, const std::string& data) {
  return be16(3) + be16(number) + data;
}
std::string option(const std::string& name, const std::string& value) {
  return be16(6) + name + '\0' + value + '\0';
}

TEST(Tftp, AFileIsPutTogetherFromItsBlocks) {
  Dialogue d(dissector("tftp"));
  d.datagram(kClient, request(1, "boot.img"));
  EXPECT_THAT(d.records, ElementsAre(R"({"tftp":{"packet":"read","file":"boot.img","mode":"octet"}})"));
  d.datagram(kServer, block(1, std::string(512, 'a'))).datagram(kServer, block(1, std::string(512, 'a')));
  d.datagram(kServer, block(3, "c")).datagram(kServer, block(2, std::string(512, 'b'))).finish();
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr("boot.img"), HasSubstr(R"("size":1025)"), HasSubstr("CLOSED")));
  EXPECT_THAT(d.values("file.data"), ElementsAre(std::string(512, 'a') + std::string(512, 'b') + 'c'));
  EXPECT_THAT(d.anomalies, IsEmpty());
}

TEST(Tftp, TheServerSaysHowLongBlocksAre) {
  Dialogue d(dissector("tftp"));
  d.datagram(kClient, request(2, "up", {"blksize", "1024", "windowsize", "4", "none", "x"}));
  EXPECT_THAT(d.records[0], HasSubstr(R"("options":{"blksize":1024,"windowsize":4})"));
  d.datagram(kServer, option("BLKSIZE", "600")).datagram(kClient, block(1, std::string(600, 'a')));
  d.datagram(kClient, block(2, std::string(599, 'b')));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("granted":{"blksize":600})"), HasSubstr(R"("size":1199)")));
}

TEST(Tftp, WhatTheServerGrantedNeedNotBeHeard) {
  Dialogue d(dissector("tftp"));
  d.datagram(kClient, request(1, "down", {"blksize", "1024"})).datagram(kServer, block(1, std::string(1024, 'a')));
  d.datagram(kServer, block(2, ""));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("size":1024)"), HasSubstr("CLOSED")));
}

TEST(Tftp, NumbersOfBlocksBeginAgain) {
  Dialogue d(dissector("tftp"));
  d.datagram(kClient, request(1, "long", {"blksize", "8"})).datagram(kServer, option("blksize", "8"));
  for (unsigned i = 1; i <= 70'000; ++i) d.datagram(kServer, block(i & 0xffff, "01234567"));
  d.datagram(kServer, block(70'001 & 0xffff, "x"));
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("size":560001)"), HasSubstr("CLOSED"), HasSubstr(R"("blocks":70001)")));
}

TEST(Tftp, SizesOfBlocksThatNobodyMayAgreeOnAreNone) {
  for (const char* size : {"0", "7", "65465", "9223372036854775808", "99999999999999999999"}) {
    Dialogue d(dissector("tftp"));
    d.datagram(kClient, request(1, "a")).datagram(kServer, option("blksize", size));
    d.datagram(kServer, block(1, std::string(512, 'a'))).datagram(kServer, block(2, "b"));
    ASSERT_THAT(d.records, SizeIs(2)) << size;
    EXPECT_THAT(d.records[1], AllOf(HasSubstr(R"("size":513)"), HasSubstr("CLOSED")));
  }
}

TEST(Tftp, AnErrorEndsTheTransfer) {
  Dialogue d(dissector("tftp"));
  d.datagram(kClient, request(1, "x")).datagram(kServer, be16(5) + be16(1) + "File not found" + '\0');
  ASSERT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1],
              AllOf(HasSubstr(R"("packet":"error")"), HasSubstr(R"("error_code":1)"), HasSubstr("File not found")));
}

TEST(Tftp, WhatFitsNothingIsTold) {
  Dialogue d(dissector("tftp"));
  d.datagram(kClient, be16(1) + "no end").datagram(kClient, be16(9)).datagram(kClient, "x");
  d.datagram(kServer, block(0, "x"));
  EXPECT_THAT(d.anomalies, ElementsAre("malformed_data@0", "unexpected_block@0"));
}

TEST(Tftp, ARequestIsToldFromOthers) {
  const auto verdict = [](Direction direction, const std::string& bytes) {
    return probe(dissector("tftp"), direction, bytes, true);
  };
  EXPECT_EQ(verdict(kClient, request(1, "a")), Likelihood::sure);
  EXPECT_EQ(verdict(kClient, be16(2) + "a" + '\0' + "raw" + '\0'), Likelihood::maybe);
  for (const std::string& bytes :
       {request(3, "a"), be16(1) + "a" + '\0' + "octet", block(1, "a"), std::string(), be16(1)}) {
    EXPECT_EQ(verdict(kClient, bytes), Likelihood::no);
  }
  EXPECT_EQ(verdict(kServer, request(1, "a")), Likelihood::no);
}

TEST(Tftp, CostGrowsWithWhatIsSaid) {
  const auto make = [](size_t n) {
    return [n] {
      Dialogue d(dissector("tftp"));
      d.datagram(kClient, request(1, "a"));
      for (size_t i = 0; i < n; ++i)
        d.datagram(kServer, block(static_cast<unsigned>(2 + i * 7919 % 30'000), std::string(512, 'x')));
      d.finish();
    };
  };
  EXPECT_LT(growth(make, 4000), kDoubled);
}

}  // namespace
}  // namespace lapwing
