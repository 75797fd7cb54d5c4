// Rules over transactions of protocols, and over what breaks a protocol. Fields that get more as their message ends are
// looked at once more then, by the rules that have not matched.
#include <algorithm>

#include "signatures/match/field_look.h"
#include "signatures/program/buffers.h"

namespace lapwing::rules {

namespace {
constexpr size_t kMaxSeenEvents = 64;  // transactions of a flow whose events are remembered
}  // namespace

void Matcher::inspect(const MatchContext& context, const Event& event) {
  Transaction& tx = *event.tx;
  if (context.packet && context.packet->is_udp() && event.protocol->one_message && !tx.blank) {
    datagram_ = event;
  }
  const std::array<uint8_t, 2> before = tx.inspected;
  FlowState* state = states_.find(*context.flow);
  if (tx.progress != before) queue_.follow(event, state);
  const size_t found = queue_.size();
  if (idle(context)) {
    tx.inspected = tx.progress;
    return;
  }
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    uint8_t &inspected = tx.inspected[index(direction)], progress = tx.progress[index(direction)];
    if (progress <= inspected) continue;
    if (progress == kComplete) {
      look(context, direction);
      queue_.follow(event, nullptr, found);
    }
    fields(context, event, direction);
    inspected = progress;
  }
  if (state) note_messages(event, *state);
  if (!tx.anomalies.empty()) app_events(context, event, before);
}

/// Which message the bytes that streams look at belong to, when nothing of the transaction is at hand.
void Matcher::note_messages(const Event& event, FlowState& state) {
  const Transaction& tx = *event.tx;
  for (size_t side = 0; side < state.open.size(); side++) {
    OpenMessage& open = state.open[side];
    if (tx.begin[side] == kNowhere || !state.windows[side]) continue;
    if (tx.progress[side] != kComplete) {
      if (!open.protocol || tx.begin[side] >= open.begin) open = {event.protocol, tx.id, tx.number, tx.begin[side]};
    } else if (open.protocol == event.protocol && open.tx_id == tx.id) {
      open = {};
    }
  }
}

/// What is shown of a transaction's direction: its stream as it stands, or the datagram at hand. `base`: where in the
/// stream that begins.
Payload Matcher::payload_at_hand(const Scene& scene, uint64_t& base) const {
  const MatchContext& context = *scene.context;
  base = 0;
  if (scene.transport == transport_bit::tcp) {
    const StreamWindow* window = window_of(context, scene.direction);
    if (!window) return {{}, true};
    base = window->base();
    return {window->bytes(), true, window->lead()};
  }
  const bool at_hand = context.packet && context.direction == scene.direction;
  return {at_hand ? context.packet->payload : Bytes{}};
}

/// True when what the rule wants of the other direction was final before this one got on: of both, only the later
/// looks at the rule.
bool Matcher::other_side_ready(const Rule& rule, const Transaction& tx, Direction direction, uint8_t protocol) const {
  auto waits = [&](BufferId id) {
    const Buffer& buffer = rules_->buffers[id];
    return buffer.only && *buffer.only != direction && buffer.fields[protocol] &&
           tx.inspected[index(*buffer.only)] < final_stage(*buffer.fields[protocol]);
  };
  auto none_waits = [&](const auto& parts) {
    return std::none_of(parts.begin(), parts.end(), [&](const auto& part) { return waits(part.buffer); });
  };
  return none_waits(rule.sections) && none_waits(rule.field_tests) && none_waits(rule.file_tests);
}

/// Rules of one stage are evaluated together, in their order. `told`: those that must not match again.
void Matcher::fields_of_stage(FieldLook& look, std::span<const FieldGroup> groups, bool again,
                              std::vector<uint64_t>& told) {
  const Direction direction = look.scene.direction;
  const Transaction& tx = look.tx;
  candidates_.clear();
  for (const FieldGroup& group : groups) {
    for (uint32_t rule : group.rules.always) candidates_.add(rule);
    if (!group.rules.has_patterns()) continue;
    const Buffer& buffer = rules_->buffers[group.buffer];
    if (buffer.only && *buffer.only != direction &&
        tx.inspected[index(*buffer.only)] < final_stage(*buffer.fields[look.scene.protocol])) {
      continue;
    }
    for (const auto& value : values_.get(group.buffer)) scan(group.rules, value->bytes);
  }
  for (uint32_t number : candidates_.sorted()) {
    const Rule& rule = *rules_->all[number];
    const uint64_t mark = rules_->generation() << 32 | number;
    if (again && std::find(told.begin(), told.end(), mark) != told.end()) continue;
    if (rule.transactional && !other_side_ready(rule, tx, direction, look.scene.protocol)) continue;
    if (!matches(rule, rule.transactional ? look.request : look.scene, look.raw(), 0)) continue;
    if (look.may_grow || rule.joins_stream) told.push_back(mark);
    matched(rule, look.scene, look.payload);
  }
}

