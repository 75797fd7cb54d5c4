#include "analytics/detectors/lateral.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>
#include <vector>

#include "analytics/detectors/lateral_verdicts.h"
#include "sensor/base/hash.h"

namespace lapwing::analytics {
namespace {

using C = Lateral::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.lateral.window", &C::window, "600", "time within which acts towards a server belong together",
     Unit::seconds},
    {"analytics.lateral.servers", &C::servers, "4", "servers that one client works on, which are one finding more"},
    {"analytics.lateral.fan-window", &C::fan_window, "3600", "time within which it works on so many", Unit::seconds},
    {"analytics.lateral.reads", &C::reads, "3",
     "times a file of an administrative share is fetched that the client never wrote, which tell of a command's "
     "output; "
     "once where it then deletes it"},
    {"analytics.lateral.logins", &C::logins, "8",
     "servers that no other client logs in to, and that one logs in to within the window as one account, or by SSH or "
     "RDP"},
    {"analytics.lateral.series", &C::series, "3", "services that are made and deleted, which are a series"},
};

constexpr uint8_t kStrong = 55, kWeak = 45;  // severities that count towards many servers

}  // namespace

std::span<const OptionRow<C>> Lateral::options() {
  return kOptions;
}

Lateral::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      acts_(kMostActs, surroundings),
      edges_(surroundings),
      files_(surroundings.part(kMostFiles), surroundings.hash_seed),
      accounts_(surroundings.part(kMostAccounts), surroundings.hash_seed),
      hosts_(surroundings.part(kMostAccounts), surroundings.hash_seed),
      found_(surroundings.part(kMostPairs), surroundings.hash_seed),
      reached_(surroundings.part(kMostClients), surroundings.hash_seed),
      logins_(surroundings.part(kMostClients), surroundings.hash_seed),
      clients_(surroundings.part(kMostServers), surroundings.hash_seed) {}

void Lateral::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = table_second(second);
  edges_.pass(second);
  overflow_ += delta.acts.acts.overflowed() + delta.files.overflowed() + delta.accounts.overflowed();
  delta.accounts.walk([&](const PairOf& pair, const Account& account) {
    accounts_.touch(pair, now_).value.merge(account);
    Hosts& hosts = hosts_.touch(account.hash, now_).value;
    if (std::exchange(hosts.hour, now_ / 3600) != now_ / 3600) hosts.servers = Fan();
    hosts.servers.add(hash_of(pair.server, surroundings_.hash_seed));
    const auto& text = account.name;
    const std::string_view name(text.data(), static_cast<size_t>(std::ranges::find(text, '\0') - text.begin()));
    // Machines log in to each other all day.
    if (name.ends_with('$')) return;
    edges_.add({pair, login}, account.last);
    log_in({pair, login}, account.hash, name, account.flow, account.last, findings);
  });
  touched_.clear();
  delta.acts.acts.walk([&](const ActOf& key, const Act& act) {
    add_act(key, act);
    if (key.act == ssh || key.act == rdp) log_in(key, key.act, {}, act.flow, act.last, findings);
  });
  delta.files.walk([&](const FileOf& key, const FileUse& use) { add_output(key, use); });
  for (const auto& [pair, time] : touched_) judge(pair, time, findings);
}

void Lateral::Global::add_act(const ActOf& key, const Act& act) {
  edges_.add(key, act.first);
  acts_.add(key, act, static_cast<int64_t>(config_.window), ActMemory::Renewal::after_silence, now_);
  const auto [touched, fresh] = touched_.try_emplace(key.pair, act.last);
  if (!fresh) touched->second = std::max(touched->second, act.last);
}

