// `config`: the settings in force, each with where it came from.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "export/eve/recorder.h"
#include "export/outputs/exporter.h"
#include "sensor/base/json_writer.h"
#include "sensor/base/terminal.h"
#include "sensor/capture/dpdk/dpdk.h"
#include "sensor/cli/commands.h"
#include "sensor/cli/run_options.h"
#include "sensor/metrics/metrics_server.h"

namespace lapwing {
namespace {

struct ShowOptions {
  ConfigurationOptions configuration;
  std::vector<std::string> prefixes;  // of keys
  bool json = false;
};

struct Row {
  std::string key, value;
  SourceMark from;  // no file: the default
  bool read = true;
};

bool is_plain_list(const Setting& node) {
  return node.kind == Setting::Kind::list &&
         std::ranges::all_of(node.children, [](const auto& item) { return item->kind == Setting::Kind::scalar; });
}

/// As YAML has it.
std::string text_of(const Setting& node) {
  if (node.kind == Setting::Kind::list) {
    std::string out = "[";
    for (const auto& item : node.children) out += (out.size() > 1 ? ", " : "") + text_of(*item);
    return out + "]";
  }
  if (node.kind != Setting::Kind::scalar) return node.kind == Setting::Kind::map ? "{}" : "";
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+";
  const bool plain =
      !node.scalar.empty() && node.scalar.find_first_not_of(kPlain) == std::string::npos && node.scalar.front() != '-';
  std::string quoted;
  return plain ? node.scalar : JsonWriter(quoted).value(node.scalar).text();
}

class Rows {
 public:
  explicit Rows(const Setting& root) : root_(root) {}

  /// What files and the command line say.
  void add_given() { add(root_, "", nullptr); }
  /// What nothing has read is told to have no effect.
  void judge() {
    const auto unread = root_.unused();
    std::set<const Setting*> all(unread.begin(), unread.end());
    for (auto& [row, nodes] : rows_) {
      row.read = std::ranges::none_of(nodes, [&](const Setting* node) { return all.contains(node); });
    }
  }
  void add_default(const std::string& key, const std::string& value) { rows_.push_back({{key, value, {}, true}, {}}); }
  std::vector<Row> sorted() const {
    std::vector<Row> out;
    for (const auto& [row, nodes] : rows_) out.push_back(row);
    std::ranges::stable_sort(out, {}, &Row::key);
    return out;
  }

 private:
  using Nodes = std::vector<const Setting*>;
  struct Given {
    Row row;
    Nodes nodes;  // from the root's member down to the value
  };

  void add(const Setting& node, const std::string& key, const Nodes* above) {
    Nodes nodes = above ? *above : Nodes{};
    if (above) nodes.push_back(&node);
    if (above && (node.children.empty() || is_plain_list(node))) {
      rows_.push_back({{key, text_of(node), node.mark, true}, std::move(nodes)});
      return;
    }
    for (size_t i = 0; i < node.children.size(); ++i) {
      const Setting& child = *node.children[i];
      const std::string part = node.kind == Setting::Kind::list ? std::to_string(i) : child.key;
      add(child, key.empty() ? part : key + "." + part, &nodes);
    }
  }

