#include "sensor/base/little_endian.h"

#include <gtest/gtest.h>

#include <vector>

namespace lapwing {
namespace {

TEST(LittleEndianTest, TheLeastByteComesFirst) {
  const std::vector<uint8_t> bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(load_le16(&bytes[1]), 0x0302);
  EXPECT_EQ(load_le32(&bytes[1]), 0x05040302u);
  EXPECT_EQ(load_le64(&bytes[1]), 0x0908070605040302u);
  LittleReader reader(bytes);
  EXPECT_EQ(reader.u8(), 1);
  EXPECT_EQ(reader.u16(), 0x0302);
  EXPECT_EQ(reader.u32(), 0x07060504u);
  EXPECT_EQ(reader.left(), 2u);
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace lapwing
