#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>

#include "sensor/control/address.h"

namespace lapwing {
namespace {

constexpr size_t kMaxAnswer = 16 << 20;  // bytes; whoever holds the socket may not fill our memory

struct Connection {
  int fd = -1;
  ~Connection() {
    if (fd >= 0) close(fd);
  }
};

}  // namespace

std::string ask_sensor(const std::string& path, std::string_view request, int timeout_seconds) {
  auto fail = [&](const std::string& what) { throw std::runtime_error(path + ": " + what); };
  Connection connection{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address = control_address(path);
  if (connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    fail(nobody ? "no sensor listens here; is `lapwing run` running?" : std::strerror(errno));
  }
  std::string line(request);
  line += '\n';
  if (send(connection.fd, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size())) {
    fail("the sensor takes no request");
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_seconds);
  std::string answer;
  while (answer.size() < kMaxAnswer) {
    const auto left = end - std::chrono::steady_clock::now();
    pollfd wait{connection.fd, POLLIN, 0};
    const int ready = poll(&wait, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || left.count() <= 0) fail("no answer within " + std::to_string(timeout_seconds) + " s");
    char bytes[4096];
    const ssize_t got = recv(connection.fd, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("the sensor closed the connection");
    answer.append(bytes, static_cast<size_t>(got));
    if (auto line_end = answer.find('\n'); line_end != std::string::npos) return answer.substr(0, line_end);
  }
  fail("the answer is too long");
  return {};
}

}  // namespace lapwing
