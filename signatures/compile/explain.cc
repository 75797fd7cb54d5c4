#include "signatures/compile/explain.h"

#include <algorithm>

#include "signatures/compile/fast_pattern.h"
#include "signatures/compile/group_names.h"
#include "signatures/program/words.h"

namespace lapwing {

std::string_view name_of(RuleCost cost) {
  static constexpr std::string_view kNames[] = {"event", "header", "pattern", "weak-pattern", "always"};
  return kNames[static_cast<size_t>(cost)];
}

namespace rules {
namespace {

constexpr size_t kMaxRangesShown = 8;  // of a set of addresses or ports

void finish_ranges(Sentence& out, size_t count) {
  if (count > kMaxRangesShown) out.add("and " + std::to_string(count - kMaxRangesShown) + " ranges more");
}

std::string words(const AddressSet& set) {
  if (set.any) return "any";
  Sentence out;
  size_t count = 0;
  for (const auto* ranges : {&set.v4, &set.v6}) {
    for (const auto& range : *ranges) {
      if (++count > kMaxRangesShown) continue;
      out.add(to_string(range.first) + (range.first == range.last ? "" : "-" + to_string(range.last)));
    }
  }
  finish_ranges(out, count);
  return out.text();
}

std::string words(const PortSet& set) {
  if (set.any) return "any";
  Sentence out;
  size_t count = 0;
  for (auto [first, last] : set.ranges) {
    if (++count > kMaxRangesShown) continue;
    out.add(std::to_string(first) + (first == last ? "" : "-" + std::to_string(last)));
  }
  finish_ranges(out, count);
  return out.text();
}

class Explainer {
 public:
  Explainer(const Compiled& compiled, const Rule& rule)
      : compiled_(compiled), rule_(rule), pattern_(choose_fast_pattern(rule, compiled.buffers)) {}

  RuleExplanation run() {
    out_.info = rule_.info.get();
    out_.action = rules::name_of(rule_.info->action);
    kind();
    header();
    conditions();
    buffers();
    if (in_groups()) {
      fast_pattern();
      groups();
    }
    cost();
    effects();
    return std::move(out_);
  }

 private:
  bool in_groups() const {
    return rule_.kind == RuleKind::packet || rule_.kind == RuleKind::stream || rule_.kind == RuleKind::transaction ||
           rule_.kind == RuleKind::frame;
  }

  void kind() {
    switch (rule_.kind) {
      case RuleKind::ip_only:
        out_.kind = "header";
        out_.looked_at = "in the first packet of each direction of a flow, and in packets without a flow";
        break;
      case RuleKind::packet:
        out_.kind = "packet";
        out_.looked_at = "in each packet";
        break;
      case RuleKind::stream:
        out_.kind = "stream";
        out_.looked_at = rule_.scope == RawScope::both ? "in the reassembled stream, and in each packet by itself"
                                                       : "in the reassembled stream";
        break;
      case RuleKind::transaction:
        out_.kind = "transaction";
        out_.looked_at = !rule_.states.empty() ? "once for each transaction and direction, when it reaches " +
                                                     states() + " and all of the rule's buffers are final"
                         : rule_.transactional
                             ? "once for each transaction, when its buffers of both directions are final"
                             : "once for each transaction and direction, when all of its buffers are final";
        break;
      case RuleKind::frame:
        out_.kind = "frame";
        out_.looked_at = "in each frame of its kind, when it is complete or as much of it as is kept";
        break;
      case RuleKind::decode_event:
      case RuleKind::stream_event:
      case RuleKind::app_event:
        out_.kind = "event";
        out_.looked_at = "when its event occurs";
        break;
    }
  }

  /// The states waited for, of those that a protocol names.
  std::string states() const {
    std::vector<std::string> names;
    for (size_t p = 0; p < rule_.states.size(); p++) {
      for (size_t d = 0; d < 2; d++) {
        const uint8_t stage = rule_.states[p][d];
        if (stage == 0) continue;
        std::string name = "progress " + std::to_string(stage);
        for (const ProgressState& state : progress_states(*compiled_.protocols[p])) {
          if (index(state.direction) != d || state.stage != stage) continue;
          name = state.name;
          break;
        }
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
      }
    }
    Sentence out(" or ");
    for (const std::string& name : names) out.add(name);
    return out.text();
  }

  std::string transports() const {
    if (rule_.header.transports == transport_bit::all) return "any";
    Sentence names;
    for (size_t t = 0; t < kTransports; t++) names.add_if(rule_.header.transports >> t & 1, kTransportNames[t]);
    return names.text();
  }

  std::string protocols() const {
    Sentence names;
    for (size_t p : rule_.header.protocols) names.add(compiled_.protocols[p]->name);
    return names.text();
  }

