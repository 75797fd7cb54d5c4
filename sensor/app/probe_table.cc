#include "sensor/app/probe_table.h"

#include <algorithm>

namespace lapwing {
namespace {

auto place_of(auto& ports, uint16_t port) {
  return std::ranges::lower_bound(ports, port, {}, [](const auto& row) { return row.first; });
}

}  // namespace

void ProbeTable::add(const About& about, uint8_t transports, std::span<const uint16_t> ports) {
  const size_t number = count_++;
  for (const bool datagram : {false, true}) {
    if (!(transports & (datagram ? transport::udp : transport::tcp))) continue;
    over_[datagram].add(number);
    for (size_t direction = 0; direction < 2; ++direction) {
      for (size_t byte : about.starts[direction]) starts_[datagram][direction][byte].add(number);
    }
  }
  if (!about.only_on_ports) anywhere_.add(number);
  for (uint16_t port : ports) {
    auto place = place_of(ports_, port);
    if (place == ports_.end() || place->first != port) place = ports_.insert(place, {port, {}});
    place->second.add(number);
    listed_.set(port);
  }
}

ProtocolSet ProbeTable::row_of(uint16_t port) const {
  return place_of(ports_, port)->second;
}

}  // namespace lapwing
