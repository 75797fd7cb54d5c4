// The reading end of what the ZeroMQ exporter publishes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace lapwing {

/// Records that were published and never arrived.
struct Gap {
  std::string topic;
  uint64_t expected = 0, got = 0;  // sequence numbers
};

class Subscriber {
 public:
  using OnRecord = std::function<void(std::string_view topic, std::string_view record)>;
  using OnGap = std::function<void(const Gap& gap)>;

  /// No topics: all. Throws std::runtime_error when the endpoint cannot be used.
  Subscriber(const std::string& endpoint, std::span<const std::string> topics);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Waits at most `timeout_ms` for one message; false when none came.
  bool receive(int timeout_ms, const OnRecord& on_record, const OnGap& on_gap);
  /// Messages that were not as docs/zeromq.md says.
  uint64_t malformed() const { return malformed_; }

 private:
  struct Position {
    uint64_t epoch = 0, next = 0;
  };
  void* context_ = nullptr;
  void* socket_ = nullptr;
  std::map<std::string, Position, std::less<>> positions_;
  uint64_t malformed_ = 0;
};

}  // namespace lapwing
