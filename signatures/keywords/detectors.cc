// Small detectors over bytes: entropy, malformed ASN.1, Sun RPC.
#include <charconv>
#include <cmath>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::detect {

namespace {

struct RealTest {
  enum class Op : uint8_t { equal, not_equal, less, less_equal, greater, greater_equal, between } op = Op::equal;
  double a = 0, b = 0;

  bool matches(double value) const {
    switch (op) {
      case Op::equal: return value == a;
      case Op::not_equal: return value != a;
      case Op::less: return value < a;
      case Op::less_equal: return value <= a;
      case Op::greater: return value > a;
      case Op::greater_equal: return value >= a;
      case Op::between: return value > a && value < b;
    }
    return false;
  }
};

std::string words(const RealTest& test) {
  static constexpr std::string_view kSigns[] = {"= ", "!= ", "< ", "<= ", "> ", ">= ", "> "};
  auto number = [](double value) {
    char text[32];
    return std::string(text, static_cast<size_t>(std::snprintf(text, sizeof text, "%g", value)));
  };
  std::string out = std::string(kSigns[static_cast<size_t>(test.op)]) + number(test.a);
  return test.op == RealTest::Op::between ? out + " and < " + number(test.b) : out;
}

double read_real(const RuleBuilder& rule, const RuleOption& option, std::string_view text) {
  text = trim(text);
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    rule.fail(option, "'" + std::string(text) + "' is no number");
  }
  return value;
}

RealTest read_real_test(const RuleBuilder& rule, const RuleOption& option, std::string_view text) {
  using Op = RealTest::Op;
  constexpr std::pair<std::string_view, Op> kSigns[] = {
      {">=", Op::greater_equal}, {"<=", Op::less_equal}, {"!=", Op::not_equal}, {">", Op::greater},
      {"<", Op::less},           {"=", Op::equal},       {"!", Op::not_equal}};
  text = trim(text);
  for (auto [sign, op] : kSigns) {
    if (text.starts_with(sign)) return {op, read_real(rule, option, text.substr(sign.size())), 0};
  }
  if (size_t dash = text.find('-'); dash != std::string_view::npos && dash > 0) {
    return {Op::between, read_real(rule, option, text.substr(0, dash)), read_real(rule, option, text.substr(dash + 1))};
  }
  return {Op::equal, read_real(rule, option, text), 0};
}

/// Shannon's entropy in bits a byte.
double entropy_of(Bytes bytes) {
  std::array<uint32_t, 256> counts{};
  for (uint8_t c : bytes) counts[c]++;
  double sum = 0;
  for (uint32_t count : counts) {
    if (count == 0) continue;
    double share = static_cast<double>(count) / static_cast<double>(bytes.size());
    sum -= share * std::log2(share);
  }
  return sum;
}

class Entropy : public Step {
 public:
  Outcome attempt(Inspection& inspection, Attempt&) const override {
    Bytes data = inspection.subject().data;
    if (offset > data.size()) return Outcome::fail;
    data = data.subspan(offset);
    if (bytes > data.size()) return Outcome::fail;
    if (bytes > 0) data = data.first(bytes);
    return !data.empty() && test.matches(entropy_of(data)) ? Outcome::match : Outcome::fail;
  }
  std::string describe(VariableNames) const override {
    Sentence out;
    out.add("entropy " + words(test)).add_if(bytes > 0, "bytes " + std::to_string(bytes));
    return out.add_if(offset > 0, "offset " + std::to_string(offset)).text();
  }
  size_t bytes = 0, offset = 0;  // bytes 0: to the end
  RealTest test;
};

void entropy(RuleBuilder& rule, const RuleOption& option) {
  auto step = std::make_unique<Entropy>();
  bool has_value = false;
  for (const std::string& word : parts(rule.text(option), ',')) {
    size_t blank = word.find(' ');
    std::string_view name = std::string_view(word).substr(0, blank);
    std::string_view value = blank == std::string::npos ? "" : trim(std::string_view(word).substr(blank));
    if (name == "bytes") {
      step->bytes = static_cast<size_t>(read_integer(rule, option, value, 1, INT32_MAX));
    } else if (name == "offset") {
      step->offset = static_cast<size_t>(read_integer(rule, option, value, 0, INT32_MAX));
    } else if (name == "value") {
      step->test = read_real_test(rule, option, value);
      has_value = true;
    } else {
      rule.fail(option, "'" + word + "' is none of bytes <n>, offset <n>, value <comparison>");
    }
  }
  if (!has_value) rule.fail(option, "needs 'value <comparison>'");
  if (rule.raw_or_current() == kRawBuffer) rule.fail(option, "needs a sticky buffer before it");
  rule.add(std::move(step), option);
}

/// BER (X.690) as far as its lengths go. An object that is cut, or holds one that is, is none.
class Asn1 : public Step {
 public:
  static constexpr int kMaxDepth = 30;

  Outcome attempt(Inspection& inspection, Attempt& attempt) const override {
    const Subject& subject = inspection.subject();
    int64_t at = offset + (relative ? static_cast<int64_t>(attempt.cursor) : 0);
    if (at < static_cast<int64_t>(subject.base) || at > static_cast<int64_t>(subject.end())) return Outcome::fail;
    Bytes rest = subject.data.subspan(static_cast<size_t>(at) - subject.base);
    bool found = false;
    while (!rest.empty() && object(rest, found, 0)) {
      if (found) return Outcome::match;
    }
    return Outcome::fail;
  }

