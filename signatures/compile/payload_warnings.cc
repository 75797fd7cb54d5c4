// Contents that can never match or always do, sizes that no buffer has, variables that nothing reads.
#include <algorithm>
#include <cctype>
#include <optional>

#include "sensor/base/text.h"
#include "signatures/compile/warnings.h"
#include "signatures/program/pcre_step.h"
#include "signatures/program/size_step.h"
#include "signatures/program/words.h"

namespace lapwing::rules {

namespace {

constexpr size_t kShownBytes = 40;  // of a content, in a message

Bounds bounds_of(const Buffer& buffer) {
  Bounds bounds;
  auto lowercased = [](const Field* field) { return !field || field->lowercased; };
  if (!buffer.fields.empty() && std::all_of(buffer.fields.begin(), buffer.fields.end(), lowercased)) {
    for (unsigned char c = 'A'; c <= 'Z'; c++) bounds.bytes.reset(c);
  }
  for (const auto& transform : buffer.transforms) bounds = transform->bounds(bounds);
  return bounds;
}

std::string name_of_buffer(const Buffer& buffer) {
  std::string name = buffer.name;
  for (const std::string& transform : buffer.transform_names) name += " after " + transform;
  return name;
}

bool constant(const Number& number) {
  return number.variable < 0;
}

/// Always at this byte of the buffer, if anywhere.
std::optional<int64_t> fixed_place(const ContentStep& content) {
  if (content.relative) return std::nullopt;
  const auto size = static_cast<int64_t>(content.pattern.size());
  const int64_t from = content.has_offset ? content.offset.value : 0;
  if (content.has_offset && !constant(content.offset)) return std::nullopt;
  if (!content.has_depth || !constant(content.depth) || content.depth.value != from + size) return std::nullopt;
  return from;
}

bool same_byte(const ContentStep& a, char x, const ContentStep& b, char y) {
  return a.nocase || b.nocase ? lower(static_cast<uint8_t>(x)) == lower(static_cast<uint8_t>(y)) : x == y;
}

/// Whether a and b, which begin at these places of one buffer, ask for different bytes somewhere.
bool contradict(const ContentStep& a, int64_t a_at, const ContentStep& b, int64_t b_at) {
  const int64_t from = std::max(a_at, b_at);
  const int64_t to =
      std::min(a_at + static_cast<int64_t>(a.pattern.size()), b_at + static_cast<int64_t>(b.pattern.size()));
  for (int64_t i = from; i < to; i++) {
    if (!same_byte(a, a.pattern[static_cast<size_t>(i - a_at)], b, b.pattern[static_cast<size_t>(i - b_at)]))
      return true;
  }
  return false;
}

/// Whether every occurrence of `outer` holds one of `inner`.
bool holds(const ContentStep& outer, const ContentStep& inner) {
  auto letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  if (outer.nocase && !inner.nocase && std::any_of(inner.pattern.begin(), inner.pattern.end(), letter)) return false;
  return (inner.nocase ? to_lower(outer.pattern) : outer.pattern).find(inner.pattern) != std::string::npos;
}

class PayloadJudge {
 public:
  PayloadJudge(const Rule& rule, const Origins& origins, const BufferTable& buffers)
      : rule_(rule), origins_(origins), buffers_(buffers) {}

  std::vector<RuleMessage> run() {
    for (const Section& section : rule_.sections) {
      if (section.absence == Absence::never) judge(section);
    }
    for (const Origins::Variable& variable : origins_.variables) {
      if (variable.read) continue;
      say(*variable.option, "variable '" + variable.name + "' is never read; use it, or leave " +
                                std::string(variable.option->name) + " out");
    }
    return std::move(messages_);
  }

 private:
  void say(const RuleOption& option, const std::string& text) {
    messages_.push_back({RuleMessage::Level::warning, option.has_value ? option.value_mark : option.mark, 0,
                         std::string(option.name), std::string(option.name) + ": " + text});
  }

  /// The option of that name that belongs to the step, or else the one that made it.
  const RuleOption& option_of(const Step& step, std::string_view name = {}) const {
    const RuleOption* made = nullptr;
    for (const auto& [changed, option] : origins_.steps) {
      if (changed != &step) continue;
      if (!made) made = option;
      if (option->name == name) return *option;
    }
    return *made;
  }

  void judge(const Section& section) {
    const Buffer& buffer = buffers_.buffer(section.buffer);
    bounds_ = bounds_of(buffer);
    where_ = section.buffer == kRawBuffer ? "the payload" : name_of_buffer(buffer);
    if (!narrow(section)) return;
    const size_t before = messages_.size();
    for (const auto& step : section.chain) {
      if (auto* content = step_as<ContentStep>(*step)) judge_bytes(*content);
    }
    if (messages_.size() == before) judge_places(section);
    if (messages_.size() == before) judge_pairs(section);
  }

  /// Takes in what sizes the rule asks for; false when there is none.
  bool narrow(const Section& section) {
    auto take = [&](const IntegerTest& test, const RuleOption& option) {
      bounds_.shortest = std::max(bounds_.shortest, test.least());
      bounds_.longest = std::min(bounds_.longest, test.most());
      if (bounds_.shortest <= bounds_.longest) return true;
      say(option, "no length of " + where_ + " can be meant: at least " + std::to_string(bounds_.shortest) +
                      " and at most " + std::to_string(bounds_.longest) + " bytes; it can never match");
      return false;
    };
    for (const auto& step : section.chain) {
      auto* size = step_as<SizeStep>(*step);
      if (size && !take(size->test, option_of(*step))) return false;
    }
    if (section.buffer != kRawBuffer || rule_.scope != RawScope::packet) return true;
    return std::all_of(origins_.payload_sizes.begin(), origins_.payload_sizes.end(),
                       [&](const auto& noted) { return take(noted.first, *noted.second); });
  }

