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
  std::string_view text;                        // instead of the value
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

/// `lists`: what is numbered becomes an array, which must then be whole.
void write_node(JsonWriter& json, const Node& node, bool deltas, bool lists) {
  bool array = lists && node.numbered();
  for (const auto& child : node.children) {
    if (child->children.empty()) {
      if (array) {
        json.value(child->value);
        continue;
      }
      if (!child->text.empty()) {
        json.escaped_key(child->name).value(child->text);
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
    bool list = lists && child->numbered();
    list ? json.begin_array() : json.begin_object();
    // What is numbered stands for one engine or worker each; readers of Suricata's expect no deltas there.
    write_node(json, *child, deltas && !array, lists);
    list ? json.end_array() : json.end_object();
  }
}

/// Where `last` remembers the values of the record before, they are told and replaced.
void build_tree(Node& root, const CounterSet& counters, bool null_values,
                std::map<std::string, uint64_t, std::less<>>* last) {
  for (const CounterValue& counter : counters.values()) {
    if (counter.value == 0 && counter.text.empty() && !null_values) continue;
    Node* node = &root;
    for (std::string_view part : split(counter.path, '.')) node = &node->child(part);
    node->is_counter = true;
    node->value = counter.value;
    node->text = counter.text;
    if (last) node->last = std::exchange((*last)[counter.path], counter.value);
  }
}

uint64_t whole_seconds(double seconds) {
  return static_cast<uint64_t>(std::max(0.0, seconds));
}

/// A record of counters: `first` is the member before them, `lists` as in write_node.
void write_record(std::string& out, RecordTools& tools, Timestamp time, std::string_view type, std::string_view first,
                  double seconds, const Node& root, bool deltas, bool lists) {
  Envelope envelope;
  envelope.time = time;
  {
    Line line(out, tools.times);
    write_envelope(line, tools, envelope, type, View::flow);
  }
  JsonWriter json(out);
  json.raw("");
  json.begin_object(type).member(first, whole_seconds(seconds));
  write_node(json, root, deltas, lists);
  json.end_object();
  Line line(out, tools.times);
  write_end(line, tools, envelope);
}

}  // namespace

void write_stats_object(std::string& out, const CounterSet& counters, double uptime_seconds) {
  Node root;
  build_tree(root, counters, true, nullptr);
  JsonWriter json(out);
  json.begin_object().member("uptime", whole_seconds(uptime_seconds));
  write_node(json, root, false, true);
  json.end_object();
}

void write_loss_record(std::string& out, RecordTools& tools, Timestamp time, const CounterSet& lost, double seconds) {
  Node root;
  build_tree(root, lost, false, nullptr);
  write_record(out, tools, time, "loss", "seconds", seconds, root, false, false);
}

void StatsRecord::write(std::string& out, RecordTools& tools, Timestamp time, const CounterSet& counters,
                        double uptime_seconds) {
  const EveStatsOptions& options = tools.options.stats;
  Node root;
  build_tree(root, counters, options.null_values, &last_);
  write_record(out, tools, time, "stats", "uptime", uptime_seconds, root, options.deltas, true);
}

}  // namespace lapwing
