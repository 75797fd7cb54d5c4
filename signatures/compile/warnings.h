// Judge: what is legal in a rule and yet cannot be meant, for `rules check` [cold].
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "signatures/compile/rule_builder.h"

namespace lapwing::rules {

class Judge {
 public:
  Judge(const RuleEnvironment& environment, std::vector<RuleMessage>& messages)
      : environment_(environment), messages_(messages) {}

  /// Every rule that was read, whatever becomes of it.
  void read(const RuleTree& tree);
  /// It was compiled and is part of the set until it is replaced.
  void loaded(const RuleTree& tree, const Rule& rule, const Origins& origins, const BufferTable& buffers);
  void left_out(const RuleTree& tree);
  void replaced(const RuleInfo& info);
  /// All rules are there: writes the messages.
  void finish();

 private:
  struct Read {
    StateUse use;
    SourceMark mark;
    std::string option;
  };
  /// What is to be said of a rule once it is known to stay.
  struct Notes {
    std::vector<RuleMessage> messages;
    std::vector<StateUse> writes;
    std::vector<Read> reads;
    std::vector<Read> idle;  // all that a rule without alert does
  };
  using StateName = std::pair<NameKind, uint16_t>;

  void note_state(const Rule& rule, const Origins& origins, Notes& notes) const;
  void use_variables(const ListNode& node, bool ports);
  void judge_reads(const Notes& notes, uint32_t sid, const std::set<StateName>& set) const;
  void judge_variables() const;

  const RuleEnvironment& environment_;
  std::vector<RuleMessage>& messages_;
  std::map<std::pair<uint32_t, uint32_t>, Notes> notes_;  // by gid and sid
  std::set<std::string, std::less<>> address_variables_, port_variables_;
  std::set<std::pair<NameKind, std::string>> set_by_left_out_;
};

/// Contents of one rule that can never match or always do, sizes that no buffer has, variables that nothing reads.
std::vector<RuleMessage> judge_payload(const Rule& rule, const Origins& origins, const BufferTable& buffers);

}  // namespace lapwing::rules
