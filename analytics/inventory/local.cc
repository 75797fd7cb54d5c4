// The worker's part of the inventory.
#include <algorithm>
#include <array>
#include <string>

#include "analytics/inventory/inventory.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr uint8_t kTcp = 6, kUdp = 17, kSyn = 0x02, kAck = 0x10;
constexpr uint16_t kWellKnown = 1024;  // ports below are no client's (RFC 6335 6)

/// By which others are administered.
constexpr std::string_view kAdmin[] = {"ssh", "telnet", "rdp", "winrm", "vnc"};

/// Both sides are really there: an address that was forged completes no handshake.
bool answered(const FlowUpdate& update) {
  const FlowRef& flow = *update.flow;
  if (flow.one_sided || update.all_packets[1] == 0) return false;
  if (flow.proto != kTcp) return true;
  const bool agreed = update.tcp_flags[0] & kAck && update.tcp_flags[1] & kSyn;
  return agreed || update.bytes[0] + update.bytes[1] > 0;
}

/// "ssh"; of "MsSQL-TDS.Azure" "mssql-tds".
ShortText<Sight::kText> protocol_of(const FlowRef& flow) {
  if (!flow.protocol.empty() && flow.protocol != "failed") return ShortText<Sight::kText>(flow.protocol);
  ShortText<Sight::kText> out(flow.application.substr(0, flow.application.find('.')));
  copy_lower(out.view(), out.bytes.data());
  return out;
}

uint64_t hash_of(std::string_view text, uint64_t seed) {
  return keyed_hash(to_bytes(text), seed);
}

void set_detail(SightKey& key, uint64_t hash) {
  key.detail[0] = static_cast<uint32_t>(hash >> 32);
  key.detail[1] = static_cast<uint32_t>(hash);
}

}  // namespace

Sight& Inventory::Local::at(Delta& delta, SightKey key, std::string_view text, Timestamp first, Timestamp last) const {
  Sight& sight = delta.sights.at(key);
  sight.first = std::min(sight.first, first.ns);
  sight.last = std::max(sight.last, last.ns);
  if (!text.empty() && sight.text.view() < text.substr(0, Sight::kText)) sight.text = ShortText<Sight::kText>(text);
  return sight;
}

void Inventory::Local::flow(const FlowUpdate& update, Delta& delta) const {
  const FlowRef& flow = *update.flow;
  const bool client = asset(flow.client), server = asset(flow.server);
  if ((!client && !server) || !answered(update) || to_many(flow.server)) return;
  const Timestamp first = std::min(flow.start, update.time);
  if (client) {
    Sight& sight = at(delta, {.host = HostKey::of(flow.client, flow.vlan)}, "", first, update.time);
    sight.out += update.bytes[0];
    sight.in += update.bytes[1];
  }
  if (!server) return;
  const HostKey host = HostKey::of(flow.server, flow.vlan);
  Sight& sight = at(delta, {.host = host}, "", first, update.time);
  sight.out += update.bytes[1];
  sight.in += update.bytes[0];
  if (flow.midstream || (flow.proto != kTcp && flow.proto != kUdp)) return;
  const auto protocol = protocol_of(flow);
  if (flow.proto == kUdp && flow.server_port >= kWellKnown && protocol.empty()) return;
  Sight& service = at(delta, {.what = What::service, .proto = flow.proto, .host = host, .port = flow.server_port},
                      protocol.view(), first, update.time);
  if (client) {
    service.out += update.bytes[1];
    service.in += update.bytes[0];
  }
  if (update.bytes[1] > 0) service.others.add(keyed_hash(flow.client.bytes, surroundings_.hash_seed));
  if (client && std::ranges::find(kAdmin, protocol.view()) != std::end(kAdmin)) {
    at(delta, {.what = What::admin, .host = HostKey::of(flow.client, flow.vlan)}, "", first, update.time)
        .others.add(keyed_hash(flow.server.bytes, surroundings_.hash_seed));
  }
}

void Inventory::Local::login(const LoginOf& login, Delta& delta) const {
  if (login.login.outcome != Outcome::success || login.login.user.empty() || !asset(login.flow.client)) return;
  SightKey key{.what = What::user, .host = HostKey::of(login.flow.client, login.flow.vlan)};
  set_detail(key, hash_of(login.login.user, surroundings_.hash_seed));
  at(delta, key, login.login.user, login.time, login.time);
}

void Inventory::Local::binding(const BindingOf& of, Delta& delta) const {
  if (!asset(of.address)) return;
  const BindingSeen& seen = of.binding;
  SightKey key{.what = What::name, .sub = static_cast<uint8_t>(seen.kind), .host = HostKey::of(of.address, of.vlan)};
  if (seen.kind == BindingKind::arp) {
    constexpr uint8_t kGroup = 1;  // of a MAC address's first byte: no station's
    if (seen.station == Station{} || seen.station[0] & kGroup) return;
    key.what = What::station;
    const std::string_view station(reinterpret_cast<const char*>(seen.station.data()), seen.station.size());
    set_detail(key, hash_of(station, surroundings_.hash_seed));
    at(delta, key, station, of.time, of.time);
    return;
  }
  std::array<char, Sight::kText> name;
  const size_t size = std::min(seen.name.size(), name.size());
  // Names of DNS may have any byte (RFC 2181 11), and tunnels use them: those name no host.
  const auto control = [](char c) { return static_cast<uint8_t>(c) < ' ' || c == '\x7f'; };
  if (size == 0 || std::ranges::any_of(seen.name.substr(0, size), control)) return;
  copy_lower(seen.name.substr(0, size), name.data());
  const std::string_view text(name.data(), size);
  set_detail(key, hash_of(text, surroundings_.hash_seed));
  at(delta, key, text, of.time, of.time);
}

void Inventory::Local::software(const SoftwareOf& of, Delta& delta) const {
  if (!asset(of.address())) return;
  const SoftwareSeen& seen = of.software;
  const bool server = seen.side == Side::server;
  SightKey key{.what = What::software,
               .sub = static_cast<uint8_t>(seen.kind),
               .proto = of.flow.proto,
               .host = HostKey::of(of.address(), of.flow.vlan),
               .port = server ? of.flow.server_port : uint16_t{0}};
  std::array<char, Sight::kText> text;
  size_t size = std::min(seen.value.size(), text.size());
  std::copy_n(seen.value.begin(), size, text.begin());
  if (!seen.version.empty() && size < text.size()) {
    text[size++] = ' ';
    const size_t more = std::min(seen.version.size(), text.size() - size);
    std::copy_n(seen.version.begin(), more, text.begin() + static_cast<ptrdiff_t>(size));
    size += more;
  }
  const std::string_view value(text.data(), size);
  set_detail(key, hash_of(value, surroundings_.hash_seed));
  Sight& sight = at(delta, key, value, of.time, of.time);
  if (seen.kind == SoftwareKind::proxy) sight.others.add(keyed_hash(of.flow.client.bytes, surroundings_.hash_seed));
}

}  // namespace lapwing::analytics
