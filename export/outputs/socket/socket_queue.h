// SocketQueue: messages on their way into a socket that somebody else reads.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "export/outputs/exporter.h"
#include "export/outputs/socket/socket_address.h"

namespace lapwing {

/// [H side] A bounded queue before a socket, which is connected again when its reader goes. Nothing waits but take() of
/// a lossless queue, and the end. Every message ends up in `records` or one of the drops of the counters.
class SocketQueue {
 public:
  struct Options {
    std::string destination;  // as log lines name it
    uint64_t bytes = 0;       // of messages that may wait
    uint64_t wait_send = 0;   // milliseconds that a lossless queue waits for room
    bool lossless = false;
  };

  /// Of several addresses, each is tried in turn. Without a reader now, it is tried again.
  SocketQueue(Options options, std::vector<SocketAddress> addresses);
  /// Waits a little for the reader to take what is left.
  ~SocketQueue();
  SocketQueue(const SocketQueue&) = delete;
  SocketQueue& operator=(const SocketQueue&) = delete;

  /// One message: a piece of the stream, or a datagram.
  void take(std::string_view message);
  /// A message that the destination can never take.
  void drop_too_large() { ++counters_.dropped_too_large; }
  /// What the reader takes now.
  void send_waiting();
  const ExporterCounters& counters() const { return counters_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class State : uint8_t { closed, connecting, open };

  template <class Condition>
  bool wait_until(std::chrono::milliseconds limit, Condition&& done);
  bool ready();
  void connect_next();
  bool finish_connecting();
  bool reader_is_gone() const;
  void finish_front();
  void disconnect(int error);
  void tell(int error);

  const Options options_;
  const std::vector<SocketAddress> addresses_;
  size_t next_address_ = 0;
  int descriptor_ = -1;
  State state_ = State::closed;
  bool gave_up_ = false;
  Clock::time_point next_try_, next_tell_;
  std::deque<std::string> waiting_;
  size_t offset_ = 0;   // sent of the first one that waits
  uint64_t bytes_ = 0;  // that wait
  ExporterCounters counters_;
};

}  // namespace lapwing
