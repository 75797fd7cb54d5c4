// Tells FTP by what a client or a server says first.
#include <algorithm>

#include "dissectors/protocols/ftp/ftp.h"
#include "sensor/base/text.h"

namespace lapwing::ftp {

namespace {

constexpr uint16_t kPorts[] = {21};
constexpr size_t kEnough = 512;  // bytes of a first line
constexpr ByteSet kLetters = ByteSet::range('A', 'Z') | ByteSet::range('a', 'z');
constexpr ByteSet kCommandStarts = bytes_of("ACDEFHLMNOPQRSTUXacdefhlmnopqrstux"), kReplyStarts = bytes_of("123456");

struct FirstLine {
  std::string_view text;
  bool whole = false;  // or long enough
};

FirstLine first_line(Bytes bytes) {
  std::string_view text = to_text(bytes.first(std::min(bytes.size(), kEnough)));
  const size_t end = text.find('\n');
  const bool whole = end != std::string_view::npos || bytes.size() >= kEnough;
  text = text.substr(0, end);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return {text, whole};
}

bool has(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return lower(static_cast<uint8_t>(a)) == lower(static_cast<uint8_t>(b)); };
  return std::search(text.begin(), text.end(), word.begin(), word.end(), same) != text.end();
}

/// USER, PASS, QUIT and the like are POP3's and IRC's as well.
bool is_of_no_other(const Command& command) {
  switch (command.verb) {
    case Verb::passive:
    case Verb::extended_passive: return command.argument.empty();
    case Verb::port: return parse_port(command.argument).has_value();
    case Verb::extended_port: return parse_extended_port(command.argument).has_value();
    case Verb::auth: return equal_nocase(command.argument, "TLS") || equal_nocase(command.argument, "SSL");
    default:
      return command.argument.empty() && (equal_nocase(command.name, "FEAT") || equal_nocase(command.name, "SYST"));
  }
}

Likelihood probe_command(const FirstLine& line) {
  const auto is_letter = [](char c) { return kLetters.has(static_cast<uint8_t>(c)); };
  const auto letters = static_cast<size_t>(std::ranges::find_if_not(line.text, is_letter) - line.text.begin());
  if (line.text.empty()) return Likelihood::no;
  if (letters == line.text.size() && !line.whole) {
    return begins_command(line.text) ? Likelihood::more : Likelihood::no;
  }
  const auto command = parse_command(line.text);
  if (!command || !command->known) return Likelihood::no;
  if (!line.whole) return Likelihood::more;
  return is_of_no_other(*command) ? Likelihood::sure : Likelihood::maybe;
}

Likelihood probe_reply(const FirstLine& line) {
  constexpr std::string_view kAnyCode = "000 ";
  const std::string_view start = line.text.substr(0, kAnyCode.size());
  const std::string made = std::string(start) + std::string(kAnyCode.substr(start.size()));
  const ReplyLine reply = parse_reply(made);
  if (reply.code.empty()) return Likelihood::no;
  if (!line.whole) return Likelihood::more;
  if (start.size() < reply.code.size()) return Likelihood::no;
  // Mail servers greet with the same code, and name their protocol, or one of theirs is called ftp.
  const bool greets = reply.code == "220" && has(line.text, "FTP") && !has(line.text, "SMTP");
  return greets ? Likelihood::sure : Likelihood::maybe;
}

}  // namespace

const About Ftp::about{.name = "ftp",
                       .ports = kPorts,
                       .help = "file transfer, the control connection (RFC 959)",
                       .server_first = true,
                       .starts = {kCommandStarts, kReplyStarts}};

Likelihood Ftp::probe(const Chunk& first) {
  const FirstLine line = first_line(first.data);
  return first.direction == Direction::to_server ? probe_command(line) : probe_reply(line);
}

}  // namespace lapwing::ftp
