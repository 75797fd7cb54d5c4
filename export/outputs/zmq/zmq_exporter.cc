#include "export/outputs/zmq/zmq_exporter.h"

#include <zmq.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <optional>
#include <string>
#include <thread>

#include "export/outputs/zmq/held_bytes.h"
#include "export/outputs/zmq/socket.h"
#include "export/outputs/zmq/topic_messages.h"
#include "sensor/base/log.h"

namespace lapwing {
namespace {

struct ZmqOptions {
  std::vector<std::string> endpoints;
  bool binds = true;
  std::string secret_key_file, allowed_clients_file, server_key_file;
  bool insecure = false;
  uint64_t high_water_mark = 0, queue_size = 0, batch_records = 0, batch_bytes = 0, wait_subscriber = 0, wait_send = 0,
           linger = 0, heartbeat = 0, io_threads = 0;
};
using Z = ZmqOptions;
using Row = OptionRow<Z>;

constexpr NamedValue kModes[] = {{"bind", true}, {"connect", false}};
constexpr Row kMode = {"mode", one_of<&Z::binds>(kModes), "bind",
                       "bind and be connected to, or connect to a collector"};
constexpr Row kBatchRecords = {"batch-records", &Z::batch_records, "64",
                               "records of one topic gathered in a message, at most"};
constexpr Row kBatchBytes = {"batch-bytes", &Z::batch_bytes, "64kb", "size from which a message is sent at once",
                             Unit::bytes};
constexpr Row kLinger = {"linger", &Z::linger, "5000", "how long the last messages may take to leave at the end",
                         Unit::milliseconds};
constexpr Row kIoThreads = {"io-threads", &Z::io_threads, "1",
                            "threads that send and encrypt; connections are spread over them"};
constexpr Row kSecretKey = {"curve.secret-key-file", &Z::secret_key_file, "",
                            "encrypt with this key of `lapwing keygen`; only its owner may read the file"};
constexpr Row kAllowedClients = {
    "curve.allowed-clients-file", &Z::allowed_clients_file, "",
    "public keys that may connect, one a line; without it every client that knows the sensor's public key may"};
constexpr Row kInsecure = {"insecure", &Z::insecure, "no",
                           "publish without keys at an endpoint that is not kept by a file's mode, as tcp is not"};
constexpr Row kServerKey = {"curve.server-key-file", &Z::server_key_file, "",
                            "public key of the collector; mode connect only"};

constexpr Row kPublishRows[] = {
    {"endpoints", &Z::endpoints, "ipc:///run/lapwing/records",
     "where to publish: ipc://path, for this user and group, or with keys tcp://address:port"},
    kMode,
    {"high-water-mark", &Z::high_water_mark, "10000",
     "messages queued for each subscriber, of batch-bytes at most; beyond it, it loses its own"},
    {"queue-size", &Z::queue_size, "128mb",
     "bytes of messages that wait for all subscribers; beyond it, those who take nothing are disconnected, and from "
     "twice as much on records are dropped",
     Unit::bytes},
    kBatchRecords,
    kBatchBytes,
    {"wait-subscriber", &Z::wait_subscriber, "5000", "how long a replay waits for its first subscriber",
     Unit::milliseconds},
    {"wait-send", &Z::wait_send, "60000",
     "how long a replay waits for a subscriber that takes nothing, before it goes on and loses records",
     Unit::milliseconds},
    {"heartbeat", &Z::heartbeat, "10000",
     "how often a subscriber is asked whether it lives; after three times as long its queue is given up. 0: never; a "
     "replay does not ask",
     Unit::milliseconds},
    kLinger,
    kIoThreads,
    kSecretKey,
    kAllowedClients,
    kServerKey,
    kInsecure,
};
constexpr Row kPushRows[] = {
    {"endpoints", &Z::endpoints, "ipc:///run/lapwing/records-push",
     "where consumers are: ipc://path, of this user and group, or with keys tcp://address:port"},
    kMode,
    {"high-water-mark", &Z::high_water_mark, "10000",
     "messages queued for each consumer, of batch-bytes at most; beyond it records are dropped and counted, and a "
     "replay waits"},
    {"queue-size", &Z::queue_size, "128mb", "bytes of messages that wait for all consumers, and the same beyond it",
     Unit::bytes},
    kBatchRecords,
    kBatchBytes,
    {"wait-send", &Z::wait_send, "60000",
     "how long a replay waits for a consumer that takes nothing or is not there, before it goes on and loses records",
     Unit::milliseconds},
    kLinger,
    kIoThreads,
    kSecretKey,
    kAllowedClients,
    kServerKey,
    kInsecure,
};

/// A replay waits for its readers anyway, so a deep queue would only hold what may be lost at the end.
constexpr uint64_t kLosslessHighWaterMark = 100;
/// A reader of several topics sends one subscription after the other: the first record waits for them all.
constexpr long kSettleMilliseconds = 50;
/// Readers send subscriptions and handshakes only: what is larger ends its connection. Topics are known names; CURVE's
/// handshake alone has commands of some 300 bytes (ZeroMQ RFC 26), and wraps what is subscribed to.
constexpr int64_t kMaxIncomingBytes = 256, kMaxIncomingCurveBytes = 512;
/// Subscriptions read at once: a peer that sends nothing else must not hold up the records.
constexpr int kSubscriptionsRound = 1000;
/// Subscriptions that ZeroMQ reads ahead of that, from each connection.
constexpr int kSubscriptionsAhead = 100;
/// How often those who take nothing are looked for while too much waits.
constexpr std::chrono::milliseconds kStalledEvery{100};
constexpr std::chrono::milliseconds kRoomPause{1};
constexpr int kDeadAfterHeartbeats = 3;
constexpr uint64_t kMaxIoThreads = 16;

/// Outputs count milliseconds and messages in int.
int to_int(uint64_t value) {
  return static_cast<int>(std::min<uint64_t>(value, INT_MAX));
}

/// What both kinds share: messages made of batches, the socket, its keys, and what was counted.
class ZmqExporter : public Exporter {
 public:
  ZmqExporter(int type, std::string_view name, ZmqOptions options, const ExportContext& context)
      : options_(std::move(options)),
        lossless_(context.lossless),
        trial_(context.trial),
        name_(name),
        socket_(type, to_int(std::clamp<uint64_t>(options_.io_threads, 1, kMaxIoThreads))),
        messages_(context, options_.batch_records, options_.batch_bytes) {
    socket_.set(ZMQ_SNDHWM, to_int(lossless_ ? std::min(options_.high_water_mark, kLosslessHighWaterMark)
                                             : options_.high_water_mark));
    socket_.set(ZMQ_LINGER, to_int(lossless_ ? std::max(options_.linger, options_.wait_send) : options_.linger));
    socket_.set(ZMQ_SNDTIMEO, lossless_ ? to_int(options_.wait_send) : 0);
    socket_.set(ZMQ_MAXMSGSIZE, options_.secret_key_file.empty() ? kMaxIncomingBytes : kMaxIncomingCurveBytes);
  }

  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    prepare();
    bool urgent = false;
    for (const auto& batch : batches) {
      messages_.add(*batch, [this](const TopicMessage& message) { send(message); });
      urgent |= batch->urgent;
    }
    if (urgent) send_waiting();
    listen();
  }
  void flush() override {
    send_waiting();
    listen();
  }
  void reopen() override {
    try {
      socket_.reload_clients();
    } catch (const SettingError& error) {
      spdlog::error("{}; the clients allowed before stay so", error.what());
    }
  }