  void header() {
    const Header& h = rule_.header;
    auto& lines = out_.header;
    lines.push_back("transport: " + transports() + (h.without_ip ? ", and packets without IP" : ""));
    if (!h.protocols.empty()) lines.push_back("application protocol: " + protocols());
    if (!h.v4 || !h.v6) lines.push_back(h.v4 ? "IPv4 only" : "IPv6 only");
    lines.push_back("source: " + words(*h.src) + ", port " + words(*h.src_port));
    lines.push_back("destination: " + words(*h.dst) + ", port " + words(*h.dst_port));
    if (h.directions != kBothDirections) {
      lines.push_back("direction: " + std::string(direction_name(h.directions == kToServer ? 0 : 1)));
    }
    Sentence flow;
    flow.add_if(h.needs_flow, "a flow");
    if (h.established) flow.add(*h.established ? "established" : "not_established");
    if (!flow.text().empty()) lines.push_back("flow: " + flow.text());
  }

  template <class Conditions>
  static void describe(const Conditions& conditions, std::vector<std::string>& out) {
    for (const auto& condition : conditions) {
      out.push_back(Sentence(" ").add(condition->keyword).add(condition->describe()).text());
    }
  }

  void conditions() {
    for (uint16_t event : rule_.events) out_.conditions.push_back(event_words(event));
    describe(rule_.conditions, out_.conditions);
    for (const FieldTest& test : rule_.field_tests) {
      const Buffer& buffer = compiled_.buffers[test.buffer];
      if (test.word) {
        out_.conditions.push_back(Sentence(" ").add(buffer_name(buffer)).add(describe_word(test)).text());
        continue;
      }
      std::span<const NamedValue> names;
      for (const Field* field : buffer.fields) {
        if (field) names = field->names;
      }
      out_.conditions.push_back(Sentence(" ")
                                    .add(buffer_name(buffer))
                                    .add(lapwing::describe(test.test, names))
                                    .add(lapwing::describe(test.multi))
                                    .text());
    }
    for (const FileTest& test : rule_.file_tests) {
      std::string line = compiled_.buffers[test.buffer].name;
      if (test.size)
        line += " " + rules::words(*test.size);
      else if (test.digests)
        line += std::string(test.negated ? " not" : "") + " in a list of " + std::to_string(test.digests->size());
      else
        line += ": there is a file";
      out_.conditions.push_back(line + ", of the same file");
    }
    describe(rule_.late, out_.late);
  }

  std::string event_words(uint16_t event) const {
    if (rule_.kind == RuleKind::decode_event) return "decode-event " + compiled_.decode_events[event];
    if (rule_.kind == RuleKind::stream_event) return "stream-event " + compiled_.stream_events[event];
    if (const Part* part = rule_.event_part) {
      return "app-layer-event " + std::string(part->name) + "." + std::string(part->anomalies[event]);
    }
    if (rule_.header.protocols.empty()) return "app-layer-event";
    const Protocol& protocol = *compiled_.protocols[*rule_.header.protocols.begin()];
    return "app-layer-event " + std::string(protocol.name) + "." + anomaly_name(protocol, event);
  }

  std::string section_name(BufferId id) const {
    if (id != kRawBuffer) return buffer_name(compiled_.buffers[id]);
    return rule_.scope == RawScope::packet ? "payload of the packet" : "payload of the stream";
  }

  void buffers() {
    for (const Section& section : rule_.sections) {
      const Buffer& buffer = compiled_.buffers[section.buffer];
      RuleExplanation::Part part{section_name(section.buffer), buffer.transform_names, {}, {}};
      if (section.absence == Absence::only) part.absence = "absent: it has no value";
      if (section.absence == Absence::or_else) part.absence = "absent: or_else what follows holds";
      for (const auto& step : section.chain) part.steps.push_back(step->describe(rule_.variables));
      out_.buffers.push_back(std::move(part));
    }
  }

  void fast_pattern() {
    if (!pattern_) return;
    const FastPattern& p = *pattern_;
    ExplainedPattern& told = out_.pattern.emplace();
    told.buffer = section_name(p.buffer);
    told.expression = p.pattern.expression;
    told.text = p.pattern.expression ? "/" + p.pattern.text + "/" : in_quotes(p.pattern.text);
    told.nocase = p.pattern.nocase;
    told.length = p.pattern.text.size();
    told.asked_for = p.asked_for;
    told.rarity_class = p.rarity_class;
    told.strength = p.strength;
    told.choices = p.choices;
    if (p.reach <= Group::kHead) told.head = Group::kHead;
    if (p.pattern.expression)
      told.why = "there is no positive content in a buffer that is searched; the expression stands in";
    else if (p.choices == 1)
      told.why = "the only content that can be it";
    else if (p.asked_for && !p.common)
      told.why = "the rule asks for it with fast_pattern";
    else if (p.common)
      told.why = "there is no content of more than two bytes, or of bytes that differ";
    else
      told.why = "the lowest class of buffer, then the longest, then the most varied of " + std::to_string(p.choices);
  }

