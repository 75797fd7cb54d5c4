// The source of one worker of a port: bursts that point into packet buffers.
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_pause.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "sensor/capture/dpdk/clock.h"
#include "sensor/capture/dpdk/port.h"

namespace lapwing::capture::dpdk {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kWait = kSecond / 10;  // receive() gives the worker a turn at least this often
constexpr int64_t kObserve = kSecond;    // how often the device's clock is compared to ours
constexpr int64_t kCalibration = kSecond / 50;
constexpr uint32_t kPauses = 256;                                // polls in vain before the core is left
constexpr int64_t kShortSleep = 20'000, kLongSleep = 1'000'000;  // nanoseconds

int64_t read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

class Source final : public PacketSource {
 public:
  Source(std::shared_ptr<Port> port, size_t member);
  ~Source() override;

  Result receive(Burst& burst) override;
  void release(Burst& burst) override;
  CaptureCounters counters() override;
  void add_counters(CounterSet& set) override;
  std::string_view interface_name(uint16_t) const override { return port_->config().interface; }
  std::optional<Timestamp> now() const override;
  std::span<const CaptureError> errors() const override { return {}; }
  void stop() override { stopped_.store(true, std::memory_order_relaxed); }

 private:
  void join();
  void idle();
  void take(Burst& burst, size_t count);
  Bytes linear(rte_mbuf* packet);
  Timestamp time_of(const rte_mbuf& packet, int64_t now) const;
  void observe();
  void count_unread();

  const std::shared_ptr<Port> port_;
  const size_t member_;
  std::atomic<bool> stopped_{false};
  bool joined_ = false, registered_ = false, unread_counted_ = false;
  uint32_t vain_ = 0;
  int64_t sleep_ = kShortSleep;

  std::array<rte_mbuf*, kBurst> packets_{};
  size_t held_ = 0;
  // Of chained packets. Address space for the worst burst; only pages that frames touch are ever backed.
  std::unique_ptr<uint8_t[]> copies_;
  size_t copied_ = 0;

