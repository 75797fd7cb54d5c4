// The configuration of interfaces: Suricata's list "pcap", or one map that holds for all.
#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "sensor/base/text.h"
#include "sensor/capture/live.h"

namespace lapwing {
namespace {

constexpr uint64_t kMaxWorkers = 256;  // a fanout group of older kernels takes no more

using C = LiveConfig;
constexpr NamedValue kSwitch[] = {{"yes", 1}, {"no", 0}};
constexpr NamedValue kChecks[] = {{"yes", 1}, {"no", 0}, {"auto", 2}};

constexpr OptionRow<C> kRows[] = {
    {"interface", &C::interface, "",
     "name of the interface; default: what holds for those that follow or are named by -i"},
    {"threads", &C::threads_text, "auto", "workers, 1 to 256, among which flows are dealt; auto: one a core"},
    {"cpus", &C::cpus_text, "", "cores that workers are bound to in turn, as [0, 2] or 0-3; empty: no binding"},
    {"bpf-filter", &C::filter, "", "expression in pcap-filter(7) syntax"},
    {"buffer-size", &C::ring_bytes, "64mb", "ring shared with the kernel, of each worker", Unit::bytes},
    {"snaplen", &C::snaplen, "262144", "bytes of a frame that are captured; offloading makes frames of 64 KiB and more",
     Unit::bytes},
    {"promisc", &C::promiscuous, "yes", "take frames for other stations too"},
    {"vlan-tracking", &C::vlan_tracking, "",
     "whether packets of different VLANs belong to different flows here, yes or no; empty: as vlan.use-for-tracking"},
    {"checksum-checks", &C::checksums, "",
     "verify checksums here: yes, no or auto; empty: as pcap-file.checksum-checks"},
    {"silence-after", &C::silence_after, "0", "tell and count that nothing came for so long; 0: never", Unit::seconds},
};

/// "3" or "0-3".
void add_cpus(const Setting& node, const std::string& text, std::vector<int>& out) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) CPU_ZERO(&allowed);
  auto ends = split(text, '-');
  auto first = parse_unsigned(trim(ends[0])), last = parse_unsigned(trim(ends.back()));
  if (ends.size() > 2 || !first || !last || *first > *last || *last >= CPU_SETSIZE) {
    node.fail("'" + text + "' is no core; write a number, or two as in 0-3");
  }
  for (uint64_t cpu = *first; cpu <= *last; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) node.fail("core " + std::to_string(cpu) + " is not there for this process");
    out.push_back(static_cast<int>(cpu));
  }
}

void read_word(const Setting& node, const std::string& key, std::span<const NamedValue> names, std::string& word) {
  const Setting* found = node.find(key);
  if (!found || found->scalar.empty()) return;
  read_named(*found, names);
  word = to_lower(found->scalar);
}

/// What `node` says over what `config` holds already.
LiveConfig read_one(const Setting& node, LiveConfig config) {
  read_options<C>(node, kRows, config);
  if (const Setting* threads = node.find("threads")) {
    config.workers =
        to_lower(threads->as_text()) == "auto" ? std::min(usable_cores(), kMaxWorkers) : threads->as_integer();
    if (config.workers == 0 || config.workers > kMaxWorkers) threads->fail("1 to 256 workers, or auto");
  }
  if (const Setting* cpus = node.find("cpus")) config.cpus = read_cores(*cpus, config.cpus_text);
  read_word(node, "vlan-tracking", kSwitch, config.vlan_tracking);
  read_word(node, "checksum-checks", kChecks, config.checksums);
  config.mark = node.mark;
  return config;
}

const std::string& name_of(const Setting& entry) {
  const Setting* name = entry.kind == Setting::Kind::map ? entry.find("interface") : nullptr;
  if (!name || name->as_text().empty()) entry.fail("a member of pcap names an interface: '- interface: eth0'");
  return name->scalar;
}

/// The list's member of this name, or null. Throws when there are two.
const Setting* entry_of(const Setting& list, const std::string& name) {
  const Setting* found = nullptr;
  for (const auto& entry : list.children) {
    if (name_of(*entry) != name) continue;
    if (found) entry->fail("interface '" + name + "' is there twice");
    found = entry.get();
  }
  return found;
}

}  // namespace

uint64_t usable_cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<uint64_t>(CPU_COUNT(&set)) : 1;
}

std::vector<int> read_cores(const Setting& node, const std::vector<std::string>& texts) {
  std::vector<int> out;
  for (const std::string& text : texts) add_cpus(node, text, out);
  return out;
}

std::vector<OptionInfo> live_options() {
  return describe_options<C>(kRows, "pcap.");
}

std::vector<LiveConfig> read_interfaces(const Setting& root, const std::vector<std::string>& named, bool needed) {
  LiveConfig defaults = read_options<C>(Setting{}, kRows);
  defaults.workers = std::min(usable_cores(), kMaxWorkers);
  const Setting* pcap = root.find("pcap");
  const Setting* list = pcap && pcap->kind == Setting::Kind::list ? pcap : nullptr;
  std::vector<std::string> names = named;
  if (list) {
    if (const Setting* entry = entry_of(*list, "default")) defaults = read_one(*entry, defaults);
  } else if (pcap && pcap->kind == Setting::Kind::map) {
    defaults = read_one(*pcap, defaults);
    if (names.empty() && !defaults.interface.empty()) names.push_back(defaults.interface);
  }
  const bool all = names.empty();
  if (all && list) {
    for (const auto& entry : list->children) {
      if (name_of(*entry) != "default") names.push_back(name_of(*entry));
    }
  }
  std::vector<LiveConfig> out;
  for (const std::string& name : names) {
    const SourceMark where{"-i " + name, 0, 0};
    auto same = [&](const LiveConfig& config) { return config.interface == name; };
    const Setting* entry = list ? entry_of(*list, name) : nullptr;
    if (std::ranges::any_of(out, same)) throw SettingError(where, "the interface is named twice");
    LiveConfig config = entry ? read_one(*entry, defaults) : defaults;
    config.interface = name;
    if (!entry && !named.empty()) config.mark = where;
    out.push_back(std::move(config));
  }
  if (out.empty() && needed) {
    throw SettingError({"run", 0, 0},
                       "no interface to watch; name one by -i, or in the configuration: pcap: [{interface: eth0}]");
  }
  // Members of interfaces that are not chosen are no mistakes.
  if (pcap && !named.empty()) pcap->use_all();
  return out;
}

}  // namespace lapwing
