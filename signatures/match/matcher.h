// Matcher: packets, chunks and events of one worker in, alerts out.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sensor/event/chunk.h"
#include "sensor/event/event.h"
#include "signatures/match/alert_queue.h"
#include "signatures/match/field_values.h"
#include "signatures/match/match_context.h"
#include "signatures/match/scene.h"
#include "signatures/match/shared.h"
#include "signatures/match/tracer.h"
#include "signatures/program/match_counters.h"
#include "signatures/program/rule_set.h"

namespace lapwing::rules {

/// Every part of a matcher that depends on the rule set, ready to change places with the matcher's own: made where time
/// does not matter [H].
struct MatcherKit {
  MatcherKit(std::shared_ptr<const Compiled> rules, MatchCounters& counters);

  std::shared_ptr<const Compiled> rules;
  Scratch scratch;
  Candidates candidates;
  std::unique_ptr<Inspection> inspection;
  FieldValues values;
  std::vector<std::string_view> bit_names;
};

/// The rule engine of one worker. Never throws; allocates nothing per packet in steady state.
/// Per packet the caller calls, in this order: begin; chunk, gap and event as the stream and the dissector bring them,
/// the events of a gap before it; packet; end. `end` sorts, thresholds and delivers the alerts.
class Matcher {
 public:
  Matcher(std::shared_ptr<const RuleSet> rules, std::shared_ptr<SharedState> shared, AlertSink& sink);
  /// Whoever watches from now on, borrowed, or null for nobody. Call before the first packet.
  void trace(Tracer* tracer);
  /// Makes all that taking these rules needs memory for. Safe from any thread while the matcher lives.
  std::unique_ptr<MatcherKit> prepare(std::shared_ptr<const RuleSet> rules) const;
  /// Takes the rules of the kit, between bursts only: pointers change hands, nothing is allocated or freed. After that
  /// the kit holds what was in use before, to be destroyed where time does not matter.
  void exchange(MatcherKit& kit);
  /// Both at once.
  void adopt(std::shared_ptr<const RuleSet> rules);
  void begin(const MatchContext& context);
  /// New contiguous stream bytes, for rules over raw TCP payload. They are taken in parts that rules look at together;
  /// `dissect` is called with each part before they do, since it may turn out to be encrypted.
  template <class Dissect>
  void chunk(const MatchContext& context, const Chunk& chunk, Dissect dissect) {
    Chunk rest = chunk;
    do {
      Chunk part = rest;
      part.data = rest.data.first(take(context, rest));
      rest.data = rest.data.subspan(part.data.size());
      rest.offset += part.data.size();
      part.end = chunk.end && rest.data.empty();
      dissect(part);
      settle(context, part);
    } while (!rest.data.empty());
  }
  /// Raw rules look at the stream up to `offset`, and at the other direction's so far, for the last time.
  void encrypted(const MatchContext& context, Direction direction, uint64_t offset);
  /// `lost` bytes from `offset` on are missing.
  void gap(const MatchContext& context, Direction direction, uint64_t offset, uint64_t lost);
  /// A transaction advanced. A completed direction is also the boundary at which raw stream rules look.
  void event(const MatchContext& context, const Event& event);
  /// A file of the event's transaction and direction reached a stage.
  void file(const MatchContext& context, const Event& event, CarriedFile& file);
  /// A frame, or the next piece of one.
  void frame(const MatchContext& context, const MessageFrame& frame);
  /// The packet's own headers and payload, decoder and stream events.
  void packet(const MatchContext& context);
  void end(const MatchContext& context);
  /// The flow is over: raw stream rules look at what is left. Call between begin and end.
  void finish(const MatchContext& context);
  /// Client and server of the flow changed places. Call before rules look at the packet itself.
  void swap_direction(Flow& flow);
  /// True when it is asked for the first time whether this rule alerted on the flow, for as many rules as are
  /// remembered: of each of them one alert is told, however little the flow may be recorded with.
  bool first_alert(Flow& flow, const RuleInfo& rule);
  /// Names of the flow's bits that are set, for records; valid until the next call.
  std::span<const std::string_view> flowbits(const Flow& flow);
  /// What rules captured into variables of the flow; of the packet at hand, until the next begin. Views are valid until
  /// the next call.
  std::span<const NamedText> flowvars(const Flow& flow);
  std::span<const NamedText> pktvars();
  /// Integers of the flow that rules set.
  std::span<const NamedNumber> flowints(const Flow& flow);
  /// Entropies of the flow's buffers that rules asked for, as numbers.
  std::span<const NamedText> entropies(const Flow& flow);
  const MatchCounters& counters() const {
    counters_.stream_window_bytes = states_.window_bytes();
    return counters_;
  }

