// Subscribers that stall, die or speak nonsense harm nobody but themselves.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <zmq.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/export/zmq_support.h"

namespace lapwing {
namespace {

uint16_t port(int number) {
  return static_cast<uint16_t>(30000 + (getpid() * 8 + number) % 2000);
}
std::string tcp(uint16_t number) {
  return "tcp://127.0.0.1:" + std::to_string(number);
}

int connect_plain(uint16_t number) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(number);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

/// Reads on a thread of its own until told to stop and nothing comes any more.
struct HealthyReader {
  explicit HealthyReader(const std::string& where)
      : subscriber({.endpoints = {where}}), thread([this] {
          while (reader.receive(subscriber, 500) || !stop) received = reader.records.size();
        }) {}
  void finish() {
    stop = true;
    thread.join();
  }
  Subscriber subscriber;
  Reader reader;
  std::atomic<bool> stop = false;
  std::atomic<size_t> received = 0;
  std::thread thread;
};

/// A child that subscribes and never reads; the caller kills it.
pid_t idle_subscriber(const std::string& where) {
  const pid_t child = fork();
  if (child != 0) return child;
  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, ZMQ_SUB);
  const int one = 1;
  zmq_setsockopt(socket, ZMQ_RCVHWM, &one, sizeof one);
  zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
  zmq_connect(socket, where.c_str());
  while (true) pause();
}

TEST(ZmqTrouble, TheHealthySubscriberHasNoGapBesideOneStalledOneKilledAndOneThatNeverReads) {
  const std::string where = tcp(port(0));
  // Before there are threads: after a fork only the forking one lives on.
  const pid_t stalled = idle_subscriber(where), killed = idle_subscriber(where), idle = idle_subscriber(where);
  Setting n = node(where, {{"high-water-mark", "1000"}, {"batch-records", "1"}});
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  HealthyReader healthy(where);
  while (exporter->counters().connections < 4) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  auto beat = flows(0, 1, true);
  uint64_t sent = 0;
  while (healthy.received == 0) {
    exporter->write({&beat, 1});
    ++sent;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(stalled, SIGSTOP);
  auto batch = std::make_shared<RecordBatch>();
  batch->text = std::string(8191, 'x') + "\n";
  batch->entries = {{1, 8192}};
  std::shared_ptr<const RecordBatch> shared = batch;
  constexpr uint64_t kRecords = 20000;
  for (uint64_t i = 0; i < kRecords; ++i) {
    if (i == kRecords / 2) kill(killed, SIGKILL);
    exporter->write({&shared, 1});
    // The reader is healthy: it stays within its queue.
    while (sent + i > healthy.received + 500) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  healthy.finish();
  for (pid_t child : {stalled, killed, idle}) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  EXPECT_TRUE(healthy.reader.gaps.empty());
  EXPECT_GE(healthy.reader.records.size(), kRecords);
  EXPECT_EQ(exporter->counters().dropped(), 0u);
  EXPECT_EQ(exporter->counters().records, sent + kRecords);
}

TEST(ZmqTrouble, GarbageEndsItsOwnConnectionAndIsCounted) {
  const std::string where = tcp(port(1));
  Setting n = node(where);
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  HealthyReader healthy(where);
  std::mt19937 random(7);
  // A ZMTP 3 greeting of the NULL mechanism (RFC 23), then nonsense where READY is expected; and a frame of 4 EiB.
  std::string greeting = std::string("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16);
  greeting.resize(64);
  const std::vector<std::string> starts = {"", "GET / HTTP/1.1\r\n\r\n", greeting,
                                           greeting + std::string("\6\x40\0\0\0\0\0\0\0", 9)};
  for (int i = 0; i < 40; ++i) {
    const int fd = connect_plain(port(1));
    ASSERT_GE(fd, 0);
    std::string text = starts[i % starts.size()];
    const size_t noise = random() % 3000;
    for (size_t k = 0; k < noise; ++k) text.push_back(static_cast<char>(random()));
    send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    close(fd);
  }
  auto batch = flows(0, 1, true);
  uint64_t sent = 0;
  for (; sent < 500 && healthy.received < 20; ++sent) {
    exporter->write({&batch, 1});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  healthy.finish();
  EXPECT_GE(healthy.reader.records.size(), 20u);
  EXPECT_TRUE(healthy.reader.gaps.empty());
  EXPECT_GT(exporter->counters().handshakes_failed, 0u);
}

TEST(ZmqTrouble, ATopicNobodyWritesGetsNothingAndIsCounted) {
  const std::string where = endpoint("unknown-topic");
  Setting n = node(where);
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  Subscriber subscriber({.endpoints = {where}, .topics = {"alerts"}});
  for (int i = 0; i < 200 && exporter->counters().unknown_topics == 0; ++i) {
    auto batch = flows(0, 1, true);
    exporter->write({&batch, 1});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(exporter->counters().unknown_topics, 1u);
  Reader reader;
  EXPECT_FALSE(reader.receive(subscriber, 100));
}

TEST(ZmqTrouble, WithoutDescriptorsConnectionsAreNotAcceptedAndLaterAgain) {
  const std::string where = tcp(port(2));
  Setting n = node(where);
  auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  HealthyReader healthy(where);
  auto batch = flows(0, 1, true);
  while (healthy.received == 0) {
    exporter->write({&batch, 1});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  // A child connects while this process may open nothing more.
  const int ready = dup(0);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  std::vector<int> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  close(ready);
  const rlimit none{static_cast<rlim_t>(ready), before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port(2));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int client : clients) connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address);
  for (int i = 0; i < 200 && exporter->counters().accepts_failed == 0; ++i) {
    exporter->write({&batch, 1});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_GT(exporter->counters().accepts_failed, 0u);
  for (int client : clients) close(client);
  HealthyReader late(where);
  for (int i = 0; i < 500 && late.received == 0; ++i) {
    exporter->write({&batch, 1});
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GT(late.received, 0u);
  late.finish();
  healthy.finish();
  EXPECT_TRUE(healthy.reader.gaps.empty());
}

TEST(ZmqTrouble, APortInUseIsAnErrorThatNamesIt) {
  Setting n = node(tcp(port(3)));
  auto first = create_zmq_exporter(n, {.topics = kTopics});
  try {
    create_zmq_push_exporter(n, {.topics = kTopics});
    FAIL();
  } catch (const SettingError& error) {
    EXPECT_NE(std::string(error.what()).find("Address already in use"), std::string::npos) << error.what();
  }
}

TEST(ZmqTrouble, TheLastMessagesAreDelivered) {
  const std::string where = endpoint("last");
  Reader reader;
  std::atomic<bool> there = false;
  std::thread thread([&] {
    Subscriber subscriber({.endpoints = {where}});
    while (reader.receive(subscriber, 2000)) {
      there = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  });
  {
    Setting n = node(where, {{"batch-records", "1"}});
    auto exporter = create_zmq_exporter(n, {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
    auto batch = flows(0, 1, true);
    while (!there) {
      exporter->write({&batch, 1});
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    batch = flows(1000, 500);
    exporter->write({&batch, 1});
  }
  thread.join();
  EXPECT_TRUE(reader.gaps.empty());
  EXPECT_EQ(reader.records.back(), "{\"n\":1499}");
}

}  // namespace
}  // namespace lapwing
