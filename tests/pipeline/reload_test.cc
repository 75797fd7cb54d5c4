// Rules that change while a capture runs through worker and pipeline.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/pipeline/keeping.h"

namespace lapwing {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Numbers = std::vector<uint64_t>;

constexpr const char* kCapture = "pcaps/web/web.pcap";
constexpr uint64_t kFrames = 172;
const std::string kAny = "alert tcp any any -> any any (dsize:>0; sid:1;)\n";

/// A capture that stands still after so many bursts until `go_on` says so.
class Halting final : public PacketSource {
 public:
  Halting(size_t bursts, std::function<bool()> go_on) : bursts_(bursts), go_on_(std::move(go_on)) {}
  Result receive(Burst& burst) override {
    if (taken_ == bursts_ && !go_on_()) {
      burst.count = 0;
      return Result::idle;
    }
    ++taken_;
    return inner_->receive(burst);
  }
  void release(Burst& burst) override { inner_->release(burst); }
  CaptureCounters counters() override { return inner_->counters(); }
  std::string_view interface_name(uint16_t i) const override { return inner_->interface_name(i); }
  std::span<const CaptureError> errors() const override { return inner_->errors(); }
  void stop() override { inner_->stop(); }

 private:
  std::unique_ptr<PacketSource> inner_ = std::move(open_captures({kCapture}, 1).front());
  size_t bursts_, taken_ = 0;
  std::function<bool()> go_on_;
};

class ReloadTest : public testing::Test {
 protected:
  ReloadTest() {
    root_.kind = Setting::Kind::map;
    config_ = SensorConfig::read(root_, {"alert", "engine", "stats"});
  }

  LoadedRules compile(const std::string& text) {
    LoadedRules out;
    RuleCompiler compiler(config_->rules, config_->detect, out.messages);
    parse_rules(text, "test.rules", out.messages, [&](const RuleTree& tree) { compiler.add(tree); });
    out.rules = compiler.finish();
    return out;
  }

  /// Runs the capture; after `bursts` of 64 frames the reload happens, between two bursts.
  RunSummary run(const std::string& before, size_t bursts, Reloader::Load load, bool strict = false,
                 bool replay = true) {
    Pipeline::Plan plan{.config = config_.get(), .replay = replay};
    plan.rules = compile(before).rules;
    const RuleCounts counts = plan.rules->counts();
    plan.exporters.push_back(std::make_unique<test::Keeping>(records_));
    Reloader* reloader = nullptr;
    bool asked = false;
    std::atomic<bool> done = false;
    plan.sources.push_back(std::make_unique<Halting>(bursts, [&] {
      if (!std::exchange(asked, true)) {
        reloader->request(strict, [&](const ReloadReport& report) {
          report_ = report;
          done = true;
        });
      }
      return done.load();
    }));
    Pipeline pipeline(std::move(plan));
    Reloader made(pipeline, std::move(load), counts);
    reloader = &made;
    return pipeline.run(nullptr);
  }
  RunSummary run(const std::string& before, size_t bursts, const std::string& after, bool strict = false,
                 bool replay = true) {
    return run(
        before, bursts, [this, after](const std::atomic<bool>&) { return compile(after); }, strict, replay);
  }

  Numbers frames_of(uint32_t sid) const {
    Numbers out;
    for (const auto& r : records_) {
      if (r["event_type"] == "alert" && r["alert"]["signature_id"] == sid) out.push_back(r["pcap_cnt"]);
    }
    return out;
  }
  nlohmann::json last(const std::string& type) const {
    nlohmann::json out;
    for (const auto& r : records_) {
      if (r["event_type"] == type) out = r;
    }
    return out;
  }

