#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "analytics/intel/feed.h"

namespace lapwing::analytics {
namespace {

using Json = nlohmann::json;
constexpr int kMostDepth = 32;

class Lines {
 public:
  explicit Lines(uint64_t& skipped) : skipped_(skipped) {}

  void add(std::string_view type, std::string_view value, std::string_view tags, int confidence = -1,
           std::string_view until = {}) {
    if (value.find_first_of("\t\r\n") != std::string_view::npos) {
      ++skipped_;
      return;
    }
    (((text_ += value) += '\t') += type) += '\t';
    for (const char c : tags.substr(0, kMostTags)) text_ += c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
    text_ += '\t';
    if (confidence >= 0) text_ += std::to_string(confidence);
    text_ += '\t';
    if (until.find_first_of("\t\r\n") == std::string_view::npos) text_ += until;
    text_ += '\n';
  }
  void skip() { ++skipped_; }
  std::string take() && { return std::move(text_); }

 private:
  static constexpr size_t kMostTags = 256;
  std::string text_ = "#fields\tindicator\tindicator_type\tmeta.desc\tmeta.confidence\tmeta.expires\n";
  uint64_t& skipped_;
};

std::string_view text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? std::string_view(found->get_ref<const std::string&>())
                                                     : std::string_view();
}

const Json& list_of(const Json& object, const char* key) {
  static const Json kNone = Json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : kNone;
}

/// MISP core format: types with a bar have two values.
void take_attributes(const Json& owner, std::string_view info, Lines& lines) {
  constexpr std::string_view kKnown[] = {"ip-src",
                                         "ip-dst",
                                         "domain",
                                         "hostname",
                                         "url",
                                         "uri",
                                         "md5",
                                         "sha1",
                                         "sha256",
                                         "email-src",
                                         "email-dst",
                                         "filename",
                                         "user-agent",
                                         "ja3-fingerprint-md5",
                                         "hassh-md5",
                                         "hasshserver-md5",
                                         "x509-fingerprint-sha1",
                                         "x509-fingerprint-md5",
                                         "x509-fingerprint-sha256"};
  for (const Json& attribute : list_of(owner, "Attribute")) {
    if (!attribute.is_object()) continue;
    const auto detect = attribute.find("to_ids");
    if (detect != attribute.end() && detect->is_boolean() && !detect->get<bool>()) {
      lines.skip();
      continue;
    }
    std::string_view types = text_of(attribute, "type"), values = text_of(attribute, "value");
    // Of "ip-dst|port" and "domain|ip" the first; of "filename|sha256" the hash.
    const size_t bar = types.find('|'), cut = values.find('|');
    if (bar != std::string_view::npos && cut != std::string_view::npos) {
      const bool second = types.starts_with("filename");
      types = second ? types.substr(bar + 1) : types.substr(0, bar);
      values = second ? values.substr(cut + 1) : values.substr(0, cut);
    }
    if (std::ranges::find(kKnown, types) == std::end(kKnown)) {
      lines.skip();
    } else {
      lines.add(types, values, info);
    }
  }
}

void take_event(const Json& event, Lines& lines) {
  const std::string_view info = text_of(event, "info");
  take_attributes(event, info, lines);
  for (const Json& object : list_of(event, "Object")) {
    if (object.is_object()) take_attributes(object, info, lines);
  }
}

/// Of a comparison (STIX 2.1, 9.6) the path in front.
struct Path {
  std::string_view path, type;
};
constexpr Path kPaths[] = {{"ipv4-addr:value", "network"},
                           {"ipv6-addr:value", "network"},
                           {"domain-name:value", "domain"},
                           {"url:value", "url"},
                           {"email-addr:value", "email"},
                           {"file:name", "file-name"},
                           {"file:hashes.MD5", "md5"},
                           {"file:hashes.'MD5'", "md5"},
                           {"file:hashes.'SHA-1'", "sha1"},
                           {"file:hashes.'SHA-256'", "sha256"},
                           {"x509-certificate:hashes.'SHA-1'", "sha1"},
                           {"x509-certificate:hashes.'SHA-256'", "sha256"},
                           {"x509-certificate:serial_number", "tls-serial"}};

/// "[a = 'x' OR b = 'y']", or several such joined by OR. False: more than that.
bool take_pattern(std::string_view text, std::string_view tags, int confidence, std::string_view until, Lines& lines) {
  std::vector<std::pair<std::string_view, std::string>> found;
  size_t at = 0;
  const auto skip = [&](std::string_view what) { at = std::min(text.find_first_not_of(what, at), text.size()); };
  while (true) {
    skip(" [(");
    const size_t equals = text.find('=', at);
    if (equals == std::string_view::npos) return false;
    std::string_view path = text.substr(at, equals - at);
    path = path.substr(0, path.find_last_not_of(' ') + 1);
    const auto known = std::ranges::find(kPaths, path, &Path::path);
    at = equals + 1;
    skip(" ");
    if (known == std::end(kPaths) || at >= text.size() || text[at] != '\'') return false;
    std::string value;
    for (++at; at < text.size() && text[at] != '\''; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      value += text[at];
    }
    if (at >= text.size()) return false;
    ++at;
    found.emplace_back(known->type, std::move(value));
    skip(" ])");
    if (at == text.size()) break;
    if (!text.substr(at).starts_with("OR ") && !text.substr(at).starts_with("OR[")) return false;
    at += 2;
  }
  for (const auto& [type, value] : found) lines.add(type, value, tags, confidence, until);
  return true;
}

void take_bundle(const Json& bundle, Lines& lines) {
  for (const Json& object : list_of(bundle, "objects")) {
    if (!object.is_object() || text_of(object, "type") != "indicator") continue;
    const auto revoked = object.find("revoked");
    const bool gone = revoked != object.end() && revoked->is_boolean() && revoked->get<bool>();
    const auto said = object.find("confidence");
    const int confidence =
        said != object.end() && said->is_number_unsigned() && said->get<uint64_t>() <= 100 ? said->get<int>() : -1;
    if (gone || !take_pattern(text_of(object, "pattern"), text_of(object, "name"), confidence,
                              text_of(object, "valid_until"), lines))
      lines.skip();
  }
}

void take_abuse(const Json& data, Lines& lines) {
  for (const Json& row : data) {
    if (!row.is_object() || text_of(row, "ipAddress").empty()) {
      lines.skip();
      continue;
    }
    const auto score = row.find("abuseConfidenceScore");
    const bool known = score != row.end() && score->is_number_unsigned() && score->get<uint64_t>() <= 100;
    lines.add("network", text_of(row, "ipAddress"), "AbuseIPDB", known ? score->get<int>() : -1);
  }
}

}  // namespace

std::string lines_of_json(std::string_view text, uint64_t& skipped) {
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    too_deep |= depth > kMostDepth;
    return !too_deep;
  };
  const Json json = Json::parse(text, watch, false);
  if (too_deep) throw std::runtime_error("JSON nested deeper than " + std::to_string(kMostDepth));
  if (json.is_discarded()) throw std::runtime_error("no JSON");
  Lines lines(skipped);
  const auto take = [&](const Json& one) {
    if (!one.is_object()) return false;
    if (const auto event = one.find("Event"); event != one.end() && event->is_object())
      return take_event(*event, lines), true;
    if (text_of(one, "type") == "bundle") return take_bundle(one, lines), true;
    if (const auto data = one.find("data"); data != one.end() && data->is_array())
      return take_abuse(*data, lines), true;
    return false;
  };
  bool known = take(json);
  if (json.is_array()) {
    for (const Json& one : json) known |= take(one);
  }
  if (!known) throw std::runtime_error("JSON that is no MISP event, STIX 2.1 bundle or answer of AbuseIPDB");
  return std::move(lines).take();
}

}  // namespace lapwing::analytics
