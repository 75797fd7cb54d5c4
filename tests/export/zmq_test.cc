#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "export/zmq/subscriber.h"
#include "export/zmq/zmq_exporter.h"

namespace lapwing {
namespace {

constexpr std::string_view kTopics[] = {"alert", "flow"};

std::string endpoint(const char* name) {
  return "ipc:///tmp/lapwing-test-" + std::to_string(getpid()) + "-" + name;
}

Setting node(const std::string& where, std::initializer_list<std::pair<const char*, const char*>> more = {}) {
  Setting root;
  auto put = [&](const char* key, const std::string& value) {
    Setting& member = root.make(key);
    member.kind = Setting::Kind::scalar;
    member.scalar = value;
  };
  put("endpoints", where);
  for (auto [key, value] : more) put(key, value);
  return root;
}

std::shared_ptr<const RecordBatch> flows(uint64_t from, size_t count, bool urgent = false) {
  auto batch = std::make_shared<RecordBatch>();
  for (uint64_t i = from; i < from + count; ++i) {
    batch->text += "{\"n\":" + std::to_string(i) + "}\n";
    batch->entries.push_back({1, static_cast<uint32_t>(batch->text.size())});
  }
  batch->urgent = urgent;
  return batch;
}

struct Reader {
  std::vector<std::string> records;
  std::vector<Gap> gaps;
  std::vector<std::string> topics;

  bool receive(Subscriber& subscriber, int timeout_ms) {
    return subscriber.receive(
        timeout_ms,
        [this](std::string_view topic, std::string_view record) {
          topics.emplace_back(topic);
          records.emplace_back(record);
        },
        [this](const Gap& gap) { gaps.push_back(gap); });
  }
};

TEST(Zmq, ReplayWaitsForItsSubscriberAndLosesNothing) {
  constexpr size_t kRecords = 20000;
  std::string where = endpoint("lossless");
  Reader reader;
  std::thread subscriber_thread([&] {
    Subscriber subscriber(where, {});
    while (reader.records.size() < kRecords && reader.receive(subscriber, 5000)) {
    }
  });
  {
    Setting n = node(where, {{"high-water-mark", "2"}});
    auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = true});
    for (size_t i = 0; i < kRecords; i += 100) {
      auto batch = flows(i, 100);
      exporter->write({&batch, 1});
    }
    exporter->flush();
    EXPECT_EQ(exporter->counters().records, kRecords);
    EXPECT_EQ(exporter->counters().dropped, 0u);
    subscriber_thread.join();
  }
  ASSERT_EQ(reader.records.size(), kRecords);
  EXPECT_TRUE(reader.gaps.empty());
  for (size_t i = 0; i < kRecords; ++i) ASSERT_EQ(reader.records[i], "{\"n\":" + std::to_string(i) + "}");
}

TEST(Zmq, AStalledSubscriberSeesExactlyWhatItMissed) {
  constexpr size_t kRecords = 50000;
  std::string where = endpoint("slow");
  Setting n = node(where, {{"high-water-mark", "10"}, {"batch-records", "1"}});
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  // The reader's own queue is bounded only by the socket's: it does not read until all was sent.
  Subscriber subscriber(where, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  Reader reader;
  for (size_t i = 0; i < kRecords; i += 100) {
    auto batch = flows(i, 100);
    exporter->write({&batch, 1});
  }
  while (reader.receive(subscriber, 300)) {
  }
  auto last = flows(kRecords, 1, true);
  exporter->write({&last, 1});
  while (reader.receive(subscriber, 300)) {
  }
  uint64_t lost = 0;
  for (const Gap& gap : reader.gaps) lost += gap.got - gap.expected;
  EXPECT_EQ(reader.records.size() + lost, kRecords + 1);
}

TEST(Zmq, TopicsAreChosenBySubscription) {
  std::string where = endpoint("topics");
  Setting n = node(where);
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  std::vector<std::string> wanted = {"alert"};
  Subscriber subscriber(where, wanted);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  auto batch = std::make_shared<RecordBatch>();
  batch->text = "{\"f\":1}\n{\"a\":1}\n";
  batch->entries = {{1, 8}, {0, 16}};
  batch->urgent = true;
  std::shared_ptr<const RecordBatch> shared = batch;
  exporter->write({&shared, 1});
  Reader reader;
  ASSERT_TRUE(reader.receive(subscriber, 2000));
  EXPECT_EQ(reader.topics, std::vector<std::string>{"alert"});
  EXPECT_EQ(reader.records, std::vector<std::string>{"{\"a\":1}"});
  EXPECT_FALSE(reader.receive(subscriber, 100));
}

TEST(Zmq, AnEndpointThatCannotBeBoundIsAnErrorThatNamesIt) {
  Setting n = node("tcp://256.1.1.1:99999");
  try {
    create_zmq_exporter(n, {.topics = kTopics});
    FAIL();
  } catch (const SettingError& error) {
    EXPECT_NE(std::string(error.what()).find("256.1.1.1"), std::string::npos);
  }
}

}  // namespace
}  // namespace lapwing
