// What rules cost a TCP segment of a running connection that none of them wants, by bytes of payload.
// LAPWING_BENCH_RULES names the rules; else there are 32,000 for requests, queries and ports of others.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sensor/decode/decode.h"
#include "signatures/compile/rule_compiler.h"
#include "signatures/match/matcher.h"
#include "signatures/parse/parse.h"
#include "tests/bench/defaults.h"
#include "tests/support/packet_builder.h"

namespace lapwing {
namespace {

std::string many_rules() {
  std::string out;
  for (uint32_t sid = 1; sid <= 32'000; sid++) {
    const std::string name = "content:\"name" + std::to_string(sid * 7919) + "\"; sid:" + std::to_string(sid) + ";)\n";
    switch (sid % 4) {
      case 0: out += "alert http any any -> any any (http.uri; " + name; break;
      case 1: out += "alert dns any any -> any any (dns.query; " + name; break;
      case 2: out += "alert tls any any -> any any (tls.sni; " + name; break;
      default: out += "alert tcp any any -> any " + std::to_string(20'000 + sid % 300) + " (" + name;
    }
  }
  return out;
}

std::shared_ptr<const RuleSet> rules() {
  static const auto compiled = [] {
    std::vector<RuleMessage> messages;
    RuleCompiler compiler(config().rules, config().detect, messages);
    const auto add = [&](const RuleTree& tree) { compiler.add(tree); };
    if (const char* file = std::getenv("LAPWING_BENCH_RULES"))
      read_rules(file, messages, add);
    else
      parse_rules(many_rules(), "many.rules", messages, add);
    return compiler.finish();
  }();
  return compiled;
}

class Nobody final : public AlertSink {
 public:
  void alert(const MatchContext&, Alert&) override {}
  PacketBytes shown(const Packet&) const override { return {}; }
  void serialise(const Event&, std::string&, std::string&) override {}
  void serialise(const MessageFrame&, std::string&) override {}
  void tagged(const MatchContext&) override {}
};

void segment(benchmark::State& state) {
  const std::vector<uint8_t> payload(static_cast<size_t>(state.range(0)), 'x');
  test::PacketBuilder layers;
  test::BuiltFrame frame = layers.ether().ipv4().tcp(40'000, 443).flags(0x18).payload(payload).build();
  Decoder decoder(config().decode, ChecksumMode::none);
  Packet packet;
  decoder.decode(frame.frame(), packet);
  Flow flow;
  bool forward = false;
  make_flow_key(packet, false, flow.key, forward);
  flow.packets = {10, 10};

  Nobody nobody;
  Matcher matcher(rules(), std::make_shared<SharedState>(nullptr), nobody);
  MatchContext context;
  context.packet = &packet;
  context.flow = &flow;
  context.established = context.in_stream = true;
  for (auto _ : state) {
    matcher.begin(context);
    matcher.packet(context);
    matcher.end(context);
  }
}
BENCHMARK(segment)->Arg(0)->Arg(16)->Arg(128)->Arg(1400);

}  // namespace
}  // namespace lapwing

BENCHMARK_MAIN();
