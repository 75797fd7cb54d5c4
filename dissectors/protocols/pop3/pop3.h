// POP3 (RFC 1939): a command and its reply are a transaction, and so is any other reply. Messages that are retrieved
// are mail.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/dotted_text.h"
#include "dissectors/contract/lines.h"
#include "dissectors/contract/open.h"
#include "dissectors/parts/file/file_part.h"
#include "dissectors/parts/mime/mime.h"
#include "dissectors/parts/sasl/sasl.h"
#include "dissectors/protocols/pop3/pop3_parser.h"
#include "dissectors/protocols/pop3/pop3_text.h"

namespace lapwing::pop3 {

struct Config : mime::Config {
  uint64_t max_tx = 0;
  uint64_t message_data = 0;  // bytes of a message that a record has as lines
  bool passwords = false;     // records show them
};

using sasl::Login;  // whose mechanism may be USER and APOP as well

/// [W]
struct Exchange : Transaction {
  bool asked = false;  // else no command explains the reply
  Verb verb = Verb::other;
  Further further = Further::perhaps;       // of a positive reply
  std::string command;                      // in capitals
  std::string arguments;                    // each with LF behind it
  size_t shown = SIZE_MAX;                  // bytes of them that records show
  bool redacted = false;                    // there is more, or was in responses
  size_t challenges = 0, responses = 0;     // of AUTH
  std::optional<Login> login;               // that the command completes
  std::shared_ptr<const std::string> user;  // whose session it is, or is to be
  Status::Kind status = Status::Kind::none;
  std::string header;                      // behind the status
  TextLines lines;                         // that follow
  std::unique_ptr<mime::Message> message;  // that they are
  uint64_t message_size = 0;               // bytes
  uint64_t size = 0;                       // bytes of command and reply

  void reset() {
    static_cast<Transaction&>(*this) = {};
    asked = redacted = false;
    verb = Verb::other;
    further = Further::perhaps;
    command.clear();
    arguments.clear();
    shown = SIZE_MAX;
    challenges = responses = 0;
    login.reset();
    user.reset();
    status = Status::Kind::none;
    header.clear();
    lines.clear();
    message.reset();
    message_size = size = 0;
  }
};

// Progress of an exchange: of the client, whose direction is complete with the reply,
inline constexpr uint8_t kCommand = 1;
// and of the server.
inline constexpr uint8_t kStatus = 1;
inline constexpr uint8_t kHeaders = 2;
inline constexpr uint8_t kText = 3;

enum class Anomaly : uint8_t {
  too_many_transactions,
  request_too_long,
  incorrect_argument_count,
  unknown_command,
  response_too_long,
  invalid_reply,
  plaintext_behind_stls,
  ambiguous_end_of_text,
};

/// What pop3_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
RecordExtent record_extent(const void* config, std::string_view record);
CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number);

class Pop3 final : private mime::Carrier {
 public:
  using Config = pop3::Config;
  using Anomaly = pop3::Anomaly;
  enum class Pdu : uint8_t { command_line, response_line, data };
  enum class Cap : uint8_t { tx, line, reply };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 0, "commands that wait for their reply, by max-tx; those behind them have records without it"},
      {"line", 4096, "bytes of a command or the first line of a reply; the rest of a longer line is passed over"},
      {"reply", 256 << 10,
       "bytes of the lines of a reply that is no message, and 16 a line; further lines are left out"},
  };
  static constexpr Carried kParts[] = {{&file::Files::part}, {&mime::Mime::part}, {&sasl::part}, {&gss::Gss::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Pop3(const Config& config, const Out<Pop3>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  /// What the server's next line is. In `unsure` it tells whether the reply has further lines.
  enum class Reading : uint8_t { status, unsure, text };
  enum class Stls : uint8_t { none, asked, granted };

  // pop3.cc: both sides, and what the client says.
  std::optional<Lines::Line> take_line(const Chunk& chunk, size_t& used);
  bool turns_to_tls(Direction direction, Bytes rest) const;
  void become_tls();
  Step client(const Chunk& chunk);
  void command(const Lines::Line& line, uint64_t offset);
  void response(Exchange& exchange, const Lines::Line& line, uint64_t offset);
  void begin_login(Exchange& exchange);
  void credential(Exchange& exchange, std::string_view coded);
  void name_user(std::string_view user);
  /// Its last progress, with its records; then it is forgotten.
  void close(Exchange& exchange);
  void close_all();

  // pop3_replies.cc: what the server says.
  Step server(const Chunk& chunk);
  void reply(const Lines::Line& line, uint64_t offset);
  void challenge(const Lines::Line& line, std::string_view coded, uint64_t offset);
  void junk(const Lines::Line& line, uint64_t offset);
  Exchange& begin_alone();
  /// The status is known, and whether there is more to come; `end`: of its line in the stream.
  void conclude(Exchange& exchange, uint64_t end);
  /// Behind lost bytes, of which replies may have been: a line begins at `offset`.
  void go_on(Begins what, uint64_t offset);
  void end_reply();
  /// `headers`: it begins with them, and so can be read.
  void begin_text(bool message, bool headers, uint64_t offset);
  Step text(const Chunk& chunk, size_t used);
  void take_text(Bytes bytes);
  void end_text(FileState state, uint64_t end);
  void message_headers() override;
  void message_file(file::File& file, Bytes bytes, bool over) override;

  const Config& config_;
  Out<Pop3> out_;
  std::array<Lines, 2> lines_ = {Lines(out_.limit(Cap::line)), Lines(out_.limit(Cap::line))};  // by Direction
  Open<Exchange> open_;
  Exchange alone_;                      // a reply that no command explains
  Exchange* replying_ = nullptr;        // whose reply is under way
  std::optional<mime::Reader> reader_;  // of its message
  std::shared_ptr<const std::string> user_;

  Reading reading_ = Reading::status;
  Stls stls_ = Stls::none;
  DottedText text_;
  uint64_t text_end_ = 0;   // in the stream, behind what was read of it
  uint64_t unkept_ = 0;     // commands that were not kept and whose replies are to come
  size_t doubtful_ = 0;     // of those open, the first: their replies may be lost
  bool lost_ = false;       // the server's next line may be any
  bool text_lost_ = false;  // bytes of the text are lost, perhaps its end
  bool junk_ = false;       // the server's last line was no reply
  bool in_step_;            // each reply has its command
  bool greeted_, server_seen_ = false, told_max_tx_ = false;
};

}  // namespace lapwing::pop3
