#include "sensor/capture/dpdk/config.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::capture::dpdk {
namespace {

constexpr uint64_t kMaxWorkers = 256;
constexpr uint64_t kMaxDescriptors = 65535;
constexpr uint64_t kMaxMempool = (1u << 24) - 1;
constexpr uint64_t kMaxCache = 512;  // RTE_MEMPOOL_CACHE_MAX_SIZE
constexpr uint64_t kMinMtu = 68, kMaxMtu = 65535;
constexpr uint64_t kMinSnaplen = 64, kMaxSnaplen = 256 << 10;

using C = PortConfig;
constexpr NamedValue kDealing[] = {{"ports", true}, {"addresses", false}};
constexpr NamedValue kSwitch[] = {{"yes", true}, {"no", false}};
constexpr NamedValue kChecks[] = {{"yes", 1}, {"no", 0}, {"auto", 2}};

constexpr OptionRow<C> kRows[] = {
    {"interface", &C::definition, "",
     "PCI address (0000:3b:00.0), name of a device of the EAL's arguments, or a virtual device to make "
     "(net_pcap0,rx_pcap=FILE); default: what holds for the others"},
    {"threads", &C::threads_text, "auto",
     "workers, 1 to 256, each with a queue of its own; auto: one a core, or one where the device does not deal flows"},
    {"cpus", &C::cpus_text, "", "cores that workers are bound to in turn, as [0, 2] or 0-3; empty: no binding"},
    {"promisc", &C::promiscuous, "yes", "take frames for other stations too"},
    {"multicast", &C::multicast, "yes", "take all multicast frames"},
    {"mtu", &C::mtu_text, "auto", "longest packet, 68 to 65535, without its link header; auto: as the device has it"},
    {"snaplen", &C::snaplen, "65535", "bytes of a frame that are looked at", Unit::bytes},
    {"rx-descriptors", &C::rx_descriptors_text, "auto",
     "of each queue; auto: 2048, or what the device allows nearest to that"},
    {"mempool-size", &C::mempool_size_text, "auto",
     "packet buffers of each queue, best a power of two less one; auto: what descriptors, a burst and the cache need"},
    {"mempool-cache-size", &C::mempool_cache_size_text, "auto",
     "buffers that a worker keeps at hand, at most 512 and two thirds of mempool-size; auto: 256, or what fits"},
    {"rss-hash", one_of<&C::deal_by_ports>(kDealing), "ports",
     "what the device deals flows by. ports: addresses and ports; addresses: keeps fragments with their flow, for "
     "devices that can hash TCP and UDP by addresses alone"},
    {"busy-poll", &C::busy_poll, "no", "never leave the core while nothing comes"},
    {"vlan-tracking", &C::vlan_tracking, "",
     "whether packets of different VLANs belong to different flows here, yes or no; empty: as vlan.use-for-tracking"},
    {"checksum-checks", &C::checksums, "",
     "verify checksums here: yes, no or auto; empty: as pcap-file.checksum-checks"},
    {"silence-after", &C::silence_after, "0", "tell and count that nothing came for so long; 0: never", Unit::seconds},
};

/// 0 for auto.
uint64_t read_count(const Setting& node, std::string_view key, uint64_t fallback, uint64_t least, uint64_t most) {
  const Setting* found = node.find(key);
  if (!found || found->kind == Setting::Kind::null) return fallback;
  if (to_lower(found->as_text()) == "auto") return 0;
  const uint64_t out = found->as_integer();
  if (out < least || out > most) found->fail(std::to_string(least) + " to " + std::to_string(most) + ", or auto");
  return out;
}

/// Suricata's own file has true and false here.
void read_word(const Setting& node, const std::string& key, std::span<const NamedValue> names, std::string& word) {
  const Setting* found = node.find(key);
  if (!found || found->scalar.empty()) return;
  word = to_lower(found->scalar);
  if (word == "true" || word == "false") {
    word = word == "true" ? "yes" : "no";
  } else {
    read_named(*found, names);
  }
}

PortConfig read_one(const Setting& node, PortConfig config) {
  read_options<C>(node, kRows, config);
  config.workers = read_count(node, "threads", config.workers_auto ? 0 : config.workers, 1, kMaxWorkers);
  config.workers_auto = config.workers == 0;
  if (const Setting* cpus = node.find("cpus")) config.cpus = read_cores(*cpus, config.cpus_text);
  config.rx_descriptors = read_count(node, "rx-descriptors", config.rx_descriptors, 1, kMaxDescriptors);
  config.mempool_size = read_count(node, "mempool-size", config.mempool_size, 1, kMaxMempool);
  config.mempool_cache_size = read_count(node, "mempool-cache-size", config.mempool_cache_size, 0, kMaxCache);
  config.mtu = read_count(node, "mtu", config.mtu, kMinMtu, kMaxMtu);
  if (config.snaplen < kMinSnaplen || config.snaplen > kMaxSnaplen) node.find("snaplen")->fail("64 bytes to 256kb");
  if (config.mempool_size && config.mempool_cache_size * 3 > config.mempool_size * 2) {
    node.fail("mempool-cache-size is more than two thirds of mempool-size");
  }
  read_word(node, "vlan-tracking", kSwitch, config.vlan_tracking);
  read_word(node, "checksum-checks", kChecks, config.checksums);
  const size_t comma = config.definition.find(',');
  config.interface = config.definition.substr(0, comma);
  config.arguments = comma == std::string::npos ? "" : config.definition.substr(comma + 1);
  config.mark = node.mark;
  return config;
}

/// "no-huge" to "--no-huge", "m" with "512" to "-m 512".
void add_argument(const Setting& member, const Setting& value, std::vector<std::string>& out) {
  const bool letter = member.key.size() == 1;
  const std::string name = (letter ? "-" : "--") + member.key;
  const std::string text = value.kind == Setting::Kind::null ? "" : value.as_text(), word = to_lower(text);
  if (word == "no" || word == "false" || word == "off") return;
  if (word.empty() || word == "yes" || word == "true" || word == "on") {
    out.push_back(name);
  } else if (letter) {
    out.push_back(name);
    out.push_back(text);
  } else {
    out.push_back(name + "=" + text);
  }
}

std::vector<std::string> read_eal(const Setting& node) {
  std::vector<std::string> out;
  if (node.kind == Setting::Kind::list) return read_texts(node);
  if (node.kind == Setting::Kind::scalar)
    node.fail("a map as {no-huge: yes, m: 512}, or a list as [--no-huge, -m, 512]");
  node.use_all();
  for (const auto& member : node.children) {
    if (member->kind == Setting::Kind::list) {
      for (const auto& value : member->children) add_argument(*member, *value, out);
    } else {
      add_argument(*member, *member, out);
    }
  }
  return out;
}

}  // namespace

