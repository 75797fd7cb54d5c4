// ZmqSocket: a ZeroMQ context with one socket to the world.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "export/outputs/zmq/curve.h"
#include "export/outputs/zmq/gate.h"

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
  /// Empty, or why it could not be done. An ipc socket is for its owner and its group; its folder is made where
  /// missing.
  std::string bind_or_connect(const std::string& endpoint, bool bind);
  /// Reads the list of clients anew. Throws SettingError and leaves it as it was.
  void reload_clients();
  GateCounters gate_counters() const { return gate_ ? gate_->counters() : GateCounters{}; }
  /// After secure().
  Connections& connections() { return gate_->connections(); }

 private:
  void set_raw(int option, const void* value, size_t size);

  const int type_;
  void* context_;
  void* socket_;
  std::string allowed_clients_file_;
  std::unique_ptr<Gate> gate_;
};

/// Whether the file system says who may connect: ipc with a path. To an abstract name (ipc://@...) any user may, as to
/// a tcp port of the loopback.
bool kept_by_file_mode(std::string_view endpoint);
/// Why a socket could not lie at an ipc endpoint, as far as the file system tells; empty where it could, and for tcp.
std::string fault_of_place(const std::string& endpoint);
/// tcp and ipc. What else ZeroMQ has, such as multicast, knows no keys.
bool is_endpoint(std::string_view text);

}  // namespace lapwing