  Setting root_;
  std::unique_ptr<const SensorConfig> config_;
  std::vector<nlohmann::json> records_;
  ReloadReport report_;
};

TEST_F(ReloadTest, EachFrameIsSeenByTheRulesOfItsBurst) {
  run(kAny, 99, kAny);
  const Numbers all = frames_of(1);
  ASSERT_GT(all.size(), 50u);
  EXPECT_GT(all.back(), 128u);
  for (size_t bursts : {0, 1, 2}) {
    records_.clear();
    run(kAny, bursts, "alert tcp any any -> any any (msg:\"other\"; dsize:>0; sid:2;)");
    ASSERT_TRUE(report_.taken);
    const auto border = std::ranges::upper_bound(all, 64 * bursts);
    EXPECT_EQ(frames_of(1), Numbers(all.begin(), border));
    EXPECT_EQ(frames_of(2), Numbers(border, all.end()));
  }
}

TEST_F(ReloadTest, RulesComeWhereThereWereNoneAndGo) {
  run("", 1, kAny);
  EXPECT_TRUE(report_.taken);
  ASSERT_FALSE(frames_of(1).empty());
  EXPECT_GT(frames_of(1).front(), 64u);
}

TEST_F(ReloadTest, FlowbitsAndThresholdsCross) {
  const std::string second =
      "alert tcp any any -> any any (dsize:>0; flowbits:isset,early; threshold:type limit,track by_rule,count "
      "1,seconds 3600; sid:3;)\n";
  run("alert tcp any any -> any any (flags:S; flowbits:set,early; noalert; sid:2;)\n" + second, 1,
      "alert tcp any any -> any any (dsize:>0; flowbits:isset,early; sid:4;)\n" + second);
  EXPECT_EQ(frames_of(3).size(), 1u) << "its limit was reached under the set before";
  EXPECT_LE(frames_of(3).front(), 64u);
  EXPECT_FALSE(frames_of(4).empty()) << "the bit was set under the set before";
}

TEST_F(ReloadTest, TheSummaryCountsAlertsOfAllSetsBySid) {
  run(kAny, 99, kAny);
  const uint64_t all = frames_of(1).size();
  records_.clear();
  RunSummary summary = run(kAny, 1, "alert tcp any any -> any any (msg:\"new text\"; dsize:>0; sid:1;)");
  ASSERT_EQ(summary.alerts.size(), 1u);
  EXPECT_EQ(summary.alerts[0].hits, all);
  EXPECT_EQ(summary.alerts[0].msg, "new text");
  EXPECT_EQ(summary.packets, kFrames);
}

TEST_F(ReloadTest, RulesAtFaultAreLeftOutUnlessStrict) {
  const std::string mixed =
      "alert tcp any any -> any any (dsize:>0; sid:2;)\nalert tcp any any -> any any (dsize:x; sid:3;)\n";
  run(kAny, 1, mixed);
  EXPECT_TRUE(report_.taken);
  EXPECT_EQ(report_.counts.loaded, 1u);
  EXPECT_EQ(report_.counts.failed, 1u);
  ASSERT_EQ(report_.errors.size(), 1u);
  EXPECT_EQ(report_.errors[0].mark.line, 2u);
  EXPECT_FALSE(frames_of(2).empty());

  records_.clear();
  run(kAny, 1, mixed, true);
  EXPECT_FALSE(report_.taken);
  EXPECT_THAT(report_.reason, HasSubstr("strict"));
  EXPECT_THAT(frames_of(2), IsEmpty());
  EXPECT_GT(frames_of(1).back(), 128u) << "the rules before stay in force";
}

TEST_F(ReloadTest, WhatCannotBeReadOrHoldsNothingIsRefused) {
  run(kAny, 1, "");
  EXPECT_FALSE(report_.taken);
  EXPECT_THAT(report_.reason, HasSubstr("no rule"));
  EXPECT_GT(frames_of(1).back(), 128u);
  records_.clear();
  run(kAny, 1, [](const std::atomic<bool>&) -> LoadedRules { throw SettingError({"a.rules", 3, 4}, "gone"); });
  EXPECT_FALSE(report_.taken);
  EXPECT_EQ(report_.reason, "a.rules:3:4: gone");
  EXPECT_GT(frames_of(1).back(), 128u);
  EXPECT_EQ(last("engine")["engine"]["error"], "the rules stay as they were: a.rules:3:4: gone");
  const auto stats = last("stats")["stats"];
  EXPECT_EQ(stats["reload"]["refused"], 1);
  EXPECT_EQ(stats["reload"]["taken"], 0);
  EXPECT_EQ(stats["detect"]["engines"][0]["rules_loaded"], 1);
}

TEST_F(ReloadTest, StatsAndRecordTellWhatIsInForce) {
  std::string faults = kAny;
  for (int i = 0; i < 30; ++i)
    faults += "alert tcp any any -> any any (dsize:x; sid:" + std::to_string(100 + i) + ";)\n";
  run(kAny + "alert tcp any any -> any any (dsize:9; sid:5;)", 1, faults, false, false);
  const auto engine = last("stats")["stats"]["detect"]["engines"][0];
  EXPECT_EQ(engine["id"], 0);
  EXPECT_EQ(engine["rules_loaded"], 1);
  EXPECT_EQ(engine["rules_failed"], 30);
  EXPECT_EQ(engine["rules_skipped"], 0);
  EXPECT_EQ(engine["last_reload"].get<std::string>().size(), kIso8601Size);
  EXPECT_EQ(last("stats")["stats"]["workers"][0]["adoptions"], 1);
  const auto record = last("engine");
  EXPECT_EQ(record["engine"]["module"], "reload");
  EXPECT_THAT(record["engine"]["message"].get<std::string>(), HasSubstr("1 rules loaded"));
  EXPECT_EQ(record["reload"]["taken"], true);
  EXPECT_EQ(record["reload"]["errors"].size(), ReloadReport::kMaxErrors);
  EXPECT_EQ(record["reload"]["errors_max"], 10);
  EXPECT_EQ(record["reload"]["errors"][0]["line"], 2);
  EXPECT_EQ(record["reload"]["generation"], last("stats")["stats"]["reload"]["generation"]);
}

TEST_F(ReloadTest, ReplayTellsNoTimeOfItsOwn) {
  run(kAny, 99, kAny);
  EXPECT_FALSE(last("stats")["stats"]["detect"]["engines"][0].contains("last_reload"));
  EXPECT_FALSE(last("stats")["stats"].contains("workers"));
}

TEST_F(ReloadTest, RequestsThatComeMeanwhileShareOneMoreReload) {
  Pipeline::Plan plan{.config = config_.get()};
  plan.rules = compile(kAny).rules;
  std::atomic<int> loads = 0, answers = 0;
  std::atomic<bool> go = false;
  plan.sources.push_back(std::make_unique<Halting>(1, [&] { return answers == 4; }));
  Pipeline pipeline(std::move(plan));
  Reloader reloader(pipeline,
                    [&](const std::atomic<bool>&) {
                      ++loads;
                      while (!go) std::this_thread::yield();
                      return compile(kAny);
                    },
                    {});
  auto count = [&](const ReloadReport& report) { answers += report.taken; };
  reloader.request(false, count);
  while (loads == 0) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) reloader.request(false, count);
  go = true;
  pipeline.run(nullptr);
  EXPECT_EQ(answers, 4);
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(pipeline.rule_status().taken, 2u);
}

TEST_F(ReloadTest, AReloadAtTheEndOfTheRunIsNotWaitedForForever) {
  Pipeline::Plan plan{.config = config_.get()};
  plan.rules = compile(kAny).rules;
  plan.exporters.push_back(std::make_unique<test::Keeping>(records_));
  plan.sources = open_captures({kCapture}, 1);
  Pipeline pipeline(std::move(plan));
  RunSummary summary = pipeline.run(nullptr);
  pipeline.adopt(compile(kAny).rules);
  EXPECT_THAT(pipeline.stats_object(), "{}");
  EXPECT_EQ(summary.alerts.at(0).hits, frames_of(1).size());
}

}  // namespace
}  // namespace lapwing
