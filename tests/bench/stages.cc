// The stages of the data path over the captures of pcaps/, each with all stages before it, then the whole sensor.
// The cost of one stage is the difference between neighbours. The whole sensor is started for each round, some 30 ms:
// let LAPWING_BENCH_CAPTURES name a longer capture to see past it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "sensor/base/hash.h"
#include "sensor/capture/capture_file.h"
#include "sensor/capture/packet_source.h"
#include "sensor/pipeline/pipeline.h"
#include "signatures/compile/rule_compiler.h"
#include "signatures/parse/parse.h"
#include "tests/bench/defaults.h"
#include "tests/bench/path.h"

namespace lapwing {
namespace {

/// The files of captures().
std::vector<std::string> files() {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  for (const std::string& path : captures()) {
    if (!fs::is_directory(path)) {
      out.push_back(path);
      continue;
    }
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file() && is_capture(entry.path().string())) out.push_back(entry.path().string());
    }
  }
  return out;
}

std::shared_ptr<const RuleSet> rules(const std::string& path) {
  std::vector<RuleMessage> messages;
  RuleCompiler compiler(config().rules, config().detect, messages);
  if (!path.empty()) read_rules(path, messages, [&](const RuleTree& tree) { compiler.add(tree); });
  return compiler.finish();
}

/// All frames with their bytes, in memory.
struct Trace {
  Trace() {
    auto sources = open_captures(captures(), 1);
    Burst burst;
    while (sources[0]->receive(burst) == PacketSource::Result::frames) {
      for (const Frame& frame : burst.view()) {
        kept.emplace_back(frame.data.begin(), frame.data.end());
        frames.push_back(frame);
      }
      sources[0]->release(burst);
    }
    for (size_t i = 0; i < frames.size(); ++i) frames[i].data = kept[i];
  }
  std::vector<std::vector<uint8_t>> kept;
  std::vector<Frame> frames;
};

const Trace& trace() {
  static const Trace read;
  return read;
}

void count(benchmark::State& state) {
  size_t bytes = 0;
  for (const Frame& frame : trace().frames) bytes += frame.data.size();
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * trace().frames.size()));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}

/// The least that a stage could do, whatever it is written in: what the bare work costs on this machine.
namespace bare {

void read(benchmark::State& state) {
  std::vector<char> buffer(128 << 10);
  for (auto _ : state) {
    for (const std::string& path : files()) {
      std::ifstream file(path, std::ios::binary);
      file.rdbuf()->pubsetbuf(nullptr, 0);
      while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
        benchmark::DoNotOptimize(buffer.data());
      }
    }
  }
  count(state);
}

/// A byte of each header that decides what the next is, and of both ports.
void headers(benchmark::State& state) {
  for (auto _ : state) {
    unsigned sum = 0;
    for (const Frame& frame : trace().frames) {
      for (const size_t at : {12, 23, 34, 47}) sum += at < frame.data.size() ? frame.data[at] : 0u;
    }
    benchmark::DoNotOptimize(sum);
  }
  count(state);
}

/// A keyed hash of the addresses and ports, and one line of a table of 64 bytes an entry read and written.
void lookup(benchmark::State& state) {
  struct alignas(64) Entry {
    uint64_t key = 0, packets = 0;
  };
  std::vector<Entry> table(size_t{1} << 17);
  for (auto _ : state) {
    for (const Frame& frame : trace().frames) {
      constexpr size_t kAddresses = 26, kSize = 12;  // of IPv4 in Ethernet, and the ports behind them
      if (frame.data.size() < kAddresses + kSize) continue;
      const uint64_t key = keyed_hash(frame.data.subspan(kAddresses, kSize), kReplaySeed);
      Entry& entry = table[key % table.size()];
      entry.packets += entry.key == key;
      entry.key = key;
    }
  }
  count(state);
}

/// Every byte looked at once, as a search for one that is not there.
void bytes(benchmark::State& state) {
  for (auto _ : state) {
    size_t found = 0;
    for (const Frame& frame : trace().frames) found += std::ranges::count(frame.data, uint8_t{0xfe});
    benchmark::DoNotOptimize(found);
  }
  count(state);
}

BENCHMARK(read)->Unit(benchmark::kMillisecond);
BENCHMARK(headers)->Unit(benchmark::kMillisecond);
BENCHMARK(lookup)->Unit(benchmark::kMillisecond);
BENCHMARK(bytes)->Unit(benchmark::kMillisecond);

}  // namespace bare

void capture(benchmark::State& state) {
  for (auto _ : state) {
    auto sources = open_captures(captures(), 1);
    Burst burst;
    while (sources[0]->receive(burst) == PacketSource::Result::frames) sources[0]->release(burst);
  }
  count(state);
}
BENCHMARK(capture)->Unit(benchmark::kMillisecond);

void stage(benchmark::State& state, Stage last) {
  trace();
  for (auto _ : state) {
    state.PauseTiming();
    auto path = std::make_unique<Path>(last);
    state.ResumeTiming();
    for (const Frame& frame : trace().frames) path->take(frame);
    path->finish();
    state.PauseTiming();
    path.reset();
    state.ResumeTiming();
  }
  count(state);
}
BENCHMARK_CAPTURE(stage, decode, Stage::decode)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stage, flow, Stage::flow)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stage, stream, Stage::stream)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(stage, dissect, Stage::app)->Unit(benchmark::kMillisecond);

/// Capture to records, without an output to write them to.
void sensor(benchmark::State& state, const std::string& rule_file) {
  const auto compiled = rules(rule_file);
  for (auto _ : state) {
    Pipeline::Plan plan{
        .config = &config(), .rules = compiled, .checksums = ChecksumMode::none, .hash_seed = kReplaySeed};
    plan.sources = open_captures(captures(), 1);
    Pipeline(std::move(plan)).run([](double) {});
  }
  count(state);
}
BENCHMARK_CAPTURE(sensor, records, std::string())
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK_CAPTURE(sensor, rules, std::string("pcaps/starter.rules"))
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void compile(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(rules("pcaps/starter.rules"));
}
BENCHMARK(compile)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace lapwing

BENCHMARK_MAIN();
