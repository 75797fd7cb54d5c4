// DNS messages (RFC 1035, 6891): pure functions from bytes to a Message that views them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dissectors/contract/likelihood.h"
#include "sensor/base/bytes.h"
#include "sensor/base/named_value.h"

namespace lapwing::dns {

inline constexpr size_t kHeaderSize = 12;
/// Longer names are cut: RFC 1035 allows 255 octets, but what is cut must still be told from what is not there.
inline constexpr size_t kMaxName = 1025;
/// Labels and pointers followed for one name: beyond it a compression loop is assumed.
inline constexpr size_t kMaxLabels = 255;
/// Text that all names of one message may have together, in times its size; beyond it they are cut and count as too
/// long. A record of 14 octets can name two names of 255, which is 37 times: names of legal length never get there.
inline constexpr size_t kMaxExpansion = 64;
/// Octets behind pointers that are read for all names of one message: so many times its size, and kMaxName. What lies
/// behind a pointer is read once and then known, so only names that break a rule get there.
inline constexpr size_t kMaxFollowed = 2;

enum Type : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kNull = 10,
  kPtr = 12,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kSrv = 33,
  kOpt = 41,
  kSshfp = 44,
  kIxfr = 251,
};

namespace header_flag {
inline constexpr uint16_t response = 0x8000, authoritative = 0x0400, truncated = 0x0200, recursion_desired = 0x0100,
                          recursion_available = 0x0080, z = 0x0040;
}

/// A dotted name without the final dot: a range of Message::text, in the case it came in.
struct Name {
  uint32_t at = 0;
  uint16_t size = 0;
  bool truncated = false;
};

struct Question {
  Name name;
  uint16_t type = 0, klass = 0;
};

/// How a record's data was understood; `opaque` when its type is not one of those below, or when it is empty.
enum class RecordShape : uint8_t { opaque, address, host, text, strings, soa, srv, sshfp, options };

struct Record {
  Name name;
  uint16_t type = 0, klass = 0;
  uint32_t ttl = 0;
  RecordShape shape = RecordShape::opaque;
  Bytes data;    // the whole rdata; for soa the fixed part after the names
  Name host;     // CNAME, NS, PTR, MX exchange, SRV target, SOA mname
  Name mailbox;  // SOA rname
};

enum Fault : uint16_t {
  kNameTooLong = 1,
  kInfiniteLoop = 2,
  kTooManyLabels = 4,
  kInvalidAuthorities = 8,
  kInvalidAdditionals = 16,
  kMalformedAnswers = 32,
  kUnterminatedName = 64,
  kTrailingBytes = 128,
};

/// A parsed message; views the bytes it was parsed from. Meant to be reused: parse() keeps its capacities.
struct Message {
  uint16_t id = 0, flags = 0;
  std::vector<Question> questions;
  std::vector<Record> records;                    // answers, then authorities, then additionals
  uint32_t answers_end = 0, authorities_end = 0;  // indices into records
  uint16_t faults = 0;                            // Fault bits
  std::vector<Name> names;                        // in order: of questions, owners, CNAME NS PTR MX SOA data
  std::string text;                               // of all names; those that a pointer makes equal share it
  uint32_t size = 0;                              // of the message on the wire
  uint32_t followed = 0;                          // octets read behind pointers

  bool is_response() const { return flags & header_flag::response; }
  uint8_t opcode() const { return flags >> 11 & 0xf; }
  uint8_t rcode() const { return flags & 0xf; }
  Bytes text_of(const Name& name) const { return to_bytes(text).subspan(name.at, name.size); }
  std::span<const Record> answers() const { return {records.data(), answers_end}; }
  std::span<const Record> authorities() const {
    return {records.data() + answers_end, records.data() + authorities_end};
  }
  std::span<const Record> additionals() const {
    return {records.data() + authorities_end, records.data() + records.size()};
  }
  void clear();
};

/// False when the header or the questions cannot be read; what is wrong further on is told by `faults`.
bool parse(Bytes wire, Message& message);

/// Bytes at most of a stream's first message whose header no sane sender writes, and of one that is none.
inline constexpr size_t kMaxOdd = 512;

/// How sure the bytes are a DNS message. `size` is what the length prefix promises, wire.size() for datagrams. Of a
/// stream the header and the first question tell alone, so that the verdict is the same however it was cut.
/// `only_sure`: what is less is taken for no.
Likelihood judge(Bytes wire, size_t size, bool to_server, bool datagram, bool only_sure = false);
/// Whether a message of a stream begins here, where any byte may be the first: sure, no, or more, which is no once
/// kEnoughToResume bytes are there. Of its header and first question, which are looked at alone, all must be as it
/// should, as of random bytes less than one in 2^60 is. Messages without question, as the later ones of a zone transfer
/// may be (RFC 5936 2.2.1), are not found.
Likelihood resume(Bytes wire, size_t size, bool to_server);
inline constexpr size_t kEnoughToResume = kHeaderSize + 255 + 4;  // the longest name (RFC 1035 2.3.4), type and class

/// Takes the next string off the front of a TXT record's data; false at its end or when it is cut short.
bool next_string(Bytes& rdata, Bytes& out);

struct Option {
  uint16_t code = 0;
  Bytes data;
};
/// Takes the next EDNS option off the front of `rdata`; false at its end or when it is cut short.
bool next_option(Bytes& rdata, Option& out);

/// "MX", "HTTPS"; the decimal number (in `scratch`) of a type without a name.
std::string_view type_name(uint64_t type, std::string& scratch);
std::string_view rcode_name(uint64_t rcode, std::string& scratch);

/// Names of record types and response codes with their numbers, for rules.
std::span<const NamedValue> type_names();
std::span<const NamedValue> rcode_names();

}  // namespace lapwing::dns
