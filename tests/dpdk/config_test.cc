// What needs no port: the clock of a device, the section "dpdk", and that docs/dpdk.md lists its options.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sensor/capture/dpdk/clock.h"
#include "sensor/capture/dpdk/config.h"
#include "sensor/config/config.h"

namespace lapwing::capture::dpdk {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(DeviceClock, TellsTheTimeOfTicks) {
  DeviceClock clock;
  clock.observe(5000, 100 * kSecond, 1'700'000'000 * kSecond);
  EXPECT_FALSE(clock.known());
  clock.observe(5000 + 25'000'000, 101 * kSecond, 1'700'000'001 * kSecond);  // 25 MHz
  ASSERT_TRUE(clock.known());
  EXPECT_EQ(clock.at(5000 + 25'000'000).ns, 1'700'000'001 * kSecond);
  EXPECT_EQ(clock.at(5000 + 50'000'000).ns, 1'700'000'002 * kSecond);
  EXPECT_EQ(clock.at(5000).ns, 1'700'000'000 * kSecond);
}

TEST(DeviceClock, AStepOfTheTimeOfDayBendsNoRate) {
  DeviceClock clock;
  clock.observe(0, 0, 0);
  clock.observe(1'000'000, kSecond, kSecond);
  clock.observe(2'000'000, 2 * kSecond, 3600 * kSecond);
  EXPECT_EQ(clock.at(3'000'000).ns, 3601 * kSecond);
}

TEST(DeviceClock, ACounterThatWasResetBeginsAnew) {
  DeviceClock clock;
  clock.observe(1'000'000, 0, 0);
  clock.observe(2'000'000, kSecond, kSecond);
  clock.observe(10, 2 * kSecond, 2 * kSecond);
  clock.observe(1'000'010, 3 * kSecond, 3 * kSecond);
  EXPECT_EQ(clock.at(2'000'010).ns, 4 * kSecond);
}

Config read(const std::string& text, std::vector<std::string> named = {}) {
  return read_config(*parse_yaml(text, "test.yaml"), named);
}

std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const SettingError& error) {
    return error.what();
  }
  return "none";
}

TEST(DpdkConfig, ReadsAMapOrAListOfEalArguments) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(read("dpdk: {eal-params: {no-huge: yes, m: 512, no-pci: , allow: [a, b], legacy-mem: no}}").eal,
            (Texts{"--no-huge", "-m", "512", "--no-pci", "--allow=a", "--allow=b"}));
  EXPECT_EQ(read("dpdk: {eal-params: [--no-huge, -m, 512]}").eal, (Texts{"--no-huge", "-m", "512"}));
}

TEST(DpdkConfig, LaysAPortOverTheDefaultAndSplitsADefinition) {
  const Config config = read(R"(
dpdk:
  interfaces:
    - {interface: "net_pcap0,rx_pcap=a,b.pcap", threads: 1}
    - {interface: default, threads: 3, mtu: 9000, rx-descriptors: 512}
    - {interface: "0000:3b:00.0", mtu: auto, threads: auto}
)");
  ASSERT_EQ(config.ports.size(), 2u);
  EXPECT_EQ(config.ports[0].interface, "net_pcap0");
  EXPECT_EQ(config.ports[0].arguments, "rx_pcap=a,b.pcap");
  EXPECT_EQ(config.ports[0].workers, 1u);
  EXPECT_EQ(config.ports[0].mtu, 9000u);
  EXPECT_EQ(config.ports[1].interface, "0000:3b:00.0");
  EXPECT_EQ(config.ports[1].mtu, 0u);
  EXPECT_EQ(config.ports[1].workers, 0u);
  EXPECT_EQ(config.ports[1].rx_descriptors, 512u);
}

TEST(DpdkConfig, TakesTheWordsOfSuricatasFile) {
  const Config config = read(R"(
dpdk:
  eal-params: {proc-type: primary}
  interfaces:
    - interface: 0000:3b:00.0
      threads: auto
      promisc: true
      multicast: true
      checksum-checks: true
      mtu: 1500
      mempool-size: 65535
      mempool-cache-size: 257
      rx-descriptors: 1024
)");
  ASSERT_EQ(config.ports.size(), 1u);
  EXPECT_EQ(config.eal, std::vector<std::string>{"--proc-type=primary"});
  EXPECT_EQ(config.ports[0].checksums, "yes");
  EXPECT_EQ(config.ports[0].mempool_size, 65535u);
  EXPECT_EQ(config.ports[0].mempool_cache_size, 257u);
}

TEST(DpdkConfig, TakesThePortsThatAreNamed) {
  std::vector<std::string> named{"eth0", "net_b"};
  const auto root = parse_yaml("dpdk: {interfaces: [{interface: net_a}, {interface: net_b}]}", "test.yaml");
  const Config config = read_config(*root, named);
  ASSERT_EQ(config.ports.size(), 1u);
  EXPECT_EQ(config.ports[0].interface, "net_b");
  EXPECT_EQ(named, std::vector<std::string>{"eth0"});
  EXPECT_TRUE(root->unused().empty());
}

TEST(DpdkConfig, RefusesWithThePlace) {
  EXPECT_EQ(refusal("dpdk:\n  interfaces:\n    - {threads: 2}"),
            "test.yaml:3:7: a member of dpdk.interfaces names a port: '- interface: 0000:3b:00.0'");
  EXPECT_EQ(refusal("dpdk:\n  interfaces:\n    - {interface: a, threads: 257}"),
            "test.yaml:3:31: threads: 1 to 256, or auto");
  EXPECT_EQ(refusal("dpdk: {interfaces: [{interface: a}, {interface: a}]}"), "test.yaml:1:37: port 'a' is there twice");
  EXPECT_EQ(refusal("dpdk: {interfaces: [{interface: a, mempool-size: 100, mempool-cache-size: 90}]}"),
            "test.yaml:1:21: mempool-cache-size is more than two thirds of mempool-size");
  EXPECT_NE(refusal("dpdk: {interfaces: [{interface: a, rss-hash: magic}]}").find("ports"), std::string::npos);
  EXPECT_NE(refusal("dpdk: {eal-params: --no-huge}").find("a list as [--no-huge, -m, 512]"), std::string::npos);
  EXPECT_NE(refusal("dpdk: {interfaces: net_null0}").find("a list"), std::string::npos);
}

TEST(DpdkOptions, AreAllInTheManual) {
  std::ifstream file("docs/dpdk.md");
  std::stringstream text;
  text << file.rdbuf();
  size_t rows = 0;
  for (std::string line; std::getline(text, line);) rows += line.starts_with("| `dpdk.");
  EXPECT_EQ(rows, options().size());
  for (const OptionInfo& option : options()) {
    const std::string row = "| `" + option.key + "` | `" + option.type + "` | " +
                            (option.fallback.empty() ? "" : "`" + option.fallback + "`") + " | " + option.help + " |";
    EXPECT_NE(text.str().find(row + "\n"), std::string::npos) << row;
  }
}

}  // namespace
}  // namespace lapwing::capture::dpdk
