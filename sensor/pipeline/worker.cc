#include "sensor/pipeline/worker.h"

#include <algorithm>
#include <chrono>

#include "sensor/base/hash.h"
#include "sensor/base/log.h"
#include "sensor/base/per_thread.h"

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

Worker::Worker(size_t index, PacketSource& source, const WorkerShare& share)
    : index_(index),
      divided_(share.workers != 1 && share.replay),
      source_(source),
      share_(share),
      decoder_(share.config->decode, share.checksums),
      defrag_(share.config->stream),
      flows_(flow_config(share), share.hash_seed,
             [this](Flow& flow, Timestamp now) {
               spare_process([&] { close(flow, now); });
               stations_.forget(flow);
               context_.flow = nullptr;  // it is no more
             }),
      stream_(share.config->stream, *this),
      app_(share.config->app, share.config->budget, *this),
      identification_(share.config->identify),
      matcher_(share.rules, share.state, *this),
      recorder_(share.config->eve),
      files_(share.config->file_store, *share.file_numbers, share.order, index, recorder_),
      stations_(share.config->eve->wants_ethernet()),
      community_id_(share.config->eve->community_id_seed()),
      has_rules_(!share.rules->rules().empty()),
      board_([this](CounterSet& set) { add_counters(set); }) {
  matcher_.trace(share.tracer);
  auto frames = frames_wanted(*share.rules);
  app_.want_frames(frames);
  share_.rules.reset();  // the matcher has them, for as long as they are in use
}

Worker::~Worker() = default;

/// Memory that cannot be had costs the flow at hand, not the process.
template <class Step>
void Worker::spare_process(Step step) {
  if (!guard_.run(step)) drop_flow();
}

void Worker::drop_flow() {
  recorder_.discard();
  if (!context_.flow) return;
  for (auto& slot : context_.flow->slots) slot.reset();
  // One that is at its end goes anyway.
  if (context_.flow->end == FlowEnd::none) flows_.set_state(*context_.flow, FlowState::bypassed);
  context_.flow = nullptr;
}

void Worker::run() {
  ThreadObjects::begin();
  Burst burst;
  while (true) {
    // The source itself is asked to stop, and then counts what it was not asked for.
    PacketSource::Result result = source_.receive(burst);
    if (result == PacketSource::Result::end) break;
    const auto begin = share_.replay ? Clock::time_point() : Clock::now();
    guard_.run([&] { board_.show(); });
    if (RuleHandover* handover = slot_.offered()) take_rules(*handover);
    if (result == PacketSource::Result::idle) {
      source_.may_wait(!expire_idle());
      publish();
      continue;
    }
    file_ = source_.file();
    if (!share_.replay) identification_.backlog(source_.backlog());
    process(burst.view());
    if (decoder_.unknown().size() != told_unknown_) tell_unknown();
    if (!share_.replay) expire();
    publish();
    source_.release(burst);
    if (!share_.replay) worked_.burst(microseconds_since(begin));
    progress_.store(source_.progress(), std::memory_order_relaxed);
  }
  flows_.end_all(now_);
  publish();
  if (share_.order) share_.order->leave(index_);
  guard_.run([&] { board_.take(); });
  board_.close();
  slot_.close();
}

std::unique_ptr<RuleHandover> Worker::prepare(std::shared_ptr<const RuleSet> rules) const {
  auto handover = std::make_unique<RuleHandover>();
  handover->has_rules = !rules->rules().empty();
  handover->frames = frames_wanted(*rules);
  handover->kit = matcher_.prepare(std::move(rules));
  return handover;
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

/// In replay everything due ends in each second of packet time, so that results do not depend on how it is read.
void Worker::expire() {
  expired_to_ = now_.seconds();
  const bool few = source_.backlog() > kCalm && flows_.late(now_) <= kLate;
  flows_.expire(now_, share_.replay ? 0 : few ? kFewEnds : kEnds);
  spare_process([&] { defrag_.expire(now_); });
}

/// No frame tells the time on a silent wire, yet flows must end there too. True when more are due.
bool Worker::expire_idle() {
  const std::optional<Timestamp> wall = source_.now();
  if (!wall || last_number_ == 0) return false;
  // Frames that are on their way through the ring are older.
  constexpr int64_t kOnTheWay = 1'000'000'000;
  now_ = std::max(now_, Timestamp{wall->ns - kOnTheWay});
  spare_process([&] { defrag_.expire(now_); });
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
    context_.flow = nullptr;
    if (share_.replay && now_.seconds() != expired_to_) expire();
    spare_process([&] {
      take(packet, lookups_[i]);
      while (Flow* flow = app_.over_memcap()) give_up(*flow);
    });
    bool frame_ends = i + 1 == count || packets_[i + 1].number != packet.number;
    if (share_.order && frame_ends) share_.order->finished(index_, packet.number);
  }
  return used;
}

