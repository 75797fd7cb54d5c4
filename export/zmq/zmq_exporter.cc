#include "export/zmq/zmq_exporter.h"

#include <zmq.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <string>

#include "export/zmq/socket.h"
#include "export/zmq/topic_messages.h"
#include "sensor/base/log.h"

namespace lapwing {
namespace {

struct ZmqOptions {
  std::vector<std::string> endpoints;
  std::string mode, secret_key_file, allowed_clients_file, server_key_file;
  uint64_t high_water_mark = 0, batch_records = 0, batch_bytes = 0, wait_subscriber = 0, wait_send = 0, linger = 0,
           heartbeat = 0, io_threads = 0;
};
using Z = ZmqOptions;
using Row = OptionRow<Z>;

constexpr Row kMode = {"mode",     &Z::mode,      "bind", "bind and be connected to, or connect to a collector",
                       Unit::none, "bind|connect"};
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
constexpr Row kServerKey = {"curve.server-key-file", &Z::server_key_file, "",
                            "public key of the collector; mode connect only"};

constexpr Row kPublishRows[] = {
    {"endpoints", &Z::endpoints, "tcp://127.0.0.1:5556", "where to publish: tcp://address:port or ipc://path"},
    kMode,
    {"high-water-mark", &Z::high_water_mark, "10000",
     "messages queued for each subscriber, of batch-bytes at most; beyond it, it loses its own"},
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
};
constexpr Row kPushRows[] = {
    {"endpoints", &Z::endpoints, "tcp://127.0.0.1:5557", "where consumers are: tcp://address:port or ipc://path"},
    kMode,
    {"high-water-mark", &Z::high_water_mark, "10000",
     "messages queued for each consumer, of batch-bytes at most; beyond it records are dropped and counted, and a "
     "replay waits"},
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
};

/// A replay waits for its readers anyway, so a deep queue would only hold what may be lost at the end.
constexpr uint64_t kLosslessHighWaterMark = 100;
/// A reader of several topics sends one subscription after the other: the first record waits for them all.
constexpr long kSettleMilliseconds = 50;
/// Readers send subscriptions and handshakes only: what is larger ends its connection.
constexpr int kMaxIncomingBytes = 64 << 10;
/// Subscriptions read at once: a peer that sends nothing else must not hold up the records.
constexpr int kSubscriptionsRound = 1000;
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
        name_(name),
        socket_(type, to_int(std::clamp<uint64_t>(options_.io_threads, 1, kMaxIoThreads))),
        messages_(context, options_.batch_records, options_.batch_bytes) {
    socket_.set(ZMQ_SNDHWM, to_int(lossless_ ? std::min(options_.high_water_mark, kLosslessHighWaterMark)
                                             : options_.high_water_mark));
    socket_.set(ZMQ_LINGER, to_int(lossless_ ? std::max(options_.linger, options_.wait_send) : options_.linger));
    socket_.set(ZMQ_SNDTIMEO, lossless_ ? to_int(options_.wait_send) : 0);
    socket_.set<int64_t>(ZMQ_MAXMSGSIZE, kMaxIncomingBytes);
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
    return all;
  }
  ExporterLabel label() const override {
    std::string list;
    for (const std::string& endpoint : options_.endpoints) list += (list.empty() ? "" : ", ") + endpoint;
    return {name_, list};
  }

  void open(const Setting& node) {
    const bool bind = options_.mode == "bind";
    try {
      socket_.secure({options_.secret_key_file, options_.allowed_clients_file, options_.server_key_file}, bind);
    } catch (const SettingError& error) {
      // A file names itself; what does not fit together is a matter of this section.
      if (error.where().file != "curve") throw;
      const Setting* where = node.find("curve");
      (where ? *where : node).fail(error.what());
    }
    for (const std::string& endpoint : options_.endpoints) {
      const std::string reason = socket_.bind_or_connect(endpoint, bind);
      if (!reason.empty()) {
        const Setting* where = node.find("endpoints");
        (where ? *where : node).fail(endpoint + ": " + reason);
      }
      if (options_.secret_key_file.empty() && reaches_beyond_loopback(endpoint)) {
        spdlog::warn(
            "{}: records travel unencrypted, and whoever reaches this endpoint gets them; see curve in "
            "docs/zeromq.md",
            endpoint);
      }
    }
  }

 protected:
  /// Before the first message of a batch.
  virtual void prepare() {}
  /// What peers send.
  virtual void listen() {}
  /// A replay waited in vain for `wait-send`, and goes on as a live run would.
  virtual void stop_waiting() = 0;

  ZmqOptions options_;
  const bool lossless_;
  std::string name_;
  ZmqSocket socket_;
  ExporterCounters counters_;

 private:
  void send_waiting() {
    messages_.flush([this](const TopicMessage& message) { send(message); });
  }

  void send(const TopicMessage& message) {
    if (frame(message.topic, ZMQ_SNDMORE) && frame(message.header, ZMQ_SNDMORE) && frame(message.body, 0)) {
      counters_.records += message.records;
      counters_.bytes += message.body.size();
      return;
    }
    if (zmq_errno() == EAGAIN) {
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

  bool frame(std::string_view data, int flags) {
    while (zmq_send(socket_.get(), data.data(), data.size(), flags) < 0) {
      if (zmq_errno() == EINTR) continue;
      return false;
    }
    return true;
  }

  TopicMessages messages_;
  bool gave_up_ = false;
};

class PublishExporter final : public ZmqExporter {
 public:
  // XPUB is PUB that also tells who subscribes: a replay can wait for its reader instead of speaking to nobody.
  PublishExporter(ZmqOptions options, const ExportContext& context)
      : ZmqExporter(ZMQ_XPUB, "zmq", std::move(options), context), topics_(context.topics) {
    socket_.set(ZMQ_XPUB_VERBOSE, 1);
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
    char message[256];
    for (int i = 0; i < kSubscriptionsRound; ++i) {
      const int size = zmq_recv(socket_.get(), message, sizeof message, ZMQ_DONTWAIT);
      if (size < 0) return;
      constexpr char kSubscribe = 1;  // ZeroMQ RFC 29
      if (size == 0 || message[0] != kSubscribe) continue;
      subscribed_ = true;
      const std::string_view wanted(message + 1, std::min<size_t>(size, sizeof message) - 1);
      auto fits = [&](std::string_view topic) { return topic.starts_with(wanted); };
      if (std::ranges::any_of(topics_, fits)) continue;
      if (counters_.unknown_topics++ == 0) {
        spdlog::warn("{}: a subscriber asks for a topic that no record type begins with", label().destination);
      }
    }
  }

  void stop_waiting() override { socket_.set(ZMQ_XPUB_NODROP, 0); }

  std::span<const std::string_view> topics_;
  bool waited_ = false, subscribed_ = false;
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
