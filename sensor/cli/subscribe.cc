// `subscribe`: prints what another Lapwing publishes.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "export/zmq/subscriber.h"
#include "sensor/base/log.h"
#include "sensor/cli/commands.h"

namespace lapwing {
namespace {

struct SubscribeOptions {
  std::string endpoint = "tcp://127.0.0.1:5556";
  std::vector<std::string> topics;
  uint64_t count = 0;
  double idle_seconds = 0;
  bool fail_on_gap = false;
};

std::atomic<bool> stop_subscriber = false;
constexpr int kPollMilliseconds = 200;

int subscribe(const SubscribeOptions& options) {
  std::signal(SIGINT, [](int) { stop_subscriber = true; });
  std::signal(SIGTERM, [](int) { stop_subscriber = true; });
  Subscriber subscriber(options.endpoint, options.topics);
  uint64_t records = 0, lost = 0;
  auto on_record = [&](std::string_view, std::string_view record) {
    ++records;
    std::fwrite(record.data(), 1, record.size(), stdout);
    std::fputc('\n', stdout);
  };
  auto on_gap = [&](const Gap& gap) {
    uint64_t missing = gap.got > gap.expected ? gap.got - gap.expected : 0;
    lost += missing;
    spdlog::warn("{}: {} records lost before number {}", gap.topic, missing, gap.got);
  };
  auto last = std::chrono::steady_clock::now();
  while (!stop_subscriber && (options.count == 0 || records < options.count)) {
    auto now = std::chrono::steady_clock::now();
    if (subscriber.receive(kPollMilliseconds, on_record, on_gap)) {
      last = now;
    } else {
      std::fflush(stdout);
      if (options.idle_seconds > 0 && std::chrono::duration<double>(now - last).count() >= options.idle_seconds) break;
    }
  }
  std::fflush(stdout);
  fmt::print(stderr, "{} records received, {} lost\n", records, lost);
  return lost && options.fail_on_gap ? exit_status::gap : exit_status::done;
}

}  // namespace

void add_subscribe(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("subscribe", "print the records that a sensor publishes over ZeroMQ");
  auto options = std::make_shared<SubscribeOptions>();
  sub->add_option("ENDPOINT", options->endpoint, "where the sensor publishes")->capture_default_str();
  sub->add_option("--topics", options->topics, "only these record types")->delimiter(',');
  sub->add_option("--count", options->count, "stop after so many records");
  sub->add_option("--idle", options->idle_seconds, "stop after so many seconds without a record");
  sub->add_flag("--fail-on-gap", options->fail_on_gap, "exit with status 3 when records were lost");
  sub->callback([options, &command] { command = [options] { return subscribe(*options); }; });
}

}  // namespace lapwing
