#include "dissectors/protocols/imap/imap_parser.h"

#include <algorithm>
#include <span>
#include <utility>

#include "sensor/base/text.h"

namespace lapwing::imap {

namespace {

constexpr auto npos = std::string_view::npos;

/// `distinct`: of no other protocol whose lines have a word before it.
constexpr struct {
  std::string_view name;
  Verb verb;
  bool distinct;
} kVerbs[] = {
    {"APPEND", Verb::append, true},
    {"AUTHENTICATE", Verb::authenticate, true},
    {"CAPABILITY", Verb::known, true},
    {"CHECK", Verb::known, false},
    {"CLOSE", Verb::close, false},
    {"COMPRESS", Verb::compress, true},
    {"COPY", Verb::known, false},
    {"CREATE", Verb::mailbox, false},
    {"DELETE", Verb::mailbox, false},
    {"DELETEACL", Verb::mailbox, true},
    {"ENABLE", Verb::known, false},
    {"ESEARCH", Verb::known, true},
    {"EXAMINE", Verb::select, true},
    {"EXPUNGE", Verb::known, true},
    {"FETCH", Verb::known, true},
    {"GETACL", Verb::mailbox, true},
    {"GETANNOTATION", Verb::known, true},
    {"GETMETADATA", Verb::known, true},
    {"GETQUOTA", Verb::known, true},
    {"GETQUOTAROOT", Verb::mailbox, true},
    {"ID", Verb::id, false},
    {"IDLE", Verb::idle, true},
    {"LIST", Verb::known, false},
    {"LISTRIGHTS", Verb::mailbox, true},
    {"LOGIN", Verb::login, true},
    {"LOGOUT", Verb::known, true},
    {"LSUB", Verb::known, true},
    {"MOVE", Verb::known, false},
    {"MYRIGHTS", Verb::mailbox, true},
    {"NAMESPACE", Verb::known, true},
    {"NOOP", Verb::known, false},
    {"NOTIFY", Verb::known, false},
    {"RENAME", Verb::mailbox, false},
    {"REPLACE", Verb::replace, false},
    {"RESETKEY", Verb::known, true},
    {"SEARCH", Verb::known, false},
    {"SELECT", Verb::select, true},
    {"SETACL", Verb::mailbox, true},
    {"SETMETADATA", Verb::mailbox, true},
    {"SETQUOTA", Verb::known, true},
    {"SORT", Verb::known, false},
    {"STARTTLS", Verb::starttls, true},
    {"STATUS", Verb::mailbox, false},
    {"STORE", Verb::known, false},
    {"SUBSCRIBE", Verb::mailbox, true},
    {"THREAD", Verb::known, false},
    {"UNAUTHENTICATE", Verb::known, true},
    {"UNSELECT", Verb::close, true},
    {"UNSUBSCRIBE", Verb::mailbox, true},
    {"XLIST", Verb::known, true},
};

constexpr struct {
  std::string_view name;
  Status status;
} kStatuses[] = {
    {"OK", Status::ok}, {"NO", Status::no}, {"BAD", Status::bad}, {"BYE", Status::bye}, {"PREAUTH", Status::preauth},
};

constexpr std::string_view kNumbered[] = {"EXISTS", "RECENT", "EXPUNGE", "FETCH"};
constexpr std::string_view kData[] = {"ACL",  "CAPABILITY", "ENABLED",  "ESEARCH",   "FLAGS", "ID",        "LIST",
                                      "LSUB", "METADATA",   "MYRIGHTS", "NAMESPACE", "QUOTA", "QUOTAROOT", "SEARCH",
                                      "SORT", "STATUS",     "THREAD",   "VANISHED",  "XLIST"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view one) { return equal_nocase(one, word); });
}

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// RFC 9051 9: ASTRING-CHAR, of which a tag has any but '+'.
bool is_tag(std::string_view text) {
  constexpr std::string_view kSpecial = "(){%*\"\\+";
  return !text.empty() &&
         std::ranges::all_of(text, [&](char c) { return c > ' ' && c < '\x7f' && kSpecial.find(c) == npos; });
}

/// One that a client writes: it may begin with more.
bool is_likely_tag(std::string_view text) {
  return is_tag(text) && (is_digit(text.front()) || (lower(static_cast<uint8_t>(text.front())) >= 'a' &&
                                                     lower(static_cast<uint8_t>(text.front())) <= 'z'));
}

std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return word;
}

const auto* find_verb(std::string_view name) {
  const auto* const found = std::ranges::find_if(kVerbs, [&](const auto& row) { return equal_nocase(row.name, name); });
  return found == std::end(kVerbs) ? nullptr : found;
}

Status find_status(std::string_view word) {
  for (const auto& row : kStatuses) {
    if (equal_nocase(row.name, word)) return row.status;
  }
  return Status::none;
}

void read_status(std::string_view rest, Response& out) {
  const size_t end = rest.find(']');
  if (rest.starts_with('[') && end != npos) {
    out.code = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  }
  out.text = rest;
}

