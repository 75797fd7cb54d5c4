// What follows a match: tagged packets, bypassed flows, transactions without record.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

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

/// What is not recorded any more.
enum class Unrecorded : uint8_t { transaction, transactions, flow };

class Unrecord : public Effect {
 public:
  explicit Unrecord(Unrecorded what) : what_(what) {}
  void apply(const Scene& scene) const override {
    if (what_ == Unrecorded::transaction && scene.event) scene.event->tx->unrecorded = true;
    if (!scene.flow) return;
    if (what_ == Unrecorded::transactions) scene.flow->flags |= flow_flag::transactions_unrecorded;
    if (what_ == Unrecorded::flow) scene.flow->flags |= flow_flag::unrecorded;
  }
  std::string describe() const override {
    constexpr const char* kWhat[] = {"the transaction", "any transaction of the flow from here on", "the flow"};
    return std::string("no records of ") + kWhat[static_cast<size_t>(what_)];
  }

 private:
  const Unrecorded what_;
};

void config(RuleBuilder& rule, const RuleOption& option) {
  if (rule.info().action != Action::config) rule.fail(option, "belongs into a rule of the action config");
  constexpr struct {
    std::string_view type, scope;
    Unrecorded what;
  } kForms[] = {{"type tx", "scope tx", Unrecorded::transaction},
                {"type tx", "scope flow", Unrecorded::transactions},
                {"type flow", "scope flow", Unrecorded::flow}};
  auto part = parts(rule.text(option), ',');
  if (part.size() == 3 && part[0] == "logging disable") {
    for (const auto& form : kForms) {
      if (part[1] != form.type || part[2] != form.scope) continue;
      if (form.what != Unrecorded::transaction) rule.rule().header.needs_flow = true;
      rule.add(std::make_unique<Unrecord>(form.what));
      return;
    }
  }
  rule.fail(option,
            "is written 'logging disable, type tx, scope tx', 'logging disable, type tx, scope flow' or "
            "'logging disable, type flow, scope flow'");
}

constexpr Keyword kAfterKeywords[] = {
    {"tag", "", &tag, "packets of the flow or host that follow the alert are recorded"},
    {"bypass", "", &bypass, "the rest of the flow is counted and not looked into"},
    {"config", "", &config, "turns off the records of the transaction, of all of the flow, or of the flow itself"},
};

}  // namespace

const KeywordFamily kAfterFamily{"after", kAfterKeywords};

}  // namespace lapwing::rules
