// Memory that cannot be had: whatever allocation of a worker fails, in our code or a library's, it costs a flow at
// most.
#include <gtest/gtest.h>
#include <jemalloc/jemalloc.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <new>

#include "sensor/pipeline/worker.h"
#include "signatures/rule_set.h"

namespace {

thread_local bool armed = false;
thread_local uint64_t countdown = 0;  // allocations until the one that fails

bool fails() {
  return armed && countdown > 0 && --countdown == 0;
}

void* allocate(size_t size, int flags) {
  if (!fails()) {
    if (void* block = mallocx(std::max<size_t>(size, 1), flags)) return block;
  }
  errno = ENOMEM;
  return nullptr;
}

void* allocate_or_throw(size_t size, int flags) {
  if (void* block = allocate(size, flags)) return block;
  throw std::bad_alloc();
}

}  // namespace

// The program's own come before the allocator's, for libraries too.
extern "C" {
void* malloc(size_t size) noexcept {
  return allocate(size, 0);
}
void* calloc(size_t count, size_t size) noexcept {
  if (size && count > SIZE_MAX / size) return nullptr;
  return allocate(count * size, MALLOCX_ZERO);
}
void* realloc(void* block, size_t size) noexcept {
  if (!block) return allocate(size, 0);
  if (fails()) {
    errno = ENOMEM;
    return nullptr;
  }
  return rallocx(block, std::max<size_t>(size, 1), 0);
}
}
void* operator new(size_t size) {
  return allocate_or_throw(size, 0);
}
void* operator new(size_t size, std::align_val_t align) {
  return allocate_or_throw(size, MALLOCX_ALIGN(static_cast<size_t>(align)));
}
void operator delete(void* block) noexcept {
  free(block);
}
void operator delete(void* block, size_t) noexcept {
  free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
  free(block);
}
void operator delete(void* block, size_t, std::align_val_t) noexcept {
  free(block);
}

namespace lapwing {
namespace {

constexpr const char* kRules =
    "alert tcp any any -> any any (msg:\"raw\"; content:\"a\"; flowbits:set,seen; sid:1;)\n"
    "alert http any any -> any any (msg:\"uri\"; http.uri; content:\"/\"; pcre:\"/(?P<flow_uri>.+)/\"; "
    "xbits:set,x,track ip_src; sid:2;)\n"
    "alert dns any any -> any any (msg:\"name\"; dns.query; to_lowercase; content:\".\"; sid:3;)\n"
    "alert tls any any -> any any (msg:\"sni\"; tls.sni; content:\".\"; threshold:type limit,track by_src,count "
    "2,seconds 60; sid:4;)\n"
    "alert http any any -> any any (msg:\"file\"; file.data; content:\"e\"; sid:5;)\n"
    "alert udp any any -> any any (msg:\"any\"; tag:session,5,packets; sid:6;)\n";

/// Reading a capture is not what is tried.
class Unharmed final : public PacketSource {
 public:
  explicit Unharmed(std::unique_ptr<PacketSource> inner) : inner_(std::move(inner)) {}
  Result receive(Burst& burst) override {
    armed = false;
    const Result result = inner_->receive(burst);
    armed = true;
    return result;
  }
  void release(Burst& burst) override { inner_->release(burst); }
  CaptureCounters counters() override { return inner_->counters(); }
  std::string_view file() const override { return inner_->file(); }
  std::string_view interface_name(uint16_t i) const override { return inner_->interface_name(i); }
  std::span<const CaptureError> errors() const override { return inner_->errors(); }
  void stop() override { inner_->stop(); }

 private:
  std::unique_ptr<PacketSource> inner_;
};

class Allocation : public ::testing::Test {
 protected:
  Allocation() {
    root_.kind = Setting::Kind::map;
    config_ = SensorConfig::read(root_, {});
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config_->rules, config_->detect, messages);
    parse_rules(kRules, "test.rules", messages, [&](const RuleTree& tree) { compiler.add(tree); });
    rules_ = compiler.finish();
    EXPECT_TRUE(messages.empty()) << messages.front().text;
    EXPECT_EQ(rules_->counts().loaded, 6u);
    for (const auto& entry : std::filesystem::recursive_directory_iterator("pcaps")) {
      if (entry.path().extension() == ".pcap" && entry.file_size() < 60'000) captures_.push_back(entry.path());
    }
    std::ranges::sort(captures_);
  }

  struct Run {
    uint64_t faults = 0, records = 0, made = 0;  // made: allocations, of a run in which none fails
  };
  /// One worker over the captures; the n-th of its allocations fails, none when n is 0.
  Run run(const std::vector<std::string>& captures, uint64_t n) {
    Publisher publisher({}, 1, true);
    FileNumbers numbers;
    Unharmed source(std::move(open_captures(captures, 1).front()));
    WorkerShare share{.config = config_.get(),
                      .rules = rules_,
                      .state = SharedState::create([](uint64_t) {}),
                      .publisher = &publisher,
                      .file_numbers = &numbers};
    Worker worker(0, source, share);
    const uint64_t whole = uint64_t{1} << 62;
    countdown = n ? n : whole;
    worker.run();
    armed = false;
    CounterSet counters;
    worker.add_counters(counters);
    Run out{.faults = counters.value("flow.out_of_memory"), .made = whole - countdown};
    for (uint64_t count : worker.records_written()) out.records += count;
    return out;
  }

  Setting root_;
  std::unique_ptr<const SensorConfig> config_;
  std::shared_ptr<const RuleSet> rules_;
  std::vector<std::string> captures_;
};

uint64_t allocated() {
  uint64_t epoch = 1, bytes = 0;
  size_t size = sizeof epoch;
  mallctl("epoch", &epoch, &size, &epoch, size);
  mallctl("stats.allocated", &bytes, &size, nullptr, 0);
  return bytes;
}

TEST_F(Allocation, AnyOfThemMayFail) {
  ASSERT_GT(captures_.size(), 5u);
  uint64_t runs = 0, faults = 0;
  constexpr uint64_t kRuns = 10'000;
  uint64_t settled = 0;
  for (const std::string& capture : captures_) {
    const Run whole = run({capture}, 0);
    ASSERT_EQ(whole.faults, 0u);
    ASSERT_GT(whole.records, 0u);
    // Each of the first, where state is made, then spread over the rest.
    const uint64_t share = kRuns / captures_.size(), step = std::max<uint64_t>(1, whole.made / (share / 2));
    for (uint64_t n = 1; n <= whole.made; n += n < share / 2 ? 1 : step) {
      const Run one = run({capture}, n);
      faults += one.faults;
      ASSERT_LE(one.faults, 2u) << capture << ' ' << n;
      if (++runs == 500) settled = allocated();
    }
  }
  EXPECT_GT(faults, runs / 4) << "most of our own allocations are not caught by a library";
  EXPECT_LT(allocated(), settled + (4u << 20)) << "leaked, over " << runs << " runs";
  RecordProperty("runs", static_cast<int>(runs));
}

}  // namespace
}  // namespace lapwing
