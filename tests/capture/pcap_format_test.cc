#include "sensor/capture/format.h"

#include <gtest/gtest.h>

#include "tests/support/capture_writer.h"

namespace lapwing::capture {
namespace {

using test::BuiltFrame;
using test::pcap_file;
using test::PcapOptions;

std::vector<BuiltFrame> frames() {
  return {{.bytes = {1, 2, 3}, .wire_length = 60, .time = {1'600'000'000'123'456'789}},
          {.bytes = {}, .time = {1'600'000'001'000'000'000}},
          {.bytes = {4, 5}, .time = {1'600'000'002'999'999'999}}};
}

/// Everything in one view.
Fill fill(Bytes file, Burst& burst, uint64_t& number) {
  std::string fault;
  auto format = PcapFormat::open(file, fault);
  EXPECT_TRUE(format) << fault;
  if (!format) return {};
  const Fill got = format->fill(file.subspan(PcapFormat::kHeader), burst.frames, number);
  burst.count = got.frames;
  return got;
}

TEST(PcapFormat, ReadsBothByteOrdersAndResolutionsAndTheLongRecordHeader) {
  for (bool swapped : {false, true}) {
    for (bool nanoseconds : {false, true}) {
      for (bool kuznetzov : {false, true}) {
        if (kuznetzov && nanoseconds) continue;
        auto file = pcap_file(frames(), {.nanoseconds = nanoseconds, .swapped = swapped, .kuznetzov = kuznetzov});
        Burst burst;
        uint64_t number = 10;
        Fill got = fill(file, burst, number);
        EXPECT_TRUE(got.fault.empty());
        EXPECT_EQ(got.used, file.size() - PcapFormat::kHeader);
        ASSERT_EQ(burst.count, 3u);
        EXPECT_EQ(burst.frames[0].time.ns, nanoseconds ? 1'600'000'000'123'456'789 : 1'600'000'000'123'456'000);
        EXPECT_EQ(burst.frames[2].time.ns, nanoseconds ? 1'600'000'002'999'999'999 : 1'600'000'002'999'999'000);
        EXPECT_EQ(burst.frames[0].wire_length, 60u);
        EXPECT_EQ(burst.frames[0].data[2], 3);
        EXPECT_TRUE(burst.frames[1].data.empty());
        EXPECT_EQ(burst.frames[2].number, 13u);
      }
    }
  }
}

TEST(PcapFormat, FramesLieInTheView) {
  auto file = pcap_file(frames());
  Burst burst;
  uint64_t number = 0;
  fill(file, burst, number);
  EXPECT_EQ(burst.frames[0].data.data(), file.data() + 24 + 16);
}

TEST(PcapFormat, AsksForTheBytesARecordLacks) {
  auto file = pcap_file(frames());
  for (size_t size = PcapFormat::kHeader; size < file.size(); ++size) {
    Burst burst;
    uint64_t number = 0;
    Fill got = fill(Bytes(file).first(size), burst, number);
    EXPECT_TRUE(got.fault.empty());
    EXPECT_GT(got.need, size - PcapFormat::kHeader - got.used) << size;
    EXPECT_EQ(burst.count, number);
  }
}

TEST(PcapFormat, ARecordLongerThanAnyFrameIsAFault) {
  auto file = pcap_file(frames());
  file[24 + 8 + 3] = 0x7f;
  Burst burst;
  uint64_t number = 0;
  Fill got = fill(file, burst, number);
  EXPECT_FALSE(got.fault.empty());
  EXPECT_EQ(burst.count, 0u);
}

TEST(PcapFormat, FramesAreCutToTheSnapshotLength) {
  auto file = pcap_file(frames(), {.snaplen = 2});
  Burst burst;
  uint64_t number = 0;
  fill(file, burst, number);
  EXPECT_EQ(burst.frames[0].data.size(), 2u);
  EXPECT_EQ(burst.frames[2].data.size(), 2u);
}

TEST(PcapFormat, OtherVersionsAreRefused) {
  auto file = pcap_file(frames());
  file[4] = 9;
  std::string fault;
  EXPECT_FALSE(PcapFormat::open(file, fault));
  EXPECT_EQ(fault, "pcap version 9.4 is not known");
}

TEST(PcapFormat, FillStopsAtAFullBurst) {
  auto file = pcap_file(std::vector<BuiltFrame>(100, BuiltFrame{.bytes = {1}}));
  Burst burst;
  uint64_t number = 0;
  Fill got = fill(file, burst, number);
  EXPECT_EQ(burst.count, kBurst);
  EXPECT_EQ(got.used, kBurst * 17);
  EXPECT_EQ(got.need, 0u);
}

}  // namespace
}  // namespace lapwing::capture
