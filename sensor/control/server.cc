#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "sensor/base/json_writer.h"
#include "sensor/control/address.h"
#include "sensor/control/requests.h"

namespace lapwing {
namespace {

using Clock = std::chrono::steady_clock;

std::string json_text(std::string_view text) {
  std::string out;
  JsonWriter(out).value(text);
  return out;
}

/// Answers on their way to the server's thread. Outlives the server where an answer comes late.
struct Mailbox {
  std::mutex mutex;
  std::vector<std::pair<uint64_t, std::string>> answers;  // client, line
  int wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  ~Mailbox() { close(wake); }

  void ring() {
    const uint64_t one = 1;
    [[maybe_unused]] ssize_t written = write(wake, &one, sizeof one);
  }
  void put(uint64_t client, std::string line) {
    {
      std::lock_guard lock(mutex);
      answers.emplace_back(client, std::move(line));
    }
    ring();
  }
  std::vector<std::pair<uint64_t, std::string>> take() {
    uint64_t count = 0;
    [[maybe_unused]] ssize_t got = read(wake, &count, sizeof count);
    std::lock_guard lock(mutex);
    return std::exchange(answers, {});
  }
};

struct Client {
  int fd = -1;
  std::string in, out;
  bool waiting = false;  // for the answer to its request: the next is not read before
  bool closing = false;  // nothing more is read
  bool spoke = false;    // said something that was answered
  Clock::time_point active = Clock::now();
};

}  // namespace

struct ControlServer::Impl {
  std::string path;
  std::vector<ControlCommand> commands;
  std::chrono::seconds max_idle;
  int lock_fd = -1, listen_fd = -1;
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::atomic<bool> stop = false;
  std::map<uint64_t, Client> clients;
  uint64_t last_client = 0;
  Clock::time_point accept_after{};
  mutable std::mutex mutex;
  ControlCounters counters;
  std::thread thread;

  void count(uint64_t ControlCounters::*counter) {
    std::lock_guard lock(mutex);
    ++(counters.*counter);
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw std::runtime_error("control socket '" + path + "': " + what);
  }

