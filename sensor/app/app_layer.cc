#include <algorithm>

#include "sensor/app/app_state.h"

namespace lapwing {
namespace {

constexpr CounterRow<AppCounters> kRows[] = {
    {"app_layer.detected", &AppCounters::detected, "flows whose protocol was found"},
    {"app_layer.failed", &AppCounters::failed, "flows whose first bytes fit no protocol"},
    {"app_layer.changed", &AppCounters::changed, "flows that went over to another protocol"},
    {"app_layer.parser_errors", &AppCounters::parser_errors, "flows whose dissector gave up", CounterKind::loss},
    {"app_layer.detection_limit", &AppCounters::detection_limit, "flows given up with many bytes and no verdict"},
    {"app_layer.turned", &AppCounters::turned, "flows picked up late whose client and server changed places"},
    {"app_layer.buffer_limit", &AppCounters::buffer_limit, "directions given up with too much of one message waiting",
     CounterKind::loss},
    {"app_layer.memcap", &AppCounters::memcap, "flows given up because dissection kept more than app-layer.memcap",
     CounterKind::loss},
    {"app_layer.memuse", &AppCounters::memuse, "bytes that dissection keeps of flows", CounterKind::gauge},
    {"app_layer.max_changes", &AppCounters::max_changes, "flows left because they changed their protocol too often",
     CounterKind::loss},
    {"app_layer.work_budget", &AppCounters::work_budget,
     "flows left because they cost more work than flow.budget.work-times and -base allow", CounterKind::loss},
    {"app_layer.transactions", &AppCounters::transactions, "transactions of all protocols"},
    {"app_layer.open_frames_max", &AppCounters::open_frames_max, "frames not looked at: too many of a flow were open",
     CounterKind::loss},
    {"app_layer.expectations", &AppCounters::expectations, "flows that others announced"},
    {"app_layer.expected", &AppCounters::expected, "flows that came as announced"},
    {"app_layer.expectations_pair_max", &AppCounters::expectations_pair_max,
     "announced flows not waited for: too many of one pair of hosts", CounterKind::loss},
    {"app_layer.expectations_max", &AppCounters::expectations_max, "announced flows not waited for: too many",
     CounterKind::loss},
};

}  // namespace

void ProtocolCounters::add(const Protocol& protocol, CounterSet& set) const {
  const std::string name(protocol.name);
  set.add("app_layer.flow." + name, flows, "flows of this protocol");
  set.add("app_layer.tx." + name, transactions, "transactions of this protocol");
  for (size_t i = 0; i < capped.size(); ++i) {
    const auto [part, cap] = kCapRows.at(protocol, i);
    const std::string owner(part ? part->name : protocol.name);
    set.add("app_layer." + owner + "." + std::string(cap.name) + "_max", capped[i], cap.help, CounterKind::loss);
  }
}

std::span<const CounterRow<AppCounters>> app_counter_rows() {
  return kRows;
}

AppLayer::AppLayer(const AppConfig& config, const BudgetConfig& budget, AppSink& sink)
    : config_(config), budget_(budget), sink_(sink), wanted_(config.protocols.size()) {
  for (const AppProtocol& protocol : config.protocols) by_protocol_.emplace_back(*protocol.row->protocol);
}

AppLayer::State& AppLayer::state_of(Flow& flow) {
  auto& slot = flow.slots[static_cast<size_t>(FlowSlot::app)];
  if (!slot) slot = std::make_unique<State>(memory_, flow);
  return static_cast<State&>(*slot);
}

void AppLayer::chunk(Flow& flow, const Chunk& chunk) {
  State& state = state_of(flow);
  if (state.phase == State::Phase::failed) return;
  const AppMemory::Metered metered(state.part);
  flow_ = &flow;
  current_ = &state;
  if (state.phase == State::Phase::detecting) {
    recognise(flow, state, chunk);
  } else {
    const size_t before = state.sides[index(chunk.direction)].settled() ? 0 : compare(flow, state, chunk);
    if (before == 0) return feed(flow, state, chunk);
    Chunk part = chunk;
    part.data = chunk.data.first(before);
    part.end = false;
    this->chunk(flow, part);
    part = chunk;
    part.data = chunk.data.subspan(before);
    part.offset += before;
    this->chunk(flow, part);
  }
}

void AppLayer::create(State& state, const AppProtocol& chosen) {
  state.phase = State::Phase::dissecting;
  state.protocol = &chosen;
  const size_t number = number_of(chosen);
  Beginning beginning{.sink = *this,
                      .config = chosen.config.get(),
                      .plans = chosen.plans.get(),
                      .first_id = state.transactions,
                      .contents = wanted_[number].contents,
                      .files = wanted_[number].files,
                      .digests = wanted_[number].digests};
  if (state.origin) {
    if (const AppProtocol* before = state.origin->before) beginning.from = before->row->about->name;
    beginning.context = std::exchange(state.origin->context, nullptr);
  }
  state.instance = chosen.row->create(beginning);
  ++counters_.detected;
  ++by_protocol_[number].flows;
  if (wanted_[number].frames) begin_frames(state, wanted_[number].frames);
}

void AppLayer::greet(Flow& flow, Timestamp time) {
  if (flow.get<State>(FlowSlot::app)) return;
  auto announced = expectations_.take(flow, time);
  if (!announced) return;
  State& state = state_of(flow);
  const AppMemory::Metered metered(state.part);
  flow_ = &flow;
  current_ = &state;
  Origin& origin = state.make_origin();
  origin.parent = announced->parent;
  origin.context = std::move(announced->context);
  for (auto& side : state.sides) {
    side.protocol = announced->protocol;
    side.just_judged = true;
  }
  create(state, *announced->protocol);
}

void AppLayer::choose(Flow& flow, State& state, const AppProtocol& chosen, const Chunk& first) {
  create(state, chosen);
  // The other side's bytes came first if they are there, but a request explains its answer, not the other way round. A
  // greeting, or that it is lost, comes before both.
  std::array<std::string, 2> waiting = {std::move(state.sides[0].buffer), std::move(state.sides[1].buffer)};
  for (auto& side : state.sides) side.buffer.clear();
  const bool greets = chosen.row->about->server_first && !state.changed();
  const Direction earlier = greets ? Direction::to_client : Direction::to_server;
  for (Direction direction : {earlier, reverse(earlier)}) {
    Chunk chunk = first;
    auto& side = state.sides[index(direction)];
    if (direction == first.direction) {
      if (!waiting[index(direction)].empty()) {
        chunk.data = to_bytes(waiting[index(direction)]);
        chunk.offset = side.offset;
      }
    } else {
      if (waiting[index(direction)].empty() && !side.ended && side.lost == 0) continue;
      chunk.direction = direction;
      chunk.data = to_bytes(waiting[index(direction)]);
      chunk.offset = side.offset;
      chunk.end = side.ended;
      chunk.broken_off = side.broken_off;
    }
    if (state.phase == State::Phase::failed) return;
    if (state.phase == State::Phase::detecting) {  // what the other side said led to another protocol
      recognise(flow, state, chunk);
      continue;
    }
    if (side.lost > 0 &&
        !skip(flow, state, {.offset = chunk.offset, .time = chunk.time, .direction = direction}, side.lost)) {
      continue;
    }
    if (!side.settled()) compare(flow, state, chunk);
    feed(flow, state, chunk);
  }
}

/// Tells the dissector of lost bytes; `behind` is where the stream goes on. False when the dissector does not.
bool AppLayer::skip(Flow& flow, State& state, const Chunk& behind, uint64_t lost) {
  change_ = false;
  offered_ = &behind;
  if (state.protocol->row->gap(state.instance, behind.direction, lost).kind == Step::Kind::fail) {
    leave(state, behind.direction);
    return false;
  }
  if (!change_) return true;
  apply_change(flow, state, behind);
  return false;
}

void AppLayer::feed(Flow& flow, State& state, const Chunk& chunk) {
  auto& side = state.sides[index(chunk.direction)];
  side.note_end(chunk);
  if (state.frames) take_frame_bytes(*state.frames, chunk);
  Chunk view = chunk;
  if (!side.buffer.empty()) {
    side.buffer.append(to_text(chunk.data));
    if (side.buffer.size() < side.need && !chunk.end) return;
    view.data = to_bytes(side.buffer);
    view.offset = side.offset;
  }
  dissect(flow, state, view);
  if (state.frames && state.phase == State::Phase::dissecting) {
    settle_frames(*state.frames, chunk.direction, chunk.datagram);
  }
  offer_again(flow, state, chunk.time);
}

/// Each side in turn may tell how the other is to be read, as long as the work is paid for.
void AppLayer::offer_again(Flow& flow, State& state, Timestamp time) {
  while (resume_) {
    const Direction direction = *std::exchange(resume_, std::nullopt);
    const HalfFlow& side = state.sides[index(direction)];
    if (state.phase != State::Phase::dissecting || side.buffer.empty()) continue;
    dissect(flow, state,
            {.data = to_bytes(side.buffer),
             .offset = side.offset,
             .time = time,
             .direction = direction,
             .end = side.ended,
             .broken_off = side.broken_off});
    if (state.frames && state.phase == State::Phase::dissecting) settle_frames(*state.frames, direction, false);
  }
}

/// Offers the dissector all of `view`, which lies in the side's buffer unless that is empty, and keeps what it leaves.
void AppLayer::dissect(Flow& flow, State& state, Chunk view) {
  auto& side = state.sides[index(view.direction)];
  const bool buffered = !side.buffer.empty();
  const DissectorRow& row = *state.protocol->row;
  while (true) {
    change_ = false;
    offered_ = &view;
    work(view.data.size());
    Step step = row.data(state.instance, view);
    const bool paid = may_work(budget_, *flow_);
    if (step.kind == Step::Kind::fail || !paid) {
      counters_.work_budget += !paid;
      return leave(state, view.direction);
    }
    size_t used = std::min<size_t>(step.used, view.data.size());
    view.data = view.data.subspan(used);
    view.offset += used;
    if (change_) {
      apply_change(flow, state, view);
      return;
    }
    if (view.data.empty() || view.datagram) {
      side.buffer.clear();
      side.need = 0;
      return;
    }
    if (step.kind == Step::Kind::ok && used > 0) continue;
    if (view.data.size() > kBufferLimit) {
      ++counters_.buffer_limit;
      return leave(state, view.direction);
    }
    side.need =
        static_cast<uint32_t>(std::min<size_t>(view.data.size() + std::max<uint32_t>(step.more, 1), kBufferLimit));
    if (buffered) {
      side.buffer.erase(0, side.buffer.size() - view.data.size());
    } else {
      side.buffer.assign(to_text(view.data));
    }
    side.offset = view.offset;
    return;
  }
}

/// The dissector cannot go on. What it has half done comes out when the flow ends.
void AppLayer::leave(State& state, Direction direction) {
  end_frames(state);
  ++counters_.parser_errors;
  flow_->note(FlowException::app_layer_error);
  state.phase = State::Phase::failed;
  state.sides[index(direction)].buffer = {};
}

bool AppLayer::work(uint64_t bytes) {
  return lapwing::work(budget_, *flow_, bytes);
}

/// The bytes after the change are looked at as if the flow had just begun, also those of the other side that waited for
/// it; what a client says explains its answer.
void AppLayer::apply_change(Flow& flow, State& state, const Chunk& rest) {
  if (state.changes == kMaxChanges) {
    ++counters_.max_changes;
    return leave(state, rest.direction);
  }
  ++state.changes;
  ++counters_.changed;
  end_frames(state);
  state.protocol->row->finish(state.instance);
  state.destroy();
  resume_.reset();
  Origin& origin = state.make_origin();
  if (!origin.original) origin.original = state.protocol;
  origin.before = state.protocol;
  origin.named = nullptr;
  origin.context = std::exchange(handed_over_, nullptr);
  origin.expected = change_to_;
  std::array<std::string, 2> waiting;
  waiting[index(rest.direction)] = to_text(rest.data);  // lies in that side's buffer
  waiting[index(reverse(rest.direction))] = std::move(state.sides[index(reverse(rest.direction))].buffer);
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    HalfFlow& side = state.sides[index(direction)];
    side = {.offset = direction == rest.direction ? rest.offset : side.offset,
            .ended = side.ended,
            .broken_off = side.broken_off};
  }
  state.phase = State::Phase::detecting;
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    const HalfFlow& side = state.sides[index(direction)];
    const std::string& bytes = waiting[index(direction)];
    const bool end = direction == rest.direction ? rest.end : side.ended && !bytes.empty();
    if (bytes.empty() && !end) continue;
    chunk(flow, {.data = to_bytes(bytes),
                 .offset = side.offset,
                 .time = rest.time,
                 .direction = direction,
                 .datagram = rest.datagram,
                 .end = end,
                 .broken_off = side.broken_off});
  }
}

