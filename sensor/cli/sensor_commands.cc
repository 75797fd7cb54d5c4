#include "sensor/cli/sensor_commands.h"

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "export/eve/asset.h"
#include "export/eve/incident.h"
#include "sensor/base/json_writer.h"
#include "sensor/pipeline/sensor_config.h"

namespace lapwing {
namespace {

/// Suricata's names of memory caps, and ours.
constexpr std::pair<std::string_view, std::string_view> kMemcaps[] = {{"stream", "stream.memcap"},
                                                                      {"stream-reassembly", "stream.reassembly.memcap"},
                                                                      {"flow", "flow.memcap"},
                                                                      {"defrag", "defrag.memcap"},
                                                                      {"app-layer", "app-layer.memcap"}};

std::string text(std::string_view words) {
  std::string out;
  return JsonWriter(out).value(words).text();
}

std::string version(const SensorParts& parts) {
  std::string names;
  for (const std::string& name : parts.interfaces) names += (names.empty() ? "" : ",") + name;
  const RuleStatus status = parts.pipeline.rule_status();
  std::string out;
  JsonWriter(out)
      .begin_object()
      .member("version", LAPWING_VERSION)
      .member("pid", static_cast<int64_t>(getpid()))
      .member("interface", names)
      .member("generation", status.generation)
      .member("rules_loaded", status.counts.loaded)
      .member("rules_since", status.since)
      .end_object();
  return out;
}

std::string incidents(const SensorParts& parts) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const Incident& incident : parts.pipeline.incidents()) write_incident_object(json, incident);
  json.end_array();
  return out;
}

std::string assets(const SensorParts& parts) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const Asset& asset : parts.pipeline.assets()) write_asset_object(json, asset);
  json.end_array();
  return out;
}

void close_incident(const SensorParts& parts, const std::string& id, std::string_view wanted,
                    const ControlAnswer& answer) {
  const auto reason = std::ranges::find(kCloseReasons, wanted);
  if (reason == kCloseReasons.end()) return answer(false, text("the reason is false-positive, benign or handled"));
  parts.pipeline.close_incident(id, *reason, [answer](bool closed) {
    answer(closed, text(closed ? "closed" : "no incident of that id is open"));
  });
}

std::string interface_list(const SensorParts& parts) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("count", parts.interfaces.size()).begin_array("ifaces");
  for (const std::string& name : parts.interfaces) json.value(name);
  json.end_array().end_object();
  return out;
}

void tell_interface(const SensorParts& parts, const std::string& name, const ControlAnswer& answer) {
  const CounterSet counters = parts.pipeline.counters();
  const auto found = std::ranges::find(parts.interfaces, name);
  if (found == parts.interfaces.end()) return answer(false, text("no interface of that name is watched"));
  const std::string prefix = "capture.interfaces." + std::to_string(found - parts.interfaces.begin()) + ".";
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  for (auto [key, path] :
       {std::pair{"pkts", "packets"}, {"bytes", "bytes"}, {"drop", "drops"}, {"ifdrop", "ifdrops"}}) {
    json.member(key, counters.value(prefix + path));
  }
  json.end_object();
  answer(true, out);
}

std::string rule_counts(const SensorParts& parts) {
  const RuleCounts counts = parts.pipeline.rule_status().counts;
  std::string out;
  JsonWriter json(out);
  json.begin_array().begin_object().member("id", 0).member("rules_loaded", counts.loaded);
  json.member("rules_failed", counts.failed).member("rules_skipped", counts.skipped).end_object().end_array();
  return out;
}

std::string rule_time(const SensorParts& parts) {
  std::string out;
  JsonWriter json(out);
  json.begin_array().begin_object().member("id", 0);
  json.member("last_reload", parts.pipeline.rule_status().since).end_object().end_array();
  return out;
}

std::string rule_faults(const SensorParts& parts) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (const RuleMessage& fault : parts.faults.get()) {
    json.begin_object().member("tenant_id", 0).member("filename", fault.mark.file).member("line", fault.mark.line);
    json.member("column", fault.mark.column);
    if (fault.sid) json.member("sid", fault.sid);
    json.member("message", fault.text).end_object();
  }
  json.end_array();
  return out;
}

/// What the configuration says, or the default; nothing for what is no single value.
std::optional<std::string> setting(const Setting& root, std::string_view key) {
  const Setting* node = root.find(key);
  if (node && node->kind == Setting::Kind::scalar) return node->scalar;
  if (node && !node->children.empty()) return std::nullopt;
  for (const OptionInfo& option : all_options()) {
    if (option.key == key) return option.fallback;
  }
  return std::nullopt;
}

