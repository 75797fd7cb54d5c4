#include "export/outputs/zmq/connections.h"

#include <poll.h>
#include <sys/socket.h>

#include <utility>

namespace lapwing {
namespace {

/// Never the same for two sockets; 0 when this is none.
uint64_t cookie_of(int descriptor) {
  uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  return getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

/// Looks further apart say nothing of what was between.
constexpr std::chrono::seconds kLookGap{1};

bool takes_bytes(int descriptor) {
  pollfd item{descriptor, POLLOUT, 0};
  return poll(&item, 1, 0) != 0;
}

}  // namespace

Connections::Map::iterator Connections::find(int descriptor) {
  const uint64_t cookie = cookie_of(descriptor);
  if (!cookie) return open_.end();  // gone again
  const auto found = open_.find(descriptor);
  if (found != open_.end() && found->second.cookie == cookie) return found;
  return open_.insert_or_assign(descriptor, Connection{cookie, ++numbers_}).first;
}

void Connections::opened(int descriptor, bool bounded) {
  std::lock_guard lock(mutex_);
  auto victim = find(descriptor);
  if (victim == open_.end() || !bounded) return;
  if (open_.size() > kMaxConnections) forget_others();
  if (open_.size() <= kMaxConnections) return;
  for (auto it = open_.begin(); peers_subscribe_ && it != open_.end(); ++it) {
    if (!it->second.heard && it->second.number < victim->second.number) victim = it;
  }
  ++counters_.max_connections;
  end(victim);
}

void Connections::closed(int descriptor) {
  std::lock_guard lock(mutex_);
  open_.erase(descriptor);
}

void Connections::subscribed(int descriptor) {
  std::lock_guard lock(mutex_);
  const auto found = find(descriptor);
  if (found == open_.end()) return;
  found->second.heard = true;
  if (++found->second.topics <= kMaxTopics) return;
  ++counters_.max_topics;
  end(found);
}

void Connections::unsubscribed(int descriptor) {
  std::lock_guard lock(mutex_);
  const auto found = find(descriptor);
  if (found != open_.end() && found->second.topics > 0) --found->second.topics;
}

void Connections::end_stalled() {
  std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  const bool anew = now - std::exchange(last_look_, now) > kLookGap;
  for (auto it = open_.begin(); it != open_.end();) {
    const auto connection = it++;
    uint32_t& looks = connection->second.stalled_looks;
    looks = takes_bytes(connection->first) ? 0 : anew ? 1 : looks + 1;
    if (looks < kStalledLooks) continue;
    ++counters_.stalled;
    end(connection);
  }
}

ConnectionCounters Connections::counters() const {
  std::lock_guard lock(mutex_);
  return counters_;
}

/// What was read late, of connections that had been reported as closed.
void Connections::forget_others() {
  std::erase_if(open_, [](const auto& entry) { return cookie_of(entry.first) != entry.second.cookie; });
}

void Connections::end(Map::iterator connection) {
  if (cookie_of(connection->first) == connection->second.cookie) shutdown(connection->first, SHUT_RDWR);
  open_.erase(connection);
}

}  // namespace lapwing
