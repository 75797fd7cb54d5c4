#include "sensor/app/app_layer.h"

#include <algorithm>

namespace lapwing {
namespace {

enum class Phase : uint8_t { detecting, dissecting, failed };

constexpr uint64_t kNoCandidates = 0;

constexpr CounterRow<AppCounters> kRows[] = {
    {"app_layer.detected", &AppCounters::detected, "flows whose protocol was found"},
    {"app_layer.failed", &AppCounters::failed, "flows whose first bytes fit no protocol"},
    {"app_layer.changed", &AppCounters::changed, "flows that went over to another protocol"},
    {"app_layer.parser_errors", &AppCounters::parser_errors, "flows whose dissector gave up"},
    {"app_layer.buffer_limit", &AppCounters::buffer_limit, "directions given up with too much of one message waiting"},
    {"app_layer.transactions", &AppCounters::transactions, "transactions of all protocols"},
};

}  // namespace

std::span<const CounterRow<AppCounters>> app_counter_rows() { return kRows; }

struct AppLayer::State final : FlowAttachment {
  struct Side {
    std::string buffer;       // undecided bytes, or the beginning of an incomplete message
    uint64_t offset = 0;      // stream offset of buffer[0]
    uint64_t candidates = ~kNoCandidates;  // protocols these bytes may still be, by index
    bool failed = false;
    bool ended = false;
    uint8_t datagrams = 0;    // looked at in vain
    uint32_t need = 0;        // bytes without which another look is useless
  };

  ~State() override { destroy(); }
  void destroy() {
    if (instance) protocol->row->destroy(instance);
    instance = nullptr;
  }

  Phase phase = Phase::detecting;
  const AppProtocol* protocol = nullptr;
  const AppProtocol* original = nullptr;
  void* instance = nullptr;
  std::array<Side, 2> sides;
  uint64_t transactions = 0;
};

AppLayer::AppLayer(const AppConfig& config, AppSink& sink)
    : config_(config),
      sink_(sink),
      flows_by_protocol_(config.protocols.size()),
      transactions_by_protocol_(config.protocols.size()) {}

AppLayer::State& AppLayer::state_of(Flow& flow) {
  auto& slot = flow.slots[static_cast<size_t>(FlowSlot::app)];
  if (!slot) slot = std::make_unique<State>();
  return static_cast<State&>(*slot);
}

void AppLayer::chunk(Flow& flow, const Chunk& chunk) {
  State& state = state_of(flow);
  if (state.phase == Phase::failed) return;
  flow_ = &flow;
  current_ = &state;
  if (state.phase == Phase::detecting) {
    detect(flow, state, chunk);
  } else {
    feed(flow, state, chunk);
  }
}

/// Asks every protocol still possible. Sure wins at once; among the merely possible a known port decides.
const AppProtocol* AppLayer::probe(State& state, const Chunk& first, const Flow& flow, bool& undecided) const {
  auto& side = state.sides[index(first.direction)];
  const uint8_t wanted = first.datagram ? transport::udp : transport::tcp;
  const AppProtocol* by_port = nullptr;
  undecided = false;
  for (size_t i = 0; i < config_.protocols.size(); ++i) {
    const AppProtocol& protocol = config_.protocols[i];
    if (!(side.candidates >> i & 1)) continue;
    Likelihood likelihood = protocol.transports & wanted ? protocol.row->probe(first) : Likelihood::no;
    switch (likelihood) {
      case Likelihood::sure: return &protocol;
      case Likelihood::no: side.candidates &= ~(uint64_t{1} << i); break;
      case Likelihood::more: undecided = true; break;
      case Likelihood::maybe: {
        auto known = [&](uint16_t port) { return std::ranges::find(protocol.ports, port) != protocol.ports.end(); };
        if (!by_port && (known(flow.server_port()) || known(flow.client_port()))) by_port = &protocol;
      }
    }
  }
  return undecided ? nullptr : by_port;
}

void AppLayer::detect(Flow& flow, State& state, const Chunk& chunk) {
  auto& side = state.sides[index(chunk.direction)];
  side.ended |= chunk.end;
  if (side.failed && !chunk.datagram) return;
  Chunk first = chunk;
  if (!chunk.datagram) {
    if (side.buffer.empty()) side.offset = chunk.offset;
    if (!side.buffer.empty() || chunk.data.size() < kProbeLimit) {
      side.buffer.append(to_text(chunk.data));
      first.data = to_bytes(side.buffer);
      first.offset = side.offset;
    }
  } else {
    side.candidates = ~kNoCandidates;  // every datagram is a message of its own
  }
  if (first.data.empty()) {
    if (chunk.end) side.failed = true;
  } else {
    bool undecided = false;
    first.offset = 0;  // of what the protocol may have begun with
    if (const AppProtocol* found = probe(state, first, flow, undecided)) {
      first.offset = chunk.datagram ? 0 : side.buffer.empty() ? chunk.offset : side.offset;
      choose(flow, state, static_cast<size_t>(found - config_.protocols.data()), first);
      return;
    }
    if (!undecided || chunk.end || first.data.size() >= kProbeLimit) side.failed = true;
  }
  // A datagram is a message of its own: the next may be one of a protocol that the first was not.
  if (chunk.datagram && ++side.datagrams < kProbeDatagrams) return;
  if (side.failed && state.sides[index(reverse(chunk.direction))].failed) fail(state);
}

void AppLayer::fail(State& state) {
  state.phase = Phase::failed;
  ++counters_.failed;
  for (auto& side : state.sides) side.buffer = {};
}

void AppLayer::choose(Flow& flow, State& state, size_t chosen, const Chunk& first) {
  state.phase = Phase::dissecting;
  state.protocol = &config_.protocols[chosen];
  state.instance = state.protocol->row->create(state.protocol->config.get());
  ++counters_.detected;
  ++flows_by_protocol_[chosen];
  // The other side's bytes came first if they are there, but a request explains its answer, not the other way round.
  std::array<std::string, 2> waiting = {std::move(state.sides[0].buffer), std::move(state.sides[1].buffer)};
  for (auto& side : state.sides) side.buffer.clear();
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    Chunk chunk = first;
    auto& side = state.sides[index(direction)];
    if (direction == first.direction) {
      if (!waiting[index(direction)].empty()) chunk.data = to_bytes(waiting[index(direction)]);
    } else {
      if (waiting[index(direction)].empty() && !side.ended) continue;
      chunk.direction = direction;
      chunk.data = to_bytes(waiting[index(direction)]);
      chunk.offset = side.offset;
      chunk.end = side.ended;
    }
    if (state.phase == Phase::dissecting) feed(flow, state, chunk);
  }
}

