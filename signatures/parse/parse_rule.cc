#include <algorithm>
#include <array>
#include <optional>

#include "sensor/base/text.h"
#include "signatures/parse/list.h"
#include "signatures/parse/parse.h"
#include "signatures/parse/source_text.h"

namespace lapwing {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr size_t kUsualOptions = 32;  // few rules have more

constexpr std::array<std::pair<std::string_view, Action>, 8> kActions{{{"alert", Action::alert},
                                                                       {"pass", Action::pass},
                                                                       {"drop", Action::drop},
                                                                       {"reject", Action::reject},
                                                                       {"rejectsrc", Action::reject_src},
                                                                       {"rejectdst", Action::reject_dst},
                                                                       {"rejectboth", Action::reject_both},
                                                                       {"config", Action::config}}};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

class RuleParser {
 public:
  RuleParser(const SourceLine& line, std::vector<RuleMessage>& messages)
      : line_(line), text_(line.text()), messages_(messages) {}

  RuleTree parse() {
    rule_.mark = line_.place(0);
    header();
    options();
    check_identity();
    const std::string_view text = trim(text_);
    const auto before = static_cast<uint32_t>(text.data() - text_.data());
    for (RuleOption& option : rule_.options) option.value_at -= before;
    rule_.text = text;
    return std::move(rule_);
  }

 private:
  void header() {
    action();
    auto [start, end] = word("a protocol");
    rule_.protocol = to_lower(text_.substr(start, end - start));
    rule_.src = list("the source address");
    rule_.src_port = list("the source port");
    direction();
    rule_.dst = list("the destination address");
    rule_.dst_port = list("the destination port");
  }

  void action() {
    auto [start, end] = word("an action");
    std::string_view name = text_.substr(start, end - start);
    if (size_t colon = name.find(':'); colon != npos) {  // Suricata 8: "pass:flow"
      rule_.action_scope = name.substr(colon + 1);
      name = name.substr(0, colon);
    }
    for (auto [known, action] : kActions) {
      if (equal_nocase(name, known)) {
        rule_.action = action;
        return;
      }
    }
    line_.fail(start,
               "'" + std::string(name) +
                   "' is not an action; write alert, pass, drop, reject, rejectsrc, rejectdst, rejectboth or config");
  }

  void direction() {
    auto [start, end] = word("a direction");
    std::string_view arrow = text_.substr(start, end - start);
    if (arrow == "->") {
      rule_.direction = RuleDirection::one_way;
    } else if (arrow == "<>") {
      rule_.direction = RuleDirection::both_ways;
    } else if (arrow == "=>") {
      rule_.direction = RuleDirection::transactional;
    } else {
      line_.fail(start, "'" + std::string(arrow) + "' is not a direction; write ->, <> or =>");
    }
  }

  /// Begin and end of the next word of the header.
  std::pair<size_t, size_t> word(const char* what) {
    size_t start = next_part(what);
    while (at_ < text_.size() && !is_blank(text_[at_])) ++at_;
    return {start, at_};
  }

  /// Blanks end a list only outside its brackets.
  ListNode list(const char* what) {
    size_t start = next_part(what);
    int depth = 0;
    for (at_ = start; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '[') ++depth;
      if (c == ']') --depth;
      if (c == '(' || (depth <= 0 && is_blank(c))) break;
    }
    return parse_list(line_, start, at_);
  }

