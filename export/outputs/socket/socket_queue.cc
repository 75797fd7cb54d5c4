#include "export/outputs/socket/socket_queue.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sensor/base/log.h"

namespace lapwing {
namespace {

constexpr std::chrono::seconds kConnectEvery{1};
/// A reader that comes and goes must not fill the log.
constexpr std::chrono::seconds kTellEvery{60};
constexpr std::chrono::milliseconds kPause{20};
/// At the end the reader has so long to take what waits.
constexpr std::chrono::milliseconds kLinger{2000};

}  // namespace

SocketQueue::SocketQueue(Options options, std::vector<SocketAddress> addresses)
    : options_(std::move(options)), addresses_(std::move(addresses)) {
  connect_next();
}

SocketQueue::~SocketQueue() {
  wait_until(kLinger, [this] { return waiting_.empty(); });
  if (descriptor_ >= 0) close(descriptor_);
}

void SocketQueue::take(std::string_view message) {
  auto fits = [&] { return bytes_ + message.size() <= options_.bytes; };
  if (!fits()) {
    send_waiting();
    if (options_.lossless && !gave_up_ && !wait_until(std::chrono::milliseconds(options_.wait_send), fits)) {
      gave_up_ = true;
      spdlog::error("{}: took nothing for {} ms: records are being lost", options_.destination, options_.wait_send);
    }
  }
  if (!fits()) {
    ++(state_ == State::open ? counters_.dropped_backpressure : counters_.dropped_unreachable);
    return;
  }
  bytes_ += message.size();
  waiting_.emplace_back(message);
}

template <class Condition>
bool SocketQueue::wait_until(std::chrono::milliseconds limit, Condition&& done) {
  const auto end = Clock::now() + limit;
  while (true) {
    send_waiting();
    if (done()) return true;
    if (Clock::now() >= end) return false;
    pollfd item{descriptor_, POLLOUT, 0};
    poll(&item, 1, static_cast<int>(kPause.count()));
  }
}

void SocketQueue::send_waiting() {
  if (waiting_.empty() || !ready()) return;
  while (!waiting_.empty()) {
    const std::string& message = waiting_.front();
    const ssize_t n =
        send(descriptor_, message.data() + offset_, message.size() - offset_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) return;
      ++counters_.errors;
      if (errno != EMSGSIZE) return disconnect(errno);
      drop_too_large();
      finish_front();
      continue;
    }
    offset_ += static_cast<size_t>(n);
    if (offset_ < message.size()) continue;
    ++counters_.records;
    counters_.bytes += message.size();
    finish_front();
  }
}

void SocketQueue::finish_front() {
  bytes_ -= waiting_.front().size();
  waiting_.pop_front();
  offset_ = 0;
}

bool SocketQueue::ready() {
  if (state_ == State::closed && Clock::now() >= next_try_) connect_next();
  if (state_ == State::connecting && !finish_connecting()) return false;
  if (state_ == State::open && reader_is_gone()) disconnect(ECONNRESET);
  return state_ == State::open;
}

void SocketQueue::connect_next() {
  next_try_ = Clock::now() + (options_.lossless ? std::chrono::milliseconds(kPause) : kConnectEvery);
  const SocketAddress& address = addresses_[next_address_++ % addresses_.size()];
  // Without waiting: a listener whose backlog is full must not hold up the other outputs.
  descriptor_ = socket(address.family(), address.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) return tell(errno);
  if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0) {
    state_ = State::open;
    ++counters_.connections;
  } else if (errno == EINPROGRESS) {
    state_ = State::connecting;
  } else {
    tell(errno);
    close(std::exchange(descriptor_, -1));
  }
}

bool SocketQueue::finish_connecting() {
  pollfd item{descriptor_, POLLOUT, 0};
  if (poll(&item, 1, 0) <= 0) return false;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) {
    state_ = State::open;
    ++counters_.connections;
    return true;
  }
  tell(error);
  close(std::exchange(descriptor_, -1));
  state_ = State::closed;
  return false;
}

/// TCP takes and loses what is sent to a reader that closed, so there a reader that ends its own side counts as gone.
/// On a unix socket the two can be told apart. What readers send means nothing here.
bool SocketQueue::reader_is_gone() const {
  const short gone = addresses_.front().family() == AF_UNIX ? POLLHUP : POLLRDHUP | POLLHUP;
  pollfd item{descriptor_, gone, 0};
  return poll(&item, 1, 0) > 0 && (item.revents & gone) != 0;
}

void SocketQueue::disconnect(int error) {
  tell(error);
  close(std::exchange(descriptor_, -1));
  state_ = State::closed;
  offset_ = 0;  // the next reader gets the message whole
  ++counters_.disconnections;
}

void SocketQueue::tell(int error) {
  if (Clock::now() < next_tell_) return;
  next_tell_ = Clock::now() + kTellEvery;
  spdlog::warn("{}: {}; connecting again", options_.destination, std::strerror(error));
}

}  // namespace lapwing
