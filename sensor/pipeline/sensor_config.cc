#include "sensor/pipeline/sensor_config.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "sensor/capture/live.h"
#include "sensor/control/confinement.h"
#include "sensor/control/control.h"
#include "sensor/decode/decode_anomaly.h"
#include "sensor/event/recognition.h"
#include "sensor/metrics/metrics_server.h"
#include "signatures/parse/countries.h"
#include "signatures/parse/reputation.h"

namespace lapwing {
namespace {

constexpr std::string_view kDefaultAddressGroups[][2] = {
    {"HOME_NET", "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]"},
    {"EXTERNAL_NET", "!$HOME_NET"},
    {"HTTP_SERVERS", "$HOME_NET"},
    {"SMTP_SERVERS", "$HOME_NET"},
    {"SQL_SERVERS", "$HOME_NET"},
    {"DNS_SERVERS", "$HOME_NET"},
    {"TELNET_SERVERS", "$HOME_NET"},
    {"AIM_SERVERS", "$EXTERNAL_NET"},
    {"DC_SERVERS", "$HOME_NET"},
    {"DNP3_SERVER", "$HOME_NET"},
    {"DNP3_CLIENT", "$HOME_NET"},
    {"MODBUS_CLIENT", "$HOME_NET"},
    {"MODBUS_SERVER", "$HOME_NET"},
    {"ENIP_CLIENT", "$HOME_NET"},
    {"ENIP_SERVER", "$HOME_NET"},
};
constexpr std::string_view kDefaultPortGroups[][2] = {
    {"HTTP_PORTS", "80"},
    {"SHELLCODE_PORTS", "!80"},
    {"ORACLE_PORTS", "1521"},
    {"SSH_PORTS", "22"},
    {"DNP3_PORTS", "20000"},
    {"MODBUS_PORTS", "502"},
    {"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
    {"FTP_PORTS", "21"},
    {"GENEVE_PORTS", "6081"},
    {"VXLAN_PORTS", "4789"},
    {"TEREDO_PORTS", "3544"},
    {"SIP_PORTS", "[5060,5061]"},
};

/// A list written as a YAML list becomes the rule language's list.
std::string group_text(const Setting& node) {
  if (node.kind != Setting::Kind::list) return node.as_text();
  std::string text = "[";
  for (const auto& child : node.children) text += (text.size() > 1 ? "," : "") + group_text(*child);
  return text + "]";
}

void read_groups(const Setting& root, std::string_view path, RuleVariables& variables, bool ports) {
  const Setting* node = root.find(path);
  if (!node) return;
  for (const auto& child : node->children) {
    (ports ? variables.port_groups : variables.address_groups)[child->key] = group_text(*node->find(child->key));
    variables.written.push_back({child->key, ports, child->mark});
  }
}

/// A variable that cannot be resolved would leave out every rule that uses it, which is most of them.
void check_variables(const RuleVariables& variables) {
  auto check = [&](const std::string& name, bool ports, const SourceMark& mark, const std::string& what) {
    try {
      const ListNode node{.kind = ListNode::Kind::variable, .text = name};
      ports ? (void)resolve_ports(node, variables) : (void)resolve_addresses(node, variables);
    } catch (const SettingError& error) {
      throw SettingError(mark, what + ": " + std::string(error.what()).substr(to_string(error.where()).size() + 2));
    }
  };
  for (const auto& variable : variables.written) check(variable.name, variable.ports, variable.mark, variable.name);
  // Defaults hang on what is written: EXTERNAL_NET is !$HOME_NET.
  if (variables.written.empty()) return;
  for (bool ports : {false, true}) {
    for (const auto& [name, text] : ports ? variables.port_groups : variables.address_groups) {
      check(name, ports, variables.written.front().mark, name + " (" + text + ")");
    }
  }
}

void read_files(const Setting& root, RuleEnvironment& environment) {
  environment.tables = default_rule_tables();
  if (const Setting* node = root.find("classification-file")) read_classifications(node->as_text(), environment.tables);
  if (const Setting* node = root.find("reference-config-file")) read_references(node->as_text(), environment.tables);
  if (const Setting* node = root.find("threshold-file")) {
    environment.thresholds = read_thresholds(node->as_text(), environment.threshold_faults);
  }
}

}  // namespace

std::vector<const Protocol*> all_protocols() {
  std::vector<const Protocol*> out;
  for (const DissectorRow* row : dissectors()) out.push_back(row->protocol);
  return out;
}

std::vector<const Protocol*> recorded_protocols() {
  std::vector<const Protocol*> out = all_protocols();
  for (const PacketDissectorRow* row : packet_dissectors()) out.push_back(row->protocol);
  return out;
}

namespace {

/// Options of records that are written in eve-log sections as well: those that begin with `keys` in the record type
/// `type`, with `instead`.
struct RecordOptions {
  std::string keys;
  std::string_view type;
  std::string instead;
};

/// "app-layer.protocols.dns.record.version" is "version" of the type dns, and "app-layer.protocols.http.alert.body"
/// is "http-body" of the type alert.
std::vector<RecordOptions> record_options() {
  std::vector<RecordOptions> out;
  for (const Protocol* protocol : all_protocols()) {
    const std::string name(protocol->name), keys = "app-layer.protocols." + name;
    for (const RecordRow& row : protocol->records) out.push_back({keys + ".record.", row.type, ""});
    out.push_back({keys + ".alert.", "alert", name + "-"});
  }
  return out;
}

}  // namespace

OptionSource option_source(const Setting& root) {
  OptionSource out(root);
  const std::vector<RecordOptions> options = record_options();
  for (const Setting* section : eve_sections(root)) {
    for (const EveType& type : eve_types(*section)) {
      for (const RecordOptions& of : options) {
        if (type.options && type.name == of.type) out.add(*type.options, of.keys, of.instead);
      }
    }
  }
  return out;
}

namespace {

/// What records show of files is asked for by "file.*", by the record type "files" and by the file store.
file::FileConfig read_file_config(const Setting& root, const FileStoreConfig& store) {
  auto config = read_options<file::FileConfig>(root, file::options());
  const auto add = [&](const Setting& output) {
    config.add(read_options<file::FileConfig>(output, file::options_of_outputs()));
  };
  for (const Setting* section : eve_sections(root)) {
    for (const EveType& type : eve_types(*section)) {
      if (type.options && type.name == "files") add(*type.options);
    }
  }
  if (store.enabled) {
    add(*root.find("outputs.file-store"));
    config.add(file::Algorithm::sha256);  // the name of a stored file
  }
  return config;
}

/// All but the sets of values.
RuleEnvironment read_environment(const Setting& root) {
  RuleEnvironment environment;
  environment.protocols = all_protocols();
  environment.decode_events = decode_event_names();
  environment.stream_events = stream_event_names();
  environment.recognition_anomalies = recognition_anomaly_names();
  for (auto [name, text] : kDefaultAddressGroups) environment.variables.address_groups.emplace(name, text);
  for (auto [name, text] : kDefaultPortGroups) environment.variables.port_groups.emplace(name, text);
  read_groups(root, "vars.address-groups", environment.variables, false);
  read_groups(root, "vars.port-groups", environment.variables, true);
  check_variables(environment.variables);
  read_files(root, environment);
  environment.reputation = Reputation::read(root);
  environment.countries = Countries::read(root);
  return environment;
}

}  // namespace

RuleEnvironment rule_environment(const Setting& root) {
  RuleEnvironment environment = read_environment(root);
  environment.datasets = DatasetStore::create(root);
  return environment;
}

RuleEnvironment next_rule_environment(const Setting& root, const RuleEnvironment& running) {
  RuleEnvironment environment = read_environment(root);
  environment.datasets = running.datasets->next();
  return environment;
}

namespace {

/// What rooms read their options from.
struct Reading {
  const Setting& root;
  OptionSource options;
  const std::vector<std::string>& only;  // record types of the command line
};

/// A room with options. Without `read`, the commands that need them read them.
struct OptionRoom {
  std::vector<OptionInfo> (*options)();
  void (*read)(const Reading& from, SensorConfig& into) = nullptr;
  bool of_run = false;  // only a running sensor needs them
};

template <auto Options>
std::vector<OptionInfo> described() {
  if constexpr (std::is_same_v<decltype(Options()), std::vector<OptionInfo>>) {
    return Options();
  } else {
    return describe_options(Options());
  }
}

/// One that makes a member of SensorConfig by its table, or by a function of the root.
template <auto Member, auto Options, auto Read = nullptr>
constexpr OptionRoom room() {
  return {&described<Options>, [](const Reading& from, SensorConfig& into) {
            if constexpr (std::is_null_pointer_v<decltype(Read)>) {
              into.*Member = read_options(from.options, Options());
            } else {
              into.*Member = Read(from.root);
            }
          }};
}

std::vector<OptionInfo> file_options() {
  std::vector<OptionInfo> out = describe_options(file::options());
  for (std::string_view output : {"outputs.file-store.", "outputs.eve-log.types.files."}) {
    for (OptionInfo& option : describe_options(file::options_of_outputs(), output)) out.push_back(std::move(option));
  }
  return out;
}

using C = SensorConfig;
constexpr OptionRoom kRooms[] = {
    room<&C::decode, &decode_options, &read_decode_config>(),
    room<&C::flow, &flow_options>(),
    room<&C::budget, &budget_options>(),
    room<&C::stream, &stream_options>(),
    room<&C::exceptions, &exception_options, &ExceptionConfig::read>(),
    room<&C::detect, &rule_options, &read_rule_config>(),
    room<&C::rules, &dataset_options, &rule_environment>(),
    room<&C::identify, &identify_options>(),
    {.options = &described<&control_options>, .of_run = true},
    {.options = &described<&confinement_options>},
    {.options = &described<&metrics_options>, .of_run = true},
    {.options = &live_options, .of_run = true},
    {.options = &eve_options,
     .read = [](const Reading& from,
                C& into) { into.eve = EveConfig::read(from.root, from.only, recorded_protocols()); }},
    room<&C::file_store, &file_store_options, &FileStoreConfig::read>(),
    {.options = &file_options,
     .read = [](const Reading& from, C& into) { into.files = read_file_config(from.root, into.file_store); }},
    {.options = &analytics::options,
     .read = [](const Reading& from, C& into) { into.analytics = analytics::Config::read(from.options); }},
    room<&C::midway, &midway_options>(),
    // Their records show what is asked of files.
    {.options = &app_options,
     .read = [](const Reading& from, C& into) { into.app = AppConfig::read(from.options, into.files.columns()); }},
};

}  // namespace

std::unique_ptr<const SensorConfig> SensorConfig::read(const Setting& root, const std::vector<std::string>& only) {
  const Reading from{root, option_source(root), only};
  auto config = std::make_unique<SensorConfig>();
  for (const OptionRoom& room : kRooms) {
    if (room.read) room.read(from, *config);
  }
  return config;
}

std::vector<OptionInfo> all_options() {
  std::vector<OptionInfo> out;
  for (const OptionRoom& room : kRooms) {
    for (OptionInfo& option : room.options()) out.push_back(std::move(option));
  }
  return out;
}

void pass_over_options_of_run(const Setting& root) {
  for (const OptionRoom& room : kRooms) {
    if (!room.of_run) continue;
    for (const OptionInfo& option : room.options()) {
      if (const Setting* section = root.find(option.key.substr(0, option.key.find('.')))) section->use_all();
    }
  }
}

std::vector<std::string> option_keys() {
  std::vector<std::string> out;
  const std::vector<RecordOptions> options = record_options();
  for (const OptionInfo& option : all_options()) {
    for (const RecordOptions& of : options) {
      if (!option.key.starts_with(of.keys)) continue;
      out.push_back("outputs.eve-log.types." + std::string(of.type) + "." + of.instead +
                    option.key.substr(of.keys.size()));
    }
    out.push_back(option.key);
  }
  return out;
}

}  // namespace lapwing
