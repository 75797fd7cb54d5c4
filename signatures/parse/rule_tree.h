// RuleTree: a rule as written, with the place of every part; nothing is looked up or judged yet.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/setting.h"
#include "sensor/event/alert.h"

namespace lapwing {

/// A SourceMark that borrows the file's name from whoever asked for the parse: a rule has many, and few are ever shown.
struct RulePlace {
  const std::string* file = nullptr;
  uint32_t line = 0, column = 0;
  operator SourceMark() const { return {file ? *file : std::string(), line, column}; }
};

/// A nested, negatable list of addresses or ports. Leaves keep their text; variables are expanded when resolved.
struct ListNode {
  enum class Kind : uint8_t { any, leaf, variable, list } kind = Kind::any;
  bool negated = false;
  std::string text;  // leaf: "10.0.0.0/8", "1.2.3.4-1.2.3.9", "80:90"; variable: name without '$'
  std::vector<ListNode> items;
  RulePlace mark;
};

/// One option of a rule's body. `value` is the text after the colon with surrounding blanks cut, quotes and escapes
/// still in place.
struct RuleOption {
  std::string_view name;
  std::string_view value;
  bool has_value = false;
  RulePlace mark;         // of the name
  RulePlace value_mark;   // of the first byte of value
  uint32_t value_at = 0;  // the same in the rule's text
};

enum class RuleDirection : uint8_t { one_way, both_ways, transactional };

/// Text of the rule and of its options views the line that was parsed: it is there while the rule is handed over.
struct RuleTree {
  Action action = Action::alert;
  std::string action_scope;  // "flow" of "pass:flow", or empty
  std::string protocol;      // in lower case, with its hook when it has one: "http1:request_headers"
  ListNode src, dst, src_port, dst_port;
  RuleDirection direction = RuleDirection::one_way;
  std::vector<RuleOption> options;
  std::string_view text;  // the rule as written, continuation lines joined
  RulePlace mark;
};

/// What is wrong with a rule, where, and what would be right.
struct RuleMessage {
  enum class Level : uint8_t { error, warning } level = Level::error;
  SourceMark mark;
  uint32_t sid = 0;    // 0 when not known
  std::string option;  // the option at fault, or empty
  std::string text;
};

}  // namespace lapwing
