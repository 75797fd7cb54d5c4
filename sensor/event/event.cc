#include "sensor/event/event.h"

#include <algorithm>

#include "sensor/event/recognition.h"

namespace lapwing {

bool ready(const Field& field, const Transaction& tx, Direction direction) {
  if (field.sender == Sender::client && direction != Direction::to_server) return false;
  if (field.sender == Sender::server && direction != Direction::to_client) return false;
  return tx.progress[index(direction)] >= field.stage;
}

namespace {
constexpr std::string_view kDetectionEvents[] = {"applayer_mismatch_protocol_both_directions",
                                                 "applayer_wrong_direction_first_data",
                                                 "applayer_detect_protocol_only_one_direction",
                                                 "applayer_proto_detection_skipped",
                                                 "applayer_no_tls_after_starttls",
                                                 "applayer_unexpected_protocol"};
}

std::string_view name(RecognitionAnomaly event) {
  return kDetectionEvents[static_cast<size_t>(event)];
}
std::span<const std::string_view> recognition_anomaly_names() {
  return kDetectionEvents;
}

std::string anomaly_name(const Protocol& protocol, size_t number) {
  const auto [part, name] = kAnomalyRows.at(protocol, number);
  return (part ? std::string(part->name) + "_" : std::string()) + std::string(name);
}

std::vector<const Part*> parts_of(std::span<const Protocol* const> protocols) {
  std::vector<const Part*> out;
  for (const Protocol* protocol : protocols) {
    for (const Carried& row : protocol->parts) {
      if (std::ranges::find(out, row.part) == out.end()) out.push_back(row.part);
    }
  }
  return out;
}

bool carries(const Protocol& protocol, const Part& part) {
  return std::ranges::find(protocol.parts, &part, &Carried::part) != protocol.parts.end();
}

RecordPlans::RecordPlans(const Protocol& protocol, const void* config, std::span<const std::string> requested) {
  auto extent = [&](std::string_view record) {
    RecordExtent out = protocol.extent ? protocol.extent(config, record) : RecordExtent();
    out.names.insert(out.names.end(), requested.begin(), requested.end());
    return out;
  };
  for (const RecordRow& record : protocol.records) {
    auto& shapes = records.emplace_back();
    for (const Table& shape : record.shapes) shapes.emplace_back(shape, extent(record.type));
  }
  in_alert = RecordPlan(protocol.in_alert, extent({}));
}

const RecordPlan& RecordPlans::of(const Event& event) const {
  const auto& shapes = records[static_cast<size_t>(event.record - event.protocol->records.data())];
  return shapes[event.record->shape ? event.record->shape(event, event.config) : 0];
}

namespace {

bool write(const Event& event, const RecordPlan& plan, std::string& scratch, JsonWriter& json) {
  RecordWriter writer(json, scratch);
  if (event.protocol->most_entries > 0) writer.bound_lists(event.protocol->most_entries, event.message);
  writer.write(plan.columns(), {.tx = event.tx, .direction = event.direction, .detail = event.detail});
  return !writer.cut();
}

}  // namespace

bool write_record(const Event& event, std::string& scratch, JsonWriter& json) {
  return write(event, event.plans->of(event), scratch, json);
}

void write_in_alert(const Event& event, std::string& scratch, JsonWriter& json) {
  if (event.tx->blank) return;
  write(event, event.plans->in_alert, scratch, json);
}

std::vector<ProgressState> progress_states(const Protocol& protocol) {
  std::vector<ProgressState> out(protocol.states.begin(), protocol.states.end());
  out.insert(out.end(), {{"request_started", Direction::to_server, 1},
                         {"request_complete", Direction::to_server, kComplete},
                         {"response_started", Direction::to_client, 1},
                         {"response_complete", Direction::to_client, kComplete}});
  return out;
}

}  // namespace lapwing
