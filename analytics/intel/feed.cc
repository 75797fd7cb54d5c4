#include "analytics/intel/feed.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr std::string_view kFormats[] = {"plain", "csv", "zeek", "json"};
constexpr std::string_view kMark = "\xef\xbb\xbf";  // of UTF-8, as some tools begin files

/// Columns by their names in lower case: those of abuse.ch, AbuseIPDB, MISP's CSV, and what people write.
struct Named {
  std::string_view name, type;
};
constexpr Named kValues[] = {{"indicator", ""},
                             {"ioc", ""},
                             {"ioc_value", ""},
                             {"value", ""},
                             {"ip", "network"},
                             {"ipaddress", "network"},
                             {"ip_address", "network"},
                             {"dst_ip", "network"},
                             {"cidr", "network"},
                             {"domain", "domain"},
                             {"hostname", "domain"},
                             {"fqdn", "domain"},
                             {"url", "url"},
                             {"md5", "md5"},
                             {"md5_hash", "md5"},
                             {"sha1", "sha1"},
                             {"sha1_hash", "sha1"},
                             {"sha256", "sha256"},
                             {"sha256_hash", "sha256"},
                             {"ja3", "ja3"},
                             {"ja3_md5", "ja3"},
                             {"ja3s", "ja3s"},
                             {"ja4", "ja4"},
                             {"hassh", "hassh"},
                             {"email", "email"},
                             {"user_agent", "user-agent"},
                             {"filename", "file-name"},
                             {"file_name", "file-name"},
                             {"serial", "tls-serial"}};
constexpr std::string_view kTypes[] = {"type", "indicator_type", "ioc_type"};
constexpr std::string_view kTags[] = {"tags", "description", "malware", "threat", "comment", "meta.desc", "category"};
constexpr std::string_view kConfidence[] = {"confidence", "abuse_confidence_score", "abuseconfidencescore",
                                            "confidence_level", "meta.confidence"};

constexpr std::string_view kExpiry[] = {"valid_until", "expires", "expiration", "meta.expires"};

/// Names that others have for types: Zeek's Intel::Type, MISP's attributes.
struct Alias {
  std::string_view name, type;
};
constexpr Alias kAliases[] = {{"intel::addr", "network"},
                              {"intel::subnet", "network"},
                              {"intel::url", "url"},
                              {"intel::domain", "domain"},
                              {"intel::email", "email"},
                              {"intel::software", "user-agent"},
                              {"intel::file_name", "file-name"},
                              {"intel::file_hash", ""},
                              {"intel::cert_hash", "sha1"},
                              {"ip", "network"},
                              {"ipv4", "network"},
                              {"ipv6", "network"},
                              {"ip-src", "network"},
                              {"ip-dst", "network"},
                              {"hostname", "domain"},
                              {"filename", "file-name"},
                              {"email-src", "email"},
                              {"email-dst", "email"},
                              {"uri", "url"},
                              {"ja3-fingerprint-md5", "ja3"},
                              {"hassh-md5", "hassh"},
                              {"hasshserver-md5", "hassh"},
                              {"x509-fingerprint-sha1", "sha1"},
                              {"x509-fingerprint-md5", "md5"},
                              {"x509-fingerprint-sha256", "sha256"},
                              {"md5_hash", "md5"},
                              {"sha1_hash", "sha1"},
                              {"sha256_hash", "sha256"}};

template <size_t N>
bool any(const std::string_view (&names)[N], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

/// RFC 4180; a field does not go over the end of its line.
std::vector<std::string> fields_of(std::string_view line, char separator) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (separator != '\t' && c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"') {
        out.back() += line[++i];
      } else {
        quoted = !quoted;
      }
    } else if (c == separator && !quoted) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  for (std::string& field : out) field = std::string(trim(field));
  return out;
}

