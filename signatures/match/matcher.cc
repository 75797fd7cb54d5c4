#include "signatures/match/matcher.h"

#include <algorithm>
#include <utility>

#include "signatures/match/misfit.h"

namespace lapwing::rules {

namespace {

bool carries_ports(uint8_t transport) {
  return (transport & (transport_bit::tcp | transport_bit::udp | transport_bit::sctp)) != 0;
}

}  // namespace

Matcher::Matcher(std::shared_ptr<const RuleSet> rules, std::shared_ptr<SharedState> shared, AlertSink& sink)
    : shared_(std::move(shared)), queue_(sink, counters_), sink_(sink) {
  packet_variables_.resize(kMaxPacketVariables);
  adopt(std::move(rules));
}

MatcherKit::MatcherKit(std::shared_ptr<const Compiled> set, MatchCounters& counters)
    : rules(std::move(set)), values(counters) {
  if (!rules) return;
  scratch.clone_from(rules->scratch);
  candidates.resize(rules->all.size());
  inspection = std::make_unique<Inspection>(rules->config.inspection_recursion_limit, counters);
  values.adopt(*rules);
  bit_names.reserve(rules->flowbits.size());
}

std::unique_ptr<MatcherKit> Matcher::prepare(std::shared_ptr<const RuleSet> rules) const {
  return std::make_unique<MatcherKit>(std::static_pointer_cast<const Compiled>(std::move(rules)), counters_);
}

/// Rules that wait in the queue are the old set's: they are not delivered, which between packets costs nothing.
void Matcher::exchange(MatcherKit& kit) {
  queue_.clear();
  rules_.swap(kit.rules);
  scratch_.swap(kit.scratch);
  std::swap(candidates_, kit.candidates);
  inspection_.swap(kit.inspection);
  values_.swap(kit.values);
  bit_names_.swap(kit.bit_names);
  trace(tracer_);
}

void Matcher::adopt(std::shared_ptr<const RuleSet> rules) {
  exchange(*prepare(std::move(rules)));
}

bool Matcher::idle(const MatchContext& context) const {
  return !rules_ || rules_->all.empty() || (context.flow && context.flow->flags & flow_flag::passed);
}

void Matcher::begin(const MatchContext& context) {
  if (guesses() && context.flow) {
    FlowState* state = states_.find(*context.flow);
    if (state && state->live) state->live->settle();
  }
  queue_.clear();
  captured_ = flow_ends_ = false;
  datagram_ = {};
  while (packet_variable_count_ > 0) packet_variables_[--packet_variable_count_].text.clear();
}

void Matcher::end(const MatchContext& context) {
  if (rules_) {
    queue_.tell_waiting(context, *rules_, states_);
    const uint64_t alerts = counters_.alert;
    queue_.deliver(context, *rules_, *shared_, states_, packet_variables());
    if (std::exchange(captured_, false) && counters_.alert == alerts) sink_.captured(context);
    tags(context);
  }
}

/// Every packet counts for the tags of its flow and of its two hosts, the one that alerted too.
void Matcher::tags(const MatchContext& context) {
  if (!context.packet) return;
  const Packet& packet = *context.packet;
  const size_t bytes = packet.wire_length;
  bool wanted = false;
  FlowState* state = context.flow ? states_.find(*context.flow) : nullptr;
  if (state && !state->tags.empty()) wanted = state->tags.count(bytes, context.time);
  if (rules_->has_host_tags && packet.ip_version != 0) {
    shared_->await(context.number);
    wanted |= shared_->count_tag(packet.src, bytes, context.time);
    wanted |= shared_->count_tag(packet.dst, bytes, context.time);
  }
  if (wanted) sink_.tagged(context);
}

Scene Matcher::scene(const MatchContext& context, Direction direction) {
  Scene scene;
  scene.context = &context;
  scene.rules = rules_.get();
  scene.packet = context.packet;
  scene.flow = context.flow;
  scene.states = &states_;
  scene.shared = shared_.get();
  scene.counters = &counters_;
  scene.direction = direction;
  scene.protocol = rules_->protocol_index(context.protocol);
  scene.packet_variables = packet_variables_;  // those not set are empty, and hold no text
  return scene;
}

Scene Matcher::packet_scene(const MatchContext& context) {
  Scene out = scene(context, context.direction);
  const Packet& packet = *context.packet;
  out.src = packet.src;
  out.dst = packet.dst;
  out.groups = groups_between(out.src, out.dst);
  out.src_port = packet.src_port;
  out.dst_port = packet.dst_port;
  out.transport = packet.ip_version == 0 ? uint8_t{0} : transport_of(packet.proto);
  out.has_ports = packet.has_l4 && carries_ports(out.transport);
  return out;
}

Scene Matcher::flow_scene(const MatchContext& context, Direction direction) {
  Scene out = scene(context, direction);
  const Flow& flow = *context.flow;
  const bool from_client = direction == Direction::to_server;
  out.src = from_client ? flow.client() : flow.server();
  out.dst = from_client ? flow.server() : flow.client();
  out.groups = groups_between(out.src, out.dst);
  out.src_port = from_client ? flow.client_port() : flow.server_port();
  out.dst_port = from_client ? flow.server_port() : flow.client_port();
  out.transport = flow.key.ip_version == 0 ? uint8_t{0} : transport_of(flow.key.proto);
  out.has_ports = carries_ports(out.transport);
  return out;
}

bool Matcher::section_matches(const Section& section, const Subject* raw, uint64_t floor) {
  if (section.buffer == kRawBuffer) {
    if (!raw || !inspection_->matches(section.chain, *raw, floor)) return false;
    raw_end_ = inspection_->newest();
    return true;
  }
  FieldValues::Values values = values_.get(section.buffer);
  if (section.absence != Absence::never) {
    if (values.empty()) return true;
    if (section.absence == Absence::only) return false;
  }
  for (const auto& value : values) {
    if (inspection_->matches(section.chain, {value->bytes, value->base})) return true;
  }
  return false;
}

namespace {

/// A part's word holds where it does for one of its objects.
bool holds(const WordTest::Meaning& meaning, const Place& at, const Moment& moment) {
  struct Objects final : PlaceSink {
    Objects(const WordTest::Meaning& asked, const Moment& now) : meaning(asked), moment(now) {}
    bool take(const Place& object) override {
      found = meaning.word->test(object, moment, meaning.value.get());
      return !found;
    }
    const WordTest::Meaning& meaning;
    const Moment& moment;
    bool found = false;
  };
  if (!meaning.carried) return meaning.word->test(at, moment, meaning.value.get());
  Objects objects(meaning, moment);
  meaning.carried->enter(at, objects);
  return objects.found;
}

}  // namespace

bool Matcher::field_test_passes(const FieldTest& test, const Scene& scene) {
  if (test.word) {
    if (scene.event->tx->blank) return false;
    const WordTest::Meaning& meaning = test.word->meanings[scene.protocol];
    const Direction direction = rules_->buffers[test.buffer].only.value_or(scene.direction);
    return holds(meaning, {.tx = scene.event->tx, .direction = direction}, {direction, scene.context->time, scene.src});
  }
  FieldValues::Values values = values_.get(test.buffer);
  return test.multi.passes(values.size(), [&](size_t i) { return test.test.matches(values[i]->integer); });
}

namespace {

bool passes(const FileTest& test, const FieldValues::Value& value) {
  if (test.size) {
    // Of a file that broke off only the least size is known.
    bool open_ended =
        test.size->mode == IntegerTest::Mode::greater || test.size->mode == IntegerTest::Mode::greater_equal;
    return (value.bytes.empty() || open_ended) && test.size->matches(value.integer);
  }
  if (!test.digests) return true;
  return !value.bytes.empty() && test.digests->contains(std::string(to_text(value.bytes))) != test.negated;
}

}  // namespace

bool Matcher::files_match(const Rule& rule) {
  if (rule.file_tests.empty()) return true;
  const size_t count = values_.get(rule.file_tests[0].buffer).size();
  for (uint32_t number = 0; number < count; number++) {
    bool all = std::all_of(rule.file_tests.begin(), rule.file_tests.end(), [&](const FileTest& test) {
      FieldValues::Values values = values_.get(test.buffer);
      return number < values.size() && passes(test, *values[number]);
    });
    if (all) return true;
  }
  return false;
}

bool Matcher::evaluate(const Rule& rule, const Scene& scene, const Subject* raw, uint64_t floor) {
  if (misfit(rule.header, scene)) return false;
  counters_.candidates++;
  inspection_->captures.clear();
  for (const auto& condition : rule.conditions) {
    if (!condition->holds(scene)) return false;
  }
  for (const FieldTest& test : rule.field_tests) {
    if (!field_test_passes(test, scene)) return false;
  }
  if (!files_match(rule)) return false;
  inspection_->scene = &scene;
  inspection_->context.clear();
  raw_end_ = 0;
  if (!rule.variables.empty()) inspection_->variables.fill(0);
  if (!sections_match(rule, Touches::nothing, raw, floor)) return false;
  for (const auto& condition : rule.late) {
    if (!condition->holds(scene)) return false;
  }
  return sections_match(rule, Touches::reads_shared, raw, floor) &&
         sections_match(rule, Touches::writes_shared, raw, floor);
}

bool Matcher::sections_match(const Rule& rule, Touches touches, const Subject* raw, uint64_t floor) {
  return std::all_of(rule.sections.begin(), rule.sections.end(), [&](const Section& section) {
    return section.touches != touches || section_matches(section, raw, floor);
  });
}

void Matcher::matched(const Rule& rule, const Scene& scene, const Payload& payload) {
  counters_.rules_matched++;
  for (const auto& effect : rule.effects) effect->apply(scene);
  keep_captures(scene);
  if (!rule.alerts && rule.info->action != Action::pass) return;
  if (scene.event || !datagram_.tx || rule.header.protocols.empty())
    return queue_.add(rule, scene, payload, inspection_->context, only_live(rule, scene, payload.stream));
  Scene named = scene;
  named.event = &datagram_;
  queue_.add(rule, named, payload, inspection_->context);
}

template <class Find>
void Matcher::search(const Group& group, size_t bytes, Find find) {
  counters_.bytes_searched += bytes;
  if (!tracer_) [[likely]]
    return find();
  const uint64_t start = ticks();
  find();
  tracer_->scanned(group, bytes, ticks() - start);
}

void Matcher::scan_by(const Group& group, const Prefilter& prefilter, Bytes bytes) {
  if (bytes.empty() || prefilter.empty()) return;
  search(group, bytes.size(), [&] {
    if (!prefilter.scan(bytes, scratch_.get(), candidates_)) counters_.hyperscan_error++;
  });
}

void Matcher::scan_head(const Group& group, Bytes bytes, uint64_t base) {
  const Bytes near = bytes.first(std::min<size_t>(bytes.size(), Group::kHead - base));
  if (!group.head.empty()) return scan_by(group, group.head, near);
  if (near.empty() || !group.literals.has_heads()) return;
  search(group, near.size(), [&] { group.literals.scan_head(near, base, candidates_); });
}

void Matcher::scan(const Group& group, Bytes bytes) {
  if (bytes.empty() || !group.has_patterns()) return;
  if (bytes.size() <= Group::kHead && group.short_by_literals) {
    search(group, bytes.size(), [&] { group.literals.scan(bytes, 0, candidates_); });
    if (group.prefilter.unbounded()) scan_by(group, group.prefilter, bytes);
  } else if (bytes.size() <= Group::kHead && !group.brief.empty()) {
    scan_by(group, group.brief, bytes);
  } else {
    scan_by(group, group.prefilter, bytes);
    scan_head(group, bytes, 0);
  }
}

void Matcher::swap_direction(Flow& flow) {
  queue_.clear();  // what streams said so far was taken for what the other side says
  FlowState* state = states_.find(flow);
  if (!state) return;
  if (state->waiting) counters_.alerts_turned += state->waiting->all.size();
  state->waiting.reset();
  state->live.reset();
  state->open = {};
  std::swap(state->windows[0], state->windows[1]);
  for (auto& window : state->windows) {
    if (window) window->look_again();
  }
}

bool Matcher::first_alert(Flow& flow, const RuleInfo& rule) {
  auto& told = states_.get(flow).told;
  const uint64_t name = uint64_t{rule.gid} << 32 | rule.sid;
  if (told.size() == FlowState::kMaxTold || std::find(told.begin(), told.end(), name) != told.end()) return false;
  told.push_back(name);
  return true;
}

bool Matcher::Work::allowed() {
  if (!context_.budget || may_work(*context_.budget, *context_.flow)) return true;
  counters_.work_budget++;
  return false;
}

std::span<const std::string_view> Matcher::flowbits(const Flow& flow) {
  bit_names_.clear();
  const FlowState* state = states_.find(flow);
  if (!state || !rules_) return {};
  for (uint16_t bit : state->bits) {
    if (bit < rules_->flowbits.size()) bit_names_.push_back(rules_->flowbits[bit]);
  }
  return bit_names_;
}

}  // namespace lapwing::rules
