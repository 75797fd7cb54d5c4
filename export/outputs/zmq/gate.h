// Gate: who may connect to a socket, and what became of those who tried.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "export/outputs/zmq/connections.h"

namespace lapwing {

struct GateCounters {
  uint64_t clients_refused = 0;    // keys that are not listed
  uint64_t handshakes_failed = 0;  // no ZMTP, another mechanism, a wrong server key, a key not listed
  uint64_t accepts_failed = 0;     // for want of descriptors or memory
  uint64_t connections = 0;        // handshakes done
  uint64_t disconnections = 0;
  uint64_t reconnections = 0;  // handshakes done again at an endpoint that we connect to
  ConnectionCounters ended;
};

/// Which side of a socket this is: whoever binds answers for those who connect.
struct GateSide {
  bool bind = false;
  bool peers_subscribe = false;
};

/// A thread that answers a context's ZAP requests (ZeroMQ RFC 27) and reads the monitor of one of its sockets. It ends
/// when the context is shut down, which must come before the end of the Gate.
class Gate {
 public:
  using Keys = std::set<std::string, std::less<>>;  // Z85

  /// Without keys every client is let in. Make it before the socket is bound or connected. Throws std::runtime_error.
  Gate(void* context, void* socket, GateSide side, std::optional<Keys> allowed);
  ~Gate();
  /// Safe from any thread; those who are connected stay. Only for a gate that was made with keys.
  void allow(Keys keys);
  GateCounters counters() const;
  Connections& connections();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lapwing
