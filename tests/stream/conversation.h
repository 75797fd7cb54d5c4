// A TCP conversation packet by packet, and what the stream room makes of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/stream/stream_engine.h"

namespace lapwing::test {

inline constexpr uint8_t kSyn = tcp_flag::syn, kAck = tcp_flag::ack, kFin = tcp_flag::fin, kRst = tcp_flag::rst,
                         kUrg = tcp_flag::urg;

inline StreamConfig stream_config() {
  auto config = read_options<StreamConfig>(Setting{}, stream_options());
  config.memcap = config.reassembly_memcap = 8 << 20;
  return config;
}

/// What was handed over, by direction. A gap of n bytes shows as n underscores.
class CollectingStreamSink : public StreamSink {
 public:
  void chunk(Flow&, const Chunk& chunk) override {
    size_t d = index(chunk.direction);
    EXPECT_FALSE(ended[d]) << "nothing follows the end";
    EXPECT_EQ(chunk.offset, length[d]);
    length[d] += chunk.data.size();
    if (keep) text[d] += to_text(chunk.data);
    if (chunk.end) ended[d] = true;
    if (chunk.end) broken_off[d] = chunk.broken_off;
  }
  void gap(Flow&, Direction direction, uint64_t offset, uint64_t lost, Timestamp) override {
    size_t d = index(direction);
    EXPECT_EQ(offset, length[d]);
    length[d] += lost;
    if (keep) text[d].append(std::min<uint64_t>(lost, 10'000), '_');
  }
  void behind_hole(Flow&, const Chunk& chunk, uint64_t missing) override {
    (behind[index(chunk.direction)] += std::string(missing, '_')) += to_text(chunk.data);
  }
  uint64_t depth(const Flow&, uint64_t configured) const override { return std::max(configured, deeper); }
  void event(Flow&, StreamAnomaly event) override { events.push_back(std::string(name(event))); }

  bool has(std::string_view event) const { return std::find(events.begin(), events.end(), event) != events.end(); }

  uint64_t deeper = 0;  // bytes that this flow is followed for, where that is more
  bool keep = true;     // the text; lengths are counted anyway
  std::array<std::string, 2> text, behind;
  std::array<uint64_t, 2> length{};
  std::array<bool, 2> ended{}, broken_off{};
  std::vector<std::string> events;
};

/// The client sends through c(), the server through s(); both give sequence numbers relative to their first, so that
/// the first byte of a stream has number 1.
class Conversation {
 public:
  static constexpr uint8_t kSyn = tcp_flag::syn, kAck = tcp_flag::ack, kFin = tcp_flag::fin, kRst = tcp_flag::rst,
                           kUrg = tcp_flag::urg;

  explicit Conversation(const StreamConfig& config = stream_config(), uint32_t client_isn = 1000,
                        uint32_t server_isn = 5000)
      : engine(config, sink), client_isn_(client_isn), server_isn_(server_isn) {
    flow.key.ip_version = 4;
    flow.key.proto = ip_proto::tcp;
  }

  Conversation& handshake() {
    c(kSyn, 0, 0);
    s(kSyn | kAck, 0, 1);
    return c(kAck, 1, 1);
  }
  Conversation& c(uint8_t flags, uint32_t seq, uint32_t ack, std::string_view data = {}) {
    return send(Direction::to_server, flags, client_isn_ + seq, server_isn_ + ack, data);
  }
  Conversation& s(uint8_t flags, uint32_t seq, uint32_t ack, std::string_view data = {}) {
    return send(Direction::to_client, flags, server_isn_ + seq, client_isn_ + ack, data);
  }
  /// Data of the client at a stream offset counted from 0, and the server's acknowledgement up to an offset.
  Conversation& put(uint32_t offset, std::string_view data) { return c(kAck, offset + 1, 1, data); }
  Conversation& acked(uint32_t offset) { return s(kAck, 1, offset + 1); }
  void finish() { engine.finish(flow, flow.last); }

  const std::string& request() const { return sink.text[0]; }
  std::string_view state() const { return name(flow.tcp_state); }

  CollectingStreamSink sink;
  StreamEngine engine;
  Flow flow;
  StreamVerdict verdict;     // of the last packet
  Packet next;               // fields of the packets to come: window, options, time
  bool zero_window = false;  // of the packets to come; else 65535 where next says none

 private:
  Conversation& send(Direction direction, uint8_t flags, uint32_t seq, uint32_t ack, std::string_view data) {
    Packet packet = next;
    packet.ip_version = 4;
    packet.proto = ip_proto::tcp;
    packet.has_l4 = true;
    packet.src = *IpAddress::parse(direction == Direction::to_server ? "10.0.0.1" : "10.0.0.2");
    packet.dst = *IpAddress::parse(direction == Direction::to_server ? "10.0.0.2" : "10.0.0.1");
    packet.tcp_flags = flags;
    packet.seq = seq;
    packet.ack = flags & kAck ? ack : 0;
    if (next.window == 0 && !zero_window) packet.window = 65535;
    packet.payload = to_bytes(data);
    flow.last = std::max(flow.last, packet.time);
    verdict = engine.packet(flow, packet, direction);
    return *this;
  }

  uint32_t client_isn_, server_isn_;
};

}  // namespace lapwing::test
