#include "signatures/compile/rule_builder.h"

#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/compile/keyword.h"
#include "signatures/compile/rule_header.h"

namespace lapwing::rules {

namespace {

std::string of_option(const RuleOption& option, const std::string& message) {
  return option.name.empty() ? message : std::string(option.name) + ": " + message;
}

}  // namespace

RuleBuilder::RuleBuilder(const RuleTree& tree, bool swapped, BufferTable& buffers, RegexPool& expressions,
                         const RuleEnvironment& environment, const RuleConfig& config)
    : tree_(tree),
      swapped_(swapped),
      buffers_(buffers),
      expressions_(expressions),
      environment_(environment),
      config_(config),
      rule_(std::make_unique<Rule>()),
      info_(std::make_shared<RuleInfo>()) {
  info_->action = tree.action;
  if (tree.action == Action::config) rule_->alerts = false;
  info_->text = tree.text;
  origins_.steps.reserve(tree.options.size());
}

void RuleBuilder::fail(const RuleOption& option, const std::string& message) const {
  const RulePlace& place = option.has_value ? option.value_mark : option.mark;
  throw SettingError(place.line ? place : tree_.mark, of_option(option, message));
}

void RuleBuilder::skip(const RuleOption& option, const std::string& message) const {
  throw RuleSkipped(option.mark.line ? option.mark : tree_.mark, of_option(option, message));
}

std::string_view RuleBuilder::text(const RuleOption& option) const {
  if (!option.has_value || option.value.empty()) fail(option, "needs a value");
  std::string_view value = option.value;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return trim(value);
}

void RuleBuilder::no_value(const RuleOption& option) const {
  if (option.has_value && !option.value.empty()) fail(option, "takes no value");
}

std::unique_ptr<Rule> RuleBuilder::build() {
  rule_->transactional = tree_.direction == RuleDirection::transactional;
  build_header();
  for (const RuleOption& option : tree_.options) apply(option);
  if (info_->sid == 0) fail({}, "a rule needs a sid");
  if (!requires_failed.empty()) skip({}, requires_failed);
  finish_payload();
  finish_directions();
  finish_kind();
  rule_->asks_protocol |= !rule_->header.protocols.empty();
  rule_->info = info_;
  return std::move(rule_);
}

void RuleBuilder::build_header() {
  // "protocol:hook": when the rule is looked at.
  const size_t colon = tree_.protocol.find(':');
  const std::string hook = colon == std::string::npos ? "" : to_lower(tree_.protocol.substr(colon + 1));
  HeaderProtocol protocol = find_header_protocol(tree_.protocol.substr(0, colon), buffers_);
  if (protocol.kind == HeaderProtocol::Kind::unknown)
    fail({}, "'" + tree_.protocol + "' is no protocol rules can name");
  if (protocol.kind == HeaderProtocol::Kind::missing) {
    skip({}, "protocol '" + tree_.protocol + "' has no dissector yet");
  }
  rule_->header = protocol.header;
  app_protocol_ = !protocol.header.protocols.empty();
  packet_only_ = protocol.packet_only;
  stream_only_ = protocol.stream_only;
  if (app_protocol_ || protocol.packet_only || protocol.stream_only || protocol.header.without_ip) ip_only_ = false;
  if (colon != std::string::npos) wait_for_hook(hook);
}

void RuleBuilder::wait_for_hook(const std::string& hook) {
  if (!app_protocol_) {
    if (hook != "flow_start") skip({}, "the hook '" + hook + "' is not there yet; flow_start is");
    rule_->kind = RuleKind::ip_only;
    rule_->header.needs_flow = true;
    return;
  }
  bool known = false;
  for (size_t p : rule_->header.protocols) {
    const auto states = progress_states(*environment_.protocols[p]);
    known |= std::ranges::find(states, hook, &ProgressState::name) != states.end();
  }
  if (!known)
    skip({}, "the hook '" + hook + "' of " + tree_.protocol.substr(0, tree_.protocol.find(':')) + " is not there yet");
  const RuleOption state{"app-layer-state", hook, true, tree_.mark, tree_.mark};
  find_keyword(state.name)->build(*this, state);
}

void RuleBuilder::apply(const RuleOption& option) {
  option_ = &option;
  if (const Keyword* keyword = find_keyword(option.name)) {
    apply_keyword(keyword->name, keyword->build, option);
    return;
  }
  apply_field(option);
}

/// Whatever the keyword adds to the rule bears its name.
void RuleBuilder::apply_keyword(std::string_view name, void (*make)(RuleBuilder&, const RuleOption&),
                                const RuleOption& option) {
  const size_t conditions = rule_->conditions.size(), late = rule_->late.size(), effects = rule_->effects.size();
  make(*this, option);
  for (size_t i = conditions; i < rule_->conditions.size(); i++) rule_->conditions[i]->keyword = name;
  for (size_t i = late; i < rule_->late.size(); i++) rule_->late[i]->keyword = name;
  for (size_t i = effects; i < rule_->effects.size(); i++) rule_->effects[i]->keyword = name;
  origins_.effects.resize(rule_->effects.size(), &option);
  origins_.state_uses.resize(rule_->state_uses.size(), &option);
}

void RuleBuilder::apply_field(const RuleOption& option) {
  const std::string_view name = option.name;
  const BufferTable::Named& named = buffers_.find(name);
  using Use = BufferTable::Named::Use;
  switch (named.use) {
    case Use::sticky: {
      std::string_view value = option.has_value ? trim(option.value) : std::string_view{};
      BufferId buffer = take_direction(option, value, buffers_.of_field(named.name));
      if (!value.empty()) fail(option, "takes nothing, or to_server or to_client");
      select(option, buffer);
      return;
    }
    case Use::modifier:
      no_value(option);
      move_content(option, buffers_.of_field(named.name));
      return;
    case Use::integer: apply_integer(option, named.name); return;
    case Use::word: apply_word(option, named.name); return;
    case Use::none: break;
  }
  if (std::string_view why = why_never(name); !why.empty()) fail(option, std::string(why));
  if (is_known_word(name)) skip(option, "this keyword is not there yet");
  fail({option.name, "", false, option.mark, {}}, "no such keyword");
}

void RuleBuilder::apply_integer(const RuleOption& option, const std::string& name) {
  const auto& fields = buffers_.fields(name);
  const Field& field = **std::find_if(fields.begin(), fields.end(), [](const Field* f) { return f != nullptr; });
  const SourceMark mark = option.value_mark;
  std::string_view rest = text(option);
  FieldTest test;
  test.buffer = take_direction(option, rest, buffers_.of_field(name));
  if (field.many && field.form == NumberForm::comparison) test.multi = parse_multi_test(rest, mark);
  if (field.kind == FieldKind::date) {
    test.test.first = parse_date_test(rest, mark);
  } else {
    switch (field.form) {
      case NumberForm::comparison: test.test.first = parse_integer_test(rest, mark, UINT64_MAX, field.names); break;
      case NumberForm::list: test.test = parse_integer_list(rest, mark, UINT64_MAX, field.names); break;
      case NumberForm::any_flags: test.test.first = parse_flags(rest, mark, Flags::any, field.names); break;
      case NumberForm::all_flags: test.test.first = parse_flags(rest, mark, Flags::all, field.names); break;
    }
  }
  rule_->field_tests.push_back(std::move(test));
}

BufferId RuleBuilder::take_direction(const RuleOption& option, std::string_view& value, BufferId buffer) {
  std::string_view word = trim(value.substr(0, value.find(',')));
  if (word != "to_server" && word != "to_client") return buffer;
  const Direction direction = word == "to_server" ? Direction::to_server : Direction::to_client;
  value = value.find(',') == std::string_view::npos ? std::string_view{} : trim(value.substr(value.find(',') + 1));
  if (rule_->transactional) return buffers_.directed(buffer, direction);
  // In another rule it is the rule's direction.
  const uint8_t mask = direction == Direction::to_server ? kToServer : kToClient;
  if ((rule_->header.directions & mask) == 0) fail(option, "is for the other direction than the rule");
  rule_->header.directions = mask;
  return buffer;
}

void RuleBuilder::note(Needs needs) {
  if (needs == Needs::packet) packet_only_ = true;
  if (needs != Needs::nothing) ip_only_ = false;
}

void RuleBuilder::add(std::unique_ptr<Condition> condition, Needs needs) {
  note(needs);
  rule_->conditions.push_back(std::move(condition));
}

void RuleBuilder::add(std::unique_ptr<Effect> effect, Needs needs) {
  note(needs);
  rule_->effects.push_back(std::move(effect));
}

void RuleBuilder::require_packet(const RuleOption& option) {
  if (stream_only_) fail(option, "a rule cannot be for the stream only and for packets only");
  packet_only_ = true;
  ip_only_ = false;
}

void RuleBuilder::require_stream(const RuleOption& option) {
  if (packet_only_) fail(option, "a rule cannot be for packets only and for the stream only");
  stream_only_ = true;
  ip_only_ = false;
}

Section& RuleBuilder::section_of(BufferId buffer, bool fresh) {
  auto& sections = rule_->sections;
  auto found = std::find_if(sections.rbegin(), sections.rend(), [&](const Section& s) { return s.buffer == buffer; });
  if (found != sections.rend() && !fresh) return *found;
  sections.push_back({buffer, {}});
  return sections.back();
}

void RuleBuilder::add(std::unique_ptr<Step> step, const RuleOption& option) {
  blamed_ = &option;
  origins_.steps.emplace_back(step.get(), &option);
  auto* content = step_as<ContentStep>(*step);
  if (nested_) {
    if (content) last_content_ = content;
    nested_->push_back(std::move(step));
    return;
  }
  // With older content modifiers there is no sticky buffer: what is relative follows the last match.
  bool joins = step->relative && current_ < 0 && last_match_ >= 0;
  Section& section = joins           ? rule_->sections[static_cast<size_t>(last_match_)]
                     : current_ >= 0 ? rule_->sections[static_cast<size_t>(current_)]
                                     : section_of(kRawBuffer, false);
  auto index = static_cast<int>(&section - rule_->sections.data());
  if (step->moves_cursor || content) last_match_ = index;
  if (content) last_content_ = content;
  section.chain.push_back(std::move(step));
}

void RuleBuilder::add_to_buffer(BufferId buffer, std::unique_ptr<Step> step) {
  Section& section = section_of(buffer, false);
  origins_.steps.emplace_back(step.get(), option_);
  if (step->moves_cursor) last_match_ = static_cast<int>(&section - rule_->sections.data());
  section.chain.push_back(std::move(step));
}

ContentStep& RuleBuilder::last_content(const RuleOption& option) {
  if (!last_content_) fail(option, "needs a content before it");
  origins_.steps.emplace_back(last_content_, &option);
  return *last_content_;
}

void RuleBuilder::move_content(const RuleOption& option, BufferId buffer) {
  ContentStep& content = last_content(option);
  if (current_ >= 0 || nested_) fail(option, "cannot follow a sticky buffer; use one style only");
  for (size_t i = 0; i < rule_->sections.size(); i++) {
    Chain& chain = rule_->sections[i].chain;
    auto place = std::find_if(chain.begin(), chain.end(), [&](const auto& step) { return step.get() == &content; });
    if (place == chain.end()) continue;
    if (rule_->sections[i].buffer != kRawBuffer) fail(option, "the content already has a buffer");
    std::unique_ptr<Step> step = std::move(*place);
    chain.erase(place);
    Section& target = section_of(buffer, false);
    target.chain.push_back(std::move(step));
    last_match_ = static_cast<int>(&target - rule_->sections.data());
    return;
  }
  fail(option, "needs a content before it");
}

void RuleBuilder::select(const RuleOption& option, BufferId buffer) {
  blamed_ = &option;
  nested_ = nullptr;
  last_content_ = nullptr;
  if (buffer == kRawBuffer) {
    current_ = -1;
    last_match_ = -1;
    return;
  }
  Section& section = section_of(buffer, buffers_.many(buffer));
  current_ = static_cast<int>(&section - rule_->sections.data());
}

void RuleBuilder::set_absence(const RuleOption& option, Absence absence) {
  if (current_ < 0) fail(option, "needs a sticky buffer before it");
  Section& section = rule_->sections[static_cast<size_t>(current_)];
  if (buffers_.buffer(section.buffer).fields.empty()) fail(option, "is for the buffers of protocols only");
  blamed_ = &option;
  section.absence = absence;
}

void RuleBuilder::add_transform(const RuleOption& option, std::shared_ptr<const Transform> transform,
                                const std::string& identity) {
  if (current_ < 0) fail(option, "a transform needs a sticky buffer before it");
  Section& section = rule_->sections[static_cast<size_t>(current_)];
  BufferId buffer = buffers_.transformed(section.buffer, std::move(transform), identity);
  if (section.chain.empty()) {
    // Another section of the same buffer may exist already: they are one unless instances are independent.
    if (!buffers_.many(buffer)) {
      for (size_t i = 0; i + 1 < rule_->sections.size(); i++) {
        if (rule_->sections[i].buffer != buffer || static_cast<int>(i) == current_) continue;
        rule_->sections.erase(rule_->sections.begin() + current_);
        current_ = static_cast<int>(i);
        return;
      }
    }
    section.buffer = buffer;
    return;
  }
  last_content_ = nullptr;
  rule_->sections.push_back({buffer, {}});
  current_ = static_cast<int>(rule_->sections.size() - 1);
}

BufferId RuleBuilder::raw_or_current() const {
  return current_ < 0 ? kRawBuffer : rule_->sections[static_cast<size_t>(current_)].buffer;
}

uint8_t RuleBuilder::define_variable(const RuleOption& option, const std::string& name) {
  auto& variables = origins_.variables;
  auto known = std::find_if(variables.begin(), variables.end(), [&](const auto& v) { return v.name == name; });
  if (known != variables.end()) return static_cast<uint8_t>(known - variables.begin());
  if (variables.size() == kMaxVariables) {
    fail(option, "a rule has at most " + std::to_string(kMaxVariables) + " variables");
  }
  variables.push_back({name, &option, false});
  rule_->variables.push_back(name);
  return static_cast<uint8_t>(variables.size() - 1);
}

int RuleBuilder::use_variable(const std::string& name) {
  auto& variables = origins_.variables;
  auto known = std::find_if(variables.begin(), variables.end(), [&](const auto& v) { return v.name == name; });
  if (known == variables.end()) return -1;
  known->read = true;
  return static_cast<int>(known - variables.begin());
}

void RuleBuilder::reach(size_t protocol, Direction direction, uint8_t stage) {
  rule_->states.resize(buffers_.protocol_count());
  uint8_t& first = rule_->states[protocol][index(direction)];
  first = first == 0 ? stage : std::min(first, stage);
}

void RuleBuilder::restrict_protocol(const RuleOption& option, const ProtocolSet& protocols) {
  if (app_protocol_ && (rule_->header.protocols & protocols).empty()) {
    fail(option, "does not belong to protocol '" + tree_.protocol + "'");
  }
  rule_->header.protocols = app_protocol_ ? rule_->header.protocols & protocols : protocols;
}

}  // namespace lapwing::rules
