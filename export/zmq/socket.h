// ZmqSocket: a ZeroMQ context with one socket to the world.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "export/zmq/curve.h"
#include "export/zmq/gate.h"

namespace lapwing {

/// Files of keys; empty: none.
struct CurveFiles {
  std::string secret_key, allowed_clients, server_key;
};

/// Used by one thread. Its end waits as long as ZMQ_LINGER lets messages take to leave.
class ZmqSocket {
 public:
  explicit ZmqSocket(int type, int io_threads = 1);
  ~ZmqSocket();
  ZmqSocket(const ZmqSocket&) = delete;
  ZmqSocket& operator=(const ZmqSocket&) = delete;

  void* get() { return socket_; }
  /// int64_t for ZMQ_MAXMSGSIZE alone.
  template <std::integral T>
  void set(int option, T value) {
    set_raw(option, &value, sizeof value);
  }
  void set(int option, std::string_view text) { set_raw(option, text.data(), text.size()); }
  /// Whoever binds is the server of CURVE: it has a secret key and may have a list of clients. Whoever connects needs
  /// its own key and the server's. Opens the gate; call it once, before bind or connect. Throws SettingError.
  void secure(const CurveFiles& files, bool bind);
  /// Empty, or why it could not be done.
  std::string bind_or_connect(const std::string& endpoint, bool bind);
  /// Reads the list of clients anew. Throws SettingError and leaves it as it was.
  void reload_clients();
  GateCounters gate_counters() const { return gate_ ? gate_->counters() : GateCounters{}; }

 private:
  void set_raw(int option, const void* value, size_t size);

  void* context_;
  void* socket_;
  std::string allowed_clients_file_;
  std::unique_ptr<Gate> gate_;
};

/// A tcp endpoint that more than this machine reaches.
bool reaches_beyond_loopback(std::string_view endpoint);

}  // namespace lapwing
