// Memory that cannot be had: whichever allocation of a worker fails, in our code or a library's, it costs a flow at
// most, and is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "export/exporter.h"
#include "sensor/config/config.h"
#include "sensor/pipeline/losses.h"
#include "sensor/pipeline/worker.h"
#include "signatures/rule_set.h"
#include "tests/allocation/failing_allocator.h"

namespace lapwing {
namespace {

/// Seconds from one pass to the next, after which nothing of it is left: flows, fragments, thresholds, bits.
constexpr int64_t kPass = 86'400;

struct Recorded {
  std::vector<uint8_t> bytes;
  Frame frame;
};

std::vector<Recorded> read_capture(const std::string& path) {
  auto source = std::move(open_captures({path}, 1).front());
  std::vector<Recorded> out;
  Burst burst;
  while (source->receive(burst) == PacketSource::Result::frames) {
    for (const Frame& frame : burst.view()) out.push_back({{frame.data.begin(), frame.data.end()}, frame});
    source->release(burst);
  }
  return out;
}

/// A capture over and over, a day apart. Allocation `failing[i]` of pass i fails, none where it is 0.
class Passes final : public PacketSource {
 public:
  Passes(const std::vector<Recorded>& frames, const std::vector<uint64_t>& failing)
      : frames_(frames), failing_(failing) {}

  Result receive(Burst& burst) override {
    test::pause_failing();
    burst.count = 0;
    if (next_ > frames_.size()) end_pass();
    if (pass_ == failing_.size()) return Result::end;
    if (next_ == 0) test::fail_allocation(failing_[pass_]);
    test::pause_failing();
    while (next_ < frames_.size() && burst.count < kBurst) add(burst, frames_[next_++]);
    if (burst.count == 0) {
      ++next_;
      add(burst, last_);
    }
    test::resume_failing();
    return Result::frames;
  }
  void release(Burst& burst) override {
    test::pause_failing();
    burst.count = 0;
  }
  CaptureCounters counters() override { return {}; }
  std::string_view interface_name(uint16_t) const override { return {}; }
  std::span<const CaptureError> errors() const override { return {}; }
  void stop() override {}

  /// Of each pass.
  const std::vector<uint64_t>& made() const { return made_; }
  std::function<void()> at_end;  // of each pass

 private:
  void add(Burst& burst, const Recorded& recorded) {
    Frame& frame = burst.frames[burst.count++] = recorded.frame;
    frame.data = recorded.bytes;
    frame.number = ++number_;
    // All but the order of the frames is that of the first pass.
    frame.time.ns += (static_cast<int64_t>(pass_) * kPass + (&recorded == &last_ ? kPass / 2 : 0)) * 1'000'000'000;
  }
  void end_pass() {
    made_.push_back(test::allocations_made());
    at_end();
    ++pass_;
    next_ = 0;
  }

  const std::vector<Recorded>& frames_;
  const std::vector<uint64_t>& failing_;
  const Recorded last_{std::vector<uint8_t>(14), frames_.back().frame};  // ends all that came before
  size_t pass_ = 0, next_ = 0;
  uint64_t number_ = 0;
  std::vector<uint64_t> made_;
};

class Text final : public Exporter {
 public:
  explicit Text(std::string& out) : out_(out) {}
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) out_ += batch->text;
  }
  void flush() override {}
  ExporterCounters counters() const override { return {}; }
  ExporterLabel label() const override { return {"text", "memory"}; }

 private:
  std::string& out_;
};

struct Outcome {
  std::vector<std::string> records;  // of each pass
  std::vector<uint64_t> made;        // allocations of each pass
  CounterSet counters;

  /// What was given up for lack of memory.
  uint64_t told() const {
    uint64_t sum = 0;
    for (const char* path : {"flow.out_of_memory", "tcp.segment_memcap_drop", "defrag.memcap_drop",
                             "app_layer.parser_errors", "detect.pcre_error"}) {
      sum += counters.value(path);
    }
    return sum;
  }
  /// Memory that is accounted for and not given back, by counter.
  std::string held() const {
    std::string out;
    for (const char* path : {"flow.active", "tcp.active_sessions", "tcp.memuse", "tcp.reassembly_memuse",
                             "app_layer.memuse", "defrag.memuse", "detect.stream_window_bytes"}) {
      if (uint64_t value = counters.value(path)) out += std::string(path) + ' ' + std::to_string(value) + ' ';
    }
    return out;
  }
};

