// Numbers in the payload: byte_test, byte_jump, byte_extract, byte_math.
#include <algorithm>
#include <optional>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

/// message: as the message says that the bytes belong to; of bytes that belong to none, the greatest comes first.
enum class ByteOrder : uint8_t { big, little, message };

/// Where a number is and how it is written.
struct ByteSource {
  Number count;  // bytes
  Number offset;
  bool relative = false, string = false;
  ByteOrder order = ByteOrder::big;
  int base = 10;         // of a string
  uint32_t bitmask = 0;  // 0: none; else the result is shifted right by the mask's trailing zeros

  /// Nothing when the bytes are not all in the buffer, or a string has no digits. `end` is the position after them.
  std::optional<uint64_t> read(const Inspection& inspection, Attempt& attempt, uint64_t& end) const {
    const Subject& subject = inspection.subject();
    int64_t size = count.position(inspection);
    int64_t at = offset.position(inspection) + (relative ? static_cast<int64_t>(attempt.cursor) : 0);
    if (size < 0 || at < static_cast<int64_t>(subject.base) || at + size > static_cast<int64_t>(subject.end()))
      return std::nullopt;
    Bytes bytes = subject.data.subspan(static_cast<size_t>(at) - subject.base, static_cast<size_t>(size));
    end = static_cast<uint64_t>(at + size);
    std::optional<uint64_t> value =
        string ? read_text(bytes, static_cast<uint64_t>(at), end) : read_binary(bytes, is_little(inspection));
    attempt.rests_on(static_cast<uint64_t>(at), static_cast<uint64_t>(at + size));
    return value;
  }

  uint32_t reads() const { return count.reads() | offset.reads(); }
  uint64_t masked(uint64_t value) const { return bitmask == 0 ? value : (value & bitmask) >> __builtin_ctz(bitmask); }

  std::string describe(VariableNames variables) const {
    Sentence out;
    out.add(words(count, variables) + " bytes at offset " + words(offset, variables));
    out.add_if(relative, "relative").add_if(order == ByteOrder::little, "little");
    out.add_if(order == ByteOrder::message, "in the byte order of the message");
    if (string) out.add(base == 16 ? "string, hex" : base == 8 ? "string, oct" : "string, dec");
    if (bitmask != 0) out.add("bitmask " + std::to_string(bitmask));
    return out.text();
  }

 private:
  bool is_little(const Inspection& inspection) const {
    if (order != ByteOrder::message) return order == ByteOrder::little;
    const Scene* const scene = inspection.scene;
    if (!scene) return false;
    const Transaction* const tx = scene->event ? scene->event->tx : scene->frame ? scene->frame->tx : nullptr;
    return tx && tx->little_endian;
  }

  static std::optional<uint64_t> read_binary(Bytes bytes, bool little) {
    if (bytes.size() > 8) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.size(); i++) value = value << 8 | bytes[little ? bytes.size() - 1 - i : i];
    return value;
  }

  std::optional<uint64_t> read_text(Bytes bytes, uint64_t at, uint64_t& end) const {
    uint64_t value = 0;
    size_t i = 0, digits = 0;
    while (i < bytes.size() && (bytes[i] == ' ' || bytes[i] == '\t')) i++;
    if (base == 16 && i + 1 < bytes.size() && bytes[i] == '0' && lower(bytes[i + 1]) == 'x') i += 2;
    for (; i < bytes.size(); i++, digits++) {
      uint8_t c = lower(bytes[i]);
      int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
      if (digit >= base) break;
      value = value * static_cast<uint64_t>(base) + static_cast<uint64_t>(digit);
    }
    if (digits == 0) return std::nullopt;
    end = at + i;
    return value;
  }
};

ByteOrder parse_order(std::string_view word) {
  return word == "little" ? ByteOrder::little : word == "dce" ? ByteOrder::message : ByteOrder::big;
}

