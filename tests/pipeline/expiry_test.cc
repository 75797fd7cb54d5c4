// When a worker on an interface ends the flows whose time is over.
#include <gtest/gtest.h>

#include <algorithm>

#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/pipeline/keeping.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

constexpr uint16_t kFlows = 320;
constexpr int64_t kStart = 1'700'000'000, kTimeout = 30;  // seconds; that of a UDP flow without an answer
constexpr size_t kBursts = 3;

/// An interface with a frame of each of kFlows flows, then, `later` seconds on, nothing or bursts of another flow, and
/// a last frame a second after.
class QuietInterface final : public PacketSource {
 public:
  QuietInterface(int64_t later, double backlog, bool silent) : later_(later), backlog_(backlog), silent_(silent) {
    for (uint16_t port = 1; port <= kFlows; ++port) add(port, 0);
    for (size_t i = 0; !silent && i < kBursts * kBurst; ++i) add(kFlows + 1, later);
    if (!silent) add(kFlows + 1, later + 1);
  }

  Result receive(Burst& burst) override {
    burst.count = 0;
    while (next_ < frames_.size() && burst.count < kBurst) burst.frames[burst.count++] = frames_[next_++];
    if (burst.count > 0) return Result::frames;
    if (!silent_) return Result::end;
    waits_ += may_wait_;
    // The second wait is that of a worker with nothing left to do.
    return waits_ == 2 || ++idle_ > 100 ? Result::end : Result::idle;
  }
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override { return {}; }
  std::string_view interface_name(uint16_t) const override { return "wire"; }
  std::span<const CaptureError> errors() const override { return {}; }
  void stop() override {}
  double backlog() const override { return next_ <= kFlows ? 0 : backlog_; }
  std::optional<Timestamp> now() const override { return Timestamp::from_seconds(kStart + later_); }

 private:
  void add(uint16_t port, int64_t second) {
    auto built = test::PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").udp(port, 9).payload("x").build();
    built.time = Timestamp::from_seconds(kStart + second);
    built.number = built_.size() + 1;
    built_.push_back(std::make_unique<test::BuiltFrame>(std::move(built)));
    frames_.push_back(*built_.back());
  }

  const int64_t later_;
  const double backlog_;
  const bool silent_;
  std::vector<std::unique_ptr<test::BuiltFrame>> built_;
  std::vector<Frame> frames_;
  size_t next_ = 0, waits_ = 0, idle_ = 0;
};

/// Flows that ended in that second: the source's end ends the others.
size_t ended(int64_t later, double backlog, bool silent = false) {
  Setting root;
  root.kind = Setting::Kind::map;
  const auto config = SensorConfig::read(root, {"flow"});
  std::vector<nlohmann::json> records;
  std::vector<RuleMessage> messages;
  Pipeline::Plan plan{.config = config.get(), .replay = false};
  plan.rules = RuleCompiler(config->rules, config->detect, messages).finish();
  plan.sources.push_back(std::make_unique<QuietInterface>(later, backlog, silent));
  plan.exporters.push_back(std::make_unique<test::Keeping>(records));
  Pipeline(std::move(plan)).run(nullptr);
  const std::string second = to_iso8601(Timestamp::from_seconds(kStart + later - (silent ? 1 : 0))).substr(0, 19);
  return static_cast<size_t>(std::ranges::count_if(records, [&](const auto& record) {
    return record["timestamp"].template get<std::string>().starts_with(second);
  }));
}

TEST(Expiry, EndsAreSpreadWhileTheRingIsFull) {
  EXPECT_EQ(ended(kTimeout + 5, 0), kBursts * kBurst);
  EXPECT_EQ(ended(kTimeout + 5, 0.5), kBursts * kBurst / 8);
}

TEST(Expiry, FlowsThatWaitedForLongEndAllTheSame) {
  EXPECT_EQ(ended(kTimeout + 50, 0.5), kBursts * kBurst);
}

TEST(Expiry, FlowsEndOnASilentWire) {
  EXPECT_EQ(ended(kTimeout + 5, 0, true), kFlows);
}

}  // namespace
}  // namespace lapwing
