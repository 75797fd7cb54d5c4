#include <algorithm>
#include <filesystem>

#include "sensor/base/text.h"
#include "sensor/config/config.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;

// Read through this, so that adopting a file does not mark its settings as used.
Setting* member(Setting& map, std::string_view key) {
  for (auto& child : map.children) {
    if (child->key == key) return child.get();
  }
  return nullptr;
}

Setting* at(Setting& root, std::string_view path) {
  Setting* node = &root;
  for (std::string_view part : split(path, '.')) {
    node = member(*node, part);
    if (!node) return nullptr;
  }
  return node;
}

void anchor_path(Setting& node, const fs::path& folder) {
  if (node.kind == Setting::Kind::list) {
    for (auto& child : node.children) anchor_path(*child, folder);
    return;
  }
  if (node.kind != Setting::Kind::scalar || node.scalar.empty() || fs::path(node.scalar).is_absolute()) return;
  node.scalar = (folder / node.scalar).lexically_normal().string();
}

void anchor_paths(Setting& yaml) {
  fs::path folder = fs::path(yaml.mark.file).parent_path();
  for (std::string_view key :
       {"classification-file", "reference-config-file", "threshold-file", "default-rule-path", "magic-file",
        "geoip-database", "default-reputation-path", "reputation-categories-file"}) {
    if (Setting* node = member(yaml, key)) anchor_path(*node, folder);
  }
  Setting* rule_folder = member(yaml, "default-rule-path");
  Setting* rule_files = member(yaml, "rule-files");
  bool has_folder = rule_folder && rule_folder->kind == Setting::Kind::scalar;
  if (rule_files) anchor_path(*rule_files, has_folder ? fs::path(rule_folder->scalar) : folder);
}

/// "$VXLAN_PORTS" -> "4789"; variables may name variables.
std::string port_text(Setting& yaml, const Setting& node, const std::string& text, int depth = 0) {
  constexpr int kMaxDepth = 8;
  size_t dollar = text.find('$');
  if (dollar == std::string::npos) return text;
  size_t end = text.find_first_of(",] \t!", dollar);
  std::string name = text.substr(dollar + 1, end == std::string::npos ? end : end - dollar - 1);
  Setting* variables = at(yaml, "vars.port-groups");
  Setting* variable = variables ? member(*variables, name) : nullptr;
  if (!variable || variable->kind != Setting::Kind::scalar) node.fail("there is no '" + name + "' in vars.port-groups");
  if (depth == kMaxDepth) node.fail("'" + name + "' is defined by itself");
  std::string rest = end == std::string::npos ? "" : text.substr(end);
  return text.substr(0, dollar) + port_text(yaml, node, variable->scalar, depth + 1) +
         port_text(yaml, node, rest, depth);
}

void resolve_decoder_ports(Setting& yaml) {
  Setting* decoder = member(yaml, "decoder");
  if (!decoder) return;
  for (auto& tunnel : decoder->children) {
    Setting* ports = member(*tunnel, "ports");
    if (!ports || ports->scalar.find('$') == std::string::npos) continue;
    std::string text = port_text(yaml, *ports, ports->scalar);
    std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
    ports->scalar = text;
  }
}

void deprecated_keys(Setting& yaml, Warnings& notes) {
  // "checksum_validation: auto" and the like are Suricata's for "as the capture allows"; on a sensor that is yes.
  if (Setting* node = at(yaml, "stream.checksum-validation"); node && to_lower(node->scalar) == "auto") {
    node->scalar = "yes";
    notes.push_back(to_string(node->mark) + ": stream.checksum-validation: auto is taken as yes");
  }
  if (Setting* node = member(yaml, "packet-alert-max"); node && node->scalar == "0") {
    node->scalar = "15";
    notes.push_back(to_string(node->mark) + ": packet-alert-max: 0 would drop every alert and is taken as 15");
  }
  if (Setting* version = member(yaml, "suricata-version"); version && !version->scalar.empty()) version->use_all();
}

constexpr std::string_view kPolicies[] = {"exception-policy", "stream.memcap-policy", "stream.reassembly.memcap-policy",
                                          "stream.midstream-policy", "app-layer.error-policy"};
constexpr std::string_view kBlocking[] = {"drop-flow", "drop-packet", "pass-flow", "pass-packet",
                                          "reject",    "reject-both", "reject-all"};
/// Of what never happens here: at these caps something older makes room.
constexpr std::string_view kIdlePolicies[][2] = {
    {"flow.memcap-policy", "at the cap the flow nearest to its timeout makes room"},
    {"defrag.memcap-policy", "at the cap the packet that began first makes room"},
};

