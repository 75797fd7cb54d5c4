// Peer: whom a flow talks to, by name where the client gave one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/base/ip_address.h"
#include "sensor/event/behaviour.h"
#include "sensor/event/flow_update.h"

namespace lapwing::analytics {

struct Peer {
  IpAddress key;     // its address; of version 0: the hash of its name
  std::string name;  // registrable, or ""
};
/// `seed`: of the run.
Peer peer_of(const FlowRef& flow, uint64_t seed);

/// Whether nDPI knows a service or a protocol of its own behind the flow: not the web alone, nor who hosts the server.
/// Or it is a service that pushes messages to phones, browsers and things, by its port.
bool known_service(const FlowRef& flow);

}  // namespace lapwing::analytics
