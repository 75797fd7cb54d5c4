// DNS over UDP and TCP (RFC 1035): every message is a transaction of its own.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/protocols/dns/dns_parser.h"

namespace lapwing::dns {

struct Config {
  std::string version;               // of records: "2" or "3"
  std::vector<std::string> formats;  // of answers: detailed, grouped
  bool requests = true, responses = true;
  std::vector<std::string> types;  // record only messages that ask for these; empty: all
};

/// One message [W]; valid while the sink is called, like all it views.
struct MessageTransaction : Transaction {
  Message message;
  bool cut = false;  // the record that is due is one of version 2, and there are more questions than have records
};

/// Questions and resource records of one message that its record shows, and the values grouped by type; equal
/// neighbours are one. Of more the record says that it is truncated.
inline constexpr size_t kMaxEntries = 256;

/// Progress of a message's own direction; the other one stays at 0.
inline constexpr uint8_t kMessage = 1;

enum Anomaly : uint8_t {
  kMalformedData,
  kNotRequest,
  kNotResponse,
  kZFlagSet,
  kInvalidOpcode,
  kNameTooLongSeen,
  kInfiniteLoopSeen,
  kTooManyLabelsSeen,
  kInvalidAdditionalsSeen,
  kInvalidAuthoritiesSeen,
};

std::span<const Field> fields();
/// Of requests and responses in version 3.
Table columns();
std::span<const RecordRow> records();
RecordChoice record_choice(const void* config, std::string_view record);

class Dns {
 public:
  using Config = dns::Config;
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  explicit Dns(const Config& config) : config_(config) {}
  Step data(const Chunk& chunk, EventSink& sink);
  Step gap(Direction direction, uint64_t lost, EventSink& sink);
  void finish(EventSink&) {}

 private:
  /// `offset`: of the message in the stream. False when the flow has no work left for it.
  bool message(Bytes wire, uint64_t offset, const Chunk& chunk, EventSink& sink);
  void publish(MessageTransaction& tx, const Chunk& chunk, Direction direction, EventSink& sink) const;
  bool wanted(uint16_t type) const;

  const Config& config_;
  uint64_t next_id_ = 0;
  std::array<bool, 2> lost_ = {};  // by Direction: bytes are missing, and no message boundary is known
  /// Queries without record whose answers are waited for; of more, the oldest are forgotten.
  static constexpr size_t kMaxUnrecorded = 64;
  std::vector<uint16_t> unrecorded_;  // their ids: the answer shall have no record either
  bool straight_ = false;  // a request came from the client or an answer from the server: the two are what they seem
};

}  // namespace lapwing::dns
