#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "tests/capture/replay.h"
#include "tests/support/capture_writer.h"

namespace lapwing {
namespace {

using test::BuiltFrame;
using test::pcap_file;
using test::read_all;
using test::TemporaryDirectory;

/// Frames of many sizes, together over several chunks, so that records lie across their ends in every way.
std::vector<BuiltFrame> many_frames(size_t count = 20'000) {
  std::vector<BuiltFrame> out(count);
  uint32_t random = 1;
  for (size_t i = 0; i < count; ++i) {
    random = random * 1664525 + 1013904223;
    size_t size = i % 1000 == 7 ? 200'000 : random >> 22;  // up to 1023, and now and then a large one
    out[i].bytes.assign(size, static_cast<uint8_t>(i));
    out[i].time = Timestamp::from_seconds(static_cast<int64_t>(i));
  }
  return out;
}

std::vector<uint8_t> gzip(Bytes bytes) {
  z_stream z{};
  deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::vector<uint8_t> out(deflateBound(&z, bytes.size()));
  z.next_in = const_cast<uint8_t*>(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::vector<uint8_t> zstd(Bytes bytes) {
  std::vector<uint8_t> out(ZSTD_compressBound(bytes.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1));
  return out;
}

void expect_frames(const std::vector<test::Read>& got, const std::vector<BuiltFrame>& frames) {
  ASSERT_EQ(got.size(), frames.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].bytes, frames[i].bytes) << i;
    ASSERT_EQ(got[i].ns, frames[i].time.ns) << i;
    ASSERT_EQ(got[i].number, i + 1);
  }
}

TEST(FileSource, RecordsAcrossChunksAreWhole) {
  TemporaryDirectory directory;
  auto frames = many_frames();
  expect_frames(read_all({directory.write("a.pcap", pcap_file(frames))}), frames);
}

TEST(FileSource, CompressedFilesReadLikePlainOnes) {
  TemporaryDirectory directory;
  auto frames = many_frames();
  auto plain = pcap_file(frames);
  expect_frames(read_all({directory.write("a.gz", gzip(plain))}), frames);
  expect_frames(read_all({directory.write("a.zst", zstd(plain))}), frames);
}

TEST(FileSource, GzipMembersAndZstdFramesFollowEachOther) {
  TemporaryDirectory directory;
  auto frames = many_frames(1000);
  auto plain = pcap_file(frames);
  for (auto* compress : {&gzip, &zstd}) {
    auto both = compress(Bytes(plain).first(5000));
    auto second = compress(Bytes(plain).subspan(5000));
    both.insert(both.end(), second.begin(), second.end());
    expect_frames(read_all({directory.write("a", both)}), frames);
  }
}

TEST(FileSource, NumbersRunOverAllFilesAndBurstsDoNot) {
  TemporaryDirectory directory;
  std::vector<BuiltFrame> two(2, BuiltFrame{.bytes = {1}});
  auto a = directory.write("a.pcap", pcap_file(two)), b = directory.write("b.pcap", pcap_file(two));
  auto got = read_all({b, a, b});
  ASSERT_EQ(got.size(), 6u);
  EXPECT_EQ(got[5].number, 6u);
  EXPECT_EQ(got[1].file, b);
  EXPECT_EQ(got[2].file, a);
  EXPECT_EQ(got[4].file, b);
}

TEST(FileSource, DirectoriesGiveTheirCapturesByName) {
  TemporaryDirectory directory;
  std::vector<BuiltFrame> one(1, BuiltFrame{.bytes = {1}});
  directory.write("d/c.pcap", pcap_file(one));
  directory.write("d/a.pcap.gz", gzip(pcap_file(one)));
  directory.write("d/b.log.gz", gzip(to_bytes("a text that is no capture")));
  directory.write("d/readme.txt", to_bytes("text"));
  directory.write("d/empty", {});
  auto source = std::move(open_captures({directory.path("d")}, 1)[0]);
  auto got = read_all(*source);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].file, directory.path("d/a.pcap.gz"));
  EXPECT_EQ(got[1].file, directory.path("d/c.pcap"));
  EXPECT_EQ(source->counters().skipped_files, 3u);
  EXPECT_EQ(source->counters().files, 2u);
  EXPECT_TRUE(source->errors().empty());
}

TEST(FileSource, AMissingPathThrowsWithItsName) {
  try {
    open_captures({"/nowhere/a.pcap"}, 1);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "/nowhere/a.pcap: No such file or directory");
  }
}

