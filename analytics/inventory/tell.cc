// Hosts as their records tell them.
#include <algorithm>
#include <array>
#include <string>

#include "analytics/inventory/inventory.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

std::string id_of(const HostKey& key) {
  const uint64_t hash = hash_of(key, kReplaySeed);
  return "a" + to_hex({reinterpret_cast<const uint8_t*>(&hash), sizeof hash});
}

std::string station_text(const HostKey& key) {
  return to_hex(Bytes(key.bytes).first(6), ':');
}

template <size_t N, size_t Count>
std::vector<Asset::Text> texts(const std::array<Slot<N>, Count>& slots, std::span<const std::string_view> kinds) {
  std::vector<Asset::Text> out;
  for (const Slot<N>& slot : slots) {
    if (slot.hash == 0) continue;
    out.push_back({.kind = kinds.empty() ? std::string_view() : kinds[slot.kind],
                   .value = std::string(slot.text.view()),
                   .first = {slot.first},
                   .last = {slot.last}});
  }
  return out;
}

std::string evidence_of(Role role, const Evidence& evidence) {
  const std::string count = std::to_string(evidence.count);
  if (evidence.port == 0) return count + (role == Role::router ? " addresses" : " hosts");
  return std::to_string(evidence.port) + (evidence.proto == 17 ? "/udp for " : "/tcp for ") + count + " clients";
}

}  // namespace

/// By all of its addresses.
void Inventory::Global::introduce(const HostKey& key, const Host& host, Findings& findings) const {
  AssetBrief brief;
  if (const Slot<63>* name = host.name()) brief.name = name->text.view();
  if (key.is_station() || host.via.is_station()) brief.station = station_text(key.is_station() ? key : host.via);
  brief.vendor = surroundings_.vendor_of(brief.station);
  if (const Slot<31>* user = host.user()) brief.user = user->text.view();
  for (const RoleRow& row : role_rows()) {
    if (host.roles & bit(row.role)) brief.roles.push_back(row.name);
  }
  brief.criticality = criticality_name(criticality_of(config_.criticality, host, host.roles));
  for (const Bound& bound : host.addresses) {
    if (bound.address.kind != 0) findings.known(bound.address.address(), brief);
  }
}

void Inventory::Global::tell(const HostKey& key, Host& host, AssetState state, Findings& findings) {
  Asset out{.id = id_of(key), .state = state, .vlan = key.vlan, .bytes_out = host.sent, .bytes_in = host.received};
  if (state == AssetState::changed) {
    for (size_t i = 0; i < std::size(kChangeNames); ++i) {
      if (host.changes >> i & 1) out.changes.push_back(kChangeNames[i]);
    }
  }
  if (key.is_station() || host.via.is_station()) out.station = station_text(key.is_station() ? key : host.via);
  out.vendor = surroundings_.vendor_of(out.station);
  for (const Bound& bound : host.addresses) {
    if (bound.address.kind == 0) continue;
    out.addresses.push_back({"", to_string(bound.address.address()), {bound.first}, {bound.last}});
  }
  const auto late = [](const Asset::Text& a, const Asset::Text& b) {
    return a.last != b.last ? a.last > b.last : a.value < b.value;
  };
  std::ranges::sort(out.addresses, late);
  if (const Bound* newest = host.newest()) out.address = newest->address.address();
  out.names = texts(*host.names, kBindingKinds);
  std::ranges::sort(out.names, [](const Asset::Text& a, const Asset::Text& b) {
    const auto rank = [](const Asset::Text& of) { return std::ranges::find(kBindingKinds, of.kind); };
    if (rank(a) != rank(b)) return rank(a) < rank(b);
    return a.first != b.first ? a.first < b.first : a.value < b.value;
  });
  out.os = operating_system_name(host.system);
  for (const RoleRow& row : role_rows()) {
    if (host.roles & bit(row.role)) {
      out.roles.push_back({row.name, evidence_of(row.role, (*host.evidence)[static_cast<size_t>(row.role)])});
    }
  }
  out.software = texts(*host.software, kSoftwareKinds);
  std::ranges::sort(out.software, late);
  out.users = texts(*host.users, {});
  std::ranges::sort(out.users, late);
  for (const auto& slot : *host.clients) {
    if (slot.hash != 0) out.clients.emplace_back(slot.text.view());
  }
  std::ranges::sort(out.clients);
  for (const ServiceKey& of : host.services()) {
    const auto* service = services_.find(of);
    if (!service) continue;  // evicted
    const ServiceSeen& seen = service->value;
    out.services.push_back({.port = of.port,
                            .proto = of.proto,
                            .protocol = std::string(seen.protocol.view()),
                            .software = std::string(seen.software.view()),
                            .certificate = std::string(seen.certificate.view()),
                            .clients = seen.clients.count(),
                            .first = {seen.first},
                            .last = {seen.last}});
  }
  std::ranges::sort(out.services, [](const Asset::Service& a, const Asset::Service& b) {
    return std::pair(a.port, a.proto) < std::pair(b.port, b.proto);
  });
  out.criticality = criticality_name(criticality_of(config_.criticality, host, host.roles));
  out.first = {host.first};
  out.last = {host.last};
  out.time = state == AssetState::gone ? Timestamp::from_seconds(now_) : out.last;
  if (state == AssetState::gone) {
    for (const RoleRow& row : role_rows()) {
      if (!(host.roles & bit(row.role))) continue;
      for (const Bound& bound : host.addresses) {
        if (bound.address.kind) findings.learned(bound.address.address(), row.role, false);
      }
    }
  }
  host.changes = 0;
  host.due = 0;
  host.told_at = std::max<Second>(now_, 1);
  findings.asset(out);
}

}  // namespace lapwing::analytics
