#include "signatures/match/alert_queue.h"

#include <algorithm>
#include <array>

#include "signatures/match/shared.h"

namespace lapwing::rules {

namespace {

std::optional<uint32_t> number_of(const CarriedFile& file, const Scene& scene) {
  for (uint32_t number = 0;; number++) {
    const CarriedFile* one = scene.event->protocol->file(*scene.event->tx, scene.direction, number);
    if (one == &file) return number;
    if (!one) return {};
  }
}

void name(Finding& finding, const OpenMessage& message) {
  finding.has_tx = true;
  finding.tx_id = message.tx_id;
  finding.tx_number = message.tx_number;
  finding.protocol = message.protocol;
  finding.begin = message.begin;
}

}  // namespace

void AlertQueue::add(const Rule& rule, const Scene& scene, const Payload& payload, std::string_view context,
                     const LiveTransactions* only) {
  if (count_ == kMaxQueuedAlerts) {
    counters_.alert_queue_overflow++;
    return;
  }
  if (count_ == found_.size()) found_.emplace_back();
  Finding& finding = found_[count_++];
  finding.rule = &rule;
  finding.info = rule.info;
  finding.direction = scene.direction;
  finding.stream = payload.stream;
  finding.src = scene.src;
  finding.dst = scene.dst;
  finding.has_tx = scene.event != nullptr;
  finding.guessed = finding.complete = false;
  finding.begin = 0;
  finding.end = payload.end;
  finding.protocol = scene.context->protocol;
  finding.file.reset();
  finding.app_layer.clear();
  finding.forwarded.clear();
  const bool shown = rule.alerts || rule.pass_alerts;
  if (scene.event) {
    finding.tx_id = scene.event->tx->id;
    finding.tx_number = scene.event->tx->number;
    finding.protocol = scene.event->protocol;
    if (scene.file) finding.file = number_of(*scene.file, scene);
    if (shown) show(finding, *scene.event);
  } else if (payload.open.protocol && payload.end > payload.open.begin) {
    name(finding, payload.open);
    finding.guessed = payload.stream;
  } else if (only) {
    name(finding, only->latest());
  }
  if (only && finding.has_tx && only->is_latest(*finding.protocol, finding.tx_id)) {
    finding.guessed = scene.transport != transport_bit::udp;  // a datagram is its message
    if (shown) {
      finding.app_layer = only->shown(finding.direction).app_layer;
      finding.forwarded = only->shown(finding.direction).forwarded;
    }
  }
  finding.frame.clear();
  if (scene.frame && shown) sink_.serialise(*scene.frame, finding.frame);
  finding.context.clear();
  if (!context.empty()) finding.context.append("{").append(context).append("}");
  finding.payload = payload.stream ? Bytes{} : payload.bytes;
  finding.copied.clear();
  if (payload.stream) finding.copied.append(to_text(payload.lead)).append(to_text(payload.bytes));
}

/// As its own direction has it.
void AlertQueue::show(Finding& finding, const Event& event) {
  Event seen = event;
  seen.direction = finding.direction;
  // Files may move while their transaction lives.
  const CarriedFile* file = finding.file ? event.protocol->file(*event.tx, finding.direction, *finding.file) : nullptr;
  seen.detail = file ? file->self() : nullptr;
  finding.complete = is_over(event);
  finding.app_layer.clear();
  finding.forwarded.clear();
  sink_.serialise(seen, finding.app_layer, finding.forwarded);
}

bool AlertQueue::belongs(Finding& finding, const Event& event) const {
  const Transaction& tx = *event.tx;
  const uint64_t begin = tx.begin[index(finding.direction)];
  const bool same = finding.has_tx && finding.tx_id == tx.id && finding.protocol == event.protocol;
  if (finding.end > begin && (!finding.has_tx || begin >= finding.begin)) {
    if (!same) finding.guessed = follows_one_ || finding.stream;
    name(finding, {event.protocol, tx.id, tx.number, begin});
    return true;
  }
  return same;
}

void AlertQueue::follow(const Event& event, FlowState* state, size_t from) {
  for (size_t i = from; i < count_; i++) {
    const Rule& rule = *found_[i].rule;
    if ((rule.alerts || rule.pass_alerts) && belongs(found_[i], event)) show(found_[i], event);
  }
  if (!state || !state->waiting) return;
  bool changed = false;
  for (auto& waiting : state->waiting->all) {
    if (!belongs(waiting->finding, event)) continue;
    show(waiting->finding, event);
    changed = true;
  }
  if (changed) state->waiting->account();
}

bool AlertQueue::suppressed(const Finding& finding, const Compiled& rules) const {
  const RuleInfo& info = *finding.rule->info;
  for (const Suppression& s : rules.suppressions) {
    if ((s.gid != 0 && s.gid != info.gid) || (s.sid != 0 && s.sid != info.sid)) continue;
    using Track = Threshold::Track;
    bool src = s.addresses.contains(finding.src), dst = s.addresses.contains(finding.dst);
    if (s.track == Track::by_rule || (s.track == Track::by_src && src) || (s.track == Track::by_dst && dst) ||
        (s.track == Track::by_both && (src || dst))) {
      return true;
    }
  }
  return false;
}

bool AlertQueue::passes(const Finding& finding, const MatchContext& context, SharedState& shared, Action& action) {
  if (finding.rule->thresholds.empty()) return true;
  shared.await(context.number);
  for (size_t i = 0; i < finding.rule->thresholds.size(); i++) {
    const Threshold& threshold = finding.rule->thresholds[i];
    SharedKey key;
    key.track = static_cast<uint8_t>(static_cast<size_t>(threshold.track) + 8 * i);
    key.gid = finding.rule->info->gid;
    key.sid = finding.rule->info->sid;
    using Track = Threshold::Track;
    switch (threshold.track) {
      case Track::by_src: key.a = finding.src; break;
      case Track::by_dst: key.a = finding.dst; break;
      case Track::by_both:
        key.a = std::min(finding.src, finding.dst);
        key.b = std::max(finding.src, finding.dst);
        break;
      case Track::by_rule: break;
      case Track::by_flow: key.flow = context.flow ? context.flow->id : 0; break;
    }
    ThresholdVerdict verdict = shared.count(threshold, key, context.time, counters_);
    if (!verdict.alert) return false;
    if (verdict.changed) action = verdict.action;
  }
  return true;
}

/// A pass rule over the flow as a whole, and not over one packet, lets all of the flow pass.
bool AlertQueue::ends_flow_inspection(const Finding& finding) {
  const Rule& rule = *finding.rule;
  switch (rule.kind) {
    case RuleKind::ip_only:
    case RuleKind::transaction:
    case RuleKind::frame:
    case RuleKind::app_event: return true;
    default: return finding.stream || (rule.sections.empty() && rule.conditions.empty());
  }
}

void AlertQueue::tag(const Finding& finding, const MatchContext& context, SharedState& shared, FlowStates& states) {
  for (const Tag& tag : finding.rule->tags) {
    if (tag.what == Tag::What::session) {
      if (context.flow) states.get(*context.flow).tags.add(tag, *finding.rule->info, context.time, counters_);
    } else {
      shared.await(context.number);
      const IpAddress& host = tag.what == Tag::What::source ? finding.src : finding.dst;
      shared.add_tag(host, tag, *finding.rule->info, context.time, counters_);
    }
  }
}

void AlertQueue::deliver(const MatchContext& context, const Compiled& rules, SharedState& shared, FlowStates& states,
                         std::span<const Variable> variables) {
  if (count_ == 0) return;
  sequence_.resize(count_);
  for (uint32_t i = 0; i < count_; i++) sequence_[i] = i;
  std::sort(sequence_.begin(), sequence_.end(), [&](uint32_t x, uint32_t y) {
    const Finding &a = found_[x], &b = found_[y];
    if (a.rule->order != b.rule->order) return a.rule->order < b.rule->order;
    if (a.has_tx != b.has_tx) return a.has_tx;
    if (a.has_tx && a.tx_id != b.tx_id) return a.tx_id > b.tx_id;
    return x < y;
  });
  // A pass rule that comes last has not ended what came before, and is the verdict on it all the same.
  const bool passed = std::any_of(found_.begin(), found_.begin() + static_cast<ptrdiff_t>(count_),
                                  [](const Finding& f) { return f.rule->info->action == Action::pass; });
  // What both directions said at once, as at the end of a flow, is told as with a packet of each.
  std::array<uint64_t, 2> delivered{};
  for (uint32_t i : sequence_) {
    Finding& finding = found_[i];
    const Rule& rule = *finding.rule;
    finding.action = rule.info->action;
    if (finding.action == Action::pass) {
      if (context.flow && ends_flow_inspection(finding)) context.flow->flags |= flow_flag::passed;
      if (!rule.pass_alerts) break;
    } else if (!rule.alerts) {
      continue;
    } else if (passed || (context.flow && context.flow->flags & flow_flag::passed)) {
      finding.action = Action::pass;
    }
    if (suppressed(finding, rules) || !passes(finding, context, shared, finding.action)) {
      counters_.alerts_suppressed++;
      continue;
    }
    if (delivered[index(finding.direction)] == rules.config.packet_alert_max) {
      counters_.alert_queue_overflow++;
      continue;
    }
    delivered[index(finding.direction)]++;
    counters_.alert++;
    if (!rule.tags.empty()) tag(finding, context, shared, states);
    if (context.flow) context.flow->flags |= flow_flag::alerted;
    sink_.raised(*rule.info);
    if (waits(finding, context, states)) {
      wait(finding, context, states, variables);
    } else {
      tell(finding, context, rules, variables, packet_at_hand(context));
    }
    if (rule.info->action == Action::pass) break;
  }
  count_ = 0;
}

bool AlertQueue::waits(const Finding& finding, const MatchContext& context, const FlowStates& states) {
  if (!finding.stream && (!finding.has_tx || finding.guessed)) return false;
  if (!context.packet || !context.flow) return false;
  const bool unanswered = finding.lacks_answer() && context.packet->is_tcp();
  if (finding.direction == context.direction && !unanswered) return false;
  const FlowState* state = states.find(*context.flow);
  const size_t others = state && state->waiting ? state->waiting->all.size() : 0;
  if (states.waiting_bytes() < WaitingBudget::kLimit && others < kWaitingAlertsMax) return true;
  counters_.waiting_alerts_max++;
  return false;
}

void AlertQueue::wait(Finding& finding, const MatchContext& context, FlowStates& states,
                      std::span<const Variable> variables) {
  WaitingRoom& room = states.waiting_room(states.get(*context.flow));
  if (finding.direction == context.direction) room.keep(context.direction, packet_at_hand(context));
  if (spare_.empty()) {
    room.all.push_back(std::make_unique<Waiting>());
  } else {
    room.all.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  Waiting& waiting = *room.all.back();
  std::swap(waiting.finding, finding);
  waiting.finding.rule = nullptr;
  waiting.finding.payload = {};
  waiting.since = context.time;
  waiting.finding.variables.assign(variables.begin(), variables.end());
  room.account();
}

void AlertQueue::tell_waiting(const MatchContext& context, const Compiled& rules, FlowStates& states) {
  FlowState* state = context.flow ? states.find(*context.flow) : nullptr;
  if (!state || !state->waiting) return;
  // A packet about the flow is none of it.
  if (context.packet && context.packet->has_quoted) return;
  WaitingRoom& room = *state->waiting;
  const PacketBytes at_hand = packet_at_hand(context);
  bool one_stays = false;
  std::erase_if(room.all, [&](std::unique_ptr<Waiting>& waiting) {
    Finding& finding = waiting->finding;
    if (context.packet) {
      if (finding.direction != context.direction) return false;
      if (!waiting->over(context.time)) {
        one_stays = true;
        return false;
      }
      finding.payload = context.packet->payload;
    }
    tell(finding, context, rules, finding.variables, context.packet ? at_hand : room.latest(finding.direction));
    finding.info.reset();
    if (spare_.size() < kSpare && waiting->size() <= kSpareBytes) spare_.push_back(std::move(waiting));
    return true;
  });
  if (room.all.empty()) {
    state->waiting.reset();
    return;
  }
  if (one_stays) room.keep(context.direction, at_hand);
  room.account();
}

void AlertQueue::tell(const Finding& finding, const MatchContext& context, const Compiled& rules,
                      std::span<const Variable> variables, const PacketBytes& packet) {
  pktvars_.clear();
  for (const Variable& variable : variables) {
    if (variable.name < rules.variables.size()) pktvars_.push_back({rules.variables[variable.name], variable.text});
  }
  Alert alert;
  alert.rule = finding.info.get();
  alert.action = finding.action;
  alert.has_tx = finding.has_tx;
  alert.tx_id = finding.tx_number;
  alert.tx_guessed = finding.guessed;
  alert.protocol = finding.protocol;
  alert.app_layer = finding.app_layer;
  alert.context = finding.context;
  alert.forwarded = finding.forwarded;
  alert.frame = finding.frame;
  alert.direction = finding.direction;
  alert.has_flow = context.flow != nullptr;
  alert.stream = finding.stream;
  alert.payload = finding.stream ? to_bytes(finding.copied) : finding.payload;
  alert.pktvars = pktvars_;
  alert.packet = packet.bytes;
  alert.link_type = packet.link_type;
  sink_.alert(context, alert);
}

}  // namespace lapwing::rules
