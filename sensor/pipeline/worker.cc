#include "sensor/pipeline/worker.h"

#include <algorithm>
#include <chrono>

#include "sensor/base/hash.h"

namespace lapwing {

namespace {

using Clock = std::chrono::steady_clock;

uint64_t microseconds_since(Clock::time_point begin) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
}

FlowConfig flow_config(const WorkerShare& share) {
  FlowConfig config = share.config->flow;
  config.use_vlan = share.use_vlan;
  return config;
}

}  // namespace

struct Worker::Identity final : FlowAttachment {
  IdentifyState state;
};

Worker::Worker(size_t index, PacketSource& source, const WorkerShare& share)
    : index_(index),
      source_(source),
      share_(share),
      decoder_(share.config->decode, share.checksums),
      defrag_(share.config->stream),
      flows_(flow_config(share), share.hash_seed, [this](Flow& flow, Timestamp now) { close(flow, now); }),
      stream_(share.config->stream, *this),
      app_(share.config->app, share.config->budget, *this),
      identifier_(share.config->identify),
      matcher_(share.rules, share.state, *this),
      recorder_(share.config->eve),
      files_(share.config->file_store, *share.file_numbers, share.turn, index, recorder_),
      community_id_(share.config->eve->community_id_seed()),
      packets_(kGroup + kLayers),
      lookups_(kGroup + kLayers),
      reassembled_(kLayers),
      has_rules_(!share.rules->rules().empty()) {
  matcher_.trace(share.tracer);
  auto frames = frames_wanted(*share.rules);
  app_.want_frames(frames);
  share_.rules.reset();  // the matcher has them, for as long as they are in use
}

Worker::~Worker() = default;

void Worker::run(const std::atomic<bool>& stop) {
  Burst burst;
  while (!stop.load(std::memory_order_relaxed)) {
    PacketSource::Result result = source_.receive(burst);
    if (result == PacketSource::Result::end) break;
    const auto begin = share_.replay ? Clock::time_point() : Clock::now();
    if (snapshot_wanted_.load(std::memory_order_relaxed)) refresh_snapshot();
    if (RuleHandover* handover = slot_.offered()) take_rules(*handover);
    if (result == PacketSource::Result::idle) {
      source_.may_wait(!expire_idle());
      publish();
      continue;
    }
    file_ = source_.file();
    if (!share_.replay) identifier_.backlog(source_.backlog());
    process(burst.view());
    expire();
    publish();
    source_.release(burst);
    if (!share_.replay) worked_.burst(microseconds_since(begin));
    progress_.store(source_.progress(), std::memory_order_relaxed);
  }
  flows_.end_all(now_);
  publish();
  if (share_.turn) share_.turn->leave(index_);
  refresh_snapshot();
  ended_.store(true);
}

std::unique_ptr<RuleHandover> Worker::prepare(std::shared_ptr<const RuleSet> rules) const {
  auto handover = std::make_unique<RuleHandover>();
  handover->has_rules = !rules->rules().empty();
  handover->frames = frames_wanted(*rules);
  handover->kit = matcher_.prepare(std::move(rules));
  return handover;
}

bool Worker::given_back() {
  if (slot_.back()) return true;
  if (!ended_.load()) return false;
  slot_.withdraw();
  return true;
}

void Worker::take_rules(RuleHandover& handover) {
  const auto begin = Clock::now();
  matcher_.exchange(*handover.kit);
  hits_.swap(handover.hits);
  app_.want_frames(handover.frames);
  has_rules_ = handover.has_rules;
  slot_.give_back();
  worked_.adoption(microseconds_since(begin));
}

/// In replay everything due ends with the burst, so that results do not depend on how fast it is read.
void Worker::expire() {
  const bool few = source_.backlog() > kCalm && flows_.late(now_) <= kLate;
  flows_.expire(now_, share_.replay ? 0 : few ? kFewEnds : kEnds);
  defrag_.expire(now_);
}

/// No frame tells the time on a silent wire, yet flows must end there too. True when more are due.
bool Worker::expire_idle() {
  const std::optional<Timestamp> wall = source_.now();
  if (!wall || last_number_ == 0) return false;
  // Frames that are on their way through the ring are older.
  constexpr int64_t kOnTheWay = 1'000'000'000;
  now_ = std::max(now_, Timestamp{wall->ns - kOnTheWay});
  defrag_.expire(now_);
  return flows_.expire(now_, kEnds);
}