/// Of "2026-11-30" and what follows the day after it (RFC 3339); 0 where there is none.
uint16_t day_of(std::string_view text) {
  constexpr size_t kDate = 10, kYear = 4, kMonth = 5, kDay = 8;
  if (text.size() < kDate) return 0;
  const auto year = parse_unsigned(text.substr(0, kYear)), month = parse_unsigned(text.substr(kMonth, 2)),
             day = parse_unsigned(text.substr(kDay, 2));
  if (!year || !month || !day) return 0;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return 0;
  const auto after = std::chrono::sys_days(date).time_since_epoch().count() + 1;
  return static_cast<uint16_t>(std::clamp<int64_t>(after, 1, UINT16_MAX));
}

std::string_view without_mark(std::string_view line) {
  if (line.starts_with(kMark)) line.remove_prefix(kMark.size());
  return trim(line);
}

/// Its beginning.
std::string quoted(std::string_view text) {
  constexpr size_t kShown = 80;
  std::string out(1, '\'');
  return (out += text.substr(0, kShown)) += '\'';
}

void add(FeedRow& row, IndicatorType type, std::string_view text) {
  if (type == IndicatorType::domain && text.starts_with('=')) {
    type = IndicatorType::domain_exact;
    text.remove_prefix(1);
  }
  auto form = canonical(type, text);
  if (!form) {
    row.why = quoted(text) + " is no " + std::string(name(type));
    return;
  }
  row.indicators.push_back({.type = type, .canonical = std::move(*form), .text = std::string(text)});
}

void add_guessed(FeedRow& row, std::string_view text) {
  auto found = guess(text);
  if (!found) {
    row.why =
        quoted(text) +
        " is no address, network, name, URL, hash or e-mail address; names outside ASCII are written in their xn-- "
        "form";
    return;
  }
  if (found->type == IndicatorType::domain_exact) text.remove_prefix(1);
  row.indicators.push_back({.type = found->type, .canonical = std::move(found->canonical), .text = std::string(text)});
}

}  // namespace

std::string_view name(FeedFormat format) {
  return kFormats[static_cast<size_t>(format)];
}

