// Look: the packet that is looked at, and the flow.
#pragma once

#include <cstdint>

#include "sensor/decode/packet.h"
#include "sensor/event/recognition.h"
#include "sensor/flow/budget.h"
#include "sensor/flow/flow.h"
#include "signatures/match/matcher.h"

namespace lapwing {

/// One look [W]: made once, when it begins, and handed to all that takes part in it.
///
/// Either a packet is at hand, of a flow or of none (`flow` is null: no IP, a broken header, a fragment, or a flow that
/// the memory cap refused). Or `packet` is null: none came, but the flow is over or is given up, and
/// what stream, dissector and rules held back of it comes out now. Then there is a flow, `direction` means nothing, and
/// records say "stream (flow timeout)" where others say what the packet came from.
struct Look : MatchContext {
  /// `rules_look`: there are rules, which look too.
  Look(const Packet& at, Flow* of, Direction from, const BudgetConfig& cost, bool rules_look) : ruled(rules_look) {
    packet = &at;
    flow = of;
    budget = &cost;
    direction = from;
    time = at.time;
    number = at.number;
    established = flow && flow->state == FlowState::established;
    encrypted = flow && flow->flags & flow_flag::encrypted;
  }
  /// Without a packet; `latest`: the number of the last frame before.
  Look(Flow& of, Timestamp now, uint64_t latest, const BudgetConfig& cost, bool rules_look) : ruled(rules_look) {
    flow = &of;
    budget = &cost;
    time = now;
    number = latest;
    established = flow->state != FlowState::new_flow;
  }
  Look(const Look&) = delete;
  Look& operator=(const Look&) = delete;

  /// What the flow's sides speak, as far as is known by now.
  void speaks(const Recognition& known) {
    spoken = known;
    protocol = spoken.final.protocol;
    recognition = &spoken;
  }
  /// The same look at what one side said, whoever sent the packet that brought it here.
  MatchContext said_by(Direction side) const {
    MatchContext out = *this;
    out.direction = side;
    return out;
  }

  const bool ruled;
  Recognition spoken;  // once known, what `recognition` points to
};

}  // namespace lapwing
