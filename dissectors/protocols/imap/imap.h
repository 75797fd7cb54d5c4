// IMAP (RFC 9051, RFC 3501): a command and its answers are a transaction, and so is each message that a literal
// carries.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/lines.h"
#include "dissectors/contract/open.h"
#include "dissectors/parts/file/file_part.h"
#include "dissectors/parts/sasl/sasl.h"
#include "dissectors/protocols/imap/imap_message.h"
#include "dissectors/protocols/imap/imap_parser.h"
#include "dissectors/protocols/imap/imap_tail.h"

namespace lapwing::imap {

struct Config : mime::Config {
  uint64_t max_tx = 0;
  bool passwords = false;  // records show them
};

using sasl::Login;  // by LOGIN without a mechanism

/// What earlier commands say of a later one [S].
struct Session {
  std::string user;
  std::string mailbox;  // that is selected
};

/// What the untagged responses to a command say.
struct Told {
  std::optional<uint64_t> exists, recent;          // messages of the mailbox
  uint64_t fetched = 0, expunged = 0, listed = 0;  // responses
  std::optional<uint64_t> found;                   // messages, by SEARCH and SORT
  std::string capabilities, id;                    // as they came
};

/// A command and its answers, answers without a command, or a message [W].
struct Exchange : Transaction {
  Verb verb = Verb::other;
  std::string tag, command, arguments;
  bool arguments_cut = false;
  std::string mailbox;             // that it names
  std::optional<AskedPart> asked;  // of messages
  std::optional<Login> login;
  Status status = Status::none;
  std::string code, text;  // of the answer; what the server can do is in `told`
  Told told;
  bool tls = false, compressed = false;  // the session is from here on
  std::shared_ptr<const Session> session;
  uint64_t size = 0;  // bytes of its lines
  std::unique_ptr<Mail> mail;

  bool secret() const { return verb == Verb::login || verb == Verb::authenticate; }
  void reset() {
    static_cast<Transaction&>(*this) = {};
    verb = Verb::other;
    for (std::string* words : {&tag, &command, &arguments, &mailbox, &code, &text}) words->clear();
    arguments_cut = tls = compressed = false;
    asked.reset();
    login.reset();
    status = Status::none;
    told = {};
    session.reset();
    size = 0;
    mail.reset();
  }
};

// Progress: of the client by its command, of a message's sender by its headers and the rest. The client's direction of
// a command is complete with its answer.
inline constexpr uint8_t kCommand = 1;
inline constexpr uint8_t kHeaders = 2;
inline constexpr uint8_t kText = 3;

enum class Anomaly : uint8_t {
  invalid_command,
  invalid_response,
  invalid_literal,
  command_line_too_long,
  response_line_too_long,
  command_too_long,
  invalid_pipelined_sequence,
  unknown_tag,
  duplicate_tag,
  data_behind_starttls,
  starttls_rejected,
  too_many_transactions,
};

/// What imap_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
RecordExtent record_extent(const void* config, std::string_view record);
CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number);

