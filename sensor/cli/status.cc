// `status`: one screen of how a running sensor is, and an exit status for whoever watches it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "sensor/base/json_writer.h"
#include "sensor/base/terminal.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/sensor_answer.h"
#include "sensor/pipeline/losses.h"

namespace lapwing {
namespace {

struct StatusOptions {
  std::string socket;
  double interval = 1;  // seconds between two looks
  bool json = false;
};

/// As plug-ins of Nagios and its kin end: whoever watches sensors knows these.
enum Health : int { healthy = 0, warning = 1, critical = 2 };
constexpr std::string_view kWords[] = {"ok", "warning", "critical"};

struct Reason {
  Health health;
  std::string text;
};

/// Counters by path, as they were when the sensor was asked.
class Stats {
 public:
  explicit Stats(nlohmann::json object) : object_(std::move(object)) {
    const nlohmann::json flat = object_.is_object() ? object_.flatten() : nlohmann::json::object();
    for (const auto& [pointer, value] : flat.items()) {
      if (!value.is_number_unsigned()) continue;
      std::string path = pointer.substr(1);
      std::ranges::replace(path, '/', '.');
      counters_.add(path, value.get<uint64_t>(), "");
    }
  }

  bool empty() const { return counters_.values().empty(); }
  const CounterSet& counters() const { return counters_; }
  uint64_t count(std::string_view path) const { return counters_.value(path); }
  std::string text(const char* list, size_t index, const char* key) const {
    const nlohmann::json::json_pointer at(fmt::format("/{}/{}/{}", list, index, key));
    return object_.contains(at) && object_[at].is_string() ? object_[at].get<std::string>() : "";
  }
  size_t size(const char* list) const {
    const nlohmann::json::json_pointer at(std::string("/") + list);
    return object_.contains(at) ? object_[at].size() : 0;
  }

 private:
  nlohmann::json object_;
  CounterSet counters_;
};

/// Two looks at a sensor, and what they say.
class Status {
 public:
  Status(Stats before, Stats now, double seconds, nlohmann::json version)
      : before_(std::move(before)), now_(std::move(now)), seconds_(seconds), version_(std::move(version)) {
    LossWatch watch;
    watch.since_last(before_.counters());
    losing_ = watch.since_last(now_.counters());
    judge();
  }

  Health health() const {
    Health worst = healthy;
    for (const Reason& reason : reasons_) worst = std::max(worst, reason.health);
    return worst;
  }

  std::string as_text() const {
    std::string out =
        fmt::format("{}: lapwing {}, process {}, up {}\n", kWords[health()], version_.value("version", "?"),
                    version_.value("pid", int64_t{0}), duration(now_.count("uptime")));
    for (const Reason& reason : reasons_) out += fmt::format("  {}: {}\n", kWords[reason.health], reason.text);
    out += fmt::format("{:<12} {} loaded, {} left out for what is not supported yet, {} at fault; generation {}\n",
                       "rules", rules("loaded"), rules("skipped"), rules("failed"), now_.count("reload.generation"));
    for (size_t i = 0; i < now_.size("capture/interfaces"); ++i) {
      const std::string path = fmt::format("capture.interfaces.{}.", i);
      out += fmt::format("{:<12} {}{}: {:.0f} packets/s, {:.1f} Mbit/s, {} packets, {} dropped\n", "interface",
                         now_.text("capture/interfaces", i, "name"), now_.count(path + "down") ? " (down)" : "",
                         rate(path + "packets"), rate(path + "bytes") * 8 / 1e6, now_.count(path + "packets"),
                         now_.count(path + "drops") + now_.count(path + "ifdrops"));
    }
    out += fmt::format("{:<12} {} in the table, {:.0f} alerts/s, {} alerts\n", "flows", now_.count("flow.active"),
                       rate("detect.alert"), now_.count("detect.alert"));
    for (size_t i = 0; i < now_.size("outputs"); ++i) {
      const std::string path = fmt::format("outputs.{}.", i);
      out += fmt::format("{:<12} {} {}: {:.0f} records/s, {} records, {} dropped\n", "output",
                         now_.text("outputs", i, "type"), now_.text("outputs", i, "destination"),
                         rate(path + "records"), now_.count(path + "records"), dropped(now_, i));
    }
    out += fmt::format("{:<12} {}\n", "lost", list(losses_of(now_.counters()), "nothing since the start"));
    return out;
  }

  std::string as_json() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().member("status", kWords[health()]).begin_array("reasons");
    for (const Reason& reason : reasons_) {
      json.begin_object().member("status", kWords[reason.health]).member("message", reason.text).end_object();
    }
    json.end_array().member("version", version_.value("version", "")).member("pid", version_.value("pid", int64_t{0}));
    json.member("uptime", now_.count("uptime")).member("rules_loaded", rules("loaded"));
    json.member("rules_failed", rules("failed")).member("rules_skipped", rules("skipped"));
    json.member("packets", now_.count("capture.packets")).member("packets_per_second", rate("capture.packets"));
    json.member("bits_per_second", rate("capture.bytes") * 8).begin_object("losing");
    for (const CounterValue& loss : losing_.values()) json.escaped_key(loss.path).value(loss.value);
    json.end_object().begin_object("lost");
    const CounterSet lost = losses_of(now_.counters());
    for (const CounterValue& loss : lost.values()) json.escaped_key(loss.path).value(loss.value);
    json.end_object().end_object();
    return out + "\n";
  }

