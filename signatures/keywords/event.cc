// Events of the decoder, of the stream and of protocols.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

/// Of a rule that looks into buffers too.
class HasAnomaly : public Condition {
 public:
  HasAnomaly(const Part* part, size_t anomaly) : part_(part), anomaly_(anomaly) {}
  bool holds(const Scene& scene) const override {
    if (!scene.event) return false;
    const auto& found = scene.event->tx->anomalies;
    const size_t first = part_ ? kAnomalyRows.first(*scene.event->protocol, part_) : 0;
    return std::find(found.begin(), found.end(), first + anomaly_) != found.end();
  }

  std::string describe() const override { return "of the transaction"; }

 private:
  const Part* const part_;  // null: the protocol's own number
  const size_t anomaly_;
};

std::string joined(std::span<const std::string_view> names) {
  std::string out;
  for (std::string_view name : names) out += (out.empty() ? "" : ", ") + std::string(name);
  return out;
}

uint16_t index_of(RuleBuilder& rule, const RuleOption& option, std::span<const std::string_view> names,
                  std::string_view name) {
  auto found = std::find_if(names.begin(), names.end(), [&](auto known) { return equal_nocase(known, name); });
  if (found == names.end()) rule.skip(option, "event '" + std::string(name) + "' is not raised yet");
  return static_cast<uint16_t>(found - names.begin());
}

void one_kind(RuleBuilder& rule, const RuleOption& option, RuleKind kind, uint16_t event) {
  if (rule.event_rule) rule.skip(option, "several events in one rule are not there yet");
  rule.event_rule = true;
  rule.rule().kind = kind;
  rule.rule().events.push_back(event);
}

void decode_event(RuleBuilder& rule, const RuleOption& option) {
  one_kind(rule, option, RuleKind::decode_event,
           index_of(rule, option, rule.environment().decode_events, rule.text(option)));
}

void stream_event(RuleBuilder& rule, const RuleOption& option) {
  one_kind(rule, option, RuleKind::stream_event,
           index_of(rule, option, rule.environment().stream_events, rule.text(option)));
}

/// What a name stands for behind its dot.
struct AppEvent {
  const Part* part = nullptr;  // null: `number` is that of one protocol
  size_t number = 0;
  ProtocolSet protocols;  // that have it; empty: there is none of that name
};

AppEvent of_protocol(const RuleBuilder& rule, const ProtocolSet& named, std::string_view event) {
  if (named.empty()) return {};
  // Names that differ in their event tables cannot share one number: the first protocol of that name counts.
  const size_t first = *named.begin();
  const Protocol& protocol = *rule.environment().protocols[first];
  for (size_t number = 0; number < kAnomalyRows.size(protocol); number++) {
    if (equal_nocase(anomaly_name(protocol, number), event)) return {nullptr, number, ProtocolSet::range(first, first)};
  }
  return {};
}

AppEvent of_part(const Part& part, std::span<const Protocol* const> protocols, std::string_view event) {
  const auto found = std::ranges::find_if(part.anomalies, [&](auto known) { return equal_nocase(known, event); });
  if (found == part.anomalies.end()) return {};
  AppEvent out{.part = &part, .number = static_cast<size_t>(found - part.anomalies.begin())};
  for (size_t p = 0; p < protocols.size(); p++) {
    if (carries(*protocols[p], part)) out.protocols.add(p);
  }
  return out;
}

/// "applayer_<event>", "<protocol>.<event>", "<protocol>.<part>_<event>" or "<part>.<event>"
void app_layer_event(RuleBuilder& rule, const RuleOption& option) {
  const std::string name(rule.text(option));
  size_t dot = name.find('.');
  if (dot == std::string::npos) {
    // Numbered after those of the stream: both are events of a packet.
    const auto& detection = rule.environment().recognition_anomalies;
    auto found =
        std::find_if(detection.begin(), detection.end(), [&](auto known) { return equal_nocase(known, name); });
    if (found == detection.end()) {
      rule.fail(option, "'" + name + "' is neither '<protocol>.<event>' nor one of " + joined(detection));
    }
    one_kind(rule, option, RuleKind::stream_event,
             static_cast<uint16_t>(rule.environment().stream_events.size() + (found - detection.begin())));
    return;
  }
  const std::string owner = name.substr(0, dot), event = name.substr(dot + 1);
  const std::span<const Protocol* const> protocols = rule.environment().protocols;
  const ProtocolSet named = rule.buffers().protocols_named(owner);
  const auto parts = parts_of(protocols);
  const auto part = std::ranges::find(parts, owner, &Part::name);
  if (named.empty() && part == parts.end()) {
    if (!is_known_protocol(owner)) rule.fail(option, "'" + owner + "' is no protocol");
    rule.skip(option, "protocol '" + owner + "' has no dissector yet");
  }
  AppEvent found = of_protocol(rule, named, event);
  if (found.protocols.empty() && part != parts.end()) found = of_part(**part, protocols, event);
  if (found.protocols.empty()) rule.skip(option, "event '" + event + "' is not raised yet");
  rule.restrict_protocol(option, found.protocols);
  one_kind(rule, option, RuleKind::app_event, static_cast<uint16_t>(found.number));
  rule.rule().event_part = found.part;
  rule.transaction_event = std::make_unique<HasAnomaly>(found.part, found.number);
  rule.transaction_event->keyword = "app-layer-event";
}

constexpr Keyword kEventKeywords[] = {
    {"decode-event", "engine-event", &decode_event, "the decoder found this wrong with the packet"},
    {"stream-event", "", &stream_event, "the packet broke its TCP connection in this way"},
    {"app-layer-event", "", &app_layer_event, "the transaction breaks its protocol in this way"},
};

}  // namespace

const KeywordFamily kEventFamily{"event", kEventKeywords};

}  // namespace lapwing::rules
