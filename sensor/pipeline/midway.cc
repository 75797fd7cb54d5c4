#include "sensor/pipeline/midway.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace lapwing {
namespace {

using C = MidwayConfig;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.midstream", &C::enabled, "yes",
     "connections whose beginning was not seen are read for behaviour, though records and rules know nothing of them "
     "without stream.midstream"},
    {"analytics.midstream-memcap", &C::memcap, "32 MiB",
     "that each of sessions, reassembly and dissection of those may take on each worker", Unit::bytes},
};

using N = MidwayCounters;
constexpr CounterRow<N> kMidwayRows[] = {
    {"analytics.midstream", &N::flows, "connections that are read for behaviour alone, from their middle"},
    {"analytics.midstream-alone", &N::alone,
     "of those, what was one segment that nothing was seen before, behind or in answer to: anybody can send one in "
     "anybody's name, and it is not read"},
    {"analytics.midstream-memcap", &N::memcap,
     "of those, what was not read because of analytics.midstream-memcap: connections and segments", CounterKind::loss},
    {"analytics.midstream-limits", &N::limits,
     "of those, what was left out by the limits that dissection has everywhere, and parsers that gave up",
     CounterKind::loss},
    {"analytics.midstream-holes", &N::holes,
     "of those, holes in streams that are read past: acknowledged, or not within the 64 KiB behind them"},
};

/// Whatever dissection counts as a loss, but for its memory.
uint64_t limits_of(const AppLayer& app) {
  CounterSet set;
  set.add(app.counters(), app_counter_rows());
  app.add_protocol_counters(set);
  uint64_t out = 0;
  for (const CounterValue& counter : set.values()) {
    if (counter.kind == CounterKind::loss) out += counter.value;
  }
  return out - app.counters().memcap;
}

constexpr uint64_t kBehindHole = 64 << 10;  // bytes: a window that is not scaled

/// What is in order is read as it comes, and what is missing is not waited for long: much of streams seen from their
/// middle is never acknowledged, and would be kept until the flow ends.
StreamConfig picking_up(StreamConfig config, uint64_t memcap) {
  config.midstream = true;
  config.inline_mode = true;
  config.behind_hole = kBehindHole;
  config.memcap = std::min(config.memcap, memcap);
  config.reassembly_memcap = std::min(config.reassembly_memcap, memcap);
  return config;
}

AppConfig bounded(AppConfig config, uint64_t memcap) {
  config.memcap = std::min(config.memcap, memcap);
  return config;
}

/// Stream engine and dissectors know nothing of it, but what the packets so far showed.
std::unique_ptr<Flow> shadow_of(const Flow& flow) {
  auto out = std::make_unique<Flow>();
  out->key = flow.key;
  out->client_side = flow.client_side;
  out->start = flow.start;
  out->id = flow.id;
  return out;
}

}  // namespace

std::span<const OptionRow<C>> midway_options() {
  return kOptions;
}

std::span<const CounterRow<N>> midway_counter_rows() {
  return kMidwayRows;
}

Midway::Midway(const MidwayConfig& config, const StreamConfig& stream, const AppConfig& app, const BudgetConfig& budget,
               Take take, Hear hear)
    : memcap_(config.memcap),
      app_config_(bounded(app, config.memcap)),
      budget_(budget),
      take_(std::move(take)),
      hear_(std::move(hear)),
      stream_(picking_up(stream, config.memcap), *this),
      app_(app_config_, budget, *this) {
  std::vector<Wanted> wanted(app_config_.protocols.size(), {.contents = false, .files = false, .digests = 0});
  app_.want(wanted);
}

void Midway::packet(const Look& look, Followed& followed) {
  const Flow& flow = *look.flow;
  if (flow.tcp_state != TcpState::none) return close(flow, followed, look.time);
  if (followed.over) return;
  if (!followed.flow && !followed.first) {
    if (look.packet->payload.empty()) return;
    ++counters_.flows;
    hold(look, followed);
    if (followed.first) return;
  }
  read_first(flow, followed, look.time);
  if (!followed.over) read(*look.packet, FlowCount(flow), look.direction, flow, followed);
}

