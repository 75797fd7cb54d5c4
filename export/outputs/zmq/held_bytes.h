// HeldBytes: how much of what was sent a socket still holds.
#pragma once

#include <zmq.h>

#include <atomic>
#include <cstdint>
#include <string_view>

namespace lapwing {

/// ZeroMQ's own marks count messages, whatever their size. Must outlive the socket's context.
class HeldBytes {
 public:
  /// A message with a copy of `data`, counted once until the last connection is done with it. False without memory.
  bool make(zmq_msg_t& message, std::string_view data);
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> bytes_ = 0;
};

}  // namespace lapwing
