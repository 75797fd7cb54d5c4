#include "export/eve/recorder.h"

#include "export/eve/alert.h"
#include "export/eve/asset.h"
#include "export/eve/behaviour.h"
#include "export/eve/engine.h"
#include "export/eve/envelope.h"
#include "export/eve/frame.h"
#include "export/eve/incident.h"
#include "export/eve/stats.h"
#include "export/record/batch_pool.h"

namespace lapwing {

namespace {

constexpr CounterRow<RecorderCounters> kCounterRows[] = {
    {"records.over_budget", &RecorderCounters::over_budget,
     "records not written: their flow had cost all that flow.budget.record-times and -base allow", CounterKind::loss},
    {"records.entries_max", &RecorderCounters::entries_max,
     "records whose lists show less than came: their protocol bounds them", CounterKind::loss},
    {"records.truncated", &RecorderCounters::truncated, "records cut at 64 KiB and 8 times the bytes of their message",
     CounterKind::loss},
};

}  // namespace

std::span<const CounterRow<RecorderCounters>> recorder_counter_rows() {
  return kCounterRows;
}

struct Recorder::Impl {
  explicit Impl(std::shared_ptr<const EveConfig> eve)
      : config(std::move(eve)),
        tools{config->options()},
        community_id(config->community_id_seed()),
        written(config->topics().size(), 0) {}

  /// The buffer to append a record to.
  std::string& text() {
    if (!batch) batch = &pool.take();
    return batch->text;
  }
  void write(std::string& out, const Envelope& seen, const Event& event) {
    const EveForwardedOptions& forwarded = tools.options.forwarded;
    std::string_view header;
    if (forwarded.enabled && event.file && event.protocol->request_header) {
      header = event.protocol->request_header(*event.tx, forwarded.header);
    }
    const ForwardedView view(seen, header, forwarded, event.reversed);
    const Envelope& envelope = view.envelope();
    {
      Line line(out, tools.times);
      write_envelope(line, tools, envelope, event.record->type, View::packet);
      write_common(line, tools, envelope, envelope.flowbits, View::packet);
      if (event.tx) line << ",\"tx_id\":" << event.tx->number;
    }
    JsonWriter json(out, room(event));
    json.raw("");  // the object is open and holds members: the next one needs its comma
    if (!write_record(event, scratch, json)) ++counters.entries_max;
    end_members(json);
    if (view.member()) json.member("xff", *view.member());
    Line line(out, tools.times);
    write_end(line, tools, envelope);
  }
  static size_t room(const Event& event) { return kRecordBytes + kRecordTimes * event.message; }
  void end_members(JsonWriter& json) {
    if (!json.cut()) return;
    ++counters.truncated;
    json.lift_limit();
    json.member("truncated", true);
  }
  /// What was appended to piece_bytes since the last piece becomes one.
  void piece(RecordBatch::FilePiece::Kind kind, uint64_t id, uint64_t offset) {
    batch->pieces.push_back({kind, id, offset, batch->piece_bytes.size()});
  }
  std::string& piece_bytes() {
    text();
    return batch->piece_bytes;
  }
  void done(RecordType topic) {
    batch->entries.push_back({topic, batch->text.size()});
    ++written[topic];
  }
  bool wants(RecordType topic) const { return config->enabled(topic); }
  RecordType topic_of(const RecordRow& row) const {
    if (&row != last_row) {
      last_row = &row;
      last_topic = config->find(row.type);
    }
    return last_topic;
  }

