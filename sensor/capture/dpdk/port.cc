#include "sensor/capture/dpdk/port.h"

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>

#include <algorithm>
#include <bit>

#include "sensor/base/log.h"
#include "sensor/capture/dpdk/eal.h"
#include "sensor/capture/dpdk/sockets.h"

namespace lapwing::capture::dpdk {
namespace {

constexpr uint64_t kDescriptors = 2048;
constexpr uint64_t kCache = 256;
constexpr uint32_t kLinkHeader = 14 + 2 * 4 + 4;  // Ethernet with two tags and its check sequence
constexpr uint32_t kSegment = 2048;               // bytes of a packet buffer, unless the MTU asks for more
constexpr uint32_t kMaxSegment = 65535 - RTE_PKTMBUF_HEADROOM;

/// Deals both directions of a flow to one queue: with a key that repeats every 16 bits, Toeplitz' hash does not change
/// when addresses and ports trade places.
std::vector<uint8_t> symmetric_key(const rte_eth_dev_info& info) {
  std::vector<uint8_t> out(info.hash_key_size ? info.hash_key_size : 40);
  for (size_t i = 0; i < out.size(); ++i) out[i] = i % 2 ? 0x5a : 0x6d;
  return out;
}

/// Drivers whose count of missed frames stays 0, whatever they miss.
constexpr std::string_view kSilentDrivers[] = {"net_af_packet", "net_af_xdp", "net_pcap",       "net_ring",
                                               "net_tap",       "net_null",   "net_virtio_user"};

}  // namespace

void Port::refuse(const std::string& what, int error) {
  const std::string detail = Eal::take_complaints();
  std::string text = config_.interface + ": " + what;
  if (error) text += std::string(": ") + rte_strerror(std::abs(error));
  if (!detail.empty()) text += " (" + detail + ")";
  throw SettingError(config_.mark, text);
}

Port::Port(std::shared_ptr<Eal> eal, PortConfig config, size_t index)
    : eal_(std::move(eal)),
      config_(std::move(config)),
      index_(index),
      silence_(config_.interface, config_.silence_after) {
  try {
    const PacketSockets before;
    find();
    rte_eth_dev_info info{};
    if (int error = rte_eth_dev_info_get(id_, &info)) refuse("cannot be asked what it can", error);
    driver_ = info.driver_name;
    choose_workers(info);
    configure(info);
    set_up_queues(info);
    start();
    if (std::ranges::find(kSilentDrivers, driver_) != std::end(kSilentDrivers)) drops_ = Drops::unknown;
    if (driver_ == "net_af_packet") sockets_ = before.opened_since();
    if (sockets_.size() == config_.workers) drops_ = Drops::of_sockets;
  } catch (...) {
    if (configured_) rte_eth_dev_close(id_);
    for (rte_mempool* pool : pools_) rte_mempool_free(pool);
    throw;
  }
  seen_ = std::make_unique<Seen[]>(config_.workers);
}

Port::~Port() {
  rte_eth_dev_stop(id_);
  rte_eth_dev_close(id_);
  for (rte_mempool* pool : pools_) rte_mempool_free(pool);
}

void Port::find() {
  const std::string& name = config_.interface;
  if (!config_.arguments.empty()) {
    if (int error = rte_eal_hotplug_add("vdev", name.c_str(), config_.arguments.c_str())) {
      refuse("the virtual device '" + config_.definition + "' cannot be made", error);
    }
    made_ = true;
  }
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id_) == 0) return;
  // A virtual device without arguments is a name alone.
  if (name.starts_with("net_") && rte_eal_hotplug_add("vdev", name.c_str(), "") == 0 &&
      rte_eth_dev_get_port_by_name(name.c_str(), &id_) == 0) {
    made_ = true;
    return;
  }
  std::string ports;
  for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; ++id) {
    char other[RTE_ETH_NAME_MAX_LEN] = {};
    if (!rte_eth_dev_is_valid_port(id) || rte_eth_dev_get_name_by_port(id, other) != 0) continue;
    ports += (ports.empty() ? "" : ", ") + std::string(other);
  }
  refuse("DPDK has no such port; it has " + (ports.empty() ? "none: is the device bound to vfio-pci?" : ports));
}

