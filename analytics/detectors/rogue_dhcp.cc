#include "analytics/detectors/rogue_dhcp.h"

#include <algorithm>
#include <utility>

#include "analytics/detectors/station.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using C = RogueDhcp::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.rogue-dhcp.learn", &C::learn, "20",
     "servers that answer so early after the first answer on a LAN are its own", Unit::seconds},
    {"analytics.rogue-dhcp.window", &C::window, "3600", "two servers that answer so close together both live",
     Unit::seconds},
    {"analytics.rogue-dhcp.settled", &C::settled, "86400",
     "a LAN that was watched for so long has no further server, even one that tells the same as the others",
     Unit::seconds},
    {"analytics.rogue-dhcp.servers", &C::servers, "[]",
     "addresses and networks of servers that may come, as those that fail over"},
};

using N = RogueDhcp::Counters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.rogue-dhcp.servers_max", &N::servers_max,
     "answers of DHCP servers that are not judged: 16 others live on their LAN", CounterKind::loss},
    {"analytics.rogue-dhcp.addresses_max", &N::addresses_max,
     "routers and resolvers that are not judged: their answer names 2 or 4 before them, which clients use first",
     CounterKind::loss},
};

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kTransaction = 60 * kSecond;  // RFC 2131 section 4.1: a client has long given up
constexpr uint32_t kMemory = 7 * 86'400;        // seconds

IpAddress masked(IpAddress address, const IpAddress& mask) {
  for (size_t i = 0; i < address.bytes.size(); ++i) address.bytes[i] &= mask.bytes[i];
  return address;
}

std::array<uint8_t, 4> bytes_of(const std::optional<Value>& number) {
  std::array<uint8_t, 4> out;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<uint8_t>((number ? number->integer : 0) >> (24 - 8 * i));
  }
  return out;
}

/// Returns how many had no room.
template <size_t Most>
size_t read_list(FieldReader& reader, const Event& event, std::array<IpAddress, Most>& out) {
  size_t count = 0;
  reader.for_each(event, [&](const Value& value) {
    if (count < Most) out[count] = IpAddress::parse(to_text(value.bytes)).value_or(IpAddress());
    ++count;
    return true;
  });
  return count - std::min(count, Most);
}

void write(JsonWriter& json, std::string_view name, const std::vector<IpAddress>& addresses) {
  json.begin_array(name);
  for (const IpAddress& address : addresses) json.value(address);
  json.end_array();
}

}  // namespace

std::span<const OptionRow<RogueDhcp::Config>> RogueDhcp::options() {
  return kOptions;
}

std::span<const CounterRow<RogueDhcp::Counters>> RogueDhcp::counter_rows() {
  return kCounters;
}

RogueDhcp::Config RogueDhcp::read(const OptionSource& source) {
  Config out = read_options(source, options());
  for (const std::string& text : out.servers) {
    if (out.known.add(text)) continue;
    source.find("analytics.rogue-dhcp.servers")
        .front()
        ->fail("\"" + text + "\" is no address or network; write 10.0.0.5 or 10.0.0.0/24");
  }
  return out;
}

void RogueDhcp::Local::event(const Observed& observed, Delta& delta) {
  constexpr uint64_t kClientPort = 68;
  const Event& event = observed.event;
  if (event.protocol->name == "dhcpv6") return event_of_ipv6(observed, delta);
  // What goes to a relay is told by it once more, on the client's LAN.
  if (const auto port = port_.first(event); !port || port->integer != kClientPort) return;
  const std::string_view kind = kind_.text(event);
  const bool ack = kind == "ack";
  if (!ack && kind != "offer") return;
  const auto server = server_.address(event), assigned = assigned_.address(event);
  // Without an address it answers who has one (RFC 2131 section 3.4), or is told where to boot from.
  if (!server || !assigned) return;
  Message message{.station = observed.station,
                  .client = parse_station(client_.text(event)).value_or(Station{}),
                  .server = *server,
                  .assigned = *assigned,
                  .mask = mask_.address(event).value_or(IpAddress()),
                  .id = bytes_of(id_.first(event)),
                  .vlan = observed.vlan,
                  .ack = static_cast<uint8_t>(ack)};
  const size_t beyond = read_list(routers_, event, message.routers) + read_list(resolvers_, event, message.resolvers);
  message.beyond = static_cast<uint8_t>(std::min<size_t>(beyond, UINT8_MAX));
  delta.hear(message, observed.time, seed_);
}