/// What it did not write and fetches is another's: what a command that it had run there left to be fetched.
void Lateral::Global::add_output(const FileOf& key, const FileUse& use) {
  auto& entry = files_.touch(key, now_);
  FileUse& kept = entry.value;
  if (kept.at.count > 0 && kept.at.last < seconds_before(use.at.first, static_cast<int64_t>(config_.window))) {
    kept = {.writes = kept.writes};
  }
  kept.merge(use);
  files_.set_worth(entry, static_cast<uint8_t>(std::bit_width(kept.reads + kept.writes)));
  if (kept.writes > 0 || use.at.count == 0) return;
  if (kept.fetches() >= config_.reads || (kept.reads > 0 && kept.deletes > 0)) {
    add_act({key.pair, fetch_output}, use.at);
  }
}

void Lateral::Global::judge(const PairOf& pair, Timestamp time, Findings& findings) {
  const Timestamp since = seconds_before(time, static_cast<int64_t>(config_.window));
  ActSet done = 0, fresh = 0, attempts = 0;
  Timestamp first{std::numeric_limits<int64_t>::max()};
  std::array<uint64_t, kKinds> counts{};
  for (uint8_t act = 0; act < kKinds; ++act) {
    const Act* of = acts_.find(pair, act, since);
    if (!of) continue;
    attempts |= act_bit(act);
    if (!of->done()) continue;
    done |= act_bit(act);
    if (edges_.is_new({pair, act})) fresh |= act_bit(act);
    counts[act] = of->count - of->failed;
    first = std::min(first, of->first);
  }
  if (std::min(counts[service_change], counts[service_delete]) >= config_.series) done |= act_bit(kServiceSeries);
  uint32_t techniques = 0;
  uint8_t gravest = UINT8_MAX;
  const std::span<const LateralVerdict> verdicts = lateral_verdicts();
  for (size_t i = verdicts.size(); i-- > 0;) {
    if (!verdicts[i].holds(done, fresh, attempts)) continue;
    techniques |= verdicts[i].techniques;
    gravest = static_cast<uint8_t>(i);
  }
  if (techniques == 0) return;
  auto& entry = found_.touch(pair, now_);
  Found& found = entry.value;
  if (found.acts == 0) found.first = first;
  found.acts |= done;
  found.techniques |= techniques;
  found.verdict = std::min(found.verdict, gravest);
  found.first = std::min(found.first, first);
  const uint8_t severity = verdicts[found.verdict].severity;
  found_.set_worth(entry, severity / 10);
  report(pair, found, time, findings);
}

/// On how many servers the account of the pair logged in within the hour.
uint32_t Lateral::Global::hosts_of(const PairOf& pair, std::string_view& name) {
  const auto* account = accounts_.find(pair);
  if (!account) return 0;
  const auto& text = account->value.name;
  name = {text.data(), static_cast<size_t>(std::ranges::find(text, '\0') - text.begin())};
  const auto* hosts = hosts_.find(account->value.hash);
  return hosts && hosts->value.hour == now_ / 3600 ? hosts->value.servers.count() : 0;
}

