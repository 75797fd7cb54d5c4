// A rule's explanation for people and for programs.
#include "sensor/base/json_writer.h"
#include "signatures/compile/explain.h"
#include "signatures/program/words.h"

namespace lapwing {

namespace {

using Lines = std::vector<std::string>;

void write_list(JsonWriter& json, std::string_view name, const Lines& lines) {
  if (lines.empty()) return;
  json.begin_array(name);
  for (const std::string& line : lines) json.value(std::string_view(line));
  json.end_array();
}

class Text {
 public:
  Text& line(int depth, std::string_view text) {
    out_.append(static_cast<size_t>(depth) * 2, ' ').append(text) += '\n';
    return *this;
  }
  void list(std::string_view title, const Lines& lines) {
    if (lines.empty()) return;
    line(1, title);
    for (const std::string& text : lines) line(2, text);
  }
  std::string out_;
};

std::string describe(const ExplainedPattern& p) {
  const std::string where = p.head ? " in the first " + std::to_string(p.head) + " bytes" : "";
  const std::string of = p.text + (p.nocase ? " nocase" : "") + " of " + p.buffer + where;
  if (p.expression) return of + ": " + p.why;
  return of + ": " + std::to_string(p.length) + " bytes, buffer class " + std::to_string(p.rarity_class) +
         ", strength " + std::to_string(p.strength) + ": " + p.why;
}

std::string describe(const RuleExplanation::Place& place) {
  std::string out = place.group + ": " + std::to_string(place.rules) + " rules, " + std::to_string(place.always) +
                    " of them always looked at, " + std::to_string(place.patterns) + " patterns";
  if (place.sharing > 1) out += "; " + std::to_string(place.sharing) + " rules have this one's pattern";
  return out;
}

Lines about(const RuleInfo& info) {
  Lines out;
  out.push_back("msg: " + info.msg);
  out.push_back("priority: " + std::to_string(info.severity));
  if (!info.category.empty()) out.push_back("classtype: " + info.category);
  for (const std::string& reference : info.references) out.push_back("reference: " + reference);
  Sentence metadata;
  for (MetadataReader item(info); item.next();) {
    metadata.add(std::string(item.key()) + (item.value().empty() ? "" : " " + std::string(item.value())));
  }
  if (!metadata.text().empty()) out.push_back("metadata: " + metadata.text());
  return out;
}

}  // namespace

std::string to_text(const RuleExplanation& rule) {
  Text text;
  text.line(0, rule.action + " gid " + std::to_string(rule.info->gid) + " sid " + std::to_string(rule.info->sid) +
                   " rev " + std::to_string(rule.info->rev));
  for (const std::string& line : about(*rule.info)) text.line(1, line);
  text.line(1, "kind: " + rule.kind + ", looked at " + rule.looked_at);
  text.list("header", rule.header);
  text.list("conditions", rule.conditions);
  if (!rule.buffers.empty()) text.line(1, "buffers");
  for (const RuleExplanation::Part& part : rule.buffers) {
    std::string name = part.buffer;
    for (const std::string& transform : part.transforms) name += ", " + transform;
    text.line(2, name);
    if (!part.absence.empty()) text.line(3, part.absence);
    for (const std::string& step : part.steps) text.line(3, step);
  }
  text.list("asked last", rule.late);
  if (rule.pattern) text.line(1, "fast pattern: " + describe(*rule.pattern));
  Lines places;
  for (const RuleExplanation::Place& place : rule.places) places.push_back(describe(place));
  text.list("groups", places);
  text.line(1, "found by " + rule.found_by);
  text.line(1, "cost: " + std::string(name_of(rule.cost)) + ": " + rule.cost_reason);
  text.list("effects", rule.effects);
  return std::move(text.out_);
}

void write_json(const RuleExplanation& rule, std::string& out) {
  JsonWriter json(out);
  json.begin_object().member("action", std::string_view(rule.action));
  json.member("gid", rule.info->gid).member("sid", rule.info->sid).member("rev", rule.info->rev);
  json.member("msg", std::string_view(rule.info->msg)).member("priority", rule.info->severity);
  json.member("kind", std::string_view(rule.kind)).member("looked_at", std::string_view(rule.looked_at));
  write_list(json, "header", rule.header);
  write_list(json, "conditions", rule.conditions);
  json.begin_array("buffers");
  for (const RuleExplanation::Part& part : rule.buffers) {
    json.begin_object().member("buffer", std::string_view(part.buffer));
    write_list(json, "transforms", part.transforms);
    if (!part.absence.empty()) json.member("absence", std::string_view(part.absence));
    write_list(json, "steps", part.steps);
    json.end_object();
  }
  json.end_array();
  write_list(json, "late", rule.late);
  if (const auto& p = rule.pattern) {
    json.begin_object("fast_pattern").member("buffer", std::string_view(p->buffer));
    json.member("text", std::string_view(p->text)).member("expression", p->expression).member("nocase", p->nocase);
    json.member("asked_for", p->asked_for).member("length", p->length).member("rarity_class", p->rarity_class);
    json.member("strength", p->strength).member("choices", p->choices);
    if (p->head) json.member("head", p->head);
    json.member("why", std::string_view(p->why));
    json.end_object();
  }
  json.begin_array("groups");
  for (const RuleExplanation::Place& place : rule.places) {
    json.begin_object().member("group", std::string_view(place.group)).member("rules", place.rules);
    json.member("always", place.always)
        .member("patterns", place.patterns)
        .member("sharing", place.sharing)
        .end_object();
  }
  json.end_array();
  json.member("found_by", std::string_view(rule.found_by)).member("cost", name_of(rule.cost));
  json.member("cost_reason", std::string_view(rule.cost_reason));
  write_list(json, "effects", rule.effects);
  json.end_object();
}

}  // namespace lapwing
