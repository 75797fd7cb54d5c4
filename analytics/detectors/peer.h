// Peer: whom a flow talks to, by name where the client gave one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/event/behaviour.h"
#include "sensor/event/flow_update.h"

namespace lapwing::analytics {

struct Peer {
  IpAddress key;     // its address; of version 0: the hash of its name
  std::string name;  // registrable, or ""

  /// Of DNS the name is what is asked for, and not who is asked: who looks it up has not called it, and is no address
  /// of it. Such are peers of their own.
  static bool looked_up(const IpAddress& key) { return key.version == 0 && key.bytes[kLookUp] != 0; }

 private:
  friend class Peers;
  static constexpr size_t kLookUp = 8;  // behind the hash
};

/// Of texts of which the greatest counts; most are the same.
inline void keep_greater(std::string& greatest, std::string_view text) {
  if (greatest < text) greatest = text;
}

/// [W] Tells peers; few names stand in most flows, so that what became of a name is remembered.
class Peers {
 public:
  /// `seed`: of the run.
  explicit Peers(uint64_t seed) : seed_(seed) {}

  /// Valid until the next call.
  const Peer& of(const FlowRef& flow);
  /// Whether nDPI knows a service or a protocol of its own behind the flow: not the web alone, nor who hosts the
  /// server. Or it is a service that pushes messages to phones, browsers and things, or a virtual private network, by
  /// its port.
  static bool known_service(const FlowRef& flow);
  /// Whether the server connects for the client, to the host that it is told: what it is to the one is what that is.
  static bool by_proxy(const FlowRef& flow);
  /// Whether such a service keeps its connections for as long as there are both ends: of pushes, whose protocol is
  /// known, of registrations of telephones, and of mail and messages that are waited for.
  static bool waits(const FlowRef& flow);

 private:
  static constexpr size_t kNames = 256;
  struct Named {
    uint64_t hash = 0;
    Peer peer;  // with an address where the name is none
  };

  const uint64_t seed_;
  std::vector<Named> names_ = std::vector<Named>(kNames);
  Peer unnamed_, looked_up_;
};

}  // namespace lapwing::analytics
