#include "dissectors/protocols/ftp/ftp_parser.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "sensor/base/text.h"

namespace lapwing::ftp {

namespace {

constexpr auto npos = std::string_view::npos;

struct Known {
  std::string_view name;
  Verb verb = Verb::other;
};

// RFC 775, 959, 1639, 2228, 2389, 2428, 2640, 3659, 4217, 7151, and what common clients send. In order.
constexpr Known kCommands[] = {
    {"ABOR"},
    {"ACCT", Verb::account},
    {"ADAT"},
    {"ALLO"},
    {"APPE", Verb::store},
    {"AUTH", Verb::auth},
    {"CCC"},
    {"CDUP", Verb::change_to_parent},
    {"CLNT"},
    {"CONF"},
    {"CWD", Verb::change_directory},
    {"DELE"},
    {"ENC"},
    {"EPRT", Verb::extended_port},
    {"EPSV", Verb::extended_passive},
    {"FEAT"},
    {"HELP"},
    {"HOST"},
    {"LANG"},
    {"LIST", Verb::list},
    {"LPRT", Verb::long_port},
    {"LPSV", Verb::long_passive},
    {"MAIL"},
    {"MDTM"},
    {"MFF"},
    {"MFMT"},
    {"MIC"},
    {"MKD"},
    {"MLFL"},
    {"MLSD", Verb::list},
    {"MLST"},
    {"MODE"},
    {"MRCP"},
    {"MRSQ"},
    {"MSAM"},
    {"MSND"},
    {"MSOM"},
    {"NLST", Verb::list},
    {"NOOP"},
    {"OPTS"},
    {"PASS", Verb::password},
    {"PASV", Verb::passive},
    {"PBSZ"},
    {"PORT", Verb::port},
    {"PROT"},
    {"PWD", Verb::print_directory},
    {"QUIT"},
    {"REIN", Verb::reinitialize},
    {"REST", Verb::restart},
    {"RETR", Verb::retrieve},
    {"RMD"},
    {"RNFR"},
    {"RNTO"},
    {"SITE"},
    {"SIZE", Verb::size},
    {"SMNT"},
    {"STAT"},
    {"STOR", Verb::store},
    {"STOU", Verb::store_unique},
    {"STRU"},
    {"SYST"},
    {"TYPE"},
    {"USER", Verb::user},
    {"XCUP", Verb::change_to_parent},
    {"XCWD", Verb::change_directory},
    {"XMKD"},
    {"XPWD", Verb::print_directory},
    {"XRMD"},
};
static_assert(std::ranges::is_sorted(kCommands, {}, &Known::name));

constexpr size_t kLongestName = 16;  // of what is a command: extensions have names such as XSHA256

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return upper(c) >= 'A' && upper(c) <= 'Z';
}

struct Upper {
  std::array<char, kLongestName> bytes{};
  size_t size = 0;

  explicit Upper(std::string_view text) : size(std::min(text.size(), kLongestName)) {
    std::transform(text.begin(), text.begin() + size, bytes.begin(), upper);
  }
  std::string_view view() const { return {bytes.data(), size}; }
};

constexpr uint8_t kIac = 0xff;

/// Bytes of a command of Telnet (RFC 854) at the beginning, of which those from WILL on have an option; 0: there is
/// none.
size_t telnet_command(std::string_view text) {
  constexpr uint8_t kWill = 0xfb, kFirst = 0xf0;
  if (text.size() < 2 || static_cast<uint8_t>(text[0]) != kIac) return 0;
  const auto command = static_cast<uint8_t>(text[1]);
  if (command < kFirst || command == kIac) return 0;
  return std::min<size_t>(text.size(), command >= kWill ? 3 : 2);
}

std::string_view behind_telnet(std::string_view line) {
  while (const size_t size = telnet_command(line)) line.remove_prefix(size);
  // The data mark may come without its IAC, which goes as urgent data.
  if (line.starts_with('\xf2')) line.remove_prefix(1);
  return line;
}

/// Takes a decimal number of at most `most` off the front.
std::optional<uint32_t> take_number(std::string_view& text, uint32_t most) {
  size_t digits = 0;
  uint32_t value = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    value = value * 10 + static_cast<uint32_t>(text[digits++] - '0');
    if (value > most) return {};
  }
  if (digits == 0) return {};
  text.remove_prefix(digits);
  return value;
}

std::string_view without_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(" \t"), text.size()));
}

bool take_comma(std::string_view& text) {
  text = without_blanks(text);
  if (!text.starts_with(',')) return false;
  text.remove_prefix(1);
  return true;
}

/// Takes bytes as numbers with commas in between off the front. Servers pass over blanks in front of each.
bool take_numbers(std::string_view& text, std::span<uint8_t> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    if (i > 0 && !take_comma(text)) return false;
    text = without_blanks(text);
    const auto number = take_number(text, 255);
    if (!number) return false;
    out[i] = static_cast<uint8_t>(*number);
  }
  return true;
}

/// RFC 1123 4.1.2.6: neither words nor parentheses in front of the numbers are to be relied on.
template <auto Parse>
std::optional<Listener> first_listener(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  size_t at = 0;
  while ((at = text.find_first_of(kDigits, at)) != npos) {
    if (auto out = Parse(text.substr(at))) return out;
    at = std::min(text.find_first_not_of(kDigits, at), text.size());
  }
  return {};
}

}  // namespace

std::string without_telnet(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    if (const size_t command = telnet_command(line)) {
      line.remove_prefix(command);
      continue;
    }
    const bool twice = line.size() > 1 && static_cast<uint8_t>(line[0]) == kIac && line[1] == line[0];
    out.push_back(line[0]);
    line.remove_prefix(twice ? 2 : 1);
  }
  return out;
}

