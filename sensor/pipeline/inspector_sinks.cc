// What stream engine and dissectors call back with: to rules, and to the reporter.
#include <span>

#include "sensor/pipeline/inspector.h"

namespace lapwing {

void Inspector::chunk(Flow& flow, const Chunk& chunk) {
  auto dissect = [&](const Chunk& part) {
    if (!app_.done(flow)) app_.chunk(flow, part);
  };
  Look& look = *look_;
  if (watch_) watch_->chunk(flow, chunk);
  if (!look.ruled) return dissect(chunk);
  // What was sent with the SYN is handed over before the handshake ends (RFC 7413).
  look.established = true;
  look.stream_size = StreamEngine::sizes(flow);
  see_anew(look);
  matcher_.chunk(look, chunk, [&](const Chunk& part) {
    dissect(part);
    see_anew(look);
  });
}

void Inspector::gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) {
  app_.gap(flow, direction, offset, lost, time);
  if (!look_->ruled) return;
  // What the dissector made of the bytes before the gap is told while they are at hand.
  see_anew(*look_);
  matcher_.gap(*look_, direction, offset, lost);
}

/// Not the dissector's, whose messages the receiver never got.
void Inspector::behind_hole(Flow&, const Chunk& chunk, uint64_t missing) {
  if (!look_->ruled) return;
  if (missing > 0) matcher_.gap(*look_, chunk.direction, chunk.offset - missing, missing);
  matcher_.chunk(*look_, chunk, [](const Chunk&) {});
}

void Inspector::encrypted(Flow&, Direction direction, uint64_t offset) {
  if (look_->ruled) matcher_.encrypted(*look_, direction, offset);
}

void Inspector::plain(Flow&, const Chunk& bytes) {
  look_->encrypted = false;
  if (look_->ruled) matcher_.chunk(*look_, bytes, [](const Chunk&) {});
}

void Inspector::event(Flow& flow, const Event& event) {
  identification_.event(event, flow, look_->time);
  if (look_->ruled) {
    see_anew(*look_);
    look_->protocol = event.protocol;
    matcher_.event(look_->said_by(event.direction), event);
  }
  if (watch_) watch_->event(*look_, event);
  reporter_.event(*look_, event);
}

void Inspector::frame(Flow&, const MessageFrame& frame) {
  if (look_->ruled) matcher_.frame(look_->said_by(frame.direction), frame);
  reporter_.frame(*look_, frame);
}

/// A rule that wants a file stored speaks before its bytes pass.
void Inspector::file(Flow&, const Event& event, CarriedFile& file, Bytes bytes, bool over) {
  if (look_->ruled && file.stage() > file.inspected) {
    see_anew(*look_);
    look_->protocol = event.protocol;
    matcher_.file(look_->said_by(event.direction), event, file);
  }
  reporter_.file(*look_, *event.tx, event.direction, file, bytes, over);
}

void Inspector::event(Flow&, StreamAnomaly anomaly) {
  const std::string_view known = name(anomaly);
  if (look_->ruled) anomalies_.push_back(known);
  reporter_.anomaly(*look_, {.layer = AnomalyLayer::stream, .names = {&known, 1}});
}

uint64_t Inspector::depth(const Flow& flow, uint64_t configured) const {
  if (flow.flags & flow_flag::storing) return UINT64_MAX;
  return app_.stream_depth(flow).value_or(configured);
}

void Inspector::recognition_anomaly(Flow& flow, RecognitionAnomaly anomaly, Direction direction) {
  const std::string_view known = name(anomaly);
  if (look_->ruled) anomalies_.push_back(known);
  reporter_.anomaly(*look_, {.layer = AnomalyLayer::applayer,
                             .names = {&known, 1},
                             .direction = direction,
                             .protocol = app_.spoken(flow).protocol});
}

void Inspector::anomaly(Flow&, const Protocol& protocol, const Transaction& tx, uint8_t name, Direction direction) {
  const auto [part, known] = kAnomalyRows.at(protocol, name);
  reporter_.anomaly(*look_, {.layer = AnomalyLayer::applayer,
                             .names = {&known, 1},
                             .direction = direction,
                             .protocol = &protocol,
                             .by_dissector = true,
                             .tx = &tx,
                             .part = part ? part->name : std::string_view()});
}

}  // namespace lapwing
