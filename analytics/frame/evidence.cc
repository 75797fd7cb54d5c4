#include "analytics/frame/evidence.h"

#include <algorithm>
#include <tuple>

#include "sensor/base/text.h"

namespace lapwing::analytics {

FlowName name_of(const FlowRef& flow) {
  return {flow.id, flow.client, flow.server, flow.client_port, flow.server_port, flow.proto};
}

std::string endpoint(const IpAddress& address, uint16_t port) {
  const std::string text = to_string(address);
  return (address.version == 6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

std::string_view host_of(std::string_view object) {
  if (object.starts_with('[')) return object.substr(1, object.find(']') - 1);
  const size_t colon = object.find(':');
  // More than one: an IPv6 or MAC address by itself.
  return object.find(':', std::min(colon, object.size() - 1) + 1) == std::string_view::npos ? object.substr(0, colon)
                                                                                            : object;
}

std::optional<uint16_t> port_of(std::string_view object) {
  const std::string_view host = host_of(object);
  const auto end = static_cast<size_t>(host.data() + host.size() - object.data());
  const size_t colon = object.find(':', std::min(end, object.size()));
  const auto port = colon == std::string_view::npos ? std::nullopt : parse_unsigned(object.substr(colon + 1));
  return port && *port <= 65535 ? std::optional(static_cast<uint16_t>(*port)) : std::nullopt;
}

void keep_first(Timestamp& first, FlowName& flow, Timestamp time, const FlowName& other) {
  const auto order = [](Timestamp at, const FlowName& of) { return std::tuple(at, of.id, of.client_port, of.server); };
  if (order(first, flow) <= order(time, other)) return;
  first = time;
  flow = other;
}

}  // namespace lapwing::analytics
