// Readers that want to take the sensor's memory, descriptors or time, and who may read at all.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "tests/export/zmq_support.h"

namespace lapwing {
namespace {

using std::chrono::milliseconds;

/// 0 under AddressSanitizer, which keeps what was freed.
size_t resident_bytes() {
#ifdef __SANITIZE_ADDRESS__
  return 0;
#endif
  std::ifstream in("/proc/self/statm");
  size_t whole = 0, resident = 0;
  in >> whole >> resident;
  return resident * static_cast<size_t>(getpagesize());
}

/// A reader that speaks ZMTP 3 (ZeroMQ RFC 23) by hand, so that it keeps nothing of what it sends.
class RawReader {
 public:
  explicit RawReader(const std::string& where) : socket_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    where.substr(6).copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawReader() {
    if (socket_ >= 0) close(socket_);
  }
  RawReader(RawReader&& other) noexcept : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_) {}

  bool connected() const { return connected_; }
  void greet() {
    std::string greeting("\xff\0\0\0\0\0\0\0\1\x7f\3\0NULL", 16);
    greeting.resize(64);
    send_all(greeting + std::string("\4\x19\5READY\13Socket-Type\0\0\0\3SUB", 27));
    // Only who was let in may go on.
    std::string said;
    char part[4096];
    for (ssize_t n = 0; said.find("READY") == std::string::npos && (n = recv(socket_, part, sizeof part, 0)) > 0;) {
      said.append(part, static_cast<size_t>(n));
    }
  }
  /// False when the other side is gone.
  bool subscribe(const std::string& topic) {
    const size_t size = topic.size() + 1;
    std::string frame;
    if (size < 256) {
      frame = {'\0', static_cast<char>(size)};
    } else {
      frame = "\2";
      for (int shift = 56; shift >= 0; shift -= 8) frame += static_cast<char>(size >> shift);
    }
    return send_all(frame + "\1" + topic);
  }
  /// Reads until the other side closes; false when it does not.
  bool closed() {
    timeval limit{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char part[4096];
    ssize_t n = 0;
    while ((n = recv(socket_, part, sizeof part, 0)) > 0) {
    }
    return n == 0 || errno == ECONNRESET;
  }

 private:
  bool send_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }

  int socket_;
  bool connected_ = false;
};

/// A sensor that writes a record every millisecond, and a reader with nothing to hide.
class ZmqHostile : public testing::Test {
 protected:
  void start(const char* name, std::initializer_list<std::pair<const char*, const char*>> options = {}) {
    where_ = endpoint(name);
    exporter_ = create_zmq_exporter(node(where_, options), {.topics = kTopics, .sensor = "s", .epoch = 1});
    reading_ = std::thread([this] {
      Subscriber subscriber({.endpoints = {where_}});
      while (reader_.receive(subscriber, 500) || !stop_) received_ = reader_.records.size();
    });
    while (received_ == 0) beat();
  }
  void beat() {
    const auto batch = flows(0, 1, true);
    exporter_->write({&batch, 1});
    std::this_thread::sleep_for(milliseconds(1));
  }
  template <class Condition>
  bool becomes(Condition&& condition) {
    for (int i = 0; i < 5000 && !condition(); ++i) beat();
    return condition();
  }
  void TearDown() override {
    if (!exporter_) return;
    const size_t before = received_;
    for (int i = 0; i < 100; ++i) beat();
    EXPECT_TRUE(becomes([&] { return received_ >= before + 100; })) << "the reader with nothing to hide gets nothing";
    stop_ = true;
    reading_.join();
    EXPECT_TRUE(reader_.gaps.empty());
  }

  std::string where_;
  std::unique_ptr<Exporter> exporter_;
  Reader reader_;
  std::atomic<bool> stop_ = false;
  std::atomic<size_t> received_ = 0;
  std::thread reading_;
};

TEST_F(ZmqHostile, LongSubscriptionsEndTheirConnectionAndTakeNoMemory) {
  start("long");
  const size_t before = resident_bytes();
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    RawReader attacker(where_);
    attacker.greet();
    std::string topic(60000, '\0');
    for (char& c : topic) c = static_cast<char>(random());
    attacker.subscribe(topic);
    EXPECT_TRUE(attacker.closed());
    if (i % 50 == 0) beat();
  }
  EXPECT_LT(resident_bytes(), before + (24 << 20));
}

TEST_F(ZmqHostile, AConnectionThatAsksForTooManyTopicsIsEnded) {
  start("many");
  const size_t before = resident_bytes();
  std::mt19937 random(2);
  for (int i = 0; i < 20; ++i) {
    RawReader attacker(where_);
    attacker.greet();
    for (int k = 0; k < 20'000; ++k) {
      std::string topic(200, '\0');
      for (char& c : topic) c = static_cast<char>(random());
      if (!attacker.subscribe(topic)) break;
      if (k % 50 == 0) beat();
    }
    EXPECT_TRUE(attacker.closed());
  }
  EXPECT_TRUE(becomes([&] { return exporter_->counters().max_topics >= 20; }));
  EXPECT_LT(resident_bytes(), before + (24 << 20));
}

