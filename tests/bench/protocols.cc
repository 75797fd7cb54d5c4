// Each protocol over its flows in the captures of pcaps/, from recognition to records: bytes that its streams and
// datagrams carry and transactions a second. LAPWING_BENCH_CAPTURES names others. Flows that are known for what other
// flows announced of them are left out.
#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/bench/path.h"

namespace lapwing {
namespace {

struct Move {
  std::string bytes;
  Chunk chunk;        // of them
  uint64_t lost = 0;  // or a gap in its direction, at its offset
};

/// What the app layer is told of a flow.
struct Talk {
  FlowKey key;
  uint8_t client_side = 0;
  uint16_t flags = 0;
  std::vector<Move> moves;
};

/// Notes down what flows say, by their protocol.
class Recorder final : public Path {
 public:
  Recorder() : Path(Stage::app) {}

  std::map<std::string, std::vector<Talk>, std::less<>> talks;

 private:
  Talk& talk(const Flow& flow) {
    Talk& talk = open_[&flow];
    if (talk.moves.empty()) talk = {.key = flow.key, .client_side = flow.client_side, .flags = flow.flags, .moves = {}};
    return talk;
  }
  void chunk(Flow& flow, const Chunk& chunk) override {
    talk(flow).moves.push_back({.bytes = std::string(to_text(chunk.data)), .chunk = chunk});
    Path::chunk(flow, chunk);
  }
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) override {
    talk(flow).moves.push_back(
        {.bytes = {}, .chunk = {.offset = offset, .time = time, .direction = direction}, .lost = lost});
    Path::gap(flow, direction, offset, lost, time);
  }
  void ended(const Flow& flow) override {
    const Protocol* verdict = app().recognition(flow).final.protocol;
    auto found = open_.extract(&flow);
    if (found.empty() || !verdict) return;
    talks[std::string(verdict->name)].push_back(std::move(found.mapped()));
  }

  std::map<const Flow*, Talk> open_;
};

class Player final : public Path {
 public:
  Player() : Path(Stage::app) {}

  void play(const Talk& talk) {
    Flow flow;
    flow.key = talk.key;
    flow.client_side = talk.client_side;
    flow.flags = talk.flags;
    for (const Move& move : talk.moves) {
      flow.bytes[index(move.chunk.direction)] += move.bytes.size();
      Chunk chunk = move.chunk;
      chunk.data = to_bytes(move.bytes);
      if (move.lost > 0) {
        app().gap(flow, chunk.direction, chunk.offset, move.lost, chunk.time);
      } else {
        app().chunk(flow, chunk);
      }
    }
    app().finish(flow, {});
  }
  uint64_t transactions() { return app().counters().transactions; }
};

void play(benchmark::State& state, const std::vector<Talk>& talks) {
  size_t bytes = 0;
  for (const Talk& talk : talks) {
    for (const Move& move : talk.moves) bytes += move.bytes.size();
  }
  Player player;
  for (auto _ : state) {
    for (const Talk& talk : talks) player.play(talk);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  state.counters["transactions"] =
      benchmark::Counter(static_cast<double>(player.transactions()), benchmark::Counter::kIsRate);
}

}  // namespace
}  // namespace lapwing

int main(int argc, char** argv) {
  using namespace lapwing;
  Recorder recorder;
  auto sources = open_captures(captures(), 1);
  Burst burst;
  while (sources[0]->receive(burst) == PacketSource::Result::frames) {
    for (const Frame& frame : burst.view()) recorder.take(frame);
    sources[0]->release(burst);
  }
  recorder.finish();
  for (const auto& [protocol, talks] : recorder.talks) {
    benchmark::RegisterBenchmark(protocol.c_str(), [&talks = talks](benchmark::State& state) { play(state, talks); });
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
