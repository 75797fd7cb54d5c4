// What a client says of itself (MS-RDPBCGR 2.2.1.3.2).
#include "dissectors/protocols/rdp/rdp_conference.h"

#include "sensor/base/little_endian.h"
#include "sensor/base/utf16.h"

namespace lapwing::rdp {

namespace {

/// Up to the first zero.
std::string text_of(Bytes bytes) {
  size_t size = 0;
  while (size + 2 <= bytes.size() && load_le16(&bytes[size]) != 0) size += 2;
  return utf16_to_utf8(bytes.first(size));
}

/// RNS_UD_COLOR_4BPP and what follows it.
std::optional<uint8_t> depth_of(uint16_t color) {
  constexpr uint16_t kFirst = 0xca00;
  constexpr uint8_t kDepths[] = {4, 8, 15, 16, 24};
  if (color < kFirst || color - kFirst >= static_cast<int>(std::size(kDepths))) return {};
  return kDepths[color - kFirst];
}

std::optional<uint8_t> high_depth_of(uint16_t depth) {
  switch (depth) {
    case 4:
    case 8:
    case 15:
    case 16:
    case 24: return static_cast<uint8_t>(depth);
    default: return {};
  }
}

/// Each is left out, with all behind it, where it is not within its bounds: so do those who read it.
void read_display(LittleReader& reader, ClientCore& out) {
  const auto millimetres = [&](std::optional<uint32_t>& to) {
    const uint32_t value = reader.u32();
    if (!reader.ok() || value < 10 || value > 10'000) return false;
    to = value;
    return true;
  };
  if (!millimetres(out.physical_width) || !millimetres(out.physical_height)) return;
  const uint16_t orientation = reader.u16();
  if (!reader.ok() || orientation % 90 != 0 || orientation > 270) return;
  out.orientation = orientation;
  const uint32_t scale = reader.u32();
  if (!reader.ok() || scale < 100 || scale > 500) return;
  out.scale = scale;
  const uint32_t device = reader.u32();
  if (reader.ok() && (device == 100 || device == 140 || device == 180)) out.device_scale = device;
}

}  // namespace

std::optional<ClientCore> parse_client_core(Bytes data) {
  constexpr size_t kNameBytes = 32, kImeBytes = 64, kProductBytes = 64;
  LittleReader reader(data);
  ClientCore out;
  out.version = reader.u32();
  out.desktop_width = reader.u16();
  out.desktop_height = reader.u16();
  const uint16_t color = reader.u16();
  reader.skip(2);  // how to summon who logs in: always the same
  out.keyboard_layout = reader.u32();
  out.build = reader.u32();
  out.name = text_of(reader.bytes(kNameBytes));
  out.keyboard_type = reader.u32();
  out.keyboard_subtype = reader.u32();
  out.function_keys = reader.u32();
  out.ime = text_of(reader.bytes(kImeBytes));
  if (!reader.ok()) return {};
  // Each that follows may be the last.
  const auto better = depth_of(reader.u16());
  const uint16_t product_id = reader.u16();
  if (reader.ok()) out.product_id = product_id;
  out.serial = reader.u32();
  const auto best = high_depth_of(reader.u16());
  constexpr uint8_t kOldest = 8;  // bits of the first field, which knows no more
  const auto first = depth_of(color);
  out.color_depth = best ? best : better ? better : first && *first <= kOldest ? first : std::nullopt;
  reader.skip(2);  // depths that it could show
  const uint16_t capabilities = reader.u16();
  if (reader.ok()) out.capabilities = capabilities;
  out.product = text_of(reader.bytes(kProductBytes));
  out.connection = reader.u8();
  reader.skip(1);
  reader.skip(4);  // the protocol that the server chose, repeated
  read_display(reader, out);
  return out;
}

}  // namespace lapwing::rdp