/// Takes the flags that all byte keywords share; false for other words.
bool take_flag(ByteSource& source, std::string_view word, const RuleBuilder& rule, const RuleOption& option) {
  if (word == "relative")
    source.relative = true;
  else if (word == "little")
    source.order = ByteOrder::little;
  else if (word == "big")
    source.order = ByteOrder::big;
  else if (word == "string")
    source.string = true;
  else if (word == "hex")
    source.base = 16;
  else if (word == "dec")
    source.base = 10;
  else if (word == "oct")
    source.base = 8;
  else if (word.starts_with("endian "))
    source.order = parse_order(trim(word.substr(7)));
  else if (word.starts_with("bitmask ")) {
    source.bitmask = static_cast<uint32_t>(read_integer(rule, option, trim(word.substr(8)), 1, UINT32_MAX));
  } else if (word == "dce") {
    source.order = ByteOrder::message;
  } else {
    return false;
  }
  return true;
}

[[noreturn]] void unknown_flag(const RuleBuilder& rule, const RuleOption& option, const std::string& word) {
  rule.fail(option, "'" + word + "' is no flag of this keyword");
}

class ByteTest : public Step {
 public:
  enum class Op : uint8_t { less, greater, equal, less_equal, greater_equal, all_bits, any_xor };

  std::string describe(VariableNames variables) const override {
    static constexpr std::string_view kSigns[] = {"<", ">", "=", "<=", ">=", "&", "^"};
    return "byte_test " + source.describe(variables) + ": " + (negated ? "!" : "") +
           std::string(kSigns[static_cast<size_t>(op)]) + " " + words(value, variables);
  }

  Outcome attempt(Inspection& inspection, Attempt& attempt) const override {
    uint64_t end = 0;
    auto read = source.read(inspection, attempt, end);
    if (!read) return Outcome::fail;
    const uint64_t seen = source.masked(*read);
    auto other = static_cast<uint64_t>(value.get(inspection));
    bool passes = false;
    switch (op) {
      case Op::less: passes = seen < other; break;
      case Op::greater: passes = seen > other; break;
      case Op::equal: passes = seen == other; break;
      case Op::less_equal: passes = seen <= other; break;
      case Op::greater_equal: passes = seen >= other; break;
      case Op::all_bits: passes = (seen & other) != 0; break;
      case Op::any_xor: passes = (seen ^ other) != 0; break;
    }
    return passes != negated ? Outcome::match : Outcome::fail;
  }

  VariableUse variables() const override { return {0, source.reads() | value.reads()}; }

  ByteSource source;
  Number value;
  Op op = Op::equal;
  bool negated = false;
};

void byte_test(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part.size() < 4) rule.fail(option, "is written '<bytes>,[!]<operator>,<value>,<offset>[,flags]'");
  auto step = std::make_unique<ByteTest>();
  ByteSource& source = step->source;
  for (size_t i = 4; i < part.size(); i++) {
    if (!take_flag(source, part[i], rule, option)) unknown_flag(rule, option, part[i]);
  }
  source.count = read_number(rule, option, part[0], 0, source.string ? 23 : 8);
  std::string_view op = part[1];
  if (op.starts_with('!')) {
    step->negated = true;
    op = trim(op.substr(1));
  }
  using Op = ByteTest::Op;
  if (op == "<")
    step->op = Op::less;
  else if (op == ">")
    step->op = Op::greater;
  else if (op == "=" || (op.empty() && step->negated))
    step->op = Op::equal;
  else if (op == "<=")
    step->op = Op::less_equal;
  else if (op == ">=")
    step->op = Op::greater_equal;
  else if (op == "&")
    step->op = Op::all_bits;
  else if (op == "^")
    step->op = Op::any_xor;
  else
    rule.fail(option, "'" + part[1] + "' is none of < > = <= >= & ^, each with ! before it or not");
  step->value = read_number(rule, option, part[2], 0, INT64_MAX);
  source.offset = read_number(rule, option, part[3], -65535, 65535);
  step->relative = source.relative;
  rule.add(std::move(step), option);
}