 private:
  void judge() {
    auto found = [this](Health health, std::string text) { reasons_.push_back({health, std::move(text)}); };
    for (size_t i = 0; i < now_.size("capture/interfaces"); ++i) {
      if (!now_.count(fmt::format("capture.interfaces.{}.down", i))) continue;
      found(critical, now_.text("capture/interfaces", i, "name") + " is down or away");
    }
    for (size_t i = 0; i < now_.size("outputs"); ++i) {
      if (dropped(now_, i) == dropped(before_, i)) continue;
      found(critical, fmt::format("{} {} loses records", now_.text("outputs", i, "type"),
                                  now_.text("outputs", i, "destination")));
    }
    if (!losing_.values().empty()) found(warning, fmt::format("lost within {:.1f} s: {}", seconds_, list(losing_, "")));
    if (rules("loaded") == 0 && rules("failed") + rules("skipped")) found(warning, "no rule is loaded");
    if (rules("failed")) found(warning, fmt::format("{} rules are at fault", rules("failed")));
    if (now_.count("reload.refused") != before_.count("reload.refused")) found(warning, "new rules were just refused");
    if (now_.count("capture.silences") != before_.count("capture.silences")) found(warning, "an interface fell silent");
  }

  uint64_t rules(std::string_view what) const { return now_.count("detect.engines.0.rules_" + std::string(what)); }
  double rate(const std::string& path) const {
    const uint64_t now = now_.count(path), then = before_.count(path);
    return now > then ? static_cast<double>(now - then) / seconds_ : 0;
  }
  static uint64_t dropped(const Stats& stats, size_t output) {
    uint64_t sum = 0;
    const std::string prefix = fmt::format("outputs.{}.dropped.", output);
    for (const CounterValue& counter : stats.counters().values()) {
      if (counter.path.starts_with(prefix)) sum += counter.value;
    }
    return sum;
  }
  static std::string list(const CounterSet& set, std::string otherwise) {
    std::string out;
    for (const CounterValue& value : set.values()) {
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", value.path, value.value);
    }
    return out.empty() ? otherwise : out;
  }
  static std::string duration(uint64_t seconds) {
    constexpr uint64_t kMinute = 60, kHour = 3600, kDay = 86400;
    std::string out = seconds < kDay ? "" : fmt::format("{} d ", seconds / kDay);
    return out + fmt::format("{:02}:{:02}:{:02}", seconds % kDay / kHour, seconds % kHour / kMinute, seconds % kMinute);
  }

  const Stats before_, now_;
  const double seconds_;
  const nlohmann::json version_;
  CounterSet losing_;  // between the two
  std::vector<Reason> reasons_;
};

nlohmann::json message_of(const StatusOptions& options, std::string_view request) {
  SensorAnswer answer = ask_sensor_at(options.socket, request, kStatsSeconds);
  if (!answer.ok || !answer.message.is_object()) throw std::runtime_error("the sensor does not tell how it is");
  return std::move(answer.message);
}

int status(const StatusOptions& options) {
  std::string text;
  Health health = critical;
  try {
    const auto version = message_of(options, R"({"command":"version"})");
    const auto begin = std::chrono::steady_clock::now();
    Stats before(message_of(options, R"({"command":"stats"})"));
    std::this_thread::sleep_for(std::chrono::duration<double>(options.interval));
    Stats now(message_of(options, R"({"command":"stats"})"));
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    if (before.empty() || now.empty()) throw std::runtime_error("the sensor is ending");
    const Status status(std::move(before), std::move(now), passed.count(), version);
    text = options.json ? status.as_json() : status.as_text();
    health = status.health();
  } catch (const std::exception& error) {
    JsonWriter json(text);
    if (options.json) {
      json.begin_object().member("status", kWords[critical]).begin_array("reasons").begin_object();
      json.member("status", kWords[critical]).member("message", error.what()).end_object().end_array().end_object();
      text += "\n";
    } else {
      text = fmt::format("{}: {}\n", kWords[critical], error.what());
    }
  }
  std::string shown;  // names of outputs and interfaces may be anything
  append_for_terminal(shown, text);
  fmt::print("{}", shown);
  return health;
}

}  // namespace

void add_status(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand(
      "status", "print how a running sensor is; exit status as of monitoring plug-ins: 0 ok, 1 warning, 2 critical");
  auto options = std::make_shared<StatusOptions>();
  sub->add_option("--socket", options->socket,
                  "the sensor's control socket (control.socket); else where it lies by default");
  sub->add_option("--interval", options->interval, "seconds between the two looks that rates and losses are told of")
      ->check(CLI::Range(0.1, 60.0))
      ->capture_default_str();
  sub->add_flag("--json", options->json, "as a JSON object");
  sub->callback([options, &command] { command = [options] { return status(*options); }; });
}

}  // namespace lapwing
