#include "analytics/frame/alerts.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

/// What classification.config has for exploits, attacks on the web, and what is put before users to take them in.
constexpr std::string_view kAttacks[] = {
    "Attempted Administrator Privilege Gain",
    "Attempted User Privilege Gain",
    "Successful Administrator Privilege Gain",
    "Successful User Privilege Gain",
    "Executable code was detected",
    "Web Application Attack",
    "Exploit Kit Activity Detected",
    "Possible Social Engineering Attempted",
};
constexpr std::string_view kInitialAccess = "TA0001";

/// What rule writers call the end that is attacked: "Client_Endpoint", "Web_Server". None: both, or neither.
std::optional<Direction> toward(std::string_view target) {
  const bool client = target.starts_with("Client_") || target.starts_with("Mobile_Client");
  if (client && target != "Client_and_Server") return Direction::to_client;
  if (target.ends_with("Server") && !client) return Direction::to_server;
  return {};
}

}  // namespace

AlertSeen AlertSeen::of(const AlertAt& alert, const Surroundings& surroundings) {
  using Target = RuleInfo::Target;
  const RuleInfo& rule = alert.rule;
  AlertSeen out{.rule = rule,
                .time = alert.time,
                .actor = alert.flow.client,
                .victim = alert.flow.server,
                .attack = std::ranges::find(kAttacks, rule.category) != std::end(kAttacks),
                .flow = alert.flow,
                .payload = alert.payload};
  std::optional<Direction> meant;
  for (MetadataReader metadata(rule); metadata.next();) {
    out.attack |= metadata.key() == "mitre_tactic_id" && metadata.value() == kInitialAccess;
    if (metadata.key() == "attack_target") meant = toward(metadata.value());
  }
  if (rule.target != Target::none) {
    const bool by_client = alert.direction == Direction::to_server;
    meant = by_client == (rule.target == Target::source) ? Direction::to_client : Direction::to_server;
  } else if (!out.attack) {
    meant.reset();
  } else if (!meant) {
    const bool to_client = alert.direction == Direction::to_client;
    const IpAddress &sender = to_client ? out.victim : out.actor, &receiver = to_client ? out.actor : out.victim;
    if (surroundings.inside(receiver) && !surroundings.inside(sender)) meant = alert.direction;
  }
  if (meant == Direction::to_client) std::swap(out.actor, out.victim);
  return out;
}

/// Harm by the rule's priority, 1 the highest; certainty by what rule writers call confidence.
RuleSays RuleSays::of(const RuleInfo& rule) {
  constexpr unsigned kSeverity[] = {65, 65, 45, 20};
  RuleSays out{.message = rule.msg, .severity = rule.severity < 4 ? kSeverity[rule.severity] : 10, .confidence = 70};
  std::vector<std::string> techniques, tactics;
  for (MetadataReader metadata(rule); metadata.next();) {
    if (metadata.key() == "mitre_technique_id") techniques.emplace_back(metadata.value());
    if (metadata.key() == "mitre_tactic_id") tactics.emplace_back(metadata.value());
    if (metadata.key() == "confidence") {
      out.confidence = equal_nocase(metadata.value(), "high") ? 90 : equal_nocase(metadata.value(), "low") ? 40 : 70;
    }
  }
  for (size_t i = 0; i < techniques.size(); ++i) {
    out.attack.emplace_back(techniques[i], i < tactics.size() ? tactics[i] : std::string());
  }
  return out;
}

}  // namespace lapwing::analytics