void Port::choose_workers(const rte_eth_dev_info& info) {
  const uint64_t fields = info.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
  const uint64_t most = fields ? info.max_rx_queues : 1;
  if (config_.workers == 0) {
    config_.workers = std::min<uint64_t>(usable_cores(), most);
    if (!fields) spdlog::info("{}: {} does not deal flows to queues: one worker", config_.interface, driver_);
  }
  if (config_.workers > 1 && !fields) {
    refuse(driver_ + " does not deal flows to queues (no RSS), so that flows would be split; threads: 1");
  }
  if (config_.workers > info.max_rx_queues) {
    refuse("it has " + std::to_string(info.max_rx_queues) + " receive queues, one for each of threads: at most that");
  }
}

void Port::configure(const rte_eth_dev_info& info) {
  rte_eth_conf conf{};
  if (config_.mtu) {
    if (config_.mtu < info.min_mtu || config_.mtu > info.max_mtu) {
      refuse("mtu: " + std::to_string(info.min_mtu) + " to " + std::to_string(info.max_mtu));
    }
    conf.rxmode.mtu = static_cast<uint32_t>(config_.mtu);
  }
  auto key = symmetric_key(info);
  if (config_.workers > 1) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf = dealing(info, key);
    rss_ = config_.deal_by_ports ? "ports" : "addresses";
  }
  if (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER) conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_SCATTER;
  if (rte_mbuf_dyn_rx_timestamp_register(&time_offset_, &time_flag_) != 0) refuse("time stamps", rte_errno);
  if (driver_ == "net_pcap") {
    time_source_ = TimeSource::capture;
  } else if (info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_TIMESTAMP) {
    conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_TIMESTAMP;
    time_source_ = TimeSource::hardware;
  }
  // Nothing is sent, but some drivers want as many queues for it.
  const auto queues = static_cast<uint16_t>(config_.workers);
  if (int error = rte_eth_dev_configure(id_, queues, std::min(queues, info.max_tx_queues), &conf)) {
    refuse("cannot be configured", error);
  }
  configured_ = true;
  uint16_t mtu = 0;
  longest_ = rte_eth_dev_get_mtu(id_, &mtu) == 0 ? mtu + kLinkHeader : UINT32_MAX;
  make_pools(conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER);
}

/// A queue's buffers are in its descriptors, in the burst at work, in the burst being taken and in the cache, which
/// holds up to half more than its size.
void Port::make_pools(bool scattered) {
  uint16_t rx = static_cast<uint16_t>(config_.rx_descriptors ? config_.rx_descriptors : kDescriptors), tx = 0;
  const uint16_t asked = rx;
  if (int error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx)) refuse("rx-descriptors", error);
  if (config_.rx_descriptors && rx != asked) {
    refuse("rx-descriptors: the device takes no " + std::to_string(asked) + ", but " + std::to_string(rx));
  }
  config_.rx_descriptors = rx;
  const bool cache_auto = config_.mempool_cache_size == 0;
  if (cache_auto) config_.mempool_cache_size = kCache;
  const uint64_t needed = rx + 2 * kBurst + config_.mempool_cache_size * 3 / 2;
  if (config_.mempool_size == 0) {
    config_.mempool_size = std::bit_ceil(needed + 1) - 1;
  } else if (config_.mempool_size < rx + 2 * kBurst) {
    refuse("mempool-size: at least " + std::to_string(rx + 2 * kBurst) + ", for " + std::to_string(rx) +
           " descriptors and the packets at work");
  }
  if (cache_auto) config_.mempool_cache_size = std::min(kCache, config_.mempool_size * 2 / 3);
  const uint32_t room =
      RTE_PKTMBUF_HEADROOM +
      (scattered || longest_ <= kSegment || longest_ == UINT32_MAX ? kSegment : std::min(longest_, kMaxSegment));
  for (uint64_t i = 0; i < config_.workers; ++i) {
    const std::string name = "lapwing" + std::to_string(id_) + "." + std::to_string(i);
    rte_mempool* pool = rte_pktmbuf_pool_create(name.c_str(), static_cast<unsigned>(config_.mempool_size),
                                                static_cast<unsigned>(config_.mempool_cache_size), 0,
                                                static_cast<uint16_t>(room), rte_eth_dev_socket_id(id_));
    if (!pool) {
      refuse("no memory for " + std::to_string(config_.mempool_size) + " packet buffers of " + std::to_string(room) +
                 " bytes for each of " + std::to_string(config_.workers) +
                 " queues; more hugepages (or -m), or a smaller mempool-size",
             rte_errno);
    }
    pools_.push_back(pool);
  }
}