 private:
  /// How many of the bytes rules look at together; at least one of those there are.
  size_t take(const MatchContext& context, const Chunk& chunk);
  void settle(const MatchContext& context, const Chunk& part);

  // matcher.cc: scenes and rules
  bool idle(const MatchContext& context) const;
  Scene scene(const MatchContext& context, Direction direction);
  const RuleGroups* groups_between(const IpAddress& src, const IpAddress& dst) const {
    return &rules_->groups[rules_->classes.of(src, dst)];
  }
  Scene packet_scene(const MatchContext& context);
  Scene flow_scene(const MatchContext& context, Direction direction);
  /// `raw`: the bytes for raw content, or null when there are none.
  bool matches(const Rule& rule, const Scene& scene, const Subject* raw, uint64_t floor) {
    if (tracer_) [[unlikely]]
      return traced_match(rule, scene, raw, floor);
    return evaluate(rule, scene, raw, floor);
  }
  bool evaluate(const Rule& rule, const Scene& scene, const Subject* raw, uint64_t floor);
  bool sections_match(const Rule& rule, Touches touches, const Subject* raw, uint64_t floor);
  bool section_matches(const Section& section, const Subject* raw, uint64_t floor);
  /// Of the rule that matched last in a stream.
  Payload evidence(const Scene& scene, Bytes bytes, Bytes lead) {
    return {bytes, true, lead, raw_end_, states_.get(*scene.flow).open[index(scene.direction)]};
  }
  /// The file at hand, or else one of the direction's, passes all of the rule's tests.
  bool files_match(const Rule& rule);
  bool field_test_passes(const FieldTest& test, const Scene& scene);
  void matched(const Rule& rule, const Scene& scene, const Payload& payload);
  /// Adds the candidates that patterns of the group name in a whole buffer.
  void scan(const Group& group, Bytes bytes);
  /// ... in some bytes, by one of its prefilters.
  void scan_by(const Group& group, const Prefilter& prefilter, Bytes bytes);
  /// ... by those near the buffer's start alone. `base` is less than Group::kHead.
  void scan_head(const Group& group, Bytes bytes, uint64_t base);
  /// Counts the bytes that `find` goes over, and shows the tracer.
  template <class Find>
  void search(const Group& group, size_t bytes, Find find);
  void tags(const MatchContext& context);

  // trace.cc: the same, watched [cold]
  bool traced_match(const Rule& rule, const Scene& scene, const Subject* raw, uint64_t floor);
  RuleMiss find_miss(const Rule& rule, const Scene& scene, const Subject* raw);
  bool miss_in_sections(const Rule& rule, Touches touches, const Subject* raw, RuleMiss& miss);
  bool miss_in_section(const Rule& rule, const Section& section, const Subject* raw, RuleMiss& miss);
  void flow_over(const MatchContext& context);

  /// A look at what a dissector brought: what is searched while it lives is charged to the flow.
  class Work {
   public:
    Work(const MatchContext& context, MatchCounters& counters)
        : context_(context), counters_(counters), before_(counters.bytes_searched) {}
    ~Work() { spend<FlowCosts::kWorkUnit>(context_.flow->costs.work, counters_.bytes_searched - before_); }
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    bool allowed();

   private:
    const MatchContext& context_;
    MatchCounters& counters_;
    const uint64_t before_;
  };

