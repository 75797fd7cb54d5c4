// What findings of every detector name alike: flows, and ends of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sensor/base/ip_address.h"
#include "sensor/event/behaviour.h"
#include "sensor/event/flow_update.h"

namespace lapwing::analytics {

FlowName name_of(const FlowRef& flow);

/// "198.51.100.7:443"; IPv6 in brackets (RFC 3986 3.2.2).
std::string endpoint(const IpAddress& address, uint16_t port);
/// The address or name of an object with or without port.
std::string_view host_of(std::string_view object);
/// Its port, or nothing where it has none.
std::optional<uint16_t> port_of(std::string_view object);

/// Of a delta: the first of several, and of those of one time the least, whatever the order in which they come.
void keep_first(Timestamp& first, FlowName& flow, Timestamp time, const FlowName& other);

}  // namespace lapwing::analytics