Section::Kind section_kind(std::string_view part, std::string_view specifier) {
  if (equal_nocase(specifier, "MIME")) return Section::Kind::mime;
  if (equal_nocase(specifier.substr(0, 6), "HEADER")) return Section::Kind::header;
  if (equal_nocase(specifier, "TEXT")) return Section::Kind::text;
  return part.empty() ? Section::Kind::whole : Section::Kind::part;
}

/// The first line of some bytes, without its end, and whether all that is looked at of it is there.
struct FirstLine {
  std::string_view text;
  bool whole = false;
};
FirstLine first_line(std::string_view first, size_t most) {
  const size_t end = std::min(first.find('\n'), first.size());
  FirstLine out{first.substr(0, std::min(end, most)), end < first.size() || first.size() >= most};
  if (out.text.ends_with('\r')) out.text.remove_suffix(1);
  return out;
}

/// A tag is what the client likes: of words of other protocols it must differ by a digit.
Likelihood judge_client(std::string_view first) {
  constexpr size_t kTag = 32;
  auto [line, whole] = first_line(first, 64);
  const std::string_view tag = line.substr(0, line.find(' '));
  if (!is_likely_tag(tag) || tag.size() > kTag) return Likelihood::no;
  if (tag.size() == line.size()) return whole ? Likelihood::no : Likelihood::more;
  line.remove_prefix(tag.size() + 1);
  const std::string_view name = line.substr(0, line.find(' '));
  if (name.size() == line.size() && !whole) {
    const bool begins = std::ranges::any_of(
        kVerbs, [&](const auto& row) { return equal_nocase(row.name.substr(0, name.size()), name); });
    return begins || equal_nocase(name, "UID") || equal_nocase(name, "UI") ? Likelihood::more : Likelihood::no;
  }
  const bool numbered = std::ranges::any_of(tag, is_digit);
  if (equal_nocase(name, "UID")) return numbered ? Likelihood::sure : Likelihood::maybe;
  const auto* const row = find_verb(name);
  if (!row) return Likelihood::no;
  return row->distinct && numbered ? Likelihood::sure : Likelihood::maybe;
}

/// Of the beginning of a line, whether it may be that of "a1 OK done".
bool may_be_tagged(std::string_view line) {
  const std::string_view tag = line.substr(0, line.find(' '));
  if (!is_likely_tag(tag)) return false;
  if (tag.size() == line.size()) return true;
  const std::string_view word = line.substr(tag.size() + 1), status = word.substr(0, word.find(' '));
  return std::ranges::any_of(kStatuses, [&](const auto& row) {
    const bool whole = status.size() < word.size();
    return row.status <= Status::bad && equal_nocase(row.name.substr(0, whole ? npos : status.size()), status);
  });
}

Likelihood judge_server(std::string_view first) {
  const auto [line, whole] = first_line(first, 512);
  const bool untagged = line.starts_with('*');
  if (untagged && line.size() > 1 && line[1] != ' ') return Likelihood::no;
  if (!untagged && !may_be_tagged(line)) return Likelihood::no;
  if (!whole) return Likelihood::more;
  const Response response = parse_response(line);
  if (response.kind == Response::Kind::tagged) return Likelihood::maybe;
  return is_distinct(response) ? Likelihood::sure : Likelihood::no;
}

}  // namespace

std::optional<Command> parse_command(std::string_view line) {
  Command out;
  out.tag = take_word(line);
  if (!is_tag(out.tag)) return {};
  std::string_view name = take_word(line);
  const bool by_uid = equal_nocase(name, "UID");
  if (by_uid) name = take_word(line);
  if (!is_tag(name)) return {};
  if (const auto* const row = find_verb(name)) out.verb = row->verb;
  out.name = (by_uid ? "UID " : "") + to_upper(name);
  out.arguments = line;
  return out;
}

std::optional<Literal> parse_literal(std::string_view line) {
  constexpr uint64_t kMost = INT64_MAX;  // RFC 9051 9: number64
  constexpr size_t kDigits = 20;
  if (!line.ends_with('}')) return {};
  const size_t open = line.rfind('{');
  if (open == npos) return {};
  std::string_view digits = line.substr(open + 1, line.size() - open - 2);
  Literal out{.waits = true, .begin = open > 0 && line[open - 1] == '~' ? open - 1 : open};
  // RFC 7888 has '+'; some say '-' for the same (LITERAL-).
  if (digits.ends_with('+') || digits.ends_with('-')) {
    out.waits = false;
    digits.remove_suffix(1);
  }
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return {};
  const auto size = digits.size() <= kDigits ? parse_unsigned(digits) : std::nullopt;
  out.readable = size && *size <= kMost;
  out.size = out.readable ? *size : 0;
  return out;
}

std::optional<std::string> next_argument(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  if (rest.empty()) return {};
  if (rest.front() != '"') return std::string(take_word(rest));
  std::string out;
  size_t at = 1;
  for (; at < rest.size() && rest[at] != '"'; ++at) {
    if (rest[at] == '\\' && at + 1 < rest.size()) ++at;
    out += rest[at];
  }
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out += '"';
}

