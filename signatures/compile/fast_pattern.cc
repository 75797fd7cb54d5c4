#include "signatures/compile/fast_pattern.h"

#include <algorithm>
#include <tuple>

#include "signatures/program/content.h"
#include "signatures/program/pcre_step.h"
#include "signatures/program/size_step.h"

namespace lapwing::rules {

namespace {

constexpr size_t kShort = 2;     // bytes; such literals match everywhere
constexpr size_t kLongest = 48;  // bytes of a literal that the prefilter keeps

/// How rare a literal is likely to be: new letters say little, new binary bytes much, repetitions next to nothing.
uint32_t strength(std::string_view pattern) {
  bool seen[256] = {};
  uint32_t sum = 0;
  for (unsigned char c : pattern) {
    if (seen[c]) {
      sum += 1;
      continue;
    }
    seen[c] = true;
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool common = (c >= 0x20 && c < 0x7f) || c == 0 || c == 1 || c == 0xff;
    sum += letter ? 3 : common ? 4 : 6;
  }
  return sum;
}

bool repeats_one_byte(std::string_view pattern) {
  return std::all_of(pattern.begin(), pattern.end(), [&](char c) { return c == pattern.front(); });
}

/// The part of a long literal that is kept begins there: the window of kLongest bytes with the most strength.
size_t strongest_part(std::string_view pattern) {
  size_t best = 0;
  if (pattern.size() <= kLongest) return best;
  uint32_t most = 0;
  for (size_t at = 0; at + kLongest <= pattern.size(); at += 8) {
    uint32_t sum = strength(pattern.substr(at, kLongest));
    if (sum > most) {
      most = sum;
      best = at;
    }
  }
  return best;
}

uint8_t rarity_class(const Buffer& buffer) {
  uint8_t best = 3;  // raw payload
  bool any = false;
  for (const Field* field : buffer.fields) {
    if (!field) continue;
    best = any ? std::max(best, field->rarity_class) : field->rarity_class;
    any = true;
  }
  return best;
}

/// Where the content must end, seen from the buffer's start; `before`: where the match so far must.
uint64_t reach_of(const ContentStep& content, uint64_t before) {
  auto constant = [](const Number& number) { return number.variable < 0; };
  auto end = [](int64_t bytes) { return static_cast<uint64_t>(std::max<int64_t>(0, bytes)); };
  if (!content.relative) {
    return content.has_depth && constant(content.depth) && constant(content.offset) ? end(content.depth.value)
                                                                                    : UINT64_MAX;
  }
  if (before == UINT64_MAX || !content.has_within || !constant(content.within) || !constant(content.distance)) {
    return UINT64_MAX;
  }
  int64_t shift = content.has_distance ? content.distance.value : 0;
  return end(static_cast<int64_t>(before) + content.within.value + shift);
}

/// Where the content can begin at the earliest; `before`: where the match so far can have ended.
uint64_t first_of(const ContentStep& content, uint64_t before) {
  const Number& from = content.relative ? content.distance : content.offset;
  const bool given = content.relative ? content.has_distance : content.has_offset;
  if (given && from.variable >= 0) return 0;
  const int64_t shift = given ? from.value : 0;
  return static_cast<uint64_t>(std::max<int64_t>(0, (content.relative ? static_cast<int64_t>(before) : 0) + shift));
}

/// Bytes of the longest buffer that the section may match in.
uint64_t longest_buffer(const Rule& rule, const Section& section) {
  const bool payload = section.buffer == kRawBuffer && rule.scope == RawScope::packet;
  uint64_t longest = payload ? rule.longest_payload : UINT64_MAX;
  for (const auto& step : section.chain) {
    if (auto* size = step_as<SizeStep>(*step)) longest = std::min(longest, size->test.most());
  }
  return longest;
}

template <class Sought>
std::optional<FastPattern> choose(const Rule& rule, const std::vector<Buffer>& buffers, Sought sought) {
  using Score = std::tuple<bool, bool, int, size_t, uint32_t>;
  std::optional<FastPattern> best;
  Score best_score{};
  const PcreStep* regex = nullptr;
  BufferId regex_buffer = kRawBuffer;
  size_t choices = 0;
  for (const Section& section : rule.sections) {
    const Buffer& buffer = buffers[section.buffer];
    if (section.absence != Absence::never || !sought(section, buffer)) continue;
    const uint64_t longest = longest_buffer(rule, section);
    uint64_t reach = UINT64_MAX, ended = 0;  // of the match so far: where it must end, and can at the earliest
    for (const auto& step : section.chain) {
      auto* content = step_as<ContentStep>(*step);
      if (auto* pcre = content || regex ? nullptr : step_as<PcreStep>(*step); pcre && !pcre->negated) {
        regex = pcre;
        regex_buffer = section.buffer;
      }
      if (!content && step->moves_cursor) {
        reach = UINT64_MAX;
        ended = 0;
      }
      if (!content || content->negated || content->pattern.empty()) continue;
      reach = reach_of(*content, reach);
      const uint64_t first = first_of(*content, ended);
      ended = first + content->pattern.size();
      const size_t part = content->chop_length ? content->chop_offset : strongest_part(content->pattern);
      const std::string_view literal =
          std::string_view(content->pattern).substr(part, content->chop_length ? content->chop_length : kLongest);
      bool common = literal.size() <= kShort || repeats_one_byte(literal);
      const int rarity = rarity_class(buffer);
      const uint32_t strong = strength(literal);
      Score score{!common, content->fast_pattern, -rarity, literal.size(), strong};
      choices++;
      if (best && score <= best_score) continue;
      best_score = score;
      best = FastPattern{.buffer = section.buffer,
                         .pattern = {std::string(literal), content->nocase, false, 0},
                         .first = first + part,
                         .reach = std::min(reach, longest),
                         .common = common,
                         .asked_for = content->fast_pattern,
                         .rarity_class = rarity,
                         .strength = strong};
    }
  }
  if (!best && regex) {
    const RegexOptions& o = regex->options;
    uint32_t flags = prefilter_flags(o.caseless, o.dotall, o.multiline);
    // Relative and anchored expressions mean another start than the buffer's; `x` changes the syntax.
    bool plain = !regex->relative && !o.extended && !o.anchored;
    if (plain && takes_as_prefilter(regex->expression, flags)) {
      best = FastPattern{.buffer = regex_buffer, .pattern = {regex->expression, false, true, flags}, .common = true};
    }
  }
  if (best) best->choices = choices;
  return best;
}

bool is_raw(const Section& section, const Buffer&) {
  return section.buffer == kRawBuffer;
}

}  // namespace

std::optional<FastPattern> choose_fast_pattern(const Rule& rule, const std::vector<Buffer>& buffers) {
  switch (rule.kind) {
    case RuleKind::transaction:
      return choose(rule, buffers, [](const Section&, const Buffer& buffer) { return !buffer.fields.empty(); });
    case RuleKind::frame:
      return choose(rule, buffers, [](const Section&, const Buffer& buffer) { return buffer.transforms.empty(); });
    default: return choose(rule, buffers, is_raw);
  }
}

std::optional<FastPattern> choose_raw_pattern(const Rule& rule, const std::vector<Buffer>& buffers) {
  return choose(rule, buffers, is_raw);
}

}  // namespace lapwing::rules
