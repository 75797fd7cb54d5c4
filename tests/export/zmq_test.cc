#include <gtest/gtest.h>
#include <unistd.h>
#include <zmq.h>

#include <thread>

#include "tests/export/zmq_support.h"

namespace lapwing {
namespace {

TEST(Zmq, ReplayWaitsForItsSubscriberAndLosesNothing) {
  constexpr size_t kRecords = 20000;
  std::string where = endpoint("lossless");
  Reader reader;
  std::thread subscriber_thread([&] {
    Subscriber subscriber({.endpoints = {where}});
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
    EXPECT_EQ(exporter->counters().dropped(), 0u);
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
  Subscriber subscriber({.endpoints = {where}});
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
  Subscriber subscriber({.endpoints = {where}, .topics = wanted});
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

TEST(Zmq, AReplayOverTcpToSlowReaderOfSeveralTopicsHasNoGap) {
  constexpr size_t kBatches = 300;
  const std::string where = "tcp://127.0.0.1:" + std::to_string(20000 + getpid() % 10000);
  Reader reader;
  std::thread subscriber_thread([&] {
    std::vector<std::string> topics = {"alert", "flow"};
    Subscriber subscriber({.endpoints = {where}, .topics = topics});
    while (reader.records.size() < 2 * kBatches && reader.receive(subscriber, 5000)) {
      if (reader.records.size() % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  {
    Setting n = node(where, {{"batch-records", "3"}, {"high-water-mark", "1"}});
    auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = true});
    for (size_t i = 0; i < kBatches; ++i) {
      auto batch = std::make_shared<RecordBatch>();
      batch->text = "{\"f\":1}\n{\"a\":1}\n";
      batch->entries = {{1, 8}, {0, 16}};
      std::shared_ptr<const RecordBatch> shared = batch;
      exporter->write({&shared, 1});
    }
    exporter->flush();
  }
  subscriber_thread.join();
  EXPECT_EQ(reader.records.size(), 2 * kBatches);
  EXPECT_TRUE(reader.gaps.empty());
}

/// A reader that subscribes to everything and takes nothing.
struct IdleReader {
  explicit IdleReader(const std::string& where) {
    const int one = 1;
    zmq_setsockopt(socket, ZMQ_RCVHWM, &one, sizeof one);
    zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    zmq_connect(socket, where.c_str());
  }
  ~IdleReader() {
    zmq_close(socket);
    zmq_ctx_term(context);
  }

  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, ZMQ_SUB);
};

/// 64 KiB: a few of these fill the queues of both sockets and of the kernel.
std::shared_ptr<const RecordBatch> large_record() {
  auto batch = std::make_shared<RecordBatch>();
  batch->text = std::string(65535, 'x') + "\n";
  batch->entries = {{1, 65536}};
  return batch;
}

TEST(Zmq, AReplayKnowsTheSubscriberThatCameBeforeItsFirstRecord) {
  const std::string where = endpoint("early");
  Setting n = node(where, {{"wait-subscriber", "60000"}, {"linger", "0"}, {"wait-send", "0"}});
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = true});
  const IdleReader reader(where);
  const auto begin = std::chrono::steady_clock::now();
  const auto waited = [&] { return std::chrono::steady_clock::now() - begin; };
  // As the export thread does while there are no records.
  while (waited() < std::chrono::milliseconds(500)) {
    exporter->flush();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::shared_ptr<const RecordBatch> batch = large_record();
  exporter->write({&batch, 1});
  EXPECT_LT(waited(), std::chrono::seconds(20));
}

TEST(Zmq, AReaderThatLeftIsNotWaitedForAtTheEnd) {
  const std::string where = endpoint("left");
  Setting n = node(where, {{"batch-records", "1"}});
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = true});
  auto reader = std::make_unique<IdleReader>(where);
  const std::shared_ptr<const RecordBatch> batch = large_record();
  for (int i = 0; i < 50; ++i) exporter->write({&batch, 1});
  reader.reset();
  while (exporter->counters().disconnections == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const auto begin = std::chrono::steady_clock::now();
  exporter.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST(Zmq, AReaderThatStandsStillEndsTheWaitingOfAReplay) {
  std::string where = endpoint("stalled");
  Setting n = node(where, {{"high-water-mark", "1"}, {"batch-records", "1"}, {"wait-send", "100"}, {"linger", "0"}});
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = true});
  const IdleReader reader(where);
  const std::shared_ptr<const RecordBatch> batch = large_record();
  for (int i = 0; i < 1000; ++i) exporter->write({&batch, 1});
  // One record was given up; the rest went the way of a live run, where ZeroMQ drops in silence.
  EXPECT_EQ(exporter->counters().dropped(), 1u);
  EXPECT_EQ(exporter->counters().records, 999u);
}

/// A reader that sensors connect to. ZeroMQ lets it subscribe only while its own thread is in a call, so it has one.
struct BoundReader {
  BoundReader(const std::string& where, size_t wanted)
      : subscriber({.endpoints = {where}, .bind = true}), thread([this, wanted] {
          while (reader.records.size() < wanted && reader.receive(subscriber, 5000)) {
          }
        }) {}
  ~BoundReader() {
    if (thread.joinable()) thread.join();
  }

  Subscriber subscriber;
  Reader reader;
  std::thread thread;
};

TEST(Zmq, SensorsMayConnectToTheirReader) {
  std::string where = endpoint("collector");
  BoundReader collector(where, 40);
  std::vector<std::unique_ptr<Exporter>> sensors;
  for (const char* name : {"a", "b"}) {
    Setting n = node(where, {{"mode", "connect"}});
    sensors.push_back(create_zmq_exporter(n, {.topics = kTopics, .sensor = name, .epoch = 1, .lossless = true}));
  }
  for (auto& sensor : sensors) {
    auto batch = flows(0, 10, true);
    sensor->write({&batch, 1});
    batch = flows(10, 10, true);
    sensor->write({&batch, 1});
  }
  collector.thread.join();
  EXPECT_EQ(collector.reader.records.size(), 40u);
  EXPECT_TRUE(collector.reader.gaps.empty()) << "each sensor has its own sequence";
}

TEST(Zmq, AfterARestartNumberingBeginsAnew) {
  std::string where = endpoint("restart");
  BoundReader collector(where, 20);
  for (uint64_t epoch : {1u, 2u}) {
    Setting n = node(where, {{"mode", "connect"}});
    auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = epoch, .lossless = true});
    auto batch = flows(0, 10, true);
    exporter->write({&batch, 1});
  }
  collector.thread.join();
  EXPECT_EQ(collector.reader.records.size(), 20u);
  EXPECT_TRUE(collector.reader.gaps.empty());
  EXPECT_EQ(collector.subscriber.restarts(), 1u);
}

/// A publisher that sends what it is told, right or wrong.
class RawPublisher {
 public:
  explicit RawPublisher(const std::string& where) { zmq_bind(socket_, where.c_str()); }
  void wait_for_subscriber() {
    char scrap[64];
    zmq_recv(socket_, scrap, sizeof scrap, 0);
  }
  ~RawPublisher() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  void send(std::initializer_list<std::string> frames) {
    size_t left = frames.size();
    for (const std::string& frame : frames) zmq_send(socket_, frame.data(), frame.size(), --left ? ZMQ_SNDMORE : 0);
  }

