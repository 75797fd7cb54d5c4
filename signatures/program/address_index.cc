#include <algorithm>
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
    IpAddress at;
    bool begins;
    uint32_t rule;
  };
  std::vector<Change> changes;
  changes.reserve(added_.size() * 2);
  for (const Added& added : added_) {
    changes.push_back({added.first, true, added.rule});
    IpAddress after = added.last;
    if (!advance(after)) after = {.bytes = {}, .version = static_cast<uint8_t>(added.last.version + 1)};
    changes.push_back({after, false, added.rule});
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.at == b.at ? a.begins < b.begins : Before{}(a.at, b.at); });
  std::multiset<uint32_t> active;
  for (auto change = changes.begin(); change != changes.end();) {
    Edge edge{change->at, static_cast<uint32_t>(rules_.size()), 0};
    for (; change != changes.end() && change->at == edge.first; ++change) {
      if (change->begins)
        active.insert(change->rule);
      else
        active.erase(active.find(change->rule));
    }
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
