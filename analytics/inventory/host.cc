#include "analytics/inventory/host.h"

#include <tuple>

namespace lapwing::analytics {
namespace {

constexpr int64_t kDay = 86'400'000'000'000;  // ns

template <size_t N>
void fill(Slot<N>& slot, uint64_t hash, uint8_t kind, std::string_view text, int64_t from, int64_t to) {
  slot = {.hash = hash, .first = from, .last = to, .kind = kind, .text = ShortText<N>(text)};
}

}  // namespace

bool Host::see(int64_t from, int64_t to) {
  const bool fresh = !seen();
  first = fresh ? from : std::min(first, from);
  last = fresh ? to : std::max(last, to);
  return fresh;
}

/// When there are too many, the one that was not seen for longest makes room.
bool Host::note_address(const HostKey& address, int64_t from, int64_t to, HostCounters& counters) {
  Bound* oldest = &addresses.front();
  for (Bound& bound : addresses) {
    if (bound.address == address) {
      bound.first = std::min(bound.first, from);
      bound.last = std::max(bound.last, to);
      return false;
    }
    const bool older =
        bound.address.kind == 0 ? oldest->address.kind != 0 : oldest->address.kind != 0 && bound.last < oldest->last;
    if (older) oldest = &bound;
  }
  counters.addresses_max += oldest->address.kind != 0;
  *oldest = {address, from, to};
  return true;
}

size_t Host::addresses_since(int64_t since) const {
  return static_cast<size_t>(std::ranges::count_if(
      addresses, [&](const Bound& bound) { return bound.address.kind != 0 && bound.last >= since; }));
}

const Bound* Host::newest() const {
  const Bound* out = nullptr;
  for (const Bound& bound : addresses) {
    if (bound.address.kind != 0 && (!out || bound.last > out->last)) out = &bound;
  }
  return out;
}

/// Whoever is called by very many names keeps the first, until they are out of use.
bool Host::note_name(BindingKind kind, uint64_t hash, std::string_view text, int64_t from, int64_t to,
                     HostCounters& counters) {
  Slot<63>* vacant = nullptr;
  const auto number = static_cast<uint8_t>(kind);
  if (seen_again(names.make(), hash, number, from, to, vacant)) return false;
  counters.names_max += vacant->hash != 0;
  if (vacant->hash != 0 && to - vacant->last < kDay) return false;
  const Slot<63>* before = name();
  const bool had = before != nullptr;
  const uint64_t called = had ? before->hash : 0;
  fill(*vacant, hash, number, text, from, to);
  return !had || name()->hash != called;
}

const Slot<63>* Host::name() const {
  const Slot<63>* out = nullptr;
  for (const Slot<63>& slot : *names) {
    if (slot.hash == 0) continue;
    if (!out || slot.kind < out->kind ||
        (slot.kind == out->kind && (slot.first < out->first || (slot.first == out->first && slot.hash < out->hash)))) {
      out = &slot;
    }
  }
  return out;
}

bool Host::note_software(SoftwareKind kind, uint64_t hash, std::string_view text, int64_t from, int64_t to,
                         HostCounters& counters) {
  Slot<Sight::kText>* vacant = nullptr;
  const auto number = static_cast<uint8_t>(kind);
  if (seen_again(software.make(), hash, number, from, to, vacant)) return false;
  counters.software_max += vacant->hash != 0;
  fill(*vacant, hash, number, text, from, to);
  return true;
}

/// Each software has a vote.
bool Host::guess_system() {
  std::array<uint8_t, 16> votes{};
  for (const auto& slot : *software) {
    if (slot.hash != 0) ++votes[operating_system_of(slot.text.view())];
  }
  votes[0] = 0;
  const auto most = static_cast<uint8_t>(std::ranges::max_element(votes) - votes.begin());
  // As many votes for another are no reason to change one's mind.
  const uint8_t guess = votes[most] == votes[system] ? system : most;
  return std::exchange(system, guess) != guess;
}

bool Host::note_user(uint64_t hash, std::string_view user, int64_t from, int64_t to, HostCounters& counters) {
  Slot<31>* vacant = nullptr;
  if (seen_again(users.make(), hash, 0, from, to, vacant)) return false;
  counters.users_max += vacant->hash != 0;
  fill(*vacant, hash, 0, user, from, to);
  return true;
}

const Slot<31>* Host::user() const {
  const Slot<31>* out = nullptr;
  for (const Slot<31>& slot : *users) {
    if (slot.hash != 0 && (!out || std::tie(out->last, slot.hash) < std::tie(slot.last, out->hash))) out = &slot;
  }
  return out;
}

void Host::note_client(uint64_t hash, std::string_view ja4, int64_t from, int64_t to, HostCounters& counters) {
  Slot<39>* vacant = nullptr;
  if (seen_again(clients.make(), hash, 0, from, to, vacant)) return;
  if (vacant->hash != 0) {
    ++counters.clients_max;
    vacant = &*std::ranges::max_element(clients.make(), {}, &Slot<39>::hash);
    if (vacant->hash < hash) return;
  }
  fill(*vacant, hash, 0, ja4, from, to);
}

bool Host::note_service(const ServiceKey& key, HostCounters& counters) {
  if (std::ranges::find(services(), key) != services().end()) return false;
  if (service_count == kServices) {
    ++counters.services_max;
    return false;
  }
  service_keys.make()[service_count++] = key;
  return true;
}

void Host::drop_services(const HostKey& address) {
  if (service_count == 0) return;
  const auto known = std::span(service_keys.make()).first(service_count);
  const auto gone = std::ranges::remove_if(known, [&](const ServiceKey& key) { return key.address == address; });
  service_count = static_cast<uint8_t>(gone.begin() - known.begin());
}

bool Host::set_role(Role role, const Evidence& of) {
  evidence.make()[static_cast<size_t>(role)] = of;
  if (roles & bit(role)) return false;
  roles |= bit(role);
  return true;
}

uint32_t Host::administer(const Fan& others, int64_t since) {
  Administration& of = administration.make();
  of.others.merge(others);
  if (of.since == 0) of.since = since;
  return of.others.count();
}

void Host::absorb(const Host& other, HostCounters& counters) {
  if (other.seen()) see(other.first, other.last);
  for (const Bound& bound : other.addresses) {
    if (bound.address.kind != 0) note_address(bound.address, bound.first, bound.last, counters);
  }
  sent += other.sent;
  received += other.received;
  for (const auto& slot : *other.names) {
    if (slot.hash == 0) continue;
    note_name(static_cast<BindingKind>(slot.kind), slot.hash, slot.text.view(), slot.first, slot.last, counters);
  }
  for (const auto& slot : *other.software) {
    if (slot.hash == 0) continue;
    note_software(static_cast<SoftwareKind>(slot.kind), slot.hash, slot.text.view(), slot.first, slot.last, counters);
  }
  for (const auto& slot : *other.users) {
    if (slot.hash) note_user(slot.hash, slot.text.view(), slot.first, slot.last, counters);
  }
  for (const auto& slot : *other.clients) {
    if (slot.hash) note_client(slot.hash, slot.text.view(), slot.first, slot.last, counters);
  }
  for (const ServiceKey& key : other.services()) note_service(key, counters);
  for (const RoleRow& row : role_rows()) {
    if (other.roles & bit(row.role)) set_role(row.role, (*other.evidence)[static_cast<size_t>(row.role)]);
  }
  if (other.administration->since != 0) administer(other.administration->others, other.administration->since);
  changes |= other.changes;
  guess_system();
}

}  // namespace lapwing::analytics
