#include "sensor/pipeline/sensor_config.h"

#include <algorithm>

#include "sensor/base/text.h"
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

/// The first output decides.
void hand_over(Setting& option, Setting& target) {
  if (target.kind != Setting::Kind::null) return;
  option.use_all();
  target.kind = option.kind;
  target.scalar = option.scalar;
  target.mark = option.mark;
  for (const auto& item : option.children) {
    target.children.push_back(std::make_unique<Setting>());
    target.children.back()->kind = item->kind;
    target.children.back()->scalar = item->scalar;
    target.children.back()->mark = item->mark;
  }
}

/// "outputs[].eve-log.types[].dns: {version: 2}" becomes "app-layer.protocols.dns.record.version: 2", and of alerts
/// "http-body: yes" becomes "app-layer.protocols.http.alert.body: yes".
void hand_over_record_options(const Setting& type, Setting& root) {
  if (type.kind != Setting::Kind::map) return;
  for (const Protocol* protocol : all_protocols()) {
    const std::string prefix = "app-layer.protocols." + std::string(protocol->name);
    const std::string own = std::string(protocol->name) + "-";
    auto named = [&](const RecordRow& row) { return row.type == type.key; };
    const bool record = std::ranges::any_of(protocol->records, named);
    for (const auto& option : type.children) {
      if (record && option->key != "enabled") {
        hand_over(*option, root.make(prefix + ".record." + option->key));
      } else if (type.key == "alert" && option->key.starts_with(own)) {
        hand_over(*option, root.make(prefix + ".alert." + option->key.substr(own.size())));
      }
    }
  }
}

void hand_over_record_options(Setting& root) {
  for (const Setting* section : eve_sections(root)) {
    const Setting* types = section->find("types");
    if (!types) continue;
    for (const auto& item : types->children) {
      if (types->kind == Setting::Kind::map) hand_over_record_options(*item, root);
      for (const auto& type : item->children) hand_over_record_options(*type, root);
    }
  }
}

void add_text(Setting& list, const std::string& text) {
  auto same = [&](const auto& item) { return item->scalar == text; };
  if (std::ranges::any_of(list.children, same)) return;
  list.kind = Setting::Kind::list;
  Setting& item = list.add({});
  item.kind = Setting::Kind::scalar;
  item.scalar = text;
  item.use_all();
}

/// What fileinfo records show is asked for by the record type "files" and by the file store; every dissector with files
/// reads it as "file.hash" and "file.magic".
void hand_over_file_options(Setting& root, const FileStoreConfig& store) {
  std::vector<std::string> hashes;
  bool magic = store.enabled && store.force_magic;
  if (store.enabled) {
    hashes = store.force_hash;
    hashes.push_back("sha256");
  }
  if (const Setting* outputs = root.find("outputs")) {
    for (const auto& output : outputs->children) {
      const Setting* types = output->find("eve-log.types");
      const Setting* files = types ? types->find("files") : nullptr;
      if (!files) continue;
      if (const Setting* node = files->find("force-hash")) {
        for (const std::string& hash : read_texts(*node)) hashes.push_back(hash);
      }
      if (const Setting* node = files->find("force-magic")) magic |= node->as_bool();
    }
  }
  if (magic) {
    Setting& node = root.make("file.magic");
    node.kind = Setting::Kind::scalar;
    node.scalar = "yes";
  }
  if (hashes.empty()) return;
  Setting& list = root.make("file.hash");
  if (list.kind == Setting::Kind::scalar) add_text(list, list.scalar);
  for (const std::string& hash : hashes) add_text(list, to_lower(hash));
}

}  // namespace

std::vector<const Protocol*> all_protocols() {
  std::vector<const Protocol*> out;
  for (const DissectorRow* row : dissectors()) out.push_back(row->protocol);
  return out;
}

namespace {

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

std::unique_ptr<const SensorConfig> SensorConfig::read(Setting& root, const std::vector<std::string>& only) {
  hand_over_record_options(root);
  auto config = std::make_unique<SensorConfig>();
  config->file_store = FileStoreConfig::read(root);
  hand_over_file_options(root, config->file_store);
  config->decode = read_decode_config(root);
  config->flow = read_options<FlowConfig>(root, flow_options());
  config->budget = read_options<BudgetConfig>(root, budget_options());
  config->exceptions = ExceptionConfig::read(root);
  config->stream = read_options<StreamConfig>(root, stream_options());
  config->app = AppConfig::read(root);
  config->identify = read_options<IdentifyConfig>(root, identify_options());
  config->detect = read_rule_config(root);
  config->eve = EveConfig::read(root, only, all_protocols());
  config->rules = rule_environment(root);
  return config;
}

std::vector<OptionInfo> all_options() {
  std::vector<OptionInfo> out;
  auto add = [&](std::vector<OptionInfo> options) { out.insert(out.end(), options.begin(), options.end()); };
  add(describe_options(decode_options()));
  add(describe_options(flow_options()));
  add(describe_options(budget_options()));
  add(describe_options(stream_options()));
  add(describe_options(exception_options()));
  add(app_options());
  add(describe_options(rule_options()));
  add(describe_options(dataset_options()));
  add(describe_options(identify_options()));
  add(describe_options(control_options()));
  add(describe_options(confinement_options()));
  add(describe_options(metrics_options()));
  add(live_options());
  add(eve_options());
  add(file_store_options());
  return out;
}

}  // namespace lapwing