void AppLayer::gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) {
  State& state = state_of(flow);
  if (state.phase == State::Phase::failed) return;
  const AppMemory::Metered metered(state.part);
  auto& side = state.sides[index(direction)];
  flow_ = &flow;
  current_ = &state;
  if (!side.settled()) side.closed = true;
  side.head = {};
  if (state.phase == State::Phase::detecting) {
    side.lost += side.buffer.size() + lost;
    side.buffer = {};
    if (state.sides[index(reverse(direction))].settled()) state.stop();
    return;
  }
  if (state.frames) break_frames(*state.frames, direction, offset, lost);
  side.buffer.clear();
  side.need = 0;
  skip(flow, state, {.offset = offset + lost, .time = time, .direction = direction}, lost);
  offer_again(flow, state, time);
}

void AppLayer::finish(Flow& flow, Timestamp) {
  auto* state = flow.get<State>(FlowSlot::app);
  if (!state) return;
  const AppMemory::Metered metered(state->part);
  flow_ = &flow;
  current_ = state;
  end_frames(*state);
  if (state->instance) state->protocol->row->finish(state->instance);
  end_detection(*state);
  state->phase = State::Phase::failed;
}

void AppLayer::give_up(Flow& flow) {
  State& state = state_of(flow);
  ++counters_.memcap;
  finish(flow, flow.last);
  const AppMemory::Metered metered(state.part);
  state.destroy();
  for (auto& side : state.sides) side.buffer = side.head = {};
}

