// Sizes: of buffers, packets and streams.
#include "signatures/keywords/families.h"
#include "signatures/program/size_step.h"

namespace lapwing::rules {

namespace {

class IsDataAt : public Step {
 public:
  Outcome attempt(Inspection& inspection, Attempt& attempt) const override {
    const Subject& subject = inspection.subject();
    auto end = static_cast<int64_t>(subject.end());
    int64_t count = position.get(inspection);
    // What a calculation made of it may be negative or huge: there is no data there.
    constexpr int64_t kFarthest = 100'000'000;
    if (position.variable >= 0 && (count < 0 || count >= kFarthest)) return negated ? Outcome::match : Outcome::fail;
    // Absolute: byte number `count` exists. Relative: `count` bytes follow the last match.
    const int64_t wanted = relative ? static_cast<int64_t>(attempt.cursor) + count : count + 1;
    const bool there = wanted <= end;
    if (there == negated) return Outcome::fail;
    if (wanted > 0) {
      const auto to = static_cast<uint64_t>(wanted);
      if (negated && subject.comes(attempt.oldest, to)) return inspection.put_off();
      attempt.newest = std::max(attempt.newest, to);
    }
    return Outcome::match;
  }
  std::string describe(VariableNames variables) const override {
    return std::string("isdataat ") + (negated ? "!" : "") + words(position, variables) +
           (relative ? ", relative" : "");
  }
  VariableUse variables() const override { return {0, position.reads()}; }

  Number position;
  bool negated = false;
};

void isdataat(RuleBuilder& rule, const RuleOption& option) {
  auto step = std::make_unique<IsDataAt>();
  auto part = parts(rule.text(option), ',');
  std::string_view count = part[0];
  if (count.starts_with('!')) {
    step->negated = true;
    count.remove_prefix(1);
  }
  for (size_t i = 1; i < part.size(); i++) {
    if (part[i] == "relative")
      step->relative = true;
    else if (part[i] != "rawbytes")
      rule.fail(option, "'" + part[i] + "' is none of relative, rawbytes");
  }
  step->position = read_number(rule, option, count, 0, UINT16_MAX);
  rule.add(std::move(step), option);
}

void bsize(RuleBuilder& rule, const RuleOption& option) {
  if (rule.raw_or_current() == kRawBuffer) rule.fail(option, "needs a sticky buffer before it");
  IntegerTest test = parse_integer_test(rule.text(option), option.value_mark, UINT32_MAX);
  rule.add(std::make_unique<SizeStep>(test), option);
}

void dsize(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  const IntegerTest payload = parse_integer_test(rule.text(option), option.value_mark, UINT16_MAX);
  rule.note_payload_size(payload);
  add_condition(rule, Needs::packet, payload, [](const Scene& scene, const IntegerTest& test) {
    if (!scene.packet || !scene.packet->has_l4) return false;
    // "More than" and "other than" ask for a payload, however short; "less than" does not.
    using Mode = IntegerTest::Mode;
    const bool may_be_empty = test.mode == Mode::equal || test.mode == Mode::less || test.mode == Mode::less_equal;
    const size_t size = scene.packet->payload.size();
    return (size > 0 || may_be_empty) && test.matches(size);
  });
}

struct StreamSize {
  enum class Side : uint8_t { server, client, both, either } side;
  IntegerTest test;
};

std::string words(const StreamSize& size) {
  static constexpr std::string_view kSides[] = {"server", "client", "both", "either"};
  return std::string(kSides[static_cast<size_t>(size.side)]) + " " + describe(size.test);
}

/// Sequence numbers used in a direction, as far as its stream was reassembled.
void stream_size(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  StreamSize value;
  if (part.size() != 3) rule.fail(option, "is written '<server|client|both|either>,<operator>,<bytes>'");
  using Side = StreamSize::Side;
  if (part[0] == "server")
    value.side = Side::server;
  else if (part[0] == "client")
    value.side = Side::client;
  else if (part[0] == "both")
    value.side = Side::both;
  else if (part[0] == "either")
    value.side = Side::either;
  else
    rule.fail(option, "'" + part[0] + "' is none of server, client, both, either");
  value.test = parse_integer_test(part[1] + part[2], option.value_mark, UINT32_MAX);
  rule.rule().header.needs_flow = true;
  rule.also_packet();
  add_condition(rule, Needs::any_packet, value, [](const Scene& scene, const StreamSize& size) {
    if (!scene.flow || scene.transport != transport_bit::tcp) return false;
    auto seen = [&](Direction direction) { return scene.context->stream_size[index(direction)]; };
    bool client = size.test.matches(seen(Direction::to_server)), server = size.test.matches(seen(Direction::to_client));
    switch (size.side) {
      case Side::client: return client;
      case Side::server: return server;
      case Side::both: return client && server;
      case Side::either: return client || server;
    }
    return false;
  });
}

constexpr Keyword kSizeKeywords[] = {
    {"isdataat", "", &isdataat, "there is data at this position, or with ! there is none"},
    {"bsize", "", &bsize, "length of the buffer in bytes"},
    {"dsize", "", &dsize, "length of the packet's payload in bytes"},
    {"stream_size", "", &stream_size, "bytes seen of a direction of the TCP stream"},
};

}  // namespace

const KeywordFamily kSizeFamily{"size", kSizeKeywords};

}  // namespace lapwing::rules