  // captures.cc
  void keep_captures(const Scene& scene);
  void name_all(std::span<const Variable> variables, std::vector<NamedText>& out) const;
  std::span<const Variable> packet_variables() const { return {packet_variables_.data(), packet_variable_count_}; }

  // packets.cc
  void ip_only(const Scene& scene);
  void packet_rules(const Scene& scene);
  void add_packet_group(const PayloadGroups& groups, const Scene& scene, Bytes payload);
  void packet_events(const Scene& scene);
  void run(const Scene& scene, std::span<const uint32_t> rules, Bytes payload);

  // streams.cc
  using GroupSet = std::array<const Group*, 4>;
  GroupSet stream_groups(const Scene& scene) const;
  bool wants_stream(const Scene& scene) const;
  bool keeps_stream(const Scene& scene) const;
  StreamWindow* window_of(const MatchContext& context, Direction direction) const;
  bool waits(const Scene& scene) const;
  /// `goes_on`: more of the stream comes, and rules that want to see it first are looked at again.
  void look(const MatchContext& context, Direction direction, bool goes_on = false);
  void look_back(const MatchContext& context);
  void scan_stream(const Group& group, const Subject& stream, uint64_t scanned);
  void scan_cells(const MatchContext& context, const GroupSet& set, StreamWindow& window);
  void look_at_owed(const Scene& scene, StreamWindow& window);
  void find_raw_part(const Rule& rule, const Scene& scene, StreamWindow& window, const Subject& subject,
                     uint64_t floor);
  void look_at_both(const MatchContext& context);

  // guess.cc
  bool guesses() const { return rules_ && rules_->config.guess_transactions; }
  const LiveTransactions* only_live(const Rule& rule, const Scene& scene, bool stream) const;

  // transactions.cc
  void inspect(const MatchContext& context, const Event& event);
  class FieldLook;
  void fields(const MatchContext& context, const Event& event, Direction direction);
  void field_rules(FieldLook& look);
  void file_rules(FieldLook& look);
  void file_rules(FieldLook& look, CarriedFile& file);
  void fields_of_stage(FieldLook& look, std::span<const FieldGroup> groups, bool again, std::vector<uint64_t>& told);
  void joined_rules(const FieldLook& look);
  /// Calls `use` with the scene of each file that the rule is about, or with `scene` where it is about none.
  template <class Use>
  void each_file(const Rule& rule, const Scene& scene, Use use);
  void app_events(const MatchContext& context, const Event& event, std::array<uint8_t, 2> inspected);
  static void note_messages(const Event& event, FlowState& state);
  Payload payload_at_hand(const Scene& scene, uint64_t& base) const;
  bool other_side_ready(const Rule& rule, const Transaction& tx, Direction direction, uint8_t protocol) const;

  std::shared_ptr<const Compiled> rules_;
  std::shared_ptr<SharedState> shared_;
  mutable MatchCounters counters_;  // kits count in it from when they are made
  Scratch scratch_;
  Candidates candidates_;
  std::unique_ptr<Inspection> inspection_;
  FieldValues values_{counters_};
  bool captured_ = false;  // at the packet at hand, for records
  uint64_t raw_end_ = 0;   // of what the rule at hand found in the stream; 0: nothing
  FlowStates states_;
  AlertQueue queue_;
  AlertSink& sink_;
  Event datagram_;          // of the transaction that the datagram at hand is; tx null: of none
  bool flow_ends_ = false;  // nothing more comes that rules could wait for
  Tracer* tracer_ = nullptr;
  std::vector<const Rule*> asked_;          // that the tracer asks for, one a description
  std::vector<Variable> packet_variables_;  // the first packet_variable_count_ are set
  size_t packet_variable_count_ = 0;
  std::vector<NamedText> flowvars_, pktvars_, entropies_;
  std::vector<NamedNumber> flowints_;
  std::vector<std::string_view> bit_names_;
};

}  // namespace lapwing::rules

namespace lapwing {
using rules::Matcher;
using rules::MatcherKit;
}  // namespace lapwing