class Allocation : public ::testing::Test {
 protected:
  explicit Allocation(bool identify = false) {
    root_ = read_yaml("tests/hunt/hunt.yaml");
    set_value(*root_, std::string("ndpi.enabled=") + (identify ? "yes" : "no"));
    for (const char* small : {"flow.memcap=1mb", "stream.memcap=1mb", "defrag.memcap=1mb", "defrag.trackers=1000"}) {
      set_value(*root_, small);
    }
    config_ = SensorConfig::read(*root_, {});
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config_->rules, config_->detect, messages);
    read_rules("tests/hunt/hunt.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
    rules_ = compiler.finish();
    EXPECT_TRUE(messages.empty()) << messages.front().text;
    for (const auto& entry : std::filesystem::recursive_directory_iterator("pcaps")) {
      if (entry.path().extension() == ".pcap" && entry.file_size() < 60'000) paths_.push_back(entry.path());
    }
    std::ranges::sort(paths_);
  }

  /// One worker on a thread of its own, as everywhere: what is each thread's is made anew, and goes with it.
  Outcome run(const std::vector<Recorded>& frames, const std::vector<uint64_t>& failing) {
    Outcome out;
    std::string text;
    std::vector<uint64_t> written;  // records, up to the end of each pass
    std::thread([&] {
      std::vector<std::unique_ptr<Exporter>> exporters;
      exporters.push_back(std::make_unique<Text>(text));
      Publisher publisher(std::move(exporters), 1, true);
      FileNumbers numbers;
      Passes source(frames, failing);
      Worker worker(0, source,
                    {.config = config_.get(),
                     .rules = rules_,
                     .state = SharedState::create([](uint64_t) {}),
                     .publisher = &publisher,
                     .file_numbers = &numbers});
      source.at_end = [&] {
        const auto counts = worker.records_written();
        written.push_back(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
      };
      worker.run();
      test::pause_failing();
      worker.add_counters(out.counters);
      out.made = source.made();
    }).join();
    size_t begin = 0;
    for (uint64_t line = 0; uint64_t last : written) {
      size_t end = begin;
      for (; line < last && end < text.size(); ++line) end = text.find('\n', end) + 1;
      out.records.push_back(text.substr(begin, end - begin));
      begin = end;
    }
    EXPECT_EQ(begin, text.size());
    return out;
  }

  /// What must hold where the n-th allocation fails; true when that was told.
  bool holds(const std::vector<Recorded>& frames, uint64_t n, const Outcome& whole) {
    const Outcome one = run(frames, {n, 0});
    const bool told = one.told() > whole.told();
    EXPECT_EQ(one.held(), "");
    EXPECT_TRUE(told || one.records[0] == whole.records[0])
        << "lost, and not told: " << difference(one.records[0], whole.records[0]);
    EXPECT_EQ(difference(one.records[1], whole.records[1]), "") << "what comes afterwards is treated otherwise";
    return told;
  }

  /// The first records that are not the same.
  static std::string difference(const std::string& some, const std::string& others) {
    const auto at = static_cast<size_t>(std::ranges::mismatch(some, others).in1 - some.begin());
    if (at == some.size() && at == others.size()) return "";
    auto record = [at](const std::string& text) {
      const size_t begin = at ? text.rfind('\n', at - 1) + 1 : 0;
      return text.substr(begin, text.find('\n', at) - begin);
    };
    return "\n" + record(some) + "\n" + record(others);
  }

  std::unique_ptr<Setting> root_;
  std::unique_ptr<const SensorConfig> config_;
  std::shared_ptr<const RuleSet> rules_;
  std::vector<std::string> paths_;
};

TEST_F(Allocation, AnyOfThemMayFail) {
  ASSERT_GT(paths_.size(), 5u);
  constexpr uint64_t kRuns = 2000;
  uint64_t runs = 0, told = 0;
  for (const std::string& path : paths_) {
    const std::vector<Recorded> frames = read_capture(path);
    run(frames, {0, 0});
    const Outcome whole = run(frames, {0, 0});
    ASSERT_EQ(whole.held(), "");
    ASSERT_GT(whole.records[1].size(), 0u);
    const int64_t before = test::live_bytes();
    // Each of the first, where state is made, then spread over the rest.
    const uint64_t each = kRuns / paths_.size(), step = std::max<uint64_t>(1, whole.made[0] / (each / 4));
    for (uint64_t n = 1; n <= whole.made[0]; n += n < each * 3 / 4 ? 1 : step) {
      told += holds(frames, n, whole);
      ++runs;
      ASSERT_FALSE(HasFailure()) << path << ' ' << n;
      ASSERT_EQ(test::live_bytes(), before) << path << ' ' << n;
    }
  }
  EXPECT_GT(told, runs / 4);
  std::cout << runs << " allocations failed, " << told << " told\n";
}

/// Making what nDPI needs for a worker is dear: one worker for all, which has most of its own buffers after a pass.
class IdentifyingAllocation : public Allocation {
 protected:
  IdentifyingAllocation() : Allocation(true) {}
};

TEST_F(IdentifyingAllocation, AnyOfThemMayFail) {
  for (const std::string& path : paths_) {
    const std::vector<Recorded> frames = read_capture(path);
    const uint64_t made = run(frames, {0, 0}).made[1];
    std::vector<uint64_t> failing = {0, 0};
    for (uint64_t n = 1; n <= made; ++n) failing.push_back(n);
    failing.push_back(0);
    const Outcome out = run(frames, failing);
    EXPECT_EQ(out.held(), "") << path;
    EXPECT_GT(out.told(), made / 4) << path;
    EXPECT_EQ(out.records.back().size(), out.records[1].size()) << path;
  }
}

}  // namespace
}  // namespace lapwing
