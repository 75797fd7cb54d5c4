#include "signatures/compile/rule_compiler.h"

#include <algorithm>
#include <atomic>

#include "sensor/base/text.h"
#include "signatures/compile/grouping.h"
#include "signatures/compile/keyword.h"
#include "signatures/compile/order.h"
#include "signatures/compile/rule_builder.h"
#include "signatures/compile/threshold_lines.h"
#include "signatures/parse/source_text.h"
#include "signatures/program/names.h"

namespace lapwing::rules {
namespace {

/// However they are written: a packet that fits there fits back as well, and would be told twice.
bool same_ends(const Header& header) {
  return *header.src == *header.dst && *header.src_port == *header.dst_port;
}

}  // namespace

RuleCompiler::RuleCompiler(const RuleEnvironment& environment, const RuleConfig& config,
                           std::vector<RuleMessage>& messages)
    : environment_(environment),
      config_(config),
      messages_(messages),
      first_message_(messages.size()),
      compiled_(std::make_shared<Compiled>()),
      buffers_(environment.protocols),
      expressions_(static_cast<uint32_t>(config.pcre_match_limit), static_cast<uint32_t>(config.pcre_recursion_limit)),
      addresses_(compiled_->address_sets, environment.variables, &resolve_addresses),
      ports_(compiled_->port_sets, environment.variables, &resolve_ports) {
  compiled_->config = config;
  compiled_->protocols = environment.protocols;
  compiled_->datasets = environment.datasets;
  auto& events = compiled_->stream_events;
  events.assign(environment.stream_events.begin(), environment.stream_events.end());
  events.insert(events.end(), environment.recognition_anomalies.begin(), environment.recognition_anomalies.end());
  compiled_->decode_events.assign(environment.decode_events.begin(), environment.decode_events.end());
  compiled_->decode_event_rules.resize(environment.decode_events.size());
}

void RuleCompiler::add(const RuleTree& tree) {
  if (judge_) judge_->read(tree);
  try {
    std::vector<std::unique_ptr<Rule>> made;
    RuleBuilder builder(tree, false, buffers_, expressions_, environment_, config_);
    made.push_back(build(builder, tree, false));
    if (tree.direction == RuleDirection::both_ways && !same_ends(made[0]->header)) {
      RuleBuilder back(tree, true, buffers_, expressions_, environment_, config_);
      made.push_back(build(back, tree, true));
      made[1]->info = made[0]->info;
    }
    if (!replaces(*made[0], tree)) return;
    if (judge_) judge_->loaded(tree, *made[0], builder.origins(), buffers_);
    for (auto& rule : made) compiled_->all.push_back(std::move(rule));
  } catch (const RuleSkipped& skipped) {
    compiled_->tally.skipped++;
    if (judge_) judge_->left_out(tree);
    report(tree, skipped, RuleMessage::Level::warning);
  } catch (const SettingError& error) {
    if (judge_) judge_->left_out(tree);
    report(tree, error, RuleMessage::Level::error);
  }
}

std::shared_ptr<const RuleSet> RuleCompiler::finish() {
  static std::atomic<uint64_t> generation{0};
  auto& all = compiled_->all;
  std::erase_if(all, [](const auto& rule) { return rule == nullptr; });
  sort_rules(all, config_.action_order);
  const auto& unread = environment_.threshold_faults;
  messages_.insert(messages_.end(), unread.begin(), unread.end());
  apply_thresholds(environment_.thresholds, environment_.variables, *compiled_, messages_);
  compiled_->buffers = buffers_.take();
  for (const auto& rule : all) {
    if (!compiled_->infos.empty() && compiled_->infos.back() == rule->info.get()) continue;
    compiled_->infos.push_back(rule->info.get());
  }
  compiled_->tally.loaded = loaded_;
  // Every error is one rule, a line that was to be one, or one of a threshold file.
  compiled_->tally.failed = static_cast<uint64_t>(
      std::count_if(messages_.begin() + static_cast<ptrdiff_t>(first_message_), messages_.end(),
                    [](const RuleMessage& message) { return message.level == RuleMessage::Level::error; }));
  group_rules(*compiled_);
  compiled_->flowbits = names_of(NameKind::flowbit);
  compiled_->flowints = names_of(NameKind::flowint);
  compiled_->variables = names_of(NameKind::variable);
  for (const auto& rule : all) {
    for (const Tag& tag : rule->tags) compiled_->has_host_tags |= tag.what != Tag::What::session;
  }
  compiled_->serial = ++generation;
  if (judge_) judge_->finish();
  return compiled_;
}

std::unique_ptr<Rule> RuleCompiler::build(RuleBuilder& builder, const RuleTree& tree, bool swapped) {
  std::unique_ptr<Rule> rule = builder.build();
  Header& header = rule->header;
  header.src = addresses_.get(swapped ? tree.dst : tree.src);
  header.dst = addresses_.get(swapped ? tree.src : tree.dst);
  header.src_port = ports_.get(swapped ? tree.dst_port : tree.src_port);
  header.dst_port = ports_.get(swapped ? tree.src_port : tree.dst_port);
  return rule;
}

/// A signature id belongs to one rule: the one of the highest revision. False when another stays.
bool RuleCompiler::replaces(const Rule& rule, const RuleTree& tree) {
  const RuleInfo& info = *rule.info;
  const Kept kept{compiled_->all.size(), &*files_.insert(*tree.mark.file).first, tree.mark.line, tree.mark.column};
  auto [place, fresh] = by_id_.emplace(uint64_t{info.gid} << 32 | info.sid, kept);
  if (fresh) {
    loaded_++;
    return true;
  }
  const SourceMark before{*place->second.file, place->second.line, place->second.column};
  auto first = compiled_->all.begin() + static_cast<ptrdiff_t>(place->second.index);
  uint32_t other = (*first)->info->rev;
  if (other == info.rev) {
    say(RuleMessage::Level::error, tree, info, "sid",
        "sid " + std::to_string(info.sid) + " rev " + std::to_string(info.rev) + " is used twice, first at " +
            to_string(before) + "; give one of them another sid, or the newer a higher rev");
    return false;
  }
  if (other > info.rev) {
    say(RuleMessage::Level::warning, tree, info, "rev",
        "revision " + std::to_string(other) + " of this sid is loaded instead, from " + to_string(before) +
            "; leave this rule out");
    compiled_->tally.older++;
    return false;
  }
  // The older one may be two rules (<>) that share their description.
  auto shared = (*first)->info;
  for (auto it = first; it != compiled_->all.end() && *it && (*it)->info == shared; ++it) it->reset();
  if (judge_) judge_->replaced(*shared);
  messages_.push_back({RuleMessage::Level::warning, before, info.sid, "rev",
                       "revision " + std::to_string(info.rev) + " of this sid is loaded instead, from " +
                           to_string(tree.mark) + "; leave this rule out"});
  compiled_->tally.older++;
  place->second = kept;
  return true;
}

/// At the rule's option of that name, where it has one.
void RuleCompiler::say(RuleMessage::Level level, const RuleTree& tree, const RuleInfo& info, std::string_view option,
                       std::string text) {
  auto named = std::find_if(tree.options.begin(), tree.options.end(), [&](const auto& o) { return o.name == option; });
  const RulePlace& mark = named == tree.options.end() ? tree.mark : named->value_mark;
  messages_.push_back({level, mark, info.sid, std::string(option), std::move(text)});
}

void RuleCompiler::report(const RuleTree& tree, const SettingError& error, RuleMessage::Level level) {
  RuleMessage message{level, error.where(), 0, {}, text_of(error)};
  for (const RuleOption& option : tree.options) {
    if (option.name == "sid") message.sid = static_cast<uint32_t>(parse_unsigned(option.value).value_or(0));
    bool here = option.mark.line == error.where().line &&
                (option.mark.column == error.where().column || option.value_mark.column == error.where().column);
    if (here && message.option.empty()) message.option = option.name;
  }
  messages_.push_back(std::move(message));
}

}  // namespace lapwing::rules

namespace lapwing {

std::vector<KeywordInfo> list_keywords(const RuleEnvironment& environment) {
  std::vector<KeywordInfo> out;
  for (const rules::KeywordFamily& family : rules::keyword_families()) {
    for (const rules::Keyword& row : family.rows) out.push_back({row.name, family.name, row.help, false});
  }
  for (const Protocol* protocol : environment.protocols) {
    for (const Field& field : protocol->fields) {
      out.push_back({field.name, protocol->name, field.help, field.kind == FieldKind::bytes});
    }
    for (const Word& word : protocol->words) out.push_back({word.name, protocol->name, word.help, false});
  }
  for (const Part* part : parts_of(environment.protocols)) {
    for (const Word& word : part->words) out.push_back({word.name, part->name, word.help, false});
  }
  return out;
}

}  // namespace lapwing
