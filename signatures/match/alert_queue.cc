#include "signatures/match/alert_queue.h"

#include <algorithm>

#include "signatures/match/shared.h"

namespace lapwing::detect {

void AlertQueue::add(const Rule& rule, const Scene& scene, Bytes payload, bool stream, std::string_view context) {
  if (count_ == kMaxQueuedAlerts) {
    counters_.alert_queue_overflow++;
    return;
  }
  if (count_ == entries_.size()) entries_.emplace_back();
  Entry& entry = entries_[count_++];
  entry.rule = &rule;
  entry.direction = scene.direction;
  entry.stream = stream;
  entry.src = scene.src;
  entry.dst = scene.dst;
  entry.has_tx = scene.event != nullptr;
  entry.app_layer.clear();
  entry.forwarded.clear();
  entry.protocol = scene.context->protocol;
  if (scene.event) {
    entry.tx_id = scene.event->tx->id;
    entry.protocol = scene.event->protocol;
    if (rule.alerts || rule.pass_alerts) sink_.serialise(*scene.event, entry.app_layer, entry.forwarded);
  }
  entry.frame.clear();
  if (scene.frame && (rule.alerts || rule.pass_alerts)) sink_.serialise(*scene.frame, entry.frame);
  entry.context.clear();
  if (!context.empty()) entry.context.append("{").append(context).append("}");
  if (stream) {
    entry.copied.assign(to_text(payload));
  } else {
    entry.payload = payload;
  }
}

bool AlertQueue::suppressed(const Entry& entry, const Compiled& rules) const {
  const RuleInfo& info = *entry.rule->info;
  for (const Suppression& s : rules.suppressions) {
    if ((s.gid != 0 && s.gid != info.gid) || (s.sid != 0 && s.sid != info.sid)) continue;
    using Track = Threshold::Track;
    bool src = s.addresses.contains(entry.src), dst = s.addresses.contains(entry.dst);
    if (s.track == Track::by_rule || (s.track == Track::by_src && src) || (s.track == Track::by_dst && dst) ||
        (s.track == Track::by_both && (src || dst))) {
      return true;
    }
  }
  return false;
}

bool AlertQueue::passes(const Entry& entry, const MatchContext& context, Shared& shared, Action& action) {
  if (entry.rule->thresholds.empty()) return true;
  shared.turn(context.number);
  for (size_t i = 0; i < entry.rule->thresholds.size(); i++) {
    const Threshold& threshold = entry.rule->thresholds[i];
    SharedKey key;
    key.track = static_cast<uint8_t>(static_cast<size_t>(threshold.track) + 8 * i);
    key.gid = entry.rule->info->gid;
    key.sid = entry.rule->info->sid;
    using Track = Threshold::Track;
    switch (threshold.track) {
      case Track::by_src: key.a = entry.src; break;
      case Track::by_dst: key.a = entry.dst; break;
      case Track::by_both:
        key.a = std::min(entry.src, entry.dst);
        key.b = std::max(entry.src, entry.dst);
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
bool AlertQueue::ends_flow_inspection(const Entry& entry) {
  const Rule& rule = *entry.rule;
  switch (rule.kind) {
    case RuleKind::ip_only:
    case RuleKind::transaction:
    case RuleKind::frame:
    case RuleKind::app_event: return true;
    default: return entry.stream || (rule.sections.empty() && rule.conditions.empty());
  }
}

void AlertQueue::tag(const Entry& entry, const MatchContext& context, Shared& shared, FlowStates& states) {
  for (const Tag& tag : entry.rule->tags) {
    if (tag.what == Tag::What::session) {
      if (context.flow) states.get(*context.flow).tags.add(tag, *entry.rule->info, context.time, counters_);
    } else {
      shared.turn(context.number);
      const IpAddress& host = tag.what == Tag::What::source ? entry.src : entry.dst;
      shared.add_tag(host, tag, *entry.rule->info, context.time, counters_);
    }
  }
}

void AlertQueue::deliver(const MatchContext& context, const Compiled& rules, Shared& shared, FlowStates& states) {
  if (count_ == 0) return;
  sequence_.resize(count_);
  for (uint32_t i = 0; i < count_; i++) sequence_[i] = i;
  std::sort(sequence_.begin(), sequence_.end(), [&](uint32_t x, uint32_t y) {
    const Entry &a = entries_[x], &b = entries_[y];
    if (a.rule->order != b.rule->order) return a.rule->order < b.rule->order;
    if (a.has_tx != b.has_tx) return a.has_tx;
    if (a.has_tx && a.tx_id != b.tx_id) return a.tx_id > b.tx_id;
    return x < y;
  });
  uint64_t delivered = 0;
  for (uint32_t i : sequence_) {
    Entry& entry = entries_[i];
    Action action = entry.rule->info->action;
    if (action == Action::pass) {
      if (context.flow && ends_flow_inspection(entry)) context.flow->flags |= flow_flag::passed;
      if (!entry.rule->pass_alerts) break;
    } else if (!entry.rule->alerts) {
      continue;
    } else if (context.flow && context.flow->flags & flow_flag::passed) {
      action = Action::pass;
    }
    if (suppressed(entry, rules) || !passes(entry, context, shared, action)) {
      counters_.alerts_suppressed++;
      continue;
    }
    if (delivered == rules.config.packet_alert_max) {
      counters_.alert_queue_overflow++;
      continue;
    }
    delivered++;
    counters_.alert++;
    if (!entry.rule->tags.empty()) tag(entry, context, shared, states);
    Alert alert;
    alert.rule = entry.rule->info.get();
    alert.action = action;
    alert.has_tx = entry.has_tx;
    alert.tx_id = entry.tx_id;
    alert.protocol = entry.protocol;
    alert.app_layer = entry.app_layer;
    alert.context = entry.context;
    alert.forwarded = entry.forwarded;
    alert.frame = entry.frame;
    alert.direction = entry.direction;
    alert.has_flow = context.flow != nullptr;
    alert.stream = entry.stream;
    alert.payload = entry.stream ? to_bytes(entry.copied) : entry.payload;
    if (context.packet) {
      alert.packet = context.packet->frame;
      alert.link_type = context.packet->link_type;
    }
    if (context.flow) context.flow->flags |= flow_flag::alerted;
    sink_.alert(context, alert);
    if (entry.rule->info->action == Action::pass) break;
  }
  count_ = 0;
}

}  // namespace lapwing::detect
