// The reading end of what the ZeroMQ exporter publishes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing {

/// Records that were published and never arrived: from `expected` up to, not including, `got`. When `got` is lower,
/// two sensors publish under one name, or a message came twice.
struct Gap {
  std::string topic;
  uint64_t expected = 0, got = 0;  // sequence numbers
  std::string sensor;
};

class Subscriber {
 public:
  using OnRecord = std::function<void(std::string_view topic, std::string_view record)>;
  using OnGap = std::function<void(const Gap& gap)>;
  /// Sequences followed at once, one for each topic of each sensor; a publisher must not be able to fill the memory.
  static constexpr size_t kMaxSequences = 10000;

  /// No topics: all. `bind` for sensors that connect to their reader. Throws std::runtime_error when the endpoint
  /// cannot be used.
  Subscriber(const std::string& endpoint, std::span<const std::string> topics, bool bind = false);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Waits at most `timeout_ms` for one message; false when none came. The views live as long as the call.
  bool receive(int timeout_ms, const OnRecord& on_record, const OnGap& on_gap);
  /// Messages that were not as docs/zeromq.md says; their records are not delivered.
  uint64_t malformed() const { return malformed_; }
  /// How often a sensor began anew (its epoch changed).
  uint64_t restarts() const { return restarts_; }

 private:
  struct Position {
    uint64_t epoch = 0, next = 0;
  };
  void check_sequence(const std::string& topic, const std::string& sensor, uint64_t epoch, uint64_t sequence,
                      uint64_t count, const OnGap& on_gap);

  void* context_ = nullptr;
  void* socket_ = nullptr;
  std::vector<std::string> topics_;
  std::map<std::pair<std::string, std::string>, Position> positions_;  // by sensor and topic
  std::map<std::string, uint64_t, std::less<>> epochs_;                // by sensor
  uint64_t malformed_ = 0, restarts_ = 0;
};

}  // namespace lapwing
