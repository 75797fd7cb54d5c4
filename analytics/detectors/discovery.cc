#include "analytics/detectors/discovery.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using D = Discovery;
using C = Discovery::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.discovery.window", &C::window, "300", "time within which what a client asks for belongs together",
     Unit::seconds},
    {"analytics.discovery.some", &C::some, "3", "different things that are of little harm"},
    {"analytics.discovery.many", &C::many, "6", "different things that tell of more than one's own errands"},
    {"analytics.discovery.servers", &C::servers, "3",
     "servers that are asked for as much, where it is more than hosts ask for by themselves; twice as many otherwise"},
    {"analytics.discovery.guesses", &C::guesses, "50",
     "SIDs that are looked up at once, or look-ups that find nothing within the window, which count numbers through: "
     "lists of who may do what are shorter"},
    {"analytics.discovery.sweep", &C::sweep, "10", "servers of which one that asks for many things asks all there is"},
};

/// By Kind.
struct KindRow {
  std::string_view name;
  uint32_t techniques;     // bits by place in About::techniques
  bool everybody = false;  // hosts do so by themselves, as they log in or show a server's shares
  bool alone = true;       // it is worth a word where there is nothing else
};
constexpr KindRow kRows[] = {
    {"users", 1 << 0},
    {"user-details", 1 << 0, true, false},
    {"groups", 1 << 1},
    {"members", 1 << 1},
    {"names", 1 << 0, true, false},
    {"shares", 1 << 2, true},
    {"sessions", 1 << 4},
    {"open-files", 1 << 4},
    {"workstation-users", 1 << 4},
    {"workstation", 1 << 3, true, false},
    {"server", 1 << 3, true, false},
    {"services", 1 << 7},
    {"registry", 1 << 5},
    {"endpoints", 1 << 8},
    {"tasks", 1 << 7},
    {"trusts", 1 << 6, true, false},
    {"rights", 1 << 0},
    {"dns-records", 1 << 3},
    {"zone-transfer", 1 << 9},
    {"ldap-services", 1 << 0 | 1 << 10},
    {"ldap-privileged", 1 << 1},
    {"ldap-unprotected", 1 << 0},
    {"ldap-users", 1 << 0},
    {"ldap-groups", 1 << 1},
    {"ldap-computers", 1 << 3},
    {"ldap-all", 1 << 3},
    {"sids", 1 << 0},
};
static_assert(std::size(kRows) == D::kKinds);

}  // namespace

std::span<const OptionRow<C>> Discovery::options() {
  return kOptions;
}

Discovery::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config), surroundings_(surroundings), clients_(surroundings.part(kMostClients), surroundings.hash_seed) {}

void Discovery::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = table_second(second);
  overflow_ += delta.acts.overflowed();
  // Keys come by client, so that each is judged once for all it did in the second.
  const IpAddress* client = nullptr;
  State* state = nullptr;
  const auto judge = [&] {
    if (client) report(*client, *state, findings);
  };
  delta.acts.walk([&](const ActOf& key, const Act& act) {
    if (!client || *client != key.pair.client) {
      judge();
      client = &key.pair.client;
      state = &clients_.touch(*client, now_).value;
    }
    add(*state, key, act);
  });
  judge();
}

/// Who counts numbers through finds that most are nobody's.
bool Discovery::Global::guesses_too_many(State& state, const Act& act) const {
  if (state.guessed_since < seconds_before(act.first, static_cast<int64_t>(config_.window))) {
    state.guessed_since = act.first;
    state.guessed = 0;
  }
  state.guessed += act.failed;
  return state.guessed > 0 && state.guessed >= config_.guesses;
}