void Worker::process(std::span<const Frame> frames) {
  while (!frames.empty()) frames = frames.subspan(process_group(frames));
}

/// The passes over as many frames as stay in the first-level cache: headers, then where their flows lie in memory, then
/// what they mean. Returns how many frames that were.
size_t Worker::process_group(std::span<const Frame> frames) {
  size_t used = 0, count = 0;
  for (; used < frames.size() && count < kGroup; ++used) {
    count += decoder_.decode(frames[used], std::span(packets_).subspan(count, kLayers));
  }
  for (size_t i = 0; i < count; ++i) {
    lookups_[i] = mine(packets_[i]) ? look(packets_[i]) : FlowTable::Lookup{};
    flows_.prefetch(lookups_[i]);
  }
  for (size_t i = 0; i < count; ++i) flows_.prefetch_flow(lookups_[i]);
  for (size_t i = 0; i < count; ++i) {
    Packet& packet = packets_[i];
    now_ = std::max(now_, packet.time);
    last_number_ = packet.number;
    take(packet, lookups_[i]);
    bool frame_ends = i + 1 == count || packets_[i + 1].number != packet.number;
    if (share_.turn && frame_ends) share_.turn->finished(index_, packet.number);
  }
  return used;
}

FlowTable::Lookup Worker::look(const Packet& packet) const {
  return packet.wants_flow && !packet.invalid ? flows_.look(packet) : FlowTable::Lookup{};
}

/// One layer of a frame.
void Worker::take(Packet& packet, const FlowTable::Lookup& lookup) {
  if (!packet.is_fragment) {
    if (mine(packet)) follow(packet, lookup);
    return;
  }
  Bytes whole = defrag_.add(packet);
  if (mine(packet)) inspect(packet, nullptr, Direction::to_server);
  if (whole.empty()) return;
  // Fragments within a reassembled packet are not followed.
  size_t count = decoder_.decode_reassembled(whole, packet, reassembled_);
  for (size_t i = 0; i < count; ++i) {
    reassembled_[i].frame = defrag_.frame();
    if (i == 0) reassembled_[i].wire_length = static_cast<uint32_t>(defrag_.frame().size());
    if (mine(reassembled_[i])) follow(reassembled_[i], look(reassembled_[i]));
  }
}

void Worker::follow(const Packet& packet, const FlowTable::Lookup& lookup) {
  Flow* flow = nullptr;
  uint8_t direction = 0;
  if (packet.has_quoted) flow = flows_.find_quoted(packet, direction);
  if (!flow && lookup.valid) flow = flows_.find_or_create(packet, lookup, direction);
  inspect(packet, flow, static_cast<Direction>(direction));
}

/// Every worker of a replay decodes everything; the address pair decides who goes on. An ICMP error belongs to the pair
/// that it quotes, as it belongs to that pair's flow.
bool Worker::mine(const Packet& packet) const {
  if (share_.workers == 1 || !share_.replay) return true;
  if (packet.ip_version == 0) return index_ == 0;
  const IpAddress* a = packet.has_quoted ? &packet.quoted.src : &packet.src;
  const IpAddress* b = packet.has_quoted ? &packet.quoted.dst : &packet.dst;
  if (*b < *a) std::swap(a, b);
  uint8_t pair[32];
  std::memcpy(pair, a->bytes.data(), 16);
  std::memcpy(pair + 16, b->bytes.data(), 16);
  return keyed_hash(pair, share_.hash_seed) % share_.workers == index_;
}

void Worker::inspect(const Packet& packet, Flow* flow, Direction direction) {
  if (flow && flow->state == FlowState::bypassed) return;
  context_ = {.packet = &packet, .flow = flow, .direction = direction, .time = packet.time, .number = packet.number};
  if (has_rules_) {
    context_.encrypted = flow && flow->flags & flow_flag::encrypted;
    stream_events_.clear();
    matcher_.begin(context_);
  }
  if (packet.event_count) report_decode_events(packet, flow);
  // The packet that completes what a side of a stream is judged by belongs to what came before.
  bool fresh = has_rules_ && flow && app_.take_fresh(*flow, direction);
  if (flow) {
    if (packet.is_tcp() && !packet.has_quoted) {
      inspect_tcp(packet, *flow, direction);
    } else {
      context_.established = flow->state == FlowState::established;
      if (packet.is_udp()) inspect_datagram(packet, *flow, direction);
    }
    identify(packet, *flow, direction);
  }
  if (!has_rules_) return;
  if (flow) {
    see(*flow);
    if (!packet.is_tcp()) fresh |= app_.take_fresh(*flow, direction);
  }
  detection_.fresh = fresh;
  context_.stream_events = stream_events_;
  matcher_.packet(context_);
  matcher_.end(context_);
  if (flow && flow->flags & flow_flag::bypass_wanted) flows_.set_state(*flow, FlowState::bypassed);
}