AppCounters AppLayer::counters() const {
  AppCounters out = counters_;
  const ExpectationCounters& announced = expectations_.counters();
  out.expectations = announced.made;
  out.expected = announced.met;
  out.expectations_pair_max = announced.pair_max;
  out.expectations_max = announced.total_max;
  out.memuse = static_cast<uint64_t>(std::max<int64_t>(memory_->held(), 0));
  return out;
}

Spoken AppLayer::spoken(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  if (!state) return {};
  const AppProtocol* protocol = state->protocol;
  if (state->origin && state->origin->named) protocol = state->origin->named;
  const HalfFlow &a = state->sides[0], &b = state->sides[1];
  // A first datagram that fits no protocol speaks for the flow until a later one does better.
  const bool datagrams = a.datagrams > 0 || b.datagrams > 0;
  const bool failed =
      state->undetected || (!state->protocol && (datagrams ? a.failed || b.failed : a.failed && b.failed));
  return {protocol ? protocol->row->protocol : nullptr, failed};
}

bool AppLayer::knows_next(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  const bool giving_way = state && state->changed() && state->phase == State::Phase::detecting;
  return !giving_way && spoken(flow).protocol;
}

Recognition AppLayer::recognition(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  if (!state) {
    const Spoken none{nullptr, flow.key.proto == ip_proto::udp};  // datagrams without bytes fit no protocol
    return {.final = none, .sides = {none, none}};
  }
  auto protocol = [](const AppProtocol* p) { return p ? p->row->protocol : nullptr; };
  Recognition out;
  out.final = spoken(flow);
  const bool judged = state->protocol || out.final.failed;
  for (size_t i = 0; i < 2; ++i) {
    const HalfFlow& side = state->sides[i];
    // As long as the other may explain it, a side that fits nothing is no verdict.
    const bool failed = state->undetected ? !side.protocol : side.failed && judged;
    out.sides[i] = {protocol(side.protocol), failed};
  }
  if (const Origin* origin = state->origin.get()) {
    out.parent = origin->parent;
    out.original = protocol(origin->original);
    out.expected = origin->expected;
  }
  return out;
}