  bool possible(const ContentStep& content, char c) const {
    const auto byte = static_cast<uint8_t>(c);
    const bool letter = content.nocase && byte >= 'a' && byte <= 'z';
    return bounds_.bytes.test(byte) || (letter && bounds_.bytes.test(byte - 32u));
  }

  void judge_bytes(const ContentStep& content) {
    const std::string& pattern = content.pattern;
    auto never = std::find_if(pattern.begin(), pattern.end(), [&](char c) { return !possible(content, c); });
    if (never == pattern.end()) return;
    const auto other = static_cast<uint8_t>(*never ^ 0x20);
    const bool letter = std::isalpha(static_cast<unsigned char>(*never)) && bounds_.bytes.test(other);
    const char* right = !letter                                            ? "leave that byte out"
                        : std::isupper(static_cast<unsigned char>(*never)) ? "write it in lower case, or add nocase"
                                                                           : "write it in upper case, or add nocase";
    say(option_of(content),
        in_quotes(pattern, kShownBytes) + " has " + in_quotes(std::string(1, *never)) + ", which " + where_ +
            " never has: " + (content.negated ? "it is always absent; " : "it can never match; ") + right);
  }

  void judge_places(const Section& section) {
    int64_t cursor = 0;  // where it is at least
    const auto longest = static_cast<int64_t>(std::min<uint64_t>(bounds_.longest, INT64_MAX));
    for (const auto& step : section.chain) {
      auto* content = step_as<ContentStep>(*step);
      if (!content) {
        // An expression that follows the last match ends behind it; others may go back.
        if (step->moves_cursor && !(step->relative && step_as<PcreStep>(*step))) cursor = 0;
        continue;
      }
      if (content->negated) continue;
      const auto size = static_cast<int64_t>(content->pattern.size());
      int64_t from = 0;
      if (content->relative) {
        from = cursor + (content->has_distance && constant(content->distance) ? content->distance.value : 0);
        if (content->has_distance && !constant(content->distance)) from = 0;
        from = std::max<int64_t>(from, 0);
      }
      if (content->has_offset && constant(content->offset)) from = std::max(from, content->offset.value);
      cursor = from + size;
      if (cursor > longest) {
        const RuleOption& option = option_of(*content, content->has_offset ? "offset" : "distance");
        return say(option, in_quotes(content->pattern, kShownBytes) + " ends at byte " + std::to_string(cursor) +
                               " at the earliest, and the rule limits " + where_ + " to " + std::to_string(longest) +
                               ": it can never match; correct one of them");
      }
      judge_end(*content);
    }
  }

  void judge_end(const ContentStep& content) {
    if (!content.endswith || content.relative) return;
    if (!content.has_depth || !constant(content.depth) || (content.has_offset && !constant(content.offset))) return;
    if (content.depth.value >= static_cast<int64_t>(bounds_.shortest)) return;
    const std::string together = content.startswith ? "with startswith " : "within its depth ";
    say(option_of(content, "endswith"), together + in_quotes(content.pattern, kShownBytes) + " ends at byte " +
                                            std::to_string(content.depth.value) + ", and the rule wants at least " +
                                            std::to_string(bounds_.shortest) + " of " + where_ +
                                            ": it can never match; correct the size, or leave endswith out");
  }

  void judge_pairs(const Section& section) {
    std::vector<const ContentStep*> contents;
    for (const auto& step : section.chain) {
      auto* content = step_as<ContentStep>(*step);
      if (!content) continue;
      for (const ContentStep* earlier : contents) {
        if (judge_pair(*earlier, *content)) return;
      }
      contents.push_back(content);
    }
  }

  bool judge_pair(const ContentStep& a, const ContentStep& b) {
    const std::string other = in_quotes(a.pattern, kShownBytes);
    if (!a.negated && !b.negated) {
      auto a_at = fixed_place(a), b_at = fixed_place(b);
      if (a_at && b_at && contradict(a, *a_at, b, *b_at)) {
        say(option_of(b), "at this place it contradicts " + other + ": they can never both match; correct one of them");
        return true;
      }
      const auto a_size = static_cast<int64_t>(a.pattern.size()), b_size = static_cast<int64_t>(b.pattern.size());
      if (a.endswith && b.endswith && contradict(a, -a_size, b, -b_size)) {
        say(option_of(b), "at the end it contradicts " + other + ": they can never both match; correct one of them");
        return true;
      }
      return false;
    }
    if (a.negated == b.negated) return false;
    const ContentStep &wanted = a.negated ? b : a, &unwanted = a.negated ? a : b;
    const bool anywhere = !unwanted.relative && !unwanted.has_offset && !unwanted.has_depth && !unwanted.endswith;
    if (!anywhere || !holds(wanted, unwanted)) return false;
    say(option_of(unwanted), "the rule also wants " + in_quotes(wanted.pattern, kShownBytes) +
                                 ", which has it: they can never both match; correct one of them");
    return true;
  }

  const Rule& rule_;
  const Origins& origins_;
  const BufferTable& buffers_;
  Bounds bounds_;      // of the buffer at hand
  std::string where_;  // its name
  std::vector<RuleMessage> messages_;
};

}  // namespace

std::vector<RuleMessage> judge_payload(const Rule& rule, const Origins& origins, const BufferTable& buffers) {
  return PayloadJudge(rule, origins, buffers).run();
}

}  // namespace lapwing::rules
