// The part `handshake`: TLS records and handshake messages in the clear (RFC 5246, 8446; SSLv2: RFC 6101 E), bytes to
// views of them. Its names are TLS's, whoever carries it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/event/part.h"

namespace lapwing::tls {

inline constexpr Part part{.name = "handshake", .help = "a handshake of TLS"};

inline constexpr size_t kRecordHeader = 5;
inline constexpr size_t kMessageHeader = 4;
/// Largest record of any version: 2^14 and what encryption may add (RFC 5246 6.2.3).
inline constexpr size_t kMaxRecord = (1 << 14) + 2048;

enum RecordType : uint8_t {
  kChangeCipherSpec = 20,
  kAlert = 21,
  kHandshake = 22,
  kApplicationData = 23,
  kHeartbeat = 24
};

enum MessageType : uint8_t {
  kHelloRequest = 0,
  kClientHello = 1,
  kServerHello = 2,
  kNewSessionTicket = 4,
  kEncryptedExtensions = 8,
  kCertificate = 11,
  kServerKeyExchange = 12,
  kCertificateRequest = 13,
  kServerHelloDone = 14,
  kCertificateVerify = 15,
  kClientKeyExchange = 16,
  kFinished = 20,
  kCertificateStatus = 22,
};

inline constexpr uint16_t kSsl2 = 0x0002, kSsl3 = 0x0300, kTls10 = 0x0301, kTls11 = 0x0302, kTls12 = 0x0303,
                          kTls13 = 0x0304;

struct RecordHeader {
  uint8_t type = 0;
  uint16_t version = 0, length = 0;
};
/// `bytes` holds at least kRecordHeader.
RecordHeader read_record_header(const uint8_t* bytes);
bool known_record_type(uint8_t type);
bool known_message_type(uint8_t type);

/// TLS 1.3 or one of its drafts.
bool is_tls13(uint16_t version);
/// Values that mean nothing (RFC 8701): 0x0a0a, 0x1a1a, ... 0xfafa.
constexpr bool is_grease(uint16_t value) {
  return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}
/// "TLS 1.2", "TLSv1", "SSLv3", "TLS 1.3 draft-18"; "0x1234" (in `scratch`) for others; "UNDETERMINED" for 0.
std::string_view version_name(uint64_t version, std::string& scratch);

/// Network-order 16-bit values, as hellos list ciphers and groups. A last odd byte is not part of the list.
class Values16 {
 public:
  Values16() = default;
  explicit Values16(Bytes bytes) : bytes_(bytes.first(bytes.size() & ~size_t{1})) {}
  size_t size() const { return bytes_.size() / 2; }
  uint16_t operator[](size_t i) const { return load_be16(&bytes_[2 * i]); }
  Bytes bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

struct Extension {
  uint16_t type = 0;
  Bytes data;
};
/// Takes the next extension off the front; false at the end or when it is cut short (then `rest` is not empty).
bool next_extension(Bytes& rest, Extension& out);
/// Takes the next name off an ALPN list (RFC 7301).
bool next_alpn(Bytes& rest, Bytes& name);
/// Takes the next certificate off the list of a Certificate message.
bool next_certificate(Bytes& rest, Bytes& der);

namespace ext {
inline constexpr uint16_t server_name = 0, groups = 10, point_formats = 11, signatures = 13, alpn = 16,
                          session_ticket = 35, supported_versions = 43;
}

enum HelloFault : uint8_t { kBadLength = 1, kManySni = 2, kBadSniType = 4, kBadSniLength = 8 };

/// A client's or a server's hello; views the message's body.
struct Hello {
  uint16_t legacy_version = 0;
  uint16_t version = 0;  // offered as highest, or chosen: supported_versions if present, else legacy_version
  Bytes random, session_id, extensions;
  Values16 ciphers;                // of the server: the one it chose
  Bytes sni, alpn, point_formats;  // alpn: the list that next_alpn reads
  Values16 groups, signatures;
  bool has_sni = false;     // the extension is there, whatever is in it
  bool has_ticket = false;  // with a ticket in it
  bool retry = false;       // a HelloRetryRequest (RFC 8446 4.1.3)
  uint8_t faults = 0;       // HelloFault bits
};
/// False when not even the fixed part can be read.
bool parse_client_hello(Bytes body, Hello& out);
bool parse_server_hello(Bytes body, Hello& out);

/// The hellos of SSLv2 clients and servers; `record` starts at the two-byte header.
struct Ssl2Hello {
  uint16_t version = 0;
  Bytes certificate;
};
/// Size of the record that starts here, header included; 0 when it cannot be an SSLv2 hello.
size_t ssl2_record_size(Bytes bytes);
bool parse_ssl2_client_hello(Bytes record, Ssl2Hello& out);
bool parse_ssl2_server_hello(Bytes record, Ssl2Hello& out);

}  // namespace lapwing::tls
