// What a flow may be recorded with, and what a worker counts when it is stopped.
#include <gtest/gtest.h>

#include <algorithm>

#include "sensor/pipeline/losses.h"
#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/pipeline/frames.h"
#include "tests/pipeline/keeping.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

/// A question for a name that no record can show in a few bytes.
std::string question_of_controls(char first) {
  std::string name;
  for (int i = 0; i < 3; ++i) name += '\x3c' + std::string(60, '\x01');
  return std::string("\0\1\1\0\0\1\0\0\0\0\0\0", 12) + '\1' + first + name + std::string("\0\0\x10\0\1", 5);
}

class Budget : public ::testing::Test {
 protected:
  Budget() { root_.kind = Setting::Kind::map; }

  size_t run(const std::string& rules, std::unique_ptr<test::Frames> frames, uint64_t record_base) {
    auto config = const_cast<SensorConfig*>(SensorConfig::read(root_, {}).release());
    const std::unique_ptr<const SensorConfig> owner(config);
    config->budget.record_times = 0;
    config->budget.record_base = record_base;
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config->rules, config->detect, messages);
    parse_rules(rules, "test.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
    Pipeline::Plan plan{.config = config};
    plan.rules = compiler.finish();
    plan.sources.push_back(std::move(frames));
    plan.exporters.push_back(std::make_unique<test::Keeping>(records_));
    summary_ = Pipeline(std::move(plan)).run(nullptr);
    return records_.size();
  }
  std::ptrdiff_t count(std::string_view type) const {
    return std::ranges::count_if(records_, [&](const auto& record) { return record["event_type"] == type; });
  }

  static std::unique_ptr<test::Frames> questions(size_t count) {
    auto frames = std::make_unique<test::Frames>();
    for (size_t i = 0; i < count; ++i) {
      frames->add(test::PacketBuilder()
                      .ether()
                      .ipv4("10.0.0.1", "10.0.0.2")
                      .udp(4000, 53)
                      .payload(question_of_controls(i + 1 == count ? 'z' : 'a'))
                      .build());
    }
    return frames;
  }

  Setting root_;
  std::vector<nlohmann::json> records_;
  RunSummary summary_;
};

TEST_F(Budget, WhatItDoesNotPayForIsCountedAndToldAsLoss) {
  run("", questions(100), 8 << 10);
  EXPECT_GT(count("dns"), 2);
  EXPECT_LT(count("dns"), 20);
  EXPECT_EQ(count("flow"), 1) << "what a flow was is always said";
  EXPECT_EQ(summary_.counters.value("records.over_budget") + static_cast<uint64_t>(count("dns")), 100u);
  EXPECT_EQ(losses_of(summary_.counters).value("records.over_budget"), summary_.counters.value("records.over_budget"));
}

TEST_F(Budget, AFlowDrownedInAlertsStillTellsAnother) {
  run("alert udp any any -> any any (msg:\"noise\"; content:\"|01 01|\"; sid:1;)\n"
      "alert dns any any -> any any (msg:\"the one\"; dns.query; content:\"z\"; startswith; sid:2;)\n",
      questions(200), 8 << 10);
  EXPECT_LT(count("alert"), 40);
  EXPECT_EQ(std::ranges::count_if(records_,
                                  [](const auto& record) {
                                    return record["event_type"] == "alert" && record["alert"]["signature_id"] == 2;
                                  }),
            1);
}

TEST_F(Budget, NothingIsRefusedWhereBytesPay) {
  run("", questions(100), 1 << 20);
  EXPECT_EQ(count("dns"), 100);
  EXPECT_EQ(summary_.counters.value("records.over_budget"), 0u);
}

TEST_F(Budget, WhatFillsABatchDoesNotWaitForTheBurstToEnd) {
  run("", questions(64), 1 << 20);
  EXPECT_EQ(count("dns"), 64);
  EXPECT_GT(summary_.counters.value("publisher.batches"), 2u);
}

TEST(Stop, WhatTheSourceStillHeldIsCounted) {
  Setting root;
  root.kind = Setting::Kind::map;
  const auto config = SensorConfig::read(root, {});
  std::vector<RuleMessage> messages;
  Pipeline::Plan plan{.config = config.get(), .replay = false};
  plan.rules = RuleCompiler(config->rules, config->detect, messages).finish();
  auto frames = std::make_unique<test::Frames>(1234);
  frames->add(test::PacketBuilder().ether().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x").build());
  test::Frames* source = frames.get();
  plan.sources.push_back(std::move(frames));
  Pipeline pipeline(std::move(plan));
  source->stop_before_the_first(pipeline);
  EXPECT_EQ(pipeline.run(nullptr).counters.value("capture.unread"), 1234u);
}

}  // namespace
}  // namespace lapwing
