// What shapes and tables take for an observation, in steady state.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/table.h"
#include "analytics/shape/volume.h"
#include "tests/analytics/shape/listen.h"

namespace lapwing::analytics {
namespace {

std::vector<uint64_t> numbers(size_t count) {
  std::mt19937_64 random(1);
  std::vector<uint64_t> out(count);
  for (uint64_t& number : out) number = random();
  return out;
}

using Pair = std::array<uint64_t, 4>;

void fan_add(benchmark::State& state) {
  const auto hashes = numbers(1 << 16);
  std::vector<Fan> fans(1024);
  size_t i = 0;
  for (auto _ : state) {
    Fan& fan = fans[i % fans.size()];
    fan.add(hashes[i++ % static_cast<size_t>(state.range(0))]);
  }
}
BENCHMARK(fan_add)->Arg(8 * 1024)->Arg(1 << 16);

void fan_merge(benchmark::State& state) {
  const auto hashes = numbers(64);
  Fan a, b;
  for (int64_t i = 0; i < state.range(0); ++i) (i % 2 ? a : b).add(hashes[static_cast<size_t>(i)]);
  for (auto _ : state) {
    Fan sum = a;
    sum.merge(b);
    benchmark::DoNotOptimize(sum);
  }
}
BENCHMARK(fan_merge)->Arg(4)->Arg(16)->Arg(64);

void fan_count(benchmark::State& state) {
  Fan fan;
  for (uint64_t hash : numbers(static_cast<size_t>(state.range(0)))) fan.add(hash);
  for (auto _ : state) benchmark::DoNotOptimize(fan.count());
}
BENCHMARK(fan_count)->Arg(16)->Arg(1000);

void delta_table_at(benchmark::State& state) {
  const auto keys = numbers(static_cast<size_t>(state.range(0)));
  DeltaTable<Pair, Traffic> table(1);
  size_t i = 0;
  for (auto _ : state) table.at({keys[i++ * 7919 % keys.size()]}).merge({1, 1});
}
BENCHMARK(delta_table_at)->Arg(1000)->Arg(10'000)->Arg(60'000);

/// A second: filled, sealed, summed, cleared; a key of it.
void delta_table_second(benchmark::State& state) {
  const auto keys = numbers(static_cast<size_t>(state.range(0)));
  DeltaTable<Pair, Traffic> table(1), sum;
  for (auto _ : state) {
    for (uint64_t key : keys) table.at({key}).merge({1, 1});
    table.seal();
    sum.merge(table);
    sum.clear();
    table.clear();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(delta_table_second)->Arg(1000)->Arg(60'000);

void table_touch(benchmark::State& state) {
  const auto keys = numbers(static_cast<size_t>(state.range(0)));
  Table<Pair, Traffic> table(static_cast<uint32_t>(state.range(1)), 1);
  size_t i = 0;
  for (auto _ : state)
    table.touch({keys[i++ * 7919 % keys.size()]}, static_cast<uint32_t>(i >> 16))->value.merge({1, 1});
  state.counters["evicted"] = static_cast<double>(table.evicted());
}
BENCHMARK(table_touch)->Args({1000, 1000})->Args({100'000, 100'000})->Args({100'000, 50'000});

void rhythm_add(benchmark::State& state) {
  Rhythm rhythm;
  int64_t second = 1'700'000'000;
  for (auto _ : state) benchmark::DoNotOptimize(rhythm.add(Timestamp::from_seconds(second += 60), 100, 100));
}
BENCHMARK(rhythm_add);

void rhythm_judge(benchmark::State& state) {
  Rhythm rhythm;
  for (const Call& call : random_client(Habit::poisson, 64, 1)) {
    rhythm.add({static_cast<int64_t>((1.7e9 + call.time) * 1000) * 1'000'000}, call.out, call.in);
  }
  for (auto _ : state) benchmark::DoNotOptimize(rhythm.judge());
}
BENCHMARK(rhythm_judge);

}  // namespace
}  // namespace lapwing::analytics

BENCHMARK_MAIN();
