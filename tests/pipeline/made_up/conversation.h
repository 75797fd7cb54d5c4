// Conversations of several hosts, packet by packet, in one capture.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "sensor/event/chunk.h"
#include "tests/pipeline/frames.h"
#include "tests/support/packet_builder.h"

namespace lapwing::test {

/// How what is said becomes segments: one, one a byte, or some drawn, out of order and some of them twice; or one, and
/// every packet comes twice.
enum class Cut : uint8_t { whole, bytes, scrambled, twice };

inline constexpr Direction kClient = Direction::to_server, kServer = Direction::to_client;  // of what they say

/// Each frame comes a millisecond after the one before.
class Capture {
 public:
  static constexpr int64_t kStart = 1'700'000'000;  // seconds

  explicit Capture(Cut how = Cut::whole) : cut(how) {}
  void add(const PacketBuilder& packet) { add(packet.build()); }
  void add(const BuiltFrame& frame);
  void wait(int64_t seconds) { now_.ns += seconds * 1'000'000'000; }
  std::unique_ptr<Frames> frames() const;
  std::span<const BuiltFrame> built() const { return built_; }

  const Cut cut;
  std::minstd_rand random{7};

 private:
  std::vector<BuiltFrame> built_;
  Timestamp now_ = Timestamp::from_seconds(kStart);
};

struct Ends {
  std::string_view client = "10.0.0.1", server = "10.0.0.2";
  uint16_t client_port = 40000, server_port = 9999;
};

/// A connection, or datagrams between its ends.
class Conversation {
 public:
  explicit Conversation(Capture& capture, const Ends& ends = {}) : capture_(capture), ends_(ends) {}

  Conversation& syn();
  Conversation& syn_ack();
  Conversation& acknowledge(Direction from);
  Conversation& open() { return syn().syn_ack().acknowledge(Direction::to_server); }
  /// Not acknowledged yet.
  Conversation& send(Direction from, std::string_view text);
  /// Acknowledged before it would fill the receiver's window.
  Conversation& say(Direction from, std::string_view text);
  Conversation& client(std::string_view text) { return say(Direction::to_server, text); }
  Conversation& server(std::string_view text) { return say(Direction::to_client, text); }
  /// So many bytes are acknowledged that nobody saw.
  Conversation& lose(Direction from, uint32_t bytes);
  Conversation& end(Direction from);
  Conversation& close() { return end(Direction::to_server).end(Direction::to_client); }
  Conversation& datagram(Direction from, std::string_view text);
  /// From now on nobody sees what that side sends.
  Conversation& hide(Direction from) {
    hidden_[index(from)] = true;
    return *this;
  }

 private:
  PacketBuilder packet(Direction from) const;
  void add(Direction from, const PacketBuilder& packet);

  Capture& capture_;
  const Ends ends_;
  bool hidden_[2] = {};
  uint32_t next_[2] = {1000, 5000};  // sequence numbers, by index(Direction)
};

}  // namespace lapwing::test
