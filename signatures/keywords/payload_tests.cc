// Small detectors over bytes: entropy, malformed ASN.1, Sun RPC.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"
#include "signatures/program/names.h"

namespace lapwing::rules {

namespace {

struct RealTest {
  enum class Op : uint8_t {
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    between,
    outside
  } op = Op::equal;
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
      case Op::outside: return value <= a || value >= b;
    }
    return false;
  }
};

std::string words(const RealTest& test) {
  static constexpr std::string_view kSigns[] = {"= ", "!= ", "< ", "<= ", "> ", ">= ", "> ", "<= "};
  auto number = [](double value) {
    char text[32];
    return std::string(text, static_cast<size_t>(std::snprintf(text, sizeof text, "%g", value)));
  };
  std::string out = std::string(kSigns[static_cast<size_t>(test.op)]) + number(test.a);
  if (test.op == RealTest::Op::between) return out + " and < " + number(test.b);
  return test.op == RealTest::Op::outside ? out + " or >= " + number(test.b) : out;
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
  const bool outside = text.starts_with('!');
  const std::string_view range = outside ? text.substr(1) : text;
  if (size_t dash = range.find('-'); dash != std::string_view::npos && dash > 0 && !range.starts_with('=')) {
    return {outside ? Op::outside : Op::between, read_real(rule, option, range.substr(0, dash)),
            read_real(rule, option, range.substr(dash + 1))};
  }
  for (auto [sign, op] : kSigns) {
    if (text.starts_with(sign)) return {op, read_real(rule, option, text.substr(sign.size())), 0};
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
    if (data.empty()) return Outcome::fail;
    inspection.counters().bytes_searched += data.size();
    const double entropy = entropy_of(data);
    if (!test.matches(entropy)) return Outcome::fail;
    char number[32];
    const int size = std::snprintf(number, sizeof number, "%.6f", entropy);
    if (!inspection.captures.set(Capture::Kind::entropy, name, {number, static_cast<size_t>(size)})) {
      inspection.counters().variables_max++;
    }
    return Outcome::match;
  }
  std::string describe(VariableNames) const override {
    Sentence out;
    out.add("entropy " + words(test)).add_if(bytes > 0, "bytes " + std::to_string(bytes));
    return out.add_if(offset > 0, "offset " + std::to_string(offset)).text();
  }
  size_t bytes = 0, offset = 0;  // bytes 0: to the end
  RealTest test;
  uint16_t name = 0;  // NameKind::variable, of the buffer
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
  // In records the payload is called content, and a buffer as it is without its dots.
  const BufferId buffer = rule.raw_or_current();
  std::string name = buffer == kRawBuffer ? "content" : rule.buffers().buffer(buffer).name;
  std::replace(name.begin(), name.end(), '.', '_');
  const auto number = number_of(NameKind::variable, name);
  if (!number) rule.fail(option, "brings a name beyond the " + std::to_string(kMaxNames) + " that can be told apart");
  step->name = *number;
  rule.add(std::move(step), option);
}

