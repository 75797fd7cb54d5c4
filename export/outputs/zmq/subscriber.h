// The reading end of what the ZeroMQ exporters publish.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "export/outputs/zmq/socket.h"

namespace lapwing {

/// Records that were published and never arrived: from `expected` up to, not including, `got`. When `got` is lower,
/// two sensors publish under one name, or a message came twice.
struct Gap {
  std::string topic;
  uint64_t expected = 0, got = 0;  // sequence numbers
  std::string sensor;

  uint64_t missing() const { return got > expected ? got - expected : 0; }
};

struct SubscriberOptions {
  std::vector<std::string> endpoints;
  std::vector<std::string> topics;  // none: all
  bool bind = false;                // for sensors that connect to their reader
  bool pull = false;                // read a PUSH output
  CurveFiles curve;
};

class Subscriber {
 public:
  using OnRecord = std::function<void(std::string_view topic, std::string_view record)>;
  using OnGap = std::function<void(const Gap& gap)>;
  /// `epoch` is new, after another or after the first.
  using OnRestart = std::function<void(const std::string& sensor, uint64_t epoch)>;
  /// Sequences followed at once, one for each topic of each sensor; a publisher must not be able to fill the memory.
  static constexpr size_t kMaxSequences = 10000;
  /// Messages that wait to be read, some 512 MB where all are full. A subscriber is the one who must not lose: it
  /// queues what it can hold. Who pulls leaves them with the sensor, which counts.
  static constexpr int kMaxQueue = 8000, kMaxPullQueue = 100;
  /// A larger message ends the connection.
  static constexpr int64_t kMaxMessageBytes = 64 << 20;

  /// Throws SettingError when a key file is not right, std::runtime_error when an endpoint cannot be used.
  explicit Subscriber(const SubscriberOptions& options);

  /// Waits at most `timeout_ms` for one message; false when none came. The views live as long as the call.
  bool receive(int timeout_ms, const OnRecord& on_record, const OnGap& on_gap, const OnRestart& on_restart = {});
  /// Messages that were not as docs/zeromq.md says; their records are not delivered.
  uint64_t malformed() const { return malformed_; }
  /// How often a sensor began anew (its epoch changed).
  uint64_t restarts() const { return restarts_; }
  /// Sequences not followed because kMaxSequences are; their records are delivered, their gaps unseen.
  uint64_t unfollowed() const { return unfollowed_; }
  /// Connections that were lost and made again. What was lost meanwhile is a gap as soon as its topic goes on.
  uint64_t reconnections() const { return socket_.gate_counters().reconnections; }
  /// Sequences that were not heard of since the last reconnection: what they lost, if anything, is not known.
  uint64_t unheard() const;
  GateCounters connections() const { return socket_.gate_counters(); }

 private:
  struct Position {
    uint64_t epoch = 0, next = 0;
    uint64_t heard = 0;  // reconnections before its last message
  };
  struct Header {
    std::string sensor;
    uint64_t epoch = 0, sequence = 0, count = 0;
  };
  static bool parse_header(std::string_view text, Header& header);
  void check_sequence(const std::string& topic, const Header& header, const OnGap& on_gap, const OnRestart& on_restart);

  std::vector<std::string> topics_;
  ZmqSocket socket_;
  std::map<std::pair<std::string, std::string>, Position> positions_;  // by sensor and topic
  std::map<std::string, uint64_t, std::less<>> epochs_;                // by sensor
  uint64_t malformed_ = 0, restarts_ = 0, unfollowed_ = 0;
};

}  // namespace lapwing
