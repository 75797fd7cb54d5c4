// What the rule engine keeps of a flow [W].
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sensor/event/chunk.h"
#include "sensor/flow/flow.h"
#include "signatures/match/finding.h"
#include "signatures/match/live_transactions.h"
#include "signatures/match/stream_window.h"
#include "signatures/match/tag.h"

namespace lapwing::rules {

inline constexpr size_t kMaxFlowVariables = 64, kMaxPacketVariables = 64;

/// Names of bits, integers and variables are numbers that stay the same from one rule set to the next
/// (compile/names.h).
class FlowState : public FlowAttachment {
 public:
  bool has_bit(uint16_t bit) const { return std::binary_search(bits.begin(), bits.end(), bit); }
  void set_bit(uint16_t bit) {
    auto place = std::lower_bound(bits.begin(), bits.end(), bit);
    if (place == bits.end() || *place != bit) bits.insert(place, bit);
  }
  void clear_bit(uint16_t bit) {
    auto place = std::lower_bound(bits.begin(), bits.end(), bit);
    if (place != bits.end() && *place == bit) bits.erase(place);
  }

  struct Integer {
    uint16_t name;
    uint32_t value;
  };
  Integer* find_integer(uint16_t name) {
    auto found = std::find_if(integers.begin(), integers.end(), [&](const Integer& i) { return i.name == name; });
    return found == integers.end() ? nullptr : &*found;
  }

  const Variable* find_variable(uint16_t name) const {
    auto found = std::find_if(variables.begin(), variables.end(), [&](const Variable& v) { return v.name == name; });
    return found == variables.end() ? nullptr : &*found;
  }

  /// Anomalies of a transaction that event rules have seen.
  struct SeenEvents {
    uint64_t tx = 0;
    uint32_t count = 0;
  };

  static constexpr size_t kMaxTold = 256;

  std::vector<uint16_t> bits;  // sorted
  std::vector<uint64_t> told;  // gid and sid of rules whose alerts were told beyond the flow's budget
  std::vector<Integer> integers;
  std::vector<Variable> variables;  // that rules captured
  std::vector<Variable> entropies;  // numbers, by buffer
  TagList tags;
  std::vector<SeenEvents> seen_events;
  std::array<std::unique_ptr<StreamWindow>, 2> windows;  // by index(Direction); made with the first stream bytes
  std::array<OpenMessage, 2> open;                       // by index(Direction): the last that began, until its end
  std::unique_ptr<WaitingRoom> waiting;                  // null: nothing waits
  std::unique_ptr<LiveTransactions> live;                // null where nobody guesses
};

/// False when there is no room for another.
inline bool set_variable(std::vector<Variable>& variables, uint16_t name, std::string_view text) {
  auto known = std::find_if(variables.begin(), variables.end(), [&](const Variable& v) { return v.name == name; });
  if (known != variables.end()) {
    known->text = text;
    return true;
  }
  if (variables.size() == kMaxFlowVariables) return false;
  variables.push_back({name, std::string(text)});
  return true;
}

/// Access to the state of flows.
class FlowStates {
 public:
  FlowState* find(const Flow& flow) const { return flow.get<FlowState>(FlowSlot::match); }
  FlowState& get(Flow& flow) {
    auto& slot = flow.slots[static_cast<size_t>(FlowSlot::match)];
    if (!slot) slot = std::make_unique<FlowState>();
    return static_cast<FlowState&>(*slot);
  }
  StreamWindow& window(FlowState& state, Direction direction) {
    auto& window = state.windows[static_cast<size_t>(direction)];
    if (!window) window = std::make_unique<StreamWindow>(budget_);
    return *window;
  }
  uint64_t window_bytes() const { return budget_->used; }
  WaitingRoom& waiting_room(FlowState& state) {
    if (!state.waiting) state.waiting = std::make_unique<WaitingRoom>(waiting_budget_);
    return *state.waiting;
  }
  LiveTransactions& live(FlowState& state) {
    if (!state.live) state.live = std::make_unique<LiveTransactions>(waiting_budget_);
    return *state.live;
  }
  uint64_t waiting_bytes() const { return waiting_budget_->used; }

 private:
  std::shared_ptr<WindowBudget> budget_ = std::make_shared<WindowBudget>();
  std::shared_ptr<WaitingBudget> waiting_budget_ = std::make_shared<WaitingBudget>();
};

}  // namespace lapwing::rules