  void add_place(const Group& group, const std::string& name) {
    RuleExplanation::Place place{name, 0, group.always.size(), 0, 0};
    bool here = std::binary_search(group.always.begin(), group.always.end(), rule_.order);
    std::vector<uint32_t> rules = group.always;
    auto add = [&](std::span<const uint32_t> sharing) {
      rules.insert(rules.end(), sharing.begin(), sharing.end());
      if (std::find(sharing.begin(), sharing.end(), rule_.order) == sharing.end()) return;
      place.sharing = std::max(place.sharing, sharing.size());
      here = true;
    };
    for (const Prefilter* prefilter : {&group.prefilter, &group.head}) {
      for (uint32_t pattern = 0; pattern < prefilter->patterns(); pattern++) add(prefilter->rules_of(pattern));
    }
    for (size_t literal = 0; literal < group.literals.literals(); literal++) add(group.literals.rules_of(literal));
    if (!here) return;
    // Where they are, the literals have those of the prefilters too.
    place.patterns = group.literals.empty() ? group.prefilter.patterns() + group.head.patterns() : group.patterns();
    std::sort(rules.begin(), rules.end());
    place.rules = static_cast<size_t>(std::unique(rules.begin(), rules.end()) - rules.begin());
    out_.places.push_back(std::move(place));
  }

  void groups() {
    each_group(compiled_, [&](const Group& group, const std::string& name) { add_place(group, name); });
  }

  void cost() {
    auto set = [&](RuleCost cost, std::string reason) {
      out_.cost = cost;
      out_.cost_reason = std::move(reason);
    };
    switch (rule_.kind) {
      case RuleKind::ip_only: {
        const bool src_any = rule_.header.src->any, dst_any = rule_.header.dst->any;
        out_.found_by = src_any && dst_any ? "no address: it is in the list that every first packet goes through"
                                           : "its narrower address, in a sorted table of addresses";
        return set(RuleCost::header, "one look for each direction of a flow");
      }
      case RuleKind::decode_event:
      case RuleKind::stream_event:
      case RuleKind::app_event:
        out_.found_by = "its event, in a table of events";
        return set(RuleCost::event, "nothing until the event occurs");
      default: break;
    }
    const bool refused =
        std::any_of(out_.places.begin(), out_.places.end(), [](const auto& p) { return p.sharing == 0; });
    if (!pattern_ || refused) {
      out_.found_by = "being in its groups: there is no pattern to look for";
      return set(RuleCost::always, "looked at with everything of its groups: add a content");
    }
    out_.found_by = "its fast pattern";
    if (pattern_->pattern.expression) {
      return set(RuleCost::weak_pattern, "an expression finds it, less sharply than a content would: add one");
    }
    if (pattern_->common) {
      return set(RuleCost::weak_pattern,
                 "its pattern is of two bytes or fewer, or one repeated byte: it is everywhere");
    }
    set(RuleCost::pattern, "looked at only where its pattern occurs");
  }

  void effects() {
    const RuleInfo& info = *rule_.info;
    auto& out = out_.effects;
    describe(rule_.effects, out);
    for (const Threshold& threshold : rule_.thresholds) out.push_back(rules::words(threshold));
    for (const Tag& tag : rule_.tags) out.push_back(rules::words(tag));
    if (info.action == Action::pass) out.push_back("pass: later rules do not look at the packet or flow");
    if (rule_.pass_alerts) out.push_back("alert: recorded although it passes");
    if (info.action == Action::config) return;
    if (info.action != Action::pass && rule_.alerts) {
      out.push_back("an alert of severity " + std::to_string(info.severity));
    }
    if (!rule_.alerts) out.push_back("noalert: no alert");
    if (info.target != RuleInfo::Target::none) {
      out.push_back(info.target == RuleInfo::Target::source ? "target: the source" : "target: the destination");
    }
  }

  const Compiled& compiled_;
  const Rule& rule_;
  const std::optional<FastPattern> pattern_;
  RuleExplanation out_;
};

}  // namespace
}  // namespace rules

std::vector<RuleExplanation> explain_rule(const RuleSet& rules, uint32_t sid) {
  const auto& compiled = static_cast<const rules::Compiled&>(rules);
  std::vector<RuleExplanation> out;
  for (const auto& rule : compiled.all) {
    if (rule->info->sid == sid) out.push_back(rules::Explainer(compiled, *rule).run());
  }
  return out;
}

std::string name_of_group(const RuleSet& rules, const rules::Group& group) {
  std::string out;
  rules::each_group(static_cast<const rules::Compiled&>(rules), [&](const rules::Group& one, const std::string& name) {
    if (&one == &group) out = name;
  });
  return out;
}

}  // namespace lapwing