void AppLayer::feed(Flow& flow, State& state, const Chunk& chunk) {
  auto& side = state.sides[index(chunk.direction)];
  side.ended |= chunk.end;
  Chunk view = chunk;
  if (!side.buffer.empty()) {
    side.buffer.append(to_text(chunk.data));
    if (side.buffer.size() < side.need && !chunk.end) return;
    view.data = to_bytes(side.buffer);
    view.offset = side.offset;
  }
  const bool buffered = !side.buffer.empty();
  const DissectorRow& row = *state.protocol->row;
  while (true) {
    change_ = false;
    Step step = row.data(state.instance, view, *this);
    if (step.kind == Step::Kind::fail) {
      ++counters_.parser_errors;
      state.phase = Phase::failed;
      side.buffer = {};
      return;
    }
    size_t used = std::min<size_t>(step.used, view.data.size());
    view.data = view.data.subspan(used);
    view.offset += used;
    if (change_) {
      apply_change(flow, state, view);
      return;
    }
    if (view.data.empty() || chunk.datagram) {
      side.buffer.clear();
      side.need = 0;
      return;
    }
    if (step.kind == Step::Kind::ok && used > 0) continue;
    if (view.data.size() > kBufferLimit) {
      ++counters_.buffer_limit;
      ++counters_.parser_errors;
      state.phase = Phase::failed;
      side.buffer = {};
      return;
    }
    side.need = static_cast<uint32_t>(std::min<size_t>(view.data.size() + std::max<uint32_t>(step.more, 1), kBufferLimit));
    if (buffered) {
      side.buffer.erase(0, side.buffer.size() - view.data.size());
    } else {
      side.buffer.assign(to_text(view.data));
    }
    side.offset = view.offset;
    return;
  }
}

