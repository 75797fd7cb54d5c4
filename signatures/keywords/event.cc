// Events of the decoder, of the stream and of protocols.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

/// Of a rule that looks into buffers too.
class HasAnomaly : public Condition {
 public:
  explicit HasAnomaly(uint8_t anomaly) : anomaly_(anomaly) {}
  bool holds(const Scene& scene) const override {
    if (!scene.event) return false;
    const auto& found = scene.event->tx->anomalies;
    return std::find(found.begin(), found.end(), anomaly_) != found.end();
  }

  std::string describe() const override { return "of the transaction"; }

 private:
  const uint8_t anomaly_;
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

/// "applayer_<event>" or "<protocol>.<event>"
void app_layer_event(RuleBuilder& rule, const RuleOption& option) {
  std::string name = rule.text(option);
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
  std::string protocol = name.substr(0, dot), event = name.substr(dot + 1);
  const ProtocolSet protocols = rule.buffers().protocols_named(protocol);
  if (protocols.empty()) {
    if (!is_known_protocol(protocol)) rule.fail(option, "'" + protocol + "' is no protocol");
    rule.skip(option, "protocol '" + protocol + "' has no dissector yet");
  }
  // Names that differ in their event tables cannot share one number: the first protocol of that name counts.
  const size_t first = *protocols.begin();
  uint16_t number = index_of(rule, option, rule.environment().protocols[first]->anomalies, event);
  rule.restrict_protocol(option, ProtocolSet::range(first, first));
  one_kind(rule, option, RuleKind::app_event, number);
  rule.transaction_event = std::make_unique<HasAnomaly>(static_cast<uint8_t>(number));
  rule.transaction_event->keyword = "app-layer-event";
}

constexpr Keyword kRows[] = {
    {"decode-event", "engine-event", &decode_event, "the decoder found this wrong with the packet"},
    {"stream-event", "", &stream_event, "the packet broke its TCP connection in this way"},
    {"app-layer-event", "", &app_layer_event, "the transaction breaks its protocol in this way"},
};

}  // namespace

const KeywordFamily kEventFamily{"event", kRows};

}  // namespace lapwing::rules
