#include "signatures/compile/warnings.h"

#include <algorithm>
#include <tuple>

#include "sensor/base/text.h"
#include "signatures/parse/list.h"
#include "signatures/program/words.h"

namespace lapwing::rules {

namespace {

constexpr std::string_view kKindNames[kNameKinds] = {"flowbit", "flowint", "xbit", "hostbit", "variable"};

std::string_view kind_name(NameKind kind) {
  return kKindNames[static_cast<size_t>(kind)];
}

std::string named(const StateUse& use) {
  return std::string(kind_name(use.kind)) + " '" + name_of(use.kind, use.name) + "'";
}

const RulePlace& place_of(const RuleOption& option) {
  return option.has_value ? option.value_mark : option.mark;
}

bool is_state(std::string_view keyword) {
  return keyword == "flowbits" || keyword == "flowint" || keyword == "xbits" || keyword == "hostbits";
}

}  // namespace

void Judge::read(const RuleTree& tree) {
  for (const ListNode* node : {&tree.src, &tree.dst}) use_variables(*node, false);
  for (const ListNode* node : {&tree.src_port, &tree.dst_port}) use_variables(*node, true);
}

/// Variables that the definition of a used one names are used too.
void Judge::use_variables(const ListNode& node, bool ports) {
  for (const ListNode& item : node.items) use_variables(item, ports);
  if (node.kind != ListNode::Kind::variable) return;
  auto& used = ports ? port_variables_ : address_variables_;
  if (!used.insert(node.text).second) return;
  const auto& groups = ports ? environment_.variables.port_groups : environment_.variables.address_groups;
  auto found = groups.find(node.text);
  if (found == groups.end()) return;
  const std::string file;
  try {
    use_variables(parse_list(SourceLine(file, found->second), 0, found->second.size()), ports);
  } catch (const ParseFault&) {
    // The rules that use it are at fault, and say so.
  }
}

void Judge::loaded(const RuleTree& tree, const Rule& rule, const Origins& origins, const BufferTable& buffers) {
  Notes& notes = notes_[{rule.info->gid, rule.info->sid}];
  notes.messages = judge_payload(rule, origins, buffers);
  for (RuleMessage& message : notes.messages) {
    message.sid = rule.info->sid;
    if (message.mark.line == 0) message.mark = tree.mark;
  }
  note_state(rule, origins, notes);
}

void Judge::note_state(const Rule& rule, const Origins& origins, Notes& notes) const {
  bool idle = !rule.alerts && rule.info->action == Action::alert && rule.tags.empty();
  for (const auto& effect : rule.effects) idle = idle && is_state(effect->keyword);
  for (const Section& section : rule.sections) idle = idle && section.touches != Touches::writes_shared;
  for (size_t i = 0; i < rule.state_uses.size(); i++) {
    const StateUse& use = rule.state_uses[i];
    const RuleOption& option = *origins.state_uses[i];
    if (use.writes) {
      notes.writes.push_back(use);
      idle = idle && use.kind != NameKind::variable;  // records show it
      if (!use.clears) notes.idle.push_back({use, place_of(option), std::string(option.name)});
    } else {
      notes.reads.push_back({use, place_of(option), std::string(option.name)});
    }
  }
  if (!idle) notes.idle.clear();
}

/// Of a rule that was not compiled only its words are there.
void Judge::left_out(const RuleTree& tree) {
  for (const RuleOption& option : tree.options) {
    const NameKind kind = option.name == "flowbits"   ? NameKind::flowbit
                          : option.name == "xbits"    ? NameKind::xbit
                          : option.name == "hostbits" ? NameKind::hostbit
                                                      : NameKind::flowint;
    if (!is_state(option.name) || !option.has_value) continue;
    std::vector<std::string> part;
    for (std::string_view word : split(option.value, ',')) part.emplace_back(trim(word));
    if (part.size() < 2) continue;
    if (kind == NameKind::flowint) {
      if (part[1] == "=" || part[1] == "+" || part[1] == "-") set_by_left_out_.emplace(kind, part[0]);
    } else if (part[0] == "set" || part[0] == "toggle") {
      for (std::string_view name : split(part[1], '|')) set_by_left_out_.emplace(kind, trim(name));
    }
  }
}

void Judge::replaced(const RuleInfo& info) {
  notes_.erase({info.gid, info.sid});
}

void Judge::judge_reads(const Notes& notes, uint32_t sid, const std::set<StateName>& set) const {
  std::set<StateName> told;
  for (const Read& read : notes.reads) {
    if (set.count({read.use.kind, read.use.name}) || !told.insert({read.use.kind, read.use.name}).second) continue;
    const bool captured = read.use.kind == NameKind::variable;
    const bool elsewhere = set_by_left_out_.count({read.use.kind, name_of(read.use.kind, read.use.name)}) != 0;
    std::string text = read.option + ": no loaded rule " + (captured ? "captures " : "sets ") + named(read.use);
    text += elsewhere  ? "; rules that do were left out"
            : captured ? "; load the rule whose pcre does, or correct the name"
                       : "; load the rule that does, or correct the name";
    messages_.push_back({RuleMessage::Level::warning, read.mark, sid, read.option, std::move(text)});
  }
}

void Judge::judge_variables() const {
  for (const RuleVariables::Written& variable : environment_.variables.written) {
    const auto& used = variable.ports ? port_variables_ : address_variables_;
    if (used.count(variable.name)) continue;
    messages_.push_back({RuleMessage::Level::warning, variable.mark, 0, variable.name,
                         variable.name + ": no rule uses this variable; leave it out, or correct its name"});
  }
}

void Judge::finish() {
  for (const ThresholdLine& line : environment_.thresholds) {
    if (line.address) use_variables(*line.address, false);
  }
  std::set<StateName> set, read;
  for (const auto& [id, notes] : notes_) {
    for (const StateUse& use : notes.writes) {
      if (!use.clears) set.insert({use.kind, use.name});
    }
    for (const Read& use : notes.reads) read.insert({use.use.kind, use.use.name});
  }
  const auto first = static_cast<ptrdiff_t>(messages_.size());
  for (const auto& [id, notes] : notes_) {
    messages_.insert(messages_.end(), notes.messages.begin(), notes.messages.end());
    judge_reads(notes, id.second, set);
    auto unread = [&](const Read& write) { return read.count({write.use.kind, write.use.name}) == 0; };
    if (notes.idle.empty() || !std::all_of(notes.idle.begin(), notes.idle.end(), unread)) continue;
    const Read& write = notes.idle.front();
    messages_.push_back({RuleMessage::Level::warning, write.mark, id.second, write.option,
                         write.option + ": no loaded rule reads " + named(write.use) +
                             ", and this rule with noalert does nothing else; load a rule that reads it, or leave this "
                             "one out"});
  }
  if (!notes_.empty()) judge_variables();
  std::stable_sort(messages_.begin() + first, messages_.end(), [](const RuleMessage& a, const RuleMessage& b) {
    return std::tie(a.mark.file, a.mark.line, a.mark.column) < std::tie(b.mark.file, b.mark.line, b.mark.column);
  });
}

}  // namespace lapwing::rules
