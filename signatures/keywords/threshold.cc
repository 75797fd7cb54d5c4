// How often a rule alerts.
#include "sensor/base/text.h"
#include "signatures/compile/threshold_lines.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

struct Words {
  std::string type, track, count, seconds, multiplier;
};

Words read_words(RuleBuilder& rule, const RuleOption& option) {
  Words words;
  for (const std::string& part : parts(rule.text(option), ',')) {
    size_t blank = part.find_first_of(" \t");
    std::string name = part.substr(0, blank);
    std::string value = blank == std::string::npos ? "" : std::string(trim(std::string_view(part).substr(blank)));
    std::string* target = name == "type"         ? &words.type
                          : name == "track"      ? &words.track
                          : name == "count"      ? &words.count
                          : name == "seconds"    ? &words.seconds
                          : name == "multiplier" ? &words.multiplier
                                                 : nullptr;
    if (!target) rule.fail(option, "'" + name + "' is none of type, track, count, seconds, multiplier");
    if (!target->empty()) rule.fail(option, "'" + name + "' is given twice");
    if (value.empty()) rule.fail(option, "'" + name + "' needs a value");
    *target = value;
  }
  return words;
}

Threshold read_threshold(RuleBuilder& rule, const RuleOption& option, const Words& words, bool windowed) {
  Threshold threshold;
  auto track = threshold_track(words.track);
  if (!track) rule.fail(option, "track is one of by_src, by_dst, by_both, by_rule, by_flow");
  threshold.track = *track;
  if (words.count.empty() || (windowed && words.seconds.empty()))
    rule.fail(option, windowed ? "needs count and seconds" : "needs count");
  threshold.count = static_cast<uint32_t>(read_integer(rule, option, words.count, 1, UINT32_MAX));
  if (windowed) threshold.seconds = static_cast<uint32_t>(read_integer(rule, option, words.seconds, 1, UINT32_MAX));
  return threshold;
}

void threshold(RuleBuilder& rule, const RuleOption& option) {
  Words words = read_words(rule, option);
  auto type = threshold_type(words.type);
  if (!type) rule.fail(option, "type is one of limit, threshold, both, backoff");
  Threshold made = read_threshold(rule, option, words, *type != Threshold::Type::backoff);
  made.type = *type;
  if (made.type == Threshold::Type::backoff) {
    if (made.track != Threshold::Track::by_flow) rule.fail(option, "backoff tracks by_flow only");
    if (words.multiplier.empty()) rule.fail(option, "backoff needs a multiplier");
    made.multiplier = static_cast<uint32_t>(read_integer(rule, option, words.multiplier, 2, UINT32_MAX));
  }
  rule.rule().thresholds.push_back(made);
}

void detection_filter(RuleBuilder& rule, const RuleOption& option) {
  Words words = read_words(rule, option);
  if (!words.type.empty()) rule.fail(option, "takes no type");
  Threshold made = read_threshold(rule, option, words, true);
  made.type = Threshold::Type::detection_filter;
  rule.rule().thresholds.push_back(made);
}

constexpr Keyword kThresholdKeywords[] = {
    {"threshold", "", &threshold, "limits how often the rule alerts"},
    {"detection_filter", "", &detection_filter, "the rule alerts only after more matches than this"},
};

}  // namespace

const KeywordFamily kThresholdFamily{"threshold", kThresholdKeywords};

}  // namespace lapwing::rules
