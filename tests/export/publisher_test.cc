#include "export/outputs/publisher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace lapwing {
namespace {

struct Seen {
  std::atomic<uint64_t> records = 0, flushes = 0, reopenings = 0;
  std::vector<std::string> texts;
};

class Collector final : public Exporter {
 public:
  Collector(Seen& seen, std::chrono::microseconds pause) : seen_(seen), pause_(pause) {}
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      std::this_thread::sleep_for(pause_);
      seen_.records += batch->entries.size();
      seen_.texts.push_back(batch->text);
    }
  }
  void flush() override { ++seen_.flushes; }
  void reopen() override { ++seen_.reopenings; }
  ExporterCounters counters() const override { return {.records = seen_.records, .dropped_failed = 7}; }
  ExporterLabel label() const override { return {"collector", "here"}; }

 private:
  Seen& seen_;
  std::chrono::microseconds pause_;
};

std::shared_ptr<const RecordBatch> batch(const std::string& text) {
  auto b = std::make_shared<RecordBatch>();
  b->text = text + "\n";
  b->entries = {{0, b->text.size()}};
  return b;
}

std::vector<std::unique_ptr<Exporter>> one(Seen& seen, std::chrono::microseconds pause = {}) {
  std::vector<std::unique_ptr<Exporter>> out;
  out.push_back(std::make_unique<Collector>(seen, pause));
  return out;
}

TEST(Publisher, KeepsTheOrderOfEachWorker) {
  Seen seen;
  constexpr int kEach = 5000;
  {
    Publisher publisher(one(seen), 3, true);
    std::vector<std::thread> workers;
    for (size_t w = 0; w < 3; ++w) {
      workers.emplace_back([&, w] {
        for (int i = 0; i < kEach; ++i) publisher.push(w, batch(std::to_string(w) + " " + std::to_string(i)));
      });
    }
    for (auto& worker : workers) worker.join();
  }
  EXPECT_EQ(seen.records, 3u * kEach);
  int next[3] = {};
  for (const std::string& text : seen.texts) {
    int worker = text[0] - '0';
    ASSERT_EQ(std::stoi(text.substr(2)), next[worker]++);
  }
}

TEST(Publisher, WaitsForASlowExporterWhenNothingMayBeLost) {
  Seen seen;
  {
    Publisher publisher(one(seen, std::chrono::microseconds(20)), 1, true);
    for (size_t i = 0; i < Publisher::kQueueBatches + 500; ++i) publisher.push(0, batch("x"));
    EXPECT_EQ(publisher.counters().queue_full_drops, 0u);
  }
  EXPECT_EQ(seen.records, Publisher::kQueueBatches + 500);
}