  std::string describe(VariableNames) const override {
    Sentence out;
    out.add("asn1").add_if(bitstring_overflow, "bitstring_overflow").add_if(double_overflow, "double_overflow");
    if (oversize != SIZE_MAX) out.add("oversize_length " + std::to_string(oversize));
    return out.add((relative ? "relative_offset " : "absolute_offset ") + std::to_string(offset)).text();
  }

  int64_t offset = 0;
  bool bitstring_overflow = false, double_overflow = false;
  size_t oversize = SIZE_MAX;

 private:
  /// Takes one object from the front; false when it is not whole.
  bool object(Bytes& in, bool& found, int depth) const {
    if (depth == kMaxDepth) return false;
    ByteReader reader(in);
    const uint8_t tag = reader.u8();
    if ((tag & 0x1f) == 0x1f) {
      while (reader.ok() && reader.u8() & 0x80) {
      }
    }
    size_t size = reader.u8();
    if (size == 0x80) return false;  // indefinite length
    if (size > 0x80) {
      size_t octets = size & 0x7f;
      if (octets > 8) return false;
      for (size = 0; octets > 0; octets--) size = size << 8 | reader.u8();
    }
    if (!reader.ok() || size > reader.left()) return false;
    const Bytes content = reader.bytes(size);
    in = in.last(reader.left());
    if (size > oversize) found = true;
    if (tag & 0x20) {
      for (Bytes inner = content; !inner.empty();) {
        if (!object(inner, found, depth + 1)) return false;
      }
    } else if (tag == 3 && size > 0) {
      if (bitstring_overflow && content[0] > size * 8) found = true;
    } else if (tag == 9 && size > 0) {
      if (double_overflow && (content[0] & 0xc0) == 0 && size > 256) found = true;
    }
    return true;
  }
};

void asn1(RuleBuilder& rule, const RuleOption& option) {
  auto step = std::make_unique<Asn1>();
  for (const std::string& word : parts(rule.text(option), ',')) {
    size_t blank = word.find(' ');
    std::string_view name = std::string_view(word).substr(0, blank);
    std::string_view value = blank == std::string::npos ? "" : trim(std::string_view(word).substr(blank));
    if (name == "bitstring_overflow")
      step->bitstring_overflow = true;
    else if (name == "double_overflow")
      step->double_overflow = true;
    else if (name == "oversize_length")
      step->oversize = static_cast<size_t>(read_integer(rule, option, value, 1, UINT32_MAX));
    else if (name == "absolute_offset")
      step->offset = read_integer(rule, option, value, 0, UINT16_MAX);
    else if (name == "relative_offset") {
      step->offset = read_integer(rule, option, value, -65535, 65535);
      step->relative = true;
    } else {
      rule.fail(option, "'" + word +
                            "' is none of bitstring_overflow, double_overflow, oversize_length <n>, "
                            "absolute_offset <n>, relative_offset <n>");
    }
  }
  rule.add(std::move(step), option);
}

struct RpcTest {
  uint32_t program = 0;
  std::optional<uint32_t> version, procedure;
};

std::string words(const RpcTest& test) {
  Sentence out;
  out.add("program " + std::to_string(test.program));
  if (test.version) out.add("version " + std::to_string(*test.version));
  if (test.procedure) out.add("procedure " + std::to_string(*test.procedure));
  return out.text();
}

/// A call of RPC version 2 (RFC 5531 section 9); over TCP after its record mark.
bool is_call(const Packet& packet, const RpcTest& test) {
  if (!packet.is_tcp() && !packet.is_udp()) return false;
  ByteReader reader(packet.payload);
  if (packet.is_tcp()) reader.u32();
  reader.u32();  // transaction
  const uint32_t type = reader.u32(), rpc = reader.u32(), program = reader.u32();
  const uint32_t version = reader.u32(), procedure = reader.u32();
  return reader.ok() && type == 0 && rpc == 2 && program == test.program && version == test.version.value_or(version) &&
         procedure == test.procedure.value_or(procedure);
}

void rpc(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  if (part.size() > 3) rule.fail(option, "is written '<program>[,<version or *>[,<procedure or *>]]'");
  RpcTest test;
  auto number = [&](const std::string& text) {
    return static_cast<uint32_t>(read_integer(rule, option, text, 0, UINT32_MAX));
  };
  test.program = number(part[0]);
  if (part.size() > 1 && part[1] != "*") test.version = number(part[1]);
  if (part.size() > 2 && part[2] != "*") test.procedure = number(part[2]);
  rule.require_packet(option);
  add_condition(rule, Needs::packet, test,
                [](const Scene& scene, const RpcTest& t) { return scene.packet && is_call(*scene.packet, t); });
}

constexpr Keyword kRows[] = {
    {"entropy", "", &entropy, "entropy of the buffer in bits a byte"},
    {"asn1", "", &asn1, "malformed ASN.1 in the buffer"},
    {"rpc", "", &rpc, "a call of a Sun RPC program, version and procedure"},
};

}  // namespace

const KeywordFamily kDetectorFamily{"detector", kRows};

}  // namespace lapwing::detect
