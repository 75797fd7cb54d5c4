#include "signatures/compile/grouping.h"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <type_traits>

#include "signatures/compile/build_prefilters.h"
#include "signatures/compile/fast_pattern.h"
#include "signatures/compile/stages.h"
#include "signatures/program/buffers.h"

namespace lapwing::rules {

namespace {

constexpr size_t kMaxPortsOfGroup = 64;  // a rule with more ports is looked at whatever the port
// What is found seldom costs least where all bytes are searched anyway: a group of its own has them searched once more.
constexpr size_t kSeldom = 5;            // bytes of a literal that is
constexpr size_t kMaxPortsOfSeldom = 4;  // a rule with such a literal and more ports is looked at whatever the port
constexpr size_t kFewPlaces = 40;        // of a buffer, which are looked at before a call of Hyperscan would have begun
constexpr size_t kFew = 16;              // literals for which a protocol needs no group of its own

void place(Group& group, const Rule& rule, const std::optional<FastPattern>& pattern) {
  if (!pattern) return group.always.push_back(rule.order);
  const Prefilter::Pattern& sought = pattern->pattern;
  if (!sought.expression) group.literals.add({sought.text, sought.nocase, pattern->first, pattern->reach}, rule.order);
  (pattern->reach <= Group::kHead ? group.head : group.prefilter).add(sought, rule.order);
}

size_t port_count(const PortSet& set) {
  if (set.any) return SIZE_MAX;
  size_t count = 0;
  for (auto [first, last] : set.ranges) count += static_cast<size_t>(last - first) + 1;
  return count;
}

template <class Use>
void each_port(const PortSet& set, Use use) {
  for (auto [first, last] : set.ranges) {
    for (uint32_t port = first; port <= last; port++) use(static_cast<uint16_t>(port));
  }
}

void place_by_port(PayloadGroups& groups, uint8_t transport, const Rule& rule,
                   const std::optional<FastPattern>& pattern, size_t protocols) {
  const bool has_ports = transport & (transport_bit::tcp | transport_bit::udp | transport_bit::sctp);
  size_t dst = port_count(*rule.header.dst_port), src = port_count(*rule.header.src_port);
  if (!has_ports && (dst != SIZE_MAX || src != SIZE_MAX)) return;  // a rule with ports is not about this transport
  const bool seldom = pattern && !pattern->pattern.expression && pattern->pattern.text.size() >= kSeldom;
  const size_t most = seldom ? kMaxPortsOfSeldom : kMaxPortsOfGroup;
  if (!rule.header.protocols.empty()) {
    groups.by_protocol.resize(protocols);
    for (size_t p : rule.header.protocols) place(groups.by_protocol[p], rule, pattern);
  } else if (dst <= most && dst <= src) {
    each_port(*rule.header.dst_port, [&](uint16_t port) { place(groups.by_dst_port[port], rule, pattern); });
  } else if (src <= most) {
    each_port(*rule.header.src_port, [&](uint16_t port) { place(groups.by_src_port[port], rule, pattern); });
  } else {
    place(groups.any, rule, pattern);
  }
}

/// Calls `use` with the groups of each of the classes.
template <class Use>
void each_class(Compiled& compiled, uint8_t classes, Use use) {
  for (size_t c = 0; c < compiled.groups.size(); c++) {
    if (classes >> c & 1) use(compiled.groups[c]);
  }
}

void await(RuleGroups& groups, const Rule& rule, size_t direction) {
  groups.has_streams = true;
  if (rule.asks_protocol) groups.waiting |= static_cast<uint8_t>(1u << direction);
  if (rule.asks_sides) groups.waiting_for_side |= static_cast<uint8_t>(1u << direction);
}

void place_payload_rule(Compiled& compiled, Rule& rule) {
  const uint8_t classes = compiled.classes.of(rule);
  auto pattern = choose_fast_pattern(rule, compiled.buffers);
  rule.has_pattern = pattern.has_value();
  for (size_t t = 0; t < kTransports; t++) {
    const auto transport = static_cast<uint8_t>(1u << t);
    if (!(rule.header.transports & transport)) continue;
    for (size_t d = 0; d < 2; d++) {
      if (!(rule.header.directions >> d & 1)) continue;
      bool stream = transport == transport_bit::tcp && rule.scope != RawScope::packet;
      bool packet = !stream || rule.scope == RawScope::both;
      size_t protocols = compiled.protocols.size();
      each_class(compiled, classes, [&](RuleGroups& groups) {
        if (stream) place_by_port(groups.streams[t][d], transport, rule, pattern, protocols);
        if (packet) place_by_port(groups.packets[t][d], transport, rule, pattern, protocols);
        if (stream) await(groups, rule, d);
      });
    }
  }
}

bool field_in_direction(const Compiled& compiled, const Rule& rule, size_t protocol, size_t direction) {
  const Sender other = direction == 0 ? Sender::server : Sender::client;
  auto elsewhere = [&](BufferId id) {
    const Buffer& buffer = compiled.buffers[id];
    return !buffer.only && !buffer.fields.empty() && buffer.fields[protocol]->sender == other;
  };
  return std::none_of(rule.sections.begin(), rule.sections.end(),
                      [&](const Section& s) { return elsewhere(s.buffer); }) &&
         std::none_of(rule.field_tests.begin(), rule.field_tests.end(),
                      [&](const FieldTest& t) { return elsewhere(t.buffer); }) &&
         std::none_of(rule.file_tests.begin(), rule.file_tests.end(),
                      [&](const FileTest& t) { return elsewhere(t.buffer); });
}

/// Its raw content is sought as the stream comes: when its fields are known most of a long message is gone, or to come.
/// What every part of a stream may have is left to the bytes that are at hand then.
void place_raw_part(Compiled& compiled, const Rule& rule, uint8_t classes, size_t direction) {
  const auto pattern = choose_raw_pattern(rule, compiled.buffers);
  if (!rule.joins_stream || !pattern) return;
  static_assert(transport_bit::tcp == 1);
  each_class(compiled, classes, [&](RuleGroups& groups) {
    place_by_port(groups.streams[0][direction], transport_bit::tcp, rule, pattern, compiled.protocols.size());
    await(groups, rule, direction);
  });
}

/// A column of its protocol may be several buffers, under names that rules know: patterns of all of them are sought
/// together, in the first of those.
BufferId searched_as(const Compiled& compiled, BufferId id, size_t protocol, size_t direction) {
  static_assert(std::has_unique_object_representations_v<ColumnPath>);
  const Buffer& buffer = compiled.buffers[id];
  if (!buffer.transforms.empty() || buffer.fields.empty()) return id;
  const Field& field = *buffer.fields[protocol];
  const size_t side = buffer.only ? index(*buffer.only) : direction;
  if (!field.paths[side].found()) return id;
  for (BufferId other = 0; other < id; other++) {
    const Buffer& candidate = compiled.buffers[other];
    if (!candidate.transforms.empty() || candidate.fields.empty() || !candidate.fields[protocol]) continue;
    const Field& same = *candidate.fields[protocol];
    if (candidate.only == buffer.only && same.kind == field.kind && same.stage == field.stage &&
        same.file_stage == field.file_stage &&
        std::memcmp(&same.paths[side], &field.paths[side], sizeof(ColumnPath)) == 0) {
      return other;
    }
  }
  return id;
}

void place_field_rule(Compiled& compiled, Rule& rule, Stages& stages) {
  const uint8_t classes = compiled.classes.of(rule);
  bool raw =
      std::any_of(rule.sections.begin(), rule.sections.end(), [](const Section& s) { return s.buffer == kRawBuffer; });
  if (raw) each_class(compiled, classes, [&](RuleGroups& groups) { groups.raw_fields |= rule.header.directions; });
  auto pattern = choose_fast_pattern(rule, compiled.buffers);
  rule.has_pattern = pattern.has_value();
  std::array<bool, 2> placed{};
  for (size_t p : rule.header.protocols) {
    for (size_t d = 0; d < 2; d++) {
      if (!(rule.header.directions >> d & 1) || !field_in_direction(compiled, rule, p, d)) continue;
      if (!rule.states.empty() && rule.states[p][d] == 0) continue;
      placed[d] = true;
      const BufferId buffer = pattern ? searched_as(compiled, pattern->buffer, p, d) : kRawBuffer;
      const FileStage file_stage = stages.of_file(rule, p, static_cast<Direction>(d));
      const uint8_t stage = stages.of(rule, p, static_cast<Direction>(d), file_stage);
      if (file_stage != FileStage::none) {
        rule.file_stages.resize(compiled.protocols.size());
        rule.file_stages[p][d] = file_stage;
      }
      each_class(compiled, classes, [&](RuleGroups& all) {
        auto& groups = file_stage == FileStage::none ? all.fields[p][d] : all.files[p][d];
        auto found = std::find_if(groups.begin(), groups.end(), [&](const FieldGroup& g) {
          return g.buffer == buffer && g.stage == stage && g.file_stage == file_stage;
        });
        if (found == groups.end()) found = groups.insert(found, FieldGroup{buffer, stage, file_stage, {}});
        place(found->rules, rule, pattern);
      });
    }
  }
  for (size_t d = 0; d < placed.size(); d++) {
    if (placed[d]) place_raw_part(compiled, rule, classes, d);
  }
}

void place_frame_rule(Compiled& compiled, Rule& rule) {
  auto pattern = choose_fast_pattern(rule, compiled.buffers);
  rule.has_pattern = pattern.has_value();
  // A frame may be shown in pieces.
  if (pattern) {
    pattern->first = 0;
    pattern->reach = UINT64_MAX;
  }
  const std::vector<uint64_t>& frames = compiled.buffers[rule.sections.front().buffer].frames;
  for (size_t p : rule.header.protocols) {
    for (size_t d = 0; d < 2; d++) {
      if (!(rule.header.directions >> d & 1)) continue;
      auto& groups = compiled.frame_groups[p][d];
      groups.resize(compiled.protocols[p]->frames.size() + 1);
      for (size_t number = 0; number < groups.size(); number++) {
        if (frames[p] >> number & 1) place(groups[number], rule, pattern);
      }
    }
  }
}

/// Addresses a set covers, capped: how narrow it is.
double width(const AddressSet& set) {
  if (set.any) return 1e40;
  double sum = 0;
  for (const auto* ranges : {&set.v4, &set.v6}) {
    for (const auto& range : *ranges) {
      double first = 0, last = 0;
      for (size_t i = 0; i < range.first.size(); i++) {
        first = first * 256 + range.first.bytes[i];
        last = last * 256 + range.last.bytes[i];
      }
      sum += last - first + 1;
    }
  }
  return sum;
}

void place_ip_only_rule(Compiled& compiled, const Rule& rule) {
  double src = width(*rule.header.src), dst = width(*rule.header.dst);
  if (rule.header.src->any && rule.header.dst->any)
    compiled.ip_only_any.push_back(rule.order);
  else if (src <= dst)
    compiled.by_src.add(*rule.header.src, rule.order);
  else
    compiled.by_dst.add(*rule.header.dst, rule.order);
}

/// Of protocols with few literals, none of which is found often.
void join_few(PayloadGroups& groups) {
  for (Group& group : groups.by_protocol) {
    const ShortSearch& literals = group.literals;
    if (!group.always.empty() || group.prefilter.unbounded() || literals.empty()) continue;
    if (literals.added() > kFew || literals.shortest_added() < kSeldom) continue;
    groups.any.literals.take(group.literals);
    groups.any.prefilter.take(group.prefilter);
    groups.any.head.take(group.head);
  }
}

void append_groups(RuleGroups& all, std::vector<Group*>& out) {
  for (auto* side : {&all.packets, &all.streams}) {
    for (auto& transport : *side) {
      for (PayloadGroups& groups : transport) {
        out.push_back(&groups.any);
        for (auto& [port, group] : groups.by_dst_port) out.push_back(&group);
        for (auto& [port, group] : groups.by_src_port) out.push_back(&group);
        for (Group& group : groups.by_protocol) out.push_back(&group);
      }
    }
  }
  for (auto* of : {&all.fields, &all.files}) {
    for (auto& protocol : *of) {
      for (auto& direction : protocol) {
        for (FieldGroup& group : direction) out.push_back(&group.rules);
      }
    }
  }
}

std::vector<Group*> all_groups(Compiled& compiled) {
  std::vector<Group*> out;
  for (RuleGroups& groups : compiled.groups) append_groups(groups, out);
  for (auto& protocol : compiled.frame_groups) {
    for (auto& direction : protocol) {
      for (Group& group : direction) out.push_back(&group);
    }
  }
  return out;
}

void build_groups(Compiled& compiled) {
  const std::vector<Group*> groups = all_groups(compiled);
  std::vector<Prefilter*> prefilters;
  for (Group* group : groups) {
    group->literals.build();
    group->short_by_literals = group->literals.places() <= kFewPlaces;
    const bool both = !group->prefilter.empty() && !group->head.empty();
    if (both && !group->short_by_literals) group->brief = group->prefilter.joined(group->head);
    if (group->literals.head_places() <= kFewPlaces) group->head = {};
    const bool heads_by_literals = group->head.empty() && group->literals.has_heads();
    if (!group->prefilter.empty() && !group->short_by_literals && !heads_by_literals) group->literals = {};
    for (Prefilter* prefilter : group->prefilters()) {
      if (!prefilter->empty()) prefilters.push_back(prefilter);
    }
  }
  compiled.database_counts = build_prefilters(prefilters, compiled.config);
  for (Group* group : groups) {
    for (Prefilter* prefilter : group->prefilters()) {
      const std::vector<uint32_t> refused = prefilter->settle(compiled.scratch);
      group->always.insert(group->always.end(), refused.begin(), refused.end());
    }
    std::sort(group->always.begin(), group->always.end());
    group->always.erase(std::unique(group->always.begin(), group->always.end()), group->always.end());
    group->always.shrink_to_fit();
  }
}

void place_event_rule(Compiled& compiled, const Rule& rule) {
  for (uint16_t event : rule.events) {
    if (rule.kind == RuleKind::decode_event) {
      compiled.decode_event_rules[event].push_back(rule.order);
    } else {
      for (size_t p : rule.header.protocols) {
        const size_t first = rule.event_part ? kAnomalyRows.first(*compiled.protocols[p], rule.event_part) : 0;
        compiled.app_event_rules[p][first + event].push_back(rule.order);
      }
    }
  }
}

}  // namespace

void group_rules(Compiled& compiled) {
  compiled.classes.choose(compiled.all);
  for (RuleGroups& groups : compiled.groups) {
    groups.fields.resize(compiled.protocols.size());
    groups.files.resize(compiled.protocols.size());
  }
  compiled.frame_groups.resize(compiled.protocols.size());
  compiled.app_event_rules.resize(compiled.protocols.size());
  for (size_t p = 0; p < compiled.protocols.size(); p++) {
    compiled.app_event_rules[p].resize(kAnomalyRows.size(*compiled.protocols[p]));
  }
  Stages stages(compiled);
  for (const auto& rule : compiled.all) {
    switch (rule->kind) {
      case RuleKind::ip_only: place_ip_only_rule(compiled, *rule); break;
      case RuleKind::packet:
      case RuleKind::stream: place_payload_rule(compiled, *rule); break;
      case RuleKind::transaction:
        place_field_rule(compiled, *rule, stages);
        place_event_rule(compiled, *rule);
        break;
      case RuleKind::frame: place_frame_rule(compiled, *rule); break;
      case RuleKind::stream_event:
        for (uint16_t event : rule->events) {
          compiled.stream_event_rules[compiled.stream_events[event]].push_back(rule->order);
        }
        break;
      case RuleKind::decode_event:
      case RuleKind::app_event: place_event_rule(compiled, *rule); break;
    }
  }
  for (RuleGroups& groups : compiled.groups) {
    for (auto* side : {&groups.packets, &groups.streams}) {
      for (auto& transport : *side) std::ranges::for_each(transport, join_few);
    }
    for (auto* of : {&groups.fields, &groups.files}) {
      for (auto& protocol : *of) {
        for (auto& direction : protocol) {
          std::ranges::sort(direction, {}, [](const FieldGroup& group) {
            return std::tie(group.stage, group.file_stage, group.buffer);
          });
        }
      }
    }
  }
  build_groups(compiled);
  compiled.by_src.build();
  compiled.by_dst.build();
}

}  // namespace lapwing::rules