void Worker::inspect_tcp(const Packet& packet, Flow& flow, Direction direction) {
  FlowState before = flow.state;
  context_.established = before == FlowState::established;
  StreamVerdict verdict = stream_.packet(flow, packet, direction);
  if (flow.state != before) flows_.set_state(flow, flow.state);
  context_.in_stream = verdict.in_stream;
  if (has_rules_) context_.stream_size = StreamEngine::sizes(flow);
  context_.established = verdict.established;
  if (app_.reversed(flow)) turn(flow, packet.time);
}

/// The first bytes of a flow picked up late showed that client and server are to change places.
void Worker::turn(Flow& flow, Timestamp time) {
  stream_.swap_direction(flow);
  context_.stream_size = StreamEngine::sizes(flow);
  if (has_rules_) matcher_.turn(flow);
  context_.direction = lapwing::reverse(context_.direction);
  app_.turn(flow, time);
}

/// What rules may ask of the flow's protocol.
void Worker::see(const Flow& flow) {
  detection_ = app_.detection(flow);
  context_.protocol = detection_.final.protocol;
  context_.detection = &detection_;
}

void Worker::inspect_datagram(const Packet& packet, Flow& flow, Direction direction) {
  if (packet.payload.empty()) return;
  app_.chunk(flow, {.data = packet.payload, .time = packet.time, .direction = direction, .datagram = true});
}

void Worker::identify(const Packet& packet, Flow& flow, Direction) {
  if (!share_.config->identify.enabled || packet.ip.empty() || packet.has_quoted) return;
  auto& slot = flow.slots[static_cast<size_t>(FlowSlot::identify)];
  if (!slot) {
    // Packets without payload name no application; most scans and floods are nothing else.
    if (packet.payload.empty()) return;
    slot = std::make_unique<Identity>();
  }
  auto& identity = static_cast<Identity&>(*slot);
  if (!identity.state.done()) identifier_.packet(identity.state, packet.ip, packet.time);
}

Application Worker::application(const Flow& flow) {
  auto* identity = flow.get<Identity>(FlowSlot::identify);
  return identity ? identifier_.describe(identity->state) : Application{};
}

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

Envelope Worker::flow_envelope(const Flow& flow) {
  Envelope envelope = describe(flow, context_.packet, context_.time, space_);
  if (!context_.packet) envelope.pkt_src = "stream (flow timeout)";
  add_source(envelope);
  add_app(app_.detection(flow), envelope);
  add_flow(flow, envelope);
  return envelope;
}

/// Identity of the flow, and what rules noted of it.
void Worker::add_flow(const Flow& flow, Envelope& envelope) {
  envelope.flow_id = flow.id;
  envelope.community_id = community_id(flow);
  if (!has_rules_) return;
  envelope.flowbits = matcher_.flowbits(flow);
  envelope.flowvars = matcher_.flowvars(flow);
  envelope.pktvars = matcher_.pktvars();
}

void Worker::report_decode_events(const Packet& packet, const Flow* flow) {
  if (!recorder_.wants(AnomalyLayer::decode)) return;
  Envelope envelope = describe(packet, space_);
  add_source(envelope);
  if (flow) add_flow(*flow, envelope);
  for (size_t i = 0; i < packet.event_count; ++i) {
    char text[96];
    std::string_view event = name(packet.events[i]);
    size_t size = static_cast<size_t>(
        std::snprintf(text, sizeof text, "decoder.%.*s", static_cast<int>(event.size()), event.data()));
    recorder_.anomaly(envelope, {.type = AnomalyLayer::decode,
                                 .event = {text, std::min(size, sizeof text - 1)},
                                 .packet = packet.frame,
                                 .link_type = packet.link_type});
  }
}

void Worker::chunk(Flow& flow, const Chunk& chunk) {
  auto dissect = [&](const Chunk& part) {
    if (!app_.done(flow)) app_.chunk(flow, part);
  };
  if (has_rules_) {
    // What was sent with the SYN is handed over before the handshake ends (RFC 7413).
    context_.established = true;
    context_.stream_size = StreamEngine::sizes(flow);
    matcher_.chunk(context_, chunk, dissect);
  } else {
    dissect(chunk);
  }
}

