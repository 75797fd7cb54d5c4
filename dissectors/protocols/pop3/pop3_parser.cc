#include "dissectors/protocols/pop3/pop3_parser.h"

#include <algorithm>
#include <array>

#include "sensor/base/text.h"

namespace lapwing::pop3 {

namespace {

constexpr auto npos = std::string_view::npos;

struct Known {
  std::string_view name;
  Verb verb = Verb::other;
  uint8_t least = 0, most = 0;  // arguments
  /// Lines follow a positive reply: to the command without arguments, and with them.
  std::array<Further, 2> further = {Further::none, Further::none};
  bool of_no_other = false;  // no other protocol has the command in this form
};

constexpr std::array kLines = {Further::lines, Further::lines}, kListing = {Further::lines, Further::none},
                     kPerhaps = {Further::perhaps, Further::none};

// RFC 1460 (LAST), 1939, 2449 (CAPA), 2595 (STLS), 5034 (AUTH), 6856 (LANG, UTF8).
constexpr Known kCommands[] = {
    {"APOP", Verb::apop, 2, 2, {}, true},
    {"AUTH", Verb::auth, 0, 2, kPerhaps},
    {"CAPA", Verb::other, 0, 0, kLines, true},
    {"DELE", Verb::other, 1, 1},
    {"LANG", Verb::other, 0, 1, kPerhaps},
    {"LAST"},
    {"LIST", Verb::other, 0, 1, kListing},
    {"NOOP"},
    {"PASS", Verb::pass, 1, 1},
    {"QUIT"},
    {"RETR", Verb::retr, 1, 1, kLines},
    {"RSET"},
    {"STAT", Verb::stat},
    {"STLS", Verb::stls, 0, 0, {}, true},
    {"TOP", Verb::top, 2, 2, kLines, true},
    {"UIDL", Verb::other, 0, 1, kListing, true},
    {"USER", Verb::user, 1, 1},
    {"UTF8"},
};
constexpr size_t kLongestName = 4;

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_printable(char c) {
  return c > ' ' && c < '\x7f';
}

const Known* find(std::string_view name) {
  const auto* found = std::ranges::find_if(kCommands, [&](const Known& row) { return equal_nocase(row.name, name); });
  return found == std::end(kCommands) ? nullptr : found;
}

/// Takes a word off the front, and blanks.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

bool begins_with(std::string_view text, std::string_view begin) {
  return equal_nocase(text.substr(0, begin.size()), begin);
}

/// Clients look at no more of a status line than its first characters, and go on where no blank follows them.
bool ends_word(std::string_view line, size_t size) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return line.size() == size || !is_letter(line[size]);
}

/// The words that begin a status line.
constexpr std::string_view kOk = "+OK", kError = "-ERR";

Likelihood judge_client(std::string_view first) {
  const size_t size = std::min(first.find_first_of(" \t\r\n"), first.size());
  const std::string_view name = first.substr(0, size);
  if (size == first.size()) {
    const bool may = std::ranges::any_of(kCommands, [&](const Known& row) { return begins_with(row.name, name); });
    return may && size <= kLongestName ? Likelihood::more : Likelihood::no;
  }
  const Known* row = find(name);
  if (!row) return Likelihood::no;
  constexpr size_t kLine = 512;
  const size_t end = first.find('\n');
  if (end == npos && first.size() < kLine) return Likelihood::more;
  const Command command = parse_command(trim(first.substr(0, std::min(end, kLine))));
  return row->of_no_other && command.counted ? Likelihood::sure : Likelihood::maybe;
}

Likelihood judge_server(std::string_view first) {
  for (const std::string_view word : {kOk, kError}) {
    const std::string_view start = first.substr(0, word.size());
    if (!word.starts_with(start)) continue;
    if (first.size() <= word.size()) return Likelihood::more;
    const char behind = first[word.size()];
    if (behind == '\r' || behind == '\n') return Likelihood::maybe;
    if (behind != ' ') return Likelihood::no;
    if (word == kError) return Likelihood::maybe;
    // Redis and NATS answer with the word alone.
    if (first.size() == word.size() + 1) return Likelihood::more;
    return is_printable(first[word.size() + 1]) ? Likelihood::sure : Likelihood::maybe;
  }
  return Likelihood::no;
}

}  // namespace

bool next_argument(Bytes& rest, std::string_view& argument) {
  const std::string_view text = to_text(rest);
  const size_t end = text.find('\n');
  if (end == npos) return false;
  argument = text.substr(0, end);
  rest = rest.subspan(end + 1);
  return true;
}

Command parse_command(std::string_view line) {
  Command out;
  out.name = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(std::min(line.size(), out.name.size() + 1));
  const Known* row = find(out.name);
  if (row) {
    out.known = true;
    out.verb = row->verb;
  }
  size_t count = 0;
  if (out.verb == Verb::user || out.verb == Verb::pass) {  // blanks belong to it
    if (!line.empty()) out.arguments.append(line).push_back('\n');
    count = !line.empty();
  } else {
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      out.arguments.append(word).push_back('\n');
      ++count;
    }
  }
  if (!row) return out;
  out.counted = count >= row->least && count <= row->most;
  out.further = row->further[count > 0];
  return out;
}

Status parse_status(std::string_view line) {
  const auto behind = [line](std::string_view word) {
    return line.substr(word.size() + (line.size() > word.size() && is_blank(line[word.size()])));
  };
  if (begins_with(line, kOk) && ends_word(line, kOk.size())) return {Status::Kind::ok, behind(kOk)};
  if (begins_with(line, kError) && ends_word(line, kError.size())) return {Status::Kind::error, behind(kError)};
  if (line == "+" || line.starts_with("+ ") || line.starts_with("+\t")) return {Status::Kind::challenge, behind("+")};
  return {Status::Kind::none, line};
}

std::string_view response_code(std::string_view text) {
  const size_t end = text.find(']');
  return text.starts_with('[') && end != npos ? text.substr(1, end - 1) : std::string_view();
}

std::optional<Mailbox> parse_mailbox(std::string_view text) {
  const auto messages = parse_unsigned(take_word(text)), bytes = parse_unsigned(take_word(text));
  return messages && bytes ? std::optional(Mailbox{*messages, *bytes}) : std::nullopt;
}

Begins begins(Bytes first) {
  const std::string_view text = to_text(first);
  for (const std::string_view word : {kOk, kError}) {
    if (!begins_with(word, text.substr(0, word.size()))) continue;
    if (text.size() <= word.size()) return Begins::more;
    if (is_blank(text[word.size()]) || text[word.size()] == '\r' || text[word.size()] == '\n') return Begins::status;
  }
  constexpr size_t kLongest = 76;  // RFC 5322 2.2 bounds the name of a header by nothing but its line
  const std::string_view name = text.substr(0, kLongest);
  const auto other = std::ranges::find_if(name, [](char c) { return !is_printable(c) || c == ':'; });
  const auto end = static_cast<size_t>(other - name.begin());
  if (end < name.size()) return name[end] == ':' && end > 0 ? Begins::header : Begins::line;
  return name.size() < kLongest ? Begins::more : Begins::line;
}

Likelihood judge(std::string_view first, bool to_server) {
  if (first.empty()) return Likelihood::more;
  return to_server ? judge_client(first) : judge_server(first);
}

}  // namespace lapwing::pop3
