// What SMB 1, 2 and 3 have in common: the frames of NetBIOS's session service, magics, times, texts. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/likelihood.h"
#include "sensor/base/bytes.h"
#include "sensor/base/little_endian.h"

namespace lapwing::smb {

/// RFC 1002 4.3.1; port 445 has but messages and nothing else (MS-SMB2 2.1).
enum class Packet : uint8_t {
  message = 0x00,
  session_request = 0x81,
  positive_response = 0x82,
  negative_response = 0x83,
  retarget = 0x84,
  keepalive = 0x85,
};
inline constexpr size_t kNetbiosHeader = 4;

/// Which header a message begins with, by its first four bytes (MS-CIFS 2.2.3.1, MS-SMB2 2.2.1, 2.2.41, 2.2.42).
enum class Magic : uint32_t {
  smb1 = 0xff534d42,
  smb2 = 0xfe534d42,
  encrypted = 0xfd534d42,
  compressed = 0xfc534d42,
};
inline constexpr size_t kMagicSize = 4, kHeader1 = 32, kHeader2 = 64, kHeader3 = 52;

/// Length of what follows the header. On port 139 its upper seven bits are flags, which are reserved.
inline uint32_t packet_size(const uint8_t* header) {
  return load_be24(header + 1);
}

bool is_magic(uint32_t bytes);

inline constexpr uint32_t kSuccess = 0, kBufferOverflow = 0x80000005;  // MS-ERREF 2.3.1

/// Whether a message begins here: sure, no, or more. Enough bytes are kBeginning.
inline constexpr size_t kBeginning = kNetbiosHeader + 20;
Likelihood begins_message(Bytes bytes);

/// Seconds since 1970 of a FILETIME (MS-DTYP 2.3.3); 0: before that, or not said.
uint64_t unix_time(uint64_t filetime);

/// As Suricata shows a FileId or GUID: bytes within each group, and the last six, the other way round.
std::string guid_text(Bytes sixteen);

/// Takes a text off the front that a zero ends, or the reader; `unicode`: UTF-16, which begins at an even offset
/// within the reader.
std::string take_text(LittleReader& reader, bool unicode);

/// "\x1cCACHE\x20" of NetBIOS (RFC 1001 14.1): the name without its blanks; empty where it is none.
std::string netbios_name(Bytes encoded);

}  // namespace lapwing::smb