std::vector<OptionInfo> options() {
  std::vector<OptionInfo> out{
      {"dpdk.eal-params", "map", "",
       "arguments of the EAL: a map as {no-huge: yes, m: 512, allow: [0000:3b:00.0]}, or a list as on a command line",
       ""}};
  for (OptionInfo& option : describe_options<C>(kRows, "dpdk.interfaces.")) out.push_back(std::move(option));
  return out;
}

Config read_config(const Setting& root, std::vector<std::string>& named) {
  Config out;
  const Setting* section = root.find("dpdk");
  if (!section || section->kind == Setting::Kind::null) return out;
  out.mark = section->mark;
  const bool all = named.empty();
  PortConfig defaults = read_options<C>(Setting{}, kRows);
  const Setting* list = section->find("interfaces");
  if (list && list->kind == Setting::Kind::scalar) list->fail("a list: interfaces: [{interface: 0000:3b:00.0}]");
  std::vector<const Setting*> members;
  for (size_t i = 0; list && i < list->children.size(); ++i) {
    const Setting& member = *list->children[i];
    const Setting* name = member.kind == Setting::Kind::map ? member.find("interface") : nullptr;
    if (!name || name->as_text().empty()) {
      member.fail("a member of dpdk.interfaces names a port: '- interface: 0000:3b:00.0'");
    }
    if (name->scalar == "default") {
      defaults = read_one(member, defaults);
    } else {
      members.push_back(&member);
    }
  }
  for (const Setting* member : members) {
    PortConfig port = read_one(*member, defaults);
    auto same = [&](const PortConfig& other) { return other.interface == port.interface; };
    if (std::ranges::any_of(out.ports, same)) member->fail("port '" + port.interface + "' is there twice");
    out.ports.push_back(std::move(port));
  }
  if (!all) {
    auto chosen = [&](const PortConfig& port) { return std::erase(named, port.interface) > 0; };
    std::erase_if(out.ports, [&](const PortConfig& port) { return !chosen(port); });
    section->use_all();
  }
  const Setting* eal = section->find("eal-params");
  if (eal && eal->kind != Setting::Kind::null) {
    out.eal = read_eal(*eal);
    out.mark = eal->mark;
  }
  return out;
}

}  // namespace lapwing::capture::dpdk
