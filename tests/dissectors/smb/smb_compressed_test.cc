// Compressed messages of SMB 3.1.1.
#include <gmock/gmock.h>

#include "tests/dissectors/smb/smb_talk.h"

namespace lapwing {
namespace {

using namespace test;
using namespace test::smb;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
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

/// All behind `plain` bytes is compressed so (MS-SMB2 2.2.42.1).
std::string packed(const std::string& message, size_t plain, uint16_t compression, const std::string& bytes) {
  return packet("\xfcSMB" + le(message.size() - plain, 4) + le(compression, 2) + zeros(2) + le(plain, 4) +
                message.substr(0, plain) + bytes);
}
/// One part of a chain (2.2.42.2); `size`: of what is compressed, where that is told.
std::string part(uint16_t compression, const std::string& bytes, std::optional<size_t> size = {}) {
  const std::string all = (size ? le(*size, 4) : "") + bytes;
  return le(compression, 2) + le(1, 2) + le(all.size(), 4) + all;
}
std::string chained(size_t size, const std::string& parts) {
  return packet("\xfcSMB" + le(size, 4) + parts);
}

/// "abcd" and 12 bytes that begin four before their end.
const std::string kText = "abcdabcdabcdabcd";
const std::string kLz77 = le(0x0fffffff, 4) + "abcd" + le(3 << 3 | 7, 2) + le(12 - 3 - 7, 1);
const std::string kLznt1 = le(0xb000 | (7 - 1), 2) + le(1 << 4, 1) + "abcd" + le(3 << 12 | (12 - 3), 2);
/// A code in which each symbol has nine bits, its number.
std::string huffman() {
  std::string bits;
  for (uint32_t symbol :
       {uint32_t{'a'}, uint32_t{'b'}, uint32_t{'c'}, uint32_t{'d'}, uint32_t{256 + 2 * 16 + 12 - 3}}) {
    for (int bit = 8; bit >= 0; --bit) bits += static_cast<char>('0' + (symbol >> bit & 1));
  }
  bits += "00";  // the distance is four and no more
  bits.resize((bits.size() + 15) / 16 * 16, '0');
  std::string out(256, '\x99');
  for (size_t at = 0; at < bits.size(); at += 16) out += le(std::stoul(bits.substr(at, 16), nullptr, 2), 2);
  return out + zeros(4);
}

TEST(SmbCompressed, WhatIsCompressedIsRead) {
  const std::string message = message2(9, {.message = 9}, write2(file_id(1), 0, kText));
  const size_t head = message.size() - kText.size();
  const std::string all = le(0, 4) + message.substr(0, 32) + le(0, 4) + message.substr(32, 32) + le(0, 4) +
                          message.substr(64, 32) + le(0, 4) + message.substr(96);
  const std::string pattern = message2(9, {.message = 9}, write2(file_id(1), 0, kText + std::string(500, 'x')));
  struct Case {
    std::string sent, read;
  };
  for (const Case& c :
       {Case{packed(message, head, 2, kLz77), kText}, Case{packed(message, 0, 2, all), kText},
        Case{packed(message, head, 1, kLznt1), kText},
        Case{packed(message, head, 1, le(0x3000 | (kText.size() - 1), 2) + kText), kText},
        Case{packed(message, head, 3, huffman()), kText},
        Case{chained(message.size(), part(0, message.substr(0, head)) + part(2, kLz77, kText.size())), kText},
        Case{chained(pattern.size(), part(0, pattern.substr(0, head)) + part(3, huffman(), kText.size()) +
                                         part(4, "x" + zeros(3) + le(500, 4))),
             kText + std::string(500, 'x')}}) {
    for (size_t piece : {0, 1, 7}) {
      Dialogue d(dissector("smb"));
      Talk talk(d, piece);
      talk.tree().open(1, "a");
      d.client(c.sent, piece);
      talk.write(1, c.read.size(), "end").close(1);
      d.finish();
      EXPECT_THAT(d.values("file.data"), ElementsAre(c.read + "end"));
      EXPECT_THAT(d.anomalies, IsEmpty());
      EXPECT_EQ(d.capped("compressed"), 0u);
    }
  }
}

TEST(SmbCompressed, ACompoundMayBe) {
  const std::string whole = compound({message2(5, {.message = 10}, create2("evil.exe")),
                                      message2(9, {.message = 11, .flags = kRelated}, write2(kFileBefore, 0, "abc"))})
                                .substr(4);
  for (size_t piece : {0, 1, 7}) {
    Dialogue d(dissector("smb"));
    Talk talk(d, piece);
    talk.tree();
    d.client(chained(whole.size(), part(0, whole)), piece);
    d.finish();
    EXPECT_THAT(d.values("file.name"), ElementsAre("evil.exe"));
    EXPECT_THAT(d.values("file.data"), ElementsAre("abc"));
  }
}

TEST(SmbCompressed, WhatIsLongOrLiesIsNotUnpacked) {
  const std::string message = message2(9, {.message = 9}, write2(file_id(1), 0, kText));
  const size_t head = message.size() - kText.size();
  std::string far = kLz77;
  far.replace(8, 2, le(30 << 3 | 7, 2));
  for (const std::string& sent :
       {packed(message, head, 2, kLz77.substr(0, 9)), packed(message, head, 2, far), packed(message, head, 5, kLz77),
        packed(message, head, 1, kLz77), packed(message, head, 3, huffman().substr(0, 200)),
        packed(message, head, 3, std::string(256, '\x88') + zeros(20)), packed(message, head, 3, zeros(300)),
        chained((8 << 20) + 1, part(4, "x" + zeros(3) + le((8 << 20) + 1, 4))),
        chained(5, part(4, "x" + zeros(3) + le(6, 4)))}) {
    Dialogue d(dissector("smb"));
    Talk talk(d);
    talk.tree().open(1, "a");
    d.client(sent);
    talk.open(2, "after");
    d.finish();
    EXPECT_EQ(d.capped("compressed"), 1u);
    EXPECT_THAT(d.records, Contains(HasSubstr(R"("filename":"after")")));
  }
}

TEST(SmbCompressed, NothingIsCompressedTwice) {
  const std::string inner = chained(3, part(0, "abc")).substr(4);
  Dialogue d(dissector("smb"));
  Talk talk(d);
  talk.tree();
  d.client(chained(inner.size(), part(0, inner)));
  talk.open(2, "after");
  d.finish();
  EXPECT_THAT(d.anomalies, ElementsAre(StartsWith("malformed_data")));
  EXPECT_THAT(d.records, Contains(HasSubstr(R"("filename":"after")")));
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
