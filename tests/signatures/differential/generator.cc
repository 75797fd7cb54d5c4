#include "tests/signatures/differential/generator.h"

#include <algorithm>

#include <fmt/format.h>

namespace lapwing::test {

namespace {

using Kind = SampleStep::Kind;

// Letters for contents; bytes below 5 for jumps that land; digits for numbers as text.
const std::vector<std::string> kAlphabets = {
    "ab",      "abc",     "aAbB",     std::string("ab\0\1", 4), std::string("a\1\2\3", 4), "12a0",
    "a01\x03", "b 1\x02", "\xff\x01g"};

char other_case(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) ? static_cast<char>(c ^ 0x20) : c;
}

Amount amount(int64_t number) {
  return {number, {}};
}

}  // namespace

SampleGenerator::SampleGenerator(uint64_t seed) : dice_(seed) {
  alphabet_ = dice_.any(kAlphabets);
  digits_ = std::ranges::any_of(alphabet_, [](char c) { return c >= '0' && c <= '9'; });
}

std::string SampleGenerator::letters(int64_t length) {
  std::string out;
  for (; length > 0; length--) out += alphabet_[dice_.below(alphabet_.size())];
  return out;
}

SampleStep SampleGenerator::content(const std::vector<std::string>& variables) {
  SampleStep step;
  step.bytes = letters(dice_.percent(90) ? dice_.between(1, 4) : dice_.between(5, 20));
  const auto length = static_cast<int64_t>(step.bytes.size());
  step.nocase = dice_.percent(25);
  step.negated = dice_.percent(20);
  step.rawbytes = dice_.percent(3);
  auto pick = [&](int64_t low, int64_t high) {
    if (!variables.empty() && dice_.percent(25)) return Amount{0, dice_.any(variables)};
    return amount(dice_.between(low, high));
  };
  const uint64_t place = dice_.below(100);
  if (place < 25) {
    if (dice_.percent(60)) step.offset = pick(0, 6);
    if (!step.offset || dice_.percent(50)) step.depth = pick(length, length + 6);
  } else if (place < 65) {
    if (dice_.percent(75)) step.distance = pick(dice_.percent(30) ? -6 : 0, 5);
    if (!step.distance || dice_.percent(50)) step.within = pick(length, length + 5);
  } else if (place < 73) {
    step.startswith = true;
  }
  step.endswith = dice_.percent(10);
  return step;
}

void SampleGenerator::number(SampleStep& step, const std::vector<std::string>& variables) {
  step.relative = dice_.percent(50);
  step.from = amount(step.relative ? dice_.between(-4, 4) : dice_.between(0, 8));
  if (step.kind != Kind::byte_math && step.kind != Kind::byte_extract && !variables.empty() && dice_.percent(15))
    step.from = {0, dice_.any(variables)};
  step.count = static_cast<int>(dice_.percent(70) ? 1 : dice_.between(2, 4));
  if (digits_ && dice_.percent(60)) {
    static const std::vector<std::string> kBases = {"dec", "hex", "oct"};
    step.base = dice_.any(kBases);
  } else if (step.count > 1) {
    step.little = dice_.percent(40);
  }
  auto operand = [&] {
    if (!variables.empty() && dice_.percent(30)) return Amount{0, dice_.any(variables)};
    if (dice_.percent(50)) return amount(dice_.between(0, 4));
    return amount(static_cast<unsigned char>(alphabet_[dice_.below(alphabet_.size())]));
  };
  if (step.kind == Kind::byte_test) {
    static const std::vector<std::string> kOperators = {"=", "<", ">", "<=", ">=", "&", "^"};
    step.op = dice_.any(kOperators);
    step.operand = operand();
    step.negated = dice_.percent(25);
  } else if (step.kind == Kind::byte_math) {
    static const std::vector<std::string> kOperators = {"+", "-", "*", "/", "<<", ">>"};
    step.op = dice_.any(kOperators);
    step.operand = operand();
    if (step.operand.variable.empty()) step.operand.number = std::max<int64_t>(step.operand.number % 8, 1);
  }
  if ((step.kind == Kind::byte_test || step.kind == Kind::byte_math) && dice_.percent(20)) {
    static const std::vector<uint64_t> kMasks = {0x03, 0x06, 0x60, 0xff00, 0x0ff0};
    step.bitmask = dice_.any(kMasks);
  }
  if (step.kind == Kind::byte_jump || step.kind == Kind::byte_extract) {
    if (dice_.percent(20)) step.multiplier = dice_.between(2, 3);
    step.align = dice_.percent(15);
  }
  if (step.kind == Kind::byte_jump) {
    if (dice_.percent(20))
      step.from_beginning = true;
    else if (dice_.percent(20))
      step.from_end = true;
    if (step.from_end || dice_.percent(25)) step.post_offset = dice_.between(-6, step.from_end ? -1 : 4);
  }
}

