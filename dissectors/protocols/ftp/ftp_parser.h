// FTP's control connection (RFC 959), one line of it: pure functions from text to message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sensor/base/ip_address.h"

namespace lapwing::ftp {

/// What a command means for the session; most mean nothing.
enum class Verb : uint8_t {
  other,
  account,  // a secret as well
  auth,
  change_directory,
  change_to_parent,
  extended_passive,
  extended_port,
  list,
  long_passive,
  long_port,
  passive,
  password,
  port,
  print_directory,
  reinitialize,
  restart,
  retrieve,
  size,
  store,
  store_unique,
  user,
};

struct Command {
  Verb verb = Verb::other;
  bool known = false;         // some RFC has it
  std::string_view name;      // as sent
  std::string_view argument;  // as sent, behind the blank
};

/// A line as servers see it: commands of Telnet may stand anywhere in it (RFC 959 2.3), and a byte 255 comes twice.
std::string without_telnet(std::string_view line);
/// Nothing where the line is no command: a word of letters and digits, alone or before a blank or a tab. Blanks and
/// commands of Telnet in front of it (RFC 959 4.1.3 has an ABOR begin so) are passed over.
std::optional<Command> parse_command(std::string_view line);
/// Some known command begins with it, whatever the case of its letters.
bool begins_command(std::string_view letters);

/// A line of a reply (RFC 959 4.2).
struct ReplyLine {
  std::string_view code;  // three digits; empty: it is none that begins or ends a reply
  bool more = false;      // of a reply that has further lines
  std::string_view text;  // behind the code
};
ReplyLine parse_reply(std::string_view line);

/// Where one side listens for the data connection.
struct Listener {
  IpAddress address;  // none in an extended passive reply (RFC 2428 3)
  uint16_t port = 0;

  bool operator==(const Listener&) const = default;
};
/// "h1,h2,h3,h4,p1,p2" of PORT.
std::optional<Listener> parse_port(std::string_view argument);
/// "|protocol|address|port|" of EPRT (RFC 2428 2), with any delimiter.
std::optional<Listener> parse_extended_port(std::string_view argument);
/// "af,hal,h1,...,hn,2,p1,p2" of LPRT (RFC 1639 3).
std::optional<Listener> parse_long_port(std::string_view argument);
/// Of the text of a 227: the first six numbers.
std::optional<Listener> parse_passive(std::string_view text);
/// Of the text of a 228 (RFC 1639 4).
std::optional<Listener> parse_long_passive(std::string_view text);
/// Of the text of a 229: "(|||port|)".
std::optional<Listener> parse_extended_passive(std::string_view text);

/// Bytes of a file: of the text of a 213 to SIZE (RFC 3659 4), or "(n bytes)" in that of a 150 or 125, as most servers
/// have it.
std::optional<uint64_t> parse_size(std::string_view text);

/// The path that the reply to PWD has, in which a quote is written twice (RFC 959 appendix II).
std::optional<std::string> parse_directory(std::string_view text);
/// Where `path` leads from `base`; empty where that cannot be told.
std::string joined(std::string_view base, std::string_view path);

}  // namespace lapwing::ftp
