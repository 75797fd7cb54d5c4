#include "analytics/detectors/dns_response.h"

#include <algorithm>

#include "sensor/base/domain.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

/// Names of the own link (RFC 6762), of networks of one's own (appendix G there) and of addresses are no domains.
bool is_local(std::string_view name) {
  constexpr std::string_view kEnds[] = {".arpa", ".local",    ".localhost", ".lan",    ".home",
                                        ".corp", ".intranet", ".internal",  ".private"};
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

bool names_digest(std::string_view labels) {
  constexpr size_t kMostBehind = 32;  // characters: "malware.hash"
  const auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  size_t digits = 0;
  std::string_view rest = labels;
  // A digest may be longer than a label, which has 63 characters.
  while (!rest.empty()) {
    const std::string_view label = rest.substr(0, rest.find('.'));
    constexpr size_t kShortPart = 16;
    if (label.size() < kShortPart || !std::all_of(label.begin(), label.end(), hex)) break;
    digits += label.size();
    rest.remove_prefix(std::min(rest.size(), label.size() + 1));
  }
  if (digits == 32 || digits == 40 || digits == 64) return rest.size() <= kMostBehind;
  constexpr size_t kUuid = 36, kDashes[] = {8, 13, 18, 23};
  const std::string_view first = labels.substr(0, labels.find('.'));
  if (first.size() != kUuid || labels.size() > kUuid + kMostBehind) return false;
  for (size_t i = 0; i < kUuid; ++i) {
    const bool dash = std::find(std::begin(kDashes), std::end(kDashes), i) != std::end(kDashes);
    if (dash ? first[i] != '-' : !hex(first[i])) return false;
  }
  return true;
}

bool names_policy(std::string_view labels) {
  constexpr std::string_view kNodes[] = {"_acme-challenge", "_dmarc", "_domainkey", "_mta-sts", "_spf"};
  for (size_t at = labels.find('_'); at != std::string_view::npos; at = labels.find('_', at + 1)) {
    const std::string_view label = labels.substr(at, labels.find('.', at) - at);
    const bool whole = at == 0 || labels[at - 1] == '.';
    if (whole && std::find(std::begin(kNodes), std::end(kNodes), label) != std::end(kNodes)) return true;
  }
  return false;
}

bool names_elsewhere(std::string_view labels, std::string_view domain) {
  // Data may well look as some country does, but seldom as that of its own domain.
  constexpr std::string_view kGeneric[] = {"com", "net", "org", "edu", "gov", "info", "biz", "arpa"};
  const std::string_view own = domain.substr(domain.rfind('.') + 1);
  size_t dot = labels.find('.');
  if (dot == 0) return false;
  while (dot != std::string_view::npos) {
    const std::string_view rest = labels.substr(dot + 1), label = rest.substr(0, rest.find('.'));
    if (label == own || std::find(std::begin(kGeneric), std::end(kGeneric), label) != std::end(kGeneric)) return true;
    dot = labels.find('.', dot + 1);
  }
  return false;
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
