// DNS over UDP and TCP (RFC 1035): every message is a transaction of its own.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/contract/resync.h"
#include "dissectors/protocols/dns/dns_parser.h"

namespace lapwing::dns {

struct Config {
  uint8_t version = 3;  // of records: 2 or 3
  uint8_t formats = 0;  // bits of Format
  bool requests = true, responses = true;
  std::vector<uint16_t> types;  // record only messages that ask for these; empty: all
};

/// How answers are shown.
enum Format : uint8_t { kDetailed = 1, kGrouped = 2 };
inline constexpr NamedValue kFormats[] = {{"detailed", kDetailed}, {"grouped", kGrouped}};

/// One message [W]; valid while the sink is called, like all it views.
struct MessageTransaction : Transaction {
  Message message;
  bool cut = false;  // the record that is due is one of version 2, and there are more questions than have records

  /// What parsing has grown stays.
  void reset() {
    progress = inspected = {};
    begin = {kNowhere, kNowhere};
    store_files = 0;
    unrecorded = cut = false;
    anomalies.clear();
    matched.clear();
  }
};

/// Progress of a message's own direction; the other one stays at 0.
inline constexpr uint8_t kMessage = 1;

enum class Anomaly : uint8_t {
  malformed_data,
  not_request,
  not_response,
  z_flag_set,
  invalid_opcode,
  name_too_long,
  infinite_loop,
  too_many_labels,
  invalid_additionals,
  invalid_authorities,
};

/// Of requests and responses, as alerts show them.
Table columns();
std::span<const RecordRow> records();
RecordExtent record_extent(const void* config, std::string_view record);
void facts(const Event& event, Facts& out);
void sightings(const Event& event, SightingSink& sink);

class Dns {
 public:
  using Config = dns::Config;
  using Anomaly = dns::Anomaly;
  enum class Pdu : uint8_t { pdu };
  enum class Cap : uint8_t { entries, unrecorded };
  static constexpr lapwing::Cap kCaps[] = {
      {"entries", 256,
       "questions and resource records of one message in its record, and values grouped by type; equal neighbours are "
       "one, and of more the record says that it is truncated"},
      {"unrecorded", 64, "queries without record whose answers are waited for; the oldest are forgotten"},
  };
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Dns(const Config& config, const Out<Dns>& out) : config_(config), out_(out) {}
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish() {}

 private:
  /// `offset`: of the message in the stream. False when the flow has no work left for it.
  bool message(Bytes wire, uint64_t offset, const Chunk& chunk);
  void raise(MessageTransaction& tx, const Chunk& chunk, Direction direction);
  void publish(MessageTransaction& tx, const Chunk& chunk, Direction direction);
  bool wanted(uint16_t type) const;

  const Config& config_;
  Out<Dns> out_;
  std::array<Resync, 2> resync_;      // by Direction
  std::vector<uint16_t> unrecorded_;  // ids of queries without record: the answer shall have none either
  bool straight_ = false;  // a request came from the client or an answer from the server: the two are what they seem
};

}  // namespace lapwing::dns
