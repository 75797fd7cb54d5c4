#include "export/zmq/zmq_exporter.h"

#include <zmq.h>

#include <algorithm>
#include <string>

#include "sensor/base/json_writer.h"
#include "sensor/base/log.h"

namespace lapwing {
namespace {

struct ZmqOptions {
  std::vector<std::string> endpoints;
  std::string mode;
  uint64_t high_water_mark = 0, batch_records = 0, batch_bytes = 0, wait_subscriber = 0, wait_send = 0, linger = 0;
};
constexpr OptionRow<ZmqOptions> kRows[] = {
    {"endpoints", &ZmqOptions::endpoints, "tcp://127.0.0.1:5556", "where to publish: tcp://address:port or ipc://path"},
    {"mode", &ZmqOptions::mode, "bind", "bind and be connected to, or connect to a collector", Unit::none,
     "bind|connect"},
    {"high-water-mark", &ZmqOptions::high_water_mark, "10000",
     "messages queued for each subscriber; beyond it, it loses its own"},
    {"batch-records", &ZmqOptions::batch_records, "64", "records of one topic gathered in a message, at most"},
    {"batch-bytes", &ZmqOptions::batch_bytes, "64kb", "size from which a message is sent at once", Unit::bytes},
    {"wait-subscriber", &ZmqOptions::wait_subscriber, "5000", "how long a replay waits for its first subscriber",
     Unit::milliseconds},
    {"wait-send", &ZmqOptions::wait_send, "60000",
     "how long a replay waits for a subscriber that takes nothing, before it goes on and loses records",
     Unit::milliseconds},
    {"linger", &ZmqOptions::linger, "5000", "how long the last messages may take to leave at the end",
     Unit::milliseconds},
};

/// A replay waits for its readers anyway, so a deep queue would only hold what may be lost at the end.
constexpr uint64_t kLosslessHighWaterMark = 100;
/// A reader of several topics sends one subscription after the other: the first record waits for them all.
constexpr long kSettleMilliseconds = 50;

class ZmqExporter final : public Exporter {
 public:
  ZmqExporter(const Setting& node, ZmqOptions options, const ExportContext& context)
      : options_(std::move(options)), context_(context), topics_(context.topics.size()) {
    zmq_ = zmq_ctx_new();
    // XPUB is PUB that also tells who subscribes: a replay can wait for its reader instead of speaking to nobody.
    socket_ = zmq_socket(zmq_, ZMQ_XPUB);
    if (context.lossless) {
      set(ZMQ_SNDHWM, static_cast<int>(std::min(options_.high_water_mark, kLosslessHighWaterMark)));
      set(ZMQ_LINGER, static_cast<int>(std::max(options_.linger, options_.wait_send)));
      set(ZMQ_SNDTIMEO, static_cast<int>(options_.wait_send));
      // Only where nothing may be lost: live, one stalled subscriber would starve all others.
      set(ZMQ_XPUB_NODROP, 1);
    } else {
      set(ZMQ_SNDHWM, static_cast<int>(options_.high_water_mark));
      set(ZMQ_LINGER, static_cast<int>(options_.linger));
    }
    for (const std::string& endpoint : options_.endpoints) {
      int rc = options_.mode == "bind" ? zmq_bind(socket_, endpoint.c_str()) : zmq_connect(socket_, endpoint.c_str());
      if (rc == 0) continue;
      std::string reason = zmq_strerror(zmq_errno());
      close();
      const Setting* where = node.find("endpoints");
      (where ? *where : node).fail(endpoint + ": " + reason);
    }
  }
  ~ZmqExporter() override { close(); }

  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    if (context_.lossless && !waited_) wait_for_subscriber();
    bool urgent = false;
    for (const auto& batch : batches) {
      uint32_t begin = 0;
      for (const RecordBatch::Entry& entry : batch->entries) {
        Topic& topic = topics_[entry.topic];
        topic.text.append(batch->text, begin, entry.end - begin);
        begin = entry.end;
        ++topic.waiting;
        if (topic.waiting >= options_.batch_records || topic.text.size() >= options_.batch_bytes) send(entry.topic);
      }
      urgent |= batch->urgent;
    }
    if (urgent) flush();
    forget_subscriptions();
  }