std::string memcaps(const SensorParts& parts) {
  std::string out;
  JsonWriter json(out);
  json.begin_array();
  for (auto [name, key] : kMemcaps) {
    json.begin_object().member("name", name).member("value", setting(parts.root, key).value_or("")).end_object();
  }
  json.end_array();
  return out;
}

void tell_memcap(const SensorParts& parts, std::string_view wanted, const ControlAnswer& answer) {
  for (auto [name, key] : kMemcaps) {
    if (name != wanted) continue;
    std::string out;
    JsonWriter(out).begin_object().member("value", setting(parts.root, key).value_or("")).end_object();
    return answer(true, out);
  }
  answer(false, text("no memory cap of that name; memcap-list has them all"));
}

void reload(const SensorParts& parts, bool strict, const ControlAnswer& answer) {
  parts.reloader.request(strict, [answer](const ReloadReport& report) { answer(report.taken, to_json(report)); });
}

/// As Suricata's: what is waited for is told in a word.
void reload_rules(const SensorParts& parts, const ControlAnswer& answer) {
  parts.reloader.request(false, [answer](const ReloadReport& report) {
    answer(report.taken, text(report.taken ? "done" : to_text(report)));
  });
}

}  // namespace

std::vector<ControlCommand> sensor_commands(const SensorParts& parts) {
  std::vector<ControlCommand> out;
  auto add = [&](std::string_view name, std::function<void(const ControlInput&, const ControlAnswer&)> run,
                 std::vector<std::string_view> arguments = {}, std::vector<std::string_view> flags = {}) {
    out.push_back({name, std::move(flags), std::move(run), std::move(arguments)});
  };
  /// One that only tells.
  auto tell = [&](std::string_view name, std::string (*make)(const SensorParts&)) {
    add(name, [parts, make](const ControlInput&, const ControlAnswer& answer) { answer(true, make(parts)); });
  };
  add("reload",
      [parts](const ControlInput& input, const ControlAnswer& answer) { reload(parts, !input.flags.empty(), answer); },
      {}, {"strict"});
  for (std::string_view name : {"stats", "dump-counters"}) {
    tell(name, [](const SensorParts& of) { return of.pipeline.stats_object(); });
  }
  tell("incidents", incidents);
  tell("assets", assets);
  add("incident-close",
      [parts](const ControlInput& input, const ControlAnswer& answer) {
        close_incident(parts, input.argument("id"), input.argument("reason"), answer);
      },
      {"id", "reason"});
  tell("version", version);
  tell("uptime", [](const SensorParts& of) { return std::to_string(static_cast<uint64_t>(of.pipeline.uptime())); });
  tell("running-mode", [](const SensorParts&) { return text("workers"); });
  tell("capture-mode", [](const SensorParts&) { return text("PCAP_DEV"); });
  tell("iface-list", interface_list);
  add("iface-stat",
      [parts](const ControlInput& input, const ControlAnswer& answer) {
        tell_interface(parts, input.argument("iface"), answer);
      },
      {"iface"});
  add("conf-get",
      [parts](const ControlInput& input, const ControlAnswer& answer) {
        const auto value = setting(parts.root, input.argument("variable"));
        answer(value.has_value(), text(value.value_or("no single value of that name is set, and there is no default")));
      },
      {"variable"});
  for (std::string_view name : {"ruleset-reload-rules", "reload-rules"}) {
    add(name, [parts](const ControlInput&, const ControlAnswer& answer) { reload_rules(parts, answer); });
  }
  add("ruleset-reload-nonblocking", [parts](const ControlInput&, const ControlAnswer& answer) {
    parts.reloader.request(false, {});
    answer(true, text("done"));
  });
  tell("ruleset-reload-time", rule_time);
  tell("ruleset-stats", rule_counts);
  tell("ruleset-failed-rules", rule_faults);
  tell("memcap-list", memcaps);
  add("memcap-show",
      [parts](const ControlInput& input, const ControlAnswer& answer) {
        tell_memcap(parts, input.argument("config"), answer);
      },
      {"config"});
  add("reopen-log-files", [parts](const ControlInput&, const ControlAnswer& answer) {
    parts.pipeline.reopen_outputs();
    answer(true, text("done"));
  });
  add("shutdown", [parts](const ControlInput&, const ControlAnswer& answer) {
    answer(true, text("the sensor ends"));
    parts.pipeline.stop();
  });
  std::string names;
  JsonWriter json(names);
  json.begin_object().member("count", out.size() + 1).begin_array("commands");
  for (const ControlCommand& command : out) json.value(command.name);
  json.value("command-list").end_array().end_object();
  add("command-list", [names](const ControlInput&, const ControlAnswer& answer) { answer(true, names); });
  return out;
}

}  // namespace lapwing