void Discovery::Global::add(State& state, const ActOf& key, const Act& act) const {
  if (state.count > 0 && state.newest < seconds_before(act.first, static_cast<int64_t>(config_.window))) {
    state = State();
  }
  if (state.count == 0) state.first = act.first;
  state.first = std::min(state.first, act.first);
  state.newest = std::max(state.newest, act.last);
  state.count += act.count;
  state.names.merge(act.names);
  if (key.act == D::names && guesses_too_many(state, act)) state.last[sids] = act.last;
  const bool fresh = state.last[key.act].ns == 0;
  state.last[key.act] = std::max(state.last[key.act], act.last);
  if (const auto slot = std::ranges::find(state.flows, uint64_t{0}, &FlowName::id);
      fresh && slot != state.flows.end()) {
    *slot = act.flow;
  }
  auto server = std::ranges::find(state.servers, key.pair.server, &Server::address);
  if (server == state.servers.end()) {
    server = std::ranges::min_element(state.servers, {}, &Server::last);
    *server = {.address = key.pair.server, .port = act.flow.server_port};
  }
  server->last = std::max(server->last, act.last);
  if (!kRows[key.act].everybody) server->last_rare = std::max(server->last_rare, act.last);
}

void Discovery::Global::report(const IpAddress& client, const State& state, Findings& findings) const {
  const Timestamp since = seconds_before(state.newest, static_cast<int64_t>(config_.window));
  const auto lately = [&](Timestamp time) { return time.ns != 0 && time >= since; };
  uint32_t techniques = 0;
  uint64_t kinds = 0, rare = 0, notable = 0;
  std::vector<std::string_view> asked;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    if (!lately(state.last[kind])) continue;
    ++kinds;
    rare += !kRows[kind].everybody;
    notable += kRows[kind].alone;
    techniques |= kRows[kind].techniques;
    asked.push_back(kRows[kind].name);
  }
  if (notable == 0) return;
  uint64_t servers = 0, rare_servers = 0;
  Report out{.key = keyed_hash(client.bytes, kReplaySeed), .subject = to_string(client)};
  for (const Server& of : state.servers) {
    if (!lately(of.last)) continue;
    ++servers;
    rare_servers += lately(of.last_rare);
    out.objects.push_back(endpoint(of.address, of.port));
  }
  std::ranges::sort(out.objects);
  // What everybody asks for adds to what few do, and is nothing by itself however different.
  const bool some = kinds >= config_.some && rare > 0, many = kinds >= config_.many && rare > 1;
  const bool wide = rare_servers >= config_.servers || servers >= 2 * config_.servers;
  const bool sweeping = servers >= config_.sweep;
  out.severity = many && sweeping ? 80 : many || wide ? 60 : some ? 35 : 20;
  out.confidence = many && sweeping ? 85 : many && wide ? 80 : 70;
  out.techniques = techniques;
  // A secondary fetches what it serves (RFC 5936 1).
  if (kinds == 1 && lately(state.last[zone])) out.explained_by = bit(Role::resolver);
  out.time = out.last = state.newest;
  out.first = state.first;
  out.count = state.count;
  for (const FlowName& flow : state.flows) {
    if (flow.id != 0) out.flows.push_back(flow);
  }
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.begin_array("asked");
    for (const std::string_view name : asked) json.value(name);
    json.end_array();
    json.member("kinds", kinds).member("kinds_rare", rare).member("kinds_needed", config_.many);
    json.member("servers", servers).member("servers_rare", rare_servers).member("servers_needed", config_.servers);
    json.member("operations", state.count);
    json.begin_array("names");
    state.names.walk([&](std::string_view name) { json.value(name); });
    json.end_array();
    json.member("window_s", config_.window);
  });
}

void Discovery::Global::expire(Second second, Findings&) {
  if (second % 60 != 0) return;
  now_ = table_second(second);
  if (now_ > config_.window) clients_.expire(now_ - static_cast<uint32_t>(config_.window), [](const auto&) {});
}

StateUse Discovery::Global::use() const {
  return {.keys = clients_.keys(), .bytes = clients_.bytes(), .evicted = clients_.evicted(), .overflow = overflow_};
}

}  // namespace lapwing::analytics
