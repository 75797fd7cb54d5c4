// What dissection keeps of all flows: measured, bounded, and given up by those that are silent.
#include <gtest/gtest.h>

#include <deque>

#include "sensor/app/app_layer.h"
#include "sensor/base/setting.h"

namespace lapwing::test {
namespace {

struct HoardingSink : AppSink {
  void event(Flow&, const Event& event) override {
    records += event.record != nullptr;
    elsewhere.emplace_back(10'000, 'x');
  }
  void anomaly(Flow&, const Protocol&, const Transaction&, uint8_t, Direction) override {}
  void file(Flow&, const Event&, CarriedFile&, Bytes, bool) override {}
  void encrypted(Flow&, Direction, uint64_t) override {}
  void plain(Flow&, const Chunk&) override {}
  void frame(Flow&, const MessageFrame&) override {}
  void recognition_anomaly(Flow&, RecognitionAnomaly, Direction) override {}
  int records = 0;
  std::deque<std::string> elsewhere;  // memory that events cost others
};

class Memcap : public ::testing::Test {
 protected:
  void request(Flow& flow, uint64_t number) {
    flow.bytes[0] += 1000;
    app_.chunk(flow, {.data = to_bytes(kRequest), .offset = number * kRequest.size()});
  }
  /// Flows with `count` requests each that nobody answers.
  void ask(size_t flows, uint64_t count) {
    for (size_t i = 0; i < flows; ++i) {
      Flow& flow = flows_.emplace_back();
      for (uint64_t n = 0; n < count; ++n) request(flow, n);
    }
  }
  size_t give_up() {
    size_t count = 0;
    while (Flow* flow = app_.over_memcap()) {
      app_.give_up(*flow);
      ++count;
    }
    return count;
  }

  const std::string kRequest = "GET /" + std::string(200, 'a') + " HTTP/1.1\r\nHost: a.org\r\n\r\n";
  AppConfig config_ = AppConfig::read(Setting{});
  BudgetConfig budget_ = read_options<BudgetConfig>(Setting{}, budget_options());
  HoardingSink sink_;
  AppLayer app_{config_, budget_, sink_};
  std::deque<Flow> flows_;
};

TEST_F(Memcap, CountsWhatTheDissectorKeepsAndNothingElse) {
  ask(4, 50);
  const uint64_t kept = app_.counters().memuse;
  EXPECT_GT(kept, 4 * 50 * kRequest.size());
  EXPECT_LT(kept, 4u << 20) << "the sink's own memory is not the dissector's";
  flows_.clear();
  EXPECT_EQ(app_.counters().memuse, 0u);
}

TEST_F(Memcap, FlowsThatAreSilentForLongestAreGivenUp) {
  config_.memcap = 4 << 20;
  ask(64, 50);
  ASSERT_GT(app_.counters().memuse, config_.memcap);
  const int before = sink_.records;
  // The clock's first round finds that all were active; after it, only the first and the last are.
  give_up();
  EXPECT_LE(app_.counters().memuse, config_.memcap);
  const size_t first = app_.counters().memcap;
  EXPECT_GT(first, 0u);
  EXPECT_LT(first, 64u);
  EXPECT_TRUE(app_.done(flows_.front()));
  EXPECT_FALSE(app_.done(flows_.back()));
  EXPECT_GE(sink_.records - before, static_cast<int>(first) * 50) << "what was half done is published";
  EXPECT_EQ(app_.recognition(flows_.front()).final.name(), "http");

  Flow& active = flows_[first];
  ASSERT_FALSE(app_.done(active));
  request(active, 50);
  ask(8, 50);
  EXPECT_GT(give_up(), 0u);
  EXPECT_FALSE(app_.done(active)) << "it stood first, but bytes came";
}

TEST_F(Memcap, AFlowThatWasGivenUpIsNotDissectedAgain) {
  config_.memcap = 1;
  ask(1, 3);
  EXPECT_EQ(give_up(), 1u);
  const int records = sink_.records;
  request(flows_.front(), 3);
  EXPECT_EQ(give_up(), 0u);
  EXPECT_EQ(sink_.records, records);
}

TEST_F(Memcap, WorkBeyondTheBudgetEndsDissection) {
  budget_.work_times = 0;
  budget_.work_base = 2000;
  ask(1, 20);
  EXPECT_TRUE(app_.done(flows_.front()));
  EXPECT_EQ(app_.counters().work_budget, 1u);
  budget_.work_times = 64;
  ask(1, 20);
  EXPECT_FALSE(app_.done(flows_.back()));
}

}  // namespace
}  // namespace lapwing::test