 private:
  void* context_ = zmq_ctx_new();
  void* socket_ = zmq_socket(context_, ZMQ_XPUB);
};

TEST(Zmq, MalformedMessagesAreCountedAndNothingOfThemDelivered) {
  std::string where = endpoint("malformed");
  RawPublisher publisher(where);
  Subscriber subscriber({.endpoints = {where}});
  publisher.wait_for_subscriber();
  publisher.send({"flow"});
  publisher.send({"flow", "{}", "{}"});
  publisher.send({"flow", "[1", "{}"});
  publisher.send({"flow", R"({"epoch":1,"seq":-1,"count":1})", "{}"});
  publisher.send({"flow", R"({"epoch":1,"seq":0,"count":2})", "{}"});
  publisher.send({"flow", R"({"epoch":1,"seq":0,"count":1})", "{}", "more"});
  publisher.send({"flow", R"({"epoch":1,"seq":0,"count":1})", "{}"});
  publisher.send({"flow", R"({"epoch":1,"seq":5,"count":2})", "{}\n{}"});
  Reader reader;
  while (reader.records.size() < 3 && reader.receive(subscriber, 2000)) {
  }
  EXPECT_EQ(subscriber.malformed(), 6u);
  EXPECT_EQ(reader.records.size(), 3u);
  ASSERT_EQ(reader.gaps.size(), 1u);
  EXPECT_EQ(reader.gaps[0].expected, 1u);
  EXPECT_EQ(reader.gaps[0].got, 5u);
}

TEST(Zmq, ATopicIsTakenWholeThoughZeromqMatchesPrefixes) {
  std::string where = endpoint("prefix");
  std::vector<std::string> wanted = {"ftp"};
  RawPublisher publisher(where);
  Subscriber subscriber({.endpoints = {where}, .topics = wanted});
  publisher.wait_for_subscriber();
  const char* header = R"({"sensor":"s","epoch":1,"seq":0,"count":1})";
  publisher.send({"ftp_data", header, "{\"d\":1}"});
  publisher.send({"ftp", header, "{\"f\":1}"});
  Reader reader;
  while (reader.records.empty() && reader.receive(subscriber, 2000)) {
  }
  EXPECT_EQ(reader.records, std::vector<std::string>{"{\"f\":1}"});
}

}  // namespace
}  // namespace lapwing
