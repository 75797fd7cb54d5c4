// Workers that share what one of them reads: each is given all that concerns it, and the clock of all frames.
#include "sensor/capture/deal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "tests/capture/replay.h"
#include "tests/support/capture_writer.h"

namespace lapwing {
namespace {

using test::BuiltFrame;
using test::pcap_file;
using test::TemporaryDirectory;

constexpr size_t kWorkers = 3;
constexpr uint8_t kAll = 0xff;

/// A frame's first byte names its owner.
struct ByFirstByte final : Division {
  size_t owner(const Frame& frame) const override { return frame.data[0] == kAll ? kEverybody : frame.data[0]; }
};

/// Of many lengths and owners, now and then everybody's; time stands still, runs on and back.
std::vector<BuiltFrame> frames_of_all(size_t count = 20'000) {
  std::vector<BuiltFrame> out(count);
  std::minstd_rand random(5);
  int64_t time = 1'700'000'000'000'000'000;
  for (BuiltFrame& frame : out) {
    const auto kind = random() % 100;
    frame.bytes.assign(1 + random() % 900, static_cast<uint8_t>(kind == 0 ? kAll : kind < 3 ? 2 : kind % 2));
    time += kind < 50 ? 0 : kind == 99 ? -3'000'000'000 : 90'000'000;
    frame.time = {time};
  }
  return out;
}

struct Seen {
  uint64_t number = 0;
  int64_t ns = 0;
  Claim claim = Claim::everybody;
  uint8_t owner = 0;
};

std::vector<std::vector<Seen>> run(std::vector<std::unique_ptr<PacketSource>>& sources,
                                   const std::function<void(PacketSource&)>& after_burst = nullptr) {
  ByFirstByte division;
  std::vector<std::vector<Seen>> seen(sources.size());
  std::vector<std::jthread> workers;
  for (size_t i = 0; i < sources.size(); ++i) sources[i]->divide(division);
  for (size_t i = 0; i < sources.size(); ++i) {
    workers.emplace_back([&, i] {
      Burst burst;
      while (sources[i]->receive(burst) == PacketSource::Result::frames) {
        for (const Frame& f : burst.view()) seen[i].push_back({f.number, f.time.ns, f.claim, f.data[0]});
        if (after_burst) after_burst(*sources[i]);
        sources[i]->release(burst);
      }
    });
  }
  workers.clear();
  return seen;
}

TEST(Deal, EachGetsItsOwnAndWhatIsEverybodysAndTheClockOfAll) {
  TemporaryDirectory directory;
  const auto frames = frames_of_all();
  auto sources = open_captures({directory.write("a", pcap_file(frames, {.nanoseconds = true}))}, kWorkers);
  const auto seen = run(sources);
  for (size_t worker = 0; worker < kWorkers; ++worker) {
    size_t next = 0, others = 0;
    int64_t clock = 0, clock_of_all = 0;
    for (const Seen& s : seen[worker]) {
      clock = std::max(clock, s.ns);
      if (s.claim == Claim::another) {
        ++others;
        EXPECT_NE(s.owner, worker);
        EXPECT_NE(s.owner, kAll);
      }
      for (; next < s.number; ++next) {  // none of those passed over was its own, or began a second
        const int64_t before = clock_of_all;
        clock_of_all = std::max(clock_of_all, frames[next].time.ns);
        if (next + 1 == s.number) break;
        EXPECT_NE(frames[next].bytes[0], worker) << next;
        EXPECT_NE(frames[next].bytes[0], kAll) << next;
        EXPECT_EQ(before / 1'000'000'000, clock_of_all / 1'000'000'000) << next;
      }
      if (s.claim == Claim::another) continue;
      next = std::max(next, s.number);
      EXPECT_EQ(s.claim, s.owner == kAll ? Claim::everybody : Claim::me);
      EXPECT_EQ(clock, clock_of_all) << s.number;
    }
    EXPECT_EQ(seen[worker].back().number, frames.size());
    EXPECT_LT(others, frames.size() / 8) << "of others' frames those that move the clock";
    EXPECT_EQ(sources[worker]->counters().packets, frames.size());
  }
}

TEST(Deal, FaultsAndFilesAreThoseThatOneWorkerFinds) {
  TemporaryDirectory directory;
  auto whole = pcap_file(frames_of_all(500));
  const std::vector<std::string> paths = {
      directory.write("text", to_bytes("no capture at all")), directory.write("good", whole),
      directory.write("cut", Bytes(whole).first(whole.size() - 1)), directory.write("empty", {})};
  auto one = open_captures(paths, 1);
  const auto expected = test::read_all(*one[0]);
  auto sources = open_captures(paths, kWorkers);
  std::vector<std::vector<test::Read>> got(kWorkers);
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < kWorkers; ++i) workers.emplace_back([&, i] { got[i] = test::read_all(*sources[i]); });
  }
  for (size_t i = 0; i < kWorkers; ++i) {
    EXPECT_EQ(got[i], expected) << "undivided, every frame is everybody's";
    EXPECT_EQ(sources[i]->counters().errors, 3u);
    EXPECT_EQ(sources[i]->counters().files, 4u);
    EXPECT_EQ(sources[i]->counters().bytes, one[0]->counters().bytes);
    ASSERT_EQ(sources[i]->errors().size(), 3u);
    for (size_t e = 0; e < 3; ++e) EXPECT_EQ(to_string(sources[i]->errors()[e]), to_string(one[0]->errors()[e]));
    EXPECT_DOUBLE_EQ(sources[i]->progress(), 1);
  }
}

TEST(Deal, AStopEndsAllAfterTheSameFrame) {
  TemporaryDirectory directory;
  const auto frames = frames_of_all(100'000);
  auto sources = open_captures({directory.write("a", pcap_file(frames, {.nanoseconds = true}))}, kWorkers);
  std::atomic<int> bursts = 0;
  const auto seen = run(sources, [&](PacketSource& source) {
    if (++bursts == 100) source.stop();
  });
  EXPECT_LT(seen[0].back().number, frames.size());
  for (size_t i = 0; i < kWorkers; ++i) {
    EXPECT_EQ(seen[i].back().number, seen[0].back().number);
    EXPECT_EQ(sources[i]->counters().packets, seen[0].back().number);
  }
}

TEST(Deal, OneThatGoesAwayIsNotWaitedFor) {
  TemporaryDirectory directory;
  const auto frames = frames_of_all();
  auto sources = open_captures({directory.write("a", pcap_file(frames))}, 2);
  sources[1].reset();
  EXPECT_EQ(test::read_all(*sources[0]).size(), frames.size());
}

}  // namespace
}  // namespace lapwing
