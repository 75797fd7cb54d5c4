// RuleBuilder: what keywords add to while a rule is compiled [cold: throws].
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signatures/compile/rule_environment.h"
#include "signatures/program/buffers.h"
#include "signatures/program/content.h"
#include "signatures/program/pcre.h"
#include "signatures/program/rule.h"

namespace lapwing::rules {

/// The rule is legal but uses what is not there yet.
class RuleSkipped : public SettingError {
 public:
  using SettingError::SettingError;
};

/// What a condition or an effect means for where a rule is evaluated.
enum class Needs : uint8_t {
  nothing,     // compatible with IP-only rules
  any_packet,  // header of the packet at hand; does not decide between packet and stream
  packet,      // one packet: raw content is then matched in packets, not in the stream
};

/// Which option made or changed which part of a rule: where a message about that part belongs.
struct Origins {
  std::vector<std::pair<const Step*, const RuleOption*>> steps;  // a content's modifiers follow it
  std::vector<const RuleOption*> state_uses, effects;            // as in the rule
  std::vector<std::pair<IntegerTest, const RuleOption*>> payload_sizes;

  struct Variable {
    std::string name;
    const RuleOption* option = nullptr;
    bool read = false;
  };
  std::vector<Variable> variables;  // by number
};

class RuleBuilder {
 public:
  RuleBuilder(const RuleTree& tree, bool swapped, BufferTable& buffers, RegexPool& expressions,
              const RuleEnvironment& environment, const RuleConfig& config);

  /// Runs all options and the checks over the whole rule.
  std::unique_ptr<Rule> build();

  [[noreturn]] void fail(const RuleOption& option, const std::string& message) const;
  [[noreturn]] void skip(const RuleOption& option, const std::string& message) const;
  /// The option's value without quotes; fails when there is none.
  std::string_view text(const RuleOption& option) const;
  void no_value(const RuleOption& option) const;

  Rule& rule() { return *rule_; }
  RuleInfo& info() { return *info_; }
  const RuleEnvironment& environment() const { return environment_; }
  const RuleConfig& config() const { return config_; }
  const RuleTree& tree() const { return tree_; }
  BufferTable& buffers() { return buffers_; }
  RegexPool& expressions() { return expressions_; }

  // Conditions and effects
  void add(std::unique_ptr<Condition> condition, Needs needs);
  void add_late(std::unique_ptr<Condition> condition) { rule_->late.push_back(std::move(condition)); }
  void add(std::unique_ptr<Effect> effect, Needs needs = Needs::nothing);
  void require_packet(const RuleOption& option);
  void require_stream(const RuleOption& option);
  void also_packet() { also_packet_ = true; }

  // Payload
  /// Appends to the chain of the current buffer; a relative step without sticky buffer joins the last match's chain.
  void add(std::unique_ptr<Step> step, const RuleOption& option);
  void add_to_buffer(BufferId buffer, std::unique_ptr<Step> step);
  /// The content that modifiers refer to; fails when there is none.
  ContentStep& last_content(const RuleOption& option);
  /// Moves the last content to another buffer (older content modifiers).
  void move_content(const RuleOption& option, BufferId buffer);
  void select(const RuleOption& option, BufferId buffer);
  /// The current buffer may or must be without value.
  void set_absence(const RuleOption& option, Absence absence);
  void add_transform(const RuleOption& option, std::shared_ptr<const Transform> transform, const std::string& identity);
  /// Later steps go to this chain (base64_data); it belongs to a step of the current section.
  void enter(Chain& chain) { nested_ = &chain; }
  BufferId raw_or_current() const;
  /// Takes "to_server" or "to_client" from the front of a value: the buffer as that direction has it.
  BufferId take_direction(const RuleOption& option, std::string_view& value, BufferId buffer);

  /// Number of a byte_extract variable: a new one, or the one of that name.
  uint8_t define_variable(const RuleOption& option, const std::string& name);
  /// Number of a variable that is about to be read, or -1.
  int use_variable(const std::string& name);
  /// dsize: what the packet's payload is limited to.
  void note_payload_size(const IntegerTest& test) {
    origins_.payload_sizes.emplace_back(test, option_);
    rule_->longest_payload = std::min(rule_->longest_payload, test.most());
  }

  /// Valid as long as the tree and the rule that build() gave.
  const Origins& origins() const { return origins_; }

  // What event keywords and integer fields need
  bool event_rule = false;
  std::unique_ptr<Condition> transaction_event;  // of an app_event: what a rule over buffers asks of the transaction
  void restrict_protocol(const RuleOption& option, const ProtocolSet& protocols);
  /// The rule is looked at once in each transaction and direction, when the first of the stages is reached.
  void reach(size_t protocol, Direction direction, uint8_t stage);
  bool explicit_priority = false;
  bool flow_direction_given = false;
  std::string requires_failed;  // why a `requires` was not met

 private:
  void note(Needs needs);
  void build_header();
  void wait_for_hook(const std::string& hook);
  void apply(const RuleOption& option);
  void apply_keyword(std::string_view name, void (*make)(RuleBuilder&, const RuleOption&), const RuleOption& option);
  void apply_field(const RuleOption& option);
  void apply_integer(const RuleOption& option, const std::string& name);
  void apply_word(const RuleOption& option, const std::string& name);
  void wait_for(size_t protocol, const Reached& reached);
  void ask_buffer(const RuleOption& option, const Asked& asked);
  [[noreturn]] void blame(const std::string& message) const { fail(blamed_ ? *blamed_ : RuleOption{}, message); }
  void finish_payload();
  void sort_by_variables();
  void finish_directions();
  void finish_both_directions();
  void finish_kind();
  void finish_frame();
  void check_content(const Section& section);
  Section& section_of(BufferId buffer, bool fresh);

  const RuleTree& tree_;
  bool swapped_;
  BufferTable& buffers_;
  RegexPool& expressions_;
  const RuleEnvironment& environment_;
  const RuleConfig& config_;
  std::unique_ptr<Rule> rule_;
  std::shared_ptr<RuleInfo> info_;

  int current_ = -1;     // section that a sticky buffer selected; -1: raw payload
  int last_match_ = -1;  // section of the last content, pcre or byte_jump
  ContentStep* last_content_ = nullptr;
  Chain* nested_ = nullptr;
  bool packet_only_ = false, stream_only_ = false, also_packet_ = false, ip_only_ = true;
  bool app_protocol_ = false;           // the header names a detected protocol
  const RuleOption* blamed_ = nullptr;  // the last payload option, for messages about the whole rule
  const RuleOption* option_ = nullptr;  // at hand
  Origins origins_;
};

}  // namespace lapwing::rules