std::optional<uint64_t> AppLayer::stream_depth(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  return state && state->protocol ? state->protocol->stream_depth : std::nullopt;
}

uint64_t AppLayer::transactions(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  return state ? state->transactions : 0;
}

bool AppLayer::done(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  return state && state->phase == State::Phase::failed;
}

void AppLayer::add_protocol_counters(CounterSet& set) const {
  for (size_t i = 0; i < by_protocol_.size(); ++i) by_protocol_[i].add(*config_.protocols[i].row->protocol, set);
}

void AppLayer::emit(const Event& event) {
  if (event.tx->id + 1 > current_->transactions) {
    const uint64_t begun = event.tx->id + 1 - current_->transactions;
    current_->transactions += begun;
    counters_.transactions += begun;
    by_protocol_[number_of(*current_->protocol)].transactions += begun;
  }
  Frames* const frames = current_->frames.get();
  const bool over = event.tx->progress == std::array{kComplete, kComplete};
  if (frames && (event.record || over)) settle_frames(*frames, *event.tx);
  {
    const AppMemory::Paused paused(*memory_);
    sink_.event(*flow_, event);
  }
  if (frames && over) part_frames(*frames, *event.tx);
}

void AppLayer::anomaly(const Protocol& protocol, const Transaction& tx, uint8_t name, Direction direction) {
  const AppMemory::Paused paused(*memory_);
  sink_.anomaly(*flow_, protocol, tx, name, direction);
}

