// pcre: a regular expression with Perl's syntax.
#include <stdexcept>

#include "signatures/compile/pcre_step.h"
#include "signatures/keywords/families.h"

namespace lapwing::detect {

namespace {

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
  if (flags.find(',') != std::string_view::npos) rule.skip(option, "captures into variables are not there yet");
  for (const char* prefix : {"(?P<pkt_", "(?P<flow_", "(?P<alert_"}) {
    if (step->expression.find(prefix) != std::string::npos)
      rule.skip(option, "captures into variables are not there yet");
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
        if (field.empty()) field = rule.buffers().by_pcre_letter(flag, 0);
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
    step->regex =
        std::make_unique<Regex>(step->expression, options, static_cast<uint32_t>(rule.config().pcre_match_limit),
                                static_cast<uint32_t>(rule.config().pcre_recursion_limit));
  } catch (const std::invalid_argument& error) {
    rule.fail(option, error.what());
  }
  if (buffer.empty())
    rule.add(std::move(step), option);
  else
    rule.add_to_buffer(rule.buffers().of_field(buffer), std::move(step));
}

constexpr Keyword kRows[] = {{"pcre", "", &pcre, "a regular expression that matches, or with ! does not"}};

}  // namespace

const KeywordFamily kPcreFamily{"pcre", kRows};

}  // namespace lapwing::detect