  const Setting& root_;
  std::vector<Given> rows_;
};

/// Options of each section's own type, and those that all sections share.
void add_output_defaults(const Setting& root, Rows& rows) {
  constexpr std::string_view kShared = "outputs.eve-log.";
  const auto sections = eve_sections(root);
  for (const OptionInfo& option : all_options()) {
    if (!option.key.starts_with(kShared)) continue;
    const std::string key = option.key.substr(kShared.size());
    if (std::ranges::none_of(sections, [&](const Setting* section) { return section->find(key); })) {
      rows.add_default(option.key, option.fallback);
    }
  }
  const Setting* outputs = root.find("outputs");
  for (size_t i = 0; outputs && i < outputs->children.size(); ++i) {
    const Setting& output = *outputs->children[i];
    const bool in_list = outputs->kind == Setting::Kind::list;
    const Setting* section = in_list ? output.find("eve-log") : output.key == "eve-log" ? &output : nullptr;
    if (!section || std::ranges::find(sections, section) == sections.end()) continue;
    const Setting* type = section->find("filetype");
    const std::string_view name = type ? std::string_view(type->as_text()) : "regular";
    const auto row = std::ranges::find(exporters(), name, &ExporterRow::name);
    if (row == exporters().end()) type->fail("there is no such output");
    for (const OptionInfo& option : row->options ? row->options() : std::vector<OptionInfo>{}) {
      if (section->find(option.key)) continue;
      rows.add_default((in_list ? "outputs." + std::to_string(i) + ".eve-log." : "outputs.eve-log.") + option.key,
                       option.fallback);
    }
  }
}

void add_defaults(const Setting& root, const RuleVariables& variables, Rows& rows) {
  const Setting* pcap = root.find("pcap");
  // Of a list of interfaces, what holds for those that say nothing themselves.
  const bool listed = pcap && pcap->kind == Setting::Kind::list;
  const Setting* common = nullptr;
  for (size_t i = 0; listed && i < pcap->children.size(); ++i) {
    const Setting* name = pcap->children[i]->find("interface");
    if (name && name->scalar == "default") common = pcap->children[i].get();
  }
  const OptionSource source = option_source(root);
  for (const OptionInfo& option : all_options()) {
    if (option.key.starts_with("outputs.") || option.key == "pcap.interface") continue;
    const bool given = listed && option.key.starts_with("pcap.")
                           ? common && common->find(option.key.substr(5))
                           : root.find(option.key) || !source.find(option.key).empty();
    if (!given) rows.add_default(option.key, option.fallback);
  }
  for (bool ports : {false, true}) {
    const std::string group = ports ? "vars.port-groups." : "vars.address-groups.";
    for (const auto& [name, text] : ports ? variables.port_groups : variables.address_groups) {
      if (!root.find(group + name)) rows.add_default(group + name, text);
    }
  }
  add_output_defaults(root, rows);
}

/// As `run` reads it.
void read_all(const ConfigurationOptions& options, const Setting& root) {
  read_options<ConfinementConfig>(root, confinement_options());
  read_options<MetricsConfig>(root, metrics_options());
  read_options<ControlConfig>(root, control_options());
  std::vector<std::string> named;
  DpdkCapture dpdk(root, named);
  read_interfaces(root, named, false);
  checksum_mode("", root);
  find_rule_files(options.rule_files, root);
}

void print(const Row& row) {
  constexpr int kPlace = 60;  // column
  const std::string from = row.from.file.empty() ? "default" : to_string(row.from);
  std::string text =
      fmt::format("{:<{}} # {}{}", row.key + ": " + row.value, kPlace, from, row.read ? "" : "; nothing reads it");
  std::string shown;
  append_for_terminal(shown, text);
  fmt::print("{}\n", shown);
}

void write(const Row& row, JsonWriter& json) {
  json.begin_object().member("key", row.key).member("value", row.value).begin_object("from");
  json.member("source", row.from.file.empty() ? "default" : row.from.file);
  if (row.from.line) json.member("line", row.from.line).member("column", row.from.column);
  json.end_object().member("read", row.read).end_object();
}

int show_config(const ShowOptions& options) {
  auto root = options.configuration.read();
  if (!options.configuration.rule_files.empty()) {
    Setting& files = root->make("rule-files");
    files = Setting{};
    files.key = "rule-files";
    files.kind = Setting::Kind::list;
    files.mark.file = "--rules";
    for (const std::string& path : options.configuration.rule_files) {
      Setting& item = files.add({}, files.mark);
      item.kind = Setting::Kind::scalar;
      item.scalar = path;
    }
  }
  Rows rows(*root);
  rows.add_given();
  auto config = SensorConfig::read(*root, {});
  read_all(options.configuration, *root);
  add_defaults(*root, config->rules.variables, rows);
  rows.judge();
  auto chosen = [&](const std::string& key) {
    return options.prefixes.empty() ||
           std::ranges::any_of(options.prefixes, [&](const std::string& prefix) { return key.starts_with(prefix); });
  };
  std::string text;
  JsonWriter json(text);
  json.begin_array();
  for (const Row& row : rows.sorted()) {
    if (!chosen(row.key)) continue;
    options.json ? write(row, json) : print(row);
  }
  json.end_array();
  if (options.json) fmt::print("{}\n", text);
  return exit_status::done;
}

}  // namespace

void add_show_config(CLI::App& app, Command& command) {
  CLI::App* sub = app.add_subcommand("config", "print the settings in force, each with where it came from");
  auto options = std::make_shared<ShowOptions>();
  sub->add_option("KEY", options->prefixes, "only keys that begin so, as stream.");
  options->configuration.add_to(*sub);
  sub->add_flag("--json", options->json, "as a JSON array of objects");
  sub->callback([options, &command] { command = [options] { return show_config(*options); }; });
}

}  // namespace lapwing
