#include "export/outputs/zmq/gate.h"

#include <zmq.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

#include "export/outputs/zmq/frames.h"
#include "sensor/base/log.h"

namespace lapwing {
namespace {

constexpr const char* kZapEndpoint = "inproc://zeromq.zap.01";
constexpr const char* kMonitorEndpoint = "inproc://lapwing.monitor";
/// A refused client comes back at once: one message tells of all in this time.
constexpr std::chrono::seconds kTellEvery{60};

constexpr int kEvents = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_ACCEPT_FAILED |
                        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED;

// Frames of a ZAP 1.0 request.
enum ZapFrame : size_t { version, request_id, domain, address, identity, mechanism, credentials };
constexpr size_t kKeyBytes = 32;

std::string to_z85(std::string_view key) {
  std::array<char, 41> text{};
  zmq_z85_encode(text.data(), reinterpret_cast<const uint8_t*>(key.data()), key.size());
  return text.data();
}

}  // namespace

struct Gate::Impl {
  Impl(void* context, void* socket, GateSide side, std::optional<Keys> keys)
      : bind(side.bind), allowed(std::move(keys)), connections_now(side.peers_subscribe) {
    if (side.bind) {
      zap = zmq_socket(context, ZMQ_REP);
      if (!zap || zmq_bind(zap, kZapEndpoint) != 0) fail("cannot answer for client keys");
    }
    monitor = zmq_socket(context, ZMQ_PAIR);
    if (!monitor || zmq_socket_monitor(socket, kMonitorEndpoint, kEvents) != 0 ||
        zmq_connect(monitor, kMonitorEndpoint) != 0)
      fail("cannot watch a socket");
    thread = std::thread([this] { run(); });
  }

  [[noreturn]] void fail(const char* what) {
    const std::string reason = zmq_strerror(zmq_errno());
    close();
    throw std::runtime_error(std::string(what) + ": " + reason);
  }

  void close() {
    if (zap) zmq_close(zap);
    if (monitor) zmq_close(monitor);
    zap = monitor = nullptr;
  }

  void run() {
    std::vector<zmq_pollitem_t> items = {{monitor, 0, ZMQ_POLLIN, 0}};
    if (zap) items.push_back({zap, 0, ZMQ_POLLIN, 0});
    while (true) {
      const int ready = zmq_poll(items.data(), static_cast<int>(items.size()), -1);
      if (ready < 0 && zmq_errno() == EINTR) continue;
      if (ready < 0) break;  // the context ends
      if (items[0].revents) note_event();
      if (zap && items[1].revents) answer();
    }
    close();
  }

  /// Frame 1: event and value, which is the descriptor where a connection begins or ends; frame 2: the endpoint.
  void note_event() {
    const auto frames = receive_frames(monitor);
    uint16_t event = 0;
    int32_t value = 0;
    if (frames.empty() || frames[0].size() < sizeof event + sizeof value) return;
    std::memcpy(&event, frames[0].data(), sizeof event);
    std::memcpy(&value, frames[0].data() + sizeof event, sizeof value);
    switch (event) {
      case ZMQ_EVENT_CONNECTED: connections_now.opened(value, false); break;
      case ZMQ_EVENT_ACCEPTED: connections_now.opened(value, true); break;
      case ZMQ_EVENT_ACCEPT_FAILED: ++accepts_failed; break;
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        ++connections;
        if (!bind && frames.size() > 1) note_success(frames[1]);
        break;
      case ZMQ_EVENT_DISCONNECTED:
        connections_now.closed(value);
        ++disconnections;
        if (frames.size() > 1 && up.erase(frames[1])) down.insert(frames[1]);
        break;
      default: ++handshakes_failed;
    }
  }

  void note_success(const std::string& where) {
    up.insert(where);
    if (down.erase(where)) ++reconnections;
  }

  void answer() {
    const auto request = receive_frames(zap);
    if (request.empty()) return;
    const bool asks = request.size() > mechanism && request[version] == "1.0";
    const bool keyed = asks && request.size() == credentials + 1 && request[mechanism] == "CURVE" &&
                       request[credentials].size() == kKeyBytes;
    const std::string key = keyed ? to_z85(request[credentials]) : "";
    const bool let_in = is_restricted() ? keyed && is_allowed(key) : asks;
    if (!let_in) tell_refusal(request.size() > address ? request[address] : "?", key);
    const std::string id = request.size() > request_id ? request[request_id] : "";
    // The user id is the key: it names the client in whatever ZeroMQ reports.
    for (std::string_view frame :
         {std::string_view("1.0"), std::string_view(id), std::string_view(let_in ? "200" : "400"),
          std::string_view(let_in ? "" : "key not listed"), std::string_view(key)}) {
      zmq_send(zap, frame.data(), frame.size(), ZMQ_SNDMORE);
    }
    zmq_send(zap, "", 0, 0);
  }

  bool is_restricted() {
    std::lock_guard lock(mutex);
    return allowed.has_value();
  }

  bool is_allowed(const std::string& key) {
    std::lock_guard lock(mutex);
    return allowed->contains(key);
  }

  void tell_refusal(const std::string& from, const std::string& key) {
    const uint64_t count = ++clients_refused;
    const auto now = std::chrono::steady_clock::now();
    if (told && now - last_told < kTellEvery) return;
    spdlog::warn("refused a ZeroMQ client at {}: its key {} is not listed ({} refused so far)", from, key, count);
    told = true;
    last_told = now;
  }

  const bool bind;
  std::set<std::string> up, down;  // of the endpoints that we connect to, after their first handshake
  void* zap = nullptr;
  void* monitor = nullptr;
  std::mutex mutex;
  std::optional<Keys> allowed;
  Connections connections_now;
  bool told = false;
  std::chrono::steady_clock::time_point last_told;
  std::atomic<uint64_t> clients_refused = 0, handshakes_failed = 0, accepts_failed = 0, connections = 0,
                        disconnections = 0, reconnections = 0;
  std::thread thread;
};

Gate::Gate(void* context, void* socket, GateSide side, std::optional<Keys> allowed)
    : impl_(std::make_unique<Impl>(context, socket, side, std::move(allowed))) {}

Gate::~Gate() {
  impl_->thread.join();
}

void Gate::allow(Keys keys) {
  std::lock_guard lock(impl_->mutex);
  impl_->allowed = std::move(keys);
}

GateCounters Gate::counters() const {
  return {.clients_refused = impl_->clients_refused,
          .handshakes_failed = impl_->handshakes_failed,
          .accepts_failed = impl_->accepts_failed,
          .connections = impl_->connections,
          .disconnections = impl_->disconnections,
          .reconnections = impl_->reconnections,
          .ended = impl_->connections_now.counters()};
}

Connections& Gate::connections() {
  return impl_->connections_now;
}

}  // namespace lapwing