void Matcher::fields(const MatchContext& context, const Event& event, Direction direction) {
  const uint8_t protocol = rules_->protocol_index(event.protocol);
  if (protocol == kMaxProtocols) return;
  const Scene scene = flow_scene(context, direction);
  const RuleGroups& groups = *scene.groups;
  if (groups.fields[protocol][index(direction)].empty() && groups.files[protocol][index(direction)].empty()) return;
  Work work(context, counters_);
  if (!work.allowed()) return;
  FieldLook look(*this, scene, event, protocol, event.tx->progress[index(direction)]);
  field_rules(look);
  file_rules(look);
  if (look.to == kComplete) joined_rules(look);
}

void Matcher::field_rules(FieldLook& look) {
  const auto& groups = look.scene.groups->fields[look.scene.protocol][index(look.scene.direction)];
  for (size_t i = 0; i < groups.size();) {
    const uint8_t stage = groups[i].stage;
    size_t end = i;
    while (end < groups.size() && groups[end].stage == stage) end++;
    const bool again = look.grown(stage);
    if (again || (stage > look.from && stage <= look.to)) {
      fields_of_stage(look, std::span(groups).subspan(i, end - i), again, look.tx.matched);
    }
    i = end;
  }
}

/// The message is over: what raw content was found in it before its last bytes, or behind those that decided on a
/// rule's fields.
void Matcher::joined_rules(const FieldLook& look) {
  StreamWindow* window = window_of(*look.scene.context, look.scene.direction);
  const uint64_t begin = look.tx.begin[index(look.scene.direction)];
  if (!window || begin == kNowhere || window->generation != rules_->generation()) return;
  window->forget_found(begin);
  for (const StreamWindow::Found& found : window->found()) {
    const Rule& rule = *rules_->all[found.rule];
    const uint64_t mark = rules_->generation() << 32 | found.rule;
    const Subject subject = in_message(*found.bytes, found.base, begin);
    each_file(rule, look.scene, [&](const Scene& scene, std::vector<uint64_t>& told) {
      if (std::find(told.begin(), told.end(), mark) != told.end()) return;
      if (!matches(rule, scene, &subject, 0)) return;
      told.push_back(mark);
      matched(rule, scene, {*found.bytes, true});
    });
  }
}

/// Each rule looks in its own direction, whichever side broke the protocol; one for both in that of the side that did.
/// `inspected`: what field_rules() had looked at before.
void Matcher::app_events(const MatchContext& context, const Event& event, std::array<uint8_t, 2> inspected) {
  uint8_t protocol = rules_->protocol_index(event.protocol);
  if (protocol == kMaxProtocols) return;
  const auto& by_event = rules_->app_event_rules[protocol];
  const auto& anomalies = event.tx->anomalies;
  auto interesting = [&](uint8_t name) { return name < by_event.size() && !by_event[name].empty(); };
  if (std::none_of(anomalies.begin(), anomalies.end(), interesting)) return;

  auto& seen = states_.get(*context.flow).seen_events;
  auto known = std::find_if(seen.begin(), seen.end(), [&](const auto& s) { return s.tx == event.tx->id; });
  if (known == seen.end()) {
    if (seen.size() == kMaxSeenEvents) {
      seen.erase(seen.begin());
      counters_.seen_events_max++;
    }
    seen.push_back({event.tx->id});
    known = seen.end() - 1;
  }
  const uint32_t from = known->count;
  known->count = static_cast<uint32_t>(anomalies.size());
  if (from == known->count) return;
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    candidates_.clear();
    for (uint32_t i = from; i < anomalies.size(); i++) {
      if (!interesting(anomalies[i])) continue;
      for (uint32_t number : by_event[anomalies[i]]) {
        const Rule& rule = *rules_->all[number];
        const uint8_t directions = rule.header.directions;
        if (directions == kBothDirections ? direction != event.direction : !(directions >> index(direction) & 1))
          continue;
        // A rule over buffers looked when its direction was complete, and sees here what was found since.
        if (rule.kind == RuleKind::transaction && inspected[index(direction)] != kComplete) continue;
        candidates_.add(number);
      }
    }
    Scene scene = flow_scene(context, direction);
    scene.event = &event;
    scene.protocol = protocol;
    values_.start(event.tx, direction, protocol, scene.packet);
    uint64_t base = 0;
    const Payload payload = payload_at_hand(scene, base);
    const Subject subject = in_message(payload.bytes, base, event.tx->begin[index(direction)]);
    for (uint32_t number : candidates_.sorted()) {
      const Rule& rule = *rules_->all[number];
      each_file(rule, scene, [&](const Scene& one, const std::vector<uint64_t>&) {
        if (matches(rule, one, subject.data.empty() ? nullptr : &subject, 0)) matched(rule, one, payload);
      });
    }
  }
}

}  // namespace lapwing::rules
