// The control connection of FTP (RFC 959): a command and its replies are a transaction, and so is any other reply.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/contract/announced_file.h"
#include "dissectors/contract/dissector.h"
#include "dissectors/contract/lines.h"
#include "dissectors/contract/names.h"
#include "dissectors/contract/open.h"
#include "dissectors/protocols/ftp/ftp_parser.h"
#include "sensor/event/outcome.h"

namespace lapwing::ftp {

/// Whose passwords records show: of guests they are by custom a mail address (RFC 1635), and no secret.
enum class Passwords : uint8_t { none, guests, all };

struct Config {
  uint64_t max_tx = 0;
  uint64_t line_limit = 0;  // bytes
  Passwords passwords = Passwords::guests;
};

/// What earlier commands say of a later one [S].
struct Session {
  std::string user;
  std::string directory;  // empty: not known
};

/// Texts one behind the other.
class Texts {
 public:
  void add(std::string_view text) {
    bytes_.append(text);
    ends_.push_back(bytes_.size());
  }
  void clear() {
    bytes_.clear();
    ends_.clear();
  }
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

/// [W]
struct Exchange : Transaction {
  Verb verb = Verb::other;
  std::string command;  // in capitals; empty: no command explains the reply
  std::string argument;
  bool command_cut = false, reply_cut = false;  // a line was longer than is kept
  bool secret = false;                          // records do not show the argument
  Texts lines;                                  // of replies, without codes
  Texts codes;                                  // one for each reply
  uint64_t kept = 0;                            // of the replies, as the cap counts
  uint64_t size = 0;                            // bytes of command and replies
  std::optional<Listener> listener;             // that command or reply told
  bool active = false;                          // it is the client's
  bool waits = false;                           // a transfer whose listener a reply is to tell
  std::shared_ptr<AnnouncedFile> announced;     // what carries the transfer,
  Sender announced_to = Sender::server;         // who listens for it
  std::optional<Outcome> outcome;               // of an attempt to log in
  std::optional<uint64_t> file_size;            // bytes, as the server tells it
  std::shared_ptr<const Session> session;

  void reset() {
    static_cast<Transaction&>(*this) = {};
    verb = Verb::other;
    command.clear();
    argument.clear();
    command_cut = reply_cut = secret = active = waits = false;
    lines.clear();
    codes.clear();
    kept = size = 0;
    listener.reset();
    outcome.reset();
    file_size.reset();
    announced.reset();
    session.reset();
  }
};

// Progress of an exchange. The client's direction is complete with the last reply: what a command opens, a reply tells.
inline constexpr uint8_t kCommand = 1;

enum class Anomaly : uint8_t {
  request_command_too_long,
  response_command_too_long,
  too_many_transactions,
  file_before_port,
  file_without_name,
  reply_too_long,
};

/// What ftp_columns.cc and ftp_words.cc bring.
Table columns();
std::span<const RecordRow> records();
std::span<const Word> rule_words();

class Ftp {
 public:
  using Config = ftp::Config;
  using Anomaly = ftp::Anomaly;
  enum class Pdu : uint8_t { command, reply };
  enum class Cap : uint8_t { tx, reply, user, directory };
  static constexpr size_t kPerLine = 16;  // that a line counts beside its bytes
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 0, "commands without their last reply, by max-tx; the oldest is forgotten, and has no record"},
      {"reply", 64 << 10, "bytes of the replies to one command, and 16 a line; further lines are left out"},
      {"user", 256, "bytes of the name that a client logs in with; of a longer one later records show nothing"},
      {"directory", 1024, "bytes of the path of the current directory; of a longer one nothing is shown"},
  };
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Ftp(const Config& config, const Out<Ftp>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  /// What a later line may ask for among the open exchanges.
  enum class Role : uint8_t { other, auth, passive, transfer };
  static Role role(Verb verb);

  Step read(const Chunk& chunk);
  void take(const Lines::Line& line, uint64_t offset, Direction direction);
  void command(const Lines::Line& line, uint64_t offset);
  bool shows_passwords() const;
  void obey(Exchange& exchange);
  void reply(const Lines::Line& line, uint64_t offset);
  Exchange& replied_to(std::string_view code);
  Exchange& begin_alone();
  void keep(Exchange& exchange, std::string_view code, std::string_view text);
  void conclude(Exchange& exchange, std::string_view code, std::string_view text);
  /// Its last progress, with its record; then it is forgotten.
  void close(Exchange& exchange);
  void close_all();
  void give_up_oldest();

  void announce(const Listener& listener, Sender whose);
  void transfer(Exchange& exchange);
  void begin_by_default(Exchange& exchange);
  void take_back(Exchange& refused);
  void go_on();
  /// The data connection that was announced carries what the exchange asks for.
  void tell(Exchange& exchange);
  void log_in(std::string_view user);
  void enter(std::string directory);

  const Config& config_;
  Out<Ftp> out_;
  std::array<Lines, 2> lines_;  // by Direction
  Open<Exchange, Role> open_;
  Exchange alone_;                // a reply that no command explains
  Exchange* replying_ = nullptr;  // to which the reply under way belongs
  std::string code_;              // of a reply that has further lines; of one without code a blank
  uint64_t forgotten_ = 0;        // commands given up whose replies are to come
  bool greeted_ = false;          // the server's first reply came
  bool server_heard_ = false;     // or bytes of it were lost
  bool securing_ = false;         // TLS was asked for
  bool secured_ = false;          // and granted
  bool ahead_ = false;            // the client began with it before the reply
  bool behind_ = false;           // replies wait for what the client said meanwhile
  bool told_max_tx_ = false;
  uint64_t restart_ = 0;  // where the next transfer begins
  std::shared_ptr<const Session> session_ = std::make_shared<const Session>();
  std::shared_ptr<AnnouncedFile> announced_;  // of which no command has told yet
  Sender announced_to_ = Sender::server;      // who listens
};

}  // namespace lapwing::ftp
