// TPKT (RFC 1006 6), X.224 class 0 and what RDP negotiates in it (MS-RDPBCGR 2.2.1.1, 2.2.1.2): bytes to views of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "dissectors/contract/likelihood.h"
#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing::rdp {

inline constexpr size_t kTpktHeader = 4;
/// Bytes of the smallest TPKT: a TPDU has a length, a type and something behind it.
inline constexpr size_t kSmallestTpkt = 7;

/// Upper half of a TPDU's type (X.224 13.1); the lower is 0 in class 0 (13.3.2).
enum class Tpdu : uint8_t { connection_confirm = 0xd0, connection_request = 0xe0, data = 0xf0 };

/// The beginning of a TPKT, which is kSmallestTpkt bytes.
struct Head {
  uint16_t size = 0;   // of the TPKT, with its header
  uint8_t header = 0;  // bytes of the TPDU's header behind its length
  Tpdu type = Tpdu::data;

  /// The TPKT holds the TPDU's header, and the TPDU is one of those that RDP sends.
  bool sound() const;
};
/// Nothing where no TPKT begins.
std::optional<Head> read_head(Bytes bytes);

/// Protocols of security (MS-RDPBCGR 2.2.1.1.1).
inline constexpr uint32_t kStandardSecurity = 0, kTls = 1, kCredSsp = 2, kRdsTls = 4, kCredSspEx = 8, kRdsAad = 16;

/// 2.2.1.1.1 to 2.2.1.2.2: what is asked for, what was chosen, or why none was.
struct Negotiation {
  uint8_t flags = 0;
  uint32_t value = 0;  // protocols, protocol, or code of the failure
};

struct Request {
  std::optional<std::string> cookie;  // behind "Cookie: mstshash=": who logs in, often cut to nine letters
  std::string routing_token;          // for a load balancer; a line that is no cookie
  std::optional<Negotiation> negotiation;
  std::string correlation_id;  // 16 bytes (2.2.1.1.2)
  bool sound = true;           // all of it was understood
};
struct Confirm {
  std::optional<Negotiation> response, failure;  // neither: an older server, which knows standard security alone
  bool sound = true;
};

/// `tpdu`: with its length, as the TPKT carries it. Nothing where it is none of class 0.
std::optional<Request> parse_request(Bytes tpdu);
std::optional<Confirm> parse_confirm(Bytes tpdu);

/// The beginning of MCS's Connect-Initial and Connect-Response (T.125 7: BER, tag of the application 101 and 102).
enum class Connect : uint8_t { none, initial, response };
/// What a TPDU of data carries; `tpdu` is perhaps the beginning of one.
Connect connect_of(Bytes tpdu);
/// Of one that begins so: all of it is there, as the length says that follows.
bool is_whole_connect(Bytes tpdu);
/// That the data goes on in no further TPDU (X.224 13.7.3), as RDP's never does; some who read it do not ask.
bool ends_tsdu(Bytes tpdu);
inline constexpr size_t kDataHeader = 3;   // length, type, end of TSDU
inline constexpr size_t kConnectHead = 2;  // behind it

/// How likely the bytes begin RDP: its opening, or in the middle of it a message of MCS. What is sure is so rare amid
/// junk that reading may go on there behind lost bytes.
Likelihood judge(Bytes bytes, Direction direction);
inline constexpr size_t kEnoughToResume = 12;  // bytes: a connection's header, and what begins behind it

}  // namespace lapwing::rdp
