#include "analytics/detectors/dns_response.h"

#include <algorithm>

#include "sensor/base/domain.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

/// Names of the own link (RFC 6762) and of addresses are no domains.
bool is_local(std::string_view name) {
  constexpr std::string_view kEnds[] = {".arpa", ".local", ".localhost", ".lan", ".home"};
  return std::any_of(std::begin(kEnds), std::end(kEnds), [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace

bool names_address(std::string_view labels) {
  constexpr size_t kOctets = 4, kHalves = 16;  // of 32, where a list goes by networks
  size_t octets = 0, halves = 0;
  for (bool octet = true, half = true; !labels.empty() && (octet || half);) {
    const std::string_view label = labels.substr(0, labels.find('.'));
    labels.remove_prefix(std::min(labels.size(), label.size() + 1));
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    octet = octet && !label.empty() && label.size() <= 3 && std::all_of(label.begin(), label.end(), digit);
    half = half && label.size() == 1 && (digit(label[0]) || (label[0] >= 'a' && label[0] <= 'f'));
    octets += octet;
    halves += half;
  }
  return octets >= kOctets || halves >= kHalves;
}

const DnsResponse* DnsResponses::read(const Observed& observed) {
  const auto response = response_.first(observed);
  if (!response || response->integer == 0 || !observed.flow) return nullptr;
  found_.client = observed.src;
  found_.server = observed.dest;
  if (!surroundings_.inside(found_.client)) return nullptr;
  const auto name = name_.first(observed);
  if (!name || name->bytes.empty()) return nullptr;
  const size_t size = std::min(name->bytes.size(), kMostName);
  const Bytes end = name->bytes.last(size);
  std::transform(end.begin(), end.end(), text_.begin(), [](uint8_t c) { return static_cast<char>(lower(c)); });
  found_.name = {text_.data(), size};
  if (is_local(found_.name)) return nullptr;
  found_.domain = domain_of(found_.name);
  if (found_.domain.empty()) return nullptr;
  found_.labels = found_.name.substr(0, found_.name.size() - found_.domain.size());
  if (!found_.labels.empty()) found_.labels.remove_suffix(1);
  if (names_address(found_.labels)) return nullptr;
  const auto type = type_.first(observed), rcode = rcode_.first(observed);
  found_.type = type ? static_cast<uint16_t>(type->integer) : 0;
  found_.rcode = rcode ? static_cast<uint8_t>(rcode->integer) : 0;
  return &found_;
}

/// That of the name behind the first label, which is mostly known, or all of it, where that is a suffix.
std::string_view DnsResponses::domain_of(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view rest = name.substr(dot + 1);
  const bool short_name = rest.find('.') == std::string_view::npos;
  const std::string_view looked_up = short_name ? name : rest;
  const uint64_t hash = keyed_hash(to_bytes(looked_up), surroundings_.hash_seed);
  Known& known = known_[hash % kKnown];
  if (known.hash != hash) known = {hash, static_cast<uint8_t>(registrable_domain(looked_up).size())};
  if (known.size == 0) return short_name ? std::string_view() : name;
  return name.substr(name.size() - known.size);
}

}  // namespace lapwing::analytics