std::optional<Command> parse_command(std::string_view line) {
  line = behind_telnet(line);
  while (!line.empty() && (line[0] == ' ' || line[0] == '\t')) line.remove_prefix(1);
  size_t size = 0;
  while (size < line.size() && (is_letter(line[size]) || is_digit(line[size]))) ++size;
  if (size == 0 || size > kLongestName || !is_letter(line[0]) ||
      (size < line.size() && line[size] != ' ' && line[size] != '\t'))
    return {};
  Command out{.name = line.substr(0, size), .argument = line.substr(std::min(line.size(), size + 1))};
  const Upper name(out.name);
  const auto* found = std::ranges::lower_bound(kCommands, name.view(), {}, &Known::name);
  if (found != std::end(kCommands) && found->name == name.view()) {
    out.known = true;
    out.verb = found->verb;
  }
  return out;
}

bool begins_command(std::string_view letters) {
  const Upper start(letters);
  const auto* found = std::ranges::lower_bound(kCommands, start.view(), {}, &Known::name);
  return letters.size() <= kLongestName && found != std::end(kCommands) && found->name.starts_with(start.view());
}

ReplyLine parse_reply(std::string_view line) {
  constexpr size_t kCode = 3;
  const bool code = line.size() >= kCode && line[0] >= '1' && line[0] <= '6' && is_digit(line[1]) && is_digit(line[2]);
  if (!code || (line.size() > kCode && line[kCode] != ' ' && line[kCode] != '-')) return {.text = line};
  return {line.substr(0, kCode), line.size() > kCode && line[kCode] == '-',
          line.substr(std::min(line.size(), kCode + 1))};
}

std::optional<Listener> parse_port(std::string_view argument) {
  std::array<uint8_t, 6> numbers{};
  if (!take_numbers(argument, numbers)) return {};
  return Listener{IpAddress::v4(numbers.data()), static_cast<uint16_t>(numbers[4] << 8 | numbers[5])};
}

std::optional<Listener> parse_long_port(std::string_view argument) {
  constexpr uint8_t kV4 = 4, kV6 = 6, kPortSize = 2;
  std::array<uint8_t, 1> family{}, size{}, port_size{};
  std::array<uint8_t, 16> address{};
  std::array<uint8_t, kPortSize> port{};
  if (!take_numbers(argument, family) || !take_comma(argument) || !take_numbers(argument, size)) return {};
  const bool v4 = family[0] == kV4 && size[0] == 4;
  if (!v4 && (family[0] != kV6 || size[0] != address.size())) return {};
  if (!take_comma(argument) || !take_numbers(argument, std::span(address).first(size[0]))) return {};
  if (!take_comma(argument) || !take_numbers(argument, port_size) || port_size[0] != kPortSize) return {};
  if (!take_comma(argument) || !take_numbers(argument, port)) return {};
  return Listener{v4 ? IpAddress::v4(address.data()) : IpAddress::v6(address.data()),
                  static_cast<uint16_t>(port[0] << 8 | port[1])};
}

std::optional<Listener> parse_extended_port(std::string_view argument) {
  argument = without_blanks(argument);
  if (argument.empty()) return {};
  const std::vector<std::string_view> parts = split(argument.substr(1, kIpTextSize + 16), argument[0]);
  if (parts.size() < 3) return {};
  const auto address = IpAddress::parse(parts[1]);
  const auto port = parse_unsigned(parts[2]);
  if (!address || !port || *port == 0 || *port > 0xffff) return {};
  return Listener{*address, static_cast<uint16_t>(*port)};
}

std::optional<Listener> parse_passive(std::string_view text) {
  return first_listener<&parse_port>(text);
}

std::optional<Listener> parse_long_passive(std::string_view text) {
  return first_listener<&parse_long_port>(text);
}

std::optional<Listener> parse_extended_passive(std::string_view text) {
  constexpr size_t kShortest = 4;  // "(|||"
  for (size_t opened = text.find('('); opened != npos && text.size() >= opened + kShortest;
       opened = text.find('(', opened + 1)) {
    const char delimiter = text[opened + 1];
    if (text[opened + 2] != delimiter || text[opened + 3] != delimiter) continue;
    std::string_view rest = text.substr(opened + kShortest);
    const auto port = take_number(rest, 0xffff);
    if (port && *port != 0 && rest.starts_with(delimiter)) return Listener{{}, static_cast<uint16_t>(*port)};
  }
  return {};
}

std::optional<uint64_t> parse_size(std::string_view text) {
  if (const auto size = parse_unsigned(trim(text))) return size;
  const size_t opened = text.rfind('(');
  if (opened == npos) return {};
  text.remove_prefix(opened + 1);
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return text.substr(digits).starts_with(" byte") ? parse_unsigned(text.substr(0, digits)) : std::nullopt;
}

std::optional<std::string> parse_directory(std::string_view text) {
  const size_t opened = text.find('"');
  if (opened == npos) return {};
  std::string out;
  for (size_t at = opened + 1; at < text.size(); ++at) {
    if (text[at] == '"' && (++at == text.size() || text[at] != '"')) return out;
    out.push_back(text[at]);
  }
  return {};
}

std::string joined(std::string_view base, std::string_view path) {
  std::string out;
  if (!path.starts_with('/')) {
    if (base.empty()) return {};
    out = base == "/" ? "" : base;
  }
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path = slash == npos ? std::string_view() : path.substr(slash + 1);
    if (name == "..") {
      const size_t last = out.rfind('/');
      out.resize(last == npos ? 0 : last);
    } else if (!name.empty() && name != ".") {
      out.append("/").append(name);
    }
  }
  return out.empty() ? "/" : out;
}

}  // namespace lapwing::ftp
