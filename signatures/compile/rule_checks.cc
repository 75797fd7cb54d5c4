// Checks over a whole rule, and what follows from its parts: direction, scope, kind.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/compile/rule_builder.h"
#include "signatures/program/size_step.h"

namespace lapwing::rules {

namespace {

uint8_t mask_of(Sender sender) {
  return sender == Sender::client ? kToServer : sender == Sender::server ? kToClient : kBothDirections;
}

bool negates(const ListNode& node) {
  return node.negated || std::any_of(node.items.begin(), node.items.end(), negates);
}

Touches most(const Chain& chain) {
  Touches out = Touches::nothing;
  for (const auto& step : chain) {
    out = std::max(out, step->touches);
    if (Chain* inner = step->inner()) out = std::max(out, most(*inner));
  }
  return out;
}
/// What a chain sets, and what it reads without having set it before.
VariableUse variables_of(const Chain& chain) {
  VariableUse out;
  for (const auto& step : chain) {
    VariableUse use = step->variables();
    if (Chain* inner = step->inner()) {
      const VariableUse nested = variables_of(*inner);
      use = {use.sets | nested.sets, use.reads | nested.reads};
    }
    out = {out.sets | use.sets, out.reads | (use.reads & ~out.sets)};
  }
  return out;
}

void settle(Chain& chain) {
  const auto earlier = [](const auto& a, const auto& b) { return a->touches < b->touches; };
  // Most chains are, and stable_sort() allocates before it looks.
  if (!std::is_sorted(chain.begin(), chain.end(), earlier)) std::stable_sort(chain.begin(), chain.end(), earlier);
  for (auto& step : chain) {
    if (auto* content = step_as<ContentStep>(*step)) content->settle();
    if (Chain* inner = step->inner()) settle(*inner);
  }
  link_chain(chain);
}

}  // namespace

void RuleBuilder::check_content(const Section& section) {
  uint64_t longest = UINT64_MAX;
  for (const auto& step : section.chain) {
    if (auto* size = step_as<SizeStep>(*step)) longest = std::min(longest, size->test.most());
  }
  for (const auto& step : section.chain) {
    auto* content = step_as<ContentStep>(*step);
    if (!content) continue;
    const auto size = static_cast<int64_t>(content->pattern.size());
    if (content->has_depth && content->depth.variable < 0 && content->depth.value < size) {
      blame("depth " + std::to_string(content->depth.value) + " is less than the content's " + std::to_string(size) +
            " bytes: it can never match");
    }
    if (content->has_within && content->within.variable < 0 && content->within.value < size) {
      blame("within " + std::to_string(content->within.value) + " is less than the content's " + std::to_string(size) +
            " bytes: it can never match");
    }
    if (!content->negated && static_cast<uint64_t>(size) > longest) {
      blame("a content of " + std::to_string(size) + " bytes cannot be in a buffer that the rule limits to " +
            std::to_string(longest));
    }
    if (buffers_.lowercased(section.buffer)) {
      bool upper = content->pattern != to_lower(content->pattern);
      if (content->nocase || upper) {
        blame(buffers_.buffer(section.buffer).name + " is always in lower case: " +
              (upper ? "the content's upper case can never match" : "nocase has no meaning"));
      }
    }
  }
}

void RuleBuilder::finish_payload() {
  auto& sections = rule_->sections;
  std::erase_if(sections, [](const Section& s) { return s.buffer == kRawBuffer && s.chain.empty(); });
  for (Section& section : sections) {
    if (section.absence == Absence::only && !section.chain.empty()) {
      blame("buffer " + buffers_.buffer(section.buffer).name +
            " cannot be absent and be looked into; 'absent: or_else' allows either");
    }
    if (section.absence == Absence::or_else && section.chain.empty()) {
      blame("'absent: or_else' needs something to look for in " + buffers_.buffer(section.buffer).name);
    }
    if (section.chain.empty() && section.absence == Absence::never) {
      fail({}, "nothing is looked for in buffer " + buffers_.buffer(section.buffer).name);
    }
    check_content(section);
    settle(section.chain);
    section.touches = most(section.chain);
  }
  if (!rule_->variables.empty()) sort_by_variables();
}

/// Buffers are looked into after those that set the variables they read.
void RuleBuilder::sort_by_variables() {
  std::vector<Section> waiting = std::move(rule_->sections), &sorted = rule_->sections;
  sorted.clear();
  const auto reads_what_another_sets = [&](const Section& section) {
    const uint32_t reads = variables_of(section.chain).reads;
    return std::any_of(waiting.begin(), waiting.end(), [&](const Section& other) {
      return &other != &section && variables_of(other.chain).sets & reads;
    });
  };
  while (!waiting.empty()) {
    auto next = std::find_if_not(waiting.begin(), waiting.end(), reads_what_another_sets);
    if (next == waiting.end()) skip({}, "buffers that read each other's variables are not there yet");
    const uint32_t reads = variables_of(next->chain).reads;
    for (const Section& earlier : sorted) {
      if (variables_of(earlier.chain).sets & reads) next->touches = std::max(next->touches, earlier.touches);
    }
    sorted.push_back(std::move(*next));
    waiting.erase(next);
  }
}

/// A rule over request and response takes each of its buffers from one of them, and looks at both.
void RuleBuilder::finish_both_directions() {
  if (flow_direction_given) fail({}, "a transactional rule (=>) is for both directions; flow must not name one");
  uint8_t used = 0;
  // Of the rule's protocols.
  auto sides_of = [&](const std::vector<const Field*>& fields) {
    uint8_t sides = 0;
    for (size_t p = 0; p < fields.size(); ++p) {
      if (fields[p] && (!app_protocol_ || rule_->header.protocols.has(p))) sides |= mask_of(fields[p]->sender);
    }
    return sides;
  };
  auto settle_side = [&](BufferId& id) {
    if (id == kRawBuffer || buffers_.buffer(id).of_packet || !buffers_.buffer(id).frames.empty()) {
      fail({}, "a transactional rule (=>) looks at buffers of protocols only, not at " + buffers_.buffer(id).name);
    }
    if (!buffers_.buffer(id).only) {
      const uint8_t sides = sides_of(buffers_.buffer(id).fields);
      if (sides == kBothDirections) {
        fail({}, buffers_.buffer(id).name + " is in both directions; write '" + buffers_.buffer(id).name +
                     ": to_server' or '" + buffers_.buffer(id).name + ": to_client'");
      }
      id = buffers_.directed(id, sides == kToServer ? Direction::to_server : Direction::to_client);
    }
    const Direction direction = *buffers_.buffer(id).only;
    const uint8_t side = direction == Direction::to_server ? kToServer : kToClient;
    const uint8_t sides = sides_of(buffers_.buffer(id).fields);
    if (sides && !(sides & side)) fail({}, buffers_.buffer(id).name + " does not exist in that direction");
    used |= side;
  };
  for (Section& section : rule_->sections) settle_side(section.buffer);
  for (FieldTest& test : rule_->field_tests) settle_side(test.buffer);
  for (FileTest& test : rule_->file_tests) settle_side(test.buffer);
  if (used != kBothDirections) {
    fail({}, "a transactional rule (=>) needs a buffer of each direction; use -> for one");
  }
}

void RuleBuilder::finish_directions() {
  if (rule_->transactional) finish_both_directions();
  ProtocolSet protocols = ProtocolSet::below(buffers_.protocol_count());
  if (app_protocol_) protocols &= rule_->header.protocols;
  bool uses_fields = false;
  std::string names;
  auto narrow = [&](BufferId id) {
    const Buffer& buffer = buffers_.buffer(id);
    if (buffer.fields.empty()) return;
    uses_fields = true;
    names += (names.empty() ? "" : ", ") + buffer.name;
    uint8_t mask = 0;
    for (size_t p = 0; p < buffer.fields.size(); p++) {
      if (!buffer.fields[p])
        protocols.remove(p);
      else if (protocols.has(p))
        mask |= buffer.only ? kBothDirections : mask_of(buffer.fields[p]->sender);
    }
    if (protocols.empty()) fail({}, "no protocol of this rule has " + names);
    rule_->header.directions &= mask;
    if (rule_->header.directions == 0) {
      fail({}, flow_direction_given ? buffer.name + " does not exist in the direction that flow asks for"
                                    : "the buffers " + names + " belong to different directions");
    }
  };
  for (const Section& section : rule_->sections) narrow(section.buffer);
  for (const FieldTest& test : rule_->field_tests) narrow(test.buffer);
  for (const FileTest& test : rule_->file_tests) narrow(test.buffer);
  if (!rule_->states.empty()) {
    uses_fields = true;
    uint8_t mask = 0;
    for (size_t p = 0; p < rule_->states.size(); p++) {
      const auto& [up, down] = rule_->states[p];
      if (up == 0 && down == 0) protocols.remove(p);
      mask |= static_cast<uint8_t>((up ? kToServer : 0) | (down ? kToClient : 0));
    }
    rule_->header.directions &= mask;
    if (protocols.empty()) fail({}, "no protocol of this rule has that state");
    if (rule_->header.directions == 0) fail({}, "the state and the buffers belong to different directions");
  }
  if (uses_fields) {
    rule_->header.protocols = protocols;
    if (event_rule) {
      if (rule_->kind != RuleKind::app_event) {
        skip({}, "events of packets together with protocol buffers are not there yet");
      }
      rule_->conditions.push_back(std::move(transaction_event));
    }
    rule_->kind = RuleKind::transaction;
  }
}

/// A rule over frames looks at one kind of them, and at nothing else of the traffic.
void RuleBuilder::finish_frame() {
  std::string other;
  BufferId frame = kRawBuffer;
  auto of_frame = [&](BufferId id) { return !buffers_.buffer(id).frames.empty(); };
  for (const Section& section : rule_->sections) {
    if (of_frame(section.buffer)) frame = section.buffer;
  }
  if (frame == kRawBuffer) return;
  auto check = [&](BufferId id) {
    if (!of_frame(id) || buffers_.buffer(id).frames != buffers_.buffer(frame).frames) {
      blame("a rule that looks at " + buffers_.buffer(frame).name + " cannot look at " +
            (id == kRawBuffer ? "the payload" : buffers_.buffer(id).name) + " too");
    }
  };
  for (const Section& section : rule_->sections) check(section.buffer);
  for (const FieldTest& test : rule_->field_tests) check(test.buffer);
  for (const FileTest& test : rule_->file_tests) check(test.buffer);
  if (packet_only_) blame("a rule that looks at frames cannot be for single packets");
  if (event_rule) blame("a rule for an event cannot look at frames");
  rule_->kind = RuleKind::frame;
}

void RuleBuilder::finish_kind() {
  Rule& rule = *rule_;
  finish_frame();
  if (rule.kind == RuleKind::frame) return;
  const Section* raw = nullptr;
  bool packet_buffer = false;
  for (const Section& section : rule.sections) {
    if (section.buffer == kRawBuffer) raw = &section;
    if (buffers_.buffer(section.buffer).of_packet) packet_buffer = true;
  }
  if (packet_buffer) packet_only_ = true;
  if (packet_only_ && stream_only_) fail({}, "a rule cannot be for the stream only and for packets only");
  bool tcp = (rule.header.transports & transport_bit::tcp) != 0;
  rule.scope = RawScope::packet;
  if (raw && tcp && !packet_only_) {
    bool bounded = std::any_of(raw->chain.begin(), raw->chain.end(), [](const auto& step) {
      auto* content = step_as<ContentStep>(*step);
      return content && (content->has_depth || content->has_offset);
    });
    rule.scope = stream_only_ ? RawScope::stream_only : bounded || also_packet_ ? RawScope::both : RawScope::stream;
  }
  if (rule.kind == RuleKind::transaction) {
    rule.joins_stream = raw && rule.scope != RawScope::packet && raw->touches == Touches::nothing &&
                        variables_of(raw->chain).reads == 0;
  }
  if (event_rule || rule.kind == RuleKind::transaction) return;
  if (rule.kind == RuleKind::ip_only) {  // the first packet of each direction, whatever it asks of that
    rule.scope = RawScope::packet;
    return;
  }
  if (raw) {
    rule.kind = rule.scope == RawScope::packet ? RuleKind::packet : RuleKind::stream;
  } else if (rule.sections.empty() && ip_only_ && !rule.header.needs_flow && !app_protocol_) {
    // A negated address makes a rule look at every packet (Suricata's "like IP-only").
    bool negated = negates(tree_.src) || negates(tree_.dst);
    rule.kind = negated ? RuleKind::packet : RuleKind::ip_only;
  } else {
    rule.kind = RuleKind::packet;
  }
}

}  // namespace lapwing::rules
