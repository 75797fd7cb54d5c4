// Host: what the inventory keeps of one, of fixed size.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "analytics/frame/roles.h"
#include "analytics/inventory/sight.h"
#include "analytics/shape/on_demand.h"
#include "sensor/event/sighting.h"

namespace lapwing::analytics {

/// Which operating system says that of itself; 0: none that is known.
uint8_t operating_system_of(std::string_view software);
std::string_view operating_system_name(uint8_t system);

/// A text that was seen of a host from then to then (ns); of no hash: vacant.
template <size_t N>
struct Slot {
  uint64_t hash = 0;
  int64_t first = 0, last = 0;
  uint8_t kind = 0;
  ShortText<N> text;
};
/// The slot of that hash and kind, brought up to date; or null, and `vacant` the first that is free, or else the one
/// that was not seen for longest.
template <size_t N, size_t Count>
Slot<N>* seen_again(std::array<Slot<N>, Count>& slots, uint64_t hash, uint8_t kind, int64_t first, int64_t last,
                    Slot<N>*& vacant) {
  vacant = &slots.front();
  for (Slot<N>& slot : slots) {
    if (slot.hash == hash && slot.kind == kind) {
      slot.first = std::min(slot.first, first);
      slot.last = std::max(slot.last, last);
      return &slot;
    }
    const bool older = slot.hash == 0 ? vacant->hash != 0 : vacant->hash != 0 && slot.last < vacant->last;
    if (older) vacant = &slot;
  }
  return nullptr;
}

/// Bound to a host from then to then (ns).
struct Bound {
  HostKey address;  // kind 0: vacant
  int64_t first = 0, last = 0;
};

struct ServiceKey {
  HostKey address;
  uint16_t port = 0;
  uint8_t proto = 0;
  uint8_t unused = 0;
  bool operator==(const ServiceKey&) const = default;
};
static_assert(Key<ServiceKey>);

struct ServiceSeen {
  int64_t first = 0, last = 0;  // ns
  int64_t day = 0;              // since 1970, of which the bytes of payload are, of clients inside:
  uint64_t sent = 0, received = 0;
  Fan clients;
  ShortText<31> protocol;
  ShortText<Sight::kText> software, certificate;
};

/// What news of a host may be about, as bits.
enum Change : uint8_t { kNothing = 0, kRole = 1, kName = 2, kSystem = 4, kService = 8, kAddress = 16 };
inline constexpr std::string_view kChangeNames[] = {"role", "name", "os", "service", "address"};

/// Of what hosts have no room for.
struct HostCounters {
  uint64_t addresses_max = 0, names_max = 0, software_max = 0, users_max = 0, clients_max = 0, services_max = 0;
};

struct Evidence {
  uint16_t port = 0;
  uint8_t proto = 0;
  uint32_t count = 0;  // distinct peers, or addresses
};

/// How it is seen to administer others.
struct Administration {
  Fan others;
  int64_t since = 0;  // second
};

/// What few hosts have takes memory with the first that is seen of it.
struct Host {
  static constexpr size_t kHistory = 8, kMostAddresses = 4, kNames = 6, kServices = 16, kRoles = 15;
  int64_t first = 0, last = 0;      // ns; 0: only spoken of
  int64_t told_at = 0;              // second; 0: never
  uint64_t sent = 0, received = 0;  // bytes of payload
  std::array<Bound, kHistory> addresses;
  OnDemand<std::array<Slot<63>, kNames>> names;
  OnDemand<std::array<Slot<Sight::kText>, 8>> software;
  OnDemand<std::array<Slot<31>, 8>> users;
  OnDemand<std::array<Slot<39>, 8>> clients;  // JA4: those of the least hashes
  OnDemand<std::array<ServiceKey, kServices>> service_keys;
  OnDemand<std::array<Evidence, kRoles>> evidence;  // by Role
  OnDemand<Administration> administration;
  int64_t due = 0;  // second from which on its news are told; 0: there are none
  RoleMask roles = 0;
  HostKey via;  // of an address behind a router: its station
  uint8_t service_count = 0, system = 0, changes = 0;

  bool seen() const { return last != 0; }
  /// Of memory beside its own.
  size_t bytes() const {
    return names.bytes() + software.bytes() + users.bytes() + clients.bytes() + service_keys.bytes() +
           evidence.bytes() + administration.bytes();
  }
  /// True: it is the first time.
  bool see(int64_t from, int64_t to);
  bool note_address(const HostKey& address, int64_t from, int64_t to, HostCounters& counters);
  /// Addresses since `since` (ns).
  size_t addresses_since(int64_t since) const;
  const Bound* newest() const;
  bool note_name(BindingKind kind, uint64_t hash, std::string_view name, int64_t from, int64_t to,
                 HostCounters& counters);
  /// The one to call it by: null where none is known. Of one kind the first that was seen.
  const Slot<63>* name() const;
  bool note_software(SoftwareKind kind, uint64_t hash, std::string_view text, int64_t from, int64_t to,
                     HostCounters& counters);
  bool guess_system();
  /// True: one that was not known.
  bool note_user(uint64_t hash, std::string_view user, int64_t from, int64_t to, HostCounters& counters);
  /// Who logged in last; null where nobody is known to have.
  const Slot<31>* user() const;
  void note_client(uint64_t hash, std::string_view ja4, int64_t from, int64_t to, HostCounters& counters);
  std::span<const ServiceKey> services() const { return std::span(*service_keys).first(service_count); }
  bool note_service(const ServiceKey& key, HostCounters& counters);
  void drop_services(const HostKey& address);
  /// Since that second it is seen to administer others; how many.
  uint32_t administer(const Fan& others, int64_t since);
  bool set_role(Role role, const Evidence& of);
  /// All that is known of another, which turned out to be this one.
  void absorb(const Host& other, HostCounters& counters);
};

}  // namespace lapwing::analytics
