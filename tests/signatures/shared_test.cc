// State that crosses flows, when somebody fills it.
#include "signatures/match/shared.h"

#include <gtest/gtest.h>

namespace lapwing::rules {
namespace {

SharedKey key(SharedKey::Kind kind, uint32_t source) {
  SharedKey key{.kind = kind, .sid = 1};
  key.a.version = 4;
  std::memcpy(key.a.bytes.data(), &source, sizeof source);
  return key;
}

class SharedTest : public testing::Test {
 protected:
  bool alerts(uint32_t source) {
    return shared_
        .count({.type = Threshold::Type::limit, .count = 1, .seconds = 3600}, key(SharedKey::Kind::threshold, source),
               Timestamp::from_seconds(1), counters_)
        .alert;
  }

  static constexpr uint32_t kMost = 1 << 18;
  MatchCounters counters_;
  SharedState shared_{nullptr};
};

TEST_F(SharedTest, AFloodOfSourcesForgetsThoseThatWereSilentForLongest) {
  EXPECT_TRUE(alerts(0));
  for (uint32_t source = 1; source < kMost; ++source) {
    alerts(source);
    if (source % 1000 == 0) {
      EXPECT_FALSE(alerts(0));
    }
  }
  EXPECT_EQ(counters_.shared_entries_full, 0u);
  for (uint32_t source = kMost; source < kMost + 5000; ++source) {
    EXPECT_TRUE(alerts(source));
    EXPECT_FALSE(alerts(source)) << "the newest is remembered";
  }
  EXPECT_EQ(counters_.shared_entries_full, 5000u);
  EXPECT_FALSE(alerts(0)) << "it was in use";
  EXPECT_TRUE(alerts(1));
}

TEST_F(SharedTest, AFloodOfThresholdsLeavesBitsAlone) {
  const SharedKey bit = key(SharedKey::Kind::xbit, 7);
  shared_.set_bit(bit, {INT64_MAX}, counters_);
  for (uint32_t source = 0; source < kMost + 10; ++source) alerts(source);
  EXPECT_TRUE(shared_.has_bit(bit, Timestamp::from_seconds(2)));
  shared_.clear_bit(bit);
  EXPECT_FALSE(shared_.has_bit(bit, Timestamp::from_seconds(2)));
}

TEST_F(SharedTest, AFloodOfTaggedHostsForgetsTheOldest) {
  const Tag tag{.metric = Tag::Metric::packets, .what = Tag::What::source, .count = 5};
  constexpr uint32_t kHosts = 1 << 16;
  for (uint32_t host = 0; host <= kHosts; ++host) {
    shared_.add_tag(key({}, host).a, tag, {.sid = 1}, Timestamp::from_seconds(1), counters_);
  }
  EXPECT_EQ(counters_.tags_max, 1u);
  auto counted = [&](uint32_t host) {
    shared_.count_tag(key({}, host).a, 100, Timestamp::from_seconds(1));  // the packet that alerted
    return shared_.count_tag(key({}, host).a, 100, Timestamp::from_seconds(1));
  };
  EXPECT_FALSE(counted(0));
  EXPECT_TRUE(counted(kHosts));
}

}  // namespace
}  // namespace lapwing::rules
