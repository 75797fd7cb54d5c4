// SetPool: address and port sets, each made once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "signatures/parse/parse.h"

namespace lapwing::rules {

/// What tells the texts of two lists apart.
inline void write_key(const ListNode& node, std::string& key) {
  key += node.negated ? '!' : ' ';
  key += static_cast<char>('0' + static_cast<int>(node.kind));
  key += node.text;
  key += '(';
  for (const ListNode& item : node.items) write_key(item, key);
  key += ')';
}

/// Address and port sets by their text: most rules share a few.
template <class Set>
class SetPool {
 public:
  using Resolve = Set (*)(const ListNode&, const RuleVariables&);
  SetPool(std::vector<std::unique_ptr<Set>>& owner, const RuleVariables& variables, Resolve resolve)
      : owner_(owner), variables_(variables), resolve_(resolve) {}

  const Set* get(const ListNode& node) {
    std::string key;
    write_key(node, key);
    auto [place, fresh] = known_.emplace(std::hash<std::string>{}(key), std::vector<Known>{});
    for (const Known& known : place->second) {
      if (known.key == key) return known.set;
    }
    owner_.push_back(std::make_unique<Set>(resolve_(node, variables_)));
    place->second.push_back({std::move(key), owner_.back().get()});
    return owner_.back().get();
  }

 private:
  struct Known {
    std::string key;
    const Set* set;
  };
  std::vector<std::unique_ptr<Set>>& owner_;
  const RuleVariables& variables_;
  Resolve resolve_;
  std::unordered_map<size_t, std::vector<Known>> known_;
};

}  // namespace lapwing::rules
