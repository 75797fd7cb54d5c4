// SMTP (RFC 5321): each mail of a session is a transaction, from its envelope to the answer to its text.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/dotted_text.h"
#include "dissectors/contract/lines.h"
#include "dissectors/contract/open.h"
#include "dissectors/parts/file/file_part.h"
#include "dissectors/parts/mime/mime.h"
#include "dissectors/parts/sasl/sasl.h"
#include "dissectors/protocols/smtp/smtp_parser.h"

namespace lapwing::smtp {

struct Config : mime::Config {
  bool raw_extraction = false;
  uint64_t max_tx = 0;
  bool passwords = false;  // records show them
};

using sasl::Login;  // RFC 4954

// Progress of a mail: of the client,
inline constexpr uint8_t kHello = 1;
inline constexpr uint8_t kSender = 2;
inline constexpr uint8_t kRecipients = 3;
inline constexpr uint8_t kHeaders = 4;
inline constexpr uint8_t kText = 5;
// and of the server.
inline constexpr uint8_t kAnswer = 1;
inline constexpr uint8_t kLoginDone = 2;

/// One mail [W].
struct Mail : Transaction {
  std::string helo;
  std::optional<std::string> from;
  std::vector<std::string> to;
  mime::Message message;
  std::string server;      // how it greeted
  std::string last_reply;  // of the server, its last line
  std::optional<Login> login;
  uint64_t size = 0;       // bytes of the text as it was sent, without what is lost
  uint32_t accepted = 0;   // recipients
  uint64_t envelope = 0;   // bytes of the commands that sender and recipients came by
  uint32_t asked = 0;      // commands whose answer decides of it, and is to come
  bool text = false;       // some of it was announced
  bool chunked = false;    // by BDAT
  bool tls = false;        // behind it the session went over to TLS
  bool logged_in = false;  // or was refused, within it
  bool answered = false;   // before the end of its text was seen

  bool has_envelope() const { return from || !to.empty() || text; }
};

enum class Anomaly : uint8_t {
  invalid_reply,
  unable_to_match_reply_with_request,
  max_command_line_len_exceeded,
  max_reply_line_len_exceeded,
  invalid_pipelined_sequence,
  bdat_chunk_len_exceeded,
  no_server_welcome_message,
  tls_rejected,
  data_command_rejected,
  failed_protocol_change,
  duplicate_fields,
  unparsable_content,
  invalid_bdat,
  truncated_line,
  ambiguous_end_of_data,
  too_many_commands,
  too_many_recipients,
  too_many_transactions,
};

/// What smtp_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
RecordExtent record_extent(const void* config, std::string_view record);
CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t number);

