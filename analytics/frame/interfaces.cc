#include "analytics/frame/interfaces.h"

#include <algorithm>

namespace lapwing::analytics {
namespace {

using C = Interfaces::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.interfaces.one-sided", &C::one_sided, "30",
     "percent of TCP connections seen from one side, above which detectors rest nothing on silence at an interface, "
     "until they are fewer than half of that; 100: never"},
    {"analytics.interfaces.connections", &C::connections, "100",
     "connections that must be seen within a minute before that is decided"},
    {"analytics.interfaces.each", &C::each, "16", "connections of a client within a minute that count for it"},
};

using N = Interfaces::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.interfaces.one_sided", &N::one_sided,
     "interfaces at which so many TCP connections are seen from one side that detectors rest nothing on silence there",
     CounterKind::gauge},
    {"analytics.interfaces.marked", &N::marked, "times that an interface became one of them"},
};

constexpr Second kWindow = 60;
constexpr uint8_t kTcp = 6, kSyn = 2;
/// Stray packets of connections that are over are few each.
constexpr uint64_t kLeastPackets = 3;

}  // namespace

std::span<const OptionRow<Interfaces::Config>> Interfaces::options() {
  return kOptions;
}

std::span<const CounterRow<Interfaces::Counters>> Interfaces::counter_rows() {
  return kCounters;
}

/// Each connection once: by its first answer, or else, where its SYN was seen, when an answer was due, or at its end.
/// One that nobody answers and that does not go on says nothing.
void Interfaces::Local::flow(const FlowUpdate& update, Delta& delta) const {
  const FlowRef& flow = *update.flow;
  if (flow.proto != kTcp || flow.interface == kNoInterface) return;
  Connections seen{.last = update.time};
  switch (update.moment) {
    case FlowMoment::answered: seen.two_sided = 1; break;
    case FlowMoment::refused: seen.two_sided = !update.icmp; break;
    case FlowMoment::unanswered: seen.one_sided = flow.one_sided && update.all_packets[0] > 1; break;
    default:
      seen.one_sided = flow.one_sided && !(update.tcp_flags[0] & kSyn) &&
                       update.all_packets[0] + update.all_packets[1] >= kLeastPackets;
  }
  if (seen.one_sided + seen.two_sided == 0) return;
  if (delta.places.bytes() == 0) delta.places = DeltaTable<Place, Connections>(seed_, Delta::kMostPlaces);
  delta.places.at({flow.client, flow.interface}).merge(seen);
}

Interfaces::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config), clients_(surroundings.part(kMostClients), surroundings.hash_seed) {}

void Interfaces::Global::take(Second second, Delta& delta, Findings& findings) {
  overflow_ += delta.places.overflowed();
  const Second window = second / kWindow;
  std::array<bool, kNoInterface> heard{};
  delta.places.walk([&](const Place& place, const Connections& of) {
    State& state = states_[place.interface];
    if (state.window != window) {
      judge(place.interface, state, true, findings);
      state = {.window = window, .one_sided = 0, .two_sided = 0, .last = state.last, .marked = state.marked};
    }
    auto& client = clients_.touch(place, static_cast<uint32_t>(std::clamp<Second>(second, 0, UINT32_MAX)));
    if (client.value.window != window) client.value = {.window = window};
    const uint64_t all = uint64_t{of.one_sided} + of.two_sided;
    const uint64_t room = config_.each - std::min<uint64_t>(config_.each, client.value.counted);
    const uint64_t counted = std::min(all, room), one_sided = counted * of.one_sided / all;
    client.value.counted += counted;
    state.one_sided += one_sided;
    state.two_sided += counted - one_sided;
    state.last = std::max(state.last, of.last);
    heard[place.interface] = true;
  });
  for (size_t i = 0; i < heard.size(); ++i) {
    if (heard[i]) judge(static_cast<uint8_t>(i), states_[i], false, findings);
  }
}

/// `over`: the window is, and only then may one that is marked be so no more.
void Interfaces::Global::judge(uint8_t interface, State& state, bool over, Findings& findings) {
  const uint64_t all = state.one_sided + state.two_sided;
  if (all < std::max<uint64_t>(1, config_.connections)) return;
  const uint64_t percent = 100 * state.one_sided;
  const bool turns = state.marked ? over && 2 * percent < config_.one_sided * all : percent > config_.one_sided * all;
  if (!turns) return;
  state.marked = !state.marked;
  counters_.marked += state.marked;
  counters_.one_sided += state.marked ? 1 : uint64_t{0} - 1;
  findings.sides({.time = state.last,
                  .interface = interface,
                  .one_sided = state.marked,
                  .connections = all,
                  .one_sided_connections = state.one_sided});
}

void Interfaces::Global::expire(Second second, Findings&) {
  if (second > kWindow && second % kWindow == 0) {
    clients_.expire(static_cast<uint32_t>(second - kWindow), [](const auto&) {});
  }
}

StateUse Interfaces::Global::use() const {
  return {.keys = clients_.keys(), .bytes = clients_.bytes(), .evicted = clients_.evicted(), .overflow = overflow_};
}

}  // namespace lapwing::analytics
