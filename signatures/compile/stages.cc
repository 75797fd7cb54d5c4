#include "signatures/compile/stages.h"

#include <algorithm>

#include "signatures/program/buffers.h"

namespace lapwing::rules {

namespace {

/// Calls `use(field, one)` for each of the rule's fields that `direction` gives a value; `one`: it is asked of one
/// file.
template <class Use>
void each_field(const Compiled& compiled, const Rule& rule, size_t protocol, Direction direction, Use use) {
  auto visit = [&](BufferId id) {
    const Buffer& buffer = compiled.buffers[id];
    if (buffer.only.value_or(direction) != direction || buffer.fields.empty() || !buffer.fields[protocol]) return;
    const Field& field = *buffer.fields[protocol];
    use(field, !buffer.only && field.file_stage != FileStage::none);
  };
  for (const Section& section : rule.sections) visit(section.buffer);
  for (const FieldTest& test : rule.field_tests) visit(test.buffer);
  for (const FileTest& test : rule.file_tests) visit(test.buffer);
}

}  // namespace

uint8_t Stages::fields_final(const Rule& rule, size_t protocol, Direction direction, FileStage file_stage) const {
  // What breaks the protocol may come to light until the end.
  if (!rule.events.empty()) return kComplete;
  // A file says that its direction began.
  const uint8_t begun = file_stage == FileStage::none ? 1 : 0;
  uint8_t stage = rule.states.empty() ? begun : rule.states[protocol][index(direction)];
  each_field(compiled_, rule, protocol, direction, [&](const Field& field, bool one) {
    if (!one) stage = std::max(stage, final_stage(field));
  });
  return stage;
}

FileStage Stages::of_file(const Rule& rule, size_t protocol, Direction direction) const {
  FileStage stage = FileStage::none;
  each_field(compiled_, rule, protocol, direction, [&](const Field& field, bool one) {
    if (one) stage = std::max(stage, field.file_stage);
  });
  return stage;
}

uint8_t Stages::of(const Rule& rule, size_t protocol, Direction direction, FileStage file_stage) {
  uint8_t stage = fields_final(rule, protocol, direction, file_stage);
  for (const StateUse& use : rule.state_uses) {
    if (use.writes) continue;
    auto written = written_.find({use.kind, use.name, protocol, direction});
    if (written != written_.end()) stage = std::max(stage, written->second);
  }
  // What is found in bodies and files is not waited for: they are long.
  if (file_stage != FileStage::none || stage == kComplete || stage > compiled_.protocols[protocol]->head) return stage;
  for (const StateUse& use : rule.state_uses) {
    if (!use.writes || use.clears) continue;
    uint8_t& last = written_[{use.kind, use.name, protocol, direction}];
    last = std::max(last, stage);
  }
  return stage;
}

}  // namespace lapwing::rules
