#include "export/outputs/zmq/socket.h"

#include <sys/stat.h>
#include <zmq.h>

#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "sensor/base/setting.h"
#include "sensor/base/text.h"
#include "sensor/base/writable.h"

namespace lapwing {
namespace {

// A peer that vanished without a word is found out within two minutes.
constexpr int kKeepaliveIdle = 60, kKeepaliveInterval = 15, kKeepaliveCount = 4;  // seconds, seconds, probes
constexpr int kMaxReconnectMilliseconds = 1000;
/// A connection that does not say what it is by then holds its place for nothing.
constexpr int kHandshakeMilliseconds = 5000;
constexpr std::string_view kTcp = "tcp://", kIpc = "ipc://";
constexpr mode_t kIpcUmask = 0117;  // leaves 0660

/// ZeroMQ makes the file on the thread that binds: there is no moment at which others could connect.
class Umask {
 public:
  explicit Umask(mode_t mask) : before_(umask(mask)) {}
  ~Umask() { umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  const mode_t before_;
};

[[noreturn]] void fail(const std::string& message) {
  throw SettingError({"curve", 0, 0}, message);
}

}  // namespace

ZmqSocket::ZmqSocket(int type, int io_threads) : type_(type), context_(zmq_ctx_new()) {
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
  set(ZMQ_HANDSHAKE_IVL, kHandshakeMilliseconds);
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
  // Asking also keeps peers before ZMTP 3 out: of them ZeroMQ does not say whose a subscription is.
  if (bind) set(ZMQ_ZAP_DOMAIN, "lapwing");
  if (!files.secret_key.empty()) {
    const CurveKeys keys = read_secret_key(files.secret_key);
    if (bind) {
      if (!files.server_key.empty()) fail("a server key is for the side that connects; this one binds");
      set(ZMQ_CURVE_SERVER, 1);
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
  gate_ = std::make_unique<Gate>(context_, socket_, GateSide{bind, type_ == ZMQ_XPUB}, std::move(allowed));
}

std::string ZmqSocket::bind_or_connect(const std::string& endpoint, bool bind) {
  if (bind && kept_by_file_mode(endpoint)) {
    std::error_code ignored;  // what is wrong is told next
    std::filesystem::create_directories(std::filesystem::path(endpoint.substr(kIpc.size())).parent_path(), ignored);
    if (std::string fault = fault_of_place(endpoint); !fault.empty()) return fault;
    const Umask mask(kIpcUmask);
    return zmq_bind(socket_, endpoint.c_str()) == 0 ? "" : zmq_strerror(zmq_errno());
  }
  const int rc = (bind ? zmq_bind : zmq_connect)(socket_, endpoint.c_str());
  return rc == 0 ? "" : zmq_strerror(zmq_errno());
}

void ZmqSocket::reload_clients() {
  if (!allowed_clients_file_.empty()) gate_->allow(read_client_keys(allowed_clients_file_));
}

bool kept_by_file_mode(std::string_view endpoint) {
  return endpoint.starts_with(kIpc) && endpoint.size() > kIpc.size() && endpoint[kIpc.size()] != '@' &&
         endpoint[kIpc.size()] != '*';
}

std::string fault_of_place(const std::string& endpoint) {
  if (!kept_by_file_mode(endpoint)) return "";
  const std::filesystem::path path = endpoint.substr(kIpc.size());
  std::error_code error;
  // ZeroMQ removes what has the name, whatever it is.
  const auto there = std::filesystem::symlink_status(path, error);
  if (std::filesystem::exists(there) && !std::filesystem::is_socket(there)) {
    return "there is a file of that name that is no socket";
  }
  const int fault = fault_of_making(path);
  return fault ? std::strerror(fault) : "";
}

bool is_endpoint(std::string_view text) {
  if (text.starts_with(kIpc)) return text.size() > kIpc.size();
  if (!text.starts_with(kTcp)) return false;
  // ZeroMQ takes the lower 16 bits of any number.
  const std::string_view port = text.substr(text.rfind(':') + 1);
  const auto number = parse_unsigned(port);
  return port == "*" || (number && *number <= UINT16_MAX);
}

}  // namespace lapwing
