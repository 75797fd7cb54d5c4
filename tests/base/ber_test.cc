#include "sensor/base/ber.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lapwing::ber {
namespace {

using Octets = std::vector<uint8_t>;

TEST(BerTest, ElementsComeOneByOne) {
  const Octets two = {kInteger, 1, 5, kOctets, 2, 'a', 'b'};
  Bytes rest = two;
  Element out;
  ASSERT_TRUE(next(rest, kInteger, out));
  EXPECT_EQ(integer(out.content), 5);
  EXPECT_FALSE(next(rest, kInteger, out)) << "the other kind stays";
  ASSERT_TRUE(next(rest, kOctets, out));
  EXPECT_EQ(to_text(out.content), "ab");
  EXPECT_FALSE(next(rest, out));
}

TEST(BerTest, WhatIsCutGoesAsFarAsItIsThere) {
  const Octets cut = {kOctets, 9, 'a', 'b'};
  Bytes rest = cut;
  Element out;
  ASSERT_TRUE(next(rest, out));
  EXPECT_TRUE(out.cut);
  EXPECT_EQ(to_text(out.content), "ab");
  rest = cut;
  EXPECT_FALSE(next(rest, kOctets, out)) << "asked for whole";
}

TEST(BerTest, AnEndMarkEndsWhatHasNoLength) {
  const Octets marked = {kSequence, 0x80, kSequence, 0x80, 0, 0, kBoolean, 1, 0xff, 0, 0, kInteger, 1, 7};
  Bytes rest = marked;
  Element out;
  ASSERT_TRUE(next(rest, kSequence, out));
  EXPECT_EQ(out.content.size(), 7u);
  ASSERT_TRUE(next(rest, kInteger, out)) << "behind the mark";
}

TEST(BerTest, ExtentIsKnownFromTheHead) {
  const Octets head = {kSequence, 0x82, 0x01, 0x00};
  EXPECT_EQ(extent(head), 260u);
  EXPECT_TRUE(ends_in_head(Bytes(head).first(3)));
  EXPECT_FALSE(extent(Bytes(head).first(3)));
  EXPECT_EQ(extent(Octets{kSequence, 0x84, 0xff, 0xff, 0xff, 0xff}), 6 + uint64_t{UINT32_MAX});
  EXPECT_FALSE(extent(Octets{kSequence, 0x80})) << "a mark tells its end";
  EXPECT_FALSE(extent(Octets{kSequence, 0x85, 1, 0, 0, 0, 0})) << "a length of five bytes is refused";
}

TEST(BerTest, IntegersHaveASign) {
  EXPECT_EQ(integer(Octets{0x80}), -128);
  EXPECT_EQ(integer(Octets{0x00, 0x80}), 128);
  EXPECT_EQ(integer(Octets{0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), INT64_MAX);
  EXPECT_FALSE(integer(Octets(9, 0)));
  EXPECT_FALSE(integer(Octets{}));
}

TEST(BerTest, ObjectIdentifiersAsText) {
  EXPECT_EQ(oid(Octets{0x2b, 0x06, 0x01, 0x05, 0x05, 0x02}), "1.3.6.1.5.5.2");
  EXPECT_EQ(oid(Octets{0x88, 0x37}), "2.999");
  EXPECT_EQ(oid(Octets{0x2b, 0x86}), "") << "cut within a number";
  EXPECT_EQ(oid(Octets(12, 0xff)), "") << "beyond 64 bits";
}

}  // namespace
}  // namespace lapwing::ber
