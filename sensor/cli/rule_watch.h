// RuleWatch: why rules matched or did not, look by look, for `replay --explain`.
#pragma once

#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "signatures/match/tracer.h"

namespace lapwing {

class RuleWatch final : public Tracer {
 public:
  static constexpr size_t kMaxTracedBytes = 64;  // shown of what a condition looked at

  /// Text on standard output, or with `json` (a path, or - for standard output) JSON lines there. Throws SettingError
  /// when it cannot be written.
  RuleWatch(const std::vector<uint32_t>& sids, const std::string& json);
  ~RuleWatch() override;
  /// One line a rule: looks, matches, and flows in which it was never a candidate, by reason. False when not all of
  /// the account could be written.
  bool summarise();

  bool asks(const RuleInfo& rule) const override { return rules_.count(rule.sid) != 0; }
  void looked(const RuleLook& look, const RuleMiss* miss) override;
  void scanned(const rules::Group&, size_t, uint64_t) override {}
  void flow_over(const MatchContext& context, const RuleInfo& rule, std::string_view why_not) override;

 private:
  /// Direction, whether a transaction and which, what was said: not said twice of one flow.
  using Said = std::tuple<Direction, bool, uint64_t, std::string>;
  struct Watched {
    uint64_t looks = 0, matches = 0, repeated = 0, flows = 0;
    std::map<std::string, uint64_t, std::less<>> never;  // flows, by why it was no candidate
    std::map<const Flow*, std::set<Said>> said;          // of flows that are not over
  };
  void print_text(const RuleLook& look, const RuleMiss* miss);
  void print_json(const RuleLook& look, const RuleMiss* miss);
  void write(std::string_view text);
  void check(bool written);

  std::map<uint32_t, Watched> rules_;  // by sid
  std::string place_ = "standard output";
  std::FILE* out_ = stdout;
  bool json_ = false;
  bool lost_ = false;  // writing failed: the rules go on without an account
};

}  // namespace lapwing
