// The engine while it is watched: what it costs, and the first requirement of a rule that does not hold.
#include <algorithm>

#include "signatures/match/matcher.h"
#include "signatures/match/misfit.h"
#include "signatures/program/content.h"
#include "signatures/program/words.h"

namespace lapwing::rules {

namespace {

std::string_view name_of_transport(uint8_t bit) {
  switch (bit) {
    case transport_bit::tcp: return "TCP";
    case transport_bit::udp: return "UDP";
    case transport_bit::icmp: return "ICMP";
    case transport_bit::icmpv6: return "ICMPv6";
    case transport_bit::sctp: return "SCTP";
    case 0: return "no IP";
    default: return "another transport protocol";
  }
}

std::string port_text(const Scene& scene, uint16_t port) {
  return scene.has_ports ? std::to_string(port) : "none";
}

/// Where a step begins to look.
uint64_t start_of(const Step& step, uint64_t cursor, const Subject& subject) {
  if (step.relative) return std::clamp(cursor, subject.base, subject.end());
  auto* content = step_as<ContentStep>(step);
  if (!content || !content->has_offset || content->offset.variable >= 0) return subject.base;
  return std::clamp(static_cast<uint64_t>(content->offset.value), subject.base, subject.end());
}

const char* why_never(const Rule& rule) {
  switch (rule.kind) {
    case RuleKind::ip_only: return "it is looked at in the first packet of a direction only";
    case RuleKind::decode_event:
    case RuleKind::stream_event:
    case RuleKind::app_event: return "its event did not occur";
    default: break;
  }
  if (rule.has_pattern) return "its fast pattern was not seen";
  if (rule.kind == RuleKind::frame) return "no frame of its kind was there";
  return rule.kind == RuleKind::transaction ? "no transaction got as far as its buffers"
                                            : "there were no bytes to look at";
}

}  // namespace

void Matcher::trace(Tracer* tracer) {
  tracer_ = tracer;
  asked_.clear();
  if (!tracer || !rules_) return;
  for (const auto& rule : rules_->all) {
    // The two of a <> rule share their description, and are one to those who watch.
    auto same = [&](const Rule* other) { return other->info == rule->info; };
    if (tracer->asks(*rule->info) && std::none_of(asked_.begin(), asked_.end(), same)) asked_.push_back(rule.get());
  }
}

bool Matcher::traced_match(const Rule& rule, const Scene& scene, const Subject* raw, uint64_t floor) {
  RuleLook look;
  look.rule = rule.info.get();
  look.context = scene.context;
  look.direction = scene.direction;
  look.src = scene.src;
  look.dst = scene.dst;
  look.src_port = scene.src_port;
  look.dst_port = scene.dst_port;
  look.tx = scene.event ? scene.event->tx : nullptr;
  look.stream = raw && (!scene.packet || raw->data.data() != scene.packet->payload.data());
  const uint64_t start = ticks();
  look.matched = evaluate(rule, scene, raw, floor);
  look.ticks = ticks() - start;
  if (look.matched || !tracer_->asks(*rule.info)) {
    tracer_->looked(look, nullptr);
    return look.matched;
  }
  const MatchCounters counted = counters_;  // looking for the reason is no work of the engine
  RuleMiss miss = find_miss(rule, scene, raw);
  counters_ = counted;
  tracer_->looked(look, &miss);
  return false;
}

std::string_view asked(Misfit misfit) {
  switch (misfit) {
    case Misfit::flow: return "it needs a flow";
    case Misfit::direction: return "it is for the other direction";
    case Misfit::established: return "its flow must be established";
    case Misfit::not_established: return "its flow must not be established";
    case Misfit::app_protocol: return "it is for another application protocol";
    case Misfit::transport: return "it is for another transport protocol";
    case Misfit::ip_protocol: return "it is for another IP protocol";
    case Misfit::ip_version: return "it is for the other version of IP";
    case Misfit::src_port: return "the source port is none of its";
    case Misfit::dst_port: return "the destination port is none of its";
    case Misfit::src: return "the source address is none of its";
    case Misfit::dst: return "the destination address is none of its";
  }
  return {};
}

std::string found(Misfit misfit, const Scene& scene) {
  switch (misfit) {
    case Misfit::flow: return "a packet without one";
    case Misfit::direction: return scene.direction == Direction::to_server ? "to_server" : "to_client";
    case Misfit::established: return "not established";
    case Misfit::not_established: return "established";
    case Misfit::app_protocol:
      return scene.protocol == kMaxProtocols ? "none detected"
                                             : std::string(scene.rules->protocols[scene.protocol]->name);
    case Misfit::transport: return std::string(name_of_transport(scene.transport));
    case Misfit::ip_protocol: return scene.packet ? "number " + std::to_string(scene.packet->proto) : "no packet";
    case Misfit::ip_version: return scene.src.version == 4 ? "IPv4" : "IPv6";
    case Misfit::src_port: return port_text(scene, scene.src_port);
    case Misfit::dst_port: return port_text(scene, scene.dst_port);
    case Misfit::src: return to_string(scene.src);
    case Misfit::dst: return to_string(scene.dst);
  }
  return {};
}

RuleMiss Matcher::find_miss(const Rule& rule, const Scene& scene, const Subject* raw) {
  RuleMiss miss;
  if (const auto header = misfit(rule.header, scene)) {
    miss.part = "header";
    miss.condition = asked(*header);
    miss.found = found(*header, scene);
    return miss;
  }
  auto missed = [&](const auto& conditions) {
    for (const auto& condition : conditions) {
      if (condition->holds(scene)) continue;
      miss.part = "condition";
      miss.condition = Sentence(" ").add(condition->keyword).add(condition->describe()).text();
      return true;
    }
    return false;
  };
  if (missed(rule.conditions)) return miss;
  for (const FieldTest& test : rule.field_tests) {
    if (field_test_passes(test, scene)) continue;
    const Buffer& buffer = rules_->buffers[test.buffer];
    miss.part = "condition";
    miss.buffer = buffer.name;
    if (test.word) {
      miss.condition = Sentence(" ").add(buffer.name).add(describe_word(test)).text();
      return miss;
    }
    miss.condition = Sentence(" ").add(buffer.name).add(describe(test.test)).add(describe(test.multi)).text();
    Sentence found;
    for (const auto& value : values_.get(test.buffer)) found.add(std::to_string(value->integer));
    miss.found = found.text().empty() ? "no value" : found.text();
    return miss;
  }
  if (!files_match(rule)) {
    miss.part = "condition";
    miss.condition = "one file that passes all of its tests on files";
    miss.found = std::to_string(values_.get(rule.file_tests[0].buffer).size()) + " files";
    return miss;
  }
  inspection_->scene = &scene;
  inspection_->variables.fill(0);
  if (miss_in_sections(rule, Touches::nothing, raw, miss)) return miss;
  miss = {};
  if (missed(rule.late) || miss_in_sections(rule, Touches::reads_shared, raw, miss)) return miss;
  miss = {};
  for (const Section& section : rule.sections) {
    if (section.touches != Touches::writes_shared) continue;
    // Not asked again: a set that it was added to has the value by now.
    miss.part = "state";
    miss.buffer = rules_->buffers[section.buffer].name;
    miss.condition = section.chain.back()->describe(rule.variables);
    return miss;
  }
  // Every part by itself holds: what matched lies in bytes that were looked at before.
  miss.part = "buffer";
  miss.condition = "a match that ends in bytes not looked at before";
  return miss;
}

bool Matcher::miss_in_sections(const Rule& rule, Touches touches, const Subject* raw, RuleMiss& miss) {
  return std::any_of(rule.sections.begin(), rule.sections.end(), [&](const Section& section) {
    return section.touches == touches && miss_in_section(rule, section, raw, miss);
  });
}

/// Of several values the one that got furthest is told of.
bool Matcher::miss_in_section(const Rule& rule, const Section& section, const Subject* raw, RuleMiss& miss) {
  const FieldValues::Values values = section.buffer == kRawBuffer ? FieldValues::Values{} : values_.get(section.buffer);
  miss.part = "buffer";
  miss.buffer = rules_->buffers[section.buffer].name;
  if (section.absence != Absence::never) {
    if (values.empty()) return false;
    if (section.absence == Absence::only) {
      miss.condition = "absent";
      miss.found = "a value";
      miss.bytes = values[0]->bytes;
      miss.size = values[0]->bytes.size();
      return true;
    }
  }
  const size_t count = section.buffer == kRawBuffer ? (raw ? 1 : 0) : values.size();
  if (count == 0) {
    miss.condition = section.chain.empty() ? "a value" : section.chain.front()->describe(rule.variables);
    miss.found = "no value";
    return true;
  }
  size_t furthest = 0;
  bool any = false;
  for (size_t i = 0; i < count; i++) {
    const Subject subject = section.buffer == kRawBuffer ? *raw : Subject{values[i]->bytes, values[i]->base};
    uint64_t cursor = 0;
    for (size_t steps = 1;; steps++) {
      if (steps > section.chain.size()) return false;
      uint64_t end = 0;
      const uint64_t given_up = counters_.inspection_recursion_limit;
      if (inspection_->matches_first(section.chain, steps, subject, end)) {
        cursor = end;
        continue;
      }
      if (any && steps <= furthest) break;
      any = true;
      furthest = steps;
      const Step& step = *section.chain[steps - 1];
      const uint64_t from = start_of(step, cursor, subject);
      miss.condition = step.describe(rule.variables);
      miss.bytes = subject.data.subspan(from - subject.base);
      miss.offset = from;
      miss.size = subject.end();
      miss.found = counters_.inspection_recursion_limit > given_up ? "given up at inspection-recursion-limit" : "";
      break;
    }
  }
  return any;
}

void Matcher::flow_over(const MatchContext& context) {
  if (!rules_ || !context.flow) return;
  for (const Rule* rule : asked_) {
    // What depends on the moment is told with a look, not of a flow.
    const auto there = misfit(rule->header, flow_scene(context, Direction::to_server));
    const auto back = misfit(rule->header, flow_scene(context, Direction::to_client));
    const bool one_way = (rule->header.directions & kToServer) == 0;
    const std::string_view why = there && back ? asked(one_way ? *back : *there) : why_never(*rule);
    tracer_->flow_over(context, *rule->info, why);
  }
}

}  // namespace lapwing::rules