void SampleGenerator::expression(SampleStep& step) {
  const std::string sample = letters(dice_.between(1, 3));
  auto escaped = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ? std::string(1, c)
                                                       : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  };
  if (dice_.percent(15)) step.expression = "^";
  for (char c : sample) {
    const uint64_t form = dice_.below(10);
    const std::string other = escaped(letters(1)[0]);
    if (form == 0)
      step.expression += ".";
    else if (form == 1)
      step.expression += fmt::format("[{}{}]", escaped(c), other);
    else if (form == 2)
      step.expression += escaped(c) + "+";
    else if (form == 3)
      step.expression += fmt::format("{}*{}", other, escaped(c));
    else if (form == 4)
      step.expression += fmt::format("({}|{}{})", escaped(c), escaped(c), other);
    else
      step.expression += escaped(c);
  }
  if (dice_.percent(10)) step.expression += "$";
  step.bytes = sample;
  step.caseless = dice_.percent(25);
  step.dot_all = dice_.percent(25);
  step.relative = dice_.percent(50);
  step.negated = dice_.percent(20);
}

std::vector<SampleStep> SampleGenerator::steps(bool field) {
  std::vector<SampleStep> out;
  std::vector<std::string> variables;
  const int64_t count = dice_.percent(15) ? 1 : dice_.between(2, 5);
  bool fast = false;
  for (int64_t i = 0; i < count; i++) {
    const uint64_t roll = dice_.below(100);
    if (roll < 62 || (i + 1 == count && !variables.empty() && roll < 80)) {
      out.push_back(content(variables));
      if (!fast && !out.back().negated && dice_.percent(12)) fast = out.back().fast_pattern = true;
      continue;
    }
    SampleStep step;
    if (roll < 70) {
      step.kind = Kind::isdataat;
      step.relative = dice_.percent(60);
      step.negated = dice_.percent(40);
      step.from = amount(dice_.between(step.relative ? 1 : 0, step.relative ? 4 : 14));
      if (!variables.empty() && dice_.percent(25)) step.from = {0, dice_.any(variables)};
    } else if (roll < 93) {
      step.kind = roll < 77   ? Kind::byte_test
                  : roll < 83 ? Kind::byte_jump
                  : roll < 89 ? Kind::byte_extract
                              : Kind::byte_math;
      number(step, variables);
      if (step.kind == Kind::byte_extract || step.kind == Kind::byte_math) {
        step.result = fmt::format("v{}", variables.size());
        variables.push_back(step.result);
      }
    } else {
      step.kind = Kind::pcre;
      expression(step);
    }
    out.push_back(step);
  }
  if (field && dice_.percent(15)) {
    SampleStep step;
    step.kind = Kind::bsize;
    static const std::vector<std::string> kOperators = {"", "<", ">", "<>"};
    step.op = dice_.any(kOperators);
    step.from = amount(dice_.between(4, 16));
    step.to = step.from.number + dice_.between(2, 9);
    out.insert(out.begin() + static_cast<ptrdiff_t>(dice_.below(out.size() + 1)), step);
  }
  return out;
}

SampleRule SampleGenerator::rule(SampleKind kind) {
  SampleRule out;
  if (kind == SampleKind::stream) {
    out.protocol = "tcp";
    out.options = dice_.percent(40) ? "flow:established,only_stream; " : "flow:established; ";
    out.blocks.push_back({"", steps(false)});
  } else if (kind == SampleKind::query) {
    out.protocol = "dns";
    if (dice_.percent(40)) out.blocks.push_back({"", steps(false)});
    out.blocks.push_back({"dns.query", steps(true)});
    if (dice_.percent(25)) out.blocks.push_back({"dns.query", steps(true)});
  } else if (kind == SampleKind::request) {
    out.protocol = "http";
    std::vector<std::string> names = {"http.method", "http.uri", "http.header", "http.request_body", "file.data"};
    for (int64_t n = dice_.between(1, 2); n > 0; n--) {
      const auto name = names.begin() + static_cast<ptrdiff_t>(dice_.below(names.size()));
      out.blocks.push_back({*name, steps(true)});
      names.erase(name);
    }
  } else {
    out.blocks.push_back({"", steps(false)});
    if (dice_.percent(8)) {
      out.dsize.emplace();
      static const std::vector<std::string> kOperators = {"", "<", ">", "<>"};
      out.dsize->op = dice_.any(kOperators);
      out.dsize->from = amount(dice_.between(6, 24));
      out.dsize->to = out.dsize->from.number + dice_.between(2, 9);
    }
  }
  return out;
}

