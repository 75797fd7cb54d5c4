#include "signatures/compile/stages.h"

#include <algorithm>

#include "signatures/program/buffers.h"

namespace lapwing::rules {

uint8_t Stages::fields_final(const Rule& rule, size_t protocol, Direction direction) const {
  // What breaks the protocol may come to light until the end.
  if (!rule.events.empty()) return kComplete;
  uint8_t stage = rule.states.empty() ? uint8_t{1} : rule.states[protocol][index(direction)];
  auto wait_for = [&](BufferId id) {
    const Buffer& buffer = compiled_.buffers[id];
    if (buffer.only.value_or(direction) != direction) return;
    if (!buffer.fields.empty() && buffer.fields[protocol])
      stage = std::max(stage, final_stage(*buffer.fields[protocol]));
  };
  for (const Section& section : rule.sections) wait_for(section.buffer);
  for (const FieldTest& test : rule.field_tests) wait_for(test.buffer);
  for (const FileTest& test : rule.file_tests) wait_for(test.buffer);
  return stage;
}

uint8_t Stages::of(const Rule& rule, size_t protocol, Direction direction) {
  uint8_t stage = fields_final(rule, protocol, direction);
  for (const StateUse& use : rule.state_uses) {
    if (use.writes) continue;
    auto written = written_.find({use.kind, use.name, protocol, direction});
    if (written != written_.end()) stage = std::max(stage, written->second);
  }
  // What is found in bodies is not waited for: they are long.
  if (stage == kComplete || stage > compiled_.protocols[protocol]->head) return stage;
  for (const StateUse& use : rule.state_uses) {
    if (!use.writes || use.clears) continue;
    uint8_t& last = written_[{use.kind, use.name, protocol, direction}];
    last = std::max(last, stage);
  }
  return stage;
}

}  // namespace lapwing::rules
