// Evaluates a list of addresses or ports: what is named, without what is negated. Variables are expanded on the way.
#pragma once

#include <algorithm>
#include <string>

#include "signatures/parse/list.h"
#include "signatures/parse/parse.h"

namespace lapwing {

/// `Set` has all(), add(Set), normalize(), minus(Set), empty(); `leaf(text)` reads one address or port and throws
/// std::string, saying what is wrong with the text.
template <class Set, class Leaf>
class ListEvaluator {
 public:
  using Groups = std::map<std::string, std::string, std::less<>>;
  ListEvaluator(const Groups& groups, const char* section, Leaf leaf)
      : groups_(groups), section_(section), leaf_(leaf) {}

  /// Throws SettingError at the node at fault, which for a fault within a variable is the node that names it.
  Set evaluate(const ListNode& node) {
    try {
      Set set = value(node);
      return node.negated ? negate(node, set) : set;
    } catch (const ParseFault& fault) {
      throw SettingError(fault.mark, fault.text);
    }
  }
  bool has_negation() const { return has_negation_; }
  bool has_any() const { return has_any_; }  // "any" was written, here or in a variable

 private:
  Set value(const ListNode& node) {
    switch (node.kind) {
      case ListNode::Kind::any: has_any_ = true; return Set::all();
      case ListNode::Kind::leaf: try { return leaf_(node.text);
        } catch (const std::string& why) {
          throw ParseFault{node.mark, "'" + node.text + "' " + why, {}};
        }
      case ListNode::Kind::variable: return variable(node);
      case ListNode::Kind::list: return list(node);
    }
    return {};
  }

  Set list(const ListNode& node) {
    Set named, negated;
    bool only_negated = true;
    for (const ListNode& item : node.items) {
      has_negation_ |= item.negated;
      only_negated &= item.negated;
      (item.negated ? negated : named).add(value(item));
    }
    if (only_negated) named = Set::all();
    named.normalize();
    negated.normalize();
    Set left = named.minus(negated);
    if (left.empty()) throw ParseFault{node.mark, "the negations of the list leave nothing of it", {}};
    return left;
  }

  Set negate(const ListNode& node, const Set& set) {
    has_negation_ = true;
    Set left = Set::all().minus(set);
    if (left.empty()) throw ParseFault{node.mark, "a negation of everything matches nothing; leave out the '!'", {}};
    return left;
  }

  Set variable(const ListNode& node) {
    auto found = groups_.find(node.text);
    std::string name = "$" + node.text;
    if (found == groups_.end()) {
      throw ParseFault{node.mark, "variable " + name + " is not defined; define it below " + section_, {}};
    }
    if (std::find(open_.begin(), open_.end(), node.text) != open_.end()) {
      throw ParseFault{node.mark, "variable " + name + " is defined by itself", {}};
    }
    open_.push_back(node.text);
    try {
      ++expansions_;
      if (expansions_ > kMaxExpansions) throw ParseFault{{}, "variables expand to more than 10000 others", {}};
      SourceLine line(name, found->second);
      ListNode content = parse_list(line, 0, found->second.size());
      Set set = value(content);
      open_.pop_back();
      return content.negated ? negate(content, set) : set;
    } catch (ParseFault& fault) {
      if (fault.text.find(" (in $") == std::string::npos) fault.text += " (in " + name + ": " + found->second + ")";
      fault.mark = node.mark;
      throw;
    }
  }

  /// Variables that name others several times could expand without end long before they nest deeply.
  static constexpr size_t kMaxExpansions = 10000;

  const Groups& groups_;
  const char* section_;
  Leaf leaf_;
  std::vector<std::string> open_;  // variables being expanded, outermost first
  size_t expansions_ = 0;
  bool has_negation_ = false, has_any_ = false;
};

}  // namespace lapwing
