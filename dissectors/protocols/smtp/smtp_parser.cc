#include "dissectors/protocols/smtp/smtp_parser.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::smtp {

namespace {

constexpr auto npos = std::string_view::npos;

constexpr struct {
  std::string_view name;
  Verb verb;
} kVerbs[] = {
    {"HELO", Verb::helo},  {"EHLO", Verb::ehlo},  {"LHLO", Verb::lhlo},         {"MAIL", Verb::mail},
    {"RCPT", Verb::rcpt},  {"DATA", Verb::data},  {"BDAT", Verb::bdat},         {"RSET", Verb::rset},
    {"AUTH", Verb::auth},  {"QUIT", Verb::quit},  {"STARTTLS", Verb::starttls}, {"NOOP", Verb::known},
    {"VRFY", Verb::known}, {"EXPN", Verb::known}, {"HELP", Verb::known},        {"TURN", Verb::known},
    {"ETRN", Verb::known}, {"ATRN", Verb::known}, {"SEND", Verb::known},        {"SAML", Verb::known},
    {"SOML", Verb::known}, {"BURL", Verb::known}, {"XCLIENT", Verb::known},     {"XFORWARD", Verb::known},
};

std::string_view word(std::string_view text) {
  return text.substr(0, text.find_first_of(" \t"));
}

std::string_view without_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Beginnings that no other protocol has. Some clients greet without a name.
Likelihood judge_client(std::string_view first) {
  constexpr struct {
    std::string_view begin, behind;
  } kBeginnings[] = {
      {"EHLO", " \t\r\n"}, {"HELO", " \t\r\n"}, {"LHLO", " \t\r\n"}, {"MAIL FROM", " :"}, {"RCPT TO", " :"},
  };
  for (const auto& [begin, behind] : kBeginnings) {
    const size_t size = std::min(first.size(), begin.size());
    if (!equal_nocase(first.substr(0, size), begin.substr(0, size))) continue;
    if (first.size() <= begin.size()) return Likelihood::more;
    return behind.find(first[begin.size()]) == npos ? Likelihood::no : Likelihood::sure;
  }
  return Likelihood::no;
}

/// FTP and others greet with 220 as well.
Likelihood judge_server(std::string_view first) {
  constexpr size_t kGreeting = 512;
  for (std::string_view begin : {"220", "554", "421"}) {
    const size_t size = std::min(first.size(), begin.size());
    if (first.substr(0, size) != begin.substr(0, size)) continue;
    if (first.size() <= begin.size()) return Likelihood::more;
    if (first[begin.size()] != ' ' && first[begin.size()] != '-') return Likelihood::no;
    const std::string_view line = first.substr(0, std::min({first.find('\n'), first.size(), kGreeting}));
    if (to_lower(line).find("smtp") != npos) return Likelihood::sure;
    return line.size() == first.size() && line.size() < kGreeting ? Likelihood::more : Likelihood::maybe;
  }
  return Likelihood::no;
}

}  // namespace

Command parse_command(std::string_view line) {
  line = without_blanks(line);  // in front, which servers pass over
  const std::string_view name = word(line);
  const auto found = std::ranges::find_if(kVerbs, [&](const auto& row) { return equal_nocase(row.name, name); });
  return {found == std::end(kVerbs) ? Verb::other : found->verb, without_blanks(line.substr(name.size()))};
}

std::string_view path(std::string_view argument) {
  const size_t colon = argument.find(':');
  return colon == npos ? std::string_view() : word(without_blanks(argument.substr(colon + 1)));
}

std::optional<ChunkSize> parse_chunk_size(std::string_view argument) {
  const std::string_view size = word(argument), rest = trim(argument.substr(size.size()));
  const auto bytes = parse_unsigned(size);
  const bool last = equal_nocase(rest, "LAST");
  if (!bytes || (!rest.empty() && !last)) return {};
  return ChunkSize{*bytes, last};
}

Reply parse_reply(std::string_view line) {
  // RFC 5321 4.2: "%x32-35 %x30-35 %x30-39", and a blank even where no text follows, which some servers leave out.
  if (line.size() < 3 || line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '5' || !is_digit(line[2]))
    return {};
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return {};
  return {.code = static_cast<uint16_t>((line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0'),
          .continued = line.size() > 3 && line[3] == '-',
          .text = line.substr(std::min<size_t>(4, line.size()))};
}

Likelihood judge(std::string_view first, bool to_server) {
  if (first.empty()) return Likelihood::more;
  return to_server ? judge_client(first) : judge_server(first);
}

}  // namespace lapwing::smtp
