#include "sensor/base/bytes.h"

#include <gtest/gtest.h>

#include <vector>

namespace lapwing {
namespace {

const std::vector<uint8_t> kCounting = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

TEST(LoadTest, NetworkOrderAtAnyAlignment) {
  for (size_t at = 0; at < 2; ++at) {
    auto byte = [&](size_t i) { return uint64_t{kCounting[at + i]}; };
    EXPECT_EQ(load_be16(&kCounting[at]), byte(0) << 8 | byte(1));
    EXPECT_EQ(load_be24(&kCounting[at]), byte(0) << 16 | byte(1) << 8 | byte(2));
    EXPECT_EQ(load_be32(&kCounting[at]), byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3));
    uint64_t all = 0;
    for (size_t i = 0; i < 8; ++i) all = all << 8 | byte(i);
    EXPECT_EQ(load_be64(&kCounting[at]), all);
  }
}

TEST(ByteReaderTest, ReadsInOrder) {
  ByteReader reader(kCounting);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u24(), 0x040506u);
  EXPECT_EQ(reader.position(), 6u);
  EXPECT_EQ(reader.left(), 4u);
  EXPECT_EQ(reader.u32(), 0x0708090au);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.left(), 0u);
  EXPECT_TRUE(reader.rest().empty());
}

TEST(ByteReaderTest, APastTheEndReadYieldsZerosForGood) {
  ByteReader reader(Bytes(kCounting).first(3));
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0) << "even where bytes are left";
  EXPECT_TRUE(reader.bytes(1).empty());
  EXPECT_FALSE(reader.skip(0));
  EXPECT_EQ(reader.position(), 0u);
}

TEST(ByteReaderTest, EveryWidthIsCheckedAtEveryLength) {
  for (size_t size = 0; size <= 8; ++size) {
    Bytes bytes = Bytes(kCounting).first(size);
    auto read = [&](auto member) {
      ByteReader reader(bytes);
      (reader.*member)();
      return reader.ok();
    };
    EXPECT_EQ(read(&ByteReader::u8), size >= 1);
    EXPECT_EQ(read(&ByteReader::u16), size >= 2);
    EXPECT_EQ(read(&ByteReader::u24), size >= 3);
    EXPECT_EQ(read(&ByteReader::u32), size >= 4);
    EXPECT_EQ(read(&ByteReader::u64), size >= 8);
  }
}

TEST(ByteReaderTest, HugeCountsDoNotWrap) {
  ByteReader reader(kCounting);
  reader.skip(4);
  EXPECT_FALSE(reader.has(SIZE_MAX));
  EXPECT_TRUE(reader.bytes(SIZE_MAX).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReaderTest, SeekGoesAnywhereInsideAndNotBeyond) {
  ByteReader reader(kCounting);
  EXPECT_TRUE(reader.seek(10));
  EXPECT_TRUE(reader.seek(2));
  EXPECT_EQ(reader.u8(), 3);
  EXPECT_FALSE(reader.seek(11));
  EXPECT_FALSE(reader.ok());
}

TEST(TextTest, BytesAndTextAreTheSameMemory) {
  std::string_view text("a\0b", 3);
  EXPECT_EQ(to_text(to_bytes(text)), text);
  EXPECT_EQ(to_text(Bytes{}), "");
}

}  // namespace
}  // namespace lapwing
