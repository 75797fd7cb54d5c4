#include "sensor/cli/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "sensor/base/terminal.h"
#include "sensor/cli/incident_text.h"
#include "sensor/pipeline/losses.h"

namespace lapwing {
namespace {

constexpr int kWidth = 40;
constexpr size_t kSignaturesShown = 15, kIncidentsShown = 15;
constexpr double kNoticeable = 0.005;

std::string scaled(double value, const char* unit) {
  constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T"};
  size_t i = 0;
  while (value >= 1000 && i + 1 < std::size(kPrefixes)) {
    value /= 1000;
    ++i;
  }
  return i ? fmt::format("{:.1f} {}{}", value, kPrefixes[i], unit) : fmt::format("{:.0f} {}", value, unit);
}

}  // namespace

void ProgressBar::show(double progress) {
  // The first ticks pass in silence: most replays are over before a bar could be read.
  if (progress < 0 || ++calls_ < 5 || progress - shown_ < kNoticeable || !isatty(STDERR_FILENO)) return;
  shown_ = progress;
  int filled = static_cast<int>(progress * kWidth);
  fmt::print(stderr, "\r[{:=<{}}{: <{}}] {:3.0f} %", "", filled, "", kWidth - filled, progress * 100);
  std::fflush(stderr);
}

void ProgressBar::clear() {
  if (shown_ < 0) return;
  fmt::print(stderr, "\r{: <{}}\r", "", kWidth + 10);
  std::fflush(stderr);
}

void print_summary(const RunSummary& summary) {
  double seconds = summary.seconds > 0 ? summary.seconds : 1e-9;
  fmt::print(stderr, "{} packets, {}, {} flows in {:.2f} s: {}, {}\n", summary.packets,
             scaled(static_cast<double>(summary.bytes), "B"), summary.flows, summary.seconds,
             scaled(static_cast<double>(summary.packets) / seconds, "packets/s"),
             scaled(static_cast<double>(summary.bytes) * 8 / seconds, "bit/s"));
  std::string line;
  for (const auto& [type, count] : summary.records)
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", count, type);
  fmt::print(stderr, "records: {}\n", line.empty() ? "none" : line);
  fmt::print(stderr, "{}", lapwing::summary(objects_of(summary.incidents), kIncidentsShown));
  if (!summary.alerts.empty()) {
    fmt::print(stderr, "alerts by signature:\n");
    for (size_t i = 0; i < summary.alerts.size() && i < kSignaturesShown; ++i) {
      const SignatureTotal& signature = summary.alerts[i];
      fmt::print(stderr, "  {:>8}  {}:{}  {}\n", signature.hits, signature.gid, signature.sid,
                 for_terminal(signature.msg));
    }
    if (summary.alerts.size() > kSignaturesShown) {
      fmt::print(stderr, "  ... and {} more signatures\n", summary.alerts.size() - kSignaturesShown);
    }
  }
  line.clear();
  const CounterSet losses = losses_of(summary.counters);
  for (const CounterValue& loss : losses.values()) {
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", loss.path, loss.value);
  }
  fmt::print(stderr, "losses: {}\n", line.empty() ? "none" : line);
  for (const CaptureError& error : summary.errors) fmt::print(stderr, "{}\n", to_string(error));
}

uint64_t records_lost(const RunSummary& summary) {
  uint64_t lost = 0;
  for (const CounterValue& counter : summary.counters.values()) {
    if (counter.path.starts_with("outputs.") && counter.path.find(".dropped.") != std::string::npos) {
      lost += counter.value;
    }
  }
  return lost;
}

}  // namespace lapwing
