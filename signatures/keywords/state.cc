// State that rules leave for each other: flowbits, flowint, xbits, hostbits.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"
#include "signatures/match/shared.h"

namespace lapwing::rules {

namespace {

enum class BitOp : uint8_t { set, unset, toggle };

constexpr std::string_view kBitOps[] = {"set", "unset", "toggle"};

uint16_t name_number(RuleBuilder& rule, const RuleOption& option, NameKind kind, std::string_view name) {
  auto number = number_of(kind, name);
  if (!number) rule.fail(option, "brings a name beyond the " + std::to_string(kMaxNames) + " that can be told apart");
  return *number;
}

std::vector<uint16_t> bit_numbers(RuleBuilder& rule, const RuleOption& option, NameKind kind, std::string_view names,
                                  bool writes, bool clears = false) {
  std::vector<uint16_t> out;
  for (const std::string& name : parts(names, '|')) {
    if (name.empty()) rule.fail(option, "needs a name");
    if (name.find(' ') != std::string::npos) rule.fail(option, "'" + name + "' has a blank in its name");
    out.push_back(name_number(rule, option, kind, name));
    rule.rule().state_uses.push_back({kind, out.back(), writes, clears});
  }
  return out;
}

std::string names_of_bits(const std::vector<uint16_t>& bits) {
  Sentence out("|");
  for (uint16_t bit : bits) out.add(name_of(NameKind::flowbit, bit));
  return out.text();
}

class ChangeFlowBits : public Effect {
 public:
  ChangeFlowBits(std::vector<uint16_t> bits, BitOp op) : bits_(std::move(bits)), op_(op) {}
  void apply(const Scene& scene) const override {
    if (!scene.flow) return;
    FlowState& state = scene.states->get(*scene.flow);
    for (uint16_t bit : bits_) {
      if (op_ == BitOp::set || (op_ == BitOp::toggle && !state.has_bit(bit)))
        state.set_bit(bit);
      else
        state.clear_bit(bit);
    }
  }

  std::string describe() const override {
    return std::string(kBitOps[static_cast<size_t>(op_)]) + " " + names_of_bits(bits_);
  }

 private:
  std::vector<uint16_t> bits_;
  BitOp op_;
};

struct FlowBitTest {
  std::vector<uint16_t> any_of;
  bool set;
};

std::string words(const FlowBitTest& test) {
  return (test.set ? "isset " : "isnotset ") + names_of_bits(test.any_of);
}

void flowbits(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  const std::string& op = part[0];
  if (op == "noalert") {
    if (part.size() != 1) rule.fail(option, "noalert takes no name");
    rule.rule().alerts = false;
    return;
  }
  if (part.size() != 2) rule.fail(option, "is written '<set|unset|toggle|isset|isnotset>,<name>' or 'noalert'");
  if (op == "isset" || op == "isnotset") {
    FlowBitTest test{bit_numbers(rule, option, NameKind::flowbit, part[1], false), op == "isset"};
    // Any later packet may come upon another state of the bit.
    add_condition(rule, Needs::any_packet, std::move(test), [](const Scene& scene, const FlowBitTest& t) {
      const FlowState* state = scene.flow ? scene.states->find(*scene.flow) : nullptr;
      if (!scene.flow) return false;
      auto is_set = [&](uint16_t bit) { return state && state->has_bit(bit); };
      return t.set ? std::any_of(t.any_of.begin(), t.any_of.end(), is_set)
                   : !std::all_of(t.any_of.begin(), t.any_of.end(), is_set);
    });
    return;
  }
  BitOp change = BitOp::set;
  if (op == "unset")
    change = BitOp::unset;
  else if (op == "toggle")
    change = BitOp::toggle;
  else if (op != "set")
    rule.fail(option, "'" + op + "' is none of set, unset, toggle, isset, isnotset, noalert");
  rule.add(std::make_unique<ChangeFlowBits>(
               bit_numbers(rule, option, NameKind::flowbit, part[1], true, change == BitOp::unset), change),
           change == BitOp::set ? Needs::nothing : Needs::any_packet);
}

struct VariableTest {
  uint16_t name = 0;
  std::string text;

