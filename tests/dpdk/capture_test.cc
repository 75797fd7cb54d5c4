// Packet buffers to frames, over a ring that is a port: what is sent on it comes back.
#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <time.h>

#include <cstring>
#include <set>
#include <thread>

#include "sensor/capture/dpdk/dpdk.h"
#include "sensor/config/config.h"

namespace lapwing {
namespace {

constexpr char kConfig[] = R"(
dpdk:
  eal-params: {no-huge: yes, m: 256, no-pci: yes}
  interfaces:
    - {interface: net_ring0, snaplen: 4096}
    - {interface: "net_null0,no-rx=1", threads: 2}
)";

int64_t cpu_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// The EAL starts once in a process, so that all tests share the ports.
class DpdkPorts : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::vector<std::string> named;
    capture_ = new DpdkCapture(*parse_yaml(kConfig, "test.yaml"), named);
    capture_->open(0, "", "", interfaces_, sources_);
    ASSERT_EQ(sources_.size(), 3u);
    ASSERT_EQ(rte_eth_dev_get_port_by_name("net_ring0", &ring_), 0);
    pool_ = rte_pktmbuf_pool_create("test", 1023, 0, 0, 2048 + RTE_PKTMBUF_HEADROOM, SOCKET_ID_ANY);
    ASSERT_NE(pool_, nullptr);
  }
  static void TearDownTestSuite() {
    sources_.clear();
    delete capture_;
  }

  /// A packet with bytes counted up, in buffers of the sizes given.
  static rte_mbuf* packet(std::initializer_list<uint16_t> sizes) {
    rte_mbuf* head = nullptr;
    uint8_t value = 0;
    for (uint16_t size : sizes) {
      rte_mbuf* part = rte_pktmbuf_alloc(pool_);
      auto* bytes = reinterpret_cast<uint8_t*>(rte_pktmbuf_append(part, size));
      for (uint16_t i = 0; i < size; ++i) bytes[i] = value++;
      if (head) {
        rte_pktmbuf_chain(head, part);
      } else {
        head = part;
      }
    }
    return head;
  }
  static void send(std::vector<rte_mbuf*> packets) {
    ASSERT_EQ(rte_eth_tx_burst(ring_, 0, packets.data(), static_cast<uint16_t>(packets.size())), packets.size());
  }
  static bool counted_up(Bytes data) {
    for (size_t i = 0; i < data.size(); ++i) {
      if (data[i] != static_cast<uint8_t>(i)) return false;
    }
    return true;
  }
  static uint64_t counter(size_t source, const std::string& path) {
    CounterSet set;
    sources_[source]->add_counters(set);
    return set.value(path);
  }

  static std::string text(size_t source, const std::string& path) {
    CounterSet set;
    sources_[source]->add_counters(set);
    for (const CounterValue& value : set.values()) {
      if (value.path == path) return value.text;
    }
    return "none";
  }

  static inline DpdkCapture* capture_ = nullptr;
  static inline std::vector<LiveConfig> interfaces_;
  static inline std::vector<std::unique_ptr<PacketSource>> sources_;
  static inline uint16_t ring_ = 0;
  static inline rte_mempool* pool_ = nullptr;
  Burst burst_;
};

TEST_F(DpdkPorts, FramesPointIntoPacketBuffersUntilReleased) {
  rte_mbuf* sent = packet({60});
  const auto* bytes = rte_pktmbuf_mtod(sent, const uint8_t*);
  const unsigned free = rte_mempool_avail_count(pool_);
  send({sent});
  ASSERT_EQ(sources_[0]->receive(burst_), PacketSource::Result::frames);
  ASSERT_EQ(burst_.count, 1u);
  EXPECT_EQ(burst_.frames[0].data.data(), bytes);
  EXPECT_EQ(burst_.frames[0].data.size(), 60u);
  EXPECT_EQ(burst_.frames[0].wire_length, 60u);
  EXPECT_NEAR(static_cast<double>(burst_.frames[0].time.seconds()), static_cast<double>(time(nullptr)), 5);
  EXPECT_EQ(rte_mempool_avail_count(pool_), free);
  sources_[0]->release(burst_);
  EXPECT_EQ(rte_mempool_avail_count(pool_), free + 1);
}

TEST_F(DpdkPorts, ChainedPacketsAreOneFrame) {
  const uint64_t before = counter(0, "capture.interfaces.0.chained");
  send({packet({100, 1, 1200}), packet({70}), packet({64, 64})});
  ASSERT_EQ(sources_[0]->receive(burst_), PacketSource::Result::frames);
  ASSERT_EQ(burst_.count, 3u);
  const size_t sizes[] = {1301, 70, 128};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(burst_.frames[i].data.size(), sizes[i]);
    EXPECT_TRUE(counted_up(burst_.frames[i].data));
  }
  sources_[0]->release(burst_);
  EXPECT_EQ(counter(0, "capture.interfaces.0.chained"), before + 2);
}