FlowTable::Lookup Worker::look(const Packet& packet) const {
  return packet.wants_flow && !packet.invalid && !packet.dropped ? flows_.look(packet) : FlowTable::Lookup{};
}

/// One layer of a frame.
void Worker::take(Packet& packet, const FlowTable::Lookup& lookup) {
  judge(packet);
  if (!packet.is_fragment) {
    if (mine(packet)) follow(packet, packet.dropped ? FlowTable::Lookup{} : lookup);
    return;
  }
  // What is put together may be a tunnel's packet with a fragment inside, each level deeper by a tunnel of kMaxTunnel.
  for (Packet fragment = packet;;) {
    const Bytes whole = defrag_.add(fragment);
    if (mine(fragment)) inspect(fragment, nullptr, Direction::to_server);
    if (whole.empty()) return;
    const size_t count = decoder_.decode_reassembled(whole, fragment, reassembled_);
    for (size_t i = 0; i < count; ++i) {
      Packet& layer = reassembled_[i];
      layer.frame = defrag_.frame();
      if (i == 0) layer.wire_length = static_cast<uint32_t>(layer.frame.size());
      if (defrag_.overlapped()) layer.host_drops |= host_drop::overlap;
      judge(layer);
      if (!layer.is_fragment && mine(layer)) follow(layer, look(layer));
    }
    // Nothing is decoded behind a fragment: it can only be the last.
    if (!reassembled_[count - 1].is_fragment) return;
    fragment = reassembled_[count - 1];
  }
}

/// What the destination drops takes what it carries with it, which comes next.
void Worker::judge(Packet& packet) {
  if (packet.number == dropped_frame_ || (packet.host_drops != 0 && defrag_.drops(packet))) {
    packet.dropped = true;
    dropped_frame_ = packet.number;
  }
}

void Worker::follow(const Packet& packet, const FlowTable::Lookup& lookup) {
  Flow* flow = nullptr;
  uint8_t direction = 0;
  if (packet.has_quoted && !packet.dropped) flow = flows_.find_quoted(packet, direction);
  if (!flow && lookup.valid) flow = flows_.find_or_create(packet, lookup, direction);
  inspect(packet, flow, static_cast<Direction>(direction));
}

/// Every worker of a replay decodes everything; the address pair decides who goes on. An ICMP error belongs to the pair
/// that it quotes, as it belongs to that pair's flow.
bool Worker::falls_to_me(const Packet& packet) const {
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
  context_ = {.packet = &packet,
              .flow = flow,
              .budget = &share_.config->budget,
              .direction = direction,
              .time = packet.time,
              .number = packet.number};
  if (has_rules_) {
    context_.encrypted = flow && flow->flags & flow_flag::encrypted;
    stream_events_.clear();
    matcher_.begin(context_);
  }
  if (stations_.wanted() && flow && packet.ether)
    stations_.note(*flow, packet.ether, direction == Direction::to_client);
  if (packet.event_count) report_decode_events(packet, flow);
  // The packet that completes what a side of a stream is judged by belongs to what came before.
  bool just_judged = has_rules_ && flow && app_.take_just_judged(*flow, direction);
  if (flow) {
    if (packet.is_tcp() && !packet.has_quoted) {
      inspect_tcp(packet, *flow, direction);
    } else {
      context_.established = flow->state == FlowState::established;
      if (packet.is_udp()) inspect_datagram(packet, *flow, direction);
    }
    if (share_.config->exceptions.bypasses(*flow)) return bypass(*flow);
    identification_.packet(packet, *flow);
  }
  if (!has_rules_) return;
  if (flow) {
    see(*flow);
    if (!packet.is_tcp()) just_judged |= app_.take_just_judged(*flow, context_.direction);
  }
  recognition_.just_judged = just_judged;
  context_.stream_events = stream_events_;
  matcher_.packet(context_);
  matcher_.end(context_);
  if (flow && flow->flags & flow_flag::bypass_wanted) flows_.set_state(*flow, FlowState::bypassed);
}

