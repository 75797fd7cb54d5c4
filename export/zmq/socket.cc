#include "export/zmq/socket.h"

#include <zmq.h>

#include <stdexcept>

#include "sensor/base/setting.h"

namespace lapwing {
namespace {

// A peer that vanished without a word is found out within two minutes.
constexpr int kKeepaliveIdle = 60, kKeepaliveInterval = 15, kKeepaliveCount = 4;  // seconds, seconds, probes
constexpr int kMaxReconnectMilliseconds = 1000;

[[noreturn]] void fail(const std::string& message) {
  throw SettingError({"curve", 0, 0}, message);
}

}  // namespace

ZmqSocket::ZmqSocket(int type, int io_threads) : context_(zmq_ctx_new()) {
  zmq_ctx_set(context_, ZMQ_IO_THREADS, io_threads);
  socket_ = zmq_socket(context_, type);
  if (!socket_) {
    const std::string reason = zmq_strerror(zmq_errno());
    zmq_ctx_term(context_);
    throw std::runtime_error("ZeroMQ socket: " + reason);
  }
  set(ZMQ_IPV6, 1);
  set(ZMQ_TCP_KEEPALIVE, 1);
  set(ZMQ_TCP_KEEPALIVE_IDLE, kKeepaliveIdle);
  set(ZMQ_TCP_KEEPALIVE_INTVL, kKeepaliveInterval);
  set(ZMQ_TCP_KEEPALIVE_CNT, kKeepaliveCount);
  set(ZMQ_RECONNECT_IVL_MAX, kMaxReconnectMilliseconds);
}

ZmqSocket::~ZmqSocket() {
  zmq_close(socket_);
  zmq_ctx_shutdown(context_);  // ends the gate's thread; what is queued still leaves
  gate_.reset();
  while (zmq_ctx_term(context_) != 0 && zmq_errno() == EINTR) {
  }
}

void ZmqSocket::set_raw(int option, const void* value, size_t size) {
  if (zmq_setsockopt(socket_, option, value, size) != 0) {
    throw std::runtime_error("ZeroMQ socket option " + std::to_string(option) + ": " + zmq_strerror(zmq_errno()));
  }
}

void ZmqSocket::secure(const CurveFiles& files, bool bind) {
  std::optional<Gate::Keys> allowed;
  if (!files.secret_key.empty()) {
    const CurveKeys keys = read_secret_key(files.secret_key);
    if (bind) {
      if (!files.server_key.empty()) fail("a server key is for the side that connects; this one binds");
      set(ZMQ_CURVE_SERVER, 1);
      set(ZMQ_ZAP_DOMAIN, "lapwing");
      if (!files.allowed_clients.empty()) allowed = read_client_keys(files.allowed_clients);
    } else {
      if (files.server_key.empty()) fail("connecting needs the public key of the side that binds");
      if (!files.allowed_clients.empty()) fail("a list of clients is for the side that binds; this one connects");
      set(ZMQ_CURVE_SERVERKEY, read_public_key(files.server_key));
      set(ZMQ_CURVE_PUBLICKEY, keys.public_key);
    }
    set(ZMQ_CURVE_SECRETKEY, keys.secret_key);
  } else if (!files.allowed_clients.empty() || !files.server_key.empty()) {
    fail("needs a secret key file too; `lapwing keygen FILE` makes one");
  }
  allowed_clients_file_ = files.allowed_clients;
  gate_ = std::make_unique<Gate>(context_, socket_, std::move(allowed));
}

std::string ZmqSocket::bind_or_connect(const std::string& endpoint, bool bind) {
  const int rc = (bind ? zmq_bind : zmq_connect)(socket_, endpoint.c_str());
  return rc == 0 ? "" : zmq_strerror(zmq_errno());
}

void ZmqSocket::reload_clients() {
  if (!allowed_clients_file_.empty()) gate_->allow(read_client_keys(allowed_clients_file_));
}

bool reaches_beyond_loopback(std::string_view endpoint) {
  constexpr std::string_view kTcp = "tcp://";
  if (!endpoint.starts_with(kTcp)) return false;
  endpoint.remove_prefix(kTcp.size());
  return !endpoint.starts_with("127.") && !endpoint.starts_with("[::1]") && !endpoint.starts_with("::1:") &&
         !endpoint.starts_with("localhost:") && !endpoint.starts_with("lo:");
}

}  // namespace lapwing
