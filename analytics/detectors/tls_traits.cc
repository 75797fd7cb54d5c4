#include "analytics/detectors/tls_traits.h"

#include <algorithm>
#include <bit>
#include <string>

#include "analytics/detectors/trigrams.h"
#include "sensor/base/domain.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using namespace tls_trait;

constexpr TlsTraitRow kRows[] = {
    {self_signed, "self_signed", 30},   {expired, "expired", 25},       {not_yet_valid, "not_yet_valid", 25},
    {long_lived, "long_lived", 25},     {other_name, "other_name", 20}, {random_name, "random_name", 30},
    {address_name, "address_name", 25}, {weak_key, "weak_key", 15},     {weak_signature, "weak_signature", 15},
    {old_version, "old_version", 15},   {young, "young", 15},           {shared_key, "shared_key", 30},
    {new_pair, "new_pair", 25},
};

constexpr int64_t kDay = 86'400;
// Since when what was usual before is not: an old server is no anomaly of its time.
constexpr int64_t kNoShortKeys = 1'388'534'400;    // 2014-01-01: NIST SP 800-131A 3
constexpr int64_t kNoSha1 = 1'483'228'800;         // 2017-01-01: browsers refuse it
constexpr int64_t kNoOldVersions = 1'614'643'200;  // 2021-03-02: RFC 8996
constexpr uint64_t kShorterLives = 1'598'918'400;  // 2020-09-01: Baseline Requirements 6.3.2
constexpr uint16_t kTls12 = 0x0303, kSsl = 0x03;

/// In 1/16 bit a character: of names that people give 1 in 100 is above, of 8 random letters 6 in 10, of hex nearly
/// all.
constexpr uint16_t kRandomName = 120;
constexpr size_t kLeastRandom = 8;

bool is_random(std::string_view name) {
  const std::string lower = to_lower(name.substr(name.starts_with("*.") ? 2 : 0));
  const std::string_view domain = registrable_domain(lower);
  const std::string_view of = domain.empty() ? std::string_view(lower) : domain;
  const std::string_view label = of.substr(0, of.find('.'));
  const auto bits = label.size() < kLeastRandom ? std::nullopt : surprise(label);
  return bits && *bits > kRandomName;
}

uint32_t of_certificate(const TlsShown& shown, uint64_t days) {
  uint32_t out = 0;
  const auto now = static_cast<uint64_t>(std::max<int64_t>(shown.time.seconds(), 0));
  const std::string_view name = common_name(shown.subject);
  if (shown.self_issued) out |= self_signed;
  if (shown.not_before != 0 && shown.not_after != 0) {
    const uint64_t life = shown.not_after - std::min(shown.not_before, shown.not_after);
    if (now > shown.not_after) out |= expired;
    if (now < shown.not_before) out |= not_yet_valid;
    if (now >= shown.not_before && now - shown.not_before < kDay) out |= young;
    if (shown.public_policy && shown.not_before >= kShorterLives && life > days * kDay) out |= long_lived;
  }
  if (!shown.sni.empty() && !IpAddress::parse(shown.sni) && !shown.owner && !same_owner(name, shown.sni))
    out |= other_name;
  if (!shown.public_policy) {  // an authority has seen to its names
    if (IpAddress::parse(name)) out |= address_name;
    if (is_random(name)) out |= random_name;
  }
  if (shown.rsa_bits != 0 && shown.rsa_bits < 2048 && shown.time.seconds() >= kNoShortKeys) out |= weak_key;
  const bool md5 = shown.digest.starts_with("MD");
  if (md5 || (shown.digest == "SHA1" && shown.time.seconds() >= kNoSha1)) out |= weak_signature;
  return out;
}

}  // namespace

std::span<const TlsTraitRow> tls_traits() {
  return kRows;
}

unsigned count_traits(uint32_t traits) {
  return static_cast<unsigned>(std::popcount(traits & ~(outdated | unvouched))) + ((traits & outdated) != 0) +
         ((traits & unvouched) != 0);
}

uint32_t traits_of(const TlsShown& shown, uint64_t days) {
  uint32_t out = shown.certificate ? of_certificate(shown, days) : 0;
  const bool known = shown.version >> 8 == kSsl || shown.version == 2;
  if (known && shown.version < kTls12 && shown.time.seconds() >= kNoOldVersions) out |= old_version;
  return out;
}

bool same_owner(std::string_view name, std::string_view sni) {
  const std::string lower = to_lower(name.substr(name.starts_with("*.") ? 2 : 0));
  const std::string_view wanted = registrable_domain(sni);
  return lower == sni || (!wanted.empty() && registrable_domain(lower) == wanted);
}

std::string_view common_name(std::string_view subject) {
  constexpr std::string_view kKey = "CN=";
  size_t at = subject.starts_with(kKey) ? 0 : subject.find(", CN=");
  if (at == std::string_view::npos) return {};
  at = subject.find(kKey, at) + kKey.size();
  return subject.substr(at, subject.find(", ", at) - at);
}

}  // namespace lapwing::analytics
