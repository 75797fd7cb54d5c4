// What automatic verification of checksums comes to before a capture is replayed.
#include "sensor/pipeline/checksum_sample.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/capture_writer.h"

namespace lapwing::test {
namespace {

using Frames = std::vector<BuiltFrame>;

void add(Frames& frames, std::string_view from, size_t right, size_t wrong) {
  for (size_t i = 0; i < right + wrong; ++i) {
    PacketBuilder built = PacketBuilder().ether().ipv4(from, "10.0.0.9").tcp(40000, 80).payload("x");
    frames.push_back(i < right ? built.build() : built.bad_l4_checksum().build());
  }
}

ChecksumMode settled(const Frames& frames, ChecksumMode mode = ChecksumMode::automatic) {
  const TemporaryDirectory directory;
  return settle_checksums(mode, {directory.write("a.pcap", pcap_file(frames))}, DecodeConfig());
}

TEST(ChecksumSample, HostsWithoutARightOneEndVerification) {
  Frames frames;
  add(frames, "10.0.0.1", 0, 9);
  add(frames, "10.0.0.2", 9, 0);
  EXPECT_EQ(settled(frames), ChecksumMode::none);
  EXPECT_EQ(settled(frames, ChecksumMode::all), ChecksumMode::all);
}

TEST(ChecksumSample, WhoSendsRightOnesTooSendsTheWrongOnesOnPurpose) {
  Frames frames;
  add(frames, "10.0.0.1", 1, 9);
  EXPECT_EQ(settled(frames), ChecksumMode::automatic);
}

TEST(ChecksumSample, AFewAreLeftOut) {
  Frames frames;
  add(frames, "10.0.0.1", 0, 2);
  add(frames, "10.0.0.2", 18, 0);
  EXPECT_EQ(settled(frames), ChecksumMode::automatic) << "one in ten";
  add(frames, "10.0.0.3", 0, 1);
  EXPECT_EQ(settled(frames), ChecksumMode::none);
}

TEST(ChecksumSample, TheFirstFramesTell) {
  Frames frames;
  add(frames, "10.0.0.2", kChecksumSample, 0);
  add(frames, "10.0.0.1", 0, kChecksumSample);
  EXPECT_EQ(settled(frames), ChecksumMode::automatic);
}

TEST(ChecksumSample, WhatCanBeReadOnceIsNotLookedAt) {
  EXPECT_EQ(settle_checksums(ChecksumMode::automatic, {"-"}, DecodeConfig()), ChecksumMode::automatic);
  EXPECT_EQ(settle_checksums(ChecksumMode::automatic, {}, DecodeConfig()), ChecksumMode::automatic);
}

}  // namespace
}  // namespace lapwing::test