  size_t next_part(const char* what) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] == '(') {
      line_.fail(
          at_, std::string(what) + " is missing; a rule is: action protocol source port -> destination port (options)");
    }
    return at_;
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  void options() {
    skip_blanks();
    if (at_ == text_.size()) line_.fail(at_, "the rule has no options; write them between ( and )");
    if (text_[at_] != '(') line_.fail(at_, "'(' is expected before the options");
    ++at_;
    size_t end = text_.size();
    while (end > at_ && is_blank(text_[end - 1])) --end;
    const bool closed = end > at_ && text_[end - 1] == ')';
    if (closed) text_ = text_.substr(0, end - 1);
    rule_.options.reserve(kUsualOptions);
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) option();
    text_ = line_.text();
    if (rule_.options.empty()) line_.fail(at_, "the rule has no options; it needs at least a sid");
    // A rule cut short would lose options unseen, but Suricata takes it.
    if (!closed) warn(line_.mark(text_.size()), "the closing ')' is missing");
  }

  /// Options end at the first ';' without a backslash before it, within quotes too.
  void option() {
    size_t start = at_, end = at_;
    do {
      end = text_.find(';', end + (end > start));
      if (end == npos) unterminated(start);
    } while (end > start && text_[end - 1] == '\\');
    at_ = end + 1;

    std::string_view body = text_.substr(start, end - start);
    size_t colon = body.find(':');
    RuleOption option{.name = trim(body.substr(0, colon)), .mark = line_.place(start)};
    if (option.name.empty()) line_.fail(start, "the name of an option is missing before this ';' or ':'");
    option.has_value = colon != npos;
    size_t value = start + std::min(colon, body.size() - 1) + 1;
    if (option.has_value) {
      option.value = trim(body.substr(colon + 1));
      while (value < end && is_blank(text_[value])) ++value;
    }
    option.value_mark = line_.place(value);
    option.value_at = static_cast<uint32_t>(value);
    rule_.options.push_back(std::move(option));
  }

  [[noreturn]] void unterminated(size_t start) {
    std::string_view rest = text_.substr(start);
    if (rest[0] == ')') line_.fail(start, "text after the closing ')'; end the rule there");
    std::string name(trim(rest.substr(0, rest.find(':'))));
    line_.fail(start, "the option is not ended; write ';' after it", std::move(name));
  }

  /// A rule must name itself exactly once, or nothing can refer to it.
  void check_identity() {
    for (std::string_view name : {"sid", "rev"}) {
      const RuleOption* first = nullptr;
      for (const RuleOption& option : rule_.options) {
        if (option.name != name) continue;
        if (first) fail(option, option.mark, std::string(name) + " is given twice; keep one");
        first = &option;
        auto number = parse_unsigned(option.value);
        if (!number || *number == 0 || *number > UINT32_MAX) {
          fail(option, option.value_mark,
               "'" + std::string(option.value) + "' is not a " + std::string(name) +
                   "; write a number from 1 to 4294967295, without quotes");
        }
      }
      if (!first && name == "sid") line_.fail(0, "the rule has no sid; add sid:NUMBER;", "sid");
    }
  }

  [[noreturn]] static void fail(const RuleOption& option, const SourceMark& mark, std::string text) {
    throw ParseFault{mark, std::move(text), std::string(option.name)};
  }

  void warn(SourceMark mark, std::string text) {
    messages_.push_back({RuleMessage::Level::warning, std::move(mark), 0, {}, std::move(text)});
  }

  const SourceLine& line_;
  std::string_view text_;
  std::vector<RuleMessage>& messages_;
  size_t at_ = 0;
  RuleTree rule_;
};

/// The sid of a rule that may not be readable as a whole: what a reader of the message would look for.
uint32_t guess_sid(std::string_view text) {
  for (size_t at = text.find("sid"); at != npos; at = text.find("sid", at + 3)) {
    if (at == 0 || (text[at - 1] != ';' && text[at - 1] != '(' && !is_blank(text[at - 1]))) continue;
    std::string_view rest = trim(text.substr(at + 3));
    if (!rest.starts_with(':')) continue;
    rest = trim(rest.substr(1));
    auto sid = parse_unsigned(rest.substr(0, rest.find_first_not_of("0123456789")));
    if (sid && *sid <= UINT32_MAX) return static_cast<uint32_t>(*sid);
  }
  return 0;
}

}  // namespace

void parse_rules(SourceLines& lines, std::vector<RuleMessage>& messages, const TakeRule& take) {
  while (std::optional<SourceLine> next = lines.next()) {
    const SourceLine& line = *next;
    size_t first = messages.size();
    std::optional<RuleTree> rule;
    try {
      rule = RuleParser(line, messages).parse();
    } catch (ParseFault& fault) {
      messages.push_back(
          {RuleMessage::Level::error, std::move(fault.mark), 0, std::move(fault.option), std::move(fault.text)});
    }
    for (; first < messages.size(); ++first) messages[first].sid = guess_sid(line.text());
    if (rule) take(*rule);
  }
}

void parse_rules(std::string_view text, const std::string& file, std::vector<RuleMessage>& messages,
                 const TakeRule& take) {
  SourceLines lines(text, file);
  parse_rules(lines, messages, take);
}

}  // namespace lapwing
