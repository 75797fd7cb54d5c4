// What rules ask for with the words that protocols bring.
#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/compile/keyword.h"
#include "signatures/compile/rule_builder.h"
#include "signatures/program/size_step.h"

namespace lapwing::rules {

void RuleBuilder::apply_word(const RuleOption& option, const std::string& name) {
  const auto& rows = buffers_.words(name);
  std::string_view written = option.has_value ? trim(option.value) : std::string_view{};
  const bool tests = std::any_of(rows.begin(), rows.end(), [](const auto& row) { return row.word && row.word->test; });
  const BufferId tested = tests ? take_direction(option, written, buffers_.of_word(name)) : kRawBuffer;
  const WordText text{option.name, written, option.has_value ? option.value_mark : option.mark};
  ProtocolSet protocols;
  auto test = std::make_shared<WordTest>();
  test->meanings.resize(rows.size());
  for (size_t p = 0; p < rows.size(); p++) {
    if (!rows[p].word || (app_protocol_ && !rule_->header.protocols.has(p))) continue;
    const bool first = protocols.empty();
    protocols.add(p);
    const Asked asked = rows[p].word->parse(text);
    if (auto* value = std::get_if<Tested>(&asked)) {
      test->meanings[p] = {rows[p].word, rows[p].carried, value->value};
    } else if (auto* reached = std::get_if<Reached>(&asked)) {
      wait_for(p, *reached);
    } else if (first) {
      // Buffers of one name are one, whatever the protocol.
      ask_buffer(option, asked);
    }
  }
  if (protocols.empty()) fail(option, "does not belong to protocol '" + tree_.protocol + "'");
  if (tests) rule_->field_tests.push_back({.buffer = tested, .word = std::move(test)});
  restrict_protocol(option, protocols);
}

void RuleBuilder::wait_for(size_t protocol, const Reached& reached) {
  const auto states = progress_states(*environment_.protocols[protocol]);
  for (std::string_view name : reached.states) {
    const auto state = std::ranges::find(states, name, &ProgressState::name);
    if (state != states.end()) reach(protocol, state->direction, state->stage);
  }
}

void RuleBuilder::ask_buffer(const RuleOption& option, const Asked& asked) {
  auto buffer = [&](std::string_view name) {
    const std::string field(name);
    if (!buffers_.has(field)) skip(option, "no dissector has " + field);
    return buffers_.of_field(field);
  };
  if (auto* in = std::get_if<TextIn>(&asked)) {
    auto step = std::make_unique<ContentStep>();
    step->pattern = in->text;
    step->negated = in->negated;
    step->startswith = step->endswith = in->whole;
    add_to_buffer(buffer(in->buffer), std::move(step));
  } else if (auto* content = std::get_if<ContentIn>(&asked)) {
    const BufferId target = buffer(content->buffer);
    find_keyword("content")->build(*this, option);
    move_content(option, target);
  } else if (auto* length = std::get_if<LengthOf>(&asked)) {
    add_to_buffer(buffer(length->buffer), std::make_unique<SizeStep>(length->length));
  }
}

}  // namespace lapwing::rules
