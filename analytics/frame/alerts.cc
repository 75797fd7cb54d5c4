#include "analytics/frame/alerts.h"

#include "sensor/base/text.h"

namespace lapwing::analytics {

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
