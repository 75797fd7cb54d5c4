// A live interface through libpcap and TPACKET_V3.
#include <pcap/pcap.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "sensor/capture/packet_source.h"

namespace lapwing {
namespace {

constexpr int kWaitMs = 100;         // receive() gives the worker a turn at least this often
constexpr int kBlockTimeoutMs = 10;  // the kernel hands over a ring block that is not full after this time
constexpr uint64_t kDefaultRing = 64 << 20, kMaxRing = 2047u << 20;
constexpr uint64_t kMaxSnaplen = 256 << 10;

/// Adds to a 64-bit count what a 32-bit counter of the kernel has gained.
struct KernelCount {
  uint32_t last = 0;
  void add(uint32_t now, uint64_t& total) {
    total += static_cast<uint32_t>(now - last);
    last = now;
  }
};

class LiveSource final : public PacketSource {
 public:
  LiveSource(const std::string& interface, const LiveConfig& config);
  ~LiveSource() override;

  Result receive(Burst& burst) override;
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override;
  std::string_view interface_name(uint16_t) const override { return interface_; }
  std::span<const CaptureError> errors() const override { return errors_; }
  void stop() override {
    stopped_.store(true, std::memory_order_relaxed);
    uint64_t one = 1;
    [[maybe_unused]] ssize_t written = write(stop_fd_, &one, sizeof one);
  }

 private:
  [[noreturn]] void refuse(const std::string& what);
  void set(int result, const char* what);
  static void take(uint8_t* self, const pcap_pkthdr* header, const uint8_t* data);

  std::string interface_;
  pcap_t* pcap_ = nullptr;
  int stop_fd_ = -1;
  uint16_t link_type_ = 1;
  size_t snaplen_ = 0;
  // libpcap may give a ring block back as soon as its last frame was dispatched, so a burst is copied out of it.
  // Address space for the worst burst; only pages that frames touch are ever backed.
  std::unique_ptr<uint8_t[]> copies_;
  size_t copied_ = 0;
  Burst* burst_ = nullptr;
  uint64_t number_ = 0;
  CaptureCounters counters_;
  KernelCount received_, dropped_, interface_dropped_;
  std::vector<CaptureError> errors_;
  std::atomic<bool> stopped_{false};
};

void LiveSource::refuse(const std::string& what) {
  std::string message = interface_ + ": " + what;
  if (pcap_) pcap_close(pcap_);
  if (stop_fd_ >= 0) close(stop_fd_);
  throw std::runtime_error(message);
}

void LiveSource::set(int result, const char* what) {
  if (result < 0) refuse(std::string(what) + ": " + pcap_statustostr(result) + " " + pcap_geterr(pcap_));
}

LiveSource::LiveSource(const std::string& interface, const LiveConfig& config) : interface_(interface) {
  char error[PCAP_ERRBUF_SIZE] = {};
  stop_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (stop_fd_ < 0) refuse(std::strerror(errno));
  pcap_ = pcap_create(interface.c_str(), error);
  if (!pcap_) refuse(error);
  snaplen_ = config.snaplen == 0 ? kMaxSnaplen : std::min(config.snaplen, kMaxSnaplen);
  uint64_t ring = config.ring_bytes == 0 ? kDefaultRing : std::min(config.ring_bytes, kMaxRing);
  set(pcap_set_snaplen(pcap_, static_cast<int>(snaplen_)), "snaplen");
  set(pcap_set_promisc(pcap_, config.promiscuous), "promiscuous mode");
  set(pcap_set_buffer_size(pcap_, static_cast<int>(ring)), "ring");
  set(pcap_set_timeout(pcap_, kBlockTimeoutMs), "timeout");
  bool nanoseconds = pcap_set_tstamp_precision(pcap_, PCAP_TSTAMP_PRECISION_NANO) == 0;
  set(pcap_activate(pcap_), "cannot be opened");
  if (!nanoseconds) refuse("this libpcap has no nanosecond time stamps");
  if (pcap_setnonblock(pcap_, 1, error) != 0) refuse(error);
  if (!config.filter.empty()) {
    bpf_program program;
    if (pcap_compile(pcap_, &program, config.filter.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
      refuse("filter '" + config.filter + "': " + pcap_geterr(pcap_));
    }
    int result = pcap_setfilter(pcap_, &program);
    pcap_freecode(&program);
    set(result, "filter");
  }
  int dlt = pcap_datalink(pcap_);
  link_type_ = static_cast<uint16_t>(dlt == DLT_RAW ? 101 : dlt == DLT_LOOP ? 108 : dlt);
  copies_ = std::make_unique_for_overwrite<uint8_t[]>(kBurst * snaplen_);
}

LiveSource::~LiveSource() {
  pcap_close(pcap_);
  close(stop_fd_);
}

void LiveSource::take(uint8_t* self, const pcap_pkthdr* header, const uint8_t* data) {
  auto& s = *reinterpret_cast<LiveSource*>(self);
  size_t size = std::min<size_t>(header->caplen, s.snaplen_);
  uint8_t* copy = s.copies_.get() + s.copied_;
  std::memcpy(copy, data, size);
  s.copied_ += size;
  Frame& frame = s.burst_->frames[s.burst_->count++];
  frame.data = {copy, size};
  frame.time = Timestamp::from_seconds(header->ts.tv_sec, header->ts.tv_usec);  // nanoseconds, as asked for
  frame.number = ++s.number_;
  frame.wire_length = std::max(header->len, static_cast<uint32_t>(size));
  frame.link_type = s.link_type_;
  frame.interface = 0;
  s.counters_.bytes += size;
}

PacketSource::Result LiveSource::receive(Burst& burst) {
  burst.count = 0;
  burst_ = &burst;
  copied_ = 0;
  bool waited = false;
  for (;;) {
    if (stopped_.load(std::memory_order_relaxed)) return Result::end;
    int got = pcap_dispatch(pcap_, static_cast<int>(kBurst), take, reinterpret_cast<uint8_t*>(this));
    if (burst.count > 0) {
      counters_.packets += burst.count;
      return Result::frames;
    }
    if (got < 0) {
      errors_.push_back({interface_, 0, pcap_geterr(pcap_)});
      ++counters_.errors;
      return Result::end;
    }
    if (waited) return Result::idle;
    pollfd fds[] = {{pcap_get_selectable_fd(pcap_), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    poll(fds, 2, kWaitMs);
    waited = true;
  }
}

CaptureCounters LiveSource::counters() {
  pcap_stat stats;
  if (pcap_stats(pcap_, &stats) == 0) {
    received_.add(stats.ps_recv, counters_.kernel_packets);  // ps_recv has those of ps_drop in it
    dropped_.add(stats.ps_drop, counters_.kernel_drops);
    interface_dropped_.add(stats.ps_ifdrop, counters_.interface_drops);
  }
  return counters_;
}

}  // namespace

std::unique_ptr<PacketSource> open_live(const std::string& interface, const LiveConfig& config) {
  return std::make_unique<LiveSource>(interface, config);
}

}  // namespace lapwing
