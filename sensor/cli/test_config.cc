// `test-config`: all that `run` would refuse to start with, told at once, with nothing begun.
#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "export/eve/recorder.h"
#include "export/outputs/zmq/curve.h"
#include "sensor/base/json_writer.h"
#include "sensor/base/log.h"
#include "sensor/base/terminal.h"
#include "sensor/base/writable.h"
#include "sensor/capture/dpdk/dpdk.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/run_options.h"
#include "sensor/metrics/metrics_server.h"

namespace lapwing {
namespace {

struct TestOptions {
  RunOptions run;
  bool json = false;
};

/// What was looked at, and what was found.
struct Look {
  std::string of;
  bool ok = true;
  SourceMark where;     // of the fault
  std::string message;  // what is there, or what is wrong with it, with its place
  std::vector<std::string> warnings;
};

/// Takes what would go to the log, while it lives.
class Overheard {
 public:
  Overheard() { logger().sinks() = {sink_}; }
  ~Overheard() { logger().sinks() = before_; }
  Overheard(const Overheard&) = delete;
  Overheard& operator=(const Overheard&) = delete;

  std::vector<std::string> take() { return std::exchange(sink_->warnings, {}); }

 private:
  struct Sink : spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& message) override {
      if (message.level >= spdlog::level::warn) warnings.emplace_back(message.payload.data(), message.payload.size());
    }
    void flush_() override {}
    std::vector<std::string> warnings;
  };
  static spdlog::logger& logger() { return *spdlog::default_logger(); }

  const std::vector<spdlog::sink_ptr> before_ = logger().sinks();
  const std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
};

class Test {
 public:
  explicit Test(const RunOptions& options) : options_(options) {}

  std::vector<Look> run() {
    if (!look("configuration", [this] { return configuration(); })) return std::move(looks_);
    // As the user whose rights count from here on.
    if (!look("user", [this] { return user(); })) return std::move(looks_);
    if (!look("settings", [this] { return settings(); })) return std::move(looks_);
    look("rules", [this] { return rules(); });
    look("keys", [this] { return keys(); });
    look("outputs", [this] { return outputs(); });
    look("control", [this] { return control(); });
    look("interfaces", [this] { return interfaces(); });
    // When all have read theirs.
    look("unknown keys", [this] { return unknown_keys(); });
    look("confinement", [this] { return confinement(); });
    return std::move(looks_);
  }

 private:
  bool look(const char* of, const std::function<std::string()>& at) {
    Look found{.of = of};
    try {
      found.message = at();
    } catch (const SettingError& error) {
      found.where = error.where();
      found.message = error.what();
      found.ok = false;
    } catch (const std::exception& error) {
      found.message = error.what();
      found.ok = false;
    }
    found.warnings = overheard_.take();
    looks_.push_back(std::move(found));
    return looks_.back().ok;
  }

  std::string configuration() {
    root_ = options_.configuration.read();
    places_ = options_.configuration.key_places();
    std::string names;
    for (const std::string& file : options_.configuration.files()) names += (names.empty() ? "" : ", ") + file;
    return names.empty() ? "no file: the defaults" : names;
  }

  std::string user() {
    confinement_ = read_options<ConfinementConfig>(*root_, confinement_options());
    named_ = options_.interfaces;
    dpdk_.emplace(*root_, named_);
    drop_privileges(confinement_, *root_, Task::run, !dpdk_->empty());
    return confinement_.user.empty() ? "as it was started" : confinement_.user;
  }

  std::string settings() {
    name_sensor(*root_);
    write_eve_unless_told(options_.outputs, *root_);
    config_ = SensorConfig::read(*root_, options_.outputs.records);
    checksum_mode(options_.checksums, *root_);
    return "read";
  }

  std::string rules() {
    const RuleFiles files = find_rule_files(options_.configuration.rule_files, *root_);
    check_outputs(options_.outputs, *root_, inputs_of(options_, files));
    check_state(config_->analytics.state, root_->find("analytics.state"), inputs_of(options_, files));
    const RuleCounts counts = load_rules(files, *config_, options_.configuration.strict)->counts();
    return fmt::format("{} loaded, {} left out for what is not supported yet, {} at fault", counts.loaded,
                       counts.skipped, counts.failed);
  }

  std::string keys() {
    size_t files = 0;
    for (const Setting* section : eve_sections(*root_)) {
      const auto each = [&](const char* key, const auto& take) {
        const Setting* file = section->find(key);
        if (!file || file->as_text().empty()) return;
        take(file->as_text());
        ++files;
      };
      each("curve.secret-key-file", read_secret_key);
      each("curve.server-key-file", read_public_key);
      each("curve.allowed-clients-file", read_client_keys);
    }
    return files ? fmt::format("{} files", files) : "none asked for";
  }

