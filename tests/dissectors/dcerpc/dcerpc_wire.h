// PDUs of DCE/RPC for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lapwing::test {

/// How a PDU is written.
struct RpcForm {
  bool little = true;
  unsigned flags = 3;         // the first and the last fragment
  unsigned minor = 0;         // of version 5
  std::string verifier = {};  // type, level, padding, reserved, context, and the token
  bool wide = false;          // the syntax that is accepted is NDR64
};

inline const std::string kSvcctl = "367abb81-9844-35f1-ad32-98f038001003";
inline const std::string kSamr = "12345778-1234-abcd-ef00-0123456789ac";
inline const std::string kLsarpc = "12345778-1234-abcd-ef00-0123456789ab";
inline const std::string kActivator = "000001a0-0000-0000-c000-000000000046";
inline const std::string kMapper = "e1af8308-5d1f-11c9-91a4-08002b14a0fa";

std::string rpc_number(uint64_t value, size_t size, bool little = true);
std::string rpc_uuid(std::string_view text, bool little = true);
std::string rpc_verifier(unsigned type, unsigned level, std::string_view token, unsigned padding = 0);

/// `type` and body of any PDU.
std::string rpc_pdu(unsigned type, uint32_t call, std::string_view body, const RpcForm& form = {});
/// Offers interfaces, whose contexts are numbered from `first`.
std::string rpc_bind(uint32_t call, const std::vector<std::string>& uuids, const RpcForm& form = {}, unsigned type = 11,
                     unsigned first = 0);
/// Accepts (0) or refuses each of them.
std::string rpc_bind_ack(uint32_t call, const std::vector<unsigned>& results, const RpcForm& form = {},
                         unsigned type = 12);
std::string rpc_request(uint32_t call, unsigned context, unsigned operation, std::string_view stub,
                        const RpcForm& form = {});
std::string rpc_response(uint32_t call, std::string_view stub, const RpcForm& form = {});
std::string rpc_fault(uint32_t call, uint32_t status, const RpcForm& form = {});

/// An answer of the endpoint mapper: an interface at ports of TCP (or, where greater than 65,535, of UDP: less that).
std::string rpc_towers(std::string_view uuid, const std::vector<uint32_t>& ports, bool wide = false);

/// Bindings of DCOM: protocol and text of each.
std::string rpc_bindings(const std::vector<std::pair<unsigned, std::string>>& bindings);

/// A datagram of version 4.
std::string rpc_datagram(unsigned type, std::string_view interface, std::string_view activity, uint32_t sequence,
                         unsigned operation, std::string_view body, unsigned flags = 0, unsigned fragment = 0,
                         bool little = true);

}  // namespace lapwing::test