  void flush() override {
    for (size_t i = 0; i < topics_.size(); ++i) {
      if (topics_[i].waiting) send(static_cast<TopicId>(i));
    }
  }

  ExporterCounters counters() const override { return counters_; }

 private:
  struct Topic {
    std::string text;
    uint64_t sequence = 0;  // of the first record in text
    uint64_t waiting = 0;   // records in text
  };

  void set(int option, int value) { zmq_setsockopt(socket_, option, &value, sizeof value); }
  void close() {
    if (socket_) zmq_close(socket_);
    if (zmq_) zmq_ctx_term(zmq_);
    socket_ = zmq_ = nullptr;
  }

  void wait_for_subscriber() {
    waited_ = true;
    zmq_pollitem_t item{socket_, 0, ZMQ_POLLIN, 0};
    if (zmq_poll(&item, 1, static_cast<long>(options_.wait_subscriber)) <= 0) {
      spdlog::warn("no subscriber within {} ms: publishing all the same", options_.wait_subscriber);
      return;
    }
    do forget_subscriptions();
    while (zmq_poll(&item, 1, kSettleMilliseconds) > 0);
  }

  /// Subscription messages are not needed beyond the first, but would pile up.
  void forget_subscriptions() {
    char scrap[256];
    while (zmq_recv(socket_, scrap, sizeof scrap, ZMQ_DONTWAIT) >= 0) {
    }
  }

  void send(TopicId id) {
    Topic& topic = topics_[id];
    header_.clear();
    JsonWriter json(header_);
    json.begin_object().member("sensor", std::string_view(context_.sensor)).member("epoch", context_.epoch);
    json.member("seq", topic.sequence).member("count", topic.waiting).end_object();
    std::string_view name = context_.topics[id];
    topic.text.pop_back();  // records are separated, not ended, by newlines
    bool sent = frame(name, ZMQ_SNDMORE) && frame(header_, ZMQ_SNDMORE) && frame(topic.text, 0);
    if (sent) {
      counters_.records += topic.waiting;
      counters_.bytes += topic.text.size();
    } else {
      ++counters_.errors;
      counters_.dropped += topic.waiting;
      give_up_waiting();
    }
    topic.sequence += topic.waiting;
    topic.waiting = 0;
    topic.text.clear();
  }

  /// A reader has stood still for `wait-send`: the run goes on without it, as a live one does.
  void give_up_waiting() {
    if (!context_.lossless || gave_up_) return;
    gave_up_ = true;
    spdlog::error("a subscriber took nothing for {} ms: records are being lost", options_.wait_send);
    set(ZMQ_XPUB_NODROP, 0);
    set(ZMQ_LINGER, static_cast<int>(options_.linger));
  }

  bool frame(std::string_view data, int flags) {
    while (zmq_send(socket_, data.data(), data.size(), flags) < 0) {
      if (zmq_errno() == EINTR) continue;
      return false;
    }
    return true;
  }

  ZmqOptions options_;
  ExportContext context_;
  std::vector<Topic> topics_;
  std::string header_;
  void* zmq_ = nullptr;
  void* socket_ = nullptr;
  bool waited_ = false, gave_up_ = false;
  ExporterCounters counters_;
};

}  // namespace

std::vector<OptionInfo> zmq_exporter_options() {
  return describe_options<ZmqOptions>(kRows);
}

std::unique_ptr<Exporter> create_zmq_exporter(const Setting& node, const ExportContext& context) {
  return std::make_unique<ZmqExporter>(node, read_options<ZmqOptions>(node, kRows), context);
}

}  // namespace lapwing