  bool matches(const std::string& value) const { return value.find(text) != std::string::npos; }
};

std::string words(const VariableTest& test) {
  return name_of(NameKind::variable, test.name) + " has " + in_quotes(test.text);
}

/// `<name>,"text"`: the variable holds the text somewhere.
VariableTest read_variable_test(RuleBuilder& rule, const RuleOption& option) {
  size_t comma = option.value.find(',');
  if (!option.has_value || comma == std::string::npos) rule.fail(option, "is written '<name>,\"text\"'");
  VariableTest test;
  std::string_view name = trim(std::string_view(option.value).substr(0, comma));
  std::string_view text = trim(std::string_view(option.value).substr(comma + 1));
  if (name.starts_with('!') || text.starts_with('!')) rule.fail(option, "cannot be negated");
  if (text.size() < 2 || text.front() != '"' || text.back() != '"')
    rule.fail(option, "needs its text in double quotes");
  test.name = name_number(rule, option, NameKind::variable, name);
  test.text = read_pattern(rule, option, text.substr(1, text.size() - 2));
  rule.rule().state_uses.push_back({NameKind::variable, test.name, false});
  return test;
}

void flowvar(RuleBuilder& rule, const RuleOption& option) {
  add_condition(rule, Needs::any_packet, read_variable_test(rule, option),
                [](const Scene& scene, const VariableTest& test) {
                  const FlowState* state = scene.flow ? scene.states->find(*scene.flow) : nullptr;
                  const auto* variable = state ? state->find_variable(test.name) : nullptr;
                  return variable && test.matches(variable->text);
                });
}

void pktvar(RuleBuilder& rule, const RuleOption& option) {
  add_condition(rule, Needs::any_packet, read_variable_test(rule, option),
                [](const Scene& scene, const VariableTest& test) {
                  return std::any_of(scene.packet_variables.begin(), scene.packet_variables.end(),
                                     [&](const auto& v) { return v.name == test.name && test.matches(v.text); });
                });
}

/// A number of the rule or another flowint.
struct Operand {
  uint32_t value = 0;
  bool is_name = false;
  uint16_t name = 0;

  bool get(const FlowState* state, uint32_t& out) const {
    if (!is_name) {
      out = value;
      return true;
    }
    const auto* other = state ? const_cast<FlowState*>(state)->find_integer(name) : nullptr;
    if (other) out = other->value;
    return other != nullptr;
  }
};

std::string words(const Operand& operand) {
  return operand.is_name ? name_of(NameKind::flowint, operand.name) : std::to_string(operand.value);
}

class ChangeFlowInt : public Effect {
 public:
  ChangeFlowInt(uint16_t name, char op, Operand operand) : name_(name), op_(op), operand_(operand) {}
  void apply(const Scene& scene) const override {
    if (!scene.flow) return;
    FlowState& state = scene.states->get(*scene.flow);
    uint32_t right = 0;
    if (!operand_.get(&state, right)) return;
    FlowState::Integer* integer = state.find_integer(name_);
    if (!integer) {
      state.integers.push_back({name_, 0});
      integer = &state.integers.back();
    }
    if (op_ == '=')
      integer->value = right;
    else if (op_ == '+')
      integer->value += right;
    else
      integer->value -= std::min(right, integer->value);
  }

  std::string describe() const override {
    return name_of(NameKind::flowint, name_) + " " + op_ + " " + words(operand_);
  }