std::string_view status_name(Status status) {
  for (const auto& row : kStatuses) {
    if (row.status == status) return row.name;
  }
  return {};
}

Response parse_response(std::string_view line) {
  using Kind = Response::Kind;
  Response out;
  if (line == "+" || line.starts_with("+ ")) {
    out.kind = Kind::continuation;
    out.text = line.substr(std::min<size_t>(2, line.size()));
    return out;
  }
  out.tag = take_word(line);
  const bool untagged = out.tag == "*";
  if (!untagged && !is_tag(out.tag)) return {};
  std::string_view word = take_word(line);
  out.status = find_status(word);
  if (out.status != Status::none) {
    if (!untagged && out.status > Status::bad) return {};
    out.kind = untagged ? Kind::untagged : Kind::tagged;
    read_status(line, out);
    return out;
  }
  if (!untagged || word.empty()) return {};
  out.kind = Kind::untagged;
  out.number = parse_unsigned(word);
  if (out.number) word = take_word(line);
  out.name = word;
  out.data = line;
  return out;
}

bool is_distinct(const Response& response) {
  if (response.kind != Response::Kind::untagged) return false;
  if (response.status != Status::none) return true;
  return response.number ? is_one_of(response.name, kNumbered) : is_one_of(response.name, kData);
}

std::optional<Section> parse_section(std::string_view data) {
  while (data.ends_with(' ')) data.remove_suffix(1);
  Section out;
  if (data.ends_with('>')) {
    const size_t open = data.rfind('<');
    if (open == npos) return {};
    const auto offset = parse_unsigned(data.substr(open + 1, data.size() - open - 2));
    if (!offset) return {};
    out.partial = true;
    out.offset = *offset;
    data = data.substr(0, open);
  }
  const size_t open = data.ends_with(']') ? data.rfind('[') : data.size();
  if (open == npos) return {};
  const size_t before = data.substr(0, open).find_last_of(" (");
  const size_t begin = before == npos ? 0 : before + 1;
  const std::string_view item = data.substr(begin, open - begin);
  out.name = data.substr(begin);
  if (open == data.size()) {
    if (equal_nocase(item, "RFC822.HEADER")) {
      out.kind = Section::Kind::header;
    } else if (equal_nocase(item, "RFC822.TEXT")) {
      out.kind = Section::Kind::text;
    } else if (!equal_nocase(item, "RFC822")) {
      return {};
    }
    return out;
  }
  out.decoded = equal_nocase(item, "BINARY");
  if (!out.decoded && !equal_nocase(item, "BODY")) return {};
  std::string_view section = data.substr(open + 1, data.size() - open - 2);
  const size_t numbers = std::min(section.find_first_not_of("0123456789."), section.size());
  out.part = section.substr(0, numbers);
  if (out.part.ends_with('.')) out.part.remove_suffix(1);
  section.remove_prefix(numbers);
  out.kind = section_kind(out.part, section.substr(0, section.find(' ')));
  return out;
}

void FetchItems::take(std::string_view items) {
  size_t begin = 0;
  bool quote = false;
  for (size_t at = 0; at < items.size(); ++at) {
    const char c = items[at];
    if (quote) {
      if (c == '\\') ++at;
      quote = c != '"';
    } else if (c == '"') {
      quote = true;
    } else if (c == ' ' || c == '(' || c == ')') {
      take_word(items.substr(begin, at - begin));
      begin = at + 1;
      if (c == '(') ++depth_;
      if (c == ')' && depth_ > 0) --depth_;
    }
  }
  take_word(items.substr(std::min(begin, items.size())));
}

void FetchItems::take_word(std::string_view word) {
  const Wanted wanted = std::exchange(wanted_, Wanted::nothing);
  if (depth_ != 1) return;
  if (wanted == Wanted::uid) uid = parse_unsigned(word);
  if (wanted == Wanted::size) size = parse_unsigned(word);
  if (equal_nocase(word, "UID")) wanted_ = Wanted::uid;
  if (equal_nocase(word, "RFC822.SIZE")) wanted_ = Wanted::size;
}

std::optional<AskedPart> parse_asked_part(std::string_view arguments) {
  const size_t at = arguments.find("]<");
  if (at == npos) return {};
  std::string_view rest = arguments.substr(at + 2);
  rest = rest.substr(0, rest.find('>'));
  const size_t dot = std::min(rest.find('.'), rest.size());
  const auto offset = parse_unsigned(rest.substr(0, dot));
  const auto size = parse_unsigned(rest.substr(std::min(dot + 1, rest.size())));
  return offset && size ? std::optional(AskedPart{*offset, *size}) : std::nullopt;
}

Likelihood judge(std::string_view first, bool to_server) {
  if (first.empty()) return Likelihood::more;
  return to_server ? judge_client(first) : judge_server(first);
}

}  // namespace lapwing::imap