/// Types of BER (X.690 8, X.680 8.4) whose content can make an object invalid, and with it all that follows.
namespace ber {

enum Tag : uint64_t {
  boolean = 1,
  bit_string = 3,
  object_descriptor = 7,
  real = 9,
  utf8_string = 12,
  sequence = 16,
  set = 17,
  numeric_string = 18,
  printable_string = 19,
  t61_string = 20,
  videotex_string = 21,
  ia5_string = 22,
  utc_time = 23,
  generalized_time = 24,
  graphic_string = 25,
  visible_string = 26,
  general_string = 27,
  bmp_string = 30,
};

template <class Test>
bool all(Bytes bytes, Test test) {
  return std::all_of(bytes.begin(), bytes.end(), test);
}

constexpr bool is_digit(uint8_t c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_ascii(uint8_t c) {
  return c < 0x80;
}
constexpr bool is_visible(uint8_t c) {
  return c >= 0x20 && c < 0x80;
}
constexpr bool is_printable(uint8_t c) {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
         std::string_view(" '()+,-./:=?").find(static_cast<char>(c)) != std::string_view::npos;
}

/// RFC 3629: no surrogates, nothing written longer than needed.
bool is_utf8(Bytes in) {
  for (size_t i = 0; i < in.size();) {
    const uint8_t c = in[i];
    const size_t more = c < 0x80                ? 0
                        : c >= 0xc2 && c < 0xe0 ? 1
                        : c >= 0xe0 && c < 0xf0 ? 2
                        : c >= 0xf0 && c < 0xf5 ? 3
                                                : 9;
    if (more > in.size() - i - 1) return false;
    uint32_t code = more == 0 ? c : c & (0x3fu >> more);
    for (size_t k = 1; k <= more; k++) {
      if ((in[i + k] & 0xc0) != 0x80) return false;
      code = code << 6 | (in[i + k] & 0x3fu);
    }
    if ((more == 2 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
        (more == 3 && (code < 0x10000 || code > 0x10ffff))) {
      return false;
    }
    i += 1 + more;
  }
  return true;
}

bool is_bmp(Bytes in) {
  if (in.size() % 2 != 0) return false;
  for (size_t i = 0; i < in.size(); i += 2) {
    if (in[i] >= 0xd8 && in[i] < 0xe0) return false;
  }
  return true;
}

/// "YYMMDDhhmm[ss]" with the century for a generalized time, "Z" or an offset. Without seconds only "Z" may follow; a
/// generalized time may have a fraction of them, and no zone.
bool is_time(Bytes in, bool generalized) {
  const size_t year = generalized ? 4 : 2;
  size_t digits = 0;
  while (digits < in.size() && is_digit(in[digits])) digits++;
  const bool seconds = digits == year + 10;
  if (!seconds && digits != year + 8) return false;
  auto pair = [&](size_t at) { return (in[year + at] - '0') * 10 + in[year + at + 1] - '0'; };
  if (pair(0) > 12 || pair(2) > 31 || pair(4) > 23 || pair(6) > 59 || (seconds && pair(8) > 59)) return false;
  Bytes rest = in.subspan(digits);
  if (generalized && seconds && !rest.empty() && (rest[0] == '.' || rest[0] == ',')) {
    constexpr size_t kMilliseconds = 3;
    size_t fraction = 1;
    while (fraction < rest.size() && is_digit(rest[fraction])) fraction++;
    if (fraction - 1 > kMilliseconds) return false;
    rest = rest.subspan(fraction);
  }
  if (rest.empty()) return generalized && seconds;
  if (rest.size() == 1) return rest[0] == 'Z';
  return seconds && rest.size() == 5 && (rest[0] == '+' || rest[0] == '-') && all(rest.subspan(1), is_digit);
}

bool is_valid(uint64_t tag, Bytes content) {
  switch (tag) {
    case boolean: return content.size() == 1;
    case bit_string: return !content.empty();
    case utf8_string: return is_utf8(content);
    case numeric_string: return all(content, [](uint8_t c) { return is_digit(c) || c == ' '; });
    case printable_string: return all(content, is_printable);
    case t61_string:
    case videotex_string:
    case visible_string: return all(content, is_visible);
    case object_descriptor:
    case ia5_string:
    case graphic_string:
    case general_string: return all(content, is_ascii);
    case utc_time: return is_time(content, false);
    case generalized_time: return is_time(content, true);
    case bmp_string: return is_bmp(content);
    default: return true;
  }
}

}  // namespace ber

/// An object that is cut or invalid, or holds one that is, is none, and ends the search. Only sequences and sets are
/// looked into.
class Asn1 : public Step {
 public:
  static constexpr int kMaxDepth = 256;  // Suricata's asn1-max-frames

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
  /// Takes one object from the front; false when it is not whole or not valid.
  bool object(Bytes& in, bool& found, int depth) const {
    if (depth == kMaxDepth) return false;
    ByteReader reader(in);
    const uint8_t first = reader.u8();
    const bool universal = (first & 0xc0) == 0, constructed = first & 0x20;
    uint64_t tag = first & 0x1f;
    if (tag == 0x1f) {
      uint8_t next = 0x80;
      for (tag = 0; reader.ok() && next & 0x80;) {
        next = reader.u8();
        tag = tag << 7 | (next & 0x7f);
      }
    }
    const bool nests = universal && (tag == ber::sequence || tag == ber::set);
    uint64_t size = reader.u8();
    if (size == 0x80) {
      if (!reader.ok() || !nests || !constructed) return false;
      in = in.last(reader.left());
      return until_end_of_contents(in, found, depth);
    }
    if (size > 0x80) {
      size_t octets = size & 0x7f;
      for (size = 0; octets > 0 && reader.ok(); octets--) {
        if (size >> 56 != 0) return false;
        size = size << 8 | reader.u8();
      }
    }
    if (!reader.ok() || size > reader.left()) return false;
    const Bytes content = reader.bytes(size);
    in = in.last(reader.left());
    if (size > oversize) found = true;
    if (!universal) return true;
    if (nests) {
      if (!constructed) return false;
      for (Bytes inner = content; !inner.empty();) {
        if (!object(inner, found, depth + 1)) return false;
      }
      return true;
    }
    if (!ber::is_valid(tag, content)) return false;
    if (constructed) return true;
    if (tag == ber::bit_string) {
      if (bitstring_overflow && content[0] > size * 8) found = true;
    } else if (tag == ber::real && size > 0) {
      if (double_overflow && (content[0] & 0xc0) == 0 && size > 256) found = true;
    }
    return true;
  }

  /// The objects of an indefinite length, and the two zero bytes that end them (X.690 8.1.5).
  bool until_end_of_contents(Bytes& in, bool& found, int depth) const {
    while (true) {
      if (in.size() >= 2 && in[0] == 0 && in[1] == 0) {
        in = in.subspan(2);
        return true;
      }
      if (in.empty() || !object(in, found, depth + 1)) return false;
    }
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

constexpr Keyword kDetectorKeywords[] = {
    {"entropy", "", &entropy, "entropy of the buffer in bits a byte"},
    {"asn1", "", &asn1, "malformed ASN.1 in the buffer"},
    {"rpc", "", &rpc, "a call of a Sun RPC program, version and procedure"},
};

}  // namespace

const KeywordFamily kDetectorFamily{"detector", kDetectorKeywords};

}  // namespace lapwing::rules
