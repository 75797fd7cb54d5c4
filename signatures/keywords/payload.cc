// content and its modifiers.
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

constexpr size_t kMaxContent = UINT16_MAX;  // bytes
constexpr int64_t kFar = 1024 * 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string read_pattern(const RuleBuilder& rule, const RuleOption& option, std::string_view text) {
  std::string out;
  bool hex = false;
  int high = -1;
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    if (c == '|') {
      if (high >= 0) rule.fail(option, "hex bytes need two digits each");
      hex = !hex;
    } else if (hex) {
      if (c == ' ') continue;
      int digit = hex_digit(c);
      if (digit < 0) rule.fail(option, std::string("'") + c + "' is no hex digit");
      if (high < 0) {
        high = digit;
      } else {
        out += static_cast<char>(high << 4 | digit);
        high = -1;
      }
    } else if (c == '\\') {
      char next = i + 1 < text.size() ? text[i + 1] : '\0';
      if (next != ';' && next != '\\' && next != '"' && next != ':') {
        rule.fail(option, "a backslash stands before ; \\ \" or : only; write it as \\\\ or |5c|");
      }
      out += next;
      i++;
    } else {
      out += c;
    }
  }
  if (hex) rule.fail(option, "a hex part has no closing '|'");
  if (out.empty()) rule.fail(option, "is empty");
  if (out.size() > kMaxContent)
    rule.fail(option,
              "has " + std::to_string(out.size()) + " bytes; at most " + std::to_string(kMaxContent) + " are possible");
  return out;
}

std::unique_ptr<ContentStep> read_content(const RuleBuilder& rule, const RuleOption& option) {
  std::string_view value = option.value;
  auto step = std::make_unique<ContentStep>();
  if (value.starts_with('!')) {
    step->negated = true;
    value.remove_prefix(1);
    while (value.starts_with(' ')) value.remove_prefix(1);
  }
  if (value.starts_with('"') && (value.size() < 2 || value.back() != '"'))
    rule.fail(option, "has no closing quote before the ';'; a ';' of the text is written \\;");
  if (value.size() < 2 || value.front() != '"') rule.fail(option, "needs its text in double quotes");
  step->pattern = read_pattern(rule, option, value.substr(1, value.size() - 2));
  return step;
}

namespace {

void content(RuleBuilder& rule, const RuleOption& option) {
  rule.add(read_content(rule, option), option);
}

void nocase(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.last_content(option).nocase = true;
}

void rawbytes(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.last_content(option);  // accepted for old rules; contents always see the bytes as they are
}

void set_once(RuleBuilder& rule, const RuleOption& option, bool& has, Number& number, int64_t min, int64_t max) {
  if (has) rule.fail(option, "is given twice for one content");
  has = true;
  number = read_number(rule, option, rule.text(option), min, max);
}

void no_startswith(RuleBuilder& rule, const RuleOption& option, const ContentStep& content) {
  if (content.startswith) rule.fail(option, "cannot be combined with startswith");
}

void offset(RuleBuilder& rule, const RuleOption& option) {
  ContentStep& content = rule.last_content(option);
  no_startswith(rule, option, content);
  set_once(rule, option, content.has_offset, content.offset, 0, UINT16_MAX);
}

void depth(RuleBuilder& rule, const RuleOption& option) {
  ContentStep& content = rule.last_content(option);
  no_startswith(rule, option, content);
  set_once(rule, option, content.has_depth, content.depth, 1, UINT16_MAX);
}

void distance(RuleBuilder& rule, const RuleOption& option) {
  ContentStep& content = rule.last_content(option);
  no_startswith(rule, option, content);
  set_once(rule, option, content.has_distance, content.distance, -kFar, kFar);
}

void within(RuleBuilder& rule, const RuleOption& option) {
  ContentStep& content = rule.last_content(option);
  no_startswith(rule, option, content);
  set_once(rule, option, content.has_within, content.within, -kFar, kFar);
}

void startswith(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  ContentStep& content = rule.last_content(option);
  if (content.has_offset || content.has_depth || content.has_distance || content.has_within) {
    rule.fail(option, "cannot be combined with offset, depth, distance or within");
  }
  content.startswith = true;
}

void endswith(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.last_content(option).endswith = true;
}

void fast_pattern(RuleBuilder& rule, const RuleOption& option) {
  ContentStep& content = rule.last_content(option);
  content.fast_pattern = true;
  if (!option.has_value || option.value.empty() || option.value == "only") return;
  auto part = parts(option.value, ',');
  if (part.size() != 2) rule.fail(option, "takes nothing, 'only', or '<offset>,<length>'");
  auto size = static_cast<int64_t>(content.pattern.size());
  content.chop_offset = static_cast<uint16_t>(read_integer(rule, option, part[0], 0, size - 1));
  content.chop_length = static_cast<uint16_t>(read_integer(rule, option, part[1], 1, size - content.chop_offset));
}

constexpr Keyword kPayloadKeywords[] = {
    {"content", "", &content, "bytes that occur in the buffer, or with ! do not"},
    {"nocase", "", &nocase, "the content matches ASCII letters of either case"},
    {"rawbytes", "", &rawbytes, "accepted for old rules; has no effect"},
    {"offset", "", &offset, "the content starts at this byte of the buffer or later"},
    {"depth", "", &depth, "the content lies within this many bytes from offset"},
    {"distance", "", &distance, "the content starts at least this many bytes after the previous match"},
    {"within", "", &within, "the content lies within this many bytes after the previous match"},
    {"startswith", "", &startswith, "the content is at the start of the buffer"},
    {"endswith", "", &endswith, "the content is at the end of the buffer"},
    {"fast_pattern", "", &fast_pattern, "the prefilter looks for this content"},
};

}  // namespace

const KeywordFamily kPayloadFamily{"payload", kPayloadKeywords};

}  // namespace lapwing::rules
