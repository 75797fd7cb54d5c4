#include "export/eve/stats.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

struct Node {
  std::string_view name;
  bool is_counter = false;
  uint64_t value = 0, last = 0;
  std::vector<std::unique_ptr<Node>> children;  // in the order first seen

  Node& child(std::string_view wanted) {
    for (auto& c : children) {
      if (c->name == wanted) return *c;
    }
    children.push_back(std::make_unique<Node>());
    children.back()->name = wanted;
    return *children.back();
  }

  bool numbered() const {
    return !children.empty() && std::all_of(children.begin(), children.end(),
                                            [](const auto& c) { return parse_unsigned(c->name).has_value(); });
  }
};

void write_node(JsonWriter& json, const Node& node, bool deltas) {
  bool array = node.numbered();
  for (const auto& child : node.children) {
    if (child->children.empty()) {
      if (array) {
        json.value(child->value);
        continue;
      }
      json.escaped_key(child->name).value(child->value);
      if (deltas) {
        // Gauges may fall; Suricata shows their change as a signed number too.
        json.escaped_key(std::string(child->name) + "_delta").value(static_cast<int64_t>(child->value - child->last));
      }
      continue;
    }
    if (!array) json.escaped_key(child->name);
    bool list = child->numbered();
    list ? json.begin_array() : json.begin_object();
    write_node(json, *child, deltas);
    list ? json.end_array() : json.end_object();
  }
}

}  // namespace

void StatsRecord::write(std::string& out, RecordTools& tools, Timestamp time, const CounterSet& counters,
                        double uptime_seconds) {
  const EveStatsOptions& options = tools.options.stats;
  Node root;
  for (const CounterValue& counter : counters.values()) {
    if (counter.value == 0 && !options.null_values) continue;
    Node* node = &root;
    for (std::string_view part : split(counter.path, '.')) node = &node->child(part);
    auto last = last_.try_emplace(counter.path, 0).first;
    node->is_counter = true;
    node->value = counter.value;
    node->last = std::exchange(last->second, counter.value);
  }
  Envelope envelope;
  envelope.time = time;
  {
    Line line(out, tools.times);
    write_envelope(line, tools, envelope, "stats", View::flow);
    line << ",\"stats\":{\"uptime\":" << static_cast<uint64_t>(std::max(0.0, uptime_seconds));
  }
  JsonWriter json(out);
  json.raw("");
  write_node(json, root, options.deltas);
  json.end_object();
  Line line(out, tools.times);
  write_end(line, tools, envelope);
}

}  // namespace lapwing