/// By an exception policy: nothing more is found at the packet at hand, and what follows is only counted.
void Worker::bypass(Flow& flow) {
  exceptions_.bypassed(share_.config->exceptions, flow);
  flows_.set_state(flow, FlowState::bypassed);
  if (has_rules_) matcher_.end(context_);
}

void Worker::inspect_tcp(const Packet& packet, Flow& flow, Direction direction) {
  if (stream_.begins_midway(flow, packet)) {
    flow.note(FlowException::stream_midstream);
    if (share_.config->exceptions.bypasses(flow)) return;
  }
  FlowState before = flow.state;
  context_.established = before == FlowState::established;
  StreamVerdict verdict = stream_.packet(flow, packet, direction);
  if (flow.state != before) flows_.set_state(flow, flow.state);
  context_.in_stream = verdict.in_stream;
  if (has_rules_) context_.stream_size = StreamEngine::sizes(flow);
  context_.established = verdict.established;
  if (app_.reversed(flow)) swap_direction(flow, packet.time);
}

/// The first bytes of a flow showed that client and server are to change places.
void Worker::swap_direction(Flow& flow, Timestamp time) {
  stream_.swap_direction(flow);
  stations_.swap_direction(flow);
  context_.stream_size = StreamEngine::sizes(flow);
  if (has_rules_) matcher_.swap_direction(flow);
  context_.direction = lapwing::reverse(context_.direction);
  app_.swap_direction(flow, time);
}

/// What rules may ask of the flow's protocol.
void Worker::see(const Flow& flow) {
  recognition_ = app_.recognition(flow);
  context_.protocol = recognition_.final.protocol;
  context_.recognition = &recognition_;
}

/// Amid a packet: where both sides have their verdict, it stands until the packet's end.
void Worker::see_anew(const Flow& flow) {
  const auto known = [](const Spoken& spoken) { return spoken.known(); };
  if (context_.recognition && known(recognition_.final) && std::ranges::all_of(recognition_.sides, known)) return;
  see(flow);
}

void Worker::inspect_datagram(const Packet& packet, Flow& flow, Direction direction) {
  if (packet.payload.empty()) return;
  app_.chunk(flow, {.data = packet.payload, .time = packet.time, .direction = direction, .datagram = true});
  if (app_.reversed(flow)) swap_direction(flow, packet.time);
}

void Worker::chunk(Flow& flow, const Chunk& chunk) {
  auto dissect = [&](const Chunk& part) {
    if (!app_.done(flow)) app_.chunk(flow, part);
  };
  if (has_rules_) {
    // What was sent with the SYN is handed over before the handshake ends (RFC 7413).
    context_.established = true;
    context_.stream_size = StreamEngine::sizes(flow);
    see_anew(flow);
    matcher_.chunk(context_, chunk, [&](const Chunk& part) {
      dissect(part);
      see_anew(flow);
    });
  } else {
    dissect(chunk);
  }
}

void Worker::gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) {
  app_.gap(flow, direction, offset, lost, time);
  if (!has_rules_) return;
  // What the dissector made of the bytes before the gap is told while they are at hand.
  see_anew(flow);
  matcher_.gap(context_, direction, offset, lost);
}