TEST(FileSource, WhatWasReadIsDeliveredAndTheFaultIsNamedAndTheNextFileRead) {
  TemporaryDirectory directory;
  std::vector<BuiltFrame> three(3, BuiltFrame{.bytes = {1, 2, 3, 4}});
  auto whole = pcap_file(three);
  auto good = directory.write("good", whole);
  auto compressed = gzip(whole);
  std::vector<std::string> paths = {
      directory.write("cut", Bytes(whole).first(whole.size() - 1)),
      directory.write("cut-header", Bytes(whole).first(24 + 2 * 20 + 5)),
      directory.write("text", to_bytes("no capture at all")),
      directory.write("empty", {}),
      directory.write("short", Bytes(whole).first(10)),
      directory.write("cut.gz", Bytes(compressed).first(compressed.size() - 9)),
  };
  whole[24 + 20 + 11] = 0xff;
  paths.push_back(directory.write("huge", whole));
  paths.push_back(good);
  auto source = std::move(open_captures(paths, 1)[0]);
  auto got = read_all(*source);
  std::vector<std::pair<std::string, size_t>> frames_of;
  for (const auto& f : got) {
    if (frames_of.empty() || frames_of.back().first != f.file) frames_of.push_back({f.file, 0});
    ++frames_of.back().second;
  }
  std::vector<std::pair<std::string, size_t>> expected = {{paths[0], 2}, {paths[1], 2}, {paths[6], 1}, {good, 3}};
  if (frames_of.size() == 5) expected.insert(expected.begin() + 2, {paths[5], frames_of[2].second});
  EXPECT_EQ(frames_of, expected);
  auto errors = source->errors();
  ASSERT_EQ(errors.size(), 7u);
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(errors[i].source, paths[i]) << to_string(errors[i]);
  EXPECT_EQ(to_string(errors[0]), paths[0] + ": truncated: the file ends inside a record (at byte 64)");
  EXPECT_EQ(errors[2].message, "no capture file: neither pcap nor pcapng");
  EXPECT_EQ(errors[3].message, "truncated: 0 bytes are no file header");
  EXPECT_NE(errors[5].message.find("compressed data end"), std::string::npos) << errors[5].message;
  EXPECT_EQ(errors[6].offset, 44u);
  EXPECT_EQ(source->counters().errors, 7u);
}

TEST(FileSource, AllWorkersReadTheSameFromOnePipe) {
  TemporaryDirectory directory;
  auto frames = many_frames();
  auto file = pcap_file(frames);
  auto pipe = directory.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  auto more = directory.write("b.zst", zstd(pcap_file(frames)));
  std::thread writer([&] {
    std::ofstream(pipe, std::ios::binary)
        .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  });
  auto sources = open_captures({pipe, directory.write("plain", pcap_file(frames)), more}, 3);
  std::vector<std::vector<test::Read>> got(3);
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < 3; ++i) workers.emplace_back([&, i] { got[i] = read_all(*sources[i]); });
  }
  writer.join();
  EXPECT_EQ(got[0].size(), 3 * frames.size());
  EXPECT_EQ(got[0], got[1]);
  EXPECT_EQ(got[0], got[2]);
}

TEST(FileSource, AFaultInASharedInputDoesNotSpoilTheNext) {
  TemporaryDirectory directory;
  auto frames = many_frames(5000);
  auto broken = pcap_file(frames);
  broken[24 + 11] = 0xff;
  auto sources =
      open_captures({directory.write("a.gz", gzip(broken)), directory.write("b.gz", gzip(pcap_file(frames)))}, 1);
  auto got = read_all(*sources[0]);
  EXPECT_EQ(got.size(), frames.size());
  EXPECT_EQ(sources[0]->errors().size(), 1u);
}

TEST(FileSource, AWorkerThatGoesAwayDoesNotHoldTheOthers) {
  TemporaryDirectory directory;
  auto frames = many_frames();
  auto sources = open_captures({directory.write("a.gz", gzip(pcap_file(frames)))}, 2);
  sources[1].reset();
  EXPECT_EQ(read_all(*sources[0]).size(), frames.size());
}

TEST(FileSource, StopEndsAWaitForASilentPipe) {
  TemporaryDirectory directory;
  auto pipe = directory.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::fstream silent(pipe, std::ios::in | std::ios::out);  // keeps the pipe open
  auto sources = open_captures({pipe}, 1);
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    sources[0]->stop();
  });
  EXPECT_TRUE(read_all(*sources[0]).empty());
  EXPECT_TRUE(sources[0]->errors().empty());
}

TEST(FileSource, ProgressRunsToOne) {
  TemporaryDirectory directory;
  auto path = directory.write("a.pcap", pcap_file(many_frames()));
  auto source = std::move(open_captures({path, path}, 1)[0]);
  double last = 0;
  Burst burst;
  while (source->receive(burst) == PacketSource::Result::frames) {
    EXPECT_GE(source->progress(), last);
    last = source->progress();
    source->release(burst);
  }
  EXPECT_DOUBLE_EQ(source->progress(), 1);
  EXPECT_GT(last, 0.9);
}

}  // namespace
}  // namespace lapwing
