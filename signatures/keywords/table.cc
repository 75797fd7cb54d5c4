#include <charconv>
#include <unordered_map>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

std::span<const KeywordFamily> keyword_families() {
  static const KeywordFamily kFamilies[] = {
      kMetaFamily,      kPayloadFamily,    kPcreFamily,     kBytesFamily,     kSizeFamily,
      kTransformFamily, kBufferFamily,     kIpFamily,       kTcpFamily,       kIcmpFamily,
      kFlowFamily,      kStateFamily,      kEventFamily,    kThresholdFamily, kDatasetFamily,
      kFileFamily,      kReputationFamily, kChecksumFamily, kFlowCountFamily, kVlanFamily,
      kAfterFamily,     kDecodeFamily,     kDetectorFamily, kGeoipFamily,     kProgressFamily,
  };
  return kFamilies;
}

namespace {

/// Length and three letters tell keywords apart; a large rule set asks half a million times.
struct LettersHash {
  size_t operator()(std::string_view name) const noexcept {
    if (name.empty()) return 0;
    auto letter = [&](size_t at) { return static_cast<size_t>(static_cast<unsigned char>(name[at])); };
    return ((letter(0) * 31 + letter(name.size() / 2)) * 31 + letter(name.size() - 1)) * 31 + name.size();
  }
};

}  // namespace

const Keyword* find_keyword(std::string_view name) {
  using Map = std::unordered_map<std::string_view, const Keyword*, LettersHash>;
  static const Map kByName = [] {
    Map map;
    for (const KeywordFamily& family : keyword_families()) {
      for (const Keyword& row : family.rows) {
        map.emplace(row.name, &row);
        if (!row.alias.empty()) map.emplace(row.alias, &row);
      }
    }
    return map;
  }();
  auto found = kByName.find(name);
  return found == kByName.end() ? nullptr : found->second;
}

std::vector<std::string> parts(std::string_view text, char separator) {
  std::vector<std::string> out;
  for (std::string_view part : split(text, separator)) out.emplace_back(trim(part));
  return out;
}

int64_t read_integer(const RuleBuilder& rule, const RuleOption& option, std::string_view text, int64_t min,
                     int64_t max) {
  std::string_view digits = text;
  bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0X")) {
    base = 16;
    digits.remove_prefix(2);
  }
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  bool read = !digits.empty() && error == std::errc{} && end == digits.data() + digits.size() && value <= INT64_MAX;
  int64_t number = negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
  if (!read || number < min || number > max) {
    rule.fail(option,
              "'" + std::string(text) + "' is no number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return number;
}

Number read_number(RuleBuilder& rule, const RuleOption& option, std::string_view text, int64_t min, int64_t max) {
  if (!text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_')) {
    int variable = rule.use_variable(std::string(text));
    if (variable < 0) {
      rule.fail(option, "'" + std::string(text) +
                            "' is neither a number nor a variable that byte_extract or byte_math set before");
    }
    return {0, variable};
  }
  return {read_integer(rule, option, text, min, max), -1};
}

}  // namespace lapwing::rules