  /// The lock is what tells a living holder from a dead one's leftovers, without a race between two starts.
  void hold() {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) refuse(folder.string() + " cannot be made: " + error.message());
    const std::string lock = path + ".lock";
    lock_fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock_fd < 0) refuse(lock + ": " + std::strerror(errno));
    if (flock(lock_fd, LOCK_EX | LOCK_NB) != 0) refuse("another sensor has it; choose another with control.socket");
  }

  void listen_here(unsigned mode) {
    sockaddr_un address = control_address(path);
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0) {
      if (!S_ISSOCK(status.st_mode)) refuse("there is a file of that name that is no socket");
      const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      const int result = connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address);
      const bool dead = result != 0 && errno == ECONNREFUSED;
      close(probe);
      if (!dead) refuse("another process listens there; choose another with control.socket");
      unlink(path.c_str());
    }
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listen_fd < 0) refuse(std::strerror(errno));
    // The mode is that of the socket itself from its first moment on: a bound socket of others' reach must never be.
    if (fchmod(listen_fd, mode) != 0) refuse(std::strerror(errno));
    if (bind(listen_fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) refuse(std::strerror(errno));
    if (chmod(path.c_str(), mode) != 0 || listen(listen_fd, static_cast<int>(kMaxClients)) != 0) {
      const int reason = errno;
      unlink(path.c_str());
      refuse(std::strerror(reason));
    }
  }

  void welcome() {
    for (;;) {
      const int fd = accept4(listen_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
        // The connection stays in the queue, and would wake us at once again.
        count(&ControlCounters::accept_failed);
        accept_after = Clock::now() + std::chrono::seconds(1);
        return;
      }
      if (clients.size() == kMaxClients) {
        count(&ControlCounters::clients_max);
        const std::string line = answer_line(false, json_text("too many clients"));
        [[maybe_unused]] ssize_t sent = send(fd, line.data(), line.size(), MSG_NOSIGNAL);
        close(fd);
        continue;
      }
      count(&ControlCounters::clients);
      clients[++last_client].fd = fd;
    }
  }

  /// False when the client is gone.
  bool receive(Client& client) {
    char bytes[kMaxLine];
    const ssize_t got = recv(client.fd, bytes, sizeof bytes, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) client.closing = true;
    client.in.append(bytes, static_cast<size_t>(got));
    return true;
  }

  void serve(uint64_t id, Client& client) {
    while (!client.waiting && client.out.empty()) {
      const size_t end = client.in.find('\n');
      if (end > kMaxLine && client.in.size() > kMaxLine) {
        count(&ControlCounters::line_max);
        client.out = answer_line(false, json_text("a request has at most " + std::to_string(kMaxLine) + " bytes"));
        client.closing = true;
        client.in.clear();
        break;
      }
      if (end == std::string::npos) {
        if (!greet(client)) break;
        continue;
      }
      const std::string line = client.in.substr(0, end);
      client.in.erase(0, end + 1);
      client.active = Clock::now();
      request(id, client, line);
    }
  }

  /// Answers the version that Suricata's clients begin with, for whose end they send no line. False: there is none.
  bool greet(Client& client) {
    if (client.spoke || client.in.empty() || client.in.size() > kMaxHello || !hello(client, client.in)) return false;
    client.in.clear();
    client.active = Clock::now();
    return true;
  }

  bool hello(Client& client, std::string_view text) {
    const Hello hello = read_hello(text);
    if (hello == Hello::none) return false;
    client.spoke = true;
    if (hello == Hello::unknown) count(&ControlCounters::bad_requests);
    client.out = hello == Hello::known ? "{\"return\":\"OK\"}\n"
                                       : answer_line(false, json_text("this sensor speaks version 0.1 and 0.2"));
    return true;
  }

  void request(uint64_t id, Client& client, std::string_view line) {
    if (line.empty() || line == "\r") return;
    if (!client.spoke && line.size() <= kMaxHello && hello(client, line)) return;
    client.spoke = true;
    ControlRequest request = read_request(line, commands);
    if (!request.command) {
      count(&ControlCounters::bad_requests);
      client.out = answer_line(false, json_text(request.error));
      return;
    }
    count(&ControlCounters::requests);
    client.waiting = true;
    try {
      request.command->run(request.input, [mailbox = mailbox, id](bool ok, const std::string& message) {
        mailbox->put(id, answer_line(ok, message));
      });
    } catch (const std::exception& error) {
      mailbox->put(id, answer_line(false, json_text(error.what())));
    }
  }

  /// False when the client is gone or has got all it will get.
  static bool send_out(Client& client) {
    while (!client.out.empty()) {
      const ssize_t sent = send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
      if (sent < 0) return errno == EAGAIN || errno == EINTR;
      client.out.erase(0, static_cast<size_t>(sent));
      client.active = Clock::now();
    }
    return !client.closing || client.waiting || client.in.find('\n') != std::string::npos;
  }

  void run() {
    // Signals are for the thread that waits for the end of the run.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    std::vector<pollfd> polled;
    std::vector<uint64_t> ids;
    while (!stop.load()) {
      polled = {{mailbox->wake, POLLIN, 0}, {Clock::now() < accept_after ? -1 : listen_fd, POLLIN, 0}};
      ids.clear();
      for (const auto& [id, client] : clients) {
        const bool reads = !client.waiting && client.out.empty() && !client.closing;
        polled.push_back({client.fd, static_cast<short>((reads ? POLLIN : 0) | (client.out.empty() ? 0 : POLLOUT)), 0});
        ids.push_back(id);
      }
      constexpr int kLookMs = 1000;  // for those who have been silent too long
      poll(polled.data(), polled.size(), kLookMs);
      for (auto& [id, line] : mailbox->take()) {
        auto found = clients.find(id);
        if (found == clients.end()) continue;
        found->second.waiting = false;
        found->second.out = std::move(line);
        found->second.active = Clock::now();
      }
      for (size_t i = 0; i < ids.size(); ++i) attend(ids[i], polled[i + 2].revents);
      if (polled[1].revents) welcome();
    }
  }

  void attend(uint64_t id, short events) {
    Client& client = clients.at(id);
    bool stays = true;
    if (events & POLLIN) stays = receive(client);
    // Hung up with nothing to read: whoever waits for an answer is gone.
    if (events & (POLLERR | POLLNVAL) || (events & POLLHUP && !(events & POLLIN))) stays = false;
    if (stays) {
      do {
        serve(id, client);
        stays = send_out(client);
      } while (stays && client.out.empty() && !client.waiting && client.in.find('\n') != std::string::npos);
    }
    if (stays && !client.waiting && Clock::now() - client.active > max_idle) {
      count(&ControlCounters::idle_max);
      stays = false;
    }
    if (stays) return;
    close(client.fd);
    clients.erase(id);
  }

  ~Impl() {
    for (const auto& [id, client] : clients) close(client.fd);
    if (listen_fd >= 0) {
      close(listen_fd);
      unlink(path.c_str());
    }
    if (lock_fd >= 0) close(lock_fd);
  }
};

ControlServer::ControlServer(std::string path, unsigned mode, std::vector<ControlCommand> commands, int max_idle)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = std::move(path);
  impl_->commands = std::move(commands);
  impl_->max_idle = std::chrono::seconds(max_idle);
  control_address(impl_->path);
  impl_->hold();
  impl_->listen_here(mode);
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

ControlServer::~ControlServer() {
  impl_->stop = true;
  impl_->mailbox->ring();
  impl_->thread.join();
}

ControlCounters ControlServer::counters() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->counters;
}

const std::string& ControlServer::path() const {
  return impl_->path;
}

}  // namespace lapwing
