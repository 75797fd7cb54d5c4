// What follows a match: tagged packets, bypassed flows, transactions without record.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::detect {

namespace {

/// "session[,count,metric]" or "host,count,metric,<src|dst>"
void tag(RuleBuilder& rule, const RuleOption& option) {
  auto part = parts(rule.text(option), ',');
  Tag made;
  const bool host = part[0] == "host";
  if (!host && part[0] != "session") rule.fail(option, "'" + part[0] + "' is none of session, host");
  if (part.size() == 2 || part.size() > (host ? 4u : 3u) || (host && part.size() != 4)) {
    rule.fail(option,
              "is written 'session[,<count>,<packets|seconds|bytes>]' or "
              "'host,<count>,<packets|seconds|bytes>,<src|dst>'");
  }
  if (part.size() > 2) {
    made.count = static_cast<uint32_t>(read_integer(rule, option, part[1], 1, UINT32_MAX));
    if (part[2] == "packets")
      made.metric = Tag::Metric::packets;
    else if (part[2] == "seconds")
      made.metric = Tag::Metric::seconds;
    else if (part[2] == "bytes")
      made.metric = Tag::Metric::bytes;
    else
      rule.fail(option, "'" + part[2] + "' is none of packets, seconds, bytes");
  }
  if (host) {
    if (part[3] != "src" && part[3] != "dst") rule.fail(option, "'" + part[3] + "' is none of src, dst");
    made.what = part[3] == "src" ? Tag::What::source : Tag::What::destination;
  }
  rule.rule().tags.push_back(made);
}

class Bypass : public Effect {
 public:
  void apply(const Scene& scene) const override {
    if (scene.flow) scene.flow->flags |= flow_flag::bypass_wanted;
  }
  std::string describe() const override { return "the rest of the flow is not looked into"; }
};

void bypass(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.rule().header.needs_flow = true;
  rule.add(std::make_unique<Bypass>());
}

class Unrecord : public Effect {
 public:
  void apply(const Scene& scene) const override {
    if (scene.event) scene.event->tx->unrecorded = true;
  }
  std::string describe() const override { return "no records of the transaction"; }
};

void config(RuleBuilder& rule, const RuleOption& option) {
  if (rule.info().action != Action::config) rule.fail(option, "belongs into a rule of the action config");
  auto part = parts(rule.text(option), ',');
  if (part.size() != 3 || part[0] != "logging disable") {
    rule.fail(option, "is written 'logging disable, type tx, scope tx'");
  }
  if (part[1] != "type tx" || part[2] != "scope tx") rule.skip(option, "only 'type tx, scope tx' is there yet");
  rule.add(std::make_unique<Unrecord>());
}

constexpr Keyword kRows[] = {
    {"tag", "", &tag, "packets of the flow or host that follow the alert are recorded"},
    {"bypass", "", &bypass, "the rest of the flow is counted and not looked into"},
    {"config", "", &config, "turns off the records of the transaction"},
};

}  // namespace

const KeywordFamily kAfterFamily{"after", kRows};

}  // namespace lapwing::detect