  ExporterCounters counters() const override {
    ExporterCounters all = counters_;
    const GateCounters gate = socket_.gate_counters();
    all.connections = gate.connections;
    all.disconnections = gate.disconnections;
    all.accepts_failed = gate.accepts_failed;
    all.handshakes_failed = gate.handshakes_failed;
    all.clients_refused = gate.clients_refused;
    all.max_connections = gate.ended.max_connections;
    all.max_topics = gate.ended.max_topics;
    all.stalled = gate.ended.stalled;
    return all;
  }
  ExporterLabel label() const override {
    std::string list;
    for (const std::string& endpoint : options_.endpoints) list += (list.empty() ? "" : ", ") + endpoint;
    return {name_, list};
  }

  void open(const Setting& node) {
    const bool bind = options_.binds;
    const Setting* endpoints = node.find("endpoints");
    if (options_.endpoints.empty()) (endpoints ? *endpoints : node).fail("an endpoint is missing, such as ipc:///path");
    for (size_t i = 0; i < options_.endpoints.size(); ++i) {
      const bool listed = endpoints && i < endpoints->children.size();
      check_endpoint(options_.endpoints[i], listed ? *endpoints->children[i] : endpoints ? *endpoints : node);
    }
    try {
      socket_.secure({options_.secret_key_file, options_.allowed_clients_file, options_.server_key_file}, bind);
    } catch (const SettingError& error) {
      // A file names itself; what does not fit together is a matter of this section.
      if (error.where().file != "curve") throw;
      const Setting* where = node.find("curve");
      (where ? *where : node).fail(error.what());
    }
    for (const std::string& endpoint : options_.endpoints) {
      const std::string reason =
          trial_ ? (bind ? fault_of_place(endpoint) : "") : socket_.bind_or_connect(endpoint, bind);
      if (!reason.empty()) (endpoints ? *endpoints : node).fail(endpoint + ": " + reason);
    }
  }