/// Of the policies a sensor that only watches has two: to ignore the exception, and to bypass the flow.
void exception_policies(Setting& yaml, Warnings& notes) {
  for (std::string_view key : kPolicies) {
    Setting* node = at(yaml, key);
    if (!node || node->kind != Setting::Kind::scalar) continue;
    node->scalar = to_lower(node->scalar);
    if (std::ranges::find(kBlocking, node->scalar) == std::end(kBlocking)) continue;
    notes.push_back(to_string(node->mark) + ": " + std::string(key) + ": " + node->scalar +
                    " is taken as ignore, since a sensor only watches");
    node->scalar = "ignore";
  }
  for (const auto& [key, why] : kIdlePolicies) {
    Setting* node = at(yaml, key);
    if (!node || node->kind != Setting::Kind::scalar) continue;
    node->use_all();
    const std::string policy = to_lower(node->scalar);
    if (policy == "ignore" || policy == "auto") continue;
    notes.push_back(to_string(node->mark) + ": " + std::string(key) + ": " + policy +
                    " is without effect: " + std::string(why));
  }
}

void remove_members(Setting& map, std::initializer_list<std::string_view> keys) {
  std::erase_if(map.children, [&](const auto& c) { return std::ranges::find(keys, c->key) != keys.end(); });
}

/// Interfaces are listed once for each way of capture there; the list of af-packet is the one that sensors run on.
void interfaces(Setting& yaml) {
  Setting* list = member(yaml, "af-packet");
  if (list && list->kind == Setting::Kind::list && !list->children.empty()) {
    remove_members(yaml, {"pcap"});
    list = member(yaml, "af-packet");
    list->key = "pcap";
  } else {
    list = member(yaml, "pcap");
  }
  if (!list) return;
  for (auto& entry : list->children) {
    if (Setting* off = member(*entry, "disable-promisc")) {
      off->key = "promisc";
      const std::string text = to_lower(off->scalar);
      off->scalar = text == "yes" || text == "true" || text == "on" || text == "1" ? "no" : "yes";
    }
    // What the kernel knows of checksums does not come through libpcap.
    if (Setting* checks = member(*entry, "checksum-checks"); checks && to_lower(checks->scalar) == "kernel") {
      checks->scalar = "auto";
    }
    remove_members(*entry, {"cluster-id", "cluster-type", "defrag", "use-mmap", "mmap-locked", "tpacket-v3",
                            "ring-size", "block-size", "block-timeout", "use-emergency-flush"});
  }
}

/// What these records show unless told: Suricata writes them short, and those of DNS in version 2 before its version 8.
void short_records(Setting& yaml) {
  const Setting* outputs = member(yaml, "outputs");
  if (!outputs) return;
  const Setting* writer = member(yaml, "suricata-version");
  const bool before_8 = writer && writer->scalar.size() > 1 && writer->scalar[1] == '.' && writer->scalar[0] < '8';
  const auto add = [](Setting& map, std::string_view key, Setting::Kind kind, std::string_view scalar) -> Setting& {
    map.kind = Setting::Kind::map;
    map.children.push_back(std::make_unique<Setting>());
    Setting& made = *map.children.back();
    made.key = key;
    made.kind = kind;
    made.scalar = scalar;
    made.mark = map.mark;
    return made;
  };
  for (const auto& output : outputs->children) {
    Setting* types = at(*output, "eve-log.types");
    if (!types || types->kind != Setting::Kind::list) continue;
    for (const auto& type : types->children) {
      struct Unless {
        std::string_view type, key, value;
      };
      for (const auto& [name, key, value] :
           {Unless{"http", "extended", "no"}, Unless{"tls", "extended", "no"}, Unless{"dns", "version", "2"}}) {
        if (name == "dns" && !before_8) continue;
        Setting* record = member(*type, name);
        if (type->kind == Setting::Kind::scalar && type->scalar == name) {
          type->scalar.clear();
          record = &add(*type, name, Setting::Kind::null, {});
        }
        if (record && record->kind != Setting::Kind::scalar && !member(*record, key)) {
          add(*record, key, Setting::Kind::scalar, value);
        }
      }
    }
  }
}

/// Suricata warns and goes on without them.
void missing_tables(Setting& yaml, Warnings& notes) {
  for (std::string_view key : {"classification-file", "reference-config-file", "threshold-file"}) {
    Setting* node = member(yaml, key);
    if (!node || node->kind != Setting::Kind::scalar || fs::exists(node->scalar)) continue;
    notes.push_back(to_string(node->mark) + ": " + std::string(key) + ": there is no '" + node->scalar + "'");
    std::erase_if(yaml.children, [node](const auto& child) { return child.get() == node; });
  }
}

}  // namespace

Warnings adopt_suricata(std::unique_ptr<Setting> yaml, Setting& root) {
  Warnings notes;
  anchor_paths(*yaml);
  missing_tables(*yaml, notes);
  resolve_decoder_ports(*yaml);
  deprecated_keys(*yaml, notes);
  exception_policies(*yaml, notes);
  interfaces(*yaml);
  short_records(*yaml);
  merge(root, std::move(yaml));
  return notes;
}

}  // namespace lapwing
