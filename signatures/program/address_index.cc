#include <algorithm>
#include <map>
#include <set>

#include "signatures/program/compiled.h"

namespace lapwing::rules {

namespace {

/// The address after this one; nothing after the last.
bool advance(IpAddress& address) {
  for (size_t i = address.size(); i-- > 0;) {
    if (++address.bytes[i] != 0) return true;
  }
  return false;
}

/// IPv4 before IPv6, then by value.
struct Before {
  bool operator()(const IpAddress& a, const IpAddress& b) const {
    return a.version != b.version ? a.version < b.version : a.bytes < b.bytes;
  }
};

}  // namespace

void AddressIndex::add(const AddressSet& set, uint32_t rule) {
  for (const auto& range : set.v4) added_.push_back({range.first, range.last, rule});
  for (const auto& range : set.v6) added_.push_back({range.first, range.last, rule});
}

void AddressIndex::build() {
  // A sweep over all ends of ranges: between two of them the same rules apply.
  struct Change {
    std::vector<uint32_t> begin, end;
  };
  std::map<IpAddress, Change, Before> changes;
  for (const Added& added : added_) {
    changes[added.first].begin.push_back(added.rule);
    IpAddress after = added.last;
    if (advance(after))
      changes[after].end.push_back(added.rule);
    else
      changes[IpAddress{.bytes = {}, .version = static_cast<uint8_t>(added.last.version + 1)}].end.push_back(
          added.rule);
  }
  std::multiset<uint32_t> active;
  for (const auto& [first, change] : changes) {
    for (uint32_t rule : change.end) active.erase(active.find(rule));
    active.insert(change.begin.begin(), change.begin.end());
    Edge edge{first, static_cast<uint32_t>(rules_.size()), 0};
    std::unique_copy(active.begin(), active.end(), std::back_inserter(rules_));
    edge.end = static_cast<uint32_t>(rules_.size());
    edges_.push_back(edge);
  }
  added_.clear();
  added_.shrink_to_fit();
}

std::span<const uint32_t> AddressIndex::find(const IpAddress& address) const {
  auto after = std::upper_bound(edges_.begin(), edges_.end(), address,
                                [](const IpAddress& a, const Edge& edge) { return Before{}(a, edge.first); });
  if (after == edges_.begin()) return {};
  const Edge& edge = *std::prev(after);
  if (edge.first.version != address.version) return {};
  return {rules_.data() + edge.begin, edge.end - edge.begin};
}

}  // namespace lapwing::rules