void AppLayer::file(const Event& event, CarriedFile& file, Bytes bytes, bool over) {
  const AppMemory::Paused paused(*memory_);
  sink_.file(*flow_, event, file, bytes, over);
}

void AppLayer::encrypted(Direction direction, uint64_t offset) {
  if (flow_->flags & flow_flag::encrypted) return;
  flow_->flags |= flow_flag::encrypted;
  const AppMemory::Paused paused(*memory_);
  sink_.encrypted(*flow_, direction, offset);
}

void AppLayer::plain(Direction direction, uint64_t offset) {
  if (!(flow_->flags & flow_flag::encrypted)) return;
  flow_->flags &= static_cast<uint16_t>(~flow_flag::encrypted);
  Chunk rest = *offered_;
  if (direction != rest.direction) return;
  rest.data = rest.data.subspan(std::min<size_t>(offset - rest.offset, rest.data.size()));
  rest.offset = offset;
  rest.end = false;  // the whole chunk says so
  const AppMemory::Paused paused(*memory_);
  sink_.plain(*flow_, rest);
}

bool AppLayer::picked_up_late() const {
  return flow_->flags & flow_flag::midstream;
}

void AppLayer::become(std::string_view name, std::shared_ptr<const Context> context) {
  change_ = true;
  change_to_ = name;
  handed_over_ = std::move(context);
}

void AppLayer::capped(const Protocol&, uint8_t cap, uint64_t count) {
  by_protocol_[number_of(*current_->protocol)].capped[cap] += count;
}

void AppLayer::rename(std::string_view name) {
  Origin& origin = current_->make_origin();
  if (!origin.original) origin.original = current_->protocol;
  origin.named = named_alike(name);
}

void AppLayer::expect(const Expectation& expectation) {
  const uint8_t transports = expectation.datagrams ? transport::udp : transport::tcp;
  if (const AppProtocol* protocol = named(expectation.protocol, transports)) {
    const AppMemory::Paused paused(*memory_);
    expectations_.add(*flow_, expectation, *protocol, flow_->last);
  }
}

}  // namespace lapwing
