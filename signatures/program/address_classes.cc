#include "signatures/program/address_classes.h"

#include <algorithm>
#include <map>
#include <vector>

namespace lapwing::rules {

namespace {

using Ranges = std::vector<AddressSet::Range>;

IpAddress block(size_t first_byte, uint8_t rest) {
  IpAddress out{.bytes = {}, .version = 4};
  out.bytes = {static_cast<uint8_t>(first_byte), rest, rest, rest};
  return out;
}

bool overlap(const Ranges& a, const Ranges& b) {
  return std::ranges::any_of(a, [&](const auto& x) {
    return std::ranges::any_of(
        b, [&](const auto& y) { return x.first.bytes <= y.last.bytes && y.first.bytes <= x.last.bytes; });
  });
}

/// Ranges of a set touch no other of the same set: one that is covered lies in a single one.
bool cover(const Ranges& whole, const Ranges& part) {
  return std::ranges::all_of(part, [&](const auto& x) {
    return std::ranges::any_of(
        whole, [&](const auto& y) { return y.first.bytes <= x.first.bytes && x.last.bytes <= y.last.bytes; });
  });
}

struct Sides {
  bool inside, outside;  // whether an address of the rule's set may lie there
};

Sides sides(const AddressSet* whole, const AddressSet& set) {
  if (!whole) return {false, true};
  if (set.any) return {true, true};
  if (&set == whole) return {true, false};
  return {overlap(set.v4, whole->v4) || overlap(set.v6, whole->v6),
          !cover(whole->v4, set.v4) || !cover(whole->v6, set.v6)};
}

}  // namespace

void AddressClasses::choose(std::span<const std::unique_ptr<Rule>> rules) {
  std::map<const AddressSet*, size_t> uses;
  std::vector<const AddressSet*> sets;  // in the order of the rules, since pointers have none that lasts
  for (const auto& rule : rules) {
    for (const AddressSet* set : {rule->header.src, rule->header.dst}) {
      if (!set->any && uses[set]++ == 0) sets.push_back(set);
    }
  }
  const auto most = std::ranges::max_element(sets, {}, [&](const AddressSet* set) { return uses[set]; });
  set_ = most == sets.end() ? nullptr : *most;
  for (size_t byte = 0; set_ && byte < first_bytes_.size(); ++byte) {
    const Ranges all{{block(byte, 0), block(byte, 255)}};
    first_bytes_[byte] = !overlap(set_->v4, all) ? Inside::no : cover(set_->v4, all) ? Inside::yes : Inside::some;
  }
}

bool AddressClasses::inside(const IpAddress& address) const {
  if (!set_) return false;
  const Inside known = address.version == 4 ? first_bytes_[address.bytes[0]] : Inside::some;
  return known == Inside::some ? set_->contains(address) : known == Inside::yes;
}

std::string AddressClasses::name(size_t index) const {
  if (!set_) return {};
  const char* words[] = {"outside", "inside"};
  return std::string(", from ") + words[index / 2] + " to " + words[index % 2];
}

uint8_t AddressClasses::of(const Rule& rule) const {
  // Its addresses are those of the request, whichever way it is looked at.
  if (rule.transactional) return (1u << kCount) - 1;
  const Sides src = sides(set_, *rule.header.src), dst = sides(set_, *rule.header.dst);
  uint8_t out = 0;
  for (bool from : {false, true}) {
    for (bool to : {false, true}) {
      const bool can = (from ? src.inside : src.outside) && (to ? dst.inside : dst.outside);
      out |= static_cast<uint8_t>(can << index(from, to));
    }
  }
  return out;
}

}  // namespace lapwing::rules