void Worker::gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) {
  if (has_rules_) matcher_.gap(context_, direction, lost);
  app_.gap(flow, direction, offset, lost, time);
}

void Worker::event(Flow& flow, StreamEvent event) {
  if (has_rules_) stream_events_.push_back(name(event));
  if (!recorder_.wants(AnomalyLayer::stream)) return;
  char text[96];
  std::string_view label = name(event);
  size_t size = static_cast<size_t>(
      std::snprintf(text, sizeof text, "stream.%.*s", static_cast<int>(label.size()), label.data()));
  Envelope envelope =
      context_.packet ? describe(*context_.packet, space_) : describe(flow, nullptr, context_.time, space_);
  add_source(envelope);
  add_flow(flow, envelope);
  recorder_.anomaly(envelope, {.type = AnomalyLayer::stream, .event = {text, std::min(size, sizeof text - 1)}});
}

void Worker::encrypted(Flow&, Direction direction, uint64_t offset) {
  if (has_rules_) matcher_.encrypted(context_, direction, offset);
}

void Worker::detection(Flow& flow, DetectionEvent event) {
  if (has_rules_) stream_events_.push_back(name(event));
  if (!recorder_.wants(AnomalyLayer::applayer)) return;
  Envelope envelope =
      context_.packet ? describe(*context_.packet, space_) : describe(flow, nullptr, context_.time, space_);
  add_source(envelope);
  add_flow(flow, envelope);
  const Protocol* protocol = app_.detection(flow).final.protocol;
  recorder_.anomaly(envelope, {.type = AnomalyLayer::applayer,
                               .event = Capitals(name(event)),
                               .app_proto = protocol ? protocol->name : std::string_view{},
                               .layer = "proto_detect"});
}

void Worker::event(Flow& flow, const Event& event) {
  context_.protocol = event.protocol;
  if (has_rules_) {
    MatchContext context = context_;
    context.direction = event.direction;
    matcher_.event(context, event);
  }
  if (!event.record || (event.tx && event.tx->unrecorded)) return;
  if (flow.flags & flow_flag::transactions_unrecorded) return;
  const bool beside = event.file && event.file->store_id && share_.config->file_store.write_fileinfo;
  if (!recorder_.wants(*event.record) && !beside) return;
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
  if (!frame.first || !recorder_.wants_frames()) return;
  Envelope envelope = flow_envelope(flow);
  envelope.app_proto = frame.protocol->name;
  if (frame.direction == Direction::to_client) reverse(envelope);
  recorder_.frame(envelope, frame);
}

std::vector<uint32_t> Worker::frames_wanted(const RuleSet& rules) const {
  std::vector<uint32_t> out;
  for (const AppProtocol& row : share_.config->app.protocols) {
    const Protocol& protocol = *row.row->protocol;
    const bool all = recorder_.wants_frames() && !protocol.frames.empty();
    out.push_back(all ? (uint32_t{2} << protocol.frames.size()) - 1 : rules.frames(protocol));
  }
  return out;
}

void Worker::file(Flow& flow, Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over) {
  files_.take(flow, tx, direction, file, bytes, over, context_.number);
}

