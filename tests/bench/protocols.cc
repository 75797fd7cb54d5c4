// What dissectors take for a message and for a byte. The flows of the captures are handed to the app layer as the
// stream gave them, those of one protocol after the other; records are made, and nobody writes them. Each protocol is
// held to the budget that its tests state.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sensor/app/app_layer.h"
#include "sensor/base/hash.h"
#include "sensor/decode/decode.h"
#include "sensor/flow/flow_table.h"
#include "sensor/stream/stream_engine.h"
#include "tests/bench/defaults.h"
#include "tests/bench/trace.h"

namespace lapwing {
namespace {

/// A chunk or a gap of one flow, with what the flow was like.
struct Part {
  size_t talk = 0;
  std::vector<uint8_t> bytes;
  Chunk chunk;
  uint64_t lost = 0;  // of a gap
  std::array<uint64_t, 2> packets{}, flow_bytes{};
  uint16_t flags = 0;
};

struct Talk {
  FlowKey key;
  uint8_t client_side = 0;
  std::string protocol;
  uint64_t bytes = 0;
};

struct Silent : AppSink {
  void event(Flow&, const Event& event) override { benchmark::DoNotOptimize(&event); }
  void anomaly(Flow&, const Protocol&, const Transaction&, uint8_t, Direction) override {}
  void file(Flow&, const Event&, CarriedFile&, Bytes, bool) override {}
  void encrypted(Flow&, Direction, uint64_t) override {}
  void plain(Flow&, const Chunk&) override {}
  void frame(Flow&, const MessageFrame&) override {}
  void recognition_anomaly(Flow&, RecognitionAnomaly, Direction) override {}
};

/// All that the captures say, in order.
class Talks final : private StreamSink {
 public:
  Talks()
      : decoder_(config().decode, ChecksumMode::none),
        flows_(config().flow, kReplaySeed, [this](Flow& flow, Timestamp now) { close(flow, now); }),
        stream_(config().stream, *this),
        app_(config().app, config().budget, silent_) {
    std::vector<Packet> packets(kMaxPackets);
    for (const Frame& frame : trace().frames) {
      now_ = frame.time;
      const size_t count = decoder_.decode(frame, packets);
      for (size_t i = 0; i < count; ++i) follow(packets[i]);
    }
    flows_.end_all(now_);
    for (Part& part : parts) part.chunk.data = part.bytes;
  }

  std::vector<Part> parts;
  std::vector<Talk> talks;

 private:
  void follow(const Packet& packet) {
    if (!packet.wants_flow || packet.invalid || packet.is_fragment) return;
    uint8_t direction = 0;
    Flow* flow = flows_.find_or_create(packet, flows_.look(packet), direction);
    if (!flow) return;
    if (app_.expecting()) app_.greet(*flow, packet.time);
    if (packet.is_tcp()) {
      const FlowState before = flow->state;
      stream_.packet(*flow, packet, static_cast<Direction>(direction));
      if (flow->state != before) flows_.set_state(*flow, flow->state);
    } else if (packet.is_udp() && !packet.payload.empty()) {
      chunk(*flow, {.data = packet.payload,
                    .time = packet.time,
                    .direction = static_cast<Direction>(direction),
                    .datagram = true});
    }
  }
  Part& note(Flow& flow) {
    const auto [known, fresh] = numbers_.try_emplace(&flow, talks.size());
    if (fresh) talks.push_back({.key = flow.key, .client_side = flow.client_side});
    Part& part = parts.emplace_back();
    part.talk = known->second;
    part.packets = flow.packets;
    part.flow_bytes = flow.bytes;
    part.flags = flow.flags;
    return part;
  }
  void close(Flow& flow, Timestamp now) {
    if (flow.key.proto == ip_proto::tcp) stream_.finish(flow, now);
    app_.finish(flow, now);
    const auto known = numbers_.find(&flow);
    if (known == numbers_.end()) return;
    talks[known->second].protocol = app_.recognition(flow).final.name();
    numbers_.erase(known);
  }
  void chunk(Flow& flow, const Chunk& chunk) override {
    Part& part = note(flow);
    part.bytes.assign(chunk.data.begin(), chunk.data.end());
    part.chunk = chunk;
    talks[part.talk].bytes += chunk.data.size();
    app_.chunk(flow, chunk);
  }
  void gap(Flow& flow, Direction direction, uint64_t offset, uint64_t lost, Timestamp time) override {
    Part& part = note(flow);
    part.chunk = {.offset = offset, .time = time, .direction = direction};
    part.lost = lost;
    app_.gap(flow, direction, offset, lost, time);
  }
  void behind_hole(Flow&, const Chunk&, uint64_t) override {}
  void event(Flow&, StreamAnomaly) override {}

