// What a rule says about itself.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

constexpr int64_t kSuricataVersion = 80007;  // whose language is spoken: 8.0.7

/// Text with the escapes of the rule language taken back.
std::string unescape(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return std::string(text);
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    bool escape = text[i] == '\\' && i + 1 < text.size() &&
                  std::string_view(";\\\":").find(text[i + 1]) != std::string_view::npos;
    if (escape) i++;
    out += text[i];
  }
  return out;
}

/// As it stands between its quotes, blanks at the ends too.
void msg(RuleBuilder& rule, const RuleOption& option) {
  const std::string_view value = option.value;
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  rule.info().msg = unescape(quoted ? value.substr(1, value.size() - 2) : rule.text(option));
}

void sid(RuleBuilder& rule, const RuleOption& option) {
  if (rule.info().sid != 0) rule.fail(option, "is given twice");
  rule.info().sid = static_cast<uint32_t>(read_integer(rule, option, rule.text(option), 1, UINT32_MAX));
}

void gid(RuleBuilder& rule, const RuleOption& option) {
  rule.info().gid = static_cast<uint32_t>(read_integer(rule, option, rule.text(option), 0, UINT32_MAX));
}

void rev(RuleBuilder& rule, const RuleOption& option) {
  rule.info().rev = static_cast<uint32_t>(read_integer(rule, option, rule.text(option), 1, UINT32_MAX));
}

void priority(RuleBuilder& rule, const RuleOption& option) {
  rule.info().severity = static_cast<uint8_t>(read_integer(rule, option, rule.text(option), 1, 255));
  rule.explicit_priority = true;
}

void classtype(RuleBuilder& rule, const RuleOption& option) {
  const std::string_view name = rule.text(option);
  const auto& known = rule.environment().tables.classifications;
  auto found = known.find(name);
  if (found == known.end()) found = known.find(to_lower(name));
  if (found == known.end()) {
    rule.info().category = name;  // Suricata loads such rules too, with the default priority
    return;
  }
  rule.info().category = found->second.description;
  if (!rule.explicit_priority) rule.info().severity = found->second.priority;
}

void reference(RuleBuilder& rule, const RuleOption& option) {
  const std::string_view value = rule.text(option);
  const size_t comma = value.find(',');
  if (comma == std::string_view::npos) rule.fail(option, "is written '<system>,<id>'");
  const std::string_view system = trim(value.substr(0, comma)), id = trim(value.substr(comma + 1));
  const auto& known = rule.environment().tables.references;
  auto found = known.find(system);
  if (found == known.end()) found = known.find(to_lower(system));
  std::string& url = rule.info().references.emplace_back(found == known.end() ? system : found->second);
  if (found == known.end()) {
    url.append(":").append(id);
  } else {
    url += unescape(id);
  }
}

void metadata(RuleBuilder& rule, const RuleOption& option) {
  if (!option.has_value) rule.fail(option, "needs a value");
  rule.info().metadata.push_back({option.value_at, static_cast<uint32_t>(option.value.size())});
}

void target(RuleBuilder& rule, const RuleOption& option) {
  const std::string_view value = rule.text(option);
  if (value == "src_ip")
    rule.info().target = RuleInfo::Target::source;
  else if (value == "dest_ip")
    rule.info().target = RuleInfo::Target::destination;
  else
    rule.fail(option, "'" + std::string(value) + "' is none of src_ip, dest_ip");
}

void noalert(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.rule().alerts = false;
}

/// A pass rule that is written as an alert all the same.
void alert(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  if (rule.info().action == Action::config) rule.fail(option, "has no meaning for config rules");
  rule.rule().alerts = true;
  rule.rule().pass_alerts = rule.info().action == Action::pass;
}

/// Which keyword finds candidates; speed alone depends on it, and contents are what it is asked for here.
void prefilter(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  size_t place = static_cast<size_t>(&option - rule.tree().options.data());
  const Keyword* before = place > 0 ? find_keyword(rule.tree().options[place - 1].name) : nullptr;
  const auto& meta = keyword_families().front().rows;
  bool about_itself = before && before >= meta.data() && before < meta.data() + meta.size();
  if (place == 0 || about_itself) rule.fail(option, "needs a keyword before it that looks at traffic");
  if (before && before->name == "content") rule.last_content(option).fast_pattern = true;
}

int64_t version_number(RuleBuilder& rule, const RuleOption& option, std::string_view text) {
  auto part = parts(text, '.');
  int64_t number = 0;
  for (size_t i = 0; i < 3; i++)
    number = number * 100 + (i < part.size() ? read_integer(rule, option, part[i], 0, 99) : 0);
  return number;
}

/// Comparisons with Suricata's version, features and keywords; "|" between alternatives of a version.
void requires_keyword(RuleBuilder& rule, const RuleOption& option) {
  for (const std::string& part : parts(rule.text(option), ',')) {
    size_t blank = part.find(' ');
    std::string what = part.substr(0, blank);
    std::string value = blank == std::string::npos ? "" : std::string(trim(std::string_view(part).substr(blank)));
    bool met = false;
    if (what == "version") {
      for (const std::string& choice : parts(value, '|')) {
        bool all = true;
        std::string_view rest = choice;
        while (!(rest = trim(rest)).empty()) {
          size_t digits = rest.find_first_of("0123456789");
          if (digits == std::string_view::npos) rule.fail(option, "'" + choice + "' names no version");
          std::string_view op = trim(rest.substr(0, digits));
          size_t end = std::min(rest.find_first_not_of("0123456789.", digits), rest.size());
          int64_t wanted = version_number(rule, option, rest.substr(digits, end - digits));
          rest = rest.substr(end);
          const int64_t ours = kSuricataVersion;
          all = all && (op == ">="   ? ours >= wanted
                        : op == ">"  ? ours > wanted
                        : op == "<=" ? ours <= wanted
                        : op == "<"  ? ours < wanted
                                     : false);
        }
        met = met || all;
      }
    } else if (what == "keyword") {
      met = find_keyword(value) != nullptr || rule.buffers().find(value).use != BufferTable::Named::Use::none;
    }
    if (!met && rule.requires_failed.empty()) rule.requires_failed = "requires: '" + part + "' is not met";
  }
}

constexpr Keyword kMetaKeywords[] = {
    {"msg", "", &msg, "what the alert says"},
    {"sid", "", &sid, "number of the rule"},
    {"gid", "", &gid, "number of the rule's group"},
    {"rev", "", &rev, "revision of the rule"},
    {"classtype", "", &classtype, "class of the rule, which gives category and priority"},
    {"priority", "", &priority, "1 is the most severe"},
    {"reference", "", &reference, "where to read more"},
    {"metadata", "", &metadata, "keys and values for the alert's reader"},
    {"target", "", &target, "which side is the target of the attack"},
    {"requires", "", &requires_keyword, "what the engine must have for the rule to be loaded"},
    {"alert", "", &alert, "a pass rule alerts too"},
    {"prefilter", "", &prefilter, "the keyword before it finds candidates; affects speed only"},
    {"noalert", "", &noalert, "the rule acts but does not alert"},
};

}  // namespace

const KeywordFamily kMetaFamily{"meta", kMetaKeywords};

}  // namespace lapwing::rules
