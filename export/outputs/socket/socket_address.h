// Where a socket that somebody else reads can be found.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing {

struct SocketAddress {
  int type = 0;  // SOCK_STREAM or SOCK_DGRAM
  sockaddr_storage storage{};
  socklen_t length = 0;

  int family() const { return storage.ss_family; }
};

/// Nothing where no address holds the path.
std::optional<SocketAddress> unix_address(std::string_view path, int type);
/// What unix_address() takes: bytes of a path, at most.
size_t max_unix_path();

/// "name:port", "192.0.2.1:514" or "[2001:db8::1]:514" in its parts; nothing where it is neither.
struct HostPort {
  std::string host, port;
};
std::optional<HostPort> parse_host_port(std::string_view text);
/// All addresses of the host. May wait for a name server. Empty: `error` says why.
std::vector<SocketAddress> look_up(const HostPort& where, int type, std::string& error);

}  // namespace lapwing
