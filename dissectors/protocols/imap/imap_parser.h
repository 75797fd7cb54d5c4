// Lines of IMAP (RFC 9051, RFC 3501): pure functions over lines without their ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/likelihood.h"

namespace lapwing::imap {

/// What a command asks for, as far as it matters. `known` is any other of the RFCs; `mailbox` names one and no more.
enum class Verb : uint8_t {
  other,
  known,
  append,
  authenticate,
  close,
  compress,
  id,
  idle,
  login,
  mailbox,
  replace,
  select,
  starttls,
};

struct Command {
  std::string_view tag;
  std::string name;  // in capitals, with the UID that may stand before it
  Verb verb = Verb::other;
  std::string_view arguments;
};
/// Nothing where the line is none.
std::optional<Command> parse_command(std::string_view line);

/// The end of a line that bytes follow which are no lines: "{310}", "{310+}" (RFC 7888), "~{310}" (RFC 3516).
struct Literal {
  uint64_t size = 0;
  bool waits = false;     // for leave of the server
  bool readable = false;  // else its size is beyond any number of the protocol
  size_t begin = 0;       // in the line
};
std::optional<Literal> parse_literal(std::string_view line);

/// The next argument of a command, atom or quoted; `rest` goes on behind it.
std::optional<std::string> next_argument(std::string_view& rest);
/// As a string that next_argument reads.
std::string quoted(std::string_view text);

enum class Status : uint8_t { none, ok, no, bad, bye, preauth };
std::string_view status_name(Status status);

struct Response {
  enum class Kind : uint8_t { none, continuation, untagged, tagged } kind = Kind::none;
  std::string_view tag = {};
  Status status = Status::none;
  std::string_view code = {}, text = {};  // of a status: "[ALERT] disk is full"
  std::optional<uint64_t> number = {};    // of data: "23 EXISTS"
  std::string_view name = {}, data = {};  // "LIST", and what stands behind it
};
Response parse_response(std::string_view line);
/// One that amid junk is beyond doubt: no other text begins so.
bool is_distinct(const Response& response);

/// What of a message is fetched: "BODY[1.2.MIME]<100>".
struct Section {
  enum class Kind : uint8_t { whole, header, mime, text, part } kind = Kind::whole;
  std::string_view part;  // "1.2"
  std::string_view name;  // all but where it begins
  bool partial = false;   // it may not be all there is,
  uint64_t offset = 0;    // and begins there
  bool decoded = false;   // its transfer encoding is undone (RFC 3516)
};
/// That which `data` of a FETCH ends with, in front of a literal.
std::optional<Section> parse_section(std::string_view data);
/// What of the items of a FETCH says which message it is, read once as they come [W].
class FetchItems {
 public:
  /// What follows, up to a literal or the end.
  void take(std::string_view items);

  std::optional<uint64_t> uid, size;  // size: of the whole message

 private:
  enum class Wanted : uint8_t { nothing, uid, size };
  void take_word(std::string_view word);

  Wanted wanted_ = Wanted::nothing;
  size_t depth_ = 0;
};

/// How many bytes a FETCH asks for, and from where on: "BODY[]<0.100>".
struct AskedPart {
  uint64_t offset = 0, size = 0;
};
std::optional<AskedPart> parse_asked_part(std::string_view arguments);

/// Whether the first bytes of a side are those of IMAP.
Likelihood judge(std::string_view first, bool to_server);

}  // namespace lapwing::imap
