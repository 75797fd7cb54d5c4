// Findings of a live sensor say what was lost meanwhile.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/pipeline/keeping.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int64_t kScanTime = 1'700'000'000;
constexpr uint64_t kDrops = 1200;

/// A port scan that is refused, and around it silence, long enough that losses are looked at in each.
class ScannedInterface final : public PacketSource {
 public:
  /// `drops`: of frames, when the scan comes.
  explicit ScannedInterface(uint64_t drops) : drops_(drops) {
    for (uint16_t port = 1; port <= 60; ++port) {
      add(test::PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").tcp(50000, port).flags(tcp_flag::syn));
      add(test::PacketBuilder()
              .ether()
              .ipv4("10.0.0.2", "10.0.0.1")
              .tcp(port, 50000)
              .flags(tcp_flag::rst | tcp_flag::ack));
    }
  }

  Result receive(Burst& burst) override {
    burst.count = 0;
    const auto since = Clock::now() - begin_;
    if (since < std::chrono::milliseconds(300) || next_ == built_.size()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      return since > std::chrono::milliseconds(3500) ? Result::end : Result::idle;
    }
    counters_.kernel_drops = drops_;
    while (next_ < built_.size() && burst.count < kBurst) burst.frames[burst.count++] = *built_[next_++];
    return Result::frames;
  }
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override { return counters_; }
  std::string_view interface_name(uint16_t) const override { return "wire"; }
  std::span<const CaptureError> errors() const override { return {}; }
  void stop() override {}
  std::optional<Timestamp> now() const override { return Timestamp::from_seconds(kScanTime + 10); }

 private:
  void add(const test::PacketBuilder& packet) {
    built_.push_back(std::make_unique<test::BuiltFrame>(packet.build()));
    built_.back()->time = Timestamp::from_seconds(kScanTime);
    built_.back()->number = built_.size();
  }

  const uint64_t drops_;
  const Clock::time_point begin_ = Clock::now();
  std::vector<std::unique_ptr<test::BuiltFrame>> built_;
  size_t next_ = 0;
  CaptureCounters counters_;
};

/// Evidence of the scan's last record.
nlohmann::json evidence(uint64_t drops) {
  Setting root;
  root.kind = Setting::Kind::map;
  const auto config = SensorConfig::read(root, {"behaviour"});
  std::vector<nlohmann::json> records;
  std::vector<RuleMessage> messages;
  Pipeline::Plan plan{.config = config.get(), .replay = false};
  plan.rules = RuleCompiler(config->rules, config->detect, messages).finish();
  plan.sources.push_back(std::make_unique<ScannedInterface>(drops));
  plan.exporters.push_back(std::make_unique<test::Keeping>(records));
  Pipeline(std::move(plan)).run(nullptr);
  const auto scan = std::ranges::find_if(records.rbegin(), records.rend(), [](const nlohmann::json& record) {
    return record["event_type"] == "behaviour" && record["behaviour"]["name"] == "scan";
  });
  EXPECT_NE(scan, records.rend());
  return scan == records.rend() ? nlohmann::json() : (*scan)["behaviour"]["evidence"];
}

TEST(PacketLosses, AreInTheEvidence) {
  EXPECT_EQ(evidence(kDrops)["loss"], (nlohmann::json{{"kernel_drops", kDrops}}));
  EXPECT_FALSE(evidence(0).contains("loss"));
}

}  // namespace
}  // namespace lapwing
