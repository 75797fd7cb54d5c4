// A veth pair in a network namespace of the test's own; needs root.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "sensor/capture/live.h"
#include "tests/capture/replay.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

using test::PacketBuilder;

/// Runs `body` on a thread in a fresh network namespace with v0 and v1 joined and up; false when that is not allowed.
bool in_namespace(auto&& body) {
  bool ready = false;
  std::thread thread([&] {
    if (unshare(CLONE_NEWNET) != 0) return;
    if (std::system("ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up") != 0) return;
    ready = true;
    body();
  });
  thread.join();
  return ready;
}

std::unique_ptr<PacketSource> open_live(const std::string& interface, LiveConfig config) {
  config.interface = interface;
  auto sources = LiveCapture({config}).take_sources();
  EXPECT_EQ(sources.size(), 1u);
  return std::move(sources[0]);
}

class Sender {
 public:
  Sender() : fd_(socket(AF_PACKET, SOCK_RAW, 0)) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(if_nametoindex("v0"));
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ADD_FAILURE() << "bind";
  }
  ~Sender() { close(fd_); }
  void send(const test::BuiltFrame& frame) {
    ASSERT_EQ(::send(fd_, frame.bytes.data(), frame.bytes.size(), 0), static_cast<ssize_t>(frame.bytes.size()));
  }

 private:
  int fd_;
};

/// Receives until `count` frames came, or nothing for two seconds.
std::vector<test::Read> receive(PacketSource& source, size_t count) {
  std::vector<test::Read> out;
  Burst burst;
  for (int idle = 0; out.size() < count && idle < 20;) {
    auto result = source.receive(burst);
    if (result == PacketSource::Result::idle) ++idle;
    for (const Frame& f : burst.view()) {
      out.push_back({{f.data.begin(), f.data.end()}, f.time.ns, f.number, f.wire_length, f.link_type, "", ""});
    }
    source.release(burst);
  }
  return out;
}

TEST(LiveSource, FilteredFramesArriveWholeAndAreCounted) {
  bool ran = in_namespace([] {
    auto source = open_live("v1", {.filter = "udp port 9999", .ring_bytes = 8 << 20});
    Sender sender;
    auto wanted = [](int i) {
      return PacketBuilder().ether().ipv4().udp(1000, 9999).payload(std::string(100 + i, 'x')).build();
    };
    for (int i = 0; i < 500; ++i) {
      sender.send(wanted(i));
      sender.send(PacketBuilder().ether().ipv4().udp(1000, 53).build());
    }
    auto got = receive(*source, 500);
    ASSERT_EQ(got.size(), 500u);
    for (int i = 0; i < 500; ++i) {
      EXPECT_EQ(got[i].bytes, wanted(i).bytes);
      EXPECT_EQ(got[i].number, i + 1u);
    }
    auto now = std::chrono::system_clock::now().time_since_epoch();
    EXPECT_LT(std::abs(got[0].ns / 1'000'000'000 - std::chrono::duration_cast<std::chrono::seconds>(now).count()), 60);
    EXPECT_GE(source->counters().kernel_packets, 500u);
    EXPECT_EQ(source->counters().kernel_drops, 0u);
    EXPECT_EQ(source->counters().packets, 500u);
    EXPECT_EQ(source->interface_name(0), "v1");
  });
  if (!ran) GTEST_SKIP() << "needs root and ip(8)";
}

TEST(LiveSource, ASilentLinkIsIdleAndStopEndsIt) {
  bool ran = in_namespace([] {
    auto source = open_live("v1", {.filter = "udp port 9999"});
    Burst burst;
    EXPECT_EQ(source->receive(burst), PacketSource::Result::idle);
    source->stop();
    EXPECT_EQ(source->receive(burst), PacketSource::Result::end);
    EXPECT_TRUE(source->errors().empty());
  });
  if (!ran) GTEST_SKIP() << "needs root and ip(8)";
}

TEST(LiveSource, DropsOfAFullRingAreCounted) {
  bool ran = in_namespace([] {
    auto source = open_live("v1", {.filter = "udp port 9999", .ring_bytes = 1 << 20});
    Sender sender;
    auto frame = PacketBuilder().ether().ipv4().udp(1000, 9999).payload(std::string(1400, 'x')).build();
    constexpr size_t kSent = 5000;
    for (size_t i = 0; i < kSent; ++i) sender.send(frame);
    auto got = receive(*source, kSent);
    auto counters = source->counters();
    EXPECT_EQ(counters.kernel_packets, kSent);
    EXPECT_GT(counters.kernel_drops, 0u);
    EXPECT_EQ(got.size() + counters.kernel_drops, kSent);
  });
  if (!ran) GTEST_SKIP() << "needs root and ip(8)";
}

TEST(LiveSource, WhatCannotBeOpenedSaysWhy) {
  bool ran = in_namespace([] {
    EXPECT_THROW(open_live("nosuch0", {}), std::runtime_error);
    try {
      open_live("v1", {.filter = "udp prot 1"});
      ADD_FAILURE();
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("v1: filter 'udp prot 1'"), std::string::npos) << error.what();
    }
  });
  if (!ran) GTEST_SKIP() << "needs root and ip(8)";
}

}  // namespace
}  // namespace lapwing