/// Not the dissector's, whose messages the receiver never got.
void Worker::behind_hole(Flow&, const Chunk& chunk, uint64_t missing) {
  if (!has_rules_) return;
  if (missing > 0) matcher_.gap(context_, chunk.direction, chunk.offset - missing, missing);
  matcher_.chunk(context_, chunk, [](const Chunk&) {});
}

void Worker::encrypted(Flow&, Direction direction, uint64_t offset) {
  if (has_rules_) matcher_.encrypted(context_, direction, offset);
}

void Worker::plain(Flow&, const Chunk& bytes) {
  context_.encrypted = false;
  if (has_rules_) matcher_.chunk(context_, bytes, [](const Chunk&) {});
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

/// What is found of the flow from here on is found at no packet.
void Worker::begin_without_packet(Flow& flow, Timestamp now) {
  context_ = {.flow = &flow, .budget = &share_.config->budget, .time = now, .number = last_number_};
  context_.established = flow.state != FlowState::new_flow;
  see(flow);
  stream_events_.clear();
  if (!has_rules_) return;
  context_.stream_size = StreamEngine::sizes(flow);
  matcher_.begin(context_);
}

/// Dissection keeps too much memory: what it has half done of this flow comes out, and no more of it is dissected.
void Worker::give_up(Flow& flow) {
  begin_without_packet(flow, now_);
  app_.give_up(flow);
  if (has_rules_) matcher_.end(context_);
}

/// The flow is over: what its stream and its dissector still hold comes out, then its own record.
void Worker::close(Flow& flow, Timestamp now) {
  begin_without_packet(flow, now);
  if (flow.key.proto == ip_proto::tcp) {
    stream_.finish(flow, now);
    if (app_.reversed(flow)) swap_direction(flow, now);
  }
  app_.finish(flow, now);
  if (has_rules_) matcher_.finish(context_);
  matcher_.end(context_);  // alerts wait there, perhaps of rules that are no more
  identification_.finish(flow);
  if (!recorder_.wants_flows() || flow.flags & flow_flag::unrecorded) return;
  FlowSummary summary = summarise(flow, app_, now, summary_space_);
  std::array<AppliedPolicy, kFlowExceptions> policies;
  summary.exception_policies = applied_policies(flow, share_.config->exceptions, policies);
  stations_.describe(flow, summary.envelope);
  summary.application = identification_.of(flow);
  summary.flowbits = matcher_.flowbits(flow);
  add_variables(flow, summary.envelope);
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

/// Once for each number; of a replay's workers, which decode the same, one tells.
void Worker::tell_unknown() {
  const auto unknown = decoder_.unknown();
  for (; told_unknown_ < unknown.size(); ++told_unknown_) {
    if (share_.replay && index_ != 0) continue;
    const UnknownProtocol& first = unknown[told_unknown_];
    const std::string where = share_.replay ? std::string(file_) : std::string(source_.interface_name(0));
    if (first.kind == UnknownProtocol::Kind::link_type) {
      spdlog::warn("{}: frames of link type {} are not decoded (the first is frame {})", where, first.number,
                   first.frame);
    } else {
      spdlog::warn("{}: frames of EtherType {:#06x} are not decoded (the first is frame {})", where, first.number,
                   first.frame);
    }
  }
}

void Worker::publish() {
  context_.flow = nullptr;
  spare_process([&] {
    if (auto batch = recorder_.take()) share_.publisher->push(index_, std::move(batch));
  });
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
  set.add(exceptions_, exception_counter_rows());
  set.add(guard_.counters(), memory_fault_rows());
  set.add(stations_.counters(), station_counter_rows());
  set.add(stream_.counters(), stream_counter_rows());
  set.add(app_.counters(), app_counter_rows());
  app_.add_protocol_counters(set);
  set.add(identification_.counters(), identify_counter_rows());
  set.add(matcher_.counters(), match_counter_rows());
  set.add(recorder_.counters(), recorder_counter_rows());
  set.add(files_.counters(), file_keeper_counter_rows());
  if (!share_.replay) add_worker_counters(worked_, index_, set);
}

}  // namespace lapwing