void Midway::hold(const Look& look, Followed& followed) {
  if (held_ + sizeof(FirstSegment) + look.packet->payload.size() > memcap_) return;
  followed.first = std::make_unique<FirstSegment>(*look.packet, *look.flow, look.direction);
  held_ += followed.first->bytes();
}

void Midway::read_first(const Flow& flow, Followed& followed, Timestamp now) {
  const auto first = std::exchange(followed.first, nullptr);
  if (!first) return;
  held_ -= first->bytes();
  read(first->packet(now), first->count(), first->direction(), flow, followed);
}

void Midway::read(const Packet& packet, const FlowCount& count, Direction direction, const Flow& flow,
                  Followed& followed) {
  if (!followed.flow) followed.flow = shadow_of(flow);
  Flow& shadow = *followed.flow;
  count.bring(shadow);
  const Look at(packet, &shadow, count.as_of(shadow, direction), budget_, false);
  look_ = &at;
  followed_ = &followed;
  client_side_ = flow.client_side;
  stream_.packet(shadow, packet, at.direction);
  swap_if_reversed(shadow);
  look_ = nullptr;
  followed.known = app_.spoken(shadow).protocol != nullptr;
  if (app_.done(shadow) && followed.heard) {
    close(flow, followed, packet.time);
    followed.over = true;
  }
  while (Flow* idle = app_.over_memcap()) {
    const Look over(*idle, packet.time, packet.number, budget_, false);
    look_ = &over;
    app_.give_up(*idle);
    look_ = nullptr;
  }
}

void Midway::swap_if_reversed(Flow& followed) {
  if (!app_.reversed(followed)) return;
  stream_.swap_direction(followed);
  app_.swap_direction(followed, look_->time);
}

/// Who forges addresses sends no more than that, and is to make nobody act in his stead.
void Midway::leave_first(Followed& followed) {
  held_ -= followed.first->bytes();
  followed.first.reset();
  ++counters_.alone;
}

void Midway::close(const Flow& flow, Followed& followed, Timestamp now) {
  if (followed.first && flow.packets[0] + flow.packets[1] == 1) return leave_first(followed);
  read_first(flow, followed, now);
  if (!followed.flow) return;
  const Look at(*followed.flow, now, 0, budget_, false);  // of no frame
  look_ = &at;
  followed_ = &followed;
  client_side_ = flow.client_side;
  stream_.finish(*followed.flow, now);
  swap_if_reversed(*followed.flow);
  app_.finish(*followed.flow, now);
  look_ = nullptr;
  followed.known = app_.spoken(*followed.flow).protocol != nullptr;
  followed.flow.reset();
}

void Midway::chunk(Flow& flow, const Chunk& chunk) {
  if (!followed_->heard) {
    Chunk as_sent = chunk;
    if (flow.client_side != client_side_) as_sent.direction = reverse(chunk.direction);
    followed_->heard = !hear_(as_sent);
  }
  if (!app_.done(flow)) app_.chunk(flow, chunk);
}

void Midway::gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) {
  app_.gap(flow, direction, offset, lost, time);
}

void Midway::event(Flow&, const Event& event) {
  take_(*look_, event);
}

uint64_t Midway::depth(const Flow& flow, uint64_t configured) const {
  return app_.stream_depth(flow).value_or(configured);
}

MidwayCounters Midway::counters() const {
  MidwayCounters out = counters_;
  const StreamCounters& stream = stream_.counters();
  out.memcap = stream.ssn_memcap_drop + stream.segment_memcap_drop + app_.counters().memcap;
  out.limits = limits_of(app_);
  out.holes = stream.reassembly_gap;
  return out;
}

}  // namespace lapwing