class ByteJump : public Step {
 public:
  std::string describe(VariableNames variables) const override {
    Sentence out;
    out.add("byte_jump " + source.describe(variables));
    if (multiplier != 1) out.add("multiplier " + std::to_string(multiplier));
    out.add_if(align, "align").add_if(from_beginning, "from_beginning").add_if(from_end, "from_end");
    if (post_offset.variable >= 0 || post_offset.value != 0) out.add("post_offset " + words(post_offset, variables));
    return out.text();
  }
  Outcome attempt(Inspection& inspection, Attempt& attempt) const override {
    const Subject& subject = inspection.subject();
    uint64_t end = 0;
    auto read = source.read(inspection, attempt, end);
    const uint64_t value = read ? source.masked(*read) : UINT64_MAX;
    if (value > UINT32_MAX) return Outcome::fail;
    auto jump = static_cast<int64_t>(value * multiplier);
    if (align) jump = (jump + 3) / 4 * 4;
    jump += post_offset.position(inspection);
    int64_t from = from_beginning ? 0 : from_end ? static_cast<int64_t>(subject.end()) : static_cast<int64_t>(end);
    int64_t target = from + jump;
    if (target > static_cast<int64_t>(subject.end())) return Outcome::fail;  // to its end is a jump, past it none
    attempt.cursor = static_cast<uint64_t>(std::max<int64_t>(target, 0));    // before the buffer is its start
    if (!from_end) attempt.newest = std::max(attempt.newest, attempt.cursor);
    return Outcome::match;
  }

  VariableUse variables() const override { return {0, source.reads() | post_offset.reads()}; }

  ByteSource source;
  uint64_t multiplier = 1;
  Number post_offset;
  bool align = false, from_beginning = false, from_end = false;
};

void byte_jump(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part.size() < 2) rule.fail(option, "is written '<bytes>,<offset>[,flags]'");
  auto step = std::make_unique<ByteJump>();
  ByteSource& source = step->source;
  for (size_t i = 2; i < part.size(); i++) {
    std::string_view word = part[i];
    if (word == "align")
      step->align = true;
    else if (word == "from_beginning")
      step->from_beginning = true;
    else if (word == "from_end")
      step->from_end = true;
    else if (word.starts_with("multiplier "))
      step->multiplier = static_cast<uint64_t>(read_integer(rule, option, trim(word.substr(11)), 1, 65535));
    else if (word.starts_with("post_offset "))
      step->post_offset = read_number(rule, option, trim(word.substr(12)), -65535, 65535);
    else if (!take_flag(source, word, rule, option))
      unknown_flag(rule, option, part[i]);
  }
  if (step->from_beginning && step->from_end) rule.fail(option, "from_beginning and from_end exclude each other");
  source.count = read_number(rule, option, part[0], 0, source.string ? 23 : 8);
  source.offset = read_number(rule, option, part[1], -65535, 65535);
  step->relative = source.relative;
  step->moves_cursor = true;
  rule.add(std::move(step), option);
}

class ByteExtract : public Step {
 public:
  std::string describe(VariableNames variables) const override {
    Sentence out;
    out.add("byte_extract " + source.describe(variables));
    if (multiplier != 1) out.add("multiplier " + std::to_string(multiplier));
    if (align != 0) out.add("align " + std::to_string(align));
    return out.text() + " into " + words(Number{0, variable}, variables);
  }
  Outcome attempt(Inspection& inspection, Attempt& attempt) const override {
    uint64_t end = 0;
    auto read = source.read(inspection, attempt, end);
    if (!read) return Outcome::fail;
    uint64_t value = source.masked(*read) * multiplier;
    if (align > 0) value = (value + align - 1) / align * align;
    inspection.variables[variable] = value;
    attempt.cursor = end;
    return Outcome::match;
  }

  VariableUse variables() const override { return {uint32_t{1} << variable, source.reads()}; }

  ByteSource source;
  uint64_t multiplier = 1, align = 0;
  uint8_t variable = 0;
};

void byte_extract(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part.size() < 3) rule.fail(option, "is written '<bytes>,<offset>,<variable>[,flags]'");
  auto step = std::make_unique<ByteExtract>();
  ByteSource& source = step->source;
  for (size_t i = 3; i < part.size(); i++) {
    std::string_view word = part[i];
    if (word.starts_with("multiplier "))
      step->multiplier = static_cast<uint64_t>(read_integer(rule, option, trim(word.substr(11)), 1, 65535));
    else if (word.starts_with("align ")) {
      step->align = static_cast<uint64_t>(read_integer(rule, option, trim(word.substr(6)), 2, 4));
      if (step->align == 3) rule.fail(option, "align is 2 or 4");
    } else if (!take_flag(source, word, rule, option))
      unknown_flag(rule, option, part[i]);
  }
  source.count = {read_integer(rule, option, part[0], 1, source.string ? 23 : 8)};
  source.offset = {read_integer(rule, option, part[1], -65535, 65535)};
  step->variable = rule.define_variable(option, part[2]);
  step->relative = source.relative;
  step->moves_cursor = true;
  rule.add(std::move(step), option);
}

