// Memory that cannot be had: whichever allocation of a worker fails, in our code or a library's, it costs a flow at
// most, and is told.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "export/outputs/exporter.h"
#include "sensor/config/config.h"
#include "sensor/pipeline/losses.h"
#include "sensor/pipeline/worker.h"
#include "signatures/compile/rule_compiler.h"
#include "tests/allocation/failing_allocator.h"

namespace lapwing {
namespace {

/// Seconds from one pass to the next, after which nothing of it is left: flows, fragments, thresholds, bits.
constexpr int64_t kPass = 86'400;
/// Allocations in a pass of which each is too dear to try.
constexpr uint64_t kMany = 3'000;
/// Of one worker that fail something.
constexpr uint64_t kPasses = 256;

/// Of how many allocations one is tried: all take half an hour.
uint64_t stride() {
  constexpr uint64_t kStride = 29;
  const char* said = std::getenv("LAPWING_ALLOCATION_STRIDE");
  return said ? std::max(1UL, std::strtoul(said, nullptr, 10)) : kStride;
}

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

/// A capture in parts of whole conversations, by what is outermost: a pass over few packets is soon done.
std::vector<std::vector<Recorded>> parts(const std::vector<Recorded>& frames) {
  constexpr size_t kFrames = 12;
  using End = std::pair<std::string, uint16_t>;
  std::map<std::array<End, 2>, std::vector<size_t>> conversations;
  Decoder decoder({}, {});
  std::vector<Packet> layers(kMaxPackets);
  for (size_t i = 0; i < frames.size(); ++i) {
    Frame frame = frames[i].frame;
    frame.data = frames[i].bytes;
    decoder.decode(frame, layers);
    const Packet& packet = layers.front();
    std::array<End, 2> ends = {End(to_string(packet.src), packet.src_port),
                               End(to_string(packet.dst), packet.dst_port)};
    std::ranges::sort(ends);
    conversations[ends].push_back(i);
  }
  std::vector<std::vector<size_t>> in_order;
  for (auto& [ends, numbers] : conversations) in_order.push_back(std::move(numbers));
  std::ranges::sort(in_order);
  std::vector<std::vector<Recorded>> out;
  std::vector<size_t> part;
  for (size_t i = 0; i < in_order.size(); ++i) {
    part.insert(part.end(), in_order[i].begin(), in_order[i].end());
    if (part.size() < kFrames && i + 1 < in_order.size()) continue;
    std::ranges::sort(part);
    for (out.emplace_back(); size_t number : part) out.back().push_back(frames[number]);
    part.clear();
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
    at_end();
    ++pass_;
    next_ = 0;
  }

  const std::vector<Recorded>& frames_;
  const std::vector<uint64_t>& failing_;
  const Recorded last_{std::vector<uint8_t>(14), frames_.back().frame};  // ends all that came before
  size_t pass_ = 0, next_ = 0;
  uint64_t number_ = 0;
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

/// One pass, at its end.
struct Pass {
  uint64_t made = 0;                    // allocations
  const void* failed_caller = nullptr;  // whose allocation failed
  uint64_t told = 0;                    // what was given up for lack of memory
  std::string held;                     // memory that is accounted for and not given back, by counter
  uint64_t record_count = 0;
  std::string records;

  void count(const Worker& worker) {
    made = test::allocations_made();
    failed_caller = test::failed_caller();
    CounterSet counters;
    worker.counters().add_counters(counters);
    for (const char* path : {"flow.out_of_memory", "tcp.segment_memcap_drop", "defrag.memcap_drop",
                             "app_layer.parser_errors", "detect.pcre_error"}) {
      told += counters.value(path);
    }
    for (const char* path : {"flow.active", "tcp.active_sessions", "tcp.memuse", "tcp.reassembly_memuse",
                             "app_layer.memuse", "defrag.memuse", "detect.stream_window_bytes"}) {
      if (uint64_t value = counters.value(path)) held += std::string(path) + ' ' + std::to_string(value) + ' ';
    }
    const auto written = worker.records_written();
    record_count = std::accumulate(written.begin(), written.end(), uint64_t{0});
  }
};

class Allocation : public ::testing::Test {
 protected:
  explicit Allocation(bool identify = false) {
    root_ = read_yaml("tests/hunt/hunt.yaml");
    set_value(*root_, std::string("ndpi.enabled=") + (identify ? "yes" : "no"));
    // Where memory lacks, libmagic and the C library's regular expressions free what they did not allocate.
    set_value(*root_, "file.magic=no");
    for (const char* small : {"flow.memcap=1mb", "stream.memcap=1mb", "defrag.memcap=1mb", "defrag.trackers=1000"}) {
      set_value(*root_, small);
    }
    config_ = SensorConfig::read(*root_, {});
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config_->rules, config_->detect, messages);
    read_rules("tests/hunt/hunt.rules", messages, [&](const RuleTree& tree) {
      if (tree.text.find("filemagic") == tree.text.npos) compiler.add(tree);
    });
    rules_ = compiler.finish();
    EXPECT_TRUE(messages.empty()) << messages.front().text;
    for (const auto& entry : std::filesystem::recursive_directory_iterator("pcaps")) {
      if (entry.path().extension() == ".pcap") paths_.push_back(entry.path());
    }
    std::ranges::sort(paths_);
  }

  /// One worker on a thread of its own, as everywhere: what is each thread's is made anew, and goes with it.
  std::vector<Pass> run(const std::vector<Recorded>& frames, const std::vector<uint64_t>& failing) {
    std::vector<Pass> out;
    std::string text;
    std::thread([&] {
      std::vector<std::unique_ptr<Exporter>> exporters;
      exporters.push_back(std::make_unique<Text>(text));
      Publisher publisher(std::move(exporters), 1, true);
      FileNumbers numbers;
      Passes source(frames, failing);
      Worker worker(0, source,
                    {.config = config_.get(),
                     .rules = rules_,
                     .state = std::make_shared<SharedState>([](uint64_t) {}),
                     .publisher = &publisher,
                     .file_numbers = &numbers});
      source.at_end = [&] { out.emplace_back().count(worker); };
      worker.run();
      test::pause_failing();
    }).join();
    size_t begin = 0;
    uint64_t line = 0;
    for (Pass& pass : out) {
      size_t end = begin;
      for (; line < pass.record_count && end < text.size(); ++line) end = text.find('\n', end) + 1;
      pass.records = text.substr(begin, end - begin);
      begin = end;
    }
    EXPECT_EQ(begin, text.size());
    return out;
  }

  /// What must hold of each pass beside that of a run where nothing failed.
  void judge(const std::vector<Pass>& passes, const std::vector<Pass>& whole) {
    ASSERT_EQ(passes.size(), whole.size());
    uint64_t before = 0, before_whole = 0;
    for (size_t i = 0; i < passes.size(); ++i) {
      const Pass &pass = passes[i], &other = whole[i];
      const bool told = pass.told - before > other.told - before_whole;
      before = pass.told;
      before_whole = other.told;
      failed_ += pass.failed_caller != nullptr;
      told_ += told;
      ASSERT_EQ(pass.held, "") << i;
      if (told || pass.records == other.records) continue;
      ASSERT_TRUE(pass.failed_caller) << i
                                      << ": treated otherwise than before: " << difference(pass.records, other.records);
      // libhtp goes on without what it could not copy: of one flow a field may be missing.
      const std::string place = test::place(pass.failed_caller);
      ASSERT_NE(place.find("libhtp"), std::string::npos)
          << i << ": lost by " << place << ", and not told: " << difference(pass.records, other.records);
      ++incomplete_;
      const std::string flow = flow_of(difference(pass.records, other.records));
      ASSERT_EQ(difference(without(flow, pass.records), without(flow, other.records)), "") << i;
    }
  }

  /// The allocations of a pass in turn, but for those that the stride leaves out, which are others each time.
  void try_all(const std::string& path, const std::vector<Recorded>& frames) {
    const uint64_t most = run(frames, {0, 0, 1})[1].made;
    if (most > kMany) return;
    std::vector<uint64_t> all;
    for (uint64_t n = 1 + begun_++ % stride_; n <= most; n += stride_) all.push_back(n);
    for (size_t at = 0; at < all.size(); at += kPasses) {
      const auto some = std::span(all).subspan(at, std::min<size_t>(kPasses, all.size() - at));
      SCOPED_TRACE(path + ", frame " + std::to_string(frames.front().frame.number) + ", from allocation " +
                   std::to_string(some.front()));
      std::vector<uint64_t> failing(some.size() + 2);
      const std::vector<Pass> whole = run(frames, failing);
      const int64_t before = test::live_bytes();
      std::ranges::copy(some, failing.begin() + 1);
      judge(run(frames, failing), whole);
      if (test::live_bytes() != before) {
        EXPECT_EQ(leaks(frames, some), "");
      }
    }
  }
  void tell() const {
    std::cout << failed_ << " allocations failed in turn, " << told_ << " told; libhtp did not copy for " << incomplete_
              << " and did not give back for " << leaked_ << '\n';
  }

  /// Whose of these allocations it was, after whose failure memory was not given back, and how much. libhtp keeps some
  /// of what it was about to use.
  std::string leaks(const std::vector<Recorded>& frames, std::span<const uint64_t> some) {
    std::string out;
    for (const uint64_t n : some) {
      const int64_t before = test::live_bytes();
      const void* caller = run(frames, {0, n, 0})[1].failed_caller;
      const int64_t bytes = test::live_bytes() - before;
      if (!bytes) continue;
      const std::string place = caller ? test::place(caller) : "none";
      if (place.find("libhtp") != place.npos) {
        ++leaked_;
      } else {
        out += std::to_string(n) + ' ' + place + ' ' + std::to_string(bytes) + '\n';
      }
    }
    return out;
  }

  static std::string flow_of(const std::string& record) {
    const size_t at = record.find("\"flow_id\":");
    return at == std::string::npos ? "none" : record.substr(at, record.find(',', at) - at);
  }
  static std::string without(const std::string& flow, const std::string& records) {
    std::string out;
    for (size_t begin = 0, end = 0; begin < records.size(); begin = end) {
      end = records.find('\n', begin) + 1;
      const std::string_view record = std::string_view(records).substr(begin, end - begin);
      if (record.find(flow) == record.npos) out += record;
    }
    return out;
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
  const uint64_t stride_ = stride();
  uint64_t begun_ = 0;  // passes of which allocations were tried
  uint64_t failed_ = 0, told_ = 0, incomplete_ = 0, leaked_ = 0;
};

/// All of a worker that has its buffers, to the last.
TEST_F(Allocation, AnyOfThemMayFail) {
  constexpr size_t kParts = 6;  // of each capture
  ASSERT_GT(paths_.size(), 10u);
  for (const std::string& path : paths_) {
    auto some = parts(read_capture(path));
    some.resize(std::min(some.size(), kParts));
    for (const auto& part : some) try_all(path, part);
  }
  EXPECT_GT(failed_, 50'000 / stride_);
  EXPECT_GT(told_, failed_ / 4);
  tell();
}

/// What a thread makes once: some of those of a worker that begins.
TEST_F(Allocation, TheFirstMayFail) {
  constexpr uint64_t kTries = 30;
  for (const std::string& path : paths_) {
    const auto part = parts(read_capture(path)).front();
    const std::vector<Pass> whole = run(part, {0, 0});
    const uint64_t step = std::max<uint64_t>(1, whole[0].made / kTries);
    for (uint64_t n = 1; n <= whole[0].made; n += step) {
      SCOPED_TRACE(path + ", allocation " + std::to_string(n));
      judge(run(part, {n, 0}), whole);
    }
  }
  tell();
}

/// Making what nDPI needs for a worker is dear: few of them.
class IdentifyingAllocation : public Allocation {
 protected:
  IdentifyingAllocation() : Allocation(true) {}
};

TEST_F(IdentifyingAllocation, AnyOfThemMayFail) {
  for (const std::string& path : paths_) try_all(path, parts(read_capture(path)).front());
  tell();
}

}  // namespace
}  // namespace lapwing
