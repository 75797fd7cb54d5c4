#include "tests/signatures/differential/sample.h"

#include <cctype>

#include <fmt/format.h>

namespace lapwing::test {

namespace {

std::string text(const Amount& amount) {
  return amount.variable.empty() ? std::to_string(amount.number) : amount.variable;
}

std::string size_text(const SampleStep& step) {
  if (step.op == "<>") return fmt::format("{}<>{}", step.from.number, step.to);
  return step.op + std::to_string(step.from.number);
}

std::string content_text(const SampleStep& step) {
  std::string out = fmt::format("content:{}\"", step.negated ? "!" : "");
  for (char c : step.bytes) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      out += c;
    else
      out += fmt::format("|{:02x}|", static_cast<unsigned char>(c));
  }
  out += "\"; ";
  if (step.nocase) out += "nocase; ";
  if (step.rawbytes) out += "rawbytes; ";
  if (step.offset) out += fmt::format("offset:{}; ", text(*step.offset));
  if (step.depth) out += fmt::format("depth:{}; ", text(*step.depth));
  if (step.distance) out += fmt::format("distance:{}; ", text(*step.distance));
  if (step.within) out += fmt::format("within:{}; ", text(*step.within));
  if (step.startswith) out += "startswith; ";
  if (step.endswith) out += "endswith; ";
  if (step.fast_pattern) out += "fast_pattern; ";
  return out;
}

std::string number_flags(const SampleStep& step) {
  std::string out;
  if (step.relative) out += ",relative";
  if (step.multiplier != 1) out += fmt::format(",multiplier {}", step.multiplier);
  if (step.little) out += ",little";
  if (!step.base.empty()) out += ",string," + step.base;
  return out;
}

std::string step_text(const SampleStep& step) {
  using Kind = SampleStep::Kind;
  const char* const no = step.negated ? "!" : "";
  switch (step.kind) {
    case Kind::content: return content_text(step);
    case Kind::isdataat: return fmt::format("isdataat:{}{}{}; ", no, text(step.from), step.relative ? ",relative" : "");
    case Kind::byte_test: {
      std::string out = fmt::format("byte_test:{},{}{},{},{}{}", step.count, no, step.op, text(step.operand),
                                    text(step.from), number_flags(step));
      if (step.bitmask != 0) out += fmt::format(",bitmask {:#x}", step.bitmask);
      return out + "; ";
    }
    case Kind::byte_jump: {
      std::string out = fmt::format("byte_jump:{},{}{}", step.count, text(step.from), number_flags(step));
      if (step.align) out += ",align";
      if (step.from_beginning) out += ",from_beginning";
      if (step.from_end) out += ",from_end";
      if (step.post_offset != 0) out += fmt::format(",post_offset {}", step.post_offset);
      return out + "; ";
    }
    case Kind::byte_extract:
      return fmt::format("byte_extract:{},{},{}{}{}; ", step.count, text(step.from), step.result, number_flags(step),
                         step.align ? ",align 4" : "");
    case Kind::byte_math: {
      std::string out = fmt::format("byte_math:bytes {}, offset {}, oper {}, rvalue {}, result {}", step.count,
                                    text(step.from), step.op, text(step.operand), step.result);
      if (step.relative) out += ", relative";
      if (step.little) out += ", endian little";
      if (!step.base.empty()) out += ", string " + step.base;
      if (step.bitmask != 0) out += fmt::format(", bitmask {:#x}", step.bitmask);
      return out + "; ";
    }
    case Kind::pcre:
      return fmt::format("pcre:{}\"/{}/{}{}{}\"; ", no, step.expression, step.caseless ? "i" : "",
                         step.dot_all ? "s" : "", step.relative ? "R" : "");
    case Kind::bsize: return fmt::format("bsize:{}; ", size_text(step));
  }
  return {};
}

}  // namespace

std::string rule_text(const SampleRule& rule, uint32_t sid) {
  std::string out = fmt::format("alert {} any any -> any any ({}", rule.protocol, rule.options);
  if (rule.dsize) out += fmt::format("dsize:{}; ", size_text(*rule.dsize));
  for (const SampleBlock& block : rule.blocks) {
    if (!block.buffer.empty()) out += block.buffer + "; ";
    for (const SampleStep& step : block.steps) out += step_text(step);
  }
  return out + fmt::format("sid:{};)", sid);
}

std::string hex_text(std::string_view bytes) {
  std::string out;
  for (char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace lapwing::test
