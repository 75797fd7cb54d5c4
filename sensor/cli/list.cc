// `list`: what the tables of this build hold, for people and, with --json, for the documentation.
#include <fmt/format.h>

#include <algorithm>

#include "analytics/registry.h"
#include "export/eve/config.h"
#include "export/eve/members.h"
#include "export/outputs/exporter.h"
#include "sensor/base/json_writer.h"
#include "sensor/cli/commands.h"
#include "sensor/event/member.h"
#include "sensor/pipeline/pipeline.h"

namespace lapwing {
namespace {

/// A table to print: column names, and rows of as many texts. Where it has a version, JSON tells it beside the rows.
struct Listing {
  std::vector<std::string_view> columns;
  std::vector<std::vector<std::string>> rows;
  unsigned version = 0;
};

Listing keywords() {
  Listing list{{"name", "family", "help"}, {}};
  for (const KeywordInfo& k : list_keywords(rule_environment(Setting{}))) {
    list.rows.push_back({std::string(k.name), std::string(k.family), std::string(k.help)});
  }
  return list;
}

Listing fields() {
  Listing list{{"name", "protocol", "kind", "direction", "aliases", "help"}, {}};
  constexpr std::string_view kSides[] = {"to_server", "to_client", "both"};
  for (const Protocol* protocol : all_protocols()) {
    for (const Field& field : protocol->fields) {
      std::string aliases;
      for (std::string_view alias : field.sticky_aliases) {
        if (!alias.empty()) aliases += (aliases.empty() ? "" : " ") + std::string(alias);
      }
      if (!field.modifier.empty() && aliases.find(field.modifier) == std::string::npos) {
        aliases += (aliases.empty() ? "" : " ") + std::string(field.modifier);
      }
      list.rows.push_back({std::string(field.name), std::string(protocol->name),
                           std::string(field.kind == FieldKind::bytes  ? "bytes"
                                       : field.kind == FieldKind::date ? "date"
                                                                       : "integer") +
                               (field.many ? ", many" : ""),
                           std::string(kSides[static_cast<size_t>(field.sender)]), aliases, std::string(field.help)});
    }
  }
  return list;
}

Listing frames() {
  Listing list{{"name", "protocol", "help"}, {}};
  for (const Protocol* protocol : all_protocols()) {
    for (size_t number = 0; !protocol->frames.empty() && number <= protocol->frames.size(); ++number) {
      const FrameKind& kind = frame_kind(*protocol, number);
      list.rows.push_back({std::string(kind.name), std::string(protocol->name), std::string(kind.help)});
    }
  }
  return list;
}

Listing protocols() {
  Listing list{{"name", "transports", "ports", "records", "parts", "help"}, {}};
  for (const DissectorRow* row : dissectors()) {
    std::string transports = row->about->transports & transport::tcp ? "tcp" : "";
    if (row->about->transports & transport::udp) transports += transports.empty() ? "udp" : " udp";
    std::string ports, records, parts;
    for (uint16_t port : row->about->ports) ports += (ports.empty() ? "" : " ") + std::to_string(port);
    for (const RecordRow& record : row->protocol->records)
      records += (records.empty() ? "" : " ") + std::string(record.type);
    for (const Carried& carried : row->protocol->parts)
      parts += (parts.empty() ? "" : " ") + std::string(carried.part->name);
    list.rows.push_back(
        {std::string(row->about->name), transports, ports, records, parts, std::string(row->about->help)});
  }
  return list;
}

Listing record_types() {
  Listing list{{"type", "from", "help"}, {}};
  for (const OwnRecord& record : own_records()) {
    list.rows.push_back({std::string(record.type), "sensor", std::string(record.help)});
  }
  for (const Protocol* protocol : recorded_protocols()) {
    for (const RecordRow& row : protocol->records) {
      list.rows.push_back({std::string(row.type), std::string(protocol->name), std::string(row.help)});
    }
  }
  return list;
}

Listing records() {
  Listing list{{"record", "path", "type", "level", "from", "rules", "help"}, {}, kRecordsVersion};
  for (const RecordMember& member : record_members(recorded_protocols(), all_counter_rows())) {
    list.rows.push_back({std::string(member.record), member.path, std::string(name(member.type)),
                         std::string(name(member.level)), member.from, member.rules, member.help});
  }
  return list;
}

Listing counters() {
  Listing list{{"path", "help"}, {}};
  for (const CounterValue& counter : all_counter_rows()) list.rows.push_back({counter.path, std::string(counter.help)});
  return list;
}

Listing options() {
  Listing list{{"key", "type", "default", "choices", "help"}, {}};
  for (const OptionInfo& option : all_options()) {
    list.rows.push_back({option.key, option.type, option.fallback, option.choices, option.help});
  }
  for (const ExporterRow& row : exporters()) {
    if (!row.options) continue;
    for (const OptionInfo& option : row.options()) {
      list.rows.push_back({"outputs." + std::string(row.name) + "." + option.key, option.type, option.fallback,
                           option.choices, option.help});
    }
  }
  return list;
}

/// Whether some protocol of this build has it, by its name in records.
bool is_member(std::string_view path) {
  const auto protocols = all_protocols();
  return std::any_of(protocols.begin(), protocols.end(),
                     [&](const Protocol* protocol) { return find(protocol->in_alert, path).found(); });
}

Listing detectors() {
  Listing list{{"name", "attack", "protocols", "explained-by", "explained-at", "silence", "lacks", "help"}, {}};
  for (const analytics::DetectorRow& row : analytics::detectors()) {
    std::string attack, protocols;
    for (const Technique& technique : row.about.techniques) {
      attack += (attack.empty() ? "" : " ") + std::string(technique.id);
    }
    for (std::string_view protocol : row.about.protocols) {
      protocols += (protocols.empty() ? "" : " ") + std::string(protocol);
    }
    std::string lacks;
    for (std::string_view field : row.about.fields) {
      if (!is_member(field)) lacks += (lacks.empty() ? "" : " ") + std::string(field);
    }
    list.rows.push_back({std::string(row.about.name), attack, protocols, analytics::names_of(row.about.explained_by),
                         analytics::names_of(row.about.explained_at), row.about.silence ? "yes" : "", lacks,
                         std::string(row.about.help)});
  }
  return list;
}

Listing roles() {
  Listing list{{"name", "help"}, {}};
  for (const analytics::RoleRow& row : analytics::role_rows()) {
    list.rows.push_back({std::string(row.name), std::string(row.help)});
  }
  return list;
}

constexpr std::pair<std::string_view, Listing (*)()> kListings[] = {
    {"keywords", keywords},         {"fields", fields},   {"frames", frames},     {"protocols", protocols},
    {"record-types", record_types}, {"records", records}, {"counters", counters}, {"options", options},
    {"detectors", detectors},       {"roles", roles}};

/// The commands below one, each before its options.
void add_commands(const CLI::App& app, const std::string& path, Listing& list) {
  for (const CLI::Option* option : app.get_options()) {
    list.rows.push_back({path, option->get_name(false, true),
                         option->get_type_size() == 0 ? "" : option->get_type_name(), option->get_description()});
  }
  for (const CLI::App* sub : app.get_subcommands({})) {
    const std::string name = (path.empty() ? "" : path + " ") + sub->get_name();
    list.rows.push_back({name, "", "", sub->get_description()});
    add_commands(*sub, name, list);
  }
}

Listing commands(const CLI::App& app) {
  Listing list{{"command", "option", "value", "help"}, {}};
  add_commands(app, "", list);
  return list;
}

void print_json(const Listing& list) {
  std::string text;
  JsonWriter json(text);
  if (list.version) json.begin_object().member("version", list.version).key("rows");
  json.begin_array();
  for (const auto& row : list.rows) {
    json.begin_object();
    for (size_t i = 0; i < row.size(); ++i) json.member(list.columns[i], row[i]);
    json.end_object();
  }
  json.end_array();
  if (list.version) json.end_object();
  fmt::print("{}\n", text);
}

void print_table(const Listing& list) {
  std::vector<size_t> widths(list.columns.size());
  for (const auto& row : list.rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : list.rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
    }
    fmt::print("{}\n", line);
  }
}

}  // namespace

void add_list(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("list", "print a table of what this build knows");
  auto what = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  std::vector<std::string> names;
  for (const auto& [name, make] : kListings) names.emplace_back(name);
  names.emplace_back("commands");
  sub->add_option(
         "WHAT", *what,
         "keywords, fields, frames, protocols, record-types, records, counters, options, detectors, roles or commands")
      ->required()
      ->check(CLI::IsMember(names));
  sub->add_flag("--json", *json, "as a JSON array of objects");
  sub->callback([what, json, &app, &command] {
    command = [what, json, &app] {
      Listing list;
      if (*what == "commands") list = commands(app);
      for (const auto& [name, make] : kListings) {
        if (name == *what) list = make();
      }
      *json ? print_json(list) : print_table(list);
      return exit_status::done;
    };
  });
}

}  // namespace lapwing