  std::string outputs() {
    make_exporters(options_.outputs, *root_, *config_, OutputUse::trial);
    size_t count = eve_sections(*root_).size();
    const bool named = !options_.outputs.eve_file.empty() || !options_.outputs.publish.empty();
    if (named) count = !options_.outputs.eve_file.empty() + !options_.outputs.publish.empty();
    return fmt::format("{} of records{}", count, config_->file_store.enabled ? ", the file store" : "");
  }

  std::string control() {
    check_metrics(*root_, read_options<MetricsConfig>(*root_, metrics_options()));
    const auto config = read_options<ControlConfig>(*root_, control_options());
    if (!config.enabled) return "off";
    if (config.socket.empty()) {
      // Nobody asked for it: without a place for it `run` goes on.
      const std::vector<std::string> paths = default_control_paths();
      const auto path = std::ranges::find(paths, 0, fault_of_making);
      if (path != paths.end()) return *path;
      spdlog::warn("no folder for a control socket: set control.socket, or RUNTIME_DIRECTORY");
      return "none";
    }
    if (const int fault = fault_of_making(config.socket)) {
      throw std::runtime_error("control socket '" + config.socket + "': " + std::strerror(fault));
    }
    return config.socket;
  }

  std::string interfaces() {
    std::string names;
    for (const LiveConfig& interface : choose_interfaces(options_, named_, dpdk_->empty(), *root_)) {
      checksum_mode(interface.checksums, *root_);
      names += (names.empty() ? "" : ", ") + interface.interface;
      const std::string waits = try_interface(interface);
      if (!waits.empty()) spdlog::warn("{}: {}: it would be waited for", interface.interface, waits);
    }
    return names.empty() ? "ports of DPDK, which are not tried" : names;
  }

  std::string unknown_keys() {
    options_.configuration.check_unread(*root_, places_);
    return "none";
  }

  std::string confinement() {
    const uint64_t landlock = confine_paths(confinement_, {.read = {"/"}, .write = {}});
    const uint64_t calls = confine_system_calls(confinement_, {.task = Task::run, .dpdk = !dpdk_->empty()});
    return fmt::format("landlock {}, {} system calls", landlock ? "version " + std::to_string(landlock) : "none",
                       calls ? std::to_string(calls) : "all");
  }

  const RunOptions& options_;
  Overheard overheard_;
  std::vector<Look> looks_;
  std::unique_ptr<Setting> root_;
  KeyPlaces places_;
  ConfinementConfig confinement_;
  std::vector<std::string> named_;  // interfaces that are no ports of DPDK
  std::optional<DpdkCapture> dpdk_;
  std::unique_ptr<const SensorConfig> config_;
};

std::string as_json(const std::vector<Look>& looks, bool ok) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("ok", ok).begin_array("checks");
  for (const Look& look : looks) {
    json.begin_object().member("check", look.of).member("ok", look.ok).member("message", look.message);
    if (!look.where.file.empty()) json.member("file", look.where.file);
    if (look.where.line) json.member("line", look.where.line).member("column", look.where.column);
    json.begin_array("warnings");
    for (const std::string& warning : look.warnings) json.value(warning);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return text;
}

std::string as_text(const std::vector<Look>& looks) {
  std::string text;
  for (const Look& look : looks) {
    for (const std::string& warning : look.warnings) text += fmt::format("{:<14} warning: {}\n", look.of, warning);
    text += fmt::format("{:<14} {}: {}\n", look.of, look.ok ? "ok" : "fault", look.message);
  }
  return text;
}

int test_config(const TestOptions& options) {
  const std::vector<Look> looks = Test(options.run).run();
  const bool ok = std::ranges::all_of(looks, &Look::ok);
  std::string shown;  // may hold what files hold
  append_for_terminal(shown, options.json ? as_json(looks, ok) + "\n" : as_text(looks));
  fmt::print("{}", shown);
  return ok ? exit_status::done : exit_status::usage;
}

}  // namespace

void add_test_config(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand(
      "test-config",
      "look at all that `run` with the same options needs, and begin nothing; status 2: it would not start");
  auto options = std::make_shared<TestOptions>();
  options->run.add_to(*sub);
  sub->add_flag("--json", options->json, "as a JSON object");
  sub->callback([options, &command] { command = [options] { return test_config(*options); }; });
}

}  // namespace lapwing