void Port::set_up_queues(const rte_eth_dev_info& info) {
  uint16_t rx = static_cast<uint16_t>(config_.rx_descriptors), tx = 512;
  rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx, &tx);
  const int node = rte_eth_dev_socket_id(id_);
  const auto queues = static_cast<uint16_t>(config_.workers);
  for (uint16_t i = 0; i < queues; ++i) {
    if (int error = rte_eth_rx_queue_setup(id_, i, rx, static_cast<unsigned>(node), nullptr, pools_[i])) {
      refuse("receive queue " + std::to_string(i), error);
    }
  }
  for (uint16_t i = 0; i < std::min(queues, info.max_tx_queues); ++i) {
    if (int error = rte_eth_tx_queue_setup(id_, i, tx, static_cast<unsigned>(node), nullptr)) {
      refuse("send queue " + std::to_string(i), error);
    }
  }
}

rte_eth_rss_conf Port::dealing(const rte_eth_dev_info& info, std::vector<uint8_t>& key) const {
  uint64_t fields = RTE_ETH_RSS_IP;
  if (config_.deal_by_ports) fields |= RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_SCTP;
  rte_eth_rss_conf out{};
  out.rss_key = key.data();
  out.rss_key_len = static_cast<uint8_t>(key.size());
  out.rss_hf = fields & info.flow_type_rss_offloads;
  return out;
}

/// Some drivers take the key only now. Every queue gets its share of the table that hashes are looked up in; most
/// devices have it so after their start.
void Port::deal(const rte_eth_dev_info& info) {
  if (config_.workers < 2) return;
  auto key = symmetric_key(info);
  rte_eth_rss_conf conf = dealing(info, key);
  if (int error = rte_eth_dev_rss_hash_update(id_, &conf); error && error != -ENOTSUP) refuse("its RSS key", error);
  std::vector<uint8_t> has(UINT8_MAX);
  conf.rss_key = has.data();
  conf.rss_key_len = static_cast<uint8_t>(key.size());
  if (rte_eth_dev_rss_hash_conf_get(id_, &conf) == 0 && !std::equal(key.begin(), key.end(), has.begin())) {
    refuse(driver_ + " keeps an RSS key of its own, so that the directions of a flow would be split; threads: 1");
  }
  if (info.reta_size == 0) return;
  std::vector<rte_eth_rss_reta_entry64> table((info.reta_size + RTE_ETH_RETA_GROUP_SIZE - 1) / RTE_ETH_RETA_GROUP_SIZE);
  for (size_t i = 0; i < info.reta_size; ++i) {
    auto& group = table[i / RTE_ETH_RETA_GROUP_SIZE];
    group.mask |= uint64_t{1} << i % RTE_ETH_RETA_GROUP_SIZE;
    group.reta[i % RTE_ETH_RETA_GROUP_SIZE] = static_cast<uint16_t>(i % config_.workers);
  }
  const int error = rte_eth_dev_rss_reta_update(id_, table.data(), info.reta_size);
  if (error && error != -ENOTSUP) refuse("its table of queues cannot be written", error);
}

void Port::start() {
  if (int error = rte_eth_dev_start(id_)) refuse("cannot be started", error);
  rte_eth_dev_info info{};
  rte_eth_dev_info_get(id_, &info);
  deal(info);
  auto check = [&](const char* what, int error) {
    if (error && error != -ENOTSUP) spdlog::warn("{}: {}: {}", config_.interface, what, rte_strerror(-error));
  };
  if (config_.promiscuous) check("promiscuous mode", rte_eth_promiscuous_enable(id_));
  if (config_.multicast) check("all multicast frames", rte_eth_allmulticast_enable(id_));
  uint64_t ticks = 0;
  if (time_source_ == TimeSource::hardware && rte_eth_read_clock(id_, &ticks) != 0) {
    spdlog::warn("{}: the clock of its time stamps cannot be read: software time stamps", config_.interface);
    time_source_ = TimeSource::software;
  }
  Eal::take_complaints();
}

}  // namespace lapwing::capture::dpdk
