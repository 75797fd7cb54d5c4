// stats records.
#include <algorithm>
#include <string>
#include <vector>

#include "export/eve/envelope.h"

namespace lapwing {
namespace {

using Values = std::vector<const CounterValue*>;

/// Writes counters[from, to), whose paths agree up to `depth`, as members of an open object.
void write_level(JsonWriter& json, const Values& values, size_t from, size_t to, size_t depth) {
  for (size_t i = from; i < to;) {
    std::string_view path(values[i]->path);
    size_t dot = path.find('.', depth);
    std::string_view name = path.substr(depth, dot == std::string_view::npos ? dot : dot - depth);
    if (dot == std::string_view::npos) {
      json.escaped_key(name).value(values[i]->value);
      ++i;
      continue;
    }
    size_t end = i;
    while (end < to && std::string_view(values[end]->path).substr(depth).starts_with(path.substr(depth, dot + 1 - depth))) ++end;
    json.escaped_key(name).begin_object();
    write_level(json, values, i, end, dot + 1);
    json.end_object();
    i = end;
  }
}

}  // namespace

void write_stats(JsonWriter& json, const EveOptions& options, const CounterSet& counters, double uptime_seconds) {
  Values values;
  for (const CounterValue& counter : counters.values()) {
    if (counter.value || options.stats_null_values) values.push_back(&counter);
  }
  std::ranges::sort(values, {}, [](const CounterValue* v) -> const std::string& { return v->path; });
  json.begin_object("stats").member("uptime", static_cast<uint64_t>(uptime_seconds));
  if (options.stats_totals) write_level(json, values, 0, values.size(), 0);
  json.end_object();
}

}  // namespace lapwing
