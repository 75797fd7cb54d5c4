#include "dissectors/protocols/ldap/ldap_layer.h"

#include <algorithm>
#include <array>

#include "sensor/base/ber.h"

namespace lapwing::ldap {

namespace {

constexpr NamedValue kProtections[] = {
    {"none", Protection::none}, {"signed", Protection::signed_only}, {"sealed", Protection::sealed}};

constexpr size_t kLength = 4;
constexpr std::string_view kKerberos = "krb5", kNtlm = "ntlmssp", kDigest = "digest-md5";

/// What is sealed looks like anything; what is not begins with a message, or goes on with one.
Verdict judge(Bytes inner, size_t front, size_t behind, bool goes_on, std::string_view mechanism, Buffer& out) {
  out.mechanism = mechanism;
  Head head;
  const Verdict verdict = goes_on ? Verdict::good : read_head(inner, head);
  if (verdict == Verdict::more && kLength + front + inner.size() < out.size) return verdict;
  if (verdict != Verdict::good || front + behind > out.size - kLength) return Verdict::good;
  out.protection = Protection::signed_only;
  out.front = kLength + front;
  out.plain = out.size - kLength - front - behind;
  return Verdict::good;
}

/// RFC 4121 4.2.6.2
constexpr size_t kWrapHead = 16;
constexpr uint8_t kSealed = 2;
constexpr size_t kLongestChecksum = 64;  // more than any kind has
struct Wrap {
  uint8_t flags;
  uint16_t extra, rotated;  // bytes of the checksum, and by how many bytes its end came to the front
};
bool read_wrap(Bytes token, Wrap& out) {
  constexpr uint8_t kFiller = 0xff;
  if (token.size() < 8 || load_be16(token.data()) != 0x0504 || token[3] != kFiller) return false;
  out = {token[2], load_be16(&token[4]), load_be16(&token[6])};
  return true;
}

/// RFC 1964 1.2.2, as RFC 4757 7.3 has it: within a framing that names the mechanism.
bool read_old_wrap(Bytes token, Buffer& out) {
  constexpr std::array<uint8_t, 15> kNamed = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12,
                                              0x01, 0x02, 0x02, 0x02, 0x01, 0x11, 0x00};
  constexpr size_t kRest = 4 + 8 + 8 + 8;  // algorithm and filler, number, checksum, random bytes
  constexpr size_t kPadding = 1;
  Opening opening;
  if (open(token, opening) != Verdict::good) return false;
  const Bytes named = token.subspan(opening.bytes);
  if (named.size() < kNamed.size() + 2 || !std::ranges::equal(named.first(kNamed.size()), kNamed)) return false;
  out.mechanism = kKerberos;
  const size_t front = opening.bytes + kNamed.size() + kRest - 2;
  if (load_be16(&named[kNamed.size()]) != 0xffff || out.size < kLength + front + kPadding) return true;
  out.protection = Protection::signed_only;
  out.front = kLength + front;
  out.plain = out.size - out.front - kPadding;
  return true;
}

}  // namespace

std::span<const NamedValue> protection_names() {
  return kProtections;
}
std::string_view protection_name(uint64_t protection, std::string&) {
  return kProtections[protection].name;
}

Verdict read_buffer(Bytes front, bool goes_on, Buffer& out) {
  constexpr size_t kEnough = 24;  // bytes of a token by which its kind is known
  constexpr std::array<uint8_t, 4> kNtlmVersion = {1, 0, 0, 0};
  constexpr size_t kNtlmSignature = 16;  // MS-NLMP 2.2.2.9
  constexpr size_t kDigestMac = 16;      // RFC 2831 2.3
  if (front.size() < kLength) return Verdict::more;
  out = {.size = uint64_t{kLength} + load_be32(front.data())};
  if (front[0] != kBufferStart || out.size == kLength) return Verdict::bad;
  out.front = kLength;
  const Bytes token = front.subspan(kLength, static_cast<size_t>(std::min<uint64_t>(front.size(), out.size)) - kLength);
  if (token.size() < std::min<uint64_t>(kEnough, out.size - kLength)) return Verdict::more;
  Wrap wrap;
  if (read_wrap(token, wrap)) {
    out.mechanism = kKerberos;
    const bool in_order = wrap.extra <= kLongestChecksum && (wrap.rotated == 0 || wrap.rotated == wrap.extra);
    if (wrap.flags & kSealed) return Verdict::good;
    out.protection = Protection::signed_only;
    if (!in_order || out.size < kLength + kWrapHead + wrap.extra) return Verdict::good;
    out.front = kLength + kWrapHead + wrap.rotated;
    out.plain = out.size - kLength - kWrapHead - wrap.extra;
    return Verdict::good;
  }
  if (read_old_wrap(token, out)) return Verdict::good;
  if (token.size() >= kNtlmSignature && std::ranges::equal(token.first(kNtlmVersion.size()), kNtlmVersion)) {
    return judge(token.subspan(kNtlmSignature), kNtlmSignature, 0, goes_on, kNtlm, out);
  }
  const Verdict verdict = judge(token, 0, kDigestMac, goes_on, {}, out);
  if (out.protection == Protection::signed_only) out.mechanism = kDigest;
  return verdict;
}

std::optional<Protection> chosen_protection(Bytes token) {
  constexpr uint8_t kIntegrity = 2, kConfidentiality = 4;
  constexpr size_t kChoice = 4;  // layer, and the longest buffer that the client takes
  Wrap wrap;
  if (!read_wrap(token, wrap) || wrap.flags & kSealed) return {};
  const size_t at = kWrapHead + (wrap.rotated == wrap.extra ? wrap.rotated : 0);
  if ((wrap.rotated != 0 && wrap.rotated != wrap.extra) || token.size() < at + kChoice) return {};
  const uint8_t layer = token[at];
  return layer & kConfidentiality ? Protection::sealed
         : layer & kIntegrity     ? Protection::signed_only
                                  : Protection::none;
}

}  // namespace lapwing::ldap