class Smtp final : private mime::Carrier {
 public:
  using Config = smtp::Config;
  using Anomaly = smtp::Anomaly;
  enum class Pdu : uint8_t { command_line, data, response_line };
  enum class Cap : uint8_t { tx, recipients, line, unanswered, ahead };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 0, "mails of one session that wait for their answer, by max-tx; the oldest is recorded as it is"},
      {"recipients", 1024, "recipients of one mail that are kept"},
      {"line", 4096, "bytes of a command or answer; the rest of a longer line is passed over"},
      {"unanswered", 256, "commands that wait for their answer; the oldest is forgotten"},
      {"ahead", 64 << 10,
       "bytes that a client says before the answer that tells what they are; what they look like decides then"},
  };
  static constexpr Carried kParts[] = {{&file::Files::part}, {&mime::Mime::part}, {&sasl::part}, {&gss::Gss::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Smtp(const Config& config, const Out<Smtp>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  /// What the client's next bytes are. In `waiting` the answer to DATA, STARTTLS or AUTH tells.
  enum class Mode : uint8_t { commands, login, waiting, text, chunk };
  /// A command that waits for its answer, with the mail that the answer decides of, if it does.
  struct Unanswered {
    Verb verb;
    Mail* mail;
  };

  // smtp.cc: what the client says.
  Step client(const Chunk& chunk);
  Step read_client(const Chunk& chunk);
  bool take_line(const Chunk& chunk, size_t& used);
  void take_command(std::string_view line, uint64_t end);
  void command(std::string_view line, uint64_t end);
  void greet(std::string_view argument);
  void sender(std::string_view argument);
  void recipient(std::string_view argument);
  void begin_chunk(std::string_view argument, uint64_t end);
  void begin_login(std::string_view argument);
  void credential(std::string_view coded);
  void challenge(std::string_view coded);
  /// The envelope at hand ends, if the server has nothing against it.
  Mail* set_aside();
  /// `pending`: a mail of which more will be asked, and which is not closed for want of room.
  void unanswered(Verb verb, Mail* mail = nullptr, const Mail* pending = nullptr);
  void await(Verb verb, Mail* mail = nullptr);
  Unanswered take_unanswered();
  /// Whether nobody will tell what `rest`, which is ahead of its answer, is.
  bool must_guess(Bytes rest) const;
  /// What it looks like; false while there is too little of it.
  bool guess(Bytes rest);
  void become_tls();

  // smtp_mail.cc: mails and their text.
  /// The one whose envelope or text is under way.
  Mail& mail();
  /// The one that what is wrong with the session is told of.
  Mail& at_hand();
  void begin_data();
  void begin_text();
  void end_reading(FileState state);
  Step text(const Chunk& chunk, size_t used);
  void take_text(Bytes bytes);
  void lose_text(uint64_t count);
  void take_chunk(Bytes bytes);
  void end_chunk();
  void end_text(FileState state);
  void close(Mail& mail);
  void record(Mail& mail);
  void message_headers() override;
  void message_file(file::File& file, Bytes bytes, bool over) override;

  // smtp_replies.cc: what the server says.
  Step server(const Chunk& chunk);
  void reply(std::string_view line);
  void greeting(const Reply& reply);
  std::optional<Unanswered> match(const Reply& reply);
  void answer(const Unanswered& asked, const Reply& reply);
  void answer_data(const Unanswered& asked, const Reply& reply);
  void answer_login(const Reply& reply);
  void answer_starttls(const Reply& reply);
  /// An answer without its command, or the command without its answer, is among what was lost.
  void lose_step(Direction direction);

  const Config& config_;
  Out<Smtp> out_;
  std::array<Lines, 2> lines_ = {Lines(out_.limit(Cap::line)), Lines(out_.limit(Cap::line))};  // by Direction
  Open<Mail> mails_;                                                                           // that are not recorded
  Mail* current_ = nullptr;             // of them, whose envelope or text is under way
  std::deque<Unanswered> unanswered_;   // oldest first
  uint64_t forgotten_ = 0;              // commands before them that are answered as well
  std::optional<mime::Reader> reader_;  // of the text of current_
  bool reading_ = false;                // that, or its chunks, are under way
  std::string helo_, server_;
  std::optional<Login> login_;

  Mode mode_ = Mode::commands;
  Verb awaited_ = Verb::other;  // in Mode::waiting: whose answer
  uint64_t line_begin_ = 0;     // of the command at hand, in the stream
  std::string long_line_;       // what is kept of one whose end is to come
  DottedText text_;             // what DATA is followed by
  uint64_t text_begin_ = 0;     // there, of what DATA is followed by
  uint64_t read_to_ = 0;        // there, behind what was read
  uint64_t chunk_left_ = 0;     // bytes of BDAT's
  bool last_chunk_ = false;
  bool behind_chunk_ = false;    // a command must follow
  bool text_lost_ = false;       // bytes of it are lost, perhaps its end
  bool ahead_ = false;           // the client is ahead of an answer, and unread
  bool behind_ = false;          // the server is unread until the client is read that far
  bool changed_ = false;         // to TLS
  bool each_recipient_ = false;  // is answered for at the end of a text (LMTP, RFC 2033 4.2)
  bool in_step_;                 // each answer has its command
  bool server_seen_ = false, client_seen_ = false, greeted_, recorded_ = false;
};

}  // namespace lapwing::smtp
