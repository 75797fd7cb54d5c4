#include "analytics/frame/snapshot.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sensor/base/hash.h"
#include "tests/support/dice.h"

namespace lapwing::analytics {
namespace {

namespace fs = std::filesystem;

Snapshot sample() {
  return {
      .seed = 7, .internal = 9, .sections = {{"novelty", 1, {1, 2, 3}}, {"other", 4, std::vector<uint8_t>(300, 5)}}};
}

/// With the checksum that belongs to what is before it.
std::vector<uint8_t> summed(std::vector<uint8_t> bytes) {
  bytes.resize(bytes.size() - 8);
  StateWriter sum;
  sum.u64(keyed_hash(bytes, kReplaySeed));
  const auto end = sum.take();
  bytes.insert(bytes.end(), end.begin(), end.end());
  return bytes;
}

TEST(Snapshot, IsReadAsItWasWritten) {
  const Snapshot read = decode_snapshot(sample().encode());
  EXPECT_EQ(read.seed, 7U);
  EXPECT_EQ(read.internal, 9U);
  ASSERT_EQ(read.sections.size(), 2U);
  EXPECT_EQ(read.sections[0].name, "novelty");
  EXPECT_EQ(read.sections[0].bytes, (std::vector<uint8_t>{1, 2, 3}));
  EXPECT_EQ(read.sections[1].version, 4U);
  EXPECT_EQ(read.sections[1].bytes.size(), 300U);
}

TEST(Snapshot, NothingCutOrChangedIsTakenUp) {
  const auto bytes = sample().encode();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_snapshot(Bytes(bytes).first(size)), SnapshotError) << size;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    auto broken = bytes;
    broken[at] ^= 0x40;
    EXPECT_THROW(decode_snapshot(broken), SnapshotError) << at;
  }
}

/// Who forges a file has the checksum right: lengths lie all the same.
TEST(Snapshot, ForgedLengthsAreBoundedByTheFile) {
  const auto bytes = sample().encode();
  test::Dice dice(1);
  for (int round = 0; round < 20'000; ++round) {
    auto broken = bytes;
    const size_t size = dice.percent(20) ? 8 + dice.below(broken.size() - 8) : broken.size();
    broken.resize(std::max<size_t>(size, 16));
    for (uint64_t flips = 1 + dice.below(3); flips > 0; --flips) {
      broken[8 + dice.below(std::min<size_t>(broken.size() - 8, 60))] = static_cast<uint8_t>(dice.below(256));
    }
    try {
      size_t all = 0;
      for (const auto& section : decode_snapshot(summed(broken)).sections) all += section.bytes.size();
      EXPECT_LE(all, broken.size());
    } catch (const SnapshotError&) {
    }
  }
}

TEST(Snapshot, SaysWhatDoesNotFit) {
  const auto why = [](const Snapshot& snapshot, const Surroundings& surroundings) -> std::string {
    try {
      check_fit(snapshot, {}, surroundings);
      return "";
    } catch (const SnapshotError& error) {
      return error.what();
    }
  };
  const Surroundings one{.internal = Networks({"10.0.0.0/8", "fd00::/8"}, nullptr)};
  const Surroundings same{.internal = Networks({"fd00::/8", "10.0.0.0/8"}, nullptr)};
  const Surroundings other{.internal = Networks({"10.0.0.0/16"}, nullptr)};
  Snapshot empty{.internal = one.internal.fingerprint(), .sections = {}};
  EXPECT_EQ(why(empty, one), "");
  EXPECT_EQ(why(empty, same), "");
  EXPECT_NE(why(empty, other).find("analytics.internal"), std::string::npos);
  empty.sections.push_back({"beacon", 1, {}});
  EXPECT_EQ(why(empty, one), "it is of the detectors beacon; those on are none");
}

class SnapshotFileTest : public testing::Test {
 protected:
  SnapshotFileTest() {
    char name[] = "/tmp/snapshot-test-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~SnapshotFileTest() override { fs::remove_all(folder_); }
  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  std::string folder_;
};

TEST_F(SnapshotFileTest, TakesThePlaceOfTheOneBefore) {
  SnapshotFile file(path("state"));
  EXPECT_FALSE(file.read());
  EXPECT_EQ(file.write(sample().encode()), 0);
  EXPECT_EQ(file.read()->seed, 7U);
  struct stat about {};
  ASSERT_EQ(stat(path("state").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  Snapshot next = sample();
  next.seed = 8;
  EXPECT_EQ(file.write(next.encode()), 0);
  EXPECT_EQ(file.read()->seed, 8U);
  EXPECT_FALSE(fs::exists(path("state.new")));
  EXPECT_FALSE(fs::exists(path("state.refused")));
}

TEST_F(SnapshotFileTest, WhatWasRefusedIsKeptAside) {
  SnapshotFile file(path("state"));
  auto broken = sample().encode();
  broken.back() ^= 1;
  std::ofstream(path("state"), std::ios::binary) << to_text(broken);
  EXPECT_THROW(file.read(), SnapshotError);
  file.refuse();
  EXPECT_EQ(file.write(sample().encode()), 0);
  EXPECT_EQ(fs::file_size(path("state.refused")), broken.size());
  EXPECT_EQ(file.read()->seed, 7U);
}

TEST_F(SnapshotFileTest, OtherFilesAreForeign) {
  std::ofstream(path("capture"), std::ios::binary) << "\xd4\xc3\xb2\xa1 and so on";
  for (const std::string& other : {path("capture"), folder_}) {
    EXPECT_TRUE(SnapshotFile(other).foreign()) << other;
    EXPECT_THROW(SnapshotFile(other).read(), SnapshotError) << other;
  }
  EXPECT_NE(SnapshotFile(path("nowhere/state")).write(sample().encode()), 0);
  std::ofstream(path("empty"), std::ios::binary).flush();
  EXPECT_FALSE(SnapshotFile(path("empty")).read());
  EXPECT_FALSE(SnapshotFile(path("empty")).foreign());
  EXPECT_FALSE(SnapshotFile(path("nothing")).foreign());
}

}  // namespace
}  // namespace lapwing::analytics