  Decoder decoder_;
  FlowTable flows_;
  StreamEngine stream_;
  Silent silent_;
  AppLayer app_;
  std::map<const Flow*, size_t> numbers_;
  Timestamp now_;
};

const Talks& talks() {
  static const Talks all;
  return all;
}

/// The talks of either protocol.
std::vector<bool> talks_of(std::string_view one, std::string_view other) {
  std::vector<bool> out;
  for (const Talk& talk : talks().talks) out.push_back(talk.protocol == one || talk.protocol == other);
  return out;
}

/// An app layer as the sensor begins with, and flows of which it has seen nothing.
struct Beginning {
  Beginning() : app(config().app, config().budget, silent), flows(talks().talks.size()) {
    std::vector<Wanted> wanted(config().app.protocols.size(), {.digests = config().files.digests});
    app.want(wanted);
    for (size_t i = 0; i < flows.size(); ++i) {
      flows[i].key = talks().talks[i].key;
      flows[i].client_side = talks().talks[i].client_side;
      flows[i].id = i + 1;
    }
  }
  ~Beginning() {
    for (Flow& flow : flows) flow.slots = {};  // before the app layer ends
  }
  uint64_t messages(std::string_view protocol) const {
    CounterSet counters;
    app.add_protocol_counters(counters);
    return counters.value("app_layer.tx." + std::string(protocol));
  }

  Silent silent;
  AppLayer app;
  std::vector<Flow> flows;
};

/// Hands the parts of the chosen talks over.
void hand_over(const std::vector<bool>& chosen, Beginning& to) {
  for (const Part& part : talks().parts) {
    if (!chosen[part.talk]) continue;
    Flow& flow = to.flows[part.talk];
    flow.packets = part.packets;
    flow.bytes = part.flow_bytes;
    flow.flags = part.flags;
    flow.last = part.chunk.time;
    if (to.app.expecting()) to.app.greet(flow, part.chunk.time);
    if (part.lost > 0) {
      to.app.gap(flow, part.chunk.direction, part.chunk.offset, part.lost, part.chunk.time);
    } else {
      to.app.chunk(flow, part.chunk);
    }
  }
  for (size_t i = 0; i < to.flows.size(); ++i) {
    if (chosen[i]) to.app.finish(to.flows[i], {});
  }
}

/// The talks of a protocol, with those of another where that one announces them.
std::vector<bool> whole(std::string_view protocol) {
  std::vector<bool> out = talks_of(protocol, protocol);
  for (const DissectorRow* row : dissectors()) {
    Beginning beginning;
    hand_over(out, beginning);
    if (beginning.messages(protocol) > 0) break;
    out = talks_of(protocol, row->about->name);
  }
  return out;
}

bool over_budget = false;

/// The budget is for optimised builds on one core that nobody shares.
void held(benchmark::State& state, std::string_view protocol, double ns_a_message, double mb_a_second) {
  std::string folder(protocol);
  std::ranges::replace(folder, '-', '_');
  std::ifstream file("tests/dissectors/" + folder + "/budget.json");
  const auto budget = nlohmann::json::parse(file);
  state.counters["ns_a_message"] = ns_a_message;
  state.counters["MB_a_second"] = mb_a_second;
  const auto most = budget.at("ns_a_message").get<double>(), least = budget.at("mb_a_second").get<double>();
  // Messages of few bytes are judged by their number, long ones by their bytes.
  if (ns_a_message <= most || mb_a_second >= least) return;
  over_budget = true;
  state.SkipWithError(
      fmt::format("beyond its budget: {:.0f} ns a message, {:.0f} MB a second", ns_a_message, mb_a_second).c_str());
}

void dissect(benchmark::State& state, const std::string& protocol) {
  const std::vector<bool> flows_of = whole(protocol);
  uint64_t bytes = 0, messages = 0, passes = 0;
  for (const Talk& talk : talks().talks) bytes += talk.protocol == protocol ? talk.bytes : 0;
  if (bytes == 0) return state.SkipWithError("the captures have nothing of it");
  using Clock = std::chrono::steady_clock;
  Clock::duration taken{};
  for (auto _ : state) {
    state.PauseTiming();
    auto beginning = std::make_unique<Beginning>();
    state.ResumeTiming();
    const auto begin = Clock::now();
    hand_over(flows_of, *beginning);
    taken += Clock::now() - begin;
    state.PauseTiming();
    messages += beginning->messages(protocol);
    beginning.reset();
    state.ResumeTiming();
    ++passes;
  }
  if (messages == 0) return state.SkipWithError("the captures have no message of it");
  const double ns = std::chrono::duration<double, std::nano>(taken).count();
  held(state, protocol, ns / static_cast<double>(messages), static_cast<double>(bytes * passes) * 1e3 / ns);
}

}  // namespace
}  // namespace lapwing

int main(int count, char** words) {
  benchmark::Initialize(&count, words);
  for (const lapwing::DissectorRow* row : lapwing::dissectors()) {
    const std::string name(row->about->name);
    benchmark::RegisterBenchmark(name.c_str(), lapwing::dissect, name)->Unit(benchmark::kMicrosecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return lapwing::over_budget ? 1 : 0;
}
