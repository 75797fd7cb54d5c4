// Lines of POP3 (RFC 1939, 2449, 5034): pure functions over lines without their ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/likelihood.h"
#include "sensor/base/bytes.h"

namespace lapwing::pop3 {

/// What a command means for the session; most mean nothing.
enum class Verb : uint8_t { other, apop, auth, pass, retr, stat, stls, top, user };

/// Whether lines follow a positive reply: the command alone does not tell of `perhaps`.
enum class Further : uint8_t { none, lines, perhaps };

struct Command {
  Verb verb = Verb::other;
  bool known = false;                  // some RFC has it
  bool counted = false;                // and as many arguments
  Further further = Further::perhaps;  // of its reply
  std::string_view name;               // as sent
  std::string arguments;               // each with LF behind it
};
Command parse_command(std::string_view line);

/// Takes the first of a command's arguments off the front.
bool next_argument(Bytes& rest, std::string_view& argument);

struct Status {
  enum class Kind : uint8_t { none, ok, error, challenge } kind = Kind::none;
  std::string_view text;  // behind it
};
Status parse_status(std::string_view line);
/// "IN-USE" of "[IN-USE] try later" (RFC 2449 8).
std::string_view response_code(std::string_view text);

/// Of the reply to STAT.
struct Mailbox {
  uint64_t messages = 0, bytes = 0;
};
std::optional<Mailbox> parse_mailbox(std::string_view text);

/// What a line of the server begins, by its first bytes; `more` have to tell.
enum class Begins : uint8_t { more, status, header, line };
Begins begins(Bytes first);

/// Whether the first bytes of a side are those of POP3.
Likelihood judge(std::string_view first, bool to_server);

}  // namespace lapwing::pop3
