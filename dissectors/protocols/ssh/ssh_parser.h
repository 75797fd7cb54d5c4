// What SSH says in the clear: identification strings and the first key exchange (RFC 4253).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "dissectors/contract/dissector.h"
#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing::ssh {

/// SSH-protoversion-softwareversion SP comments (RFC 4253 4.2); views of the line.
struct Banner {
  std::string_view proto, software, comments;
};
inline constexpr std::string_view kBannerStart = "SSH-";
inline bool may_begin_banner(Bytes bytes) {
  return kBannerStart.starts_with(to_text(bytes.first(std::min(bytes.size(), kBannerStart.size()))));
}
/// False when the line, without its end, is none.
bool parse_banner(std::string_view line, Banner& out);
/// Versions before 2 have records of another form; 1.99 stands for 2 as well (RFC 4253 5.1).
bool is_version_1(std::string_view proto);

/// A record of the binary protocol (RFC 4253 6): its length, which counts from the padding's length on, that, and the
/// first byte of its payload, which tells its type.
struct RecordHeader {
  static constexpr size_t kSize = 6, kLengthSize = 4;
  /// Of a padding length and a type; OpenSSH takes no longer ones.
  static constexpr uint32_t kShortest = 2, kLongest = 256 * 1024;
  uint32_t length;
  uint8_t padding, type;
};
RecordHeader read_record_header(const uint8_t* bytes);

inline constexpr uint8_t kKexInit = 20, kNewKeys = 21;  // types (RFC 4250 4.1.2)

/// Whether records go on with these bytes, of which kEnoughToResume are enough: with a key exchange's first list, or
/// new keys.
inline constexpr size_t kEnoughToResume = RecordHeader::kSize + 16 + 4 + 4;
Likelihood begins_records(Bytes bytes);

/// The lists of names of a key exchange, in the order of the message (RFC 4253 7.1).
enum class List : uint8_t {
  kex,
  host_key,
  cipher_to_server,
  cipher_to_client,
  mac_to_server,
  mac_to_client,
  compression_to_server,
  compression_to_client,
};
inline constexpr size_t kLists = 8;
using Lists = std::array<std::string_view, kLists>;

/// `payload`: of the record, behind its type. False when it is none; the lists view it.
bool parse_kex_init(Bytes payload, Lists& out);

/// The key that a server shows in the answer of a key exchange, in whose messages it comes first (RFC 4253 8, RFC 4419
/// 3, RFC 4432 4, RFC 5656 4); `payload` as above. Empty when there is none, or of no kind that is a name.
struct HostKey {
  std::string_view type;
  Bytes blob;  // with its type
};
HostKey parse_host_key(Bytes payload);
/// Of a record of the server.
inline bool may_show_host_key(uint8_t type) {
  return type == 30 || type == 31 || type == 33;
}

/// What a fingerprint is made of: the algorithms that one side offers for what it sends.
std::string hassh(const Lists& offered, Direction whose);

/// The first name of the client's list that the server has, too, or empty: a view of the client's (RFC 4253 7.1).
std::string_view choose(std::string_view client, std::string_view server);

/// A cipher that needs no MAC beside it.
bool authenticates(std::string_view cipher);

/// Bytes on the wire of an encrypted record of `payload` bytes, its type counted; 0 where the algorithms are not known.
size_t size_on_wire(std::string_view cipher, std::string_view mac, size_t payload);

}  // namespace lapwing::ssh
