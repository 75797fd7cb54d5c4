#include "sensor/capture/live_handle.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "sensor/capture/fanout.h"

namespace lapwing::capture {
namespace {

constexpr uint64_t kDefaultRing = 64 << 20, kMaxRing = 2047u << 20;
constexpr uint64_t kMaxSnaplen = 256 << 10;
constexpr uint32_t kLinkHeader = 14 + 2 * 4;  // Ethernet with two tags

ifreq request(const std::string& interface) {
  ifreq out{};
  interface.copy(out.ifr_name, IFNAMSIZ - 1);
  return out;
}

}  // namespace

void LiveHandle::refuse(const std::string& what, bool down) {
  pcap_freecode(&program_);
  if (pcap_) pcap_close(pcap_);
  pcap_ = nullptr;
  throw LiveFault(what, down);
}

void LiveHandle::set(int result, const char* what) {
  if (result >= 0) return;
  std::string detail = pcap_geterr(pcap_);
  const std::string status = pcap_statustostr(result);
  detail = result == PCAP_ERROR || detail.starts_with(status) ? detail
           : detail.empty()                                   ? status
                                                              : status + ", " + detail;
  refuse(std::string(what) + ": " + detail, result == PCAP_ERROR_IFACE_NOT_UP);
}

LiveHandle::LiveHandle(const LiveConfig& config) : config_(config) {
  char error[PCAP_ERRBUF_SIZE] = {};
  if (config.interface.size() >= IFNAMSIZ) refuse("cannot be opened: the name is too long");
  pcap_ = pcap_create(config.interface.c_str(), error);
  if (!pcap_) refuse(error);
  open();
  try {
    refuse_all(fd_);
  } catch (const std::runtime_error& fault) {
    refuse(fault.what());
  }
  ifreq named = request(config.interface);
  // "any" is no interface that could go.
  if (ioctl(fd_, SIOCGIFINDEX, &named) == 0) index_ = named.ifr_ifindex;
  longest_ = UINT32_MAX;
  if (index_ && ioctl(fd_, SIOCGIFMTU, &named) == 0) longest_ = static_cast<uint32_t>(named.ifr_mtu) + kLinkHeader;
  take_loopback_once();
  const int dlt = pcap_datalink(pcap_);
  link_type_ = static_cast<uint16_t>(dlt == DLT_RAW ? 101 : dlt == DLT_LOOP ? 108 : dlt);
  prepare_filter();
}

void LiveHandle::open() {
  char error[PCAP_ERRBUF_SIZE] = {};
  snaplen_ = config_.snaplen == 0 ? kMaxSnaplen : std::min(config_.snaplen, kMaxSnaplen);
  ring_bytes_ = config_.ring_bytes == 0 ? kDefaultRing : std::min(config_.ring_bytes, kMaxRing);
  set(pcap_set_snaplen(pcap_, static_cast<int>(snaplen_)), "snaplen");
  set(pcap_set_promisc(pcap_, config_.promiscuous), "promiscuous mode");
  set(pcap_set_buffer_size(pcap_, static_cast<int>(ring_bytes_)), "ring");
  set(pcap_set_timeout(pcap_, kBlockTimeoutMs), "timeout");
  if (pcap_set_tstamp_precision(pcap_, PCAP_TSTAMP_PRECISION_NANO) != 0)
    refuse("this libpcap has no nanosecond time stamps");
  set(pcap_activate(pcap_), "cannot be opened");
  if (pcap_setnonblock(pcap_, 1, error) != 0) refuse(error);
  fd_ = pcap_fileno(pcap_);
  poll_fd_ = pcap_get_selectable_fd(pcap_);
}

/// Compiled at once, so that a mistake is told before anything runs; without an expression it takes everything.
void LiveHandle::prepare_filter() {
  if (pcap_compile(pcap_, &program_, config_.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) == 0) return;
  refuse("filter '" + config_.filter + "': " + pcap_geterr(pcap_));
}

/// What is sent on loopback is received there too, and libpcap forgets the one that is sent: the kernel need not hand
/// it over, which would fill the ring and be counted as waiting.
void LiveHandle::take_loopback_once() {
  ifreq named = request(config_.interface);
  // "any" has loopback among others, of which what is sent is wanted.
  shown_once_ = index_ != 0;
  if (index_ == 0 || ioctl(fd_, SIOCGIFFLAGS, &named) != 0 || !(named.ifr_flags & IFF_LOOPBACK)) return;
  const int on = 1;
  shown_once_ = setsockopt(fd_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) == 0;  // Linux 4.20
}

LiveHandle::~LiveHandle() {
  pcap_freecode(&program_);
  if (pcap_) pcap_close(pcap_);
}

void LiveHandle::drain() {
  auto forget = [](uint8_t*, const pcap_pkthdr*, const uint8_t*) {};
  while (dispatch(0, forget, nullptr) > 0) continue;
  take_counts();
}

void LiveHandle::start() {
  if (pcap_setfilter(pcap_, &program_) != 0) throw LiveFault(std::string("filter: ") + pcap_geterr(pcap_), false);
  // Without a filter at the socket libpcap runs it on what the kernel has counted.
  socklen_t instructions = 0;
  const bool in_kernel = getsockopt(fd_, SOL_SOCKET, SO_GET_FILTER, nullptr, &instructions) == 0 && instructions > 0;
  counts_what_comes_ = shown_once_ && in_kernel;
}

void LiveHandle::hush() noexcept {
  try {
    refuse_all(fd_);
  } catch (const std::runtime_error&) {
    // Then the ring fills, which is counted too.
  }
}

int LiveHandle::dispatch(size_t most, pcap_handler take, void* self) {
  const int got = pcap_dispatch(pcap_, most ? static_cast<int>(most) : -1, take, static_cast<uint8_t*>(self));
  if (got < 0) throw LiveFault(pcap_geterr(pcap_), false);
  return got;
}

std::string LiveHandle::fault() const {
  if (index_ == 0) return {};
  ifreq named = request(config_.interface);
  if (ioctl(fd_, SIOCGIFINDEX, &named) != 0) return "the interface is gone";
  if (named.ifr_ifindex != index_) return "another interface has its name";
  if (ioctl(fd_, SIOCGIFFLAGS, &named) != 0) return "the interface is gone";
  return named.ifr_flags & IFF_UP ? "" : "the interface is down";
}

KernelCounts LiveHandle::take_counts() {
  tpacket_stats_v3 stats{};
  socklen_t size = sizeof stats;
  // The kernel's counts begin anew with each reading.
  if (getsockopt(fd_, SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0) return {};
  return {stats.tp_packets, stats.tp_drops};
}

uint64_t interface_drops(const std::string& interface) {
  uint64_t total = 0;
  for (const char* name : {"rx_missed_errors", "rx_fifo_errors"}) {
    std::ifstream file("/sys/class/net/" + interface + "/statistics/" + name);
    uint64_t value = 0;
    if (file >> value) total += value;
  }
  return total;
}

}  // namespace lapwing::capture
