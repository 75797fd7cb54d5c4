// RuleCompiler: rules as they are read into a RuleSet.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "signatures/compile/rule_environment.h"
#include "signatures/compile/set_pool.h"
#include "signatures/compile/warnings.h"
#include "signatures/program/buffers.h"
#include "signatures/program/compiled.h"
#include "signatures/program/pcre.h"

namespace lapwing::rules {

/// Compiles rules as they are read. Those at fault, or with keywords not there yet, are left out and described in
/// `messages`. What it is made with must outlive it.
class RuleCompiler {
 public:
  RuleCompiler(const RuleEnvironment& environment, const RuleConfig& config, std::vector<RuleMessage>& messages);
  /// From now on also tells of what is legal and yet cannot be meant: contents that can never match, state that no rule
  /// sets, variables that nothing uses. Call before the first rule.
  void judge() { judge_.emplace(environment_, messages_); }
  void add(const RuleTree& tree);
  /// Ends the compiler's work; called once.
  std::shared_ptr<const RuleSet> finish();

 private:
  std::unique_ptr<Rule> build(RuleBuilder& builder, const RuleTree& tree, bool swapped);
  bool replaces(const Rule& rule, const RuleTree& tree);
  void say(RuleMessage::Level level, const RuleTree& tree, const RuleInfo& info, std::string_view option,
           std::string text);
  void report(const RuleTree& tree, const SettingError& error, RuleMessage::Level level);

  const RuleEnvironment& environment_;
  const RuleConfig& config_;
  std::vector<RuleMessage>& messages_;
  const size_t first_message_;
  std::shared_ptr<Compiled> compiled_;
  BufferTable buffers_;
  RegexPool expressions_;
  SetPool<AddressSet> addresses_;
  SetPool<PortSet> ports_;
  /// Where the rule of a signature id is, in the set and in its file.
  struct Kept {
    size_t index;
    const std::string* file;
    uint32_t line, column;
  };
  std::unordered_map<uint64_t, Kept> by_id_;  // gid above sid
  std::set<std::string> files_;
  std::optional<Judge> judge_;
  uint64_t loaded_ = 0;
};

}  // namespace lapwing::rules

namespace lapwing {
using rules::RuleCompiler;
}