void SampleGenerator::put(std::string& buffer, int64_t position, std::string_view bytes) {
  if (position < 0 || position > 400) return;
  const size_t end = static_cast<size_t>(position) + bytes.size();
  if (end > buffer.size()) buffer += letters(static_cast<int64_t>(end - buffer.size()));
  std::copy(bytes.begin(), bytes.end(), buffer.begin() + position);
}

std::string SampleGenerator::buffer(const std::vector<SampleStep>& steps) {
  std::string out = letters(dice_.percent(8) ? dice_.between(30, 150) : dice_.between(1, 20));
  int64_t cursor = 0;
  auto number = [&](const Amount& amount) { return amount.variable.empty() ? amount.number : dice_.between(0, 4); };
  for (const SampleStep& step : steps) {
    if (step.kind == Kind::content || step.kind == Kind::pcre) {
      if (step.negated && !dice_.percent(20)) continue;
      std::string bytes = step.bytes;
      if (step.nocase || step.caseless) {
        for (char& c : bytes) c = dice_.percent(30) ? other_case(c) : c;
      }
      const auto length = static_cast<int64_t>(bytes.size());
      int64_t position = dice_.between(0, 4);
      if (step.distance || step.within) {
        position = cursor + (step.distance ? number(*step.distance) : 0);
        position += dice_.between(0, step.within ? std::max<int64_t>(number(*step.within) - length, 0) : 3);
      } else if (step.relative) {
        position += cursor;
      } else if (step.startswith) {
        position = 0;
      } else if (step.offset || step.depth) {
        position = step.offset ? number(*step.offset) : 0;
        position += dice_.between(0, step.depth ? std::max<int64_t>(number(*step.depth) - length, 0) : 3);
      }
      if (dice_.percent(12)) position += dice_.percent(50) ? 1 : -1;
      // An earlier occurrence that leads nowhere.
      if (dice_.percent(15)) put(out, position - dice_.between(1, 3), bytes);
      put(out, position, bytes);
      if (position >= 0) cursor = position + length;
      if (step.endswith && dice_.percent(80)) out.resize(std::min<size_t>(out.size(), static_cast<size_t>(cursor)));
    } else if (step.kind == Kind::isdataat) {
      const int64_t position = number(step.from) + (step.relative ? cursor - 1 : 0);
      if (step.negated && position > 0 && dice_.percent(40))
        out.resize(std::min<size_t>(out.size(), static_cast<size_t>(position)));
      else if (!step.negated)
        put(out, position, dice_.percent(80) ? letters(1) : "");
    } else if (step.kind != Kind::bsize) {
      const int64_t position = number(step.from) + (step.relative ? cursor : 0);
      if (dice_.percent(60)) {
        const bool test = step.kind == Kind::byte_test && dice_.percent(60);
        const int64_t wanted = test ? number(step.operand) + dice_.between(-1, 1) : dice_.between(0, 4);
        std::string bytes;
        if (!step.base.empty())
          bytes = fmt::format("{:0{}}", std::max<int64_t>(wanted, 0), step.count)
                      .substr(0, static_cast<size_t>(step.count));
        else
          for (int i = step.count; i-- > 0;) bytes += static_cast<char>(i > 3 ? 0 : wanted >> (8 * i));
        if (step.little) std::reverse(bytes.begin(), bytes.end());
        put(out, position, bytes);
        if (step.kind == Kind::byte_jump) {
          const int64_t jump = wanted * step.multiplier + step.post_offset;
          cursor = step.from_beginning ? jump : position + step.count + jump;
        }
      }
    }
  }
  if (dice_.percent(30)) out += letters(dice_.between(1, 4));
  if (!out.empty() && dice_.percent(10)) out.erase(dice_.below(out.size()), 1);
  if (out.empty()) out = letters(1);
  return out;
}

SamplePacket SampleGenerator::packet(const SampleRule& rule, SampleKind kind) {
  SamplePacket out;
  for (const SampleBlock& block : rule.blocks) {
    if (block.buffer.empty())
      out.payload = buffer(block.steps);
    else
      out.fields[block.buffer].push_back(buffer(block.steps));
  }
  if (kind == SampleKind::query && dice_.percent(40)) out.fields["dns.query"].push_back(letters(dice_.between(1, 12)));
  if (out.payload.empty()) out.payload = letters(dice_.between(1, 20));
  if (kind == SampleKind::stream) {
    for (size_t at = 0; at < out.payload.size(); at += 1 + dice_.below(out.payload.size())) {
      if (at > 0) out.cuts.push_back(at);
    }
  }
  if (rule.dsize && dice_.percent(50)) {
    const auto size = static_cast<size_t>(std::max<int64_t>(rule.dsize->from.number + dice_.between(-1, 2), 1));
    while (out.payload.size() < size) out.payload += letters(1);
    out.payload.resize(size);
  }
  return out;
}

}  // namespace lapwing::test
