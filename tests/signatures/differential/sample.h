// Sample: a rule as data, and the packet it is tried on. What the generator makes, the naive evaluator judges and the
// compiler reads as text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing::test {

/// A number written in a rule, or the name of a variable that holds it.
struct Amount {
  int64_t number = 0;
  std::string variable;  // empty: the number
};

/// One keyword with its modifiers; which members count depends on the kind.
struct SampleStep {
  enum class Kind : uint8_t { content, isdataat, byte_test, byte_jump, byte_extract, byte_math, pcre, bsize };
  Kind kind = Kind::content;
  bool negated = false;
  bool relative = false;

  // content, and pcre: a text that its expression matches
  std::string bytes;
  bool nocase = false, startswith = false, endswith = false, rawbytes = false, fast_pattern = false;
  std::optional<Amount> offset, depth, distance, within;

  // isdataat and bsize: `from`; a range of bsize is "from<>to"
  Amount from;
  int64_t to = 0;
  std::string op;  // of bsize "", "<", ">", "<>"; of byte_test and byte_math as written

  // numbers in the buffer
  int count = 1;  // bytes
  bool little = false;
  std::string base;  // "dec", "hex", "oct": a number as text
  Amount operand;
  uint64_t bitmask = 0;  // 0: none
  int64_t multiplier = 1, post_offset = 0;
  bool align = false, from_beginning = false, from_end = false;
  std::string result;

  // pcre; `relative` is R
  std::string expression;
  bool caseless = false, dot_all = false;
};

/// The keywords of one buffer.
struct SampleBlock {
  std::string buffer;  // empty: the payload
  std::vector<SampleStep> steps;
};

struct SampleRule {
  std::string protocol = "udp";
  std::string options;  // before the blocks, such as "flow:established; "
  std::vector<SampleBlock> blocks;
  std::optional<SampleStep> dsize;  // as bsize
};

struct SamplePacket {
  std::string payload;
  std::map<std::string, std::vector<std::string>> fields;  // values by buffer
  std::vector<size_t> cuts;                                // where segments of a stream end, growing
};

/// "msg" is left out: it may be.
std::string rule_text(const SampleRule& rule, uint32_t sid);
std::string hex_text(std::string_view bytes);

}  // namespace lapwing::test
