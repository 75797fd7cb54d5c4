// What the worker says of flows: envelopes, and records within what each flow may cost.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "sensor/pipeline/worker.h"

namespace lapwing {

std::string_view Worker::community_id(const Flow& flow) {
  if (!share_.config->eve->community_id()) return {};
  return community_id_.compute(flow.key.proto, flow.client(), flow.server(), flow.client_port(), flow.server_port(),
                               flow.icmp[0], flow.icmp[1]);
}

void Worker::add_source(Envelope& envelope) const {
  envelope.pcap_filename = file_;
  if (!share_.replay) {
    envelope.in_iface = source_.interface_name(0);
    envelope.pcap_cnt = 0;
  }
}

namespace {

/// A name in capitals.
class Capitals {
 public:
  explicit Capitals(std::string_view name) : size_(std::min(name.size(), sizeof text_)) {
    std::transform(name.begin(), name.begin() + static_cast<ptrdiff_t>(size_), text_,
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  }
  operator std::string_view() const { return {text_, size_}; }

 private:
  char text_[96];
  size_t size_;
};

}  // namespace

/// Whether the flow has anything left to be recorded with; what it has not is counted.
bool Worker::may_record(const Flow& flow) {
  if (lapwing::may_record(share_.config->budget, flow)) return true;
  recorder_.refuse();
  return false;
}

/// Of what was found of the flow, at the packet at hand or at none.
Envelope Worker::found_envelope(const Flow& flow) {
  Envelope envelope =
      context_.packet ? describe(*context_.packet, space_) : describe(flow, nullptr, context_.time, space_);
  if (!context_.packet) stations_.describe(flow, envelope);
  add_source(envelope);
  add_flow(flow, envelope);
  return envelope;
}

Envelope Worker::flow_envelope(const Flow& flow) {
  Envelope envelope = describe(flow, context_.packet, context_.time, space_);
  if (!context_.packet) {
    envelope.pkt_src = "stream (flow timeout)";
    stations_.describe(flow, envelope);
  }
  add_source(envelope);
  add_app(app_.recognition(flow), envelope);
  add_flow(flow, envelope);
  return envelope;
}

/// Identity of the flow, and what rules noted of it.
void Worker::add_flow(const Flow& flow, Envelope& envelope) {
  envelope.flow_id = flow.id;
  envelope.community_id = community_id(flow);
  if (!has_rules_) return;
  envelope.flowbits = matcher_.flowbits(flow);
  add_variables(flow, envelope);
  envelope.pktvars = matcher_.pktvars();
}

void Worker::add_variables(const Flow& flow, Envelope& envelope) {
  envelope.flowvars = matcher_.flowvars(flow);
  envelope.flowints = matcher_.flowints(flow);
  envelope.entropies = matcher_.entropies(flow);
}

void Worker::report_decode_events(const Packet& packet, Flow* flow) {
  if (!recorder_.wants(AnomalyLayer::decode)) return;
  if (flow && !may_record(*flow)) return;
  std::optional<Charge> charge;
  if (flow) charge.emplace(recorder_, *flow);
  Envelope envelope = describe(packet, space_);
  add_source(envelope);
  if (flow) add_flow(*flow, envelope);
  const PacketBytes shown = bytes_of(packet);
  for (size_t i = 0; i < packet.event_count; ++i) {
    char text[96];
    std::string_view event = name(packet.events[i]);
    size_t size = static_cast<size_t>(
        std::snprintf(text, sizeof text, "decoder.%.*s", static_cast<int>(event.size()), event.data()));
    recorder_.anomaly(envelope, {.type = AnomalyLayer::decode,
                                 .event = {text, std::min(size, sizeof text - 1)},
                                 .packet = shown.bytes,
                                 .link_type = shown.link_type});
  }
}

void Worker::event(Flow& flow, StreamAnomaly event) {
  if (has_rules_) stream_events_.push_back(name(event));
  if (!recorder_.wants(AnomalyLayer::stream) || !may_record(flow)) return;
  const Charge charge(recorder_, flow);
  char text[96];
  std::string_view label = name(event);
  size_t size = static_cast<size_t>(
      std::snprintf(text, sizeof text, "stream.%.*s", static_cast<int>(label.size()), label.data()));
  const Envelope envelope = found_envelope(flow);
  const PacketBytes shown = context_.packet ? bytes_of(*context_.packet) : PacketBytes{};
  recorder_.anomaly(envelope, {.type = AnomalyLayer::stream,
                               .event = {text, std::min(size, sizeof text - 1)},
                               .packet = shown.bytes,
                               .link_type = shown.link_type});
}

void Worker::recognition_anomaly(Flow& flow, RecognitionAnomaly event, Direction direction) {
  if (has_rules_) stream_events_.push_back(name(event));
  if (!recorder_.wants(AnomalyLayer::applayer) || !may_record(flow)) return;
  const Charge charge(recorder_, flow);
  Envelope envelope = describe(flow, context_.packet, context_.time, space_);
  if (!context_.packet) stations_.describe(flow, envelope);
  if (direction == Direction::to_client) reverse(envelope);
  add_source(envelope);
  add_flow(flow, envelope);
  const Protocol* protocol = app_.recognition(flow).final.protocol;
  recorder_.anomaly(envelope, {.type = AnomalyLayer::applayer,
                               .event = Capitals(name(event)),
                               .app_proto = protocol ? protocol->name : std::string_view{},
                               .layer = "proto_detect"});
}

void Worker::event(Flow& flow, const Event& event) {
  if (has_rules_) {
    see_anew(flow);
    context_.protocol = event.protocol;
    MatchContext context = context_;
    context.direction = event.direction;
    matcher_.event(context, event);
  }
  if (!event.record || (event.tx && event.tx->unrecorded)) return;
  if (flow.flags & flow_flag::transactions_unrecorded) return;
  const bool beside = event.file && event.file->store_id && share_.config->file_store.write_fileinfo;
  if (!recorder_.wants(*event.record) && !beside) return;
  if (!may_record(flow)) return;
  const Charge charge(recorder_, flow);
  Envelope envelope = flow_envelope(flow);
  envelope.app_proto = event.protocol->name;
  if (event.reversed) reverse(envelope);
  if (beside) recorder_.file_info(envelope, event);
  recorder_.event(envelope, event);
}

void Worker::frame(Flow& flow, const MessageFrame& frame) {
  if (has_rules_) {
    MatchContext context = context_;
    context.direction = frame.direction;
    matcher_.frame(context, frame);
  }
  if (!frame.first || !recorder_.wants_frames() || !may_record(flow)) return;
  const Charge charge(recorder_, flow);
  Envelope envelope = flow_envelope(flow);
  envelope.app_proto = frame.protocol->name;
  if (frame.direction == Direction::to_client) reverse(envelope);
  recorder_.frame(envelope, frame);
}

void Worker::anomaly(Flow& flow, const Protocol& protocol, const Transaction* tx, uint8_t name, Direction direction) {
  if (!recorder_.wants(AnomalyLayer::applayer) || !may_record(flow)) return;
  const Charge charge(recorder_, flow);
  Envelope envelope = flow_envelope(flow);
  if (direction == Direction::to_client) reverse(envelope);
  const std::string_view event = protocol.anomalies[name];
  const Capitals loud(event);
  recorder_.anomaly(envelope, {.type = AnomalyLayer::applayer,
                               .event = protocol.loud_anomalies ? loud : event,
                               .app_proto = protocol.name,
                               .layer = "proto_parser",
                               .has_tx = tx != nullptr,
                               .tx_id = tx ? tx->id : 0});
}

void Worker::raised(const RuleInfo& rule) {
  auto known = std::ranges::find(hits_, &rule, &SignatureHits::rule);
  if (known == hits_.end()) known = hits_.insert(hits_.end(), {&rule, 0});
  ++known->hits;
}

void Worker::alert(const MatchContext& context, Alert& alert) {
  std::optional<Charge> charge;
  if (context.flow) {
    // Whoever drowns a flow in alerts shall not hide another rule's by it.
    if (!lapwing::may_record(share_.config->budget, *context.flow) &&
        !matcher_.first_alert(*context.flow, *alert.rule)) {
      recorder_.refuse();
      return;
    }
    charge.emplace(recorder_, *context.flow);
  }
  Envelope envelope;
  if (context.packet) {
    envelope = describe(*context.packet, space_);
    // Where too many alerts wait for a packet of their direction, the one at hand is the receiver's acknowledgement.
    if (context.flow && alert.direction != context.direction) reverse(envelope);
  } else if (context.flow) {
    // No packet is at hand, and the context has no direction of its own.
    envelope = describe(*context.flow, nullptr, context.time, space_);
    stations_.describe(*context.flow, envelope);
    if (alert.direction == Direction::to_client) reverse(envelope);
    envelope.pkt_src = "stream (flow timeout)";
  }
  add_source(envelope);
  if (context.flow) {
    Flow& flow = *context.flow;
    flow.flags |= flow_flag::alerted;
    envelope.flow_id = flow.id;
    add_app(app_.recognition(flow), envelope);
    envelope.community_id = community_id(flow);
    alert.has_flow = true;
    alert.flow = summarise(flow, app_, context.time, summary_space_);
    alert.flow.application = identification_.of(flow);
    alert.flowbits = matcher_.flowbits(flow);
    add_variables(flow, envelope);
  }
  envelope.pktvars = alert.pktvars;
  recorder_.alert(envelope, alert);
}

void Worker::serialise(const Event& event, std::string& json, std::string& forwarded) {
  std::string_view header = share_.config->eve->forwarded_header();
  if (!header.empty() && event.protocol->request_header) forwarded = event.protocol->request_header(*event.tx, header);
  if (context_.flow) files_.promise(*context_.flow, *event.protocol, *event.tx, event.direction);
  recorder_.append_transaction(json, event);
}

void Worker::serialise(const MessageFrame& frame, std::string& json) {
  recorder_.append_frame(json, frame);
}

void Worker::captured(const MatchContext& context) {
  if (!recorder_.wants_metadata()) return;
  std::optional<Charge> charge;
  if (context.flow) {
    if (!may_record(*context.flow)) return;
    charge.emplace(recorder_, *context.flow);
    return recorder_.metadata(flow_envelope(*context.flow));
  }
  Envelope envelope = describe(*context.packet, space_);
  add_source(envelope);
  envelope.pktvars = matcher_.pktvars();
  recorder_.metadata(envelope);
}

void Worker::tagged(const MatchContext& context) {
  std::optional<Charge> charge;
  if (context.flow) {
    if (!may_record(*context.flow)) return;
    charge.emplace(recorder_, *context.flow);
  }
  Envelope envelope = describe(*context.packet, space_);
  add_source(envelope);
  if (context.flow) {
    add_app(app_.recognition(*context.flow), envelope);
    add_flow(*context.flow, envelope);
  }
  const PacketBytes shown = bytes_of(*context.packet);
  recorder_.packet(envelope, shown.bytes, shown.link_type);
}

}  // namespace lapwing
