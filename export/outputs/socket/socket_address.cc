#include "export/outputs/socket/socket_address.h"

#include <netdb.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "sensor/base/text.h"

namespace lapwing {

size_t max_unix_path() {
  return sizeof(sockaddr_un::sun_path) - 1;
}

std::optional<SocketAddress> unix_address(std::string_view path, int type) {
  if (path.empty() || path.size() > max_unix_path()) return std::nullopt;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  SocketAddress out{.type = type};
  std::memcpy(&out.storage, &address, sizeof address);
  out.length = sizeof address;
  return out;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  const auto number = parse_unsigned(port);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  if (host.empty()) return std::nullopt;
  return HostPort{std::string(host), std::string(port)};
}

std::vector<SocketAddress> look_up(const HostPort& where, int type, std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* found = nullptr;
  if (const int status = getaddrinfo(where.host.c_str(), where.port.c_str(), &hints, &found); status != 0) {
    error = gai_strerror(status);
    return {};
  }
  std::vector<SocketAddress> out;
  for (const addrinfo* info = found; info; info = info->ai_next) {
    SocketAddress address{.type = type, .length = info->ai_addrlen};
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    out.push_back(address);
  }
  freeaddrinfo(found);
  return out;
}

}  // namespace lapwing
