// PacketDriver: a FlowDriver's flow from its packets on, through decoder, flow table and stream engine.
#pragma once

#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "sensor/decode/decode.h"
#include "sensor/flow/flow_table.h"
#include "sensor/stream/stream_engine.h"
#include "tests/support/flow_driver.h"
#include "tests/support/packet_builder.h"

namespace lapwing::test {

/// [W] What a side says comes in segments drawn from `seed`, out of order and some of them twice, and is acknowledged
/// when all of it is there.
class PacketDriver : private StreamSink {
 public:
  PacketDriver(const FlowDriver::Setup& setup, Heard& heard, unsigned seed);

  void say(Direction direction, std::string_view bytes);
  void datagram(Direction direction, std::string_view bytes);
  void gap(Direction direction, uint64_t lost);
  void end(Direction direction);
  void finish();

  FlowDriver& driver() { return driver_; }
  std::string protocol() const { return protocol_; }

 private:
  PacketBuilder packet(Direction direction, uint32_t sequence) const;
  void acknowledge(Direction from);
  void shake_hands();
  void take(const BuiltFrame& frame);
  void close(Flow& flow, Timestamp now);
  void swap_if_reversed(Flow& flow);

  void chunk(Flow& flow, const Chunk& chunk) override;
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) override;
  void behind_hole(Flow&, const Chunk&, uint64_t) override {}
  void event(Flow&, StreamAnomaly) override {}

  const uint16_t port_;
  std::minstd_rand random_;
  FlowDriver driver_;
  const DecodeConfig layers_;
  const StreamConfig streams_;
  const FlowConfig flow_config_;
  Decoder decoder_{layers_, ChecksumMode::none};
  StreamEngine stream_{streams_, *this};
  FlowTable flows_;
  std::vector<Packet> packets_{kMaxPackets};
  Timestamp now_ = Timestamp::from_seconds(1'700'000'000);
  bool begun_ = false, connected_ = false;
  uint32_t next_[2] = {1000, 5000};  // sequence numbers, by index(Direction)
  std::string protocol_;             // that the flow spoke at its end
};

}  // namespace lapwing::test
