// SilenceWatch: tells when nothing has come from an interface for too long, and when something comes again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace lapwing {

/// look() belongs to one thread; silences() to any.
class SilenceWatch {
 public:
  using Clock = std::chrono::steady_clock;

  /// `after`: seconds without a packet that are told and counted; 0: never.
  SilenceWatch(std::string interface, uint64_t after)
      : interface_(std::move(interface)), after_(after), last_traffic_(Clock::now()) {}
  /// `packets`: so far. An interface that is down is not silent.
  void look(uint64_t packets, bool down, Clock::time_point now);
  uint64_t silences() const { return silences_.load(std::memory_order_relaxed); }

 private:
  const std::string interface_;
  const uint64_t after_;
  uint64_t last_packets_ = 0;
  Clock::time_point last_traffic_;
  bool told_ = false;
  std::atomic<uint64_t> silences_ = 0;
};

}  // namespace lapwing