 protected:
  /// Before the first message of a batch.
  virtual void prepare() {}
  /// What peers send.
  virtual void listen() {}
  /// A replay waited in vain for its first subscriber: what is sent goes nowhere.
  virtual bool nobody_hears() const { return false; }
  /// A replay waited in vain for `wait-send`, and goes on as a live run would.
  virtual void stop_waiting() = 0;
  /// More than `queue-size` waits. Returns the bytes from which on records are dropped.
  virtual uint64_t make_room() { return options_.queue_size; }

  ZmqOptions options_;
  const bool lossless_, trial_;
  std::string name_;
  HeldBytes held_;
  ZmqSocket socket_;
  ExporterCounters counters_;

 private:
  void send_waiting() {
    messages_.flush([this](const TopicMessage& message) { send(message); });
  }

  void check_endpoint(const std::string& endpoint, const Setting& where) const {
    if (!is_endpoint(endpoint)) where.fail("'" + endpoint + "' is neither ipc://path nor tcp://address:port");
    if (!options_.secret_key_file.empty() || kept_by_file_mode(endpoint)) return;
    if (!options_.insecure) {
      where.fail(endpoint +
                 ": whoever reaches it would read the records: write ipc:///path, or curve.secret-key-file with a key "
                 "of `lapwing keygen`, or insecure: yes (--insecure)");
    }
    spdlog::warn("{}: insecure: records travel unencrypted, and whoever reaches this endpoint gets them", endpoint);
  }

  bool has_room() {
    if (held_.bytes() < options_.queue_size) return true;
    if (!lossless_ || gave_up_) return held_.bytes() < make_room();
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.wait_send);
    while (held_.bytes() >= options_.queue_size && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kRoomPause);
    }
    return held_.bytes() < options_.queue_size;
  }

  void send(const TopicMessage& message) {
    const int fault = has_room() ? send_frames(message) : EAGAIN;
    if (fault == 0 && nobody_hears()) {
      counters_.dropped_unreachable += message.records;
      return;
    }
    if (fault == 0) {
      counters_.records += message.records;
      counters_.bytes += message.body.size();
      return;
    }
    if (fault == EAGAIN) {
      counters_.dropped_backpressure += message.records;
    } else {
      ++counters_.errors;
      counters_.dropped_failed += message.records;
    }
    if (!lossless_ || gave_up_) return;
    gave_up_ = true;
    spdlog::error("{}: a reader took nothing for {} ms: records are being lost", name_, options_.wait_send);
    socket_.set(ZMQ_SNDTIMEO, 0);
    socket_.set(ZMQ_LINGER, to_int(options_.linger));
    stop_waiting();
  }

  /// 0, or why not.
  int send_frames(const TopicMessage& message) {
    zmq_msg_t body;
    if (!held_.make(body, message.body)) return ENOMEM;
    int fault = 0;
    for (std::string_view data : {message.topic, message.header}) {
      if (fault == 0) fault = retry([&] { return zmq_send(socket_.get(), data.data(), data.size(), ZMQ_SNDMORE); });
    }
    if (fault == 0) fault = retry([&] { return zmq_msg_send(&body, socket_.get(), 0); });
    if (fault != 0) zmq_msg_close(&body);
    return fault;
  }
  template <class Call>
  static int retry(Call&& call) {
    while (call() < 0) {
      if (zmq_errno() != EINTR) return zmq_errno();
    }
    return 0;
  }

  TopicMessages messages_;
  bool gave_up_ = false;
};

