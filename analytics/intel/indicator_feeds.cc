#include "analytics/intel/indicator_feeds.h"

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "sensor/base/hash.h"
#include "sensor/base/log.h"

namespace lapwing::analytics {
namespace {

constexpr std::string_view kPrefix = "analytics.intel.";

void add(std::string_view name, uint64_t value, std::string_view help, CounterKind kind, CounterSet& set) {
  set.add(std::string(kPrefix) + std::string(name), value, help, kind);
}

void add_all(const IndicatorSet* from, uint64_t reloads, uint64_t refused, CounterSet& set) {
  const FeedCounts counts = from ? from->counts() : FeedCounts();
  for (size_t i = 0; i < kIndicatorTypes; ++i) {
    const auto type = static_cast<IndicatorType>(i);
    add("indicators." + std::string(name(type)), from ? from->table().count(type) : 0,
        "indicators of the type in force, each once", CounterKind::gauge, set);
  }
  add("bad", counts.bad, "rows of feeds in force that are at fault, and left out", CounterKind::gauge, set);
  add("skipped", counts.skipped,
      "rows of feeds in force that name nothing one can look up, or state too little confidence", CounterKind::gauge,
      set);
  add("refused", counts.refused, "indicators of feeds in force that no feed may name", CounterKind::gauge, set);
  add("reloads", reloads, "times that feeds were read anew and taken", CounterKind::sum, set);
  add("reloads_refused", refused, "times that a feed could not be read, and all stayed as they were", CounterKind::sum,
      set);
}

}  // namespace

std::shared_ptr<const IndicatorSet> IndicatorFeeds::load(FeedOptions options) {
  constexpr size_t kShown = 20;  // rows
  options.seed = draw_seed();
  size_t faults = 0;
  auto out = IndicatorSet::load(options, [&](const std::string& file, FeedFormat format, const FeedRow& row) {
    if (row.skipped || row.why.empty() || ++faults > kShown) return;
    // Of JSON the first line is the header of what it was turned into.
    format == FeedFormat::json ? spdlog::warn("{}: indicator {}: {}", file, row.line - 1, row.why)
                               : spdlog::warn("{}:{}: {}", file, row.line, row.why);
  });
  if (faults > kShown) {
    spdlog::warn("{} more rows of feeds are at fault; `lapwing intel check FILE` shows all", faults - kShown);
  }
  const FeedCounts& counts = out->counts();
  if (!options.feeds.empty()) {
    spdlog::info("{} indicators loaded, {} rows skipped, {} refused, {} at fault", out->table().size(), counts.skipped,
                 counts.refused, counts.bad);
  }
  return out;
}

void IndicatorFeeds::adopt(std::shared_ptr<const IndicatorSet> next) {
  {
    const std::lock_guard lock(mutex_);
    before_ = std::exchange(current_, std::move(next));
  }
  generation_.fetch_add(1, std::memory_order_release);
  reloads_.fetch_add(1, std::memory_order_relaxed);
  for (int i = 0; i < kPatience && before_.use_count() > 1; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (before_.use_count() <= 1) before_.reset();
}

void IndicatorFeeds::add_counters(CounterSet& set) const {
  add_all(current().get(), reloads_.load(std::memory_order_relaxed), refused_.load(std::memory_order_relaxed), set);
}

void IndicatorFeeds::list_counters(CounterSet& set) {
  add_all(nullptr, 0, 0, set);
}

}  // namespace lapwing::analytics
