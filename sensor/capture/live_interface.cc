#include "sensor/capture/live_interface.h"

#include "sensor/base/log.h"
#include "sensor/capture/fanout.h"

namespace lapwing {

LiveInterface::LiveInterface(LiveConfig config, size_t index)
    : config_(std::move(config)),
      index_(index),
      seen_(std::make_unique<Seen[]>(config_.workers)),
      silence_(config_.interface, config_.silence_after) {}

bool LiveInterface::begin(uint32_t& round) {
  std::lock_guard lock(mutex_);
  if (stale_ > 0) return false;
  round = round_;
  ++open_;
  return true;
}

bool LiveInterface::join(uint32_t round, size_t member, int fd, bool ethernet) {
  std::lock_guard lock(mutex_);
  if (round != round_ || joined_ != member) return false;
  if (config_.workers > 1) {
    if (member == 0) {
      group_ = capture::make_group(fd, capture::pair_program(ethernet));
    } else {
      capture::join_group(fd, group_);
    }
  }
  if (++joined_ == config_.workers && down_) {
    down_ = false;
    ++reopened_;
  }
  return true;
}

bool LiveInterface::complete(uint32_t round) {
  std::lock_guard lock(mutex_);
  return round == round_ && joined_ == config_.workers;
}

void LiveInterface::fail(uint32_t round, const std::string& why) {
  std::lock_guard lock(mutex_);
  if (round != round_) return;
  ++round_;
  stale_ += open_;
  open_ = joined_ = 0;
  why_ = why;
  if (!down_) ++errors_;
  down_ = true;
}

void LiveInterface::wait_for(const std::string& why) {
  std::lock_guard lock(mutex_);
  why_ = why;
  down_ = true;
}

void LiveInterface::closed(uint32_t round) {
  std::lock_guard lock(mutex_);
  --(round == round_ ? open_ : stale_);
}

void LiveInterface::add_to(CaptureCounters& counters) const {
  std::lock_guard lock(mutex_);
  counters.errors = errors_;
  counters.reopened = reopened_;
  counters.silences = silence_.silences();
  counters.down = down_;
}

void LiveInterface::watch_state() {
  const std::string& name = config_.interface;
  if (reopened_ != told_reopened_) {
    told_reopened_ = reopened_;
    // What came and went between two looks is told too.
    if (!told_down_) spdlog::error("{}: {}; retried every second", name, why_);
    spdlog::info("{}: open again", name);
    told_down_ = false;
    told_why_.clear();
  }
  if (down_ && (!told_down_ || why_ != told_why_)) spdlog::error("{}: {}; retried every second", name, why_);
  if (down_) told_why_ = why_;
  told_down_ = down_;
  if (offloading_.load(std::memory_order_relaxed) && !told_offloading_) {
    told_offloading_ = true;
    spdlog::warn(
        "{}: frames above the MTU: offloading puts packets together before they are seen; "
        "`ethtool -K {} gro off lro off tso off gso off` shows them as they were on the wire",
        name, name);
  }
}

void LiveInterface::watch_traffic(Clock::time_point now) {
  uint64_t packets = 0;
  for (size_t i = 0; i < config_.workers; ++i) packets += seen_[i].packets.load(std::memory_order_relaxed);
  silence_.look(packets, down_, now);
}

void LiveInterface::watch(Clock::time_point now) {
  std::lock_guard lock(mutex_);
  watch_state();
  watch_traffic(now);
}

LiveCapture::LiveCapture(std::vector<LiveConfig> interfaces) {
  for (LiveConfig& config : interfaces) {
    interfaces_.push_back(std::make_shared<LiveInterface>(std::move(config), interfaces_.size()));
    for (auto& source : open_sources(interfaces_.back())) sources_.push_back(std::move(source));
  }
  watch();
}

LiveCapture::~LiveCapture() = default;

void LiveCapture::watch() {
  for (auto& interface : interfaces_) interface->watch(LiveInterface::Clock::now());
}

}  // namespace lapwing