class PublishExporter final : public ZmqExporter {
 public:
  // XPUB is PUB that also tells who subscribes: a replay can wait for its reader instead of speaking to nobody.
  PublishExporter(ZmqOptions options, const ExportContext& context)
      : ZmqExporter(ZMQ_XPUB, "zmq", std::move(options), context), topics_(context.topics) {
    socket_.set(ZMQ_XPUB_VERBOSER, 1);
    socket_.set(ZMQ_RCVHWM, kSubscriptionsAhead);
    if (lossless_) {
      // Only where nothing may be lost: live, one stalled subscriber would starve all others.
      socket_.set(ZMQ_XPUB_NODROP, 1);
    } else if (options_.heartbeat) {
      // Not in a replay, which may stand still for its reader: nobody answers for a process that is stopped.
      socket_.set(ZMQ_HEARTBEAT_IVL, to_int(options_.heartbeat));
      socket_.set(ZMQ_HEARTBEAT_TIMEOUT, to_int(options_.heartbeat * kDeadAfterHeartbeats));
      // The wire has tenths of a second in 16 bits.
      socket_.set(ZMQ_HEARTBEAT_TTL, to_int(std::min<uint64_t>(options_.heartbeat * kDeadAfterHeartbeats, 6553500)));
    }
  }

 private:
  void prepare() override {
    if (!lossless_ || waited_) return;
    waited_ = true;
    zmq_pollitem_t item{socket_.get(), 0, ZMQ_POLLIN, 0};
    // A flush before the first record may have read the subscription.
    if (!subscribed_ && zmq_poll(&item, 1, static_cast<long>(options_.wait_subscriber)) <= 0) {
      spdlog::warn("no subscriber within {} ms: publishing all the same", options_.wait_subscriber);
      return;
    }
    do listen();
    while (zmq_poll(&item, 1, kSettleMilliseconds) > 0);
  }

  /// Subscriptions would pile up if they were not read. One that no topic begins with gets nothing, ever.
  void listen() override {
    constexpr char kCancel = 0, kSubscribe = 1;  // ZeroMQ RFC 29
    zmq_msg_t message;
    zmq_msg_init(&message);
    for (int i = 0; i < kSubscriptionsRound && zmq_msg_recv(&message, socket_.get(), ZMQ_DONTWAIT) > 0; ++i) {
      const std::string_view text(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
      const int peer = zmq_msg_get(&message, ZMQ_SRCFD);  // -1: ZeroMQ cancels for one who is gone
      if (text[0] == kCancel) socket_.connections().unsubscribed(peer);
      if (text[0] != kSubscribe) continue;
      subscribed_ = true;
      socket_.connections().subscribed(peer);
      auto fits = [&](std::string_view topic) { return topic.starts_with(text.substr(1)); };
      if (std::ranges::any_of(topics_, fits)) continue;
      if (counters_.unknown_topics++ == 0) {
        spdlog::warn("{}: a subscriber asks for a topic that no record type begins with", label().destination);
      }
    }
    zmq_msg_close(&message);
  }

  uint64_t make_room() override {
    const auto now = std::chrono::steady_clock::now();
    if (now >= look_again_) {
      look_again_ = now + kStalledEvery;
      socket_.connections().end_stalled();
    }
    return 2 * options_.queue_size;
  }

  void stop_waiting() override { socket_.set(ZMQ_XPUB_NODROP, 0); }
  bool nobody_hears() const override { return lossless_ && !subscribed_; }

  std::span<const std::string_view> topics_;
  bool waited_ = false, subscribed_ = false;
  std::chrono::steady_clock::time_point look_again_;
};

/// Without heartbeats: they would end the connection of a consumer that stands still, and with it lose its queue,
/// uncounted. TCP's keepalive tells of hosts that are gone.
class PushExporter final : public ZmqExporter {
 public:
  PushExporter(ZmqOptions options, const ExportContext& context)
      : ZmqExporter(ZMQ_PUSH, "zmq-push", std::move(options), context) {}

 private:
  void stop_waiting() override {}
};

template <class T>
std::unique_ptr<Exporter> create(const Setting& node, const ExportContext& context, std::span<const Row> rows) {
  auto exporter = std::make_unique<T>(read_options<ZmqOptions>(node, rows), context);
  exporter->open(node);
  if (context.trial) return nullptr;
  return exporter;
}

}  // namespace

std::vector<OptionInfo> zmq_exporter_options() {
  return describe_options<ZmqOptions>(kPublishRows);
}

std::unique_ptr<Exporter> create_zmq_exporter(const Setting& node, const ExportContext& context) {
  return create<PublishExporter>(node, context, kPublishRows);
}

std::vector<OptionInfo> zmq_push_exporter_options() {
  return describe_options<ZmqOptions>(kPushRows);
}

std::unique_ptr<Exporter> create_zmq_push_exporter(const Setting& node, const ExportContext& context) {
  return create<PushExporter>(node, context, kPushRows);
}

}  // namespace lapwing
