// `subscribe`: prints what another Lapwing publishes. `keygen`: the keys of both.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "export/eve/recorder.h"
#include "export/outputs/zmq/subscriber.h"
#include "sensor/base/log.h"
#include "sensor/base/terminal.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/record_filter.h"
#include "sensor/cli/rights.h"
#include "sensor/cli/signals.h"
#include "sensor/pipeline/sensor_config.h"

namespace lapwing {
namespace {

struct SubscribeOptions {
  SubscriberOptions subscriber{.endpoints = {"ipc:///run/lapwing/records"}};
  std::vector<std::string> conditions;
  uint64_t count = 0;
  double idle_seconds = 0;
  bool fail_on_gap = false, pretty = false;
};

std::atomic<bool> stop_subscriber = false;
constexpr int kPollMilliseconds = 200;
constexpr int kIndent = 2;  // columns

/// Prints records to standard output and losses to standard error. A pipe gets records byte for byte; a terminal must
/// not be steered by them.
class Printer {
 public:
  explicit Printer(const SubscribeOptions& options) : options_(options), filter_(options.conditions) {}

  bool wants_more() const { return !failed_ && (options_.count == 0 || shown_ < options_.count); }
  bool failed() const { return failed_; }
  uint64_t lost() const { return lost_; }

  void record(std::string_view text) {
    ++received_;
    if (!wants_more() || !filter_.matches(text)) return;
    ++shown_;
    std::string pretty;
    if (options_.pretty) {
      // In the order they came, and as they are when they are no JSON.
      const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
      if (!json.is_discarded()) {
        pretty = json.dump(kIndent, ' ', false, nlohmann::json::error_handler_t::replace);
        text = pretty;
      }
    }
    std::string shown;
    if (terminal_) {
      append_for_terminal(shown, text);
      text = shown;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (std::fputc('\n', stdout) == EOF) fail();
  }

  void gap(const Gap& gap) {
    lost_ += gap.missing();
    const std::string from = for_terminal(gap.sensor.empty() ? gap.topic : gap.sensor + " " + gap.topic);
    if (gap.missing()) {
      spdlog::warn("{}: {} records lost before number {}", from, gap.missing(), gap.got);
    } else {
      spdlog::warn("{}: number {} came again: do two sensors publish under one name?", from, gap.got);
    }
  }

  void restart(const std::string& sensor, uint64_t epoch) {
    spdlog::warn("{}the sensor began anew: epoch {}", sensor.empty() ? "" : for_terminal(sensor) + ": ", epoch);
  }

  /// Readers of a pipe want lines when they come.
  void flush() {
    if (std::fflush(stdout) != 0) fail();
  }

  void summary(const Subscriber& subscriber) const {
    fmt::print(stderr, "{} records received, {} lost", received_, lost_);
    if (!filter_.empty()) fmt::print(stderr, ", {} matched", shown_);
    if (subscriber.malformed()) fmt::print(stderr, ", {} malformed messages", subscriber.malformed());
    if (subscriber.unfollowed()) fmt::print(stderr, ", {} messages not followed", subscriber.unfollowed());
    if (subscriber.reconnections()) fmt::print(stderr, ", {} reconnections", subscriber.reconnections());
    if (subscriber.unheard()) {
      fmt::print(stderr, "; since the last reconnection {} topics were not heard of: what they lost is not known",
                 subscriber.unheard());
    }
    fmt::print(stderr, "\n");
  }

 private:
  void fail() {
    if (!failed_ && errno != EPIPE) spdlog::error("standard output: {}", std::strerror(errno));
    failed_ = true;
  }

  const SubscribeOptions& options_;
  RecordFilter filter_;
  uint64_t received_ = 0, shown_ = 0, lost_ = 0;
  const bool terminal_ = isatty(STDOUT_FILENO) == 1;
  bool failed_ = false;
};

/// Tells when the sensor is gone and back; ZeroMQ connects again by itself.
class ConnectionWatch {
 public:
  void look(const GateCounters& now) {
    if (seen_.connections && now.disconnections > seen_.disconnections)
      spdlog::warn("connection lost: connecting again");
    if (now.connections > seen_.connections) spdlog::info("connected");
    if (now.handshakes_failed > seen_.handshakes_failed && seen_.handshakes_failed == 0) {
      spdlog::warn("the other side refuses the connection: are its keys and ours right?");
    }
    seen_ = now;
  }