 private:
  uint16_t name_;
  char op_;
  Operand operand_;
};

struct FlowIntTest {
  uint16_t name;
  std::string op;
  Operand operand;
};

std::string words(const FlowIntTest& test) {
  std::string out = name_of(NameKind::flowint, test.name) + " " + test.op;
  return test.op == "isset" || test.op == "isnotset" ? out : out + " " + words(test.operand);
}

bool flowint_holds(const Scene& scene, const FlowIntTest& test) {
  if (!scene.flow) return false;
  FlowState* state = scene.states->find(*scene.flow);
  auto* integer = state ? state->find_integer(test.name) : nullptr;
  if (test.op == "isset") return integer != nullptr;
  if (test.op == "isnotset") return integer == nullptr;
  uint32_t right = 0;
  if (!integer || !test.operand.get(state, right)) return false;
  uint32_t left = integer->value;
  if (test.op == "<") return left < right;
  if (test.op == ">") return left > right;
  if (test.op == "<=") return left <= right;
  if (test.op == ">=") return left >= right;
  return (left == right) == (test.op == "==");
}

void flowint(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part.size() < 2 || part.size() > 3 || part[0].empty())
    rule.fail(option, "is written '<name>,<operator>[,<value>]'");
  std::string op = part[1] == "notset" ? "isnotset" : part[1];
  uint16_t name = name_number(rule, option, NameKind::flowint, part[0]);
  bool tests_presence = op == "isset" || op == "isnotset";
  Operand operand;
  if (!tests_presence) {
    if (part.size() != 3) rule.fail(option, "needs a value after the operator");
    if (std::isdigit(static_cast<unsigned char>(part[2].empty() ? 'x' : part[2][0]))) {
      operand.value = static_cast<uint32_t>(read_integer(rule, option, part[2], 0, UINT32_MAX));
    } else {
      operand.is_name = true;
      operand.name = name_number(rule, option, NameKind::flowint, part[2]);
      rule.rule().state_uses.push_back({NameKind::flowint, operand.name, false});
    }
  }
  bool writes = op == "=" || op == "+" || op == "-";
  rule.rule().state_uses.push_back({NameKind::flowint, name, writes});
  rule.rule().header.needs_flow = true;
  if (writes) {
    rule.add(std::make_unique<ChangeFlowInt>(name, op[0], operand));
    return;
  }
  if (!tests_presence && op != "<" && op != ">" && op != "<=" && op != ">=" && op != "==" && op != "!=") {
    rule.fail(option, "'" + op + "' is none of = + - < > <= >= == != isset isnotset");
  }
  add_condition(rule, Needs::any_packet, FlowIntTest{name, op, operand}, &flowint_holds);
}

enum class BitTrack : uint8_t { src, dst, pair };

struct SharedBit {
  SharedKey::Kind kind;
  uint16_t name;
  BitTrack track;

  SharedKey key(const Scene& scene) const {
    SharedKey key;
    key.kind = kind;
    key.sid = name;
    key.track = static_cast<uint8_t>(track == BitTrack::pair);
    if (track == BitTrack::src)
      key.a = scene.src;
    else if (track == BitTrack::dst)
      key.a = scene.dst;
    else {
      key.a = std::min(scene.src, scene.dst);
      key.b = std::max(scene.src, scene.dst);
    }
    return key;
  }
};

std::string words(const SharedBit& bit) {
  static constexpr std::string_view kTracks[] = {"the source", "the destination", "the pair of addresses"};
  NameKind kind = bit.kind == SharedKey::Kind::xbit ? NameKind::xbit : NameKind::hostbit;
  return name_of(kind, bit.name) + " of " + std::string(kTracks[static_cast<size_t>(bit.track)]);
}

class SharedBitTest : public Condition {
 public:
  SharedBitTest(SharedBit bit, bool set) : bit_(bit), set_(set) {}
  bool holds(const Scene& scene) const override {
    scene.shared->await(scene.context->number);
    return scene.shared->has_bit(bit_.key(scene), scene.context->time) == set_;
  }

  std::string describe() const override { return (set_ ? "isset " : "isnotset ") + words(bit_); }