  DeviceClock clock_;
  int64_t observe_at_ = 0;
  uint64_t number_ = 0, chained_ = 0;
  CaptureCounters counters_;
};

Source::Source(std::shared_ptr<Port> port, size_t member)
    : port_(std::move(port)),
      member_(member),
      copies_(std::make_unique_for_overwrite<uint8_t[]>(kBurst * port_->config().snaplen)) {
  if (port_->time_source() != TimeSource::hardware) return;
  observe();
  while (!clock_.known()) {
    const timespec wait{0, kCalibration};
    nanosleep(&wait, nullptr);
    observe();
  }
}

Source::~Source() {
  rte_pktmbuf_free_bulk(packets_.data(), static_cast<unsigned>(held_));
}

/// On the worker's thread: a thread that DPDK knows has a cache of packet buffers.
void Source::join() {
  joined_ = true;
  registered_ = rte_lcore_id() == LCORE_ID_ANY && rte_thread_register() == 0;
}

void Source::observe() {
  uint64_t ticks = 0;
  if (rte_eth_read_clock(port_->id(), &ticks) != 0) return;
  const int64_t monotonic = read(CLOCK_MONOTONIC);
  clock_.observe(ticks, monotonic, read(CLOCK_REALTIME));
  observe_at_ = monotonic + kObserve;
}

Timestamp Source::time_of(const rte_mbuf& packet, int64_t now) const {
  if (!(packet.ol_flags & port_->time_flag())) return {now};
  const uint64_t stamp = *RTE_MBUF_DYNFIELD(&packet, port_->time_offset(), const rte_mbuf_timestamp_t*);
  switch (port_->time_source()) {
    case TimeSource::hardware: return clock_.at(stamp);
    case TimeSource::capture: return {static_cast<int64_t>(stamp) * 1000};  // net_pcap has microseconds
    case TimeSource::software: break;
  }
  return {now};
}

Bytes Source::linear(rte_mbuf* packet) {
  const auto size = static_cast<size_t>(std::min<uint64_t>(packet->pkt_len, port_->config().snaplen));
  if (packet->nb_segs == 1) return {rte_pktmbuf_mtod(packet, const uint8_t*), size};
  ++chained_;
  uint8_t* copy = copies_.get() + copied_;
  copied_ += size;
  rte_pktmbuf_read(packet, 0, static_cast<uint32_t>(size), copy);
  return {copy, size};
}

void Source::take(Burst& burst, size_t count) {
  const int64_t now = read(CLOCK_REALTIME);
  if (port_->time_source() == TimeSource::hardware && read(CLOCK_MONOTONIC) >= observe_at_) observe();
  copied_ = 0;
  for (size_t i = 0; i < count; ++i) {
    // A tag that the device took off goes back to where it was.
    if (packets_[i]->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) rte_vlan_insert(&packets_[i]);
    rte_mbuf* packet = packets_[i];
    Frame& frame = burst.frames[i];
    frame.data = linear(packet);
    frame.time = time_of(*packet, now);
    frame.number = ++number_;
    frame.wire_length = packet->pkt_len;
    frame.link_type = 1;
    frame.interface = static_cast<uint16_t>(port_->index());
    counters_.bytes += frame.data.size();
    counters_.truncated += packet->pkt_len > frame.data.size();
    counters_.frames_above_mtu += packet->pkt_len > port_->longest();
  }
  burst.count = held_ = count;
  counters_.packets += count;
  port_->seen(member_, counters_.packets);
}

/// A few polls at full speed, then sleeps that grow: a queue's descriptors hold what comes in the longest of them.
void Source::idle() {
  if (port_->config().busy_poll || ++vain_ < kPauses) {
    rte_pause();
    return;
  }
  const timespec wait{0, sleep_};
  nanosleep(&wait, nullptr);
  sleep_ = std::min(2 * sleep_, kLongSleep);
}

PacketSource::Result Source::receive(Burst& burst) {
  burst.count = 0;
  if (!joined_) join();
  int64_t end = 0;
  while (!stopped_.load(std::memory_order_relaxed)) {
    const uint16_t count =
        rte_eth_rx_burst(port_->id(), static_cast<uint16_t>(member_), packets_.data(), static_cast<uint16_t>(kBurst));
    if (count > 0) {
      vain_ = 0;
      sleep_ = kShortSleep;
      take(burst, count);
      return Result::frames;
    }
    if (!may_wait_) return Result::idle;
    idle();
    const int64_t now = read(CLOCK_MONOTONIC);
    if (end == 0) end = now + kWait;
    if (now >= end) return Result::idle;
  }
  count_unread();
  if (registered_) rte_thread_unregister();
  registered_ = false;
  return Result::end;
}

std::optional<Timestamp> Source::now() const {
  if (port_->time_source() == TimeSource::capture) return std::nullopt;
  return Timestamp{read(CLOCK_REALTIME)};
}

void Source::release(Burst& burst) {
  rte_pktmbuf_free_bulk(packets_.data(), static_cast<unsigned>(held_));
  held_ = burst.count = 0;
}

/// Once, of a queue that is not polled any more; some drivers cannot tell.
void Source::count_unread() {
  if (unread_counted_) return;
  unread_counted_ = true;
  const int left = rte_eth_rx_queue_count(port_->id(), static_cast<uint16_t>(member_));
  if (left > 0) counters_.unread += static_cast<uint64_t>(left);
}

CaptureCounters Source::counters() {
  if (stopped_.load(std::memory_order_relaxed)) count_unread();
  CaptureCounters out = counters_;
  if (member_ == 0) port_->add_counters(out);
  return out;
}

void Source::add_counters(CounterSet& set) {
  const CaptureCounters now = counters();
  set.add(now, capture_counter_rows());
  add_interface_counters(now, port_->index(), port_->config().interface, set);
  set.add("capture.interfaces." + std::to_string(port_->index()) + ".chained", chained_,
          "frames in several packet buffers, put together by a copy");
  if (member_ == 0) port_->add_details(set);
}

}  // namespace

std::unique_ptr<PacketSource> make_source(std::shared_ptr<Port> port, size_t member) {
  return std::make_unique<Source>(std::move(port), member);
}

}  // namespace lapwing::capture::dpdk
