#include "sensor/pipeline/inspector.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "dissectors/parts/file/file_columns.h"

namespace lapwing {

Inspector::Inspector(const WorkerShare& share, size_t index, const Origin& origin, FlowTable& flows, MemoryGuard& guard)
    : config_(*share.config),
      flows_(flows),
      guard_(guard),
      stream_(config_.stream, *this),
      app_(config_.app, config_.budget, *this),
      identification_(config_.identify),
      stations_(config_.eve->wants_ethernet()),
      reporter_(share, index, origin, {app_, stations_, identification_, matcher_}),
      matcher_(share.rules, share.state, reporter_),
      has_rules_(!share.rules->rules().empty()),
      index_(index),
      analyst_(share.analyst) {
  matcher_.trace(share.tracer);
  auto all = wanted(*share.rules);
  app_.want(all);
  if (analyst_) {
    observer_ = std::make_unique<analytics::Observer>(share.detectors, *share.surroundings, analyst_->epochs(index),
                                                      analyst_->bell());
    watch_ = std::make_unique<FlowWatch>(*observer_, app_, identification_, config_);
    reporter_.watch(*watch_);
  }
  for (const PacketDissectorRow* row : packet_dissectors()) {
    const bool watched =
        observer_ && (observer_->wants(*row->protocol) || (row->protocol->sightings && observer_->wants_sightings()));
    const auto& records = row->protocol->records;
    if (watched || (!records.empty() && reporter_.wants(records[0]))) {
      packets_.push_back({row, RecordPlans(*row->protocol, nullptr)});
      const PacketSelector& selector = row->selector;
      if (selector.ports[0] == 0) {
        recorded_protos_.set(selector.ipv4_proto);
        recorded_protos_.set(selector.ipv6_proto);
      }
      for (uint16_t port : selector.ports) recorded_ports_.set(port, port != 0);
    }
  }
}

/// From the look's begin to its end. Where memory lacks meanwhile, it ends there.
template <class Step>
void Inspector::during(Look& look, Step step) {
  look_ = &look;
  anomalies_.clear();
  reporter_.begin(look);
  const bool done = guard_.run([&] {
    if (look.ruled) matcher_.begin(look);
    step();
  });
  if (!done) drop(look);
  look_ = nullptr;
}

/// Memory that cannot be had costs the flow at hand, which is only counted from now on.
void Inspector::drop(const Look& look) {
  reporter_.discard();
  if (!look.flow) return;
  for (auto& slot : look.flow->slots) slot.reset();
  // One that is at its end goes anyway.
  if (look.flow->end == FlowEnd::none) flows_.set_state(*look.flow, FlowState::bypassed);
}

void Inspector::packet(const Packet& packet, Flow* flow, Direction direction) {
  if (flow && flow->state == FlowState::bypassed) return;
  Look look(packet, flow, direction, config_.budget, has_rules_);
  during(look, [&] { at_packet(look); });
}

void Inspector::at_packet(Look& look) {
  const Packet& packet = *look.packet;
  Flow* const flow = look.flow;
  if (flow && packet.ether && stations_.wanted()) {
    stations_.note(*flow, packet.ether, look.direction == Direction::to_client);
  }
  if (flow && app_.expecting() && flow->packets[0] + flow->packets[1] <= AppLayer::kGreetings) {
    app_.greet(*flow, look.time);
  }
  if (packet.event_count) report_decode(look);
  if (recorded(packet)) record_packet(look);
  // The packet that completes what a side of a stream is judged by belongs to what came before.
  bool just_judged = look.ruled && flow && app_.take_just_judged(*flow, look.direction);
  if (flow) {
    if (packet.is_tcp() && !packet.has_quoted) {
      follow(look);
    } else if (packet.is_udp()) {
      dissect(look);
    }
    if (config_.exceptions.bypasses(*flow)) return bypass(look);
    identification_.packet(packet, *flow, app_);
    if (watch_) watch_->packet(look);
  }
  if (!look.ruled) return;
  if (flow) {
    see(look);
    if (!packet.is_tcp()) just_judged |= app_.take_just_judged(*flow, look.direction);
  }
  look.spoken.just_judged = just_judged;
  look.stream_events = anomalies_;
  matcher_.packet(look);
  matcher_.end(look);
  if (flow && flow->flags & flow_flag::bypass_wanted) flows_.set_state(*flow, FlowState::bypassed);
}

/// What packet dissectors say of the packet by itself. Where its headers are broken, anomalies tell.
void Inspector::record_packet(const Look& look) {
  const Packet& packet = *look.packet;
  if (packet.invalid) return;
  for (const Recorded& recorded : packets_) {
    const PacketSelector& selector = recorded.row->selector;
    const bool carried = selector.ether_type == 0;
    const uint8_t proto = packet.ip_version == 4 ? selector.ipv4_proto : selector.ipv6_proto;
    if (carried ? packet.ip_version == 0 || proto == 0 || packet.proto != proto || packet.is_fragment
                : packet.ether_type != selector.ether_type) {
      continue;
    }
    if (!selector.of_port(packet.src_port) && !selector.of_port(packet.dst_port)) continue;
    const Bytes bytes = carried ? packet.ip_payload : packet.arp;
    if (Transaction* tx = recorded.row->read(bytes, packet.ip_version)) {
      const Protocol& protocol = *recorded.row->protocol;
      const Event event{.protocol = &protocol,
                        .tx = tx,
                        .direction = look.direction,
                        .record = protocol.records.empty() ? nullptr : &protocol.records[0],
                        .message = bytes.size(),
                        .plans = &recorded.plans};
      if (event.record) reporter_.packet(look, event);
      if (watch_) watch_->event(look, event);
    }
  }
}

/// What the stream engine makes of a packet of TCP; it calls back with the bytes that both ends agreed on.
void Inspector::follow(Look& look) {
  Flow& flow = *look.flow;
  if (stream_.begins_midway(flow, *look.packet)) {
    flow.note(FlowException::stream_midstream);
    if (config_.exceptions.bypasses(flow)) return;
  }
  const FlowState before = flow.state;
  const StreamVerdict verdict = stream_.packet(flow, *look.packet, look.direction);
  if (flow.state != before) flows_.set_state(flow, flow.state);
  look.in_stream = verdict.in_stream;
  if (look.ruled) look.stream_size = StreamEngine::sizes(flow);
  look.established = verdict.established;
  if (app_.reversed(flow)) swap_direction(look);
}

/// A datagram is a message of its own.
void Inspector::dissect(Look& look) {
  const Packet& packet = *look.packet;
  if (packet.payload.empty()) return;
  app_.chunk(*look.flow, {.data = packet.payload, .time = packet.time, .direction = look.direction, .datagram = true});
  if (app_.reversed(*look.flow)) swap_direction(look);
}

/// By an exception policy: nothing more is found at the packet at hand, and what follows is only counted.
void Inspector::bypass(const Look& look) {
  exceptions_.bypassed(config_.exceptions, *look.flow);
  flows_.set_state(*look.flow, FlowState::bypassed);
  if (look.ruled) matcher_.end(look);
}

/// The first bytes of a flow showed that client and server are to change places.
void Inspector::swap_direction(Look& look) {
  Flow& flow = *look.flow;
  stream_.swap_direction(flow);
  stations_.swap_direction(flow);
  if (watch_) watch_->swap_direction(flow);
  look.stream_size = StreamEngine::sizes(flow);
  if (look.ruled) matcher_.swap_direction(flow);
  look.direction = reverse(look.direction);
  app_.swap_direction(flow, look.time);
}

/// The flow is over: what its stream and its dissector still hold comes out, then its own record.
void Inspector::close(Flow& flow, Timestamp now, uint64_t number) {
  Look look(flow, now, number, config_.budget, has_rules_);
  during(look, [&] { at_close(look); });
  stations_.forget(flow);
}

void Inspector::at_close(Look& look) {
  Flow& flow = *look.flow;
  see(look);
  if (look.ruled) look.stream_size = StreamEngine::sizes(flow);
  if (flow.key.proto == ip_proto::tcp) {
    stream_.finish(flow, look.time);
    if (app_.reversed(flow)) swap_direction(look);
  }
  app_.finish(flow, look.time);
  if (look.ruled) matcher_.finish(look);
  matcher_.end(look);  // alerts wait there, perhaps of rules that are no more
  identification_.finish(flow);
  if (watch_) watch_->close(look);
  reporter_.flow(look);
}

/// Where memory lacks for what was seen last, the analyst does without it, but waits no more.
void Inspector::finish() {
  if (watch_ && !guard_.run([&] { watch_->finish(); })) analyst_->abandon(index_);
}

/// What dissection has half done of this flow comes out, and no more of it is dissected.
void Inspector::give_up(Flow& flow, Timestamp now, uint64_t number) {
  Look look(flow, now, number, config_.budget, has_rules_);
  during(look, [&] {
    see(look);
    if (look.ruled) look.stream_size = StreamEngine::sizes(flow);
    app_.give_up(flow);
    if (look.ruled) matcher_.end(look);
  });
}

/// What rules may ask of the flow's protocol.
void Inspector::see(Look& look) const {
  look.speaks(app_.recognition(*look.flow));
}

/// Amid a packet: where both sides have their verdict, it stands until the packet's end.
void Inspector::see_anew(Look& look) const {
  const auto known = [](const Spoken& spoken) { return spoken.known(); };
  if (look.recognition && known(look.spoken.final) && std::ranges::all_of(look.spoken.sides, known)) return;
  see(look);
}

void Inspector::report_decode(const Look& look) {
  std::array<std::string_view, kMaxPacketEvents> names;
  const auto found = std::span(look.packet->events).first(look.packet->event_count);
  std::ranges::transform(found, names.begin(), [](DecodeAnomaly anomaly) { return name(anomaly); });
  reporter_.anomaly(look, {.layer = AnomalyLayer::decode, .names = std::span(names).first(found.size())});
}

std::unique_ptr<RuleHandover> Inspector::prepare(std::shared_ptr<const RuleSet> rules) const {
  auto handover = std::make_unique<RuleHandover>();
  handover->has_rules = !rules->rules().empty();
  handover->wanted = wanted(*rules);
  handover->kit = matcher_.prepare(std::move(rules));
  return handover;
}

void Inspector::exchange(RuleHandover& handover) {
  matcher_.exchange(*handover.kit);
  reporter_.exchange(handover.hits);
  app_.want(handover.wanted);
  has_rules_ = handover.has_rules;
}

/// What rules and records look at of each protocol, as AppLayer::want takes it. An alert shows all of its transaction.
std::vector<Wanted> Inspector::wanted(const RuleSet& rules) const {
  const bool inspected = !rules.rules().empty() || config_.file_store.enabled;
  const bool by_all = inspected || reporter_.wants(AnomalyLayer::applayer);
  uint8_t digests = config_.files.digests;
  for (const auto& [name, algorithm] : file::kDigestBuffers)
    digests |= rules.reads(name) ? file::bit(algorithm) : uint8_t{0};
  std::vector<Wanted> out;
  for (const AppProtocol& row : config_.app.protocols) {
    const Protocol& protocol = *row.row->protocol;
    const bool all_frames = reporter_.wants_frames() && !protocol.frames.empty();
    out.push_back(
        {.frames = all_frames ? (uint32_t{2} << protocol.frames.size()) - 1 : rules.frames(protocol),
         .contents = by_all || std::ranges::any_of(protocol.records,
                                                   [&](const RecordRow& record) { return reporter_.wants(record); }),
         .files = inspected || config_.files.digests != 0 || config_.files.magic,
         .digests = digests});
  }
  return out;
}

void Inspector::add_counters(CounterSet& set) const {
  set.add(exceptions_, exception_counter_rows());
  set.add(stations_.counters(), station_counter_rows());
  set.add(stream_.counters(), stream_counter_rows());
  set.add(app_.counters(), app_counter_rows());
  app_.add_protocol_counters(set);
  set.add(identification_.counters(), identify_counter_rows());
  set.add(matcher_.counters(), match_counter_rows());
  reporter_.add_counters(set);
  if (watch_) watch_->add_counters(set);
}

}  // namespace lapwing