 private:
  GateCounters seen_;
};

PathRights paths_of(const SubscriberOptions& options) {
  PathRights rights;
  for (const std::string& key : {options.curve.secret_key, options.curve.server_key, options.curve.allowed_clients}) {
    if (!key.empty()) add_replaceable(key, rights);
  }
  if (options.bind) add_endpoints(options.endpoints, rights);
  return rights;
}

/// A sensor may be newer and have others: it is asked all the same.
void warn_of_topics(const std::vector<std::string>& topics) {
  const auto known = EveConfig::read(Setting{}, {}, recorded_protocols());
  for (const std::string& topic : topics) {
    auto fits = [&](std::string_view name) { return name.starts_with(topic); };
    if (std::ranges::none_of(known->topics(), fits)) {
      spdlog::warn("--topics {}: no record type of this version begins with it (lapwing list record-types)", topic);
    }
  }
}

int subscribe(const SubscribeOptions& options) {
  std::signal(SIGINT, [](int) { stop_subscriber = true; });
  std::signal(SIGTERM, [](int) { stop_subscriber = true; });
  SurviveSignals survive;
  Printer printer(options);
  const Setting defaults;
  const auto confinement = read_options<ConfinementConfig>(defaults, confinement_options());
  drop_privileges(confinement, defaults, Task::subscribe);
  confine_paths(confinement, paths_of(options.subscriber));
  warn_of_topics(options.subscriber.topics);
  Subscriber subscriber(options.subscriber);
  confine_system_calls(confinement, {.task = Task::subscribe});
  ConnectionWatch connections;
  auto last = std::chrono::steady_clock::now();
  while (!stop_subscriber && printer.wants_more()) {
    const auto now = std::chrono::steady_clock::now();
    const bool received = subscriber.receive(
        kPollMilliseconds, [&](std::string_view, std::string_view record) { printer.record(record); },
        [&](const Gap& gap) { printer.gap(gap); },
        [&](const std::string& sensor, uint64_t epoch) { printer.restart(sensor, epoch); });
    if (received) {
      last = now;
      continue;
    }
    printer.flush();
    connections.look(subscriber.connections());
    if (options.idle_seconds > 0 && std::chrono::duration<double>(now - last).count() >= options.idle_seconds) break;
  }
  printer.flush();
  printer.summary(subscriber);
  if ((printer.lost() || subscriber.unheard()) && options.fail_on_gap) return exit_status::gap;
  return printer.failed() ? exit_status::input_failed : exit_status::done;
}

}  // namespace

void add_subscribe(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("subscribe", "print the records that a sensor publishes over ZeroMQ");
  auto options = std::make_shared<SubscribeOptions>();
  SubscriberOptions& reader = options->subscriber;
  sub->add_option("ENDPOINT", reader.endpoints, "where sensors publish")->capture_default_str();
  auto* topics = sub->add_option("--topics", reader.topics, "only these record types")->delimiter(',');
  sub->add_flag("--pull", reader.pull, "read a zmq-push output, of which every record goes to one reader")
      ->excludes(topics);
  sub->add_flag("--bind", reader.bind, "let sensors connect (mode: connect)");
  auto* key = sub->add_option("--key", reader.curve.secret_key, "secret key file, of `lapwing keygen`");
  auto* server =
      sub->add_option("--server-key", reader.curve.server_key, "file with the sensor's public key")->needs(key);
  sub->add_option("--allowed-sensors", reader.curve.allowed_clients,
                  "with --bind: file of public keys that may connect")
      ->needs(key)
      ->excludes(server);
  sub->add_option("--filter", options->conditions,
                  "only records with PATH, without it (!PATH), or where PATH = != < <= > >= VALUE; all given must hold")
      ->take_all();
  sub->add_flag("--pretty", options->pretty, "records over several lines");
  sub->add_option("--count", options->count, "stop after so many records shown");
  sub->add_option("--idle", options->idle_seconds, "stop after so many seconds without a record");
  sub->add_flag("--fail-on-gap", options->fail_on_gap,
                "exit with status 3 when records were lost, or may have been around a reconnection");
  sub->callback([options, &command] {
    try {
      RecordFilter{options->conditions};
    } catch (const std::invalid_argument& error) {
      throw CLI::ValidationError("--filter", error.what());
    }
    command = [options] { return subscribe(*options); };
  });
}

void add_keygen(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("keygen", "make a key pair for encrypted ZeroMQ: FILE is secret, FILE.pub public");
  auto path = std::make_shared<std::string>();
  sub->add_option("FILE", *path, "file of the secret key, which must not be there yet")->required();
  sub->callback([path, &command] {
    command = [path] {
      const CurveKeys keys = write_new_keys(*path);
      fmt::print("{}\n", keys.public_key);
      return exit_status::done;
    };
  });
}

}  // namespace lapwing
