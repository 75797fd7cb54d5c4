// Writes messages of ONC RPC octet by octet for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lapwing::test {

inline std::string xdr(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
inline std::string xdr64(uint64_t value) {
  return xdr(static_cast<uint32_t>(value >> 32)) + xdr(static_cast<uint32_t>(value));
}
inline std::string xdr_padding(size_t size) {
  return std::string((4 - size % 4) % 4, '\0');
}
/// Bytes behind their number.
inline std::string xdr_text(std::string_view text) {
  return xdr(static_cast<uint32_t>(text.size())) + std::string(text) + xdr_padding(text.size());
}

inline constexpr uint32_t kNfs = 100003;  // a program

inline const std::string kRpcNull = xdr(0) + xdr(0);  // of credentials or verifier
/// AUTH_SYS of a machine "client", user 1000 in the groups 100, 4 and 24.
inline const std::string kRpcSys =
    xdr(1) + xdr_text(xdr(7) + xdr_text("client") + xdr(1000) + xdr(100) + xdr(2) + xdr(4) + xdr(24));
/// RPCSEC_GSS: 1 none, 2 integrity, 3 privacy.
inline std::string rpc_gss(uint32_t service, uint32_t procedure = 0, std::string_view context = "ctx!") {
  return xdr(6) + xdr_text(xdr(1) + xdr(procedure) + xdr(1) + xdr(service) + xdr_text(context));
}

inline std::string rpc_call(uint32_t xid, uint32_t program, uint32_t version, uint32_t procedure,
                            const std::string& arguments = {}, const std::string& credentials = kRpcSys) {
  return xdr(xid) + xdr(0) + xdr(2) + xdr(program) + xdr(version) + xdr(procedure) + credentials + kRpcNull + arguments;
}
inline std::string rpc_reply(uint32_t xid, const std::string& results = {}, uint32_t accepted = 0) {
  return xdr(xid) + xdr(1) + xdr(0) + kRpcNull + xdr(accepted) + results;
}

/// A record of one fragment, or of fragments of so many bytes.
inline std::string rpc_record(const std::string& message, size_t fragment = 0) {
  if (fragment == 0) fragment = message.size();
  std::string out;
  for (size_t at = 0; at < message.size(); at += fragment) {
    const std::string piece = message.substr(at, fragment);
    const bool last = at + fragment >= message.size();
    out += xdr(static_cast<uint32_t>(piece.size()) | (last ? 0x80000000 : 0)) + piece;
  }
  return out;
}

}  // namespace lapwing::test
