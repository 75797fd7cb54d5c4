#include "dissectors/protocols/rdp/rdp_conference.h"

#include <algorithm>

#include "dissectors/protocols/rdp/rdp_parser.h"
#include "sensor/base/ber.h"
#include "sensor/base/little_endian.h"
#include "sensor/base/text.h"

namespace lapwing::rdp {

namespace {

// Types of blocks (MS-RDPBCGR 2.2.1.3.1).
enum Block : uint16_t {
  kClientCore = 0xc001,
  kClientSecurity = 0xc002,
  kClientNetwork = 0xc003,
  kClientCluster = 0xc004,
  kClientMonitor = 0xc005,
  kServerCore = 0x0c01,
  kServerSecurity = 0x0c02,
  kServerNetwork = 0x0c03,
};

/// X.691 10.9, but that 15 bits are read where it has 14 and a mark: so do those who are talked to.
size_t per_length(ByteReader& reader) {
  constexpr uint8_t kLong = 0x80;
  const uint8_t first = reader.u8();
  return first & kLong ? size_t{static_cast<uint8_t>(first & ~kLong)} << 8 | reader.u8() : first;
}

/// The fields of a Connect-Initial or -Response, of which the last is GCC's message. It begins with 7f, behind which
/// its number reads as a tag.
Bytes fields_of(Bytes data, bool& sound) {
  ber::Element whole;
  Bytes rest = data.empty() ? data : data.subspan(1);
  sound &= ber::next(rest, whole) && !whole.cut;
  return whole.content;
}

/// Behind the fields of GCC's own: what an application says, under the key of RDP.
Bytes user_data(ByteReader& reader, std::string_view key, bool& sound) {
  reader.skip(1);  // number of sets, of which there is one
  reader.skip(1);  // a key that no standard has
  constexpr size_t kSmallestKey = 4;
  const Bytes found = reader.bytes(per_length(reader) + kSmallestKey);
  const size_t size = per_length(reader);
  sound &= reader.ok() && std::ranges::equal(found, to_bytes(key)) && size <= reader.left();
  return reader.rest().first(std::min(size, reader.left()));
}

/// T.124 8.7: the key of the standard, and the length of the rest, which servers get wrong.
void begin_gcc(ByteReader& reader) {
  reader.skip(1);
  reader.skip(per_length(reader));
  per_length(reader);
}

/// ConferenceCreateRequest: whether there are other fields, and a name in digits, of which two make a byte.
Bytes client_blocks(Bytes gcc, bool& sound) {
  ByteReader reader(gcc);
  begin_gcc(reader);
  reader.skip(2);
  const size_t digits = per_length(reader) + 1;
  reader.skip((digits + 1) / 2);
  reader.skip(1);
  return user_data(reader, "Duca", sound);
}

/// ConferenceCreateResponse: a node, a tag, the result.
Bytes server_blocks(Bytes gcc, ServerData& out) {
  ByteReader reader(gcc);
  begin_gcc(reader);
  reader.skip(1);
  reader.skip(2);
  reader.skip(per_length(reader));
  const uint8_t result = reader.u8();
  if (reader.ok()) out.result = result;
  return user_data(reader, "McDn", out.sound);
}

/// `take(type, data)` of each block; of one that is cut what is there.
template <class Take>
void for_each_block(Bytes blocks, bool& sound, const Take& take) {
  constexpr size_t kHeader = 4;
  while (!blocks.empty()) {
    LittleReader reader(blocks);
    const uint16_t type = reader.u16(), size = reader.u16();
    const bool fits = reader.ok() && size >= kHeader;
    sound &= fits && size <= blocks.size();
    if (!fits) return;
    const Bytes whole = blocks.first(std::min<size_t>(size, blocks.size()));
    blocks = blocks.subspan(whole.size());
    take(type, whole.subspan(kHeader));
  }
}

void client_network(Bytes data, ClientData& out) {
  constexpr size_t kNameBytes = 8;
  LittleReader reader(data);
  const uint32_t count = reader.u32();
  if (!reader.ok()) {
    out.sound = false;
    return;
  }
  out.channels_asked = std::max(out.channels_asked, count);
  for (uint32_t i = 0; i < count && out.channels.size() < kKeptChannels; ++i) {
    const std::string_view name = to_text(reader.bytes(kNameBytes));
    reader.skip(4);  // options
    if (!reader.ok()) {
      out.sound = false;
      return;
    }
    out.channels.emplace_back(name.substr(0, name.find('\0')));
  }
}

void client_block(uint16_t type, Bytes data, ClientData& out) {
  LittleReader reader(data);
  switch (type) {
    case kClientCore:
      if (auto core = parse_client_core(data)) {
        out.core = std::move(core);
      } else {
        out.sound = false;
      }
      return;
    case kClientNetwork: return client_network(data, out);
    case kClientSecurity: out.encryption_methods = reader.u32(); break;
    case kClientCluster:
      out.redirection = reader.u32();
      out.redirected_session = reader.u32();
      break;
    case kClientMonitor:
      reader.skip(4);
      out.monitors = reader.u32();
      break;
    default: return;
  }
  out.sound &= reader.ok();
}

/// 2.2.1.4.3.1.1: a key as Windows keeps it, and its signature.
void proprietary_certificate(LittleReader& reader, ServerData& out) {
  constexpr uint32_t kRsa1 = 0x31415352;
  reader.skip(4 + 4 + 2 + 2);  // algorithms of signature and key, type and size of the key
  const uint32_t magic = reader.u32();
  reader.skip(4);
  const uint32_t bits = reader.u32();
  out.sound &= reader.ok() && magic == kRsa1;
  if (!out.sound) return;
  out.certificates = out.certificates_claimed = 1;
  out.key_bits = bits;
}

/// MS-RDPELE 2.2.1.4.2: that of the license server's authority comes first, the server's own last.
void certificate_chain(LittleReader& reader, ServerData& out) {
  const uint32_t count = out.certificates_claimed = reader.u32();
  Bytes last;
  while (reader.ok() && out.certificates < std::min(count, kKeptCertificates)) {
    const Bytes der = reader.bytes(reader.u32());
    if (!reader.ok()) break;
    last = der;
    ++out.certificates;
  }
  out.sound &= reader.ok() && out.certificates == count;
  if (!last.empty()) out.certificate = x509::read_certificate(last);
}

/// 2.2.1.4.3
void server_security(Bytes data, ServerData& out) {
  LittleReader reader(data);
  const uint32_t method = reader.u32(), level = reader.u32();
  out.sound &= reader.ok();
  if (!reader.ok()) return;
  out.encryption_method = method;
  out.encryption_level = level;
  if (reader.left() == 0) return;
  const uint32_t random = reader.u32(), size = reader.u32();
  reader.skip(random);
  LittleReader certificate(reader.bytes(size));
  out.sound &= reader.ok();
  if (!reader.ok() || size == 0) return;
  constexpr uint32_t kTemporary = 0x80000000;
  const uint32_t version = certificate.u32();
  out.temporary = version & kTemporary;
  switch (version & ~kTemporary) {
    case 1: out.certificate_type = CertificateType::proprietary; return proprietary_certificate(certificate, out);
    case 2: out.certificate_type = CertificateType::x509; return certificate_chain(certificate, out);
    default: out.sound = false;
  }
}

void server_block(uint16_t type, Bytes data, ServerData& out) {
  LittleReader reader(data);
  switch (type) {
    case kServerCore: out.version = reader.u32(); break;
    case kServerSecurity: return server_security(data, out);
    case kServerNetwork:
      reader.skip(2);
      out.channels = reader.u16();
      break;
    default: return;
  }
  out.sound &= reader.ok();
}

}  // namespace

ClientData parse_client_data(Bytes data) {
  ClientData out;
  ber::Element field;
  Bytes gcc;
  // Two selectors, a flag, three sets of parameters, and what GCC says.
  Bytes fields = fields_of(data, out.sound);
  for (int i = 0; i < 7 && ber::next(fields, field); ++i) gcc = i == 6 ? field.content : Bytes();
  out.sound &= !gcc.empty() && !field.cut;
  if (gcc.empty()) return out;
  for_each_block(client_blocks(gcc, out.sound), out.sound,
                 [&](uint16_t type, Bytes block) { client_block(type, block, out); });
  return out;
}

ServerData parse_server_data(Bytes data) {
  ServerData out;
  ber::Element result, field;
  // The result, the number of a connection, parameters, and what GCC says.
  Bytes fields = fields_of(data, out.sound), gcc;
  if (ber::next(fields, ber::kEnumerated, result) && result.content.size() == 1) {
    if (result.content[0] != 0) out.refused = result.content[0];
    for (int i = 1; i < 4 && ber::next(fields, field); ++i) gcc = i == 3 ? field.content : Bytes();
  }
  out.sound &= !gcc.empty() && !field.cut;
  if (gcc.empty()) return out;
  for_each_block(server_blocks(gcc, out), out.sound,
                 [&](uint16_t type, Bytes block) { server_block(type, block, out); });
  return out;
}

}  // namespace lapwing::rdp