  std::shared_ptr<const EveConfig> config;
  RecordTools tools;
  CommunityId community_id;  // of the flows that behaviour names
  StatsRecord stats_record;
  std::string scratch;  // for values that are made
  BatchPool pool;
  RecordBatch* batch = nullptr;
  mutable const RecordRow* last_row = nullptr;  // asked for last, and its topic: the same type mostly comes again
  mutable RecordType last_topic = 0;
  std::vector<uint64_t> written;
  RecorderCounters counters;
};

Recorder::Recorder(std::shared_ptr<const EveConfig> config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Recorder::~Recorder() = default;

bool Recorder::wants(const RecordRow& row) const {
  const RecordType topic = impl_->topic_of(row);
  return topic < impl_->written.size() && impl_->wants(topic);
}

bool Recorder::wants(AnomalyLayer layer) const {
  const EveAnomalyOptions& wanted = impl_->tools.options.anomaly;
  bool chosen = layer == AnomalyLayer::decode   ? wanted.decode
                : layer == AnomalyLayer::stream ? wanted.stream
                                                : wanted.applayer;
  return chosen && impl_->wants(kTopicAnomaly);
}

bool Recorder::wants_flows() const {
  return impl_->wants(kTopicFlow) || impl_->wants(kTopicNetflow);
}

bool Recorder::wants_metadata() const {
  return impl_->wants(kTopicMetadata);
}

bool Recorder::shows_payload() const {
  const EveAlertOptions& wanted = impl_->tools.options.alert;
  return impl_->wants(kTopicAlert) && (wanted.payload || wanted.payload_printable || wanted.payload_length);
}

bool Recorder::wants_frames() const {
  return impl_->wants(kTopicFrame);
}

void Recorder::event(const Envelope& envelope, const Event& event) {
  if (!event.record || !wants(*event.record)) return;
  const RecordType topic = impl_->topic_of(*event.record);
  impl_->write(impl_->text(), envelope, event);
  impl_->done(topic);
}

void Recorder::file_bytes(uint64_t store_id, uint64_t offset, Bytes bytes) {
  impl_->piece_bytes().append(to_text(bytes));
  impl_->piece(RecordBatch::FilePiece::Kind::bytes, store_id, offset);
}

void Recorder::file_over(uint64_t store_id, uint64_t size, std::string_view sha256) {
  impl_->piece_bytes().append(sha256);
  impl_->piece(RecordBatch::FilePiece::Kind::over, store_id, size);
}

void Recorder::file_info(const Envelope& envelope, const Event& event) {
  std::string& out = impl_->piece_bytes();
  out.append(event.file->sha256());
  impl_->write(out, envelope, event);
  impl_->piece(RecordBatch::FilePiece::Kind::info, event.file->store_id,
               static_cast<uint64_t>(envelope.time.ns / 1'000'000'000));
}

void Recorder::alert(const Envelope& envelope, const Alert& alert) {
  if (!impl_->wants(kTopicAlert)) return;
  write_alert_record(impl_->text(), impl_->tools, envelope, alert);
  impl_->batch->urgent = true;
  impl_->batch->findings.push_back({.time = envelope.time,
                                    .flow_id = envelope.flow_id,
                                    .src = envelope.src,
                                    .dest = envelope.dest,
                                    .kind = Finding::Kind::signature,
                                    .severity = alert.rule->severity,
                                    .id = alert.rule->sid,
                                    .entry = static_cast<uint32_t>(impl_->batch->entries.size())});
  impl_->done(kTopicAlert);
}

void Recorder::frame(const Envelope& envelope, const MessageFrame& frame) {
  if (!impl_->wants(kTopicFrame)) return;
  write_frame_record(impl_->text(), impl_->tools, envelope, frame);
  impl_->done(kTopicFrame);
}

void Recorder::append_transaction(std::string& json, const Event& event) {
  JsonWriter writer(json, Impl::room(event));
  write_in_alert(event, impl_->scratch, writer);
  impl_->end_members(writer);
}

void Recorder::append_frame(std::string& json, const MessageFrame& frame) const {
  write_frame_member(json, impl_->tools.options.frame, frame);
}

void Recorder::anomaly(const Envelope& envelope, const Anomaly& anomaly) {
  if (!wants(anomaly.type)) return;
  write_anomaly_record(impl_->text(), impl_->tools, envelope, anomaly);
  impl_->done(kTopicAnomaly);
}

void Recorder::flow(const FlowSummary& summary) {
  if (impl_->wants(kTopicFlow)) {
    {
      Line line(impl_->text(), impl_->tools.times);
      write_flow_record(line, impl_->tools, summary);
    }
    impl_->done(kTopicFlow);
  }
  if (!impl_->wants(kTopicNetflow)) return;
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    if (direction == Direction::to_client && summary.packets[index(direction)] == 0) continue;
    {
      Line line(impl_->text(), impl_->tools.times);
      write_netflow_record(line, impl_->tools, summary, direction);
    }
    impl_->done(kTopicNetflow);
  }
}

void Recorder::packet(const Envelope& envelope, Bytes packet, uint16_t link_type) {
  if (!impl_->wants(kTopicPacket)) return;
  write_packet_record(impl_->text(), impl_->tools, envelope, packet, link_type);
  impl_->done(kTopicPacket);
}

void Recorder::metadata(const Envelope& envelope) {
  if (!wants_metadata()) return;
  write_metadata_record(impl_->text(), impl_->tools, envelope);
  impl_->done(kTopicMetadata);
}

void Recorder::behaviour(const Behaviour& behaviour) {
  if (!impl_->wants(kTopicBehaviour)) return;
  write_behaviour_record(impl_->text(), impl_->tools, impl_->community_id, behaviour);
  impl_->batch->urgent = true;
  impl_->done(kTopicBehaviour);
}

void Recorder::incident(const Incident& incident) {
  if (!impl_->wants(kTopicIncident)) return;
  write_incident_record(impl_->text(), impl_->tools, incident);
  impl_->batch->urgent = true;
  impl_->done(kTopicIncident);
}

void Recorder::asset(const Asset& asset) {
  if (!impl_->wants(kTopicAsset)) return;
  write_asset_record(impl_->text(), impl_->tools, asset);
  impl_->done(kTopicAsset);
}

void Recorder::engine(const EngineNotice& notice) {
  if (!impl_->wants(kTopicEngine)) return;
  write_engine_record(impl_->text(), impl_->tools, notice);
  impl_->done(kTopicEngine);
}

void Recorder::loss(Timestamp time, const CounterSet& lost, double seconds) {
  if (!impl_->wants(kTopicLoss) || lost.values().empty()) return;
  write_loss_record(impl_->text(), impl_->tools, time, lost, seconds);
  impl_->done(kTopicLoss);
}

void Recorder::stats(Timestamp time, const CounterSet& counters, double uptime_seconds) {
  if (!impl_->wants(kTopicStats)) return;
  impl_->stats_record.write(impl_->text(), impl_->tools, time, counters, uptime_seconds);
  impl_->done(kTopicStats);
}

size_t Recorder::waiting() const {
  return impl_->batch ? impl_->batch->text.size() + impl_->batch->piece_bytes.size() : 0;
}

std::shared_ptr<const RecordBatch> Recorder::take() {
  if (!impl_->batch) return nullptr;
  impl_->batch = nullptr;
  return impl_->pool.hand_over();
}

void Recorder::discard() {
  if (!impl_->batch) return;
  RecordBatch& batch = *impl_->batch;
  batch.text.resize(batch.entries.empty() ? 0 : batch.entries.back().end);
  batch.piece_bytes.resize(batch.pieces.empty() ? 0 : batch.pieces.back().end);
}

void Recorder::refuse() {
  ++impl_->counters.over_budget;
}

const RecorderCounters& Recorder::counters() const {
  return impl_->counters;
}

std::span<const uint64_t> Recorder::written() const {
  return impl_->written;
}

}  // namespace lapwing
