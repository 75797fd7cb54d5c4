#include "sensor/pipeline/reporter.h"

#include <algorithm>
#include <array>

#include "sensor/pipeline/anomaly_name.h"

#include "sensor/pipeline/flow_watch.h"

namespace lapwing {
namespace {

/// While it lives, what is recorded is charged to the flow, if there is one.
class Charge {
 public:
  Charge(const Recorder& recorder, Flow* flow) : recorder_(recorder), flow_(flow), before_(recorder.waiting()) {}
  ~Charge() {
    if (flow_) recorded(*flow_, recorder_.waiting() - before_);
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

 private:
  const Recorder& recorder_;
  Flow* const flow_;
  const size_t before_;
};

std::string_view prefix(AnomalyLayer layer) {
  switch (layer) {
    case AnomalyLayer::decode: return "decoder.";
    case AnomalyLayer::stream: return "stream.";
    case AnomalyLayer::applayer: break;
  }
  return {};
}

}  // namespace

Reporter::Reporter(const WorkerShare& share, size_t index, const Origin& origin, const FlowFacts& facts)
    : config_(*share.config),
      index_(index),
      publisher_(*share.publisher),
      origin_(origin),
      facts_(facts),
      recorder_(config_.eve),
      files_(config_.file_store, *share.file_numbers, share.order, index, recorder_),
      community_id_(config_.eve->community_id_seed()) {}

/// Whether the flow has anything left to be recorded with; what it has not is counted.
bool Reporter::may_record(const Flow* flow) {
  if (!flow || lapwing::may_record(config_.budget, *flow)) return true;
  recorder_.refuse();
  return false;
}

/// Addresses as the packet at hand has them. `ruled`: with what rules noted of the flow.
Envelope Reporter::as_sent(const MatchContext& at, bool ruled) {
  if (!at.packet) return as_flow(at, ruled);
  Envelope envelope = describe(*at.packet, space_);
  add_origin(envelope);
  if (at.flow) add_flow(*at.flow, ruled, envelope);
  return envelope;
}

/// Addresses as the flow has them: its client is the source.
Envelope Reporter::as_flow(const MatchContext& at, bool ruled) {
  Envelope envelope = describe(*at.flow, at.packet, at.time, space_);
  if (!at.packet) {
    envelope.pkt_src = "stream (flow timeout)";
    facts_.stations.describe(*at.flow, envelope);
  }
  add_origin(envelope);
  add_flow(*at.flow, ruled, envelope);
  return envelope;
}

Envelope Reporter::of_application(const MatchContext& at, bool ruled) {
  Envelope envelope = as_flow(at, ruled);
  add_application(*at.flow, envelope);
  return envelope;
}

void Reporter::add_application(const Flow& flow, Envelope& envelope) const {
  add_app(facts_.app.recognition(flow), envelope);
}

void Reporter::add_origin(Envelope& envelope) const {
  if (origin_.live) {
    envelope.in_iface = origin_.name;
    envelope.pcap_cnt = 0;
  } else {
    envelope.pcap_filename = origin_.name;
  }
}

void Reporter::add_flow(const Flow& flow, bool ruled, Envelope& envelope) {
  envelope.flow_id = flow.id;
  envelope.parent_id = facts_.app.recognition(flow).parent;
  envelope.community_id = community_id(flow);
  if (!ruled) return;
  envelope.flowbits = facts_.matcher.flowbits(flow);
  add_variables(flow, envelope);
  envelope.pktvars = facts_.matcher.pktvars();
}

void Reporter::add_variables(const Flow& flow, Envelope& envelope) {
  envelope.flowvars = facts_.matcher.flowvars(flow);
  envelope.flowints = facts_.matcher.flowints(flow);
  envelope.entropies = facts_.matcher.entropies(flow);
}

std::string_view Reporter::community_id(const Flow& flow) {
  if (!config_.eve->community_id()) return {};
  return community_id_.compute(flow.key.proto, flow.client(), flow.server(), flow.client_port(), flow.server_port(),
                               flow.icmp[0], flow.icmp[1]);
}

void Reporter::anomaly(const Look& look, const Breach& breach) {
  if (!recorder_.wants(breach.layer) || !may_record(look.flow)) return;
  const Charge charge(recorder_, look.flow);
  const bool of_packet = breach.layer != AnomalyLayer::applayer;
  Envelope envelope = of_packet ? as_sent(look, look.ruled) : as_flow(look, look.ruled);
  Anomaly anomaly{.type = breach.layer};
  if (of_packet) {
    const PacketBytes shown = look.packet ? bytes_of(*look.packet) : PacketBytes{};
    anomaly.packet = shown.bytes;
    anomaly.link_type = shown.link_type;
  } else {
    if (breach.by_dissector) add_application(*look.flow, envelope);
    if (breach.direction == Direction::to_client) reverse(envelope);
    if (breach.protocol) anomaly.app_proto = breach.protocol->name;
    anomaly.layer = breach.by_dissector ? "proto_parser" : "proto_detect";
    anomaly.has_tx = breach.tx != nullptr;
    anomaly.tx_id = breach.tx ? breach.tx->number : 0;
  }
  const bool capitals = !of_packet && (!breach.by_dissector || breach.protocol->loud_anomalies);
  for (std::string_view name : breach.names) {
    const AnomalyName full(prefix(breach.layer), breach.part, name, capitals);
    anomaly.event = full.view();
    recorder_.anomaly(envelope, anomaly);
  }
}

void Reporter::event(const Look& look, const Event& event) {
  if (!event.record || event.tx->unrecorded) return;
  if (look.flow->flags & flow_flag::transactions_unrecorded) return;
  const bool beside = event.file && event.file->store_id && config_.file_store.write_fileinfo;
  if (!recorder_.wants(*event.record) && !beside) return;
  if (!may_record(look.flow)) return;
  const Charge charge(recorder_, look.flow);
  Envelope envelope = of_application(look, look.ruled);
  envelope.app_proto = event.protocol->name;
  if (event.reversed) reverse(envelope);
  if (beside) recorder_.file_info(envelope, event);
  recorder_.event(envelope, event);
}

void Reporter::packet(const Look& look, const Event& event) {
  if (!may_record(look.flow)) return;
  const Charge charge(recorder_, look.flow);
  recorder_.event(as_sent(look, look.ruled), event);
}

void Reporter::frame(const Look& look, const MessageFrame& frame) {
  if (!frame.first || !recorder_.wants_frames() || !may_record(look.flow)) return;
  const Charge charge(recorder_, look.flow);
  Envelope envelope = of_application(look, look.ruled);
  envelope.app_proto = frame.protocol->name;
  if (frame.direction == Direction::to_client) reverse(envelope);
  recorder_.frame(envelope, frame);
}

void Reporter::file(const Look& look, Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over) {
  files_.take(*look.flow, tx, direction, file, bytes, over, look.number);
}

void Reporter::flow(const Look& look) {
  const Flow& flow = *look.flow;
  if (!recorder_.wants_flows() || flow.flags & flow_flag::unrecorded) return;
  FlowSummary summary = summarise(flow, facts_.app, look.time, summary_space_);
  std::array<AppliedPolicy, kFlowExceptions> policies;
  summary.exception_policies = applied_policies(flow, config_.exceptions, policies);
  facts_.stations.describe(flow, summary.envelope);
  summary.application = facts_.identification.of(flow);
  summary.flowbits = facts_.matcher.flowbits(flow);
  add_variables(flow, summary.envelope);
  if (flow.flags & flow_flag::passed) summary.action = "pass";
  summary.envelope.community_id = community_id(flow);
  add_origin(summary.envelope);
  recorder_.flow(summary);
  // Many flows may end at once: with the capture, or where the memory cap was hit.
  if (recorder_.waiting() >= kBatchBytes) publish();
}

void Reporter::publish() {
  if (auto batch = recorder_.take()) publisher_.push(index_, std::move(batch));
}

void Reporter::raised(const RuleInfo& rule) {
  auto known = std::ranges::find(hits_, &rule, &SignatureHits::rule);
  if (known == hits_.end()) known = hits_.insert(hits_.end(), {&rule, 0});
  ++known->hits;
}

void Reporter::alert(const MatchContext& context, Alert& alert) {
  Flow* const flow = context.flow;
  if (watch_) watch_->alert(context, alert);
  // Whoever drowns a flow in alerts shall not hide another rule's by it.
  if (flow && !lapwing::may_record(config_.budget, *flow) && !facts_.matcher.first_alert(*flow, *alert.rule)) {
    recorder_.refuse();
    return;
  }
  const Charge charge(recorder_, flow);
  // Also of rules that are no more: their alerts waited.
  Envelope envelope = as_sent(context, true);
  // Where too many alerts wait for a packet of their direction, the one at hand is the receiver's acknowledgement.
  const Direction sent = context.packet ? context.direction : Direction::to_server;
  if (flow && alert.direction != sent) reverse(envelope);
  if (flow) {
    flow->flags |= flow_flag::alerted;
    add_application(*flow, envelope);
    alert.has_flow = true;
    alert.flow = summarise(*flow, facts_.app, context.time, summary_space_);
    alert.flow.application = facts_.identification.of(*flow);
    alert.flowbits = envelope.flowbits;
  }
  envelope.pktvars = alert.pktvars;
  recorder_.alert(envelope, alert);
}

void Reporter::serialise(const Event& event, std::string& json, std::string& forwarded) {
  std::string_view header = config_.eve->forwarded_header();
  if (!header.empty() && !event.tx->blank && event.protocol->request_header)
    forwarded = event.protocol->request_header(*event.tx, header);
  if (flow_) files_.promise(*flow_, *event.protocol, *event.tx, event.direction);
  recorder_.append_transaction(json, event);
}

void Reporter::captured(const MatchContext& context) {
  if (!recorder_.wants_metadata() || !may_record(context.flow)) return;
  const Charge charge(recorder_, context.flow);
  Envelope envelope = context.flow ? of_application(context, true) : as_sent(context, true);
  envelope.pktvars = facts_.matcher.pktvars();
  recorder_.metadata(envelope);
}

void Reporter::tagged(const MatchContext& context) {
  if (!may_record(context.flow)) return;
  const Charge charge(recorder_, context.flow);
  Envelope envelope = as_sent(context, true);
  if (context.flow) add_application(*context.flow, envelope);
  const PacketBytes shown = bytes_of(*context.packet);
  recorder_.packet(envelope, shown.bytes, shown.link_type);
}

void Reporter::add_counters(CounterSet& set) const {
  set.add(recorder_.counters(), recorder_counter_rows());
  set.add(files_.counters(), file_keeper_counter_rows());
}

}  // namespace lapwing