/// What a server says to a client comes from an address of the LAN, and what relays say to either of no other.
void RogueDhcp::Local::event_of_ipv6(const Observed& observed, Delta& delta) {
  constexpr uint64_t kClientPort = 546;
  const Event& event = observed.event;
  if (const auto port = port6_.first(event); !port || port->integer != kClientPort) return;
  const std::string_view kind = kind6_.text(event);
  const bool ack = kind == "reply";
  if ((!ack && kind != "advertise") || !link_local(observed.sender())) return;
  Message message{.station = observed.station,
                  .client = parse_station(client6_.text(event)).value_or(Station{}),
                  .server = observed.sender(),
                  .assigned = assigned6_.address(event).value_or(IpAddress()),
                  .id = bytes_of(id6_.first(event)),
                  .vlan = static_cast<uint16_t>(observed.vlan | kOfIpv6),
                  .ack = static_cast<uint8_t>(ack)};
  const size_t beyond = read_list(resolvers6_, event, message.resolvers);
  // It may say no more than that something is over.
  if (message.assigned == IpAddress() && message.resolvers[0] == IpAddress()) return;
  message.beyond = static_cast<uint8_t>(std::min<size_t>(beyond, UINT8_MAX));
  delta.hear(message, observed.time, seed_);
}

RogueDhcp::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      lans_(surroundings),
      transactions_(surroundings.part(kMostTransactions), surroundings.hash_seed) {}

void RogueDhcp::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = static_cast<uint32_t>(std::clamp<Second>(second, 0, std::numeric_limits<uint32_t>::max()));
  overflow_ += delta.messages.overflowed();
  delta.in_order([&](const Message& message, Timestamp time, uint64_t count) { add(message, time, count); });
  // Once a second: what is judged costs more than a message.
  lans_.judge([&](uint16_t vlan, const Lan& lan) {
    for (const Server& of : lan.members) {
      if (!of.known || of.local) judge(vlan, lan, of, findings);
    }
  });
}

void RogueDhcp::Global::add(const Message& message, Timestamp time, uint64_t count) {
  Lan& lan = lans_.hear(message.vlan, time, now_);
  Server* server = serve(message, time, lan);
  if (!server) {
    counters_.servers_max += count;
    return;
  }
  counters_.addresses_max += count * message.beyond;
  (message.ack ? server->acks : server->offers) += count;
  note(server->clients, message.client, Server::kMostShown);
  contest(message, time, lan, *server);
}

/// Null where there are too many already.
RogueDhcp::Global::Server* RogueDhcp::Global::serve(const Message& message, Timestamp time, Lan& lan) {
  const int64_t window = static_cast<int64_t>(std::min<uint64_t>(config_.window, kMemory)) * kSecond;
  const int64_t learn = static_cast<int64_t>(std::min<uint64_t>(config_.learn, kMemory)) * kSecond;
  auto found = std::ranges::find_if(
      lan.members, [&](const Server& of) { return of.id == message.server && of.station == message.station; });
  const auto alive = [&](const Server& of) { return time.ns - of.last.ns <= window; };
  const bool alone = std::ranges::none_of(lan.members, [&](const Server& of) { return of.known && alive(of); });
  if (found == lan.members.end()) {
    if (lan.members.size() == Lan::kMost) {
      const auto oldest = std::ranges::min_element(lan.members, {}, &Server::last);
      if (alive(*oldest)) return nullptr;
      lan.members.erase(oldest);
    }
    lan.members.push_back({.id = message.server, .station = message.station, .first = time});
    found = lan.members.end() - 1;
    found->known = time.ns - lan.first.ns <= learn || config_.known.contain(message.server);
  }
  // One that goes on where the others are silent has taken their place.
  found->known |= alone;
  found->last = time;
  found->mask = message.mask;
  found->network = masked(message.assigned, message.mask);
  found->local |= link_local(message.assigned);
  for (const IpAddress& router : message.routers) {
    if (router != IpAddress()) note(found->routers, router, Server::kMostShown);
  }
  for (const IpAddress& resolver : message.resolvers) {
    if (resolver != IpAddress()) note(found->resolvers, resolver, Server::kMostShown);
  }
  return &*found;
}

