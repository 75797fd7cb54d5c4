#include "analytics/frame/alerts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "analytics/shape/key.h"
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

uint64_t AlertSums::hash(const Key& key) const {
  const std::array<uint64_t, 3> parts = {keyed_hash(key.actor.bytes, seed_), keyed_hash(key.victim.bytes, seed_),
                                         uint64_t{key.gid} << 32 | key.sid};
  return hash_of(parts, seed_);
}

void AlertSums::add(const AlertSeen& seen) {
  const Key key{seen.actor, seen.victim, seen.rule.gid, seen.rule.sid};
  if (last_ != UINT64_MAX && hash(key) > last_) {
    ++beyond_;
    return;
  }
  Sum& sum = sums_[key];
  if (sum.count == 0) sum = {0, seen.time, seen.time, RuleSays::of(seen.rule)};
  ++sum.count;
  sum.first = std::min(sum.first, seen.time);
  sum.last = std::max(sum.last, seen.time);
  if (sums_.size() == 2 * kMost) cut();
}

void AlertSums::operator+=(AlertSums&& other) {
  beyond_ += other.beyond_;
  last_ = std::min(last_, other.last_);
  for (auto& [key, theirs] : other.sums_) {
    Sum& sum = sums_[key];
    if (sum.count == 0) {
      sum = std::move(theirs);
      continue;
    }
    sum.count += theirs.count;
    sum.first = std::min(sum.first, theirs.first);
    sum.last = std::max(sum.last, theirs.last);
  }
  if (last_ != UINT64_MAX || sums_.size() > 2 * kMost) cut();
}

void AlertSums::cut() {
  if (last_ == UINT64_MAX && sums_.size() <= kMost) return;
  std::vector<uint64_t> hashes;
  hashes.reserve(sums_.size());
  for (const auto& [key, sum] : sums_) hashes.push_back(hash(key));
  if (hashes.size() > kMost) {
    const auto least = hashes.begin() + (kMost - 1);
    std::ranges::nth_element(hashes, least);
    last_ = std::min(last_, *least);
  }
  std::erase_if(sums_, [&](const auto& row) {
    const bool gone = hash(row.first) > last_;
    if (gone) beyond_ += row.second.count;
    return gone;
  });
}

}  // namespace lapwing::analytics
