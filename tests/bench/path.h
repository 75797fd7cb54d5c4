// Path: frames through the stages of the data path, as far as one of them.
#pragma once

#include <benchmark/benchmark.h>

#include <array>

#include "sensor/app/app_layer.h"
#include "sensor/capture/packet_source.h"
#include "sensor/decode/decode.h"
#include "sensor/flow/flow_table.h"
#include "sensor/stream/stream_engine.h"
#include "tests/bench/defaults.h"

namespace lapwing {

enum class Stage : uint8_t { decode, flow, stream, app };

/// The path as far as a stage.
class Path : private StreamSink, private AppSink {
 public:
  explicit Path(Stage last)
      : last_(last),
        decoder_(config().decode, ChecksumMode::none),
        flows_(config().flow, kReplaySeed, [this](Flow& flow, Timestamp now) { close(flow, now); }),
        stream_(config().stream, *this),
        app_(config().app, config().budget, *this) {}

  void finish() { flows_.end_all(now_); }

  void take(const Frame& frame) {
    now_ = frame.time;
    const size_t count = decoder_.decode(frame, packets_);
    benchmark::DoNotOptimize(packets_.data());
    if (last_ == Stage::decode) return;
    for (size_t i = 0; i < count; ++i) follow(packets_[i]);
  }

 protected:
  AppLayer& app() { return app_; }
  /// A flow is over, and still there.
  virtual void ended(const Flow&) {}
  void chunk(Flow& flow, const Chunk& chunk) override {
    if (last_ == Stage::app) app_.chunk(flow, chunk);
  }
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) override {
    if (last_ == Stage::app) app_.gap(flow, direction, offset, lost, time);
  }

 private:
  void follow(const Packet& packet) {
    if (!packet.wants_flow || packet.invalid || packet.is_fragment) return;
    uint8_t direction = 0;
    Flow* flow = flows_.find_or_create(packet, flows_.look(packet), direction);
    if (!flow || last_ == Stage::flow) return;
    if (packet.is_tcp()) {
      const FlowState before = flow->state;
      stream_.packet(*flow, packet, static_cast<Direction>(direction));
      if (flow->state != before) flows_.set_state(*flow, flow->state);
    } else if (packet.is_udp() && !packet.payload.empty()) {
      chunk(*flow, {.data = packet.payload,
                    .time = packet.time,
                    .direction = static_cast<Direction>(direction),
                    .datagram = true});
    }
  }
  void close(Flow& flow, Timestamp now) {
    if (last_ < Stage::stream) return;
    if (flow.key.proto == ip_proto::tcp) stream_.finish(flow, now);
    if (last_ != Stage::app) return;
    app_.finish(flow, now);
    ended(flow);
  }
  void behind_hole(Flow&, const Chunk&, uint64_t) override {}
  void event(Flow&, StreamAnomaly) override {}
  void event(Flow&, const Event& event) override { benchmark::DoNotOptimize(&event); }
  void anomaly(Flow&, const Protocol&, const Transaction&, uint8_t, Direction) override {}
  void file(Flow&, const Event&, CarriedFile&, Bytes, bool) override {}
  void encrypted(Flow&, Direction, uint64_t) override {}
  void plain(Flow&, const Chunk&) override {}
  void frame(Flow&, const MessageFrame&) override {}
  void recognition_anomaly(Flow&, RecognitionAnomaly, Direction) override {}

  Stage last_;
  Decoder decoder_;
  FlowTable flows_;
  StreamEngine stream_;
  AppLayer app_;
  std::array<Packet, kMaxPackets> packets_;
  Timestamp now_;
};

}  // namespace lapwing
