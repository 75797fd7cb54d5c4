// Rules over one packet: addresses, headers, payload, events of decoder and stream.
#include "signatures/match/matcher.h"

namespace lapwing::rules {

void Matcher::packet(const MatchContext& context) {
  if (!context.packet || !rules_) return;
  if (idle(context)) return;
  Scene scene = packet_scene(context);
  values_.start(nullptr, scene.direction, scene.protocol, scene.packet);
  bool first = !scene.flow || scene.flow->packets[index(scene.direction)] == 1;
  packet_events(scene);
  if (scene.transport == 0) return;
  if (first) ip_only(scene);
  packet_rules(scene);
}

void Matcher::run(const Scene& scene, std::span<const uint32_t> rules, Bytes payload) {
  Subject subject{payload, 0};
  for (uint32_t number : rules) {
    const Rule& rule = *rules_->all[number];
    if (rule.kind == RuleKind::stream && rule.scope == RawScope::stream_only) continue;
    if (matches(rule, scene, payload.empty() ? nullptr : &subject, 0)) matched(rule, scene, {payload});
  }
}

void Matcher::ip_only(const Scene& scene) {
  candidates_.clear();
  for (uint32_t rule : rules_->by_src.find(scene.src)) candidates_.add(rule);
  for (uint32_t rule : rules_->by_dst.find(scene.dst)) candidates_.add(rule);
  for (uint32_t rule : rules_->ip_only_any) candidates_.add(rule);
  run(scene, candidates_.sorted(), scene.packet->payload);
}

void Matcher::add_packet_group(const PayloadGroups& groups, const Scene& scene, Bytes payload) {
  auto add = [&](const Group& group) {
    scan(group, payload);
    for (uint32_t rule : group.always) candidates_.add(rule);
  };
  add(groups.any);
  if (scene.has_ports) {
    if (const Group* group = groups.by_dst_port.find(scene.dst_port)) add(*group);
    if (const Group* group = groups.by_src_port.find(scene.src_port)) add(*group);
  }
  if (scene.protocol < groups.by_protocol.size()) add(groups.by_protocol[scene.protocol]);
}

void Matcher::packet_rules(const Scene& scene) {
  auto transport = static_cast<size_t>(__builtin_ctz(scene.transport));
  const Bytes payload = scene.packet->has_l4 && !scene.context->encrypted ? scene.packet->payload : Bytes{};
  const RuleGroups& groups = *scene.groups;
  candidates_.clear();
  // Without a flow there is no direction: rules of either may match.
  for (Direction direction : {Direction::to_server, Direction::to_client}) {
    if (scene.flow && direction != scene.direction) continue;
    add_packet_group(groups.packets[transport][index(direction)], scene, payload);
    // What the stream does not see, stream rules see here.
    if (scene.transport == transport_bit::tcp && !scene.context->in_stream && !payload.empty()) {
      add_packet_group(groups.streams[transport][index(direction)], scene, payload);
    }
  }
  run(scene, candidates_.sorted(), payload);
}

void Matcher::packet_events(const Scene& scene) {
  const Packet& packet = *scene.packet;
  if (packet.event_count == 0 && scene.context->stream_events.empty()) return;
  candidates_.clear();
  for (size_t i = 0; i < packet.event_count; i++) {
    auto event = static_cast<size_t>(packet.events[i]);
    if (event >= rules_->decode_event_rules.size()) continue;
    for (uint32_t rule : rules_->decode_event_rules[event]) candidates_.add(rule);
  }
  for (std::string_view name : scene.context->stream_events) {
    if (name.starts_with("stream.")) name.remove_prefix(7);
    auto found = rules_->stream_event_rules.find(name);
    if (found == rules_->stream_event_rules.end()) continue;
    for (uint32_t rule : found->second) candidates_.add(rule);
  }
  run(scene, candidates_.sorted(), packet.payload);
}

}  // namespace lapwing::rules
