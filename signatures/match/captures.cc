// Variables that rules fill, most of them from what their expressions captured.

#include "sensor/base/json_writer.h"
#include "signatures/match/matcher.h"

namespace lapwing::rules {

/// The rule has matched: what it captured becomes visible.
void Matcher::keep_captures(const Scene& scene) {
  // Other steps may have found members of the same object.
  std::string& members = inspection_->context;
  JsonWriter json(members);
  if (!members.empty()) json.raw("");
  for (const Capture& capture : inspection_->captures.all()) {
    counters_.variable_bytes_max += capture.cut;
    captured_ |= capture.kind == Capture::Kind::flow || capture.kind == Capture::Kind::packet;
    switch (capture.kind) {
      case Capture::Kind::flow:
        if (scene.flow && !set_variable(states_.get(*scene.flow).variables, capture.name, capture.text))
          counters_.variables_max++;
        break;
      case Capture::Kind::packet:
        if (packet_variable_count_ == kMaxPacketVariables) {
          counters_.variables_max++;
          break;
        }
        packet_variables_[packet_variable_count_].name = capture.name;
        packet_variables_[packet_variable_count_++].text = capture.text;
        break;
      case Capture::Kind::entropy:
        if (scene.flow && !set_variable(states_.get(*scene.flow).entropies, capture.name, capture.text))
          counters_.variables_max++;
        break;
      case Capture::Kind::alert:
        if (capture.name >= rules_->variables.size()) break;
        json.escaped_key(rules_->variables[capture.name]).value(std::string_view(capture.text));
        break;
    }
  }
}

void Matcher::name_all(std::span<const Variable> variables, std::vector<NamedText>& out) const {
  out.clear();
  for (const Variable& variable : variables) {
    if (variable.name < rules_->variables.size()) out.push_back({rules_->variables[variable.name], variable.text});
  }
}

std::span<const NamedText> Matcher::flowvars(const Flow& flow) {
  const FlowState* state = states_.find(flow);
  if (!state || !rules_) return {};
  name_all(state->variables, flowvars_);
  return flowvars_;
}

std::span<const NamedNumber> Matcher::flowints(const Flow& flow) {
  const FlowState* state = states_.find(flow);
  if (!state || !rules_) return {};
  flowints_.clear();
  for (const auto& [name, value] : state->integers) {
    if (name < rules_->flowints.size()) flowints_.push_back({rules_->flowints[name], value});
  }
  return flowints_;
}

std::span<const NamedText> Matcher::entropies(const Flow& flow) {
  const FlowState* state = states_.find(flow);
  if (!state || !rules_) return {};
  name_all(state->entropies, entropies_);
  return entropies_;
}

std::span<const NamedText> Matcher::pktvars() {
  name_all(packet_variables(), pktvars_);
  return pktvars_;
}

}  // namespace lapwing::rules
