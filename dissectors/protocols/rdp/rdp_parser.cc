#include "dissectors/protocols/rdp/rdp_parser.h"

#include <algorithm>

#include "sensor/base/ber.h"
#include "sensor/base/little_endian.h"

namespace lapwing::rdp {

namespace {

constexpr uint8_t kTpktVersion = 3;
/// Behind its length: type, two references, class and options (X.224 13.3.1, 13.4.1).
constexpr uint8_t kConnectionHeader = 6;
constexpr uint8_t kDataHeaderLength = kDataHeader - 1;

constexpr uint8_t kNegotiationRequest = 1, kNegotiationResponse = 2, kNegotiationFailure = 3, kCorrelation = 6;
constexpr uint16_t kNegotiationSize = 8, kCorrelationSize = 36, kCorrelationIdSize = 16, kCorrelationReserved = 16;

constexpr std::string_view kCookie = "Cookie: mstshash=";

Tpdu type_of(uint8_t byte) {
  return static_cast<Tpdu>(byte & 0xf0);
}

/// What stands behind the header of a connection's TPDU of class 0. Nothing where it is none.
std::optional<Bytes> variable_part(Bytes tpdu, Tpdu type) {
  ByteReader reader(tpdu);
  const size_t length = reader.u8();
  const uint8_t code = reader.u8();
  const uint16_t destination = reader.u16();
  reader.skip(2);  // source reference
  const uint8_t options = reader.u8();
  const bool sound = reader.ok() && type_of(code) == type && (code & 0x0f) <= 1 && destination == 0 && options == 0;
  if (!sound || length < kConnectionHeader || length - kConnectionHeader > reader.left()) return {};
  return reader.bytes(length - kConnectionHeader);
}

/// Takes a line off the front, with its end.
std::optional<std::string_view> take_line(Bytes& rest) {
  const std::string_view text = to_text(rest);
  const size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return {};
  rest = rest.subspan(end + 2);
  return text.substr(0, end);
}

std::optional<Negotiation> take_negotiation(Bytes& rest, uint8_t type) {
  LittleReader reader(rest);
  const bool fits = reader.u8() == type;
  Negotiation out{.flags = reader.u8()};
  const bool sized = reader.u16() == kNegotiationSize;
  out.value = reader.u32();
  if (!reader.ok() || !fits || !sized) return {};
  rest = reader.rest();
  return out;
}

/// 2.2.1.1.2
bool take_correlation(Bytes& rest, std::string& id) {
  LittleReader reader(rest);
  const bool fits = reader.u8() == kCorrelation;
  reader.skip(1);
  const bool sized = reader.u16() == kCorrelationSize;
  const Bytes found = reader.bytes(kCorrelationIdSize);
  reader.skip(kCorrelationReserved);
  if (!reader.ok() || !fits || !sized) return false;
  id = to_text(found);
  rest = reader.rest();
  return true;
}

/// X.224 has parameters here (13.3.4), which RDP never sends and others over TPKT do.
bool begins_parameter(uint8_t byte) {
  return byte >= 0xc0;
}

/// Of a request or confirm, whose variable part begins with `byte`.
Likelihood judge_variable(uint8_t byte, bool confirm) {
  if (begins_parameter(byte)) return Likelihood::no;
  if (confirm) {
    return byte == kNegotiationResponse || byte == kNegotiationFailure ? Likelihood::sure : Likelihood::no;
  }
  if (byte == kNegotiationRequest || byte == static_cast<uint8_t>(kCookie[0])) return Likelihood::sure;
  return Likelihood::maybe;  // a routing token
}

Likelihood judge_connection(Bytes bytes, const Head& head) {
  const bool confirm = head.type == Tpdu::connection_confirm;
  const size_t behind = kTpktHeader + 1 + kConnectionHeader;
  if (bytes.size() < behind) return Likelihood::more;
  if (load_be16(&bytes[kTpktHeader + 2]) != 0 || bytes[behind - 1] != 0) return Likelihood::no;
  if (head.header == kConnectionHeader) return Likelihood::maybe;
  return bytes.size() > behind ? judge_variable(bytes[behind], confirm) : Likelihood::more;
}

/// MCS's messages (T.125 7) are told by the first byte of their PER, which has six bits of their number; so few of
/// these begin a session that they make it no more than likely.
bool begins_mcs(uint8_t byte) {
  constexpr uint8_t kErectDomain = 1, kDisconnect = 8, kAttachUser = 10, kAttachConfirm = 11, kJoin = 14,
                    kJoinConfirm = 15, kSend = 25, kIndication = 26;
  const uint8_t number = byte >> 2;
  return number == kErectDomain || number == kDisconnect || number == kAttachUser || number == kAttachConfirm ||
         number == kJoin || number == kJoinConfirm || number == kSend || number == kIndication;
}

Likelihood judge_data(Bytes bytes, const Head& head, Direction direction) {
  const size_t behind = kTpktHeader + kDataHeader;
  if (head.header != kDataHeaderLength || head.size <= behind + 1) return Likelihood::no;
  if (bytes.size() < behind + kConnectHead) return Likelihood::more;
  if (!ends_tsdu(bytes.subspan(kTpktHeader))) return Likelihood::no;
  const Connect connect = connect_of(bytes.subspan(kTpktHeader));
  if (connect != Connect::none) {
    return (connect == Connect::initial) == (direction == Direction::to_server) ? Likelihood::sure : Likelihood::no;
  }
  return begins_mcs(bytes[behind]) ? Likelihood::maybe : Likelihood::no;
}

}  // namespace

bool Head::sound() const {
  const bool fits = kTpktHeader + 1 + size_t{header} <= size;
  if (type == Tpdu::data) return fits && header >= kDataHeaderLength;
  return fits && header >= kConnectionHeader && (type == Tpdu::connection_request || type == Tpdu::connection_confirm);
}

std::optional<Head> read_head(Bytes bytes) {
  if (bytes.size() < kSmallestTpkt || bytes[0] != kTpktVersion) return {};
  const Head out{.size = load_be16(&bytes[2]), .header = bytes[kTpktHeader], .type = type_of(bytes[kTpktHeader + 1])};
  return out.size < kSmallestTpkt ? std::nullopt : std::optional(out);
}

std::optional<Request> parse_request(Bytes tpdu) {
  const auto variable = variable_part(tpdu, Tpdu::connection_request);
  if (!variable) return {};
  Bytes rest = *variable;
  Request out;
  while (!rest.empty() && rest[0] != kNegotiationRequest && rest[0] != kCorrelation) {
    const auto line = take_line(rest);
    if (!line) break;
    if (line->starts_with(kCookie) && !out.cookie) {
      out.cookie = line->substr(kCookie.size());
    } else if (out.routing_token.empty()) {
      out.routing_token = *line;
    } else {
      out.sound = false;
    }
  }
  if (!rest.empty()) out.negotiation = take_negotiation(rest, kNegotiationRequest);
  if (!rest.empty()) take_correlation(rest, out.correlation_id);
  out.sound &= rest.empty();
  return out;
}

std::optional<Confirm> parse_confirm(Bytes tpdu) {
  const auto variable = variable_part(tpdu, Tpdu::connection_confirm);
  if (!variable) return {};
  Bytes rest = *variable;
  Confirm out;
  if (!rest.empty()) out.response = take_negotiation(rest, kNegotiationResponse);
  if (!rest.empty()) out.failure = take_negotiation(rest, kNegotiationFailure);
  out.sound = rest.empty();
  return out;
}

Connect connect_of(Bytes tpdu) {
  constexpr uint8_t kApplication = 0x7f, kInitial = 101, kResponse = 102;
  if (tpdu.size() < kDataHeader + kConnectHead || tpdu[0] != kDataHeaderLength || type_of(tpdu[1]) != Tpdu::data ||
      tpdu[kDataHeader] != kApplication) {
    return Connect::none;
  }
  const uint8_t number = tpdu[kDataHeader + 1];
  return number == kInitial ? Connect::initial : number == kResponse ? Connect::response : Connect::none;
}

bool is_whole_connect(Bytes tpdu) {
  // Behind 7f its number reads as a tag.
  const auto size = ber::extent(tpdu.subspan(kDataHeader + 1));
  return size && *size <= tpdu.size() - kDataHeader - 1;
}

bool ends_tsdu(Bytes tpdu) {
  constexpr uint8_t kEnd = 0x80;
  return tpdu.size() >= kDataHeader && tpdu[kDataHeader - 1] & kEnd;
}

Likelihood judge(Bytes bytes, Direction direction) {
  // What is reserved behind the version nobody looks at.
  if (!bytes.empty() && bytes[0] != kTpktVersion) return Likelihood::no;
  if (bytes.size() < kSmallestTpkt) return Likelihood::more;
  const auto head = read_head(bytes);
  if (!head || !head->sound()) return Likelihood::no;
  if (head->type == Tpdu::data) return judge_data(bytes, *head, direction);
  const bool asks = head->type == Tpdu::connection_request;
  return asks == (direction == Direction::to_server) ? judge_connection(bytes, *head) : Likelihood::no;
}

}  // namespace lapwing::rdp
