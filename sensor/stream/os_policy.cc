#include "sensor/stream/os_policy.h"

#include <algorithm>
#include <utility>

#include "sensor/base/text.h"

namespace lapwing {
namespace {

// Rows: the later piece begins before, with, after the earlier one. Columns: it ends before, with, after it.
constexpr OverlapRule rule(std::array<const char*, 3> rows) {
  uint16_t bits = 0;
  for (size_t begin = 0; begin < 3; ++begin) {
    for (size_t end = 0; end < 3; ++end) {
      if (rows[begin][end] == 'L') bits = static_cast<uint16_t>(bits | 1U << (3 * begin + end));
    }
  }
  return OverlapRule(bits);
}
constexpr OverlapRule kFirst = rule({"---", "---", "---"});
constexpr OverlapRule kLast = rule({"LLL", "LLL", "LLL"});
constexpr OverlapRule kBsd = rule({"LLL", "---", "---"});
constexpr OverlapRule kLinux = rule({"LLL", "--L", "---"});
constexpr OverlapRule kOldLinux = rule({"LLL", "-LL", "---"});
constexpr OverlapRule kSolaris = rule({"-LL", "-LL", "--L"});
constexpr OverlapRule kFragmentsBsdRight = rule({"---", "LLL", "LLL"});
constexpr OverlapRule kFragmentsLinux = rule({"LLL", "LLL", "---"});
constexpr OverlapRule kFragmentsWindows = rule({"--L", "---", "---"});
constexpr OverlapRule kFragmentsSolaris = rule({"-LL", "---", "---"});

HostNetwork parse_network(const std::string& text, std::string_view key) {
  auto slash = text.find('/');
  auto address = IpAddress::parse(text.substr(0, slash));
  uint64_t bits = address && address->version == 4 ? 32 : 128;
  auto prefix = slash == std::string::npos ? bits : parse_unsigned(std::string_view(text).substr(slash + 1));
  if (!address || !prefix || *prefix > bits) {
    throw SettingError(
        {}, std::string(key) + ": \"" + text + "\" is no network; right would be 10.0.0.0/8 or 2001:db8::/32");
  }
  return {*address, static_cast<uint8_t>(*prefix)};
}

}  // namespace

bool HostNetwork::contains(const IpAddress& host) const {
  if (address.version != host.version) return false;
  size_t whole = prefix / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + whole, host.bytes.begin())) return false;
  if (prefix % 8 == 0) return true;
  auto mask = static_cast<uint8_t>(0xff << (8 - prefix % 8));
  return ((address.bytes[whole] ^ host.bytes[whole]) & mask) == 0;
}

HostList::HostList(const std::vector<std::string>& networks, std::string_view key) {
  for (const std::string& text : networks) networks_.push_back(parse_network(text, key));
}

bool HostList::contains(const IpAddress& host) const {
  return std::ranges::any_of(networks_, [&](const HostNetwork& network) { return network.contains(host); });
}

OverlapRule segment_rule(OsPolicy policy) {
  switch (policy) {
    case OsPolicy::first:
    case OsPolicy::vista: return kFirst;
    case OsPolicy::last: return kLast;
    case OsPolicy::linux: return kLinux;
    case OsPolicy::old_linux: return kOldLinux;
    case OsPolicy::solaris:
    case OsPolicy::old_solaris:
    case OsPolicy::hpux11: return kSolaris;
    default: return kBsd;
  }
}

OverlapRule fragment_rule(OsPolicy policy) {
  switch (policy) {
    case OsPolicy::last: return kLast;
    case OsPolicy::first:
    case OsPolicy::old_solaris:
    case OsPolicy::hpux11:
    case OsPolicy::macos: return kFirst;
    case OsPolicy::bsd_right: return kFragmentsBsdRight;
    case OsPolicy::linux:
    case OsPolicy::old_linux: return kFragmentsLinux;
    case OsPolicy::solaris: return kFragmentsSolaris;
    case OsPolicy::windows:
    case OsPolicy::vista:
    case OsPolicy::windows2k3: return kFragmentsWindows;
    default: return kBsd;
  }
}

bool drops_overlaps(OsPolicy policy, uint8_t ip_version) {
  return ip_version == 6 || policy == OsPolicy::linux;  // RFC 5722; Linux since 4.18 for IPv4 as well
}

uint64_t fragment_timeout(OsPolicy policy, uint8_t ip_version) {
  if (ip_version == 6) return 0;
  switch (policy) {
    case OsPolicy::linux:
    case OsPolicy::old_linux:
    case OsPolicy::bsd:
    case OsPolicy::bsd_right:
    case OsPolicy::irix:
    case OsPolicy::macos: return 30;  // ipfrag_time, IPFRAGTTL
    default: return 0;
  }
}

uint8_t drops(OsPolicy policy) {
  switch (policy) {
    case OsPolicy::linux:
      return host_drop::source_route | host_drop::repeated_option | host_drop::padding | host_drop::fragment_header;
    case OsPolicy::old_linux:
    case OsPolicy::bsd:
    case OsPolicy::bsd_right:
    case OsPolicy::macos: return host_drop::source_route;  // accept_source_route, accept_sourceroute: off
    default: return 0;                                     // Windows takes what is for itself
  }
}

HostPolicies::HostPolicies(const StreamConfig& c) {
  const std::pair<OsPolicy, const std::vector<std::string>*> lists[] = {{OsPolicy::first, &c.os_first},
                                                                        {OsPolicy::last, &c.os_last},
                                                                        {OsPolicy::bsd, &c.os_bsd},
                                                                        {OsPolicy::bsd_right, &c.os_bsd_right},
                                                                        {OsPolicy::old_linux, &c.os_old_linux},
                                                                        {OsPolicy::linux, &c.os_linux},
                                                                        {OsPolicy::old_solaris, &c.os_old_solaris},
                                                                        {OsPolicy::solaris, &c.os_solaris},
                                                                        {OsPolicy::hpux10, &c.os_hpux10},
                                                                        {OsPolicy::hpux11, &c.os_hpux11},
                                                                        {OsPolicy::irix, &c.os_irix},
                                                                        {OsPolicy::macos, &c.os_macos},
                                                                        {OsPolicy::windows, &c.os_windows},
                                                                        {OsPolicy::vista, &c.os_vista},
                                                                        {OsPolicy::windows2k3, &c.os_windows2k3}};
  for (auto [policy, texts] : lists) {
    for (const std::string& text : *texts) networks_.push_back({parse_network(text, "host-os-policy"), policy});
  }
  std::ranges::stable_sort(networks_, std::ranges::greater(),
                           [](const Network& entry) { return entry.network.prefix; });
}

OsPolicy HostPolicies::of(const IpAddress& address) const {
  for (const Network& entry : networks_) {
    if (entry.network.contains(address)) return entry.policy;
  }
  return OsPolicy::bsd;
}

}  // namespace lapwing
