// Portmapper 2 and rpcbind 3 and 4 (RFC 1833): pure functions from the body of a call or answer to what it says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/parts/onc_rpc/xdr.h"

namespace lapwing::portmap {

using onc_rpc::XdrReader;

// Procedures by number; from 3 on versions differ.
namespace procedure {
inline constexpr uint32_t null = 0, set = 1, unset = 2;
inline constexpr uint32_t getport = 3, dump = 4, callit = 5;  // of version 2
// Of 3 and 4; callit is 4's BCAST.
inline constexpr uint32_t getaddr = 3, gettime = 6, uaddr2taddr = 7, taddr2uaddr = 8, getversaddr = 9, indirect = 10,
                          getaddrlist = 11, getstat = 12;
}  // namespace procedure

/// Where a program is, or shall be sought; views the message.
struct Mapping {
  uint32_t program = 0, version = 0;
  std::optional<uint32_t> protocol, port;      // of version 2: IANA's number of the protocol
  std::string_view transport, address, owner;  // of versions 3 and 4: "tcp6", "::.8.1"
};

/// Of GETPORT, SET and UNSET in version 2, of an entry of its DUMP.
Mapping read_mapping(XdrReader& body);
/// Of versions 3 and 4.
Mapping read_binding(XdrReader& body);
/// An entry of GETADDRLIST (RFC 1833 2.2.1).
Mapping read_address(XdrReader& body);

/// The port within a universal address, "192.0.2.1.8.1" (RFC 5665 5.2.3).
std::optional<uint16_t> port_of(std::string_view address);

std::string_view program_name(uint32_t program);  // empty: it has none
std::string_view procedure_name(uint32_t version, uint32_t number, std::string& scratch);

}  // namespace lapwing::portmap
