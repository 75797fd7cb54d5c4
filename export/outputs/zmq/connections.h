// Connections: who is connected to a socket now, and what each asked for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

namespace lapwing {

struct ConnectionCounters {
  uint64_t max_connections = 0;  // ended: kMaxConnections were there
  uint64_t max_topics = 0;       // ended: asked for more than kMaxTopics
  uint64_t stalled = 0;          // ended: took nothing while too much waited
};

/// By descriptor, as ZeroMQ reports them. Safe from any thread. Ending a connection is shutting its socket down: ZeroMQ
/// then frees what it holds for it. One that is closed meanwhile is told from its descriptor's next user by the
/// kernel's socket cookie.
class Connections {
 public:
  /// Each holds a descriptor, a queue and a place among those who are served.
  static constexpr size_t kMaxConnections = 64;
  /// Subscriptions of one connection at once: there are fewer record types.
  static constexpr uint32_t kMaxTopics = 64;
  /// A socket may be full for a moment.
  static constexpr uint32_t kStalledLooks = 5;

  /// `peers_subscribe`: who has not done so for long is a lesser loss than who comes.
  explicit Connections(bool peers_subscribe) : peers_subscribe_(peers_subscribe) {}
  /// Beyond kMaxConnections the oldest one that has not subscribed gives way, else the new one. `bounded`: it came from
  /// outside.
  void opened(int descriptor, bool bounded);
  void closed(int descriptor);
  void subscribed(int descriptor);
  void unsubscribed(int descriptor);
  /// Ends those whose socket took no byte at kStalledLooks calls, one soon after the other.
  void end_stalled();
  ConnectionCounters counters() const;

 private:
  struct Connection {
    uint64_t cookie = 0, number = 0;
    uint32_t topics = 0, stalled_looks = 0;
    bool heard = false;  // subscribed at least once
  };
  using Map = std::map<int, Connection>;
  /// Found, or made: what a peer sends may be read before its connection was reported.
  Map::iterator find(int descriptor);
  void end(Map::iterator connection);
  void forget_others();

  const bool peers_subscribe_;
  mutable std::mutex mutex_;
  Map open_;
  uint64_t numbers_ = 0;
  std::chrono::steady_clock::time_point last_look_;
  ConnectionCounters counters_;
};

}  // namespace lapwing