/// The bytes after the change are looked at as if the flow had just begun.
void AppLayer::apply_change(Flow& flow, State& state, const Chunk& rest) {
  ++counters_.changed;
  state.protocol->row->finish(state.instance, *this);
  state.destroy();
  if (!state.original) state.original = state.protocol;
  std::string bytes(to_text(rest.data));
  for (auto& side : state.sides) {
    if (!side.ended) side.failed = false;
    side.candidates = ~kNoCandidates;
    side.need = 0;
    side.buffer.clear();
  }
  state.phase = Phase::detecting;
  if (bytes.empty() && !rest.end) return;
  Chunk chunk = rest;
  chunk.data = to_bytes(bytes);
  if (!change_to_.empty()) {
    auto named = std::ranges::find_if(config_.protocols, [&](const AppProtocol& p) { return p.row->about->name == change_to_; });
    if (named != config_.protocols.end()) {
      choose(flow, state, static_cast<size_t>(named - config_.protocols.begin()), chunk);
      return;
    }
  }
  detect(flow, state, chunk);
}

void AppLayer::gap(Flow& flow, Direction direction, uint64_t lost, Timestamp) {
  State& state = state_of(flow);
  if (state.phase == Phase::failed) return;
  auto& side = state.sides[index(direction)];
  flow_ = &flow;
  current_ = &state;
  if (state.phase == Phase::detecting) {
    side.failed = true;
    if (state.sides[index(reverse(direction))].failed) fail(state);
    return;
  }
  side.buffer.clear();
  side.need = 0;
  if (state.protocol->row->gap(state.instance, direction, lost, *this).kind == Step::Kind::fail) {
    ++counters_.parser_errors;
    state.phase = Phase::failed;
  }
}

void AppLayer::finish(Flow& flow, Timestamp) {
  auto* state = flow.get<State>(FlowSlot::app);
  if (!state) return;
  flow_ = &flow;
  current_ = state;
  if (state->instance) state->protocol->row->finish(state->instance, *this);
  state->phase = Phase::failed;
}

AppInfo AppLayer::info(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  if (!state) return {};
  AppInfo info;
  info.transactions = state->transactions;
  if (state->protocol) {
    info.protocol = state->protocol->row->protocol;
    info.name = info.protocol->name;
  } else if (state->phase == Phase::failed || (state->sides[0].failed && state->sides[1].failed)) {
    info.name = "failed";
  }
  if (state->original) info.original = state->original->row->protocol->name;
  return info;
}

bool AppLayer::done(const Flow& flow) const {
  const auto* state = flow.get<State>(FlowSlot::app);
  return state && state->phase == Phase::failed;
}

void AppLayer::add_protocol_counters(CounterSet& set) const {
  for (size_t i = 0; i < config_.protocols.size(); ++i) {
    std::string name(config_.protocols[i].row->about->name);
    set.add("app_layer.flow." + name, flows_by_protocol_[i], "flows of this protocol");
    set.add("app_layer.tx." + name, transactions_by_protocol_[i], "transactions of this protocol");
  }
}

void AppLayer::emit(const Event& event) {
  Event full = event;
  full.config = current_->protocol->config.get();
  if (event.tx && event.tx->id + 1 > current_->transactions) {
    uint64_t fresh = event.tx->id + 1 - current_->transactions;
    current_->transactions += fresh;
    counters_.transactions += fresh;
    transactions_by_protocol_[static_cast<size_t>(current_->protocol - config_.protocols.data())] += fresh;
  }
  sink_.event(*flow_, full);
}

void AppLayer::anomaly(const Protocol& protocol, Transaction* tx, uint8_t name, Direction direction) {
  if (tx && std::ranges::find(tx->anomalies, name) == tx->anomalies.end()) tx->anomalies.push_back(name);
  sink_.anomaly(*flow_, protocol, tx, name, direction);
}

void AppLayer::file(Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over) {
  sink_.file(*flow_, tx, direction, file, bytes, over);
}

void AppLayer::encrypted(Direction direction, uint64_t offset) {
  if (flow_->flags & flow_flag::encrypted) return;
  flow_->flags |= flow_flag::encrypted;
  sink_.encrypted(*flow_, direction, offset);
}

void AppLayer::change_protocol(std::string_view name) {
  change_ = true;
  change_to_ = name;
}

}  // namespace lapwing
