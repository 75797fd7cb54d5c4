#include "analytics/registry.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "analytics/detectors/arp_spoof.h"
#include "analytics/detectors/beacon.h"
#include "analytics/detectors/brute_force.h"
#include "analytics/detectors/callback.h"
#include "analytics/detectors/cleartext_credentials.h"
#include "analytics/detectors/cleartext_shell.h"
#include "analytics/detectors/dga.h"
#include "analytics/detectors/directory_attack.h"
#include "analytics/detectors/discovery.h"
#include "analytics/detectors/dns_tunnel.h"
#include "analytics/detectors/exfiltration.h"
#include "analytics/detectors/flood.h"
#include "analytics/detectors/icmp_tunnel.h"
#include "analytics/detectors/lateral.h"
#include "analytics/detectors/long_connection.h"
#include "analytics/detectors/mining.h"
#include "analytics/detectors/name_poisoning.h"
#include "analytics/detectors/novelty.h"
#include "analytics/detectors/odd_port.h"
#include "analytics/detectors/rogue_dhcp.h"
#include "analytics/detectors/rogue_ra.h"
#include "analytics/detectors/scan.h"
#include "analytics/detectors/tls_anomaly.h"
#include "analytics/detectors/zerologon.h"
#include "analytics/frame/interfaces.h"
#include "analytics/intel/intel.h"
#include "analytics/inventory/inventory.h"

namespace lapwing::analytics {
namespace {

// clang-format off
const DetectorRow kDetectors[] = {
    detector<ArpSpoof>(),
    detector<Beacon>(),
    detector<BruteForce>(),
    detector<Callback>(),
    detector<CleartextCredentials>(),
    detector<CleartextShell>(),
    detector<Dga>(),
    detector<DirectoryAttack>(),
    detector<Discovery>(),
    detector<DnsTunnel>(),
    detector<Exfiltration>(),
    detector<Flood>(),
    detector<IcmpTunnel>(),
    detector<Intel>(),
    detector<Lateral>(),
    detector<LongConnection>(),
    detector<Mining>(),
    detector<NamePoisoning>(),
    detector<Novelties>(),
    detector<OddPort>(),
    detector<RogueDhcp>(),
    detector<RogueRa>(),
    detector<Scan>(),
    detector<TlsAnomaly>(),
    detector<Zerologon>(),
};
// clang-format on

const Setting* first(const OptionSource& source, std::string_view key) {
  const std::vector<const Setting*> found = source.find(key);
  return found.empty() ? nullptr : found.front();
}

}  // namespace

Policy read_policy(const OptionSource& source) {
  std::vector<std::string_view> names;
  for (const DetectorRow& row : kDetectors) names.push_back(row.about.name);
  return {.roles = read_roles(source), .allow = read_allow(source, names)};
}

std::span<const DetectorRow> detectors() {
  return kDetectors;
}

std::vector<OptionInfo> options() {
  std::vector<OptionInfo> out = describe_options(frame_options());
  out.push_back(
      {"analytics.roles", "list", "[]",
       "rows {role, hosts}: what hosts are there for; `lapwing list roles` has the roles, and `list detectors` "
       "which findings they explain",
       ""});
  out.push_back(
      {"analytics.allow", "list", "[]",
       "rows {detector, subject, peer, port, until, reason}: findings that are withheld, all of whose objects "
       "are of `peer` (address, network or domain) and `port`; `reason` is needed, and one of the first four",
       ""});
  for (OptionInfo& option : describe_options(Interfaces::options())) out.push_back(std::move(option));
  for (OptionInfo& option : describe_options(incident_options())) out.push_back(std::move(option));
  for (OptionInfo& option : describe_options(Inventory::options())) out.push_back(std::move(option));
  for (const DetectorRow& row : kDetectors) {
    for (OptionInfo& option : row.options()) out.push_back(std::move(option));
  }
  return out;
}

Config Config::read(const OptionSource& source) {
  const auto frame = read_options(source, frame_options());
  if (frame.learn < 0 || frame.learn > 365) {
    first(source, "analytics.learn")->fail("analytics.learn: write 0 to 365 days");
  }
  Config out{.enabled = frame.enabled,
             .incidents = read_options(source, incident_options()),
             .policy = read_policy(source),
             .surroundings = {.internal = Networks(frame.internal, first(source, "analytics.internal")),
                              .learn = static_cast<uint64_t>(frame.learn * 86'400 + 0.5)},
             .state = frame.state};
  if (frame.memory < Surroundings::kLeastMemory || frame.memory > Surroundings::kMostMemory) {
    const Setting* where = first(source, "analytics.memory");
    throw SettingError(where ? where->mark : SourceMark{}, "analytics.memory: write 4 MiB to 4 GiB");
  }
  out.surroundings.memory = frame.memory;
  try {
    if (frame.enabled) out.surroundings.vendors = read_vendors(frame.vendors);
  } catch (const std::runtime_error& error) {
    const Setting* where = first(source, "analytics.vendors");
    throw SettingError(where ? where->mark : SourceMark{},
                       "analytics.vendors: " + std::string(error.what()) + "; write auto, off, or where there is one");
  }
  for (const std::string& name : frame.off) {
    if (std::ranges::any_of(kDetectors, [&](const DetectorRow& row) { return row.about.name == name; })) continue;
    std::string all;
    for (const DetectorRow& row : kDetectors) all += (all.empty() ? "" : ", ") + std::string(row.about.name);
    first(source, "analytics.off")->fail("'" + name + "' is no detector; there are " + all);
  }
  // These two stand among detectors, and are none. Where nothing may rest on silence is decided before others judge.
  if (auto interfaces = detector<Interfaces>().read(source); interfaces->wanted()) {
    out.detectors.push_back(std::move(interfaces));
  }
  for (const DetectorRow& row : kDetectors) {
    auto detector = row.read(source);
    const bool off = std::ranges::find(frame.off, row.about.name) != frame.off.end();
    if (!off && detector->wanted()) out.detectors.push_back(std::move(detector));
  }
  if (Inventory::read(source).enabled) out.detectors.push_back(detector<Inventory>().read(source));
  return out;
}

Reread Config::reread(const OptionSource& source) const {
  std::vector<std::function<void()>> adoptions;
  Reread out;
  for (const auto& detector : detectors) {
    Reread one = detector->reread(source);
    if (one.adopt) adoptions.push_back(std::move(one.adopt));
    for (std::string& fault : one.faults) out.faults.push_back(std::move(fault));
  }
  out.adopt = [adoptions = std::move(adoptions)] {
    for (const auto& adopt : adoptions) adopt();
  };
  return out;
}

}  // namespace lapwing::analytics
