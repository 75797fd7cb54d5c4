#include "signatures/program/words.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::rules {

namespace {

std::string_view name_of(Threshold::Track track) {
  using Track = Threshold::Track;
  switch (track) {
    case Track::by_src: return "by_src";
    case Track::by_dst: return "by_dst";
    case Track::by_both: return "by_both";
    case Track::by_rule: return "by_rule";
    case Track::by_flow: return "by_flow";
  }
  return "";
}

std::string_view name_of(Threshold::Type type) {
  using Type = Threshold::Type;
  switch (type) {
    case Type::limit: return "limit";
    case Type::threshold: return "threshold";
    case Type::both: return "both";
    case Type::backoff: return "backoff";
    case Type::detection_filter: return "detection_filter";
    case Type::rate_filter: return "rate_filter";
  }
  return "";
}

}  // namespace

std::string describe_word(const FieldTest& test) {
  for (const WordTest::Meaning& meaning : test.word->meanings) {
    if (meaning.word) return meaning.word->describe(meaning.value.get());
  }
  return {};
}

std::string words(const Threshold& threshold) {
  using Type = Threshold::Type;
  const std::string count = std::to_string(threshold.count), seconds = std::to_string(threshold.seconds);
  const std::string track = ", track " + std::string(name_of(threshold.track));
  const std::string head =
      threshold.type == Type::detection_filter || threshold.type == Type::rate_filter ? "" : "threshold ";
  std::string out = head + std::string(name_of(threshold.type)) + ": ";
  switch (threshold.type) {
    case Type::limit: return out + "the first " + count + " in " + seconds + " s alert" + track;
    case Type::threshold: return out + "every " + count + ". in " + seconds + " s alerts" + track;
    case Type::both: return out + "once in " + seconds + " s, at match " + count + track;
    case Type::backoff:
      return out + "match " + count + ", and then each time " + std::to_string(threshold.multiplier) +
             " times as many" + track;
    case Type::detection_filter: return out + "alerts after " + count + " matches in " + seconds + " s" + track;
    case Type::rate_filter:
      return out + "after " + count + " alerts in " + seconds + " s the action is " +
             std::string(name_of(threshold.new_action)) + " for " + std::to_string(threshold.timeout) + " s" + track;
  }
  return out;
}

std::string words(const Tag& tag) {
  const char* metric = tag.metric == Tag::Metric::packets   ? " packets"
                       : tag.metric == Tag::Metric::seconds ? " seconds"
                                                            : " bytes";
  const char* what = tag.what == Tag::What::session  ? "of the flow"
                     : tag.what == Tag::What::source ? "of and to the source"
                                                     : "of and to the destination";
  return "tag: records the next " + std::to_string(tag.count) + metric + " " + what;
}

std::string words(const Number& number, VariableNames variables) {
  if (number.variable < 0) return std::to_string(number.value);
  const auto index = static_cast<size_t>(number.variable);
  return index < variables.size() ? variables[index] : "variable " + std::to_string(number.variable);
}

std::string in_quotes(std::string_view bytes, size_t most) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  bool in_hex = false;
  for (unsigned char c : bytes.substr(0, most)) {
    const bool plain = c >= 0x20 && c < 0x7f && c != '|' && c != '"' && c != ';' && c != '\\';
    if (plain == in_hex) {
      out += '|';
      in_hex = !in_hex;
    } else if (in_hex) {
      out += ' ';
    }
    if (plain)
      out += static_cast<char>(c);
    else
      out += {kHex[c >> 4], kHex[c & 15]};
  }
  out += in_hex ? "|\"" : "\"";
  if (bytes.size() > most) out += " and " + std::to_string(bytes.size() - most) + " bytes more";
  return out;
}

std::string_view name_of(Action action) {
  switch (action) {
    case Action::alert: return "alert";
    case Action::pass: return "pass";
    case Action::drop: return "drop";
    case Action::reject: return "reject";
    case Action::reject_src: return "rejectsrc";
    case Action::reject_dst: return "rejectdst";
    case Action::reject_both: return "rejectboth";
    case Action::config: return "config";
  }
  return "";
}

}  // namespace lapwing::rules