class Imap {
 public:
  using Config = imap::Config;
  using Anomaly = imap::Anomaly;
  enum class Pdu : uint8_t { command_line, response_line, literal };
  enum class Cap : uint8_t { tx, line, command, structures, depth, ahead };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 0, "commands of one session that wait for their answer, by max-tx; the oldest is recorded as it is"},
      {"line", 8192, "bytes of a line that are kept, beside its end; more than that is passed over"},
      {"command", 8192, "bytes of a command, or of a response, with its literals that are kept"},
      {"structures", 64, "messages of which it is kept of what parts they are; the oldest is forgotten"},
      {"depth", 32, "parts of a message within each other of which it is kept what they are"},
      {"ahead", 64 << 10,
       "bytes that a client says before the answer that tells what they are; what they look like decides then"},
  };
  static constexpr Carried kParts[] = {{&file::Files::part}, {&mime::Mime::part}, {&sasl::part}, {&gss::Gss::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Imap(const Config& config, const Out<Imap>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  /// What only an answer tells of what the client says next.
  enum class Awaited : uint8_t { nothing, literal, starttls, compress };
  struct Line {
    std::string_view text;  // as far as it is kept
    std::string_view last;  // its end, which may announce a literal
    bool cut = false;
    uint64_t begin = 0, end = 0;  // in the stream

    uint64_t size() const { return end - begin; }
  };
  struct Side {
    Side(const Config& config, Out<Imap>& out, Direction direction);

    Lines lines;
    std::string head;         // of a line longer than is kept
    uint64_t head_begin = 0;  // in the stream
    Tail tail;                // of that line
    uint64_t literal = 0;     // bytes of it that are to come
    enum class Into : uint8_t { nothing, words, mail } into = Into::nothing;
    uint64_t literal_size = 0;
    std::string words;     // of a literal that is kept with its line
    bool goes_on = false;  // what comes behind the literal belongs to the line before it
    bool lost = false;     // lines are passed over until one is beyond doubt
    Delivery delivery;
  };

  // imap.cc: both sides, and the session.
  Side& side(Direction direction) { return sides_[index(direction)]; }
  bool begins_tls(const Side& side, Bytes rest) const;
  void become_tls();
  bool read(const Chunk& chunk, size_t& used);
  void take_line(Direction direction, const Line& line);
  void begin_literal(Direction direction, uint64_t size, bool is_mail, uint64_t at);
  void take_literal(Direction direction, Bytes bytes);
  void end_literal(Direction direction);
  /// The command, or response, that a line belongs to.
  std::string* line_at_hand(Direction direction);
  void keep(std::string& whole, std::string_view words, Direction direction);
  void cut(Direction direction);
  void close(Exchange& exchange);
  void close_alone();
  void close_all();
  void end_delivery(Side& side);
  void enter(std::string user, std::string mailbox);

  // imap_commands.cc: what the client says.
  Step client(const Chunk& chunk);
  Step read_client(const Chunk& chunk);
  void client_line(const Line& line);
  Exchange* begin_command(std::string_view words, const Line& line);
  void announce_literal(const Literal& literal, uint64_t at);
  void name_mailbox(Exchange& exchange);
  void end_command(Exchange& exchange);
  void credential(Exchange& exchange, std::string_view coded);
  void log_in(Exchange& exchange);
  bool must_guess(Bytes rest) const;
  bool guess(Bytes rest, bool end);
  void go_ahead();

  // imap_responses.cc: what the server says.
  Step server(const Chunk& chunk);
  Exchange& asked();
  Exchange& alone();
  Exchange& at_hand();
  void server_line(const Line& line);
  bool begin_fetched(const Line& line, const Literal& literal);
  void status(const Response& response);
  void untagged_status(const Response& response, bool greets);
  void note(Exchange& exchange, const Response& response);
  void answer(Exchange& exchange, const Response& response);
  void response(const Response& response);
  void end_fetched(std::string_view data);
  void note_structure(std::string_view data);
  /// Numbers of messages mean others from here on.
  void forget_messages();

  const Config& config_;
  Out<Imap> out_;
  std::array<Side, 2> sides_;  // by Direction
  Open<Exchange, std::string> open_;
  std::unique_ptr<Exchange> alone_;     // answers that no command explains
  Exchange* said_ = nullptr;            // the command under way
  Exchange* authenticating_ = nullptr;  // whose lines that are no commands are the client's side of a login
  Structures structures_;
  std::string response_;             // under way, where literals interrupt it,
  FetchItems items_;                 // with its items,
  std::optional<uint64_t> fetched_;  // if it is a FETCH of that message
  bool structure_noted_ = false;     // of it
  std::shared_ptr<const Session> session_ = std::make_shared<const Session>();

  Awaited awaited_ = Awaited::nothing;
  uint64_t announced_ = 0;     // bytes of the literal that waits for leave
  uint64_t announced_at_ = 0;  // where it begins in the stream
  bool ahead_ = false;         // the client is ahead of an answer, and unread
  bool behind_ = false;        // the server is unread until the client is read that far
  bool securing_ = false;      // TLS was granted
  bool over_ = false;          // the flow is TLS's
  bool unreadable_ = false;    // nothing more is read
  bool in_step_;               // each answer has its command
  bool greeted_;
  bool told_max_tx_ = false;
  std::array<bool, 2> seen_ = {};  // by Direction
};

}  // namespace lapwing::imap