void Worker::anomaly(Flow& flow, const Protocol& protocol, const Transaction* tx, uint8_t name, Direction direction) {
  if (!recorder_.wants(AnomalyLayer::applayer)) return;
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

void Worker::alert(const MatchContext& context, Alert& alert) {
  auto known = std::ranges::find(hits_, alert.rule, &SignatureHits::rule);
  if (known == hits_.end()) known = hits_.insert(hits_.end(), {alert.rule, 0});
  ++known->hits;
  Envelope envelope;
  if (context.packet) {
    envelope = describe(*context.packet, space_);
    // Stream data is settled by the receiver's acknowledgement: the packet at hand then goes the other way than what
    // was found.
    if (context.flow && alert.direction != context.direction) reverse(envelope);
    alert.packet = context.packet->frame;
    alert.link_type = context.packet->link_type;
  } else if (context.flow) {
    envelope = describe(*context.flow, nullptr, context.time, space_);
    if (context.direction == Direction::to_client) reverse(envelope);
    envelope.pkt_src = "stream (flow timeout)";
  }
  add_source(envelope);
  if (context.flow) {
    Flow& flow = *context.flow;
    flow.flags |= flow_flag::alerted;
    envelope.flow_id = flow.id;
    add_app(app_.detection(flow), envelope);
    envelope.community_id = community_id(flow);
    alert.has_flow = true;
    alert.flow = summarise(flow, app_, context.time, summary_space_);
    alert.flow.application = application(flow);
    alert.flowbits = matcher_.flowbits(flow);
    envelope.flowvars = matcher_.flowvars(flow);
  }
  envelope.pktvars = matcher_.pktvars();
  recorder_.alert(envelope, alert);
}

void Worker::serialise(const Event& event, std::string& json, std::string& forwarded) {
  std::string_view header = share_.config->eve->forwarded_header();
  if (!header.empty() && event.protocol->request_header) forwarded = event.protocol->request_header(*event.tx, header);
  if (!event.protocol->write_in_alert) return;
  JsonWriter writer(json);
  event.protocol->write_in_alert(event, {.config = event.config, .in_alert = true}, writer);
}

void Worker::serialise(const MessageFrame& frame, std::string& json) {
  recorder_.append_frame(json, frame);
}

void Worker::tagged(const MatchContext& context) {
  Envelope envelope = describe(*context.packet, space_);
  add_source(envelope);
  if (context.flow) {
    add_app(app_.detection(*context.flow), envelope);
    add_flow(*context.flow, envelope);
  }
  recorder_.packet(envelope, context.packet->frame, context.packet->link_type);
}

/// The flow is over: what its stream and its dissector still hold comes out, then its own record.
void Worker::close(Flow& flow, Timestamp now) {
  context_ = {.flow = &flow, .time = now, .number = last_number_};
  context_.established = flow.state != FlowState::fresh;
  see(flow);
  stream_events_.clear();
  if (has_rules_) {
    context_.stream_size = StreamEngine::sizes(flow);
    matcher_.begin(context_);
  }
  if (flow.key.proto == ip_proto::tcp) {
    stream_.finish(flow, now);
    if (app_.reversed(flow)) turn(flow, now);
  }
  app_.finish(flow, now);
  if (has_rules_) {
    matcher_.finish(context_);
    matcher_.end(context_);
  }
  if (auto* identity = flow.get<Identity>(FlowSlot::identify)) identifier_.finish(identity->state);
  if (!recorder_.wants_flows() || flow.flags & flow_flag::unrecorded) return;
  FlowSummary summary = summarise(flow, app_, now, summary_space_);
  summary.application = application(flow);
  summary.flowbits = matcher_.flowbits(flow);
  summary.envelope.flowvars = matcher_.flowvars(flow);
  if (flow.flags & flow_flag::passed) summary.action = "pass";
  summary.envelope.community_id = community_id(flow);
  if (share_.replay) {
    summary.envelope.pcap_filename = file_;
  } else {
    summary.envelope.in_iface = source_.interface_name(0);
  }
  recorder_.flow(summary);
  // Many flows may end at once: with the capture, or where the memory cap was hit.
  if (recorder_.waiting() >= kBatchBytes) publish();
}

void Worker::publish() {
  if (auto batch = recorder_.take()) share_.publisher->push(index_, std::move(batch));
}

void Worker::add_counters(CounterSet& set) const {
  // In a replay all workers read and decode the same frames: one of them speaks for all.
  if (!share_.replay || index_ == 0) {
    source_.add_counters(set);
    set.add(decoder_.counters(), decode_counter_rows());
    decoder_.add_event_counters(set);
    set.add(defrag_.counters(), defrag_counter_rows());
  }
  set.add(flows_.counters(), flow_counter_rows());
  set.add(stream_.counters(), stream_counter_rows());
  set.add(app_.counters(), app_counter_rows());
  app_.add_protocol_counters(set);
  set.add(identifier_.counters(), identify_counter_rows());
  set.add(matcher_.counters(), detect_counter_rows());
  set.add(files_.counters(), file_keeper_counter_rows());
  if (!share_.replay) add_worker_counters(worked_, index_, set);
}

void Worker::refresh_snapshot() {
  CounterSet fresh;
  add_counters(fresh);
  std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(fresh);
  snapshot_wanted_.store(false, std::memory_order_relaxed);
}

CounterSet Worker::snapshot() {
  snapshot_wanted_.store(true, std::memory_order_relaxed);
  std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

}  // namespace lapwing