void Lateral::Global::report(const PairOf& pair, const Found& found, Timestamp time, Findings& findings) {
  constexpr uint32_t kManyHosts = 3;
  const LateralVerdict& verdict = lateral_verdicts()[found.verdict];
  const Timestamp since = seconds_before(time, static_cast<int64_t>(config_.window));
  struct Stage {
    uint8_t kind;
    const Act* act;
  };
  std::vector<Stage> stages;
  bool fresh = false;
  uint64_t count = 0, failed = 0, sealed = 0, by_pipe = 0;
  uint32_t age = UINT32_MAX;
  for (uint8_t kind = 0; kind < kKinds; ++kind) {
    const Act* act = acts_.find(pair, kind, since);
    if (!act) continue;
    stages.push_back({kind, act});
    fresh |= edges_.is_new({pair, kind}) && ((verdict.all | verdict.any) & act_bit(kind)) != 0;
    age = std::min(age, edges_.age({pair, kind}));
    count += act->total();
    failed += act->failed;
    sealed += act->sealed;
    by_pipe += act->by_pipe;
  }
  std::ranges::stable_sort(stages, {}, [](const Stage& of) { return of.act->first; });
  std::string_view account;
  const uint32_t hosts = hosts_of(pair, account);
  Report out{.key = hash_of(pair, kReplaySeed),
             .subject = to_string(pair.client),
             .objects = {to_string(pair.server)},
             .severity = verdict.severity,
             .confidence = static_cast<uint8_t>(
                 std::min(verdict.confidence + (fresh ? 20 : 0) + (hosts >= kManyHosts ? 10 : 0), 95)),
             .techniques = found.techniques,
             .time = time,
             .first = found.first,
             .last = time,
             .count = count,
             .src = pair.client,
             .dest = pair.server,
             .explained_by = verdict.explained_by};
  for (const Stage& stage : stages) {
    const FlowName& flow = stage.act->flow;
    if (std::ranges::find(out.flows, flow) == out.flows.end()) out.flows.push_back(flow);
  }
  const FlowName flow = out.flows.empty() ? FlowName() : out.flows.front();
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.member("verdict", verdict.name);
    json.begin_array("stages");
    for (const Stage& stage : stages) json.value(stage_name(stage.kind));
    json.end_array();
    json.begin_array("stages_s");
    for (const Stage& stage : stages) json.value(static_cast<double>(stage.act->first.ns - found.first.ns) / 1e9);
    json.end_array();
    json.begin_array("objects");
    for (const Stage& stage : stages) {
      stage.act->names.walk([&](std::string_view name) { json.value(name); });
    }
    json.end_array();
    json.member("operations", count).member("failed", failed).member("sealed", sealed).member("by_pipe", by_pipe);
    if (!account.empty()) json.member("account", account).member("account_hosts", hosts);
    json.member("new", fresh).member("known_s", age == UINT32_MAX ? 0 : age);
    json.member("learning_s", edges_.use().learning).member("window_s", config_.window);
  });
  if (verdict.severity >= kWeak) spread(pair, verdict.severity >= kStrong, flow, time, findings);
}

bool Lateral::Global::keep(Reached& reached, const IpAddress& server, Timestamp time, bool strong) {
  auto slot = std::ranges::find(reached.servers, server, &Reached::Server::address);
  const bool fresh = slot == reached.servers.end();
  if (fresh) {
    slot = std::ranges::min_element(reached.servers, {}, &Reached::Server::last);
    *slot = {server, time, strong};
    ++reached.count;
  }
  slot->last = std::max(slot->last, time);
  slot->strong |= strong;
  return fresh;
}

/// Servers are logged in to by many, and their administrators log in to many: who is let in where nobody else is, on
/// one after the other, goes through a network by what it knows. Unless that is new there, an administrator may too.
void Lateral::Global::log_in(const ActOf& key, uint64_t by, std::string_view account, const FlowName& flow,
                             Timestamp time, Findings& findings) {
  const auto& [client, server] = key.pair;
  clients_.touch(server, now_).value.add(hash_of(client, surroundings_.hash_seed));
  const Way way{client, std::bit_cast<std::array<uint8_t, 8>>(by)};
  auto& entry = logins_.touch(way, now_);
  Reached& reached = entry.value;
  if (!keep(reached, server, time, edges_.is_new(key))) return;
  const Timestamp since = seconds_before(time, static_cast<int64_t>(config_.window));
  uint64_t servers = 0, fresh = 0;
  Report out{.key = hash_of(way, keyed_hash(to_bytes("logins"), kReplaySeed)),
             .subject = to_string(client),
             .techniques = 1U << (key.act == ssh   ? 8
                                  : key.act == rdp ? 7
                                                   : 0),
             .time = time,
             .first = time,
             .last = time,
             .count = reached.count,
             .flows = {flow}};
  for (const auto& of : reached.servers) {
    const auto* clients = of.last >= since ? clients_.find(of.address) : nullptr;
    if (!clients || clients->value.count() > 1) continue;
    ++servers;
    fresh += of.strong;
    out.objects.push_back(to_string(of.address));
    out.first = std::min(out.first, of.last);
  }
  logins_.set_worth(entry, static_cast<uint8_t>(servers));
  if (servers < config_.logins) return;
  const bool is_new = fresh >= config_.logins;
  out.severity = is_new ? 65 : 35;
  out.confidence = static_cast<uint8_t>(std::min<uint64_t>(40 + (is_new ? 20 : 0) + servers, 95));
  std::ranges::sort(out.objects);
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.member("verdict", "logins").member("by", stage_name(key.act));
    if (!account.empty()) json.member("account", account);
    json.member("servers", servers).member("servers_needed", config_.logins).member("servers_new", fresh);
    json.member("learning_s", edges_.use().learning).member("window_s", config_.window);
  });
}

