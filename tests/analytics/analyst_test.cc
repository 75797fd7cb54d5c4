// The analyst beside its workers, and what becomes of a second where memory lacks.
#include "analytics/analyst.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "analytics/frame/observer.h"

namespace lapwing::analytics {
namespace {

/// Counts what it is shown. Its deltas cannot be cleared as often as is said.
struct Counter {
  static constexpr Technique kTechniques[] = {{"T1046", "TA0007"}};
  static constexpr About about{.name = "counter", .techniques = kTechniques, .moments = 1, .help = "all"};
  struct Config {};
  static std::span<const OptionRow<Config>> options() { return {}; }

  struct Delta {
    void operator+=(Delta&& other) { seen += other.seen; }
    bool empty() const { return seen == 0; }
    void clear() {
      if (faults > 0) {
        --faults;
        throw std::bad_alloc();
      }
      seen = 0;
    }
    uint64_t seen = 0;
  };
  struct Local {
    Local(const Config&, const Surroundings&) {}
    static void flow(const FlowUpdate&, Delta& delta) { ++delta.seen; }
  };
  struct Global {
    Global(const Config&, const Surroundings&) {}
    static void take(Second, Delta& delta, Findings&) { told += delta.seen; }
    static void expire(Second, Findings&) {}
    static StateUse use() { return {}; }
  };

  static inline int faults = 0;  // the analyst's, while it runs
  static inline uint64_t told = 0;
};

constexpr FlowRef kFlow;

struct Nobody final : AnalystSink {
  void behaviour(const Behaviour&) override {}
  void incident(const Incident&) override {}
  void asset(const Asset&) override {}
};

class AnalystTest : public ::testing::Test {
 protected:
  uint64_t exhausted() const {
    CounterSet set;
    analyst_.add_counters(set);
    return set.value("analytics.memory_exhausted");
  }

  const std::vector<std::shared_ptr<const AnyDetector>> detectors_ = {
      std::make_shared<made::DetectorOf<Counter>>(OptionSource())};
  const Surroundings surroundings_{.replay = true};
  const IncidentConfig incidents_;
  const Policy policy_;
  Nobody nobody_;
  Analyst analyst_{detectors_, surroundings_, 1, incidents_, policy_, nobody_};
};

TEST_F(AnalystTest, WhatCannotBeClearedIsNotJudgedAgain) {
  constexpr int kFaults = 3;
  constexpr Second kSeconds = 5 * Epochs::kRing;  // each delta would be filled again
  Counter::faults = kFaults;
  Counter::told = 0;
  std::thread thread([&] { analyst_.run([] {}); });
  Observer observer(detectors_, surroundings_, analyst_.epochs(0), analyst_.bell());
  for (Second second = 1; second <= kSeconds; ++second) {
    observer.advance(second);
    observer.flow({.moment = FlowMoment::opened, .time = Timestamp::from_seconds(second), .flow = &kFlow});
  }
  observer.finish();
  thread.join();
  EXPECT_EQ(Counter::told, static_cast<uint64_t>(kSeconds));
  EXPECT_EQ(Counter::faults, 0);
  EXPECT_EQ(exhausted(), static_cast<uint64_t>(kFaults));
}

TEST_F(AnalystTest, WhoAsksAfterOneThatCannotBeAnsweredIsAnswered) {
  int answers = 0;
  analyst_.close_incident("one", "operator", [](bool) { throw std::bad_alloc(); });
  analyst_.close_incident("two", "operator", [&](bool open) { answers += !open; });
  analyst_.abandon(0);
  analyst_.run([] {});
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(exhausted(), 1U);
}

/// A live sensor's worker does not wait for the analyst, a replay's does; meanwhile others ask.
TEST_F(AnalystTest, SeveralWorkersLoseNothing) {
  constexpr size_t kWorkers = 4;
  constexpr Second kSeconds = 500;
  for (const bool replay : {false, true}) {
    SCOPED_TRACE(replay ? "replay" : "live");
    Counter::told = 0;
    const Surroundings surroundings{.replay = replay};
    Analyst analyst(detectors_, surroundings, kWorkers, incidents_, policy_, nobody_);
    std::vector<std::thread> threads;
    threads.emplace_back([&] { analyst.run([] {}); });
    for (size_t i = 0; i < kWorkers; ++i) {
      threads.emplace_back([&, i] {
        Observer observer(detectors_, surroundings, analyst.epochs(i), analyst.bell());
        for (Second second = 1; second <= kSeconds; ++second) {
          observer.advance(second);
          // Nobody sees something in every second.
          if (second % static_cast<Second>(kWorkers) == static_cast<Second>(i)) continue;
          observer.flow({.moment = FlowMoment::opened, .time = Timestamp::from_seconds(second), .flow = &kFlow});
        }
        observer.finish();
      });
    }
    std::atomic<int> answers = 0;
    constexpr int kAsked = 20;
    for (int i = 0; i < kAsked; ++i) {
      analyst.close_incident("none", "operator", [&](bool open) { answers += !open; });
      CounterSet set;
      analyst.add_counters(set);
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(Counter::told, kSeconds * (kWorkers - 1));
    EXPECT_EQ(answers, kAsked);
  }
}

}  // namespace
}  // namespace lapwing::analytics
