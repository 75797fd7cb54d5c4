// PUSH: what the consumer does not take is a counted drop, and the gap it sees.
#include <gtest/gtest.h>

#include <thread>

#include "tests/export/zmq_support.h"

namespace lapwing {
namespace {

constexpr size_t kRecordBytes = 64 << 10;

/// One record that fills the queues of sockets and kernel soon.
std::shared_ptr<const RecordBatch> large() {
  auto batch = std::make_shared<RecordBatch>();
  batch->text = std::string(kRecordBytes - 1, 'x') + "\n";
  batch->entries = {{1, kRecordBytes}};
  return batch;
}

TEST(ZmqPush, LiveDropsAreCountedAndEqualTheGap) {
  if (const char* slower = std::getenv("LAPWING_TEST_SLOWER"); slower && *slower != '1')
    GTEST_SKIP() << "what the reader gets depends on its speed";
  const std::string where = endpoint("push-live");
  Setting n = node(where, {{"high-water-mark", "10"}, {"batch-records", "1"}});
  auto exporter = create_zmq_push_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  Subscriber subscriber({.endpoints = {where}, .pull = true});
  Reader reader;
  auto first = flows(0, 1, true);
  uint64_t sent = 0;
  while (!reader.receive(subscriber, 20)) {
    exporter->write({&first, 1});
    ++sent;
  }
  auto batch = large();
  const auto begin = std::chrono::steady_clock::now();
  constexpr uint64_t kRecords = 3000;
  for (uint64_t i = 0; i < kRecords; ++i) exporter->write({&batch, 1});
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "nothing is waited for";
  while (reader.receive(subscriber, 300)) {
  }
  auto last = flows(0, 1, true);
  exporter->write({&last, 1});
  while (reader.receive(subscriber, 300)) {
  }
  const ExporterCounters counters = exporter->counters();
  EXPECT_GT(counters.dropped_backpressure, 0u);
  EXPECT_EQ(counters.records + counters.dropped(), sent + kRecords + 1);
  EXPECT_EQ(reader.records.size(), counters.records);
  // What was dropped before the consumer came is not its gap.
  uint64_t lost = 0;
  for (const Gap& gap : reader.gaps) lost += gap.missing();
  EXPECT_EQ(reader.records.size() + lost, kRecords + 2);
}

TEST(ZmqPush, WithoutAConsumerEveryRecordIsACountedDrop) {
  Setting n = node(endpoint("push-nobody"), {{"batch-records", "1"}});
  auto exporter = create_zmq_push_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  auto batch = flows(0, 100);
  exporter->write({&batch, 1});
  EXPECT_EQ(exporter->counters().records, 0u);
  EXPECT_EQ(exporter->counters().dropped_backpressure, 100u);
}

TEST(ZmqPush, AReplayWaitsForALateAndSlowConsumer) {
  constexpr size_t kRecords = 20000;
  const std::string where = endpoint("push-replay");
  Reader reader;
  std::thread consumer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    Subscriber subscriber({.endpoints = {where}, .pull = true});
    while (reader.records.size() < kRecords && reader.receive(subscriber, 5000)) {
      if (reader.records.size() % 1000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  });
  Setting n = node(where, {{"high-water-mark", "2"}});
  auto exporter = create_zmq_push_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = true});
  for (size_t i = 0; i < kRecords; i += 100) {
    auto batch = flows(i, 100);
    exporter->write({&batch, 1});
  }
  exporter->flush();
  consumer.join();
  EXPECT_EQ(exporter->counters().dropped(), 0u);
  ASSERT_EQ(reader.records.size(), kRecords);
  EXPECT_TRUE(reader.gaps.empty());
  for (size_t i = 0; i < kRecords; ++i) ASSERT_EQ(reader.records[i], "{\"n\":" + std::to_string(i) + "}");
}

TEST(ZmqPush, AReplayWhoseConsumerNeverComesGoesOnAndCounts) {
  Setting n = node(endpoint("push-never"), {{"wait-send", "100"}, {"batch-records", "1"}});
  auto exporter = create_zmq_push_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = true});
  auto batch = flows(0, 1000);
  const auto begin = std::chrono::steady_clock::now();
  exporter->write({&batch, 1});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(90));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "waited for once";
  EXPECT_EQ(exporter->counters().dropped_backpressure, 1000u);
}

}  // namespace
}  // namespace lapwing