 private:
  SharedBit bit_;
  bool set_;
};

class ChangeSharedBit : public Effect {
 public:
  ChangeSharedBit(SharedBit bit, BitOp op, uint32_t seconds) : bit_(bit), op_(op), seconds_(seconds) {}
  void apply(const Scene& scene) const override {
    scene.shared->await(scene.context->number);
    Timestamp now = scene.context->time;
    SharedKey key = bit_.key(scene);
    bool set = op_ == BitOp::set || (op_ == BitOp::toggle && !scene.shared->has_bit(key, now));
    if (!set) return scene.shared->clear_bit(key);
    Timestamp expires = seconds_ == 0 ? Timestamp{INT64_MAX} : Timestamp{now.ns + int64_t{seconds_} * 1'000'000'000};
    scene.shared->set_bit(key, expires, *scene.counters);
  }

  std::string describe() const override {
    return std::string(kBitOps[static_cast<size_t>(op_)]) + " " + words(bit_) +
           (seconds_ && op_ != BitOp::unset ? " for " + std::to_string(seconds_) + " s" : "");
  }

 private:
  SharedBit bit_;
  BitOp op_;
  uint32_t seconds_;  // 0: for good
};

void add_shared_bit(RuleBuilder& rule, const RuleOption& option, const std::string& op, SharedBit bit,
                    uint32_t seconds) {
  NameKind kind = bit.kind == SharedKey::Kind::xbit ? NameKind::xbit : NameKind::hostbit;
  bool tests = op == "isset" || op == "isnotset";
  rule.rule().state_uses.push_back({kind, bit.name, !tests, op == "unset"});
  if (tests)
    rule.add_late(std::make_unique<SharedBitTest>(bit, op == "isset"));
  else if (op == "set")
    rule.add(std::make_unique<ChangeSharedBit>(bit, BitOp::set, seconds));
  else if (op == "unset")
    rule.add(std::make_unique<ChangeSharedBit>(bit, BitOp::unset, seconds));
  else if (op == "toggle")
    rule.add(std::make_unique<ChangeSharedBit>(bit, BitOp::toggle, seconds));
  else
    rule.fail(option, "'" + op + "' is none of set, unset, toggle, isset, isnotset");
}

void xbits(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part[0] == "noalert" && part.size() == 1) {
    rule.rule().alerts = false;
    return;
  }
  if (part.size() < 3)
    rule.fail(option, "is written '<operation>,<name>,track <ip_src|ip_dst|ip_pair>[,expire <seconds>]'");
  SharedBit bit{SharedKey::Kind::xbit, name_number(rule, option, NameKind::xbit, part[1]), BitTrack::src};
  std::string_view track = part[2];
  if (!track.starts_with("track ")) rule.fail(option, "needs 'track' after the name");
  track.remove_prefix(6);
  if (track == "ip_src")
    bit.track = BitTrack::src;
  else if (track == "ip_dst")
    bit.track = BitTrack::dst;
  else if (track == "ip_pair")
    bit.track = BitTrack::pair;
  else if (track == "tx")
    rule.skip(option, "'track tx' is not there yet");
  else
    rule.fail(option, "track '" + std::string(track) + "' is none of ip_src, ip_dst, ip_pair");
  uint32_t seconds = 30;
  if (part.size() > 3) {
    if (!part[3].starts_with("expire ") || part.size() > 4) rule.fail(option, "takes 'expire <seconds>' at the end");
    seconds = static_cast<uint32_t>(read_integer(rule, option, part[3].substr(7), 1, UINT32_MAX));
  }
  add_shared_bit(rule, option, part[0], bit, seconds);
}

void hostbits(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part[0] == "noalert" && part.size() == 1) {
    rule.rule().alerts = false;
    return;
  }
  if (part.size() < 2 || part.size() > 3) rule.fail(option, "is written '<operation>,<name>[,<src|dst|both>]'");
  uint16_t name = name_number(rule, option, NameKind::hostbit, part[1]);
  std::string side = part.size() == 3 ? part[2] : "src";
  if (side != "src" && side != "dst" && side != "both") rule.fail(option, "'" + side + "' is none of src, dst, both");
  if (side != "dst") add_shared_bit(rule, option, part[0], {SharedKey::Kind::hostbit, name, BitTrack::src}, 0);
  if (side != "src") add_shared_bit(rule, option, part[0], {SharedKey::Kind::hostbit, name, BitTrack::dst}, 0);
}

constexpr Keyword kStateKeywords[] = {
    {"flowvar", "", &flowvar, "text in a variable of the flow that an expression captured"},
    {"pktvar", "", &pktvar, "text in a variable of the packet that an expression captured"},
    {"flowbits", "", &flowbits, "bits of the flow that rules set and test"},
    {"flowint", "", &flowint, "integers of the flow that rules change and compare"},
    {"xbits", "", &xbits, "bits of an address or a pair of addresses"},
    {"hostbits", "", &hostbits, "bits of an address"},
};

}  // namespace

const KeywordFamily kStateFamily{"state", kStateKeywords};

}  // namespace lapwing::rules
