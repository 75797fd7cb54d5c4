// Variables that rules fill from what their expressions captured.

#include "sensor/base/json_writer.h"
#include "signatures/match/engine.h"

namespace lapwing::detect {

/// The rule has matched: what it captured becomes visible.
void Engine::keep_captures(const Scene& scene) {
  // Other steps may have found members of the same object.
  std::string& members = inspection_->context;
  JsonWriter json(members);
  if (!members.empty()) json.raw("");
  for (const Capture& capture : inspection_->captures.all()) {
    switch (capture.kind) {
      case Capture::Kind::flow:
        if (scene.flow && !states_.get(*scene.flow).set_variable(capture.name, capture.text)) counters_.variables_max++;
        break;
      case Capture::Kind::packet:
        if (packet_variable_count_ == kMaxPacketVariables) {
          counters_.variables_max++;
          break;
        }
        packet_variables_[packet_variable_count_].name = capture.name;
        packet_variables_[packet_variable_count_++].text = capture.text;
        break;
      case Capture::Kind::alert:
        if (capture.name >= rules_->variables.size()) break;
        json.escaped_key(rules_->variables[capture.name]).value(std::string_view(capture.text));
        break;
    }
  }
}

std::span<const NamedText> Engine::flowvars(const Flow& flow) {
  flowvars_.clear();
  const FlowState* state = states_.find(flow);
  if (!state || !rules_) return {};
  for (const auto& variable : state->variables) {
    if (variable.name < rules_->variables.size())
      flowvars_.push_back({rules_->variables[variable.name], variable.text});
  }
  return flowvars_;
}

std::span<const NamedText> Engine::pktvars() {
  pktvars_.clear();
  for (const auto& variable : packet_variables()) {
    if (variable.name < rules_->variables.size()) pktvars_.push_back({rules_->variables[variable.name], variable.text});
  }
  return pktvars_;
}

}  // namespace lapwing::detect
