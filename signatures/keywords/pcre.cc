// pcre: a regular expression with Perl's syntax.
#include <algorithm>
#include <stdexcept>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"
#include "signatures/program/pcre_step.h"

namespace lapwing::rules {

namespace {

constexpr std::pair<std::string_view, Capture::Kind> kKinds[] = {
    {"flow", Capture::Kind::flow}, {"pkt", Capture::Kind::packet}, {"alert", Capture::Kind::alert}};

void add_capture(RuleBuilder& rule, const RuleOption& option, PcreStep& step, Capture::Kind kind, std::string_view name,
                 size_t group) {
  if (step.negated) rule.fail(option, "an expression that must not match captures nothing");
  if (group > kMaxGroups) {
    rule.fail(option, "captures from the first " + std::to_string(kMaxGroups) + " groups only");
  }
  auto number = number_of(NameKind::variable, name);
  if (!number) rule.fail(option, "brings a name beyond the " + std::to_string(kMaxNames) + " that can be told apart");
  step.targets.push_back({kind, *number, static_cast<uint8_t>(group)});
  if (kind != Capture::Kind::alert) rule.rule().state_uses.push_back({NameKind::variable, *number, true});
}

/// Groups go into variables: the first into the first of "flow:a, pkt:b, alert:c" after the flags, and so on, or by
/// their own names (?P<flow_a>...).
void add_captures(RuleBuilder& rule, const RuleOption& option, PcreStep& step, std::string_view list) {
  size_t group = 0;
  if (!trim(list).empty()) {
    for (const std::string& word : parts(list, ',')) {
      size_t colon = word.find(':');
      auto kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                               [&](const auto& k) { return k.first == std::string_view(word).substr(0, colon); });
      std::string name = colon == std::string::npos ? "" : word.substr(colon + 1);
      if (kind == std::end(kKinds) || name.empty()) {
        rule.fail(option, "'" + word + "' is none of flow:<name>, pkt:<name>, alert:<name>");
      }
      add_capture(rule, option, step, kind->second, name, ++group);
    }
    if (group > step.regex->groups()) {
      rule.fail(option, "names " + std::to_string(group) + " variables for " + std::to_string(step.regex->groups()) +
                            " groups");
    }
  }
  const std::string& text = step.expression;
  for (size_t at = text.find("(?P<"); at != std::string::npos; at = text.find("(?P<", at + 1)) {
    const std::string name = text.substr(at + 4, std::min(text.find('>', at), text.size()) - at - 4);
    for (auto [prefix, kind] : kKinds) {
      if (name.size() <= prefix.size() + 1 || !name.starts_with(prefix) || name[prefix.size()] != '_') continue;
      if (group > 0) rule.fail(option, "names its variables twice, in groups and after the flags");
      add_capture(rule, option, step, kind, std::string_view(name).substr(prefix.size() + 1),
                  step.regex->group_number(name));
    }
  }
}

void pcre(RuleBuilder& rule, const RuleOption& option) {
  std::string_view value = option.value;
  auto step = std::make_unique<PcreStep>();
  if (value.starts_with('!')) {
    step->negated = true;
    value.remove_prefix(1);
  }
  if (value.size() < 2 || value.front() != '"' || value.back() != '"')
    rule.fail(option, "needs \"/expression/flags\" in double quotes");
  value = value.substr(1, value.size() - 2);
  size_t close = value.rfind('/');
  if (!value.starts_with('/') || close == 0) rule.fail(option, "needs \"/expression/flags\"");
  step->expression = value.substr(1, close - 1);
  std::string_view flags = value.substr(close + 1);
  std::string_view captures;
  if (size_t comma = flags.find(','); comma != std::string_view::npos) {
    captures = flags.substr(comma + 1);
    flags = trim(flags.substr(0, comma));
  }

  RegexOptions& options = step->options;
  std::string buffer;
  for (char flag : flags) {
    switch (flag) {
      case 'i': options.caseless = true; break;
      case 's': options.dotall = true; break;
      case 'm': options.multiline = true; break;
      case 'x': options.extended = true; break;
      case 'A': options.anchored = true; break;
      case 'E': options.dollar_endonly = true; break;
      case 'G': options.ungreedy = true; break;
      case 'O': options.no_limits = true; break;
      case 'B': break;
      case 'R': step->relative = true; break;
      default: {
        std::string field = rule.buffers().by_pcre_letter(flag, rule.rule().header.protocols);
        if (field.empty()) field = rule.buffers().by_pcre_letter(flag, {});
        if (field.empty()) {
          if (std::string_view("UIPQHDMCSYVWK").find(flag) != std::string_view::npos) {
            rule.skip(option, std::string("no dissector has the buffer of flag ") + flag);
          }
          rule.fail(option, std::string("'") + flag + "' is no flag of an expression");
        }
        if (!buffer.empty() && buffer != field) rule.fail(option, "its flags name two buffers");
        buffer = field;
      }
    }
  }
  step->searches = true;
  step->moves_cursor = !step->negated;
  try {
    step->regex = rule.expressions().get(step->expression, options);
  } catch (const std::invalid_argument& error) {
    rule.fail(option, error.what());
  }
  add_captures(rule, option, *step, captures);
  if (buffer.empty())
    rule.add(std::move(step), option);
  else
    rule.add_to_buffer(rule.buffers().of_field(buffer), std::move(step));
}

constexpr Keyword kPcreKeywords[] = {{"pcre", "", &pcre, "a regular expression that matches, or with ! does not"}};

}  // namespace

const KeywordFamily kPcreFamily{"pcre", kPcreKeywords};

}  // namespace lapwing::rules
