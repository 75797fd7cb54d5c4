#include "dissectors/protocols/ldap/ldap_netlogon.h"

#include <algorithm>
#include <array>

#include "sensor/base/little_endian.h"
#include "sensor/base/text.h"

namespace lapwing::ldap {

namespace {

constexpr uint16_t kKnown = 23, kUnknown = 25;  // LOGON_SAM_LOGON_RESPONSE_EX, LOGON_SAM_USER_UNKNOWN_EX
constexpr size_t kGuid = 16;

/// MS-DTYP 2.3.4.3: the first three numbers have their least byte first.
std::string guid(Bytes bytes) {
  constexpr std::array<uint8_t, kGuid> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  std::array<uint8_t, kGuid> ordered;
  for (size_t i = 0; i < kGuid; ++i) ordered[i] = bytes[kOrder[i]];
  std::string out = to_hex(ordered);
  for (const size_t at : {8, 13, 18, 23}) out.insert(at, 1, '-');
  return out;
}

/// A name of labels (RFC 1035 4.1.4), of which a pointer leads to earlier ones only. False: it is malformed.
bool read_name(Bytes whole, size_t& at, std::string& out) {
  constexpr uint8_t kPointer = 0xc0;
  constexpr size_t kLongest = 255;
  size_t here = at, before = at;
  bool jumped = false;
  while (true) {
    if (here >= whole.size()) return false;
    const uint8_t size = whole[here];
    if (size >= kPointer) {
      if (here + 1 >= whole.size()) return false;
      if (!jumped) at = here + 2;
      jumped = true;
      here = static_cast<size_t>(size & ~kPointer) << 8 | whole[here + 1];
      if (here >= before) return false;
      before = here;
      continue;
    }
    if (size & kPointer || size > whole.size() - here - 1) return false;
    if (size == 0) break;
    if (out.size() + 1 + size > kLongest) return false;
    if (!out.empty()) out += '.';
    out += to_text(whole.subspan(here + 1, size));
    here += size + 1;
  }
  if (!jumped) at = here + 1;
  return true;
}

}  // namespace

std::optional<Netlogon> read_netlogon(Bytes value) {
  LittleReader reader(value);
  const uint16_t opcode = reader.u16();
  reader.skip(2);
  Netlogon out;
  out.user_known = opcode == kKnown;
  out.flags = reader.u32();
  const Bytes id = reader.bytes(kGuid);
  if (!reader.ok() || (opcode != kKnown && opcode != kUnknown)) return {};
  out.domain_guid = guid(id);
  size_t at = reader.position();
  for (std::string* name : {&out.forest, &out.domain, &out.host, &out.netbios_domain, &out.netbios_host, &out.user,
                            &out.server_site, &out.client_site}) {
    if (!read_name(value, at, *name)) return {};
  }
  return out;
}

}  // namespace lapwing::ldap