class ByteMath : public Step {
 public:
  std::string describe(VariableNames variables) const override {
    std::string sign(op == '<' || op == '>' ? 2 : 1, op);
    return "byte_math " + source.describe(variables) + " " + sign + " " + words(operand, variables) + " into " +
           words(Number{0, variable}, variables);
  }
  Outcome attempt(Inspection& inspection, Attempt& attempt) const override {
    uint64_t end = 0;
    auto read = source.read(inspection, attempt, end);
    if (!read) return Outcome::fail;
    auto right = static_cast<uint64_t>(operand.get(inspection));
    uint64_t value = *read;
    switch (op) {
      case '+': value += right; break;
      case '-': value -= right; break;
      case '*': value *= right; break;
      case '/':
        if (right == 0) return Outcome::fail;
        value /= right;
        break;
      case '<': value = right < 64 ? value << right : 0; break;
      case '>': value = right < 64 ? value >> right : 0; break;
    }
    inspection.variables[variable] = source.masked(value);  // the mask is for the result
    attempt.cursor = end;
    return Outcome::match;
  }

  VariableUse variables() const override { return {uint32_t{1} << variable, source.reads() | operand.reads()}; }

  ByteSource source;
  Number operand;
  char op = '+';
  uint8_t variable = 0;
};

void byte_math(RuleBuilder& rule, const RuleOption& option) {
  auto step = std::make_unique<ByteMath>();
  ByteSource& source = step->source;
  bool bytes = false, offset = false, oper = false, rvalue = false;
  std::string result;
  for (const std::string& text : parts(rule.text(option), ',')) {
    std::string_view word = text;
    size_t blank = word.find(' ');
    std::string_view name = word.substr(0, blank),
                     value = blank == std::string_view::npos ? "" : trim(word.substr(blank));
    if (name == "bytes") {
      source.count = read_number(rule, option, value, 1, 10);
      bytes = true;
    } else if (name == "offset") {
      source.offset = {read_integer(rule, option, value, -65535, 65535)};
      offset = true;
    } else if (name == "oper") {
      if (value == "<<" || value == ">>" || value == "+" || value == "-" || value == "*" || value == "/")
        step->op = value[0];
      else
        rule.fail(option, "'" + std::string(value) + "' is none of + - * / << >>");
      oper = true;
    } else if (name == "rvalue") {
      step->operand = read_number(rule, option, value, 0, UINT32_MAX);
      rvalue = true;
    } else if (name == "result") {
      result = value;
    } else if (name == "string") {
      source.string = true;
      if (value == "hex")
        source.base = 16;
      else if (value == "oct")
        source.base = 8;
      else if (value != "dec" && !value.empty())
        unknown_flag(rule, option, text);
    } else if (!take_flag(source, word, rule, option)) {
      unknown_flag(rule, option, text);
    }
  }
  if (!bytes || !offset || !oper || !rvalue || result.empty())
    rule.fail(option, "needs bytes, offset, oper, rvalue and result");
  step->variable = rule.define_variable(option, result);
  step->relative = source.relative;
  step->moves_cursor = true;
  rule.add(std::move(step), option);
}

constexpr Keyword kBytesKeywords[] = {
    {"byte_test", "", &byte_test, "compares a number in the payload"},
    {"byte_jump", "", &byte_jump, "moves on by a number in the payload"},
    {"byte_extract", "", &byte_extract, "keeps a number of the payload in a variable"},
    {"byte_math", "", &byte_math, "keeps the result of a calculation with a number of the payload"},
};

}  // namespace

const KeywordFamily kBytesFamily{"bytes", kBytesKeywords};

}  // namespace lapwing::rules
