// Writes messages of NTLMSSP (MS-NLMP 2.2.1) and the tokens around them (RFC 4178) for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/dissectors/parts/kerberos_wire.h"

namespace lapwing::test {

inline std::string le16(unsigned value) {
  return {static_cast<char>(value), static_cast<char>(value >> 8)};
}
inline std::string le32(uint32_t value) {
  return le16(value & 0xffff) + le16(value >> 16);
}
/// ASCII as UTF-16.
inline std::string wide(std::string_view text) {
  std::string out;
  for (const char c : text) out += {c, '\0'};
  return out;
}

inline constexpr uint32_t kNtlmUnicode = 0x1, kNtlmTargetInfo = 0x00800000, kNtlmVersion = 0x02000000;
inline const std::string kNtlmSignature("NTLMSSP\0", 8);
/// "10.0 build 17763 rev 15"
inline const std::string kNtlmSystem("\x0a\0\x63\x45\0\0\0\x0f", 8);

inline std::string ntlm_negotiate(uint32_t flags = kNtlmUnicode | kNtlmVersion) {
  return kNtlmSignature + le32(1) + le32(flags) + std::string(16, '\0') + kNtlmSystem;
}
/// Domain and workstation stand where others have a version.
inline std::string ntlm_negotiate_at_once() {
  const auto field = [](uint32_t offset) { return le16(3) + le16(3) + le32(offset); };
  return kNtlmSignature + le32(1) + le32(kNtlmUnicode | kNtlmVersion) + field(35) + field(32) + "WS1LAB";
}

inline std::string ntlm_pair(unsigned kind, const std::string& value) {
  return le16(kind) + le16(static_cast<unsigned>(value.size())) + value;
}
inline std::string ntlm_challenge(const std::string& target, const std::string& pairs,
                                  uint32_t flags = kNtlmUnicode | kNtlmTargetInfo | kNtlmVersion,
                                  const std::string& system = kNtlmSystem) {
  const auto head = static_cast<uint32_t>(48 + system.size());
  const auto size = [](const std::string& text) { return le16(static_cast<unsigned>(text.size())); };
  const auto behind = static_cast<uint32_t>(head + target.size());
  return kNtlmSignature + le32(2) + size(target) + size(target) + le32(head) + le32(flags) + std::string(16, 'c') +
         size(pairs) + size(pairs) + le32(behind) + system + target + pairs;
}
/// Pairs of a domain controller.
inline std::string ntlm_server_pairs() {
  return ntlm_pair(2, wide("LAB")) + ntlm_pair(1, wide("DC1")) + ntlm_pair(4, wide("lab.example")) +
         ntlm_pair(3, wide("dc1.lab.example")) + ntlm_pair(5, wide("example")) +
         ntlm_pair(7, std::string("\x00\x90\x31\x54\xae\x9b\xda\x01", 8)) + ntlm_pair(0, "");
}

struct NtlmAuthenticate {
  std::string lm = std::string(24, 'l'), nt = std::string(24, 'n');
  std::string domain = wide("LAB"), user = wide("ann"), host = wide("WS1");
  uint32_t flags = kNtlmUnicode | kNtlmVersion;
  bool host_first = false;  // of what lies behind the head
  std::string system = kNtlmSystem, key = {};
};
inline std::string ntlm_authenticate(const NtlmAuthenticate& said = {}) {
  const size_t head = 64 + said.system.size();
  std::string payload, fields;
  const auto place = [&](const std::string& text) {
    const std::string size = le16(static_cast<unsigned>(text.size()));
    const std::string out = size + size + le32(static_cast<uint32_t>(head + payload.size()));
    payload += text;
    return out;
  };
  const std::string early = said.host_first ? place(said.host) : "";
  const std::string domain = place(said.domain), user = place(said.user);
  const std::string host = said.host_first ? early : place(said.host);
  const std::string lm = place(said.lm), nt = place(said.nt), key = place(said.key);
  return kNtlmSignature + le32(3) + lm + nt + domain + user + host + key + le32(said.flags) + said.system + payload;
}
/// A response of NTLMv2 with these pairs of the client (MS-NLMP 2.2.2.8).
inline std::string ntlm_v2_response(const std::string& pairs) {
  return std::string(16, 'p') + "\1\1" + std::string(26, '\0') + pairs + le32(0);
}

inline const std::string kOidSpnego("\x06\x06\x2b\x06\x01\x05\x05\x02", 8);
inline const std::string kOidNtlm("\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a", 12);
inline const std::string kOidKrb5("\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02", 11);
inline const std::string kOidMsKrb5("\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02", 11);

/// A NegTokenInit, within the token that GSS-API begins with.
inline std::string spnego_init(const std::string& mechanisms, const std::string& token) {
  const std::string inner =
      der_field(0, der_sequence(mechanisms)) + (token.empty() ? "" : der_field(2, der_octets(token)));
  return der(0x60, kOidSpnego + der_field(0, der_sequence(inner)));
}
/// A NegTokenResp. `state` below zero: none.
inline std::string spnego_response(int state, const std::string& mechanism, const std::string& token) {
  return der_field(1,
                   der_sequence((state < 0 ? "" : der_field(0, der(0x0a, std::string(1, static_cast<char>(state))))) +
                                (mechanism.empty() ? "" : der_field(1, mechanism)) +
                                (token.empty() ? "" : der_field(2, der_octets(token)))));
}
/// A token of Kerberos (RFC 4121 4.1).
inline std::string krb_token(const std::string& id, const std::string& message, const std::string& oid = kOidKrb5) {
  return der(0x60, oid + id + message);
}

}  // namespace lapwing::test
