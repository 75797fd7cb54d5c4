// PDUs of DCE/RPC (C706 12.6, MS-RPCE 2.2.2): pure functions from bytes to structs.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/contract/likelihood.h"
#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing::dcerpc {

/// C706 12.1; rts is MS-RPCH's.
enum class Type : uint8_t {
  request,
  ping,
  response,
  fault,
  working,
  nocall,
  reject,
  ack,
  cl_cancel,
  fack,
  cancel_ack,
  bind,
  bind_ack,
  bind_nak,
  alter_context,
  alter_context_resp,
  auth3,
  shutdown,
  co_cancel,
  orphaned,
  rts,
};
inline constexpr uint8_t kLastType = static_cast<uint8_t>(Type::rts);
/// "REQUEST", "BINDACK", ...
std::string_view type_name(Type type);

namespace flag {
inline constexpr uint8_t first_fragment = 0x01, last_fragment = 0x02, maybe = 0x40, object = 0x80;
}

/// In the order of its text.
using Uuid = std::array<uint8_t, 16>;
/// "12345678-1234-abcd-ef00-01234567cffb"
std::string_view uuid_text(const Uuid& uuid, std::string& scratch);
constexpr std::optional<Uuid> parse_uuid(std::string_view text) {
  constexpr size_t kSize = 36;
  if (text.size() != kSize) return {};
  Uuid out = {};
  size_t digits = 0;
  for (size_t i = 0; i < kSize; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash != (text[i] == '-')) return {};
    if (dash) continue;
    const char c = text[i] >= 'A' && text[i] <= 'F' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return {};
    uint8_t& octet = out[digits++ / 2];
    octet = static_cast<uint8_t>(octet << 4 | (c <= '9' ? c - '0' : c - 'a' + 10));
  }
  return out;
}

/// Reads integers of either byte order: a read past the end yields zeros and clears ok() for good.
class OrderedReader {
 public:
  OrderedReader(Bytes bytes, bool little) : reader_(bytes), little_(little) {}

  bool ok() const { return reader_.ok(); }
  size_t position() const { return reader_.position(); }
  size_t left() const { return reader_.left(); }
  uint8_t u8() { return reader_.u8(); }
  uint16_t u16() { return little_ ? __builtin_bswap16(reader_.u16()) : reader_.u16(); }
  uint32_t u32() { return little_ ? __builtin_bswap32(reader_.u32()) : reader_.u32(); }
  uint64_t u64() { return little_ ? __builtin_bswap64(reader_.u64()) : reader_.u64(); }
  Uuid uuid();
  Bytes bytes(size_t count) { return reader_.bytes(count); }
  bool skip(size_t count) { return reader_.skip(count); }
  /// To a multiple of `size`, a power of two.
  void align(size_t size) { skip((size - reader_.position() % size) % size); }

 private:
  ByteReader reader_;
  bool little_;
};

/// Begins every PDU of a connection.
struct Header {
  static constexpr size_t kSize = 16;
  uint8_t minor = 0;  // of version 5
  Type type = Type::request;
  uint8_t flags = 0;
  bool little = false;  // the byte order of all numbers
  uint16_t size = 0;    // of the PDU, with this
  uint16_t auth = 0;    // bytes of the verifier that ends it
  uint32_t call_id = 0;

  bool first() const { return flags & flag::first_fragment; }
  bool last() const { return flags & flag::last_fragment; }
};

/// Nothing where no PDU begins so.
std::optional<Header> parse_header(Bytes bytes);
/// The same of fewer bytes than a header has: it may become one.
bool may_begin_pdu(Bytes bytes);
/// Amid other bytes more is asked: what is reserved is zero.
bool begins_pdu(Bytes bytes);
/// Whether the side sends such PDUs; MS-RPCH's and those of datagrams are nobody's.
bool sent_by(Direction direction, Type type);
/// Whether these are the first bytes that the side sends.
Likelihood judge(Bytes first, Direction direction);

/// Before a verifier (MS-RPCE 2.2.2.11): of what kind it is.
struct Security {
  static constexpr size_t kSize = 8;
  uint8_t type = 0, level = 0;
  uint8_t padding = 0;  // bytes before it that belong to nothing

  /// Stub data is encrypted (MS-RPCE 2.2.1.1.8).
  bool seals() const { return level == 6; }
};
std::string_view security_type_name(uint64_t type, std::string& scratch);
std::string_view security_level_name(uint64_t level, std::string& scratch);
/// Tokens of its kind are GSS-API's.
bool is_gss(const Security& security);

struct Verifier {
  Security security;
  Bytes token;
};
/// That of a whole PDU; nothing where it has none, or none fits.
std::optional<Verifier> parse_verifier(const Header& header, Bytes pdu);

/// What a client offers to speak (C706 12.6.3.1).
struct Offer {
  uint16_t context = 0;
  Uuid interface = {};
  uint16_t major = 0, minor = 0;
};
/// Of a bind or alter_context; of what breaks off, what is whole. False when it does.
bool parse_offers(const Header& header, Bytes pdu, std::vector<Offer>& offers);

/// What the server makes of one, in the order of the offers.
struct Answer {
  uint16_t result = 0, reason = 0;
  bool wide = false;  // the syntax that it chooses is NDR64
};
bool parse_answers(const Header& header, Bytes pdu, std::vector<Answer>& answers);
/// Why a bind was refused (C706 12.6.4.5).
std::optional<uint16_t> parse_refusal(const Header& header, Bytes pdu);

/// What a fault says (C706 E).
std::string_view status_name(uint64_t status, std::string& scratch);
/// It says that the client is not who it says it is.
bool refuses_login(uint32_t status);

}  // namespace lapwing::dcerpc
