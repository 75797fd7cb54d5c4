// LDAP (RFC 4511) over TCP and UDP: a request and all its responses are a transaction, and so is what no request
// explains, and the security layer that a login leaves behind.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/resync.h"
#include "dissectors/parts/gss/gss.h"
#include "dissectors/parts/sasl/sasl.h"
#include "dissectors/protocols/ldap/ldap_layer.h"
#include "dissectors/protocols/ldap/ldap_message.h"
#include "dissectors/protocols/ldap/ldap_netlogon.h"
#include "dissectors/protocols/ldap/ldap_pending.h"

namespace lapwing::ldap {

struct Config {
  uint64_t max_tx = 0, max_responses = 0;
  bool passwords = false;  // records show them
};

/// [W] A login, which may take several requests; one by a name and a password has no mechanism.
struct Login {
  sasl::Login said;
  bool over = false;                     // the last answer did not ask for more
  std::optional<Protection> protection;  // that was agreed on, where it shows
};

/// A security layer, as the first buffer shows it.
struct Layer {
  Protection protection = Protection::none;
  std::string_view mechanism;
};

/// Why a domain controller refuses somebody.
struct Refusal {
  uint32_t code = 0;
};

/// [W]
struct Exchange : Transaction {
  bool asked = false;  // else no request explains the responses
  Message request;
  std::vector<Message> responses;        // as many as are kept
  std::array<Contents, 2> contents;      // by Direction
  uint64_t count = 0;                    // of responses,
  uint64_t entries = 0, references = 0;  // and of what a search found among them
  std::shared_ptr<Login> login;
  std::optional<Refusal> refusal;
  std::unique_ptr<Netlogon> netlogon;
  std::optional<Layer> layer;
  bool abandoned = false;  // the client wants no answer any more
  bool open = false;       // records show passwords
  uint64_t size = 0;       // bytes of its messages

  // The dissector's own.
  Links<Exchange> links;
  bool over = false;                 // nothing more is to come,
  std::array<bool, 2> reading = {};  // but for the rest of a message, by Direction

  const Contents& of(Direction side) const { return contents[index(side)]; }
  void reset();
};

// Progress: the client's direction is complete with its request, the server's with the last response.
inline constexpr uint8_t kRequest = 1;

enum class Anomaly : uint8_t { too_many_transactions, invalid_data, request_not_found, too_many_responses };

/// What ldap_columns.cc and ldap_words.cc bring.
Table columns();
std::span<const RecordRow> records();
RecordExtent record_extent(const void* config, std::string_view record);
std::span<const Word> rule_words();
/// What ldap_sightings.cc brings: what a request that is over had the server do.
void tell_operation(const Exchange& exchange, SightingSink& sink);

class Ldap {
 public:
  using Config = ldap::Config;
  using Anomaly = ldap::Anomaly;
  enum class Pdu : uint8_t { pdu };
  enum class Cap : uint8_t { tx, responses, value, token, kept, filter, depth };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 0, "requests of one flow that wait for their last response, by max-tx; the oldest is recorded as it is"},
      {"responses", 0,
       "responses of one request that are kept, by max-responses; more are counted, and the last is kept"},
      {"value", 4096, "bytes of a name or value that are kept"},
      {"token", 65536, "bytes of what proves who logs in; of a longer one nothing is read"},
      {"kept", 128 << 10, "bytes that the messages of one side of a transaction take; what else they say is left out"},
      {"filter", FilterText::kLongest, "bytes of a search filter as text that are kept"},
      {"depth", Walker::kDeepest, "elements within each other that are looked at"},
  };
  static constexpr Carried kParts[] = {{&gss::Gss::part}, {&sasl::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Ldap(const Config& config, const Out<Ldap>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  struct Side {
    explicit Side(const Reader::Limits& limits) : reader(limits) {}

    Reader reader;
    Exchange* exchange = nullptr;    // whose message is under way
    bool wrapped = false;            // it came in a buffer
    uint64_t buffer = 0, plain = 0;  // bytes of the buffer that are to come, and of those the first, which can be read
    std::array<uint8_t, kLongestHead> head;  // of a message that lies across buffers,
    size_t head_size = 0;                    // as far as it came
    Resync resync;
    uint64_t frame_end = kNowhere;  // of the message under way, where its frame waits for it
    bool sealed = false;            // the latest buffer was

    /// The next buffer goes on with a message.
    bool goes_on() const { return head_size > 0 || (wrapped && reader.under_way()); }
  };

  // ldap.cc: bytes.
  Side& side(Direction direction) { return sides_[index(direction)]; }
  void datagram(const Chunk& chunk);
  Step stream(const Chunk& chunk);
  /// Takes what comes next, of `bytes` at `offset`; nothing when its beginning is not whole yet.
  std::optional<size_t> take(Bytes bytes, Direction direction, uint64_t offset);
  std::optional<size_t> begin_buffer(Bytes bytes, Direction direction, uint64_t offset);
  std::optional<size_t> begin_message(Bytes bytes, Direction direction, uint64_t offset);
  /// No message begins here.
  size_t go_astray(Direction direction);
  void enter_layer(const Buffer& buffer, Direction direction, uint64_t offset);
  Exchange& begin(const Head& head, Direction direction, uint64_t offset);
  void end_message(Direction direction);
  void report(const Message& message, Exchange& exchange);
  void become_tls();

  // ldap_operations.cc: messages.
  Exchange& open(uint32_t id);
  bool give_up_oldest();
  Exchange& asked_by(const Head& head);
  bool has_room(const Exchange& exchange, Operation operation) const;
  void request(Exchange& exchange);
  void response(Exchange& exchange, const Message& message);
  void log_in(Exchange& exchange);
  void take_token(std::string_view token, Direction direction, Exchange& exchange);
  void answer_login(Exchange& exchange, const Message& message);
  void look_into(Exchange& exchange, const Message& message);
  void end(Exchange& exchange);
  void close(Exchange& exchange);
  void close_all();

  const Config& config_;
  Out<Ldap> out_;
  std::array<Side, 2> sides_;  // by Direction
  Pending<Exchange> pending_;
  std::shared_ptr<Login> login_;  // the latest
  uint8_t told_layers_ = 0;       // bits by Protection: of this login
  enum class Tls : uint8_t { none, asked, granted } tls_ = Tls::none;
  bool in_step_;             // each response has its request
  bool unreadable_ = false;  // nothing more is read
};

}  // namespace lapwing::ldap
