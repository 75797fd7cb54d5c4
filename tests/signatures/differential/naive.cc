#define PCRE2_CODE_UNIT_WIDTH 8
#include "tests/signatures/differential/naive.h"

#include <pcre2.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace lapwing::test {

namespace {

using Variables = std::map<std::string, uint64_t>;
using Kind = SampleStep::Kind;

constexpr uint64_t kLongest = 1u << 20;  // bytes of a buffer

/// What the steps from one on say. An absolute content that is nowhere says `never`: earlier contents are then not
/// tried at later places, although a variable that they lead to might come out otherwise.
enum class Verdict : uint8_t { no, yes, never };

class Trial {
 public:
  Trial(const std::vector<SampleStep>& steps, std::string_view buffer) : steps_(steps), buffer_(buffer) {}

  /// The steps from `at` on, with the last match ending at `cursor`.
  Verdict rest(size_t at, int64_t cursor, const Variables& variables) const {
    if (at == steps_.size()) return Verdict::yes;
    const SampleStep& step = steps_[at];
    auto next_if = [&](bool holds) { return holds ? rest(at + 1, cursor, variables) : Verdict::no; };
    Read read;
    switch (step.kind) {
      case Kind::content: return content(step, at, cursor, variables);
      case Kind::pcre: return expression(step, at, cursor, variables);
      case Kind::isdataat: {
        const uint64_t position = length(step.from, variables);
        const auto last = static_cast<uint64_t>(size());
        const bool there = step.relative ? static_cast<uint64_t>(cursor) + position <= last : position < last;
        return next_if(there != step.negated);
      }
      case Kind::bsize: return next_if(in_range(step, size()));
      case Kind::byte_test: {
        if (!number(step, cursor, variables, read)) return Verdict::no;
        const auto operand = static_cast<uint64_t>(value(step.operand, variables));
        return next_if(compare(masked(read.number, step.bitmask), step.op, operand) != step.negated);
      }
      case Kind::byte_jump: {
        if (!number(step, cursor, variables, read)) return Verdict::no;
        auto distance = static_cast<int64_t>(read.number) * step.multiplier;
        if (step.align) distance = (distance + 3) / 4 * 4;
        distance += step.post_offset;
        const int64_t target = (step.from_beginning ? 0 : step.from_end ? size() : read.end) + distance;
        return target <= size() ? rest(at + 1, std::max<int64_t>(target, 0), variables) : Verdict::no;
      }
      case Kind::byte_extract: {
        if (!number(step, cursor, variables, read)) return Verdict::no;
        uint64_t result = read.number * static_cast<uint64_t>(step.multiplier);
        if (step.align) result = (result + 3) / 4 * 4;
        return rest(at + 1, read.end, with(variables, step.result, result));
      }
      case Kind::byte_math: {
        uint64_t result = 0;
        if (!number(step, cursor, variables, read)) return Verdict::no;
        if (!calculate(read.number, step.op, static_cast<uint64_t>(value(step.operand, variables)), result))
          return Verdict::no;
        return rest(at + 1, read.end, with(variables, step.result, masked(result, step.bitmask)));
      }
    }
    return Verdict::no;
  }

  static bool in_range(const SampleStep& step, int64_t size) {
    if (step.op == "<") return size < step.from.number;
    if (step.op == ">") return size > step.from.number;
    if (step.op == "<>") return size > step.from.number && size < step.to;
    return size == step.from.number;
  }

 private:
  struct Read {
    uint64_t number = 0;
    int64_t end = 0;  // position after its last byte
  };

  int64_t size() const { return static_cast<int64_t>(buffer_.size()); }

  static int64_t value(const Amount& amount, const Variables& variables) {
    return amount.variable.empty() ? amount.number : static_cast<int64_t>(variables.at(amount.variable));
  }

  /// The same as a length: what would be negative is longer than any buffer.
  static uint64_t length(const Amount& amount, const Variables& variables) {
    return std::min(static_cast<uint64_t>(value(amount, variables)), kLongest);
  }

  static Variables with(Variables variables, const std::string& name, uint64_t number) {
    variables[name] = number;
    return variables;
  }

  static char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

  bool stands_at(const SampleStep& step, int64_t position) const {
    for (size_t i = 0; i < step.bytes.size(); i++) {
      const char a = buffer_[static_cast<size_t>(position) + i], b = step.bytes[i];
      if (step.nocase ? lower(a) != lower(b) : a != b) return false;
    }
    return true;
  }

  /// Whether something counts from where the content or expression at `at` ends: only then are its later places
  /// tried. The next content or expression ends that, be it negated or not.
  bool base_of_next(size_t at) const {
    for (size_t i = at + 1; i < steps_.size(); i++) {
      const SampleStep& step = steps_[i];
      if (step.relative || step.distance || step.within) return true;
      if (step.kind == Kind::content || step.kind == Kind::pcre) return false;
    }
    return false;
  }

