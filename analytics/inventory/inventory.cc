#include "analytics/inventory/inventory.h"

#include <algorithm>
#include <string>
#include <utility>

namespace lapwing::analytics {
namespace {

using C = Inventory::Config;
constexpr OptionRow<C> kOptions[] = {
    {"analytics.inventory.enabled", &C::enabled, "yes",
     "hosts of this network are told of as records of the type asset"},
    {"analytics.inventory.hosts", &C::hosts, "16384",
     "hosts that are remembered, half a KB each, and 3 KB more of which a name, software or the like is known"},
    {"analytics.inventory.services", &C::services, "32768", "services of them that are remembered"},
    {"analytics.inventory.records", &C::records, "600", "asset records a minute; what is beyond is told later"},
    {"analytics.inventory.pause", &C::pause, "60", "time for which what is new of a host is gathered before it is told",
     Unit::seconds},
    {"analytics.inventory.active", &C::active, "86400", "time after which a host that is still seen is told of again",
     Unit::seconds},
    {"analytics.inventory.gone", &C::gone, "604800", "silence after which a host is gone", Unit::seconds},
};

using N = HostCounters;
constexpr CounterRow<N> kCounters[] = {
    {"analytics.inventory.addresses_max", &N::addresses_max,
     "addresses of hosts that made room for later ones: a host is told with its last 8"},
    {"analytics.inventory.names_max", &N::names_max,
     "times that a host was called by a further name: it is told with 6, which the last day's keep"},
    {"analytics.inventory.software_max", &N::software_max,
     "software of hosts that made room for other: a host is told with the last 8 that were seen"},
    {"analytics.inventory.users_max", &N::users_max,
     "users of hosts that made room for others: a host is told with the last 8 that were seen"},
    {"analytics.inventory.clients_max", &N::clients_max,
     "sightings of JA4 beyond the 8 of the least hashes that a host is told with"},
    {"analytics.inventory.services_max", &N::services_max,
     "ends of flows of services that their host is not told with: it has 16", CounterKind::loss},
};

constexpr int64_t kNanoseconds = 1'000'000'000;
/// A station that had more addresses than a host has within so long passes on what others send.
constexpr int64_t kTogether = 3600 * kNanoseconds;
/// Between clients of so many and for so long, it is whom others are administered from.
constexpr uint32_t kAdministered = 10;
constexpr Second kDay = 86'400, kAdministers = 7 * kDay;

constexpr uint32_t kMost = 1U << 22;  // of any table

/// What a service makes its host: of so many clients at least, so that one client alone gives nobody a role.
struct Serves {
  std::string_view protocol;
  Role role;
  uint32_t clients;
};
constexpr Serves kServes[] = {
    {"dns", Role::resolver, 3},      {"dhcp", Role::dhcp, 2},
    {"smtp", Role::mail, 3},         {"imap", Role::mail, 3},
    {"imaps", Role::mail, 3},        {"pop3", Role::mail, 3},
    {"http", Role::web, 2},          {"ftp", Role::file, 2},
    {"tftp", Role::file, 2},         {"smb", Role::file, 2},
    {"smbv1", Role::file, 2},        {"smbv23", Role::file, 2},
    {"nfs", Role::file, 2},          {"afp", Role::file, 2},
    {"mysql", Role::database, 2},    {"postgresql", Role::database, 2},
    {"postgres", Role::database, 2}, {"mssql-tds", Role::database, 2},
    {"oracle", Role::database, 2},   {"mongodb", Role::database, 2},
    {"redis", Role::database, 2},    {"http_connect", Role::proxy, 3},
    {"http_proxy", Role::proxy, 3},  {"socks", Role::proxy, 3},
    {"ipp", Role::printer, 2},       {"openvpn", Role::vpn, 2},
    {"wireguard", Role::vpn, 2},     {"kerberos", Role::dc, 2},
    {"krb5", Role::dc, 2},
};
constexpr uint32_t kProxyClients = 3;

/// What so many hosts hand over to one in a day, so much of each and hardly anything back, is kept there. By a protocol
/// in which people move files that is no sign of it: who gathers what he wants to steal does so by it (T1074.002).
/// Papers and logs are not kept for those who sent them.
constexpr uint32_t kSaved = 8;
constexpr uint64_t kOfEach = uint64_t{8} << 20, kOfAll = uint64_t{100} << 20;  // bytes
constexpr uint64_t kBack = 10;                                                 // parts received for one that is sent
constexpr std::string_view kPeoples[] = {"afp", "ftp",   "http",   "http2", "ipp",    "nfs",
                                         "smb", "smbv1", "smbv23", "ssh",   "syslog", "tftp"};
constexpr uint16_t kPapers[] = {515, 631, 9100};  // LPR (RFC 1179), IPP (RFC 8010), and printers' own

uint64_t hash_of(const SightKey& key) {
  const uint64_t hash = uint64_t{key.detail[0]} << 32 | key.detail[1];
  return hash ? hash : 1;  // 0: a vacant slot
}

HostKey station_of(const Sight& sight, uint16_t vlan) {
  HostKey out{.kind = HostKey::kStation, .vlan = vlan};
  std::copy_n(sight.text.bytes.begin(), sight.text.size, out.bytes.begin());
  return out;
}

uint32_t cap_of(uint64_t configured) {
  return static_cast<uint32_t>(std::clamp<uint64_t>(configured, 1, kMost));
}

}  // namespace

std::span<const OptionRow<Inventory::Config>> Inventory::options() {
  return kOptions;
}

std::span<const CounterRow<HostCounters>> Inventory::counter_rows() {
  return kCounters;
}

Inventory::Config Inventory::read(const OptionSource& source) {
  Config out = read_options(source, options());
  out.criticality = read_criticality(source);
  return out;
}

Inventory::Global::Global(const Config& config, const Surroundings& surroundings)
    : config_(config),
      surroundings_(surroundings),
      hosts_(cap_of(config.hosts), surroundings.hash_seed),
      owners_(cap_of(config.hosts), surroundings.hash_seed),
      services_(cap_of(config.services), surroundings.hash_seed) {}

HostKey Inventory::Global::owner_of(const HostKey& address) {
  const auto* owner = owners_.find(address);
  return owner ? owner->value.station : address;
}

void Inventory::Global::take(Second second, Delta& delta, Findings& findings) {
  now_ = std::max(now_, second);
  overflow_ += delta.sights.overflowed();
  delta.sights.walk([&](const SightKey& key, const Sight& sight) { take(key, sight, findings); });
}

void Inventory::Global::take(const SightKey& key, const Sight& sight, Findings& findings) {
  if (key.what == What::station) return bind(key.host, sight, findings);
  const HostKey of = owner_of(key.host);
  Hosts::Entry& entry = hosts_.touch(of, static_cast<uint32_t>(now_));
  Host& host = entry.value;
  const uint8_t before = host.changes;
  uint8_t changes = kNothing;
  bool user = false;
  switch (key.what) {
    case What::station: break;
    case What::traffic:
      host.sent += sight.out;
      host.received += sight.in;
      if (host.note_address(key.host, sight.first, sight.last, counters_)) changes |= kAddress;
      if (host.see(sight.first, sight.last)) changes |= kAddress;
      break;
    case What::service: serve(key, sight, entry, findings); break;
    case What::software: software(key, sight, host, findings); break;
    case What::name:
      if (host.note_name(static_cast<BindingKind>(key.sub), hash_of(key), sight.text.view(), sight.first, sight.last,
                         counters_)) {
        changes |= kName;
      }
      if (static_cast<BindingKind>(key.sub) == BindingKind::certificate) {
        for (const ServiceKey& of_host : host.services()) {
          auto* service = services_.find(of_host);
          if (service && of_host.address == key.host && service->value.protocol.view() == "tls") {
            service->value.certificate = sight.text;
          }
        }
      }
      break;
    case What::user: user = host.note_user(hash_of(key), sight.text.view(), sight.first, sight.last, counters_); break;
    case What::admin: {
      const uint32_t others = host.administer(sight.others, now_);
      if (now_ - host.administration->since >= kAdministers && others >= kAdministered) {
        learn(host, Role::admin, {.count = others}, findings);
      }
      break;
    }
  }
  rate(entry);
  news(of, host, changes);
  if (user || changes != kNothing || (host.changes & ~before)) introduce(of, host, findings);
}

/// An address is that of the station which says so last.
void Inventory::Global::bind(const HostKey& address, const Sight& sight, Findings& findings) {
  const HostKey station = station_of(sight, address.vlan);
  Hosts::Entry& entry = hosts_.touch(station, static_cast<uint32_t>(now_));
  if (entry.value.roles & bit(Role::router)) {
    entry.value.see(sight.first, sight.last);
    Hosts::Entry& behind = hosts_.touch(address, static_cast<uint32_t>(now_));
    behind.value.via = station;
    uint8_t changes = behind.value.see(sight.first, sight.last) ? kAddress : kNothing;
    if (behind.value.note_address(address, sight.first, sight.last, counters_)) changes |= kAddress;
    rate(behind);
    return news(address, behind.value, changes);
  }
  auto& owner = owners_.touch(address, static_cast<uint32_t>(now_));
  const HostKey before = owner.value.station;
  Host& host = entry.value;
  const bool last = sight.last >= owner.value.last;
  if (last) owner.value = {station, sight.last};
  if (last && before != station) {
    if (Hosts::Entry* other = hosts_.find(before.kind ? before : address)) {
      if (before.kind) {
        for (const ServiceKey& key : other->value.services()) {
          auto* service = key.address == address ? services_.find(key) : nullptr;
          if (service) services_.erase(*service);
        }
        other->value.drop_services(address);
      } else {
        // From here on its records have the station's id.
        Host was = std::move(other->value);
        hosts_.erase(*other);
        if (was.told_at != 0) tell(address, was, AssetState::gone, findings);
        host.absorb(was, counters_);
        for (const RoleRow& row : role_rows()) {
          if (was.roles & bit(row.role)) findings.learned(address.address(), row.role, true);
        }
      }
    }
  }
  uint8_t changes = host.see(sight.first, sight.last) ? kAddress : kNothing;
  if (host.note_address(address, sight.first, sight.last, counters_)) changes |= kAddress;
  if (host.addresses_since(sight.last - kTogether) > Host::kMostAddresses) become_router(station, host, findings);
  rate(entry);
  news(station, host, changes);
  if (changes != kNothing) introduce(station, host, findings);
}

/// From here on the addresses behind it are hosts of their own.
void Inventory::Global::become_router(const HostKey& station, Host& host, Findings& findings) {
  const auto count = static_cast<uint32_t>(host.addresses_since(host.last - kTogether));
  for (const Bound& bound : host.addresses) {
    auto* owner = bound.address.kind ? owners_.find(bound.address) : nullptr;
    if (owner && owner->value.station == station) owners_.erase(*owner);
  }
  learn(host, Role::router, {.count = count}, findings);
  host.service_count = 0;
  news(station, host, kRole);
}

void Inventory::Global::serve(const SightKey& key, const Sight& sight, Hosts::Entry& entry, Findings& findings) {
  const ServiceKey of{.address = key.host, .port = key.port, .proto = key.proto};
  ServiceSeen& seen = services_.touch(of, static_cast<uint32_t>(now_)).value;
  seen.first = seen.first == 0 ? sight.first : std::min(seen.first, sight.first);
  seen.last = std::max(seen.last, sight.last);
  seen.clients.merge(sight.others);
  if (std::exchange(seen.day, now_ / kDay) != now_ / kDay) seen.sent = seen.received = 0;
  seen.sent += sight.out;
  seen.received += sight.in;
  if (seen.protocol.empty()) seen.protocol = ShortText<31>(sight.text.view());
  Host& host = entry.value;
  if (host.note_service(of, counters_)) news(entry.key(), host, kService);
  learn(host, of, seen, findings);
}

void Inventory::Global::learn_backup(Host& host, const ServiceKey& key, const ServiceSeen& service,
                                     Findings& findings) {
  const uint32_t clients = service.clients.count();
  if (clients < kSaved || service.received < std::max(kOfAll, clients * kOfEach)) return;
  if (service.sent > service.received / kBack || std::ranges::find(kPapers, key.port) != std::end(kPapers)) return;
  if (std::ranges::find(kPeoples, service.protocol.view()) != std::end(kPeoples)) return;
  learn(host, Role::backup, {key.port, key.proto, clients}, findings);
}

void Inventory::Global::learn(Host& host, const ServiceKey& key, const ServiceSeen& service, Findings& findings) {
  learn_backup(host, key, service, findings);
  const auto row = std::ranges::find(kServes, service.protocol.view(), &Serves::protocol);
  if (row == std::end(kServes)) return;
  const uint32_t clients = service.clients.count();
  if (clients >= row->clients) learn(host, row->role, {key.port, key.proto, clients}, findings);
}

void Inventory::Global::learn(Host& host, Role role, const Evidence& evidence, Findings& findings) {
  if (!host.set_role(role, evidence)) return;
  host.changes |= kRole;
  for (const Bound& bound : host.addresses) {
    if (bound.address.kind) findings.learned(bound.address.address(), role, true);
  }
}

void Inventory::Global::software(const SightKey& key, const Sight& sight, Host& host, Findings& findings) {
  const auto kind = static_cast<SoftwareKind>(key.sub);
  if (kind == SoftwareKind::ja4) {
    return host.note_client(hash_of(key), sight.text.view(), sight.first, sight.last, counters_);
  }
  const ServiceKey of{.address = key.host, .port = key.port, .proto = key.proto};
  if (kind == SoftwareKind::proxy) {
    auto& service = services_.touch(of, static_cast<uint32_t>(now_));
    // What it serves is seen at the end of its flows; who it served is known before.
    service.value.clients.merge(sight.others);
    service.value.first = service.value.first == 0 ? sight.first : std::min(service.value.first, sight.first);
    service.value.last = std::max(service.value.last, sight.last);
    const uint32_t clients = service.value.clients.count();
    if (clients >= kProxyClients) learn(host, Role::proxy, {key.port, key.proto, clients}, findings);
    return;
  }
  if (key.port != 0 && kind == SoftwareKind::product) {
    ServiceSeen& seen = services_.touch(of, static_cast<uint32_t>(now_)).value;
    seen.first = seen.first == 0 ? sight.first : std::min(seen.first, sight.first);
    seen.last = std::max(seen.last, sight.last);
    seen.software = sight.text;
  }
  if (host.note_software(kind, hash_of(key), sight.text.view(), sight.first, sight.last, counters_) &&
      host.guess_system()) {
    host.changes |= kSystem;
  }
}

/// Who is only spoken of goes first, then who only says so himself.
void Inventory::Global::rate(Hosts::Entry& entry) {
  const Host& host = entry.value;
  const bool talks = host.sent + host.received > 0;
  const auto worth =
      static_cast<uint8_t>(!host.seen() ? 0 : 1 + 2 * talks + 4 * (host.service_count > 0) + 8 * (host.roles != 0));
  if (worth != entry.worth()) hosts_.set_worth(entry, worth);
}

/// It is told when it has been gathered for a while.
void Inventory::Global::news(const HostKey& key, Host& host, uint8_t changes) {
  host.changes |= changes;
  if (!host.seen() || host.due != 0) return;
  const bool daily = host.told_at != 0 && now_ - host.told_at >= static_cast<Second>(config_.active);
  if (host.changes == 0 && !daily) return;
  host.due = std::max<Second>(now_ + static_cast<Second>(config_.pause), 1);
  due_.push_back({host.due, key});
  // Forged hosts push one another out before they are told.
  if (due_.size() > 2 * size_t{hosts_.cap()}) std::erase_if(due_, [this](const Due& due) { return !waiting(due); });
}

/// Null where it was evicted meanwhile, or put together with another.
Inventory::Global::Hosts::Entry* Inventory::Global::waiting(const Due& due) {
  Hosts::Entry* entry = hosts_.find(due.host);
  return entry && entry->value.due == due.second ? entry : nullptr;
}

void Inventory::Global::tell(Hosts::Entry& entry, Findings& findings) {
  const Host& host = entry.value;
  const AssetState state = host.told_at == 0   ? AssetState::known
                           : host.changes != 0 ? AssetState::changed
                                               : AssetState::active;
  tell(entry.key(), entry.value, state, findings);
}

void Inventory::Global::weigh() {
  beside_ = hosts_.sum([](const Host& host) { return host.bytes(); });
  weighed_ = hosts_.keys();
  weighed_at_ = now_;
}

void Inventory::Global::expire(Second second, Findings& findings) {
  now_ = std::max(now_, second);
  // To ask every host each second would cost more than all else: they are asked when there are twice as many, and when
  // so much time has passed that it makes no difference.
  constexpr Second kRarely = 300, kHostsASecond = 1000;
  const Second wait = std::max<Second>(kRarely, hosts_.keys() / kHostsASecond);
  if (hosts_.keys() >= 2 * weighed_ || now_ - weighed_at_ >= wait) weigh();
  constexpr Second kMinute = 60;
  if (second / kMinute != told_minute_) {
    told_minute_ = second / kMinute;
    told_ = 0;
  }
  for (; !due_.empty() && due_.front().second <= second && told_ < config_.records; due_.pop_front()) {
    if (Hosts::Entry* entry = waiting(due_.front())) {
      ++told_;
      tell(*entry, findings);
    }
  }
  if (second < expired_to_ + kMinute) return;
  expired_to_ = second;
  const auto silent = static_cast<uint32_t>(std::max<Second>(second - static_cast<Second>(config_.gone), 0));
  hosts_.expire(silent, [&](const Hosts::Entry& entry) {
    if (entry.value.told_at == 0) return;
    Host last = entry.value;
    tell(entry.key(), last, AssetState::gone, findings);
  });
  owners_.expire(silent, [](const auto&) {});
  services_.expire(silent, [](const auto&) {});
}

/// All news, however recent.
void Inventory::Global::finish(Findings& findings) {
  for (; !due_.empty(); due_.pop_front()) {
    if (Hosts::Entry* entry = waiting(due_.front())) tell(*entry, findings);
  }
  weigh();
}

StateUse Inventory::Global::use() const {
  return {.keys = hosts_.keys() + owners_.keys() + services_.keys(),
          .bytes = hosts_.bytes() + beside_ + owners_.bytes() + services_.bytes(),
          .evicted = hosts_.evicted() + owners_.evicted() + services_.evicted(),
          .overflow = overflow_};
}

}  // namespace lapwing::analytics
