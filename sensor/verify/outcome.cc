#include "sensor/verify/outcome.h"

#include <algorithm>
#include <string_view>

#include "export/outputs/exporter.h"
#include "sensor/pipeline/losses.h"

namespace lapwing::verify {
namespace {

/// [H side] Records as lines.
class LineKeeper final : public Exporter {
 public:
  explicit LineKeeper(Outcome& outcome) : outcome_(outcome) {}
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      size_t begin = 0;
      for (const auto& entry : batch->entries) {
        if (entry.end <= begin || entry.end > batch->text.size() || batch->text[entry.end - 1] != '\n') {
          outcome_.broken = true;
          break;
        }
        outcome_.records.push_back(batch->text.substr(begin, entry.end - 1 - begin));
        begin = entry.end;
      }
      outcome_.broken |= begin != batch->text.size();
    }
  }
  void flush() override {}
  ExporterCounters counters() const override { return {}; }
  ExporterLabel label() const override { return {"lines", "memory"}; }

 private:
  Outcome& outcome_;
};

/// Losses that are the frames' own: the same whoever reads them, however streams are cut.
constexpr std::string_view kLostBefore[] = {"capture.", "decoder.", "tcp.reassembly_gap", "app_layer.parser_errors"};

// Where and when a record came about depends on packets.
constexpr std::string_view kOfPackets[] = {
    "timestamp",   "flow_id", "parent_id",         "pcap_cnt", "flow",    "tcp",       "ndpi", "packet",
    "packet_info", "payload", "payload_printable", "stream",   "pkt_src", "direction", "ether"};
constexpr std::string_view kSensorTypes[] = {"stats", "loss", "engine"};
constexpr std::string_view kPacketTypes[] = {"flow", "netflow", "packet", "behaviour", "incident", "response", "asset"};

bool one_of(std::string_view name, std::span<const std::string_view> list) {
  return std::ranges::find(list, name) != list.end();
}

}  // namespace

Outcome run(Pipeline::Plan plan) {
  Outcome out;
  plan.exporters.push_back(std::make_unique<LineKeeper>(out));
  RunSummary summary = Pipeline(std::move(plan)).run(nullptr);
  out.counters = std::move(summary.counters);
  out.errors = std::move(summary.errors);
  return out;
}

std::vector<std::string> bounds_hit(const CounterSet& counters) {
  std::vector<std::string> out;
  const CounterSet losses = losses_of(counters);
  for (const CounterValue& loss : losses.values()) {
    const auto begins = [&](std::string_view path) { return loss.path.starts_with(path); };
    if (std::ranges::none_of(kLostBefore, begins)) out.push_back(loss.path);
  }
  return out;
}

bool of_sensor(const Json& record) {
  return one_of(record.value("event_type", ""), kSensorTypes);
}

std::optional<Json> of_applications(Json record) {
  const std::string type = record.value("event_type", "");
  if (of_sensor(record) || one_of(type, kPacketTypes)) return std::nullopt;
  if (type == "anomaly" && record["anomaly"].value("type", "") != "applayer") return std::nullopt;
  // A frame that broke off shows what was there by then.
  if (type == "frame" && !record["frame"].value("complete", true)) return std::nullopt;
  for (std::string_view name : kOfPackets) record.erase(std::string(name));
  // When detection gives up a side is a matter of packets too, and so is what rules had noted by then.
  for (const char* name : {"app_proto", "app_proto_ts", "app_proto_tc"}) {
    if (record.value(name, "") == "failed") record.erase(name);
  }
  record.erase("metadata");
  return record;
}

}  // namespace lapwing::verify
