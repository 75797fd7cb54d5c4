#include "dissectors/protocols/smb/smb_parser.h"

#include <algorithm>

#include "sensor/base/text.h"
#include "sensor/base/utf16.h"

namespace lapwing::smb {

namespace {

constexpr uint16_t kStructureSize2 = 64;  // MS-SMB2 2.2.1.1
constexpr uint16_t kLastCommand2 = 0x13;  // SERVER_TO_CLIENT_NOTIFICATION (MS-SMB2 2.2.1.2)

}  // namespace

bool is_magic(uint32_t bytes) {
  switch (static_cast<Magic>(bytes)) {
    case Magic::smb1:
    case Magic::smb2:
    case Magic::encrypted:
    case Magic::compressed: return true;
  }
  return false;
}

Likelihood begins_message(Bytes bytes) {
  if (bytes.empty()) return Likelihood::more;
  if (bytes[0] != static_cast<uint8_t>(Packet::message)) return Likelihood::no;
  if (bytes.size() < kNetbiosHeader + kMagicSize) return Likelihood::more;
  const uint32_t size = packet_size(bytes.data());
  const Bytes message = bytes.subspan(kNetbiosHeader);
  switch (static_cast<Magic>(load_be32(message.data()))) {
    case Magic::smb1: return size > kHeader1 + 2 ? Likelihood::sure : Likelihood::no;
    case Magic::encrypted: return size > kHeader3 ? Likelihood::sure : Likelihood::no;
    case Magic::compressed: return size > kMagicSize ? Likelihood::sure : Likelihood::no;
    case Magic::smb2: break;
    default: return Likelihood::no;
  }
  if (size < kHeader2) return Likelihood::no;
  if (message.size() >= 6 && load_le16(&message[4]) != kStructureSize2) return Likelihood::no;
  if (message.size() < 14) return Likelihood::more;
  return load_le16(&message[12]) <= kLastCommand2 ? Likelihood::sure : Likelihood::no;
}

uint64_t unix_time(uint64_t filetime) {
  constexpr uint64_t kTicks = 10'000'000, kSeconds1601To1970 = 11'644'473'600;
  const uint64_t seconds = filetime / kTicks;
  return seconds > kSeconds1601To1970 ? seconds - kSeconds1601To1970 : 0;
}

std::string guid_text(Bytes guid) {
  constexpr std::array<uint8_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 9, 8, 11, 10, 15, 14, 13, 12};
  std::array<uint8_t, 16> turned;
  for (size_t i = 0; i < turned.size(); ++i) turned[i] = guid[kOrder[i]];
  std::string out = to_hex(turned);
  for (size_t dash : {8, 13, 18, 23}) out.insert(dash, 1, '-');
  return out;
}

std::string take_text(LittleReader& reader, bool unicode) {
  if (unicode && reader.position() % 2 == 1) reader.skip(1);
  const Bytes rest = reader.rest();
  const size_t unit = unicode ? 2 : 1;
  size_t size = 0;
  while (size + unit <= rest.size() && (rest[size] != 0 || (unicode && rest[size + 1] != 0))) size += unit;
  const Bytes text = reader.bytes(size);
  reader.skip(std::min(unit, reader.left()));
  return unicode ? utf16_to_utf8(text) : std::string(to_text(text));
}

std::string netbios_name(Bytes encoded) {
  constexpr size_t kCharacters = 15;  // and a sixteenth for the kind of name
  if (encoded.size() < 2 * kCharacters + 3 || encoded[0] != 2 * (kCharacters + 1)) return {};
  std::string out;
  for (size_t i = 0; i < kCharacters; ++i) {
    const auto high = static_cast<uint8_t>(encoded[1 + 2 * i] - 'A');
    const auto low = static_cast<uint8_t>(encoded[2 + 2 * i] - 'A');
    if (high > 15 || low > 15) return {};
    out.push_back(static_cast<char>(high << 4 | low));
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace lapwing::smb
