// The flow: direction and state, detected protocol.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

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
  for (std::string_view listed : split(rule.text(option), ',')) {
    const std::string_view word = trim(listed);
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
      rule.fail(option, "'" + std::string(word) +
                            "' is none of to_server, to_client, from_server, from_client, established, "
                            "not_established, stateless, only_stream, no_stream, only_frag, no_frag");
    }
  }
  if (stateless && header.established) rule.fail(option, "stateless excludes established and not_established");
}

/// Which of what is known of a flow's protocol is meant.
enum class Whose : uint8_t { direction, final, original, either, to_server, to_client };

struct ProtocolTest {
  ProtocolSet protocols;
  bool failed = false, unknown = false, negated = false;
  bool once = false;  // nothing else is asked: true only where a side was judged
  Whose whose = Whose::direction;
  std::string text;  // as the rule has it
};

std::string words(const ProtocolTest& test) {
  return test.text;
}

bool names(const Compiled& rules, const Spoken& spoken, const ProtocolTest& test) {
  if (test.unknown) return !spoken.known() && !test.negated;
  if (!spoken.known()) return false;  // neither equal nor different yet
  if (spoken.failed && !spoken.protocol) return test.failed != test.negated;
  const uint8_t number = rules.protocol_index(spoken.protocol);
  const bool equal = number != kMaxProtocols && test.protocols.has(number);
  return equal != test.negated;
}

bool speaks(const Scene& scene, const ProtocolTest& test) {
  static constexpr Recognition kNothing;
  const Recognition& seen = scene.context->recognition ? *scene.context->recognition : kNothing;
  if (test.once && !seen.just_judged) return false;
  auto matches = [&](const Spoken& spoken) { return names(*scene.rules, spoken, test); };
  switch (test.whose) {
    case Whose::direction: return matches(seen.sides[index(scene.direction)]);
    case Whose::final: return matches(seen.final);
    case Whose::original: return matches({seen.original});
    case Whose::either: return matches(seen.sides[0]) || matches(seen.sides[1]);
    case Whose::to_server: return matches(seen.sides[0]);
    case Whose::to_client: return matches(seen.sides[1]);
  }
  return false;
}

/// True when the rule says nothing but protocols, directions and what does not decide a match.
bool only_protocols(const RuleBuilder& rule) {
  constexpr std::string_view kSilent[] = {
      "app-layer-protocol", "msg",    "sid",      "gid",     "rev",   "classtype", "reference",
      "metadata",           "target", "priority", "noalert", "alert", "threshold", "requires"};
  const auto& options = rule.tree().options;
  return std::all_of(options.begin(), options.end(), [&](const RuleOption& option) {
    if (option.name == "flow") {
      std::string_view value = trim(option.value);
      return value == "to_server" || value == "to_client" || value == "from_server" || value == "from_client";
    }
    return std::find(std::begin(kSilent), std::end(kSilent), option.name) != std::end(kSilent);
  });
}

/// "[!]<protocol, failed or unknown>[,<whose>]"
void app_layer_protocol(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  std::string name = part[0];
  ProtocolTest test;
  if (name.starts_with('!')) {
    test.negated = true;
    name = name.substr(1);
  }
  constexpr std::pair<std::string_view, Whose> kWhose[] = {
      {"direction", Whose::direction}, {"final", Whose::final},         {"original", Whose::original},
      {"either", Whose::either},       {"to_server", Whose::to_server}, {"to_client", Whose::to_client}};
  if (part.size() > 2) rule.fail(option, "is written '<protocol>' or '<protocol>,<mode>'");
  if (part.size() == 2) {
    auto found = std::find_if(std::begin(kWhose), std::end(kWhose), [&](const auto& w) { return w.first == part[1]; });
    if (found == std::end(kWhose)) {
      rule.fail(option, "'" + part[1] + "' is none of direction, final, original, either, to_server, to_client");
    }
    test.whose = found->second;
  }
  test.failed = name == "failed";
  test.unknown = name == "unknown";
  if (!test.failed && !test.unknown) {
    test.protocols = rule.buffers().protocols_named(name);
    if (test.protocols.empty()) {
      if (!is_known_protocol(name)) rule.fail(option, "'" + name + "' is no protocol");
      rule.skip(option, "protocol '" + name + "' has no dissector yet");
    }
  }
  test.text = rule.text(option);
  if (!rule.rule().header.protocols.empty()) {
    rule.fail(option, "the header names a protocol already: name ip, tcp or udp there");
  }
  rule.rule().header.needs_flow = true;
  rule.rule().asks_protocol |= !test.unknown;
  rule.rule().asks_sides |= !test.unknown && test.whose != Whose::final && test.whose != Whose::original;
  test.once = only_protocols(rule);
  add_condition(rule, Needs::any_packet, test, &speaks);
}

constexpr Keyword kFlowKeywords[] = {
    {"flow", "", &flow, "direction and state of the flow"},
    {"app-layer-protocol", "", &app_layer_protocol, "the detected protocol"},
};

}  // namespace

const KeywordFamily kFlowFamily{"flow", kFlowKeywords};

}  // namespace lapwing::rules
