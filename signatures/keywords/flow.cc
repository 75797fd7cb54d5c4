// The flow: direction and state, detected protocol.
#include "signatures/keywords/families.h"

namespace lapwing::detect {

namespace {

struct Fragmented {
  bool is = true;
};

std::string words(const Fragmented& wanted) {
  return wanted.is ? "only_frag" : "no_frag";
}

void flow(RuleBuilder& rule, const RuleOption& option) {
  Header& header = rule.rule().header;
  header.needs_flow = true;
  auto direct = [&](uint8_t mask) {
    if (rule.flow_direction_given && header.directions != mask) rule.fail(option, "names both directions");
    header.directions = mask;
    rule.flow_direction_given = true;
  };
  auto establish = [&](bool value) {
    if (header.established && *header.established != value)
      rule.fail(option, "established and not_established exclude each other");
    header.established = value;
  };
  bool stateless = false;
  for (const std::string& word : parts(rule.text(option), ',')) {
    if (word == "to_server" || word == "from_client")
      direct(kToServer);
    else if (word == "to_client" || word == "from_server")
      direct(kToClient);
    else if (word == "established")
      establish(true);
    else if (word == "not_established")
      establish(false);
    else if (word == "stateless")
      stateless = true;
    else if (word == "only_stream")
      rule.require_stream(option);
    else if (word == "no_stream")
      rule.require_packet(option);
    else if (word == "only_frag" || word == "no_frag") {
      add_condition(rule, Needs::packet, Fragmented{word == "only_frag"},
                    [](const Scene& scene, const Fragmented& wanted) {
                      return scene.packet && scene.packet->defragmented == wanted.is;
                    });
    } else {
      rule.fail(option, "'" + word +
                            "' is none of to_server, to_client, from_server, from_client, established, "
                            "not_established, stateless, only_stream, no_stream, only_frag, no_frag");
    }
  }
  if (stateless && header.established) rule.fail(option, "stateless excludes established and not_established");
}

struct ProtocolTest {
  uint64_t protocols = 0;
  std::string name;  // as the rule has it
  bool negated = false;
};

std::string words(const ProtocolTest& test) {
  return (test.negated ? "!" : "") + test.name;
}

void app_layer_protocol(RuleBuilder& rule, const RuleOption& option) {
  std::string name = rule.text(option);
  ProtocolTest test;
  if (name.starts_with('!')) {
    test.negated = true;
    name = name.substr(1);
  }
  if (size_t comma = name.find(','); comma != std::string::npos)
    rule.skip(option, "forms with a mode are not there yet");
  if (name == "failed" || name == "unknown") {
    rule.skip(option, "'" + name + "' is not there yet: failed and unknown are not told apart");
  } else {
    test.protocols = rule.buffers().protocols_named(name);
    if (test.protocols == 0) {
      if (!is_known_protocol(name)) rule.fail(option, "'" + name + "' is no protocol");
      rule.skip(option, "protocol '" + name + "' has no dissector yet");
    }
  }
  test.name = name;
  rule.rule().header.needs_flow = true;
  add_condition(rule, Needs::any_packet, test, [](const Scene& scene, const ProtocolTest& t) {
    if (scene.protocol == kMaxProtocols) return false;  // not detected yet: neither equal nor different
    return ((t.protocols >> scene.protocol & 1) != 0) != t.negated;
  });
}

constexpr Keyword kRows[] = {
    {"flow", "", &flow, "direction and state of the flow"},
    {"app-layer-protocol", "", &app_layer_protocol, "the detected protocol"},
};

}  // namespace

const KeywordFamily kFlowFamily{"flow", kRows};

}  // namespace lapwing::detect