TEST(Publisher, CountsEveryRecordThatAFullQueueDrops) {
  Seen seen;
  uint64_t dropped = 0, kept = 0;
  constexpr size_t kSent = Publisher::kQueueBatches * 2;
  {
    Publisher publisher(one(seen, std::chrono::microseconds(200)), 1, false);
    for (size_t i = 0; i < kSent; ++i) publisher.push(0, batch("x"));
    dropped = publisher.counters().queue_full_drops;
    kept = publisher.counters().records;
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(dropped + kept, kSent);
  EXPECT_EQ(seen.records, kept);
}

std::shared_ptr<const RecordBatch> megabyte() {
  return batch(std::string(1 << 20, 'x'));
}

TEST(Publisher, WhatWaitsIsBoundedInBytesAndTheRestCounted) {
  Seen seen;
  uint64_t dropped = 0, kept = 0;
  constexpr size_t kSent = 4 * (Publisher::kQueueBytes >> 20);
  {
    Publisher publisher(one(seen, std::chrono::milliseconds(2)), 1, false);
    const auto batch = megabyte();
    for (size_t i = 0; i < kSent; ++i) publisher.push(0, batch);
    dropped = publisher.counters().queue_bytes_drops;
    kept = publisher.counters().records;
    EXPECT_EQ(publisher.counters().queue_full_drops, 0u);
  }
  EXPECT_GT(dropped, kSent / 4);
  EXPECT_EQ(dropped + kept, kSent);
  EXPECT_EQ(seen.records, kept);
}

TEST(Publisher, AReplayWaitsForRoomInBytes) {
  Seen seen;
  constexpr size_t kSent = 2 * (Publisher::kQueueBytes >> 20);
  {
    Publisher publisher(one(seen, std::chrono::milliseconds(1)), 1, true);
    for (size_t i = 0; i < kSent; ++i) publisher.push(0, megabyte());
  }
  EXPECT_EQ(seen.records, kSent);
}

TEST(Publisher, ABatchLargerThanTheQueueGoesThroughAlone) {
  Seen seen;
  {
    Publisher publisher(one(seen), 1, false);
    publisher.push(0, batch(std::string(Publisher::kQueueBytes + 1, 'x')));
  }
  EXPECT_EQ(seen.records, 1u);
}

TEST(Publisher, DrainLeavesNothingWaiting) {
  Seen seen;
  Publisher publisher(one(seen), 1, true);
  for (int i = 0; i < 100; ++i) publisher.push(0, batch("x"));
  uint64_t flushes = seen.flushes;
  publisher.drain();
  EXPECT_EQ(seen.records, 100u);
  EXPECT_GT(seen.flushes, flushes);
}

TEST(Publisher, EveryExporterSeesEveryBatchAtItsOwnPace) {
  Seen fast, slow;
  {
    std::vector<std::unique_ptr<Exporter>> exporters = one(fast);
    exporters.push_back(std::make_unique<Collector>(slow, std::chrono::microseconds(50)));
    Publisher publisher(std::move(exporters), 2, true);
    for (int i = 0; i < 500; ++i) publisher.push(static_cast<size_t>(i % 2), batch(std::to_string(i)));
    publisher.drain();
    auto counters = publisher.exporters();
    ASSERT_EQ(counters.size(), 2u);
    EXPECT_EQ(counters[0].counters.records, 500u);
    EXPECT_EQ(counters[1].counters.records, 500u);
  }
  EXPECT_EQ(fast.texts, slow.texts);
}

TEST(Publisher, TellsDropsByOutputAndReason) {
  Seen seen;
  Publisher publisher(one(seen), 1, true);
  publisher.push(0, batch("x"));
  publisher.drain();
  CounterSet set;
  add_exporter_counters(publisher.exporters(), set);
  EXPECT_EQ(set.value("outputs.0.records"), 1u);
  EXPECT_EQ(set.value("outputs.0.dropped.failed"), 7u);
  ASSERT_GE(set.values().size(), 2u);
  EXPECT_EQ(set.values()[0].text, "collector");
  EXPECT_EQ(set.values()[1].text, "here");
}

TEST(Publisher, ReopensItsOutputsOnce) {
  Seen seen;
  {
    Publisher publisher(one(seen), 1, true);
    publisher.reopen();
    publisher.drain();
    publisher.drain();
  }
  EXPECT_EQ(seen.reopenings, 1u);
}

TEST(Publisher, CountersCanBeReadWhileItRuns) {
  Seen seen;
  Publisher publisher(one(seen), 1, true);
  std::atomic<bool> done = false;
  std::thread reader([&] {
    uint64_t last = 0;
    while (!done) {
      uint64_t now = publisher.exporters().at(0).counters.records;
      EXPECT_GE(now, last);
      last = now;
      publisher.counters();
    }
  });
  for (int i = 0; i < 20000; ++i) publisher.push(0, batch("x"));
  publisher.drain();
  done = true;
  reader.join();
  EXPECT_EQ(publisher.counters().batches, 20000u);
}

TEST(Publisher, ABatchArrivesWithoutAnotherToPushIt) {
  Seen seen;
  Publisher publisher(one(seen), 1, false);
  publisher.push(0, batch("x"));
  for (int i = 0; i < 500 && seen.records == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(seen.records, 1u);
}

TEST(Publisher, WorkersPushingAtOnceLoseNothingWhenNothingMayBeLost) {
  Seen seen;
  constexpr size_t kWorkers = 4, kEach = Publisher::kQueueBatches;
  {
    Publisher publisher(one(seen, std::chrono::microseconds(1)), kWorkers, true);
    std::vector<std::thread> workers;
    for (size_t w = 0; w < kWorkers; ++w) {
      workers.emplace_back([&, w] {
        for (size_t i = 0; i < kEach; ++i) publisher.push(w, batch("x"));
      });
    }
    for (auto& worker : workers) worker.join();
    publisher.drain();
    EXPECT_EQ(publisher.counters().queue_full_drops, 0u);
  }
  EXPECT_EQ(seen.records, kWorkers * kEach);
}

}  // namespace
}  // namespace lapwing