TEST_F(ZmqHostile, IdleConnectionsGiveWayToReaders) {
  start("idle");
  const size_t before = resident_bytes();
  std::vector<RawReader> idle;
  constexpr uint64_t kIdle = 400;
  for (uint64_t i = 0; i < kIdle; ++i) {
    idle.emplace_back(where_);
    ASSERT_TRUE(idle.back().connected());
    if (i % 20 == 0) beat();
  }
  EXPECT_TRUE(becomes([&] { return exporter_->counters().max_connections >= kIdle / 2; }));
  EXPECT_LT(resident_bytes(), before + (24 << 20));
  RawReader late(where_);
  late.greet();
  late.subscribe("flow");
  std::this_thread::sleep_for(milliseconds(500));
  beat();
  for (int i = 0; i < 100; ++i) idle.emplace_back(where_);
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_TRUE(late.subscribe("flow")) << "one that subscribed was ended for one that did not";
}

TEST_F(ZmqHostile, WhoTakesNothingIsEndedWhenTooManyBytesWait) {
  if (const char* slower = std::getenv("LAPWING_TEST_SLOWER"); slower && *slower != '1')
    GTEST_SKIP() << "the other reader would be as slow as the stalled one";
  start("stalled-bytes", {{"queue-size", "16mb"}});
  RawReader stalled(where_);
  stalled.greet();
  stalled.subscribe("");
  std::this_thread::sleep_for(milliseconds(200));
  const size_t before = resident_bytes();
  auto batch = std::make_shared<RecordBatch>();
  batch->text = std::string(65535, 'x') + "\n";
  batch->entries = {{1, 65536}};
  const std::shared_ptr<const RecordBatch> large = batch;
  for (int i = 0; i < 1000; ++i) {
    exporter_->write({&large, 1});
    std::this_thread::sleep_for(milliseconds(4));
  }
  EXPECT_GE(exporter_->counters().stalled, 1u);
  EXPECT_EQ(exporter_->counters().dropped(), 0u);
  EXPECT_LT(resident_bytes(), before + (130 << 20)) << "of which 64 MB are what the other reader keeps";
}

TEST(ZmqEndpoints, WithoutKeysTcpAndAbstractNamesAreRefusedAtTheirPlace) {
  for (const char* open : {"tcp://127.0.0.1:5999", "tcp://*:5999", "ipc://@lapwing"}) {
    for (auto create : {create_zmq_exporter, create_zmq_push_exporter}) {
      Setting n = node(open, {{"insecure", "no"}});
      n.make("endpoints").mark = {"c.yaml", 4, 18};
      try {
        create(n, {.topics = kTopics});
        ADD_FAILURE() << open << " was taken";
      } catch (const SettingError& error) {
        const std::string said = error.what();
        EXPECT_EQ(said.find("c.yaml:4:18: "), 0u) << said;
        EXPECT_NE(said.find("insecure: yes"), std::string::npos) << said;
        EXPECT_NE(said.find("ipc:///path"), std::string::npos) << said;
      }
    }
  }
}

TEST(ZmqEndpoints, OtherTransportsAreRefused) {
  for (const char* wrong : {"inproc://x", "epgm://eth0;239.192.1.1:5555", "5556", ""}) {
    EXPECT_THROW(create_zmq_exporter(node(wrong, {{"insecure", "yes"}}), {.topics = kTopics}), SettingError) << wrong;
  }
}

TEST(ZmqEndpoints, AnIpcSocketIsForItsOwnerAndGroupWhateverTheUmask) {
  const std::string folder = "/tmp/lapwing-test-ipc-" + std::to_string(getpid());
  const mode_t before = umask(0);
  auto exporter = create_zmq_exporter(node("ipc://" + folder + "/records"), {.topics = kTopics});
  umask(before);
  struct stat info {};
  ASSERT_EQ(stat((folder + "/records").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0660u);
  exporter.reset();
  std::filesystem::remove_all(folder);
}

TEST(ZmqEndpoints, WhatWasLostAroundAReconnectionIsAGapOrToldAsUnknown) {
  const std::string where = endpoint("reconnect");
  auto first = create_zmq_exporter(node(where), {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = true});
  Subscriber subscriber({.endpoints = {where}});
  Reader reader;
  auto batch = flows(0, 1, true);
  std::thread sensor([&] { first->write({&batch, 1}); });
  ASSERT_TRUE(reader.receive(subscriber, 5000));
  sensor.join();
  EXPECT_EQ(subscriber.unheard(), 0u);
  first.reset();
  // The same sensor, as far as its reader can tell: three records went by meanwhile.
  auto again = create_zmq_exporter(node(where), {.topics = kTopics, .sensor = "s", .epoch = 1, .lossless = false});
  const auto missed = flows(1, 3, true);
  again->write({&missed, 1});
  for (int i = 0; i < 300 && subscriber.reconnections() == 0; ++i) reader.receive(subscriber, 20);
  EXPECT_EQ(subscriber.reconnections(), 1u);
  EXPECT_EQ(subscriber.unheard(), 1u);
  const auto last = flows(4, 1, true);
  for (int i = 0; i < 100 && reader.gaps.empty(); ++i) {
    again->write({&last, 1});
    reader.receive(subscriber, 50);
  }
  ASSERT_EQ(reader.gaps.size(), 1u);
  EXPECT_GE(reader.gaps[0].missing(), 2u);
  EXPECT_EQ(subscriber.unheard(), 0u);
}

}  // namespace
}  // namespace lapwing
