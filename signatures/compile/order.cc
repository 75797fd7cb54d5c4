#include "signatures/compile/order.h"

#include <algorithm>
#include <array>
#include <map>

namespace lapwing::rules {

namespace {

constexpr uint32_t kReader = 1000, kNoUse = 2000;  // after all levels of rules that both read and write

/// As kActionOrder numbers them.
size_t kind_of(Action action) {
  switch (action) {
    case Action::pass: return 0;
    case Action::drop: return 1;
    case Action::reject:
    case Action::reject_src:
    case Action::reject_dst:
    case Action::reject_both: return 2;
    default: return 3;
  }
}

std::array<size_t, kActionOrder.size()> action_ranks(std::span<const std::string> actions) {
  std::array<size_t, kActionOrder.size()> ranks{};
  for (size_t kind = 0; kind < ranks.size(); kind++) {
    const auto named = std::ranges::find(actions, kActionOrder[kind]);
    ranks[kind] = static_cast<size_t>(named - actions.begin()) + (named == actions.end() ? kind : 0);
  }
  return ranks;
}

/// For one kind of state: 0 for rules that only write, then those that read what earlier levels write, then mere
/// readers, then the rest. Rules that wait for each other in a circle share a level.
std::vector<uint32_t> levels(const std::vector<std::unique_ptr<Rule>>& rules, NameKind kind) {
  std::vector<uint32_t> level(rules.size(), kNoUse);
  std::map<uint16_t, std::vector<size_t>> writers;
  std::vector<size_t> both;
  for (size_t i = 0; i < rules.size(); i++) {
    bool reads = false, writes = false;
    for (const StateUse& use : rules[i]->state_uses) {
      if (use.kind != kind) continue;
      (use.writes ? writes : reads) = true;
      if (use.writes) writers[use.name].push_back(i);
    }
    if (!reads && !writes) continue;
    level[i] = !reads ? 0 : writes ? 1 : kReader;
    if (reads && writes) both.push_back(i);
  }
  for (uint32_t round = 0, moved = 1; moved && round < kReader - 2; round++) {
    moved = 0;
    for (size_t i : both) {
      for (const StateUse& use : rules[i]->state_uses) {
        if (use.kind != kind || use.writes) continue;
        for (size_t writer : writers[use.name]) {
          if (writer == i || level[writer] < level[i] || level[writer] == kReader || level[i] > both.size()) continue;
          level[i] = level[writer] + 1;
          moved = 1;
        }
      }
    }
  }
  return level;
}

}  // namespace

void sort_rules(std::vector<std::unique_ptr<Rule>>& rules, std::span<const std::string> actions) {
  const auto ranks = action_ranks(actions);
  std::array<std::vector<uint32_t>, kNameKinds> by_kind;
  constexpr NameKind kKinds[] = {NameKind::flowbit, NameKind::flowint, NameKind::variable, NameKind::hostbit,
                                 NameKind::xbit};
  for (size_t k = 0; k < kNameKinds; k++) by_kind[k] = levels(rules, kKinds[k]);
  using Key = std::array<uint32_t, kNameKinds + 3>;  // the last is the place in the files
  std::vector<Key> keys;
  keys.reserve(rules.size());
  for (uint32_t i = 0; i < rules.size(); i++) {
    const RuleInfo& info = *rules[i]->info;
    keys.push_back({static_cast<uint32_t>(ranks[kind_of(info.action)]), by_kind[0][i], by_kind[1][i], by_kind[2][i],
                    by_kind[3][i], by_kind[4][i], info.severity, i});
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::unique_ptr<Rule>> sorted;
  sorted.reserve(rules.size());
  for (const Key& key : keys) {
    auto& rule = rules[key.back()];
    rule->order = static_cast<uint32_t>(sorted.size());
    sorted.push_back(std::move(rule));
  }
  rules = std::move(sorted);
}

}  // namespace lapwing::rules