void Lateral::Global::spread(const PairOf& pair, bool strong, const FlowName& flow, Timestamp time,
                             Findings& findings) {
  auto& entry = reached_.touch(pair.client, now_);
  Reached& reached = entry.value;
  keep(reached, pair.server, time, strong);
  const Timestamp since = seconds_before(time, static_cast<int64_t>(config_.fan_window));
  const auto lately = [&](const Reached::Server& of) { return of.address.version != 0 && of.last >= since; };
  const auto servers = static_cast<uint64_t>(std::ranges::count_if(reached.servers, lately));
  const auto strongly = static_cast<uint64_t>(
      std::ranges::count_if(reached.servers, [&](const auto& of) { return lately(of) && of.strong; }));
  if (servers < config_.servers) return;
  reached_.set_worth(entry, static_cast<uint8_t>(servers - 1));
  const bool grave = strongly >= config_.servers;
  Report out{.key = hash_of(pair.client, kReplaySeed),
             .subject = to_string(pair.client),
             .severity = static_cast<uint8_t>(grave ? 95 : 70),
             .confidence = static_cast<uint8_t>(std::min<uint64_t>(50 + 5 * servers, 95)),
             .techniques = found_.find(pair)->value.techniques,
             .time = time,
             .first = time,
             .last = time,
             .count = reached.count,
             .flows = {flow}};
  for (const auto& of : reached.servers) {
    if (!lately(of)) continue;
    out.objects.push_back(to_string(of.address));
    out.first = std::min(out.first, of.last);
  }
  std::ranges::sort(out.objects);
  findings.report(std::move(out), [&](JsonWriter& json) {
    json.member("verdict", "fan-out")
        .member("servers", servers)
        .member("servers_needed", config_.servers)
        .member("servers_grave", strongly)
        .member("window_s", config_.fan_window);
  });
}

void Lateral::Global::expire(Second second, Findings&) {
  edges_.pass(second);
  if (second % 60 != 0) return;
  now_ = table_second(second);
  const auto before = [&](uint64_t age) { return static_cast<uint32_t>(now_ - std::min<uint64_t>(now_, age)); };
  const auto nothing = [](const auto&) {};
  acts_.expire(before(config_.window));
  files_.expire(before(config_.window), nothing);
  accounts_.expire(before(8 * 3600), nothing);
  hosts_.expire(before(3600), nothing);
  found_.expire(before(about.idle), nothing);
  reached_.expire(before(config_.fan_window), nothing);
  logins_.expire(before(config_.window), nothing);
  clients_.expire(before(86'400), nothing);
  edges_.expire();
}

StateUse Lateral::Global::use() const {
  const StateUse acts = acts_.use(), edges = edges_.use();
  return {.keys = acts.keys + edges.keys + files_.keys() + accounts_.keys() + hosts_.keys() + found_.keys() +
                  reached_.keys() + logins_.keys() + clients_.keys(),
          .bytes = acts.bytes + edges.bytes + files_.bytes() + accounts_.bytes() + hosts_.bytes() + found_.bytes() +
                   reached_.bytes() + logins_.bytes() + clients_.bytes(),
          .evicted = acts.evicted + edges.evicted + files_.evicted() + accounts_.evicted() + hosts_.evicted() +
                     found_.evicted() + reached_.evicted() + logins_.evicted() + clients_.evicted(),
          .overflow = overflow_,
          .learning = edges.learning};
}

}  // namespace lapwing::analytics