TEST_F(DpdkPorts, OversizedFramesAreCutAndCounted) {
  const uint64_t cut = counter(0, "capture.truncated"), above = counter(0, "capture.frames_above_mtu");
  send({packet({2000, 2000, 2000}), packet({1600}), packet({1514})});
  ASSERT_EQ(sources_[0]->receive(burst_), PacketSource::Result::frames);
  ASSERT_EQ(burst_.count, 3u);
  EXPECT_EQ(burst_.frames[0].data.size(), 4096u);
  EXPECT_EQ(burst_.frames[0].wire_length, 6000u);
  EXPECT_TRUE(counted_up(burst_.frames[0].data));
  sources_[0]->release(burst_);
  EXPECT_EQ(counter(0, "capture.truncated"), cut + 1);
  EXPECT_EQ(counter(0, "capture.frames_above_mtu"), above + 2);
}

TEST_F(DpdkPorts, AStrippedTagGoesBack) {
  rte_mbuf* sent = packet({60});
  sent->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
  sent->vlan_tci = 7;
  send({sent});
  ASSERT_EQ(sources_[0]->receive(burst_), PacketSource::Result::frames);
  const Bytes data = burst_.frames[0].data;
  ASSERT_EQ(data.size(), 64u);
  EXPECT_EQ(burst_.frames[0].wire_length, 64u);
  const uint8_t wanted[] = {10, 11, 0x81, 0, 0, 7, 12, 13};
  EXPECT_EQ(std::memcmp(data.data() + 10, wanted, sizeof wanted), 0);
  sources_[0]->release(burst_);
}

TEST_F(DpdkPorts, NothingIsLostInALoop) {
  const uint64_t before = counter(0, "capture.packets");
  constexpr size_t kRounds = 2000, kEach = 48;
  for (size_t round = 0; round < kRounds; ++round) {
    std::vector<rte_mbuf*> packets;
    for (size_t i = 0; i < kEach; ++i) packets.push_back(packet({60}));
    send(packets);
    for (size_t got = 0; got < kEach; got += burst_.count, sources_[0]->release(burst_)) {
      ASSERT_EQ(sources_[0]->receive(burst_), PacketSource::Result::frames);
      if (burst_.count == kEach) {
        sources_[0]->release(burst_);
        break;
      }
    }
  }
  EXPECT_EQ(counter(0, "capture.packets"), before + kRounds * kEach);
  EXPECT_EQ(rte_mempool_in_use_count(pool_), 0u);
}

TEST_F(DpdkPorts, AnIdlePortLeavesTheCore) {
  EXPECT_EQ(sources_[0]->receive(burst_), PacketSource::Result::idle);
  const int64_t cpu = cpu_time();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(sources_[0]->receive(burst_), PacketSource::Result::idle);
  const auto wall = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(wall, std::chrono::milliseconds(250));
  EXPECT_LT(wall, std::chrono::seconds(3));
  EXPECT_LT(cpu_time() - cpu, 60'000'000);
}

TEST_F(DpdkPorts, FlowsAreDealtByASymmetricKey) {
  uint16_t port = 0;
  ASSERT_EQ(rte_eth_dev_get_port_by_name("net_null0", &port), 0);
  uint8_t key[64] = {};
  rte_eth_rss_conf conf{};
  conf.rss_key = key;
  ASSERT_EQ(rte_eth_dev_rss_hash_conf_get(port, &conf), 0);
  EXPECT_TRUE(conf.rss_hf & RTE_ETH_RSS_IPV4);
  EXPECT_TRUE(conf.rss_hf & RTE_ETH_RSS_NONFRAG_IPV4_TCP);
  for (size_t i = 0; i < 40; ++i) ASSERT_EQ(key[i], i % 2 ? 0x5a : 0x6d) << i;
  rte_eth_dev_info info{};
  ASSERT_EQ(rte_eth_dev_info_get(port, &info), 0);
  std::vector<rte_eth_rss_reta_entry64> table(info.reta_size / RTE_ETH_RETA_GROUP_SIZE);
  for (auto& group : table) group.mask = UINT64_MAX;
  ASSERT_EQ(rte_eth_dev_rss_reta_query(port, table.data(), info.reta_size), 0);
  std::set<uint16_t> queues(table[0].reta, table[0].reta + RTE_ETH_RETA_GROUP_SIZE);
  EXPECT_EQ(queues, (std::set<uint16_t>{0, 1}));
}

TEST_F(DpdkPorts, SaysThatItCannotKnowItsDrops) {
  EXPECT_EQ(counter(0, "capture.interfaces.0.drops_unknown"), 1u);
  EXPECT_EQ(text(0, "capture.interfaces.0.clock"), "software");
  EXPECT_EQ(text(0, "capture.interfaces.0.driver"), "net_ring");
}

TEST_F(DpdkPorts, StopEndsAReceiverThatWaits) {
  std::thread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    sources_[1]->stop();
  });
  PacketSource::Result result = PacketSource::Result::idle;
  for (int i = 0; i < 20 && result == PacketSource::Result::idle; ++i) result = sources_[1]->receive(burst_);
  stopper.join();
  EXPECT_EQ(result, PacketSource::Result::end);
}

}  // namespace
}  // namespace lapwing
