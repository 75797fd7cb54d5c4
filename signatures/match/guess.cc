// Transactions for alerts whose rules name none: detect.guess-applayer-tx.
#include "signatures/match/matcher.h"

namespace lapwing::rules {

void Matcher::event(const MatchContext& context, const Event& event) {
  if (!event.tx || !context.flow) return;
  const Transaction& tx = *event.tx;
  const std::array<uint8_t, 2> before = tx.inspected;
  if (!guesses() || tx.blank || tx.progress == before) return inspect(context, event);
  LiveTransactions& live = states_.live(states_.get(*context.flow));
  const bool kept =
      live.advance(event, before == decltype(before){}, [&](Direction direction, LiveTransactions::Shown& shown) {
        Event seen = event;
        seen.direction = direction;
        shown.app_layer.clear();
        shown.forwarded.clear();
        sink_.serialise(seen, shown.app_layer, shown.forwarded);
      });
  counters_.live_transactions_max += !kept;
  queue_.follow_one(live.one(false));
  inspect(context, event);
  queue_.follow_one(false);
  if (is_over(event)) live.end(event);
}

/// For a rule over packets or streams.
const LiveTransactions* Matcher::only_live(const Rule& rule, const Scene& scene, bool stream) const {
  if (!guesses() || !scene.flow || scene.event || scene.frame || rule.kind == RuleKind::ip_only) return nullptr;
  const FlowState* state = states_.find(*scene.flow);
  return state && state->live && state->live->one(!stream) ? state->live.get() : nullptr;
}

}  // namespace lapwing::rules
