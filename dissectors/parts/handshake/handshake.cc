#include "dissectors/parts/handshake/handshake.h"

#include "sensor/base/text.h"

#include <algorithm>

namespace lapwing::tls {

namespace {

constexpr size_t kRandom = 32;
// SHA-256 of "HelloRetryRequest" (RFC 8446 4.1.3).
constexpr uint8_t kRetryRandom[kRandom] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                           0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                           0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

void read_sni(Bytes data, Hello& out) {
  constexpr uint8_t kHostName = 0;
  if (out.has_sni) {
    out.faults |= kManySni;
    return;
  }
  out.has_sni = true;
  if (data.empty()) return;  // a server's acknowledgement
  ByteReader reader(data);
  reader.skip(2);
  const uint8_t type = reader.u8();
  const Bytes name = reader.bytes(reader.u16());
  if (!reader.ok()) {
    out.faults |= kBadSniLength;
  } else if (type != kHostName) {
    out.faults |= kBadSniType;
  } else {
    out.sni = name;
  }
}

/// A list that starts with its size in bytes, of one or two octets.
Bytes sized_list(Bytes data, size_t prefix) {
  ByteReader reader(data);
  const size_t size = prefix == 1 ? reader.u8() : reader.u16();
  return reader.bytes(std::min(size, reader.left()));
}

void read_extensions(Bytes extensions, bool client, Hello& out) {
  Bytes rest = extensions;
  for (Extension e; next_extension(rest, e);) {
    switch (e.type) {
      case ext::server_name: read_sni(e.data, out); break;
      case ext::groups: out.groups = Values16(sized_list(e.data, 2)); break;
      case ext::point_formats: out.point_formats = sized_list(e.data, 1); break;
      case ext::signatures: out.signatures = Values16(sized_list(e.data, 2)); break;
      case ext::alpn: out.alpn = sized_list(e.data, 2); break;
      case ext::session_ticket: out.has_ticket = !e.data.empty(); break;
      case ext::supported_versions: {
        const Values16 versions(client ? sized_list(e.data, 1) : e.data);
        uint16_t highest = 0;
        for (size_t i = 0; i < versions.size(); ++i) {
          if (!is_grease(versions[i])) highest = std::max(highest, versions[i]);
        }
        if (highest) out.version = highest;
        break;
      }
      default: break;
    }
  }
  if (!rest.empty()) out.faults |= kBadLength;
}

void read_extension_block(ByteReader& reader, bool client, Hello& out) {
  if (reader.left() == 0) return;
  const size_t size = reader.u16();
  if (!reader.ok() || size > reader.left()) {
    out.faults |= kBadLength;
    return;
  }
  out.extensions = reader.bytes(size);
  read_extensions(out.extensions, client, out);
}

}  // namespace

RecordHeader read_record_header(const uint8_t* bytes) {
  return {bytes[0], load_be16(bytes + 1), load_be16(bytes + 3)};
}

bool known_record_type(uint8_t type) {
  return type >= kChangeCipherSpec && type <= kHeartbeat;
}

bool known_message_type(uint8_t type) {
  constexpr uint8_t kDraftRetryRequest = 6, kCertificateUrl = 21, kKeyUpdate = 24;
  return type <= kNewSessionTicket + 1 || type == kDraftRetryRequest || type == kEncryptedExtensions ||
         (type >= kCertificate && type <= kClientKeyExchange) ||
         (type >= kFinished && type <= kCertificateStatus && type != kCertificateUrl) || type == kKeyUpdate;
}

bool is_tls13(uint16_t version) {
  return version == kTls13 || (version >> 8 == 0x7f && (version & 0xff) <= 28) || version >> 8 == 0xfb;
}

bool next_extension(Bytes& rest, Extension& out) {
  ByteReader reader(rest);
  out.type = reader.u16();
  out.data = reader.bytes(reader.u16());
  if (!reader.ok()) return false;
  rest = reader.rest();
  return true;
}

bool next_alpn(Bytes& rest, Bytes& name) {
  ByteReader reader(rest);
  name = reader.bytes(reader.u8());
  if (!reader.ok()) return false;
  rest = reader.rest();
  return true;
}

bool next_certificate(Bytes& rest, Bytes& der) {
  ByteReader reader(rest);
  der = reader.bytes(reader.u24());
  if (!reader.ok() || der.empty()) return false;
  rest = reader.rest();
  return true;
}

bool parse_client_hello(Bytes body, Hello& out) {
  ByteReader reader(body);
  out = {};
  out.legacy_version = out.version = reader.u16();
  out.random = reader.bytes(kRandom);
  out.session_id = reader.bytes(reader.u8());
  out.ciphers = Values16(reader.bytes(reader.u16()));
  reader.bytes(reader.u8());  // compression methods
  if (!reader.ok()) return false;
  read_extension_block(reader, true, out);
  return true;
}

bool parse_server_hello(Bytes body, Hello& out) {
  constexpr uint16_t kLastDraftWithoutSessionId = 0x7f15;  // draft 21; no session id and no compression before 22
  ByteReader reader(body);
  out = {};
  out.legacy_version = out.version = reader.u16();
  out.random = reader.bytes(kRandom);
  const bool draft = out.version >> 8 == 0x7f && out.version <= kLastDraftWithoutSessionId;
  if (!draft) out.session_id = reader.bytes(reader.u8());
  out.ciphers = Values16(reader.bytes(2));
  if (!draft) reader.u8();  // compression method
  if (!reader.ok()) return false;
  out.retry = std::ranges::equal(out.random, kRetryRandom);
  read_extension_block(reader, false, out);
  return true;
}

size_t ssl2_record_size(Bytes bytes) {
  constexpr uint8_t kTwoByteHeader = 0x80;
  if (bytes.size() < 2 || !(bytes[0] & kTwoByteHeader)) return 0;
  return 2 + size_t(load_be16(bytes.data()) & 0x7fff);
}

bool parse_ssl2_client_hello(Bytes record, Ssl2Hello& out) {
  ByteReader reader(record.subspan(2));
  const uint8_t type = reader.u8();
  out.version = reader.u16();
  const size_t ciphers = reader.u16(), session_id = reader.u16(), challenge = reader.u16();
  return reader.ok() && type == kClientHello && (out.version == kSsl2 || out.version >> 8 == kSsl3 >> 8) &&
         ciphers > 0 && ciphers % 3 == 0 && (session_id == 0 || session_id == 16) && challenge >= 16 &&
         challenge <= 32 && reader.left() == ciphers + session_id + challenge;
}

bool parse_ssl2_server_hello(Bytes record, Ssl2Hello& out) {
  constexpr uint8_t kSsl2ServerHello = 4, kX509 = 1;
  ByteReader reader(record.subspan(2));
  const uint8_t type = reader.u8(), session_hit = reader.u8(), certificate_type = reader.u8();
  out.version = reader.u16();
  const size_t certificate = reader.u16(), ciphers = reader.u16(), connection_id = reader.u16();
  out.certificate = reader.bytes(certificate);
  return reader.ok() && type == kSsl2ServerHello && session_hit <= 1 &&
         (certificate_type == kX509 || certificate == 0) && out.version == kSsl2 && ciphers % 3 == 0 &&
         reader.left() == ciphers + connection_id;
}

std::string_view version_name(uint64_t version, std::string& scratch) {
  switch (version) {
    case 0: return "UNDETERMINED";
    case kSsl2: return "SSLv2";
    case kSsl3: return "SSLv3";
    case kTls10: return "TLSv1";
    case 0x0302: return "TLS 1.1";
    case kTls12: return "TLS 1.2";
    case kTls13: return "TLS 1.3";
    case 0x7f01: return "TLS 1.3 draft-<16";
    case 0xfb14: return "TLS 1.3 draft-20-fb";
    case 0xfb15: return "TLS 1.3 draft-21-fb";
    case 0xfb16: return "TLS 1.3 draft-22-fb";
    case 0xfb17: return "TLS 1.3 draft-23-fb";
    case 0xfb1a: return "TLS 1.3 draft-26-fb";
    default: break;
  }
  constexpr std::string_view kDrafts[] = {
      "TLS 1.3 draft-16", "TLS 1.3 draft-17", "TLS 1.3 draft-18", "TLS 1.3 draft-19", "TLS 1.3 draft-20",
      "TLS 1.3 draft-21", "TLS 1.3 draft-22", "TLS 1.3 draft-23", "TLS 1.3 draft-24", "TLS 1.3 draft-25",
      "TLS 1.3 draft-26", "TLS 1.3 draft-27", "TLS 1.3 draft-28"};
  if (version >= 0x7f10 && version <= 0x7f1c) return kDrafts[version - 0x7f10];
  const uint8_t bytes[] = {static_cast<uint8_t>(version >> 8), static_cast<uint8_t>(version)};
  return scratch = "0x" + to_hex(bytes);
}

}  // namespace lapwing::tls