/// Who else answers the same question of the same client is of the same LAN, and lives.
void RogueDhcp::Global::contest(const Message& message, Timestamp time, Lan& lan, Server& server) {
  Asked& asked = transactions_.touch({message.client, message.vlan, message.id}, now_).value;
  if (time.ns - asked.time.ns > kTransaction) asked.servers.clear();
  asked.time = time;
  const std::pair<IpAddress, Station> name{message.server, message.station};
  if (holds(asked.servers, name)) return;
  for (Server& other : lan.members) {
    if (other.known == server.known || !holds(asked.servers, {other.id, other.station})) continue;
    ++(server.known ? other : server).contested;
  }
  note(asked.servers, name, Lan::kMost);
}

void RogueDhcp::Global::judge(uint16_t vlan, const Lan& lan, const Server& server, Findings& findings) const {
  const int64_t window = static_cast<int64_t>(std::min<uint64_t>(config_.window, kMemory)) * kSecond;
  std::vector<const Server*> rivals;
  for (const Server& of : lan.members) {
    const bool both_live =
        of.last >= server.first && of.last.ns - server.last.ns <= window && server.last.ns - of.last.ns <= window;
    const bool one_lan = server.contested > 0 || link_local(server.id) ||
                         (of.mask != IpAddress() && of.mask == server.mask && of.network == server.network);
    if (of.known && &of != &server && both_live && one_lan) rivals.push_back(&of);
  }
  if (rivals.empty() && !server.local) return;
  Timestamp time = server.last;
  for (const Server* rival : rivals) time = std::max(time, rival->last);
  const auto tells_others = [&](std::vector<IpAddress> Server::*list) {
    return std::ranges::any_of(server.*list, [&](const IpAddress& told) {
      return std::ranges::none_of(rivals, [&](const Server* rival) { return holds(rival->*list, told); });
    });
  };
  const bool other_router = tells_others(&Server::routers), other_resolver = tells_others(&Server::resolvers);
  const bool settled =
      server.first.ns - lan.first.ns >= static_cast<int64_t>(std::min<uint64_t>(config_.settled, kMemory)) * kSecond;
  // Under a known name from another station only what it says can tell: relays have many stations.
  const bool same_name = std::ranges::any_of(rivals, [&](const Server* rival) { return rival->id == server.id; });
  const bool differs = (!server.known && (other_router || other_resolver)) || server.local;
  if (!differs && (!settled || same_name)) return;

  unsigned confidence = 50;
  if (differs) confidence += 10;
  if (other_router && other_resolver) confidence += 5;
  if (server.local) confidence += 20;
  if (server.contested > 0) confidence += 20;
  if (server.acks > 0) confidence += 10;
  if (server.clients.size() > 1) confidence += 5;
  struct {
    IpAddress id;
    Station station;
    uint8_t vacant;
    uint16_t vlan;
  } const key{server.id, server.station, 0, vlan};
  Report report{.key = hash_of(key, kReplaySeed),
                .subject = to_string(server.id),
                .severity = static_cast<uint8_t>(differs ? 80 : 50),
                .confidence = static_cast<uint8_t>(std::min(95U, confidence)),
                .time = time,
                .first = server.first,
                .last = server.last,
                .count = server.offers + server.acks,
                .src = server.id,
                .dest = rivals.empty() ? IpAddress() : rivals.front()->id};
  for (const Server* rival : rivals) note(report.objects, to_string(rival->id), Lan::kMost);
  findings.report(std::move(report), [&](JsonWriter& json) {
    json.member("station", to_hex(server.station, ':')).member("offers", server.offers).member("acks", server.acks);
    json.member("contested", server.contested).member("other_router", other_router);
    json.member("other_resolver", other_resolver).member("link_local", server.local);
    write(json, "routers", server.routers);
    write(json, "resolvers", server.resolvers);
    json.begin_array("clients");
    for (const Station& client : server.clients) json.value(to_hex(client, ':'));
    json.end_array();
    json.member("known_s", static_cast<uint64_t>(std::max<int64_t>(0, server.first.ns - lan.first.ns) / kSecond));
    json.member("learn_s", config_.learn).member("settled_s", config_.settled).member("vlan", vlan & ~kOfIpv6);
  });
}

void RogueDhcp::Global::expire(Second second, Findings&) {
  if (second <= kMemory || second % 60 != 0) return;
  lans_.expire(static_cast<uint32_t>(second - kMemory));
  transactions_.expire(static_cast<uint32_t>(second - kTransaction / kSecond), [](const auto&) {});
}

StateUse RogueDhcp::Global::use() const {
  const StateUse lans = lans_.use();
  return {.keys = lans.keys + transactions_.keys(),
          .bytes = lans.bytes + transactions_.bytes(),
          .evicted = lans.evicted + transactions_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
