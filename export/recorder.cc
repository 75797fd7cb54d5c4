#include "export/recorder.h"

#include <atomic>

#include "export/eve/config.h"
#include "export/eve/envelope.h"

namespace lapwing {
namespace {

/// Buffers on their way back from the export thread to their worker. Any thread pushes; the worker takes all at once,
/// so no entry is ever popped while another thread looks at it.
class Returns {
 public:
  struct Node {
    RecordBatch batch;
    Node* next = nullptr;
  };

  ~Returns() {
    for (Node* node = head_.load(); node;) delete std::exchange(node, node->next);
  }
  void push(Node* node) {
    node->next = head_.load(std::memory_order_relaxed);
    while (!head_.compare_exchange_weak(node->next, node, std::memory_order_release, std::memory_order_relaxed)) {
    }
  }
  Node* take_all() { return head_.exchange(nullptr, std::memory_order_acquire); }

 private:
  std::atomic<Node*> head_ = nullptr;
};

}  // namespace

struct Recorder::Impl {
  explicit Impl(std::shared_ptr<const EveConfig> eve)
      : owner(std::move(eve)),
        config(static_cast<const EveConfigImpl&>(*owner)),
        written(config.topics().size()),
        current(new Returns::Node) {}
  ~Impl() {
    delete current;
    while (spare) delete std::exchange(spare, spare->next);
  }

  /// Writes one record: the envelope, what `body` adds, and the newline.
  template <class Body>
  void record(TopicId topic, const Envelope& envelope, Body body) {
    JsonWriter writer(current->batch.text);
    begin_record(writer, config.options, envelope, config.topics()[topic]);
    body(writer);
    writer.end_object();
    current->batch.text.push_back('\n');
    current->batch.entries.push_back({topic, static_cast<uint32_t>(current->batch.text.size())});
    current->batch.urgent |= topic == static_cast<TopicId>(CoreType::alert);
    ++written[topic];
  }

  template <class Body>
  void record(CoreType type, const Envelope& envelope, Body body) {
    if (config.enabled(type)) record(static_cast<TopicId>(type), envelope, body);
  }

  Returns::Node* fresh() {
    if (!spare) spare = returns->take_all();
    if (!spare) return new Returns::Node;
    Returns::Node* node = std::exchange(spare, spare->next);
    node->batch.text.clear();
    node->batch.entries.clear();
    node->batch.urgent = false;
    return node;
  }

  std::shared_ptr<const EveConfig> owner;
  const EveConfigImpl& config;
  std::vector<uint64_t> written;
  std::shared_ptr<Returns> returns = std::make_shared<Returns>();  // outlives the worker while batches are out
  Returns::Node* spare = nullptr;
  Returns::Node* current;
  const RecordRow* last_row = nullptr;  // of the latest event, and its topic: the same protocol mostly comes again
  TopicId last_topic = 0;
};

Recorder::Recorder(std::shared_ptr<const EveConfig> config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Recorder::~Recorder() = default;

void Recorder::event(const Envelope& envelope, const Event& event) {
  if (event.record != impl_->last_row) {
    impl_->last_row = event.record;
    impl_->last_topic = impl_->config.find(event.record->type);
  }
  TopicId topic = impl_->last_topic;
  if (topic >= impl_->written.size() || !impl_->config.enabled(topic)) return;
  impl_->record(topic, envelope, [&](JsonWriter& json) {
    if (event.tx) json.member("tx_id", event.tx->id);
    event.record->write(event, {.config = event.config, .in_alert = false}, json);
  });
}

void Recorder::alert(const Envelope& envelope, const Alert& alert) {
  impl_->record(CoreType::alert, envelope, [&](JsonWriter& json) { write_alert(json, impl_->config.options, alert); });
}

void Recorder::anomaly(const Envelope& envelope, const Anomaly& anomaly) {
  const EveOptions& options = impl_->config.options;
  constexpr std::string_view kTypes[] = {"decode", "stream", "applayer"};
  const bool wanted[] = {options.anomaly_decode, options.anomaly_stream, options.anomaly_applayer};
  const auto type = static_cast<size_t>(anomaly.type);
  if (!wanted[type]) return;
  impl_->record(CoreType::anomaly, envelope, [&](JsonWriter& json) {
    if (anomaly.has_tx) json.member("tx_id", anomaly.tx_id);
    json.begin_object("anomaly");
    if (!anomaly.app_proto.empty()) json.member("app_proto", anomaly.app_proto);
    json.member("type", kTypes[type]).member("event", anomaly.event);
    if (!anomaly.layer.empty()) json.member("layer", anomaly.layer);
    json.end_object();
  });
}

void Recorder::flow(const FlowSummary& summary) {
  const EveOptions& options = impl_->config.options;
  impl_->record(CoreType::flow, summary.envelope, [&](JsonWriter& json) {
    write_flow(json, summary);
    if (options.metadata) write_metadata(json, summary.flowbits);
    write_application(json, summary.application);
  });
  if (!impl_->config.enabled(CoreType::netflow)) return;
  Envelope envelope = summary.envelope;
  for (size_t direction : {0, 1}) {
    if (direction == 1) {
      if (summary.packets[1] == 0) break;
      std::swap(envelope.src, envelope.dest);
      std::swap(envelope.src_port, envelope.dest_port);
    }
    impl_->record(CoreType::netflow, envelope, [&](JsonWriter& json) { write_netflow(json, summary, direction); });
  }
}

void Recorder::packet(const Envelope& envelope, Bytes packet, uint16_t link_type) {
  impl_->record(CoreType::packet, envelope, [&](JsonWriter& json) { write_packet(json, packet, link_type); });
}

void Recorder::stats(Timestamp time, const CounterSet& counters, double uptime_seconds) {
  Envelope envelope;
  envelope.time = time;
  impl_->record(CoreType::stats, envelope,
                [&](JsonWriter& json) { write_stats(json, impl_->config.options, counters, uptime_seconds); });
}

std::shared_ptr<const RecordBatch> Recorder::take() {
  if (impl_->current->batch.entries.empty()) return nullptr;
  Returns::Node* full = std::exchange(impl_->current, impl_->fresh());
  return {&full->batch, [full, returns = impl_->returns](const RecordBatch*) { returns->push(full); }};
}

std::span<const uint64_t> Recorder::written() const { return impl_->written; }

}  // namespace lapwing