  Verdict content(const SampleStep& step, size_t at, int64_t cursor, const Variables& variables) const {
    const bool relative = step.distance || step.within;
    int64_t begin = 0, end = size();
    const auto bytes = static_cast<int64_t>(step.bytes.size());
    if (relative) {
      // Both have 32 bits and a sign.
      begin = cursor + (step.distance ? static_cast<int32_t>(value(*step.distance, variables)) : 0);
      if (step.within) end = std::min(end, begin + static_cast<int32_t>(value(*step.within, variables)));
      begin = std::max<int64_t>(begin, 0);
    } else if (step.startswith) {
      end = std::min(end, bytes);
    } else {
      if (step.offset) begin = static_cast<int64_t>(length(*step.offset, variables));
      if (step.depth) end = std::min(end, begin + static_cast<int64_t>(length(*step.depth, variables)));
    }
    if (step.negated) {
      for (int64_t position = begin; position + bytes <= end; position++) {
        if (!stands_at(step, position)) continue;
        // Suricata looks at the first place alone, and measures it from the buffer's start but the window from its own.
        if (!step.endswith || (end == size() && position + bytes == end - begin)) return Verdict::no;
        break;
      }
      return rest(at + 1, cursor, variables);
    }
    for (int64_t position = begin; position + bytes <= end; position++) {
      if (!stands_at(step, position) || (step.endswith && position + bytes != size())) continue;
      const Verdict verdict = rest(at + 1, position + bytes, variables);
      if (verdict != Verdict::no || !base_of_next(at)) return verdict;
    }
    return relative || begin > end || end <= 0 ? Verdict::no : Verdict::never;
  }

  Verdict expression(const SampleStep& step, size_t at, int64_t cursor, const Variables& variables) const {
    int code = 0;
    size_t where = 0;
    const uint32_t flags = (step.caseless ? PCRE2_CASELESS : 0) | (step.dot_all ? PCRE2_DOTALL : 0);
    std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)> compiled(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(step.expression.data()), step.expression.size(), flags, &code,
                      &where, nullptr),
        &pcre2_code_free);
    if (!compiled) throw std::runtime_error("no expression: " + step.expression);
    std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
        pcre2_match_data_create_from_pattern(compiled.get(), nullptr), &pcre2_match_data_free);
    const size_t base = step.relative ? static_cast<size_t>(cursor) : 0;
    const std::string_view subject = buffer_.substr(base);
    for (size_t start = 0; start <= subject.size();) {
      const int found = pcre2_match(compiled.get(), reinterpret_cast<PCRE2_SPTR>(subject.data()), subject.size(), start,
                                    0, match.get(), nullptr);
      if (step.negated) return found < 0 ? rest(at + 1, cursor, variables) : Verdict::no;
      if (found < 0) return Verdict::no;
      const size_t* range = pcre2_get_ovector_pointer(match.get());
      const Verdict verdict = rest(at + 1, static_cast<int64_t>(base + range[1]), variables);
      if (verdict != Verdict::no || !base_of_next(at)) return verdict;
      start = range[0] + 1;
    }
    return Verdict::no;
  }

  bool number(const SampleStep& step, int64_t cursor, const Variables& variables, Read& out) const {
    const int64_t begin = value(step.from, variables) + (step.relative ? cursor : 0);
    if (begin < 0 || begin + step.count > size()) return false;
    const std::string bytes(buffer_.substr(static_cast<size_t>(begin), static_cast<size_t>(step.count)));
    out.end = begin + step.count;
    if (!step.base.empty()) {
      char* stop = nullptr;
      errno = 0;
      out.number = std::strtoull(bytes.c_str(), &stop, step.base == "hex" ? 16 : step.base == "oct" ? 8 : 10);
      out.end = begin + (stop - bytes.c_str());
      return stop != bytes.c_str() && errno == 0;
    }
    out.number = 0;
    for (size_t i = 0; i < bytes.size(); i++) {
      const auto byte = static_cast<unsigned char>(bytes[step.little ? bytes.size() - 1 - i : i]);
      out.number = out.number * 256 + byte;
    }
    return true;
  }

  static uint64_t masked(uint64_t number, uint64_t mask) {
    if (mask == 0) return number;
    number &= mask;
    for (; mask % 2 == 0; mask /= 2) number /= 2;
    return number;
  }

  static bool compare(uint64_t number, const std::string& op, uint64_t operand) {
    if (op == "=") return number == operand;
    if (op == "<") return number < operand;
    if (op == ">") return number > operand;
    if (op == "<=") return number <= operand;
    if (op == ">=") return number >= operand;
    if (op == "&") return (number & operand) != 0;
    if (op == "^") return (number ^ operand) != 0;
    throw std::runtime_error("no operator: " + op);
  }

  static bool calculate(uint64_t number, const std::string& op, uint64_t operand, uint64_t& out) {
    if (op == "+") out = number + operand;
    if (op == "-") out = number - operand;
    if (op == "*") out = number * operand;
    if (op == "/" && operand != 0) out = number / operand;
    if (op == "<<") out = operand < 64 ? number << operand : 0;
    if (op == ">>") out = operand < 64 ? number >> operand : 0;
    return op != "/" || operand != 0;
  }

  const std::vector<SampleStep>& steps_;
  std::string_view buffer_;
};

}  // namespace

bool naive_match(const std::vector<SampleStep>& steps, std::string_view buffer) {
  return Trial(steps, buffer).rest(0, 0, {}) == Verdict::yes;
}

bool naive_match(const SampleRule& rule, const SamplePacket& packet) {
  if (rule.dsize && !Trial::in_range(*rule.dsize, static_cast<int64_t>(packet.payload.size()))) return false;
  for (const SampleBlock& block : rule.blocks) {
    bool found = false;
    if (block.buffer.empty()) {
      found = naive_match(block.steps, packet.payload);
    } else if (auto values = packet.fields.find(block.buffer); values != packet.fields.end()) {
      for (const std::string& value : values->second) found = found || naive_match(block.steps, value);
    }
    if (!found) return false;
  }
  return true;
}

}  // namespace lapwing::test
