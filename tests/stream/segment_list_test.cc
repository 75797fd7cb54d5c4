#include "sensor/stream/segment_list.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace lapwing {
namespace {

std::string text_of(const SegmentList& list) {
  std::string text;
  uint64_t at = 0;
  for (uint32_t i = 0; i < list.size(); ++i) {
    text.append(list[i].begin - at, '_');
    text += list[i].block.data ? to_text(list[i].bytes()) : "^";
    at = list[i].end();
  }
  return text;
}

class SegmentListTest : public testing::Test {
 protected:
  ~SegmentListTest() override {
    list.clear(pool);
    EXPECT_EQ(pool.used(), 0U) << "every block is given back";
  }
  SegmentList::Result insert(uint64_t begin, std::string_view data, OsPolicy policy = OsPolicy::first) {
    return list.insert(pool, begin, to_bytes(data), segment_rule(policy));
  }
  BlockPool pool{1 << 24};
  SegmentList list;
};

TEST_F(SegmentListTest, PiecesStandInOrderHoweverTheyCome) {
  insert(6, "ghi");
  insert(0, "abc");
  insert(12, "m");
  EXPECT_EQ(text_of(list), "abc___ghi___m");
  auto result = insert(1, "bcdefghijklm");
  EXPECT_EQ(text_of(list), "abcdefghijklm");
  EXPECT_EQ(result.added, 6U);
  EXPECT_TRUE(result.overlap);
  EXPECT_FALSE(result.different);
}

TEST_F(SegmentListTest, DifferentContentIsNoticedAlsoWhereTheEarlierWins) {
  insert(0, "abcd");
  EXPECT_TRUE(insert(2, "cX").different);
  EXPECT_EQ(text_of(list), "abcd");
}

TEST_F(SegmentListTest, DroppingCutsThePieceThatSpansTheOffset) {
  insert(0, "abcdef");
  list.drop_before(pool, 4);
  EXPECT_EQ(list.front().begin, 4U);
  EXPECT_EQ(to_text(list.front().bytes()), "ef");
  list.drop_before(pool, 6);
  EXPECT_TRUE(list.empty());
}

TEST_F(SegmentListTest, AnUrgentByteIsAPieceWithoutContent) {
  insert(0, "ab");
  list.insert_hole(pool, 2);
  insert(2, "XYZ", OsPolicy::last);
  EXPECT_EQ(text_of(list), "ab^YZ");
}

TEST_F(SegmentListTest, RegionsAreGroupsFarApart) {
  insert(0, "a");
  insert(100, "b");
  insert(5000, "c");
  EXPECT_EQ(list.regions(1000), 2U);
  EXPECT_EQ(list.regions(10), 3U);
}

TEST_F(SegmentListTest, TheMemoryCapRefusesAndSaysSo) {
  BlockPool small(1024);
  SegmentList other;
  auto fits = other.insert(small, 0, to_bytes(std::string(400, 'a')), segment_rule(OsPolicy::first));
  EXPECT_FALSE(fits.refused_memory);
  auto refused = other.insert(small, 500, to_bytes(std::string(400, 'b')), segment_rule(OsPolicy::first));
  EXPECT_TRUE(refused.refused_memory);
  EXPECT_EQ(refused.added, 0U);
  const uint64_t used = small.used();
  SegmentList none;
  EXPECT_TRUE(none.insert(small, 0, to_bytes(std::string(400, 'c')), segment_rule(OsPolicy::first)).refused_memory);
  EXPECT_EQ(small.used(), used) << "what was refused holds nothing";
  other.clear(small);
  EXPECT_EQ(small.used(), 0U);
}

TEST_F(SegmentListTest, TheNumberOfPiecesIsLimited) {
  SegmentList::Result result;
  uint64_t at = 0;
  for (; !result.refused_length && at < 20'000; at += 2) result = insert(at, "x");
  EXPECT_TRUE(result.refused_length);
  EXPECT_GT(list.size(), 4096U);
  EXPECT_LT(list.size(), 10'000U);
}

TEST_F(SegmentListTest, PiecesSideBySideAreJoinedWhereTooManyWait) {
  std::string text;
  for (uint32_t i = 0; i < 20'000; ++i) text.push_back(static_cast<char>('a' + i % 23));
  for (const bool backwards : {false, true}) {
    SegmentList::Result result;
    for (size_t i = 0; i < text.size() && !result.refused_length; ++i) {
      const size_t at = backwards ? text.size() - 1 - i : i;
      result = insert(at, text.substr(at, 1));
    }
    EXPECT_FALSE(result.refused_length) << backwards;
    EXPECT_TRUE(text_of(list) == text) << backwards;
    list.clear(pool);
  }
  // Holes stay, and so does what is doubtful.
  for (size_t at = 0; at < text.size(); ++at) {
    if (at % 16 != 0)
      list.insert(pool, at, to_bytes(text.substr(at, 1)), segment_rule(OsPolicy::first), true, at > 9'000);
  }
  EXPECT_TRUE(list.has_doubtful());
  insert(9'990, "----------");
  insert(0, std::string(9'000, '-'));
  std::string expected = text;
  for (size_t at = 0; at < expected.size(); ++at) {
    if (at % 16 == 0) expected[at] = at < 9'000 || (at >= 9'990 && at < 10'000) ? '-' : '_';
    if (at >= 9'990 && at < 10'000) expected[at] = '-';
  }
  EXPECT_TRUE(text_of(list) == expected);
}

TEST_F(SegmentListTest, DoubtfulDataGiveWayWhateverTheRuleAndFillOnlyHoles) {
  for (OsPolicy policy : {OsPolicy::first, OsPolicy::last}) {
    auto doubtful = [&](uint64_t begin, std::string_view data) {
      return list.insert(pool, begin, to_bytes(data), segment_rule(policy), true, true);
    };
    doubtful(0, "XXXXXXXX");
    auto middle = insert(2, "ab", policy);
    EXPECT_EQ(middle.added, 2U);
    EXPECT_TRUE(middle.overlap && middle.different);
    EXPECT_EQ(text_of(list), "XXabXXXX");
    EXPECT_EQ(doubtful(0, "YYYYYYYYYY").added, 2U) << "nothing that is there is replaced by what may have been dropped";
    insert(0, "ab", policy);
    insert(3, "Zcdef", policy);
    EXPECT_EQ(text_of(list), policy == OsPolicy::first ? "ababcdefYY" : "abaZcdefYY");
    list.clear(pool);
  }
}

/// Data that is not doubtful stands as if the doubtful had never been there.
TEST_F(SegmentListTest, AgreesWithTwoByteMapsWhereSomeArrivalsAreDoubtful) {
  std::mt19937 random(5);
  for (int round = 0; round < 500; ++round) {
    std::map<uint64_t, char> certain, other;
    uint64_t floor = 0;
    for (int i = 0; i < 40; ++i) {
      uint64_t begin = floor + random() % 60;
      std::string data(random() % 12 + 1, static_cast<char>('a' + i % 26));
      bool doubtful = random() % 2;
      for (size_t k = 0; k < data.size(); ++k) (doubtful ? other : certain).emplace(begin + k, data[k]);
      list.insert(pool, begin, to_bytes(data), segment_rule(OsPolicy::first), true, doubtful);
      if (random() % 4 == 0) {
        floor += random() % 10;
        list.drop_before(pool, floor);
        certain.erase(certain.begin(), certain.lower_bound(floor));
        other.erase(other.begin(), other.lower_bound(floor));
      }
      std::map<uint64_t, char> both = certain;
      // Whose doubtful bytes fill a hole depends on when it was one; that something does, not.
      for (auto [offset, byte] : other) both.emplace(offset, '?');
      std::string text = text_of(list);
      uint64_t at = 0;
      for (auto [offset, byte] : both) {
        for (; at < offset; ++at) ASSERT_EQ(text[at], '_');
        if (byte == '?') {
          ASSERT_NE(text[at], '_');
        } else {
          ASSERT_EQ(text[at], byte);
        }
        ++at;
      }
      ASSERT_EQ(text.size(), at);
    }
    list.clear(pool);
  }
}

/// Each byte belongs to the earliest or latest arrival under first and last; no byte is lost or moved.
TEST_F(SegmentListTest, AgreesWithAByteMapOnRandomArrivals) {
  for (OsPolicy policy : {OsPolicy::first, OsPolicy::last}) {
    std::mt19937 random(7);
    for (int round = 0; round < 300; ++round) {
      std::map<uint64_t, char> model;
      uint64_t floor = 0;
      for (int i = 0; i < 30; ++i) {
        uint64_t begin = floor + random() % 60;
        std::string data(random() % 12 + 1, static_cast<char>('a' + i % 26));
        uint32_t added = 0;
        for (size_t k = 0; k < data.size(); ++k) {
          auto [it, fresh] = model.emplace(begin + k, data[k]);
          added += fresh;
          if (!fresh && policy == OsPolicy::last) it->second = data[k];
        }
        ASSERT_EQ(insert(begin, data, policy).added, added);
        if (random() % 4 == 0) {
          floor += random() % 10;
          list.drop_before(pool, floor);
          model.erase(model.begin(), model.lower_bound(floor));
        }
        std::string expected;
        uint64_t at = 0;
        for (auto [offset, byte] : model) {
          expected.append(offset - at, '_');
          expected += byte;
          at = offset + 1;
        }
        ASSERT_EQ(text_of(list), expected);
      }
      list.clear(pool);
    }
  }
}

}  // namespace
}  // namespace lapwing