FeedReader::FeedReader(std::string_view text) {
  constexpr size_t kLinesLooked = 64;  // before which a header stands
  const std::string_view start = without_mark(text.substr(0, kMostRow));
  if (start.starts_with('{') || start.starts_with('[')) {
    format_ = FeedFormat::json;
    return;
  }
  for (size_t i = 0; i < kLinesLooked && !text.empty(); ++i) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_mark(text.substr(0, std::min(end, kMostRow)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (take_header(line)) return;
  }
}

bool FeedReader::take_header(std::string_view line) {
  const std::string_view whole = line;
  const bool zeek = line.starts_with("#fields");
  if (zeek) line.remove_prefix(std::min(line.size(), std::string_view("#fields\t").size()));
  while (!zeek && line.starts_with('#')) line = trim(line.substr(1));
  const char separator = zeek ? '\t' : line.find(';') != std::string_view::npos ? ';' : ',';
  std::vector<Column> columns;
  bool value = false;
  for (const std::string& field : fields_of(line, separator)) {
    const std::string key = to_lower(field);
    Column& column = columns.emplace_back();
    const auto named = std::ranges::find(kValues, key, &Named::name);
    if (named != std::end(kValues)) {
      column.means = Column::Means::value;
      if (const auto type = indicator_type(named->type)) column.type = *type, column.typed = true;
      value = true;
    } else if (any(kTypes, key)) {
      column.means = Column::Means::type;
    } else if (any(kTags, key)) {
      column.means = Column::Means::tags;
    } else if (any(kConfidence, key)) {
      column.means = Column::Means::confidence;
    } else if (any(kExpiry, key)) {
      column.means = Column::Means::expiry;
    }
  }
  // One word alone could be anything.
  if (!value || (columns.size() < 2 && !zeek)) return false;
  format_ = zeek ? FeedFormat::zeek : FeedFormat::csv;
  separator_ = separator;
  header_ = whole;
  columns_ = std::move(columns);
  return true;
}

bool FeedReader::read(std::string_view line, FeedRow& row) const {
  row.skipped = false;
  row.why.clear();
  row.indicators.clear();
  row.text = line;
  if (line.size() > kMostRow) {
    row.why = "a row is no longer than " + std::to_string(kMostRow) + " bytes";
    return true;
  }
  line = without_mark(line);
  if (line.empty() || line.starts_with('#') || line.starts_with("//") || line.starts_with(';') || line == header_)
    return false;
  if (line.find('\0') != std::string_view::npos) {
    row.why = "a zero byte, which no text has";
    return true;
  }
  if (format_ == FeedFormat::plain) {
    read_plain(line, row);
  } else {
    read_fields(fields_of(line, separator_), row);
  }
  return true;
}

void FeedReader::read_plain(std::string_view line, FeedRow& row) const {
  // A loop: find_first_of() asks memchr() about every byte.
  size_t space = 0;
  while (space < line.size() && line[space] != ' ' && line[space] != '\t') ++space;
  const std::string_view word = line.substr(0, space);
  // "0.0.0.0 name", as hosts(5) has it.
  const bool hosts = word == "0.0.0.0" || word == "127.0.0.1" || word == "::" || word == "::1";
  if (hosts && space < line.size()) {
    const std::string_view rest = trim(line.substr(space));
    const std::string_view host = rest.substr(0, rest.find_first_of(" \t#"));
    if (host.find('.') == std::string_view::npos || host == word || host == "localhost.localdomain") {
      row.skipped = true;
      row.why = "the host itself";
      return;
    }
    add(row, IndicatorType::domain, host);
    return;
  }
  if (word.find(',') == std::string_view::npos) {
    add_guessed(row, word);
    return;
  }
  // iprep: "address,category,score"; and any list with the indicator in front.
  const std::vector<std::string> fields = fields_of(line, ',');
  add_guessed(row, fields[0]);
  if (!row.why.empty() || fields.size() != 3) return;
  if (const auto score = parse_unsigned(fields[2]); score && *score <= 127 && parse_unsigned(fields[1])) {
    row.indicators[0].confidence = static_cast<int>(*score * 100 / 127);
    row.indicators[0].tags = "category " + fields[1];
  }
}

void FeedReader::read_fields(const std::vector<std::string>& fields, FeedRow& row) const {
  std::string type, tags;
  int confidence = -1;
  uint16_t expiry = 0;
  for (size_t i = 0; i < std::min(fields.size(), columns_.size()); ++i) {
    if (columns_[i].means == Column::Means::type) type = to_lower(fields[i]);
    if (columns_[i].means == Column::Means::tags && fields[i] != "-") tags += (tags.empty() ? "" : ", ") + fields[i];
    if (columns_[i].means == Column::Means::expiry) expiry = day_of(fields[i]);
    if (columns_[i].means == Column::Means::confidence) {
      if (const auto number = parse_unsigned(fields[i]); number && *number <= 100)
        confidence = static_cast<int>(*number);
    }
  }
  std::optional<IndicatorType> named = indicator_type(type);
  if (const auto alias = std::ranges::find(kAliases, type, &Alias::name); !named && alias != std::end(kAliases)) {
    named = indicator_type(alias->type);
  } else if (!named && !type.empty() && format_ == FeedFormat::zeek) {
    row.skipped = true;
    row.why = "nothing is looked up by " + quoted(type);
    return;
  }
  for (size_t i = 0; i < std::min(fields.size(), columns_.size()); ++i) {
    if (columns_[i].means != Column::Means::value || fields[i].empty() || fields[i] == "-") continue;
    if (columns_[i].typed) {
      add(row, columns_[i].type, fields[i]);
    } else if (named) {
      add(row, *named, fields[i]);
    } else {
      add_guessed(row, fields[i]);
    }
  }
  if (row.indicators.empty() && row.why.empty()) row.why = "no indicator";
  if (!row.indicators.empty()) row.why.clear();
  for (FeedIndicator& one : row.indicators) {
    one.tags = tags;
    one.confidence = confidence;
    one.expiry = expiry;
  }
}

}  // namespace lapwing::analytics
