// Stations of a LAN as detectors see them: by their MAC addresses.
#pragma once

#include <optional>
#include <string_view>

#include "sensor/base/ip_address.h"
#include "sensor/event/sighting.h"

namespace lapwing::analytics {

/// "02:00:00:00:00:01".
std::optional<Station> parse_station(std::string_view text);
/// That of one card: no group's, and no zeros.
bool of_one(const Station& station);
/// VRRP and CARP (RFC 9568 section 7.3), HSRP, HSRP 2 and GLBP: an address goes from router to router by design.
bool of_redundant_routers(const Station& station);

/// Of IPv6, and of its LAN alone: no router passes it on (RFC 4291 section 2.5.6).
bool link_local(const IpAddress& address);

}  // namespace lapwing::analytics
