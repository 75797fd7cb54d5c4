#include "signatures/datasets/dataset_files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/text.h"
#include "signatures/parse/source_text.h"

namespace lapwing::rules {

namespace {

using Json = nlohmann::ordered_json;

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // EVP_DecodeBlock counts the padding as zero bytes.
  size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  out.resize(static_cast<size_t>(size) - padding);
  return out;
}

std::optional<std::string> from_hex(std::string_view text, size_t size) {
  if (text.size() != 2 * size) return std::nullopt;
  std::string out;
  for (size_t i = 0; i < text.size(); i += 2) {
    int byte = 0;
    for (size_t k = i; k < i + 2; k++) {
      uint8_t c = lower(static_cast<uint8_t>(text[k]));
      if (!std::isxdigit(c)) return std::nullopt;
      byte = byte * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    }
    out += static_cast<char>(byte);
  }
  return out;
}

std::string expected(DatasetType type) {
  switch (type) {
    case DatasetType::string: return "base64";
    case DatasetType::md5: return "an MD5 of 32 hex digits";
    case DatasetType::sha256: return "a SHA-256 of 64 hex digits";
    case DatasetType::ipv4: return "an IPv4 address";
    case DatasetType::ip: return "an IP address";
  }
  return {};
}

void add(Dataset& set, const std::string& value, const ValueTable::Aside& aside, const SourceMark& mark) {
  if (set.add(to_bytes(value), aside) == Dataset::Added::no_room) {
    throw SettingError(mark, "set '" + set.name() + "' is full: raise its memcap");
  }
}

void load_lines(const std::string& text, const DatasetFile& file, Dataset& set) {
  uint32_t number = 0;
  for (std::string_view whole : split(text, '\n')) {
    number++;
    std::string_view line = trim(whole);
    if (line.empty()) continue;
    SourceMark mark{file.path, number, 1};
    ValueTable::Aside aside;
    if (size_t comma = line.find(','); comma != std::string_view::npos) {
      auto reputation = parse_unsigned(trim(line.substr(comma + 1)));
      mark.column = static_cast<uint32_t>(comma + 2);
      if (!reputation || *reputation > UINT16_MAX) {
        throw SettingError(mark, "behind the comma a reputation from 0 to 65535 is expected");
      }
      aside.reputation = static_cast<uint16_t>(*reputation);
      line = trim(line.substr(0, comma));
    } else if (file.reputations) {
      throw SettingError(mark, "a reputation is missing; write <value>,<0-65535>");
    }
    mark.column = 1;
    auto value = parse_value(set.type(), line);
    if (!value) throw SettingError(mark, "'" + std::string(line) + "' is not " + expected(set.type()));
    add(set, *value, aside, mark);
  }
}

Json* at(Json& root, std::string_view path) {
  Json* node = &root;
  if (path.empty()) return node;
  for (std::string_view part : split(path, '.')) {
    if (!node->is_object()) return nullptr;
    auto found = node->find(std::string(part));
    if (found == node->end()) return nullptr;
    node = &*found;
  }
  return node;
}

void remove(Json& root, std::string_view path) {
  size_t dot = path.rfind('.');
  Json* parent = dot == std::string_view::npos ? &root : at(root, path.substr(0, dot));
  parent->erase(std::string(path.substr(dot == std::string_view::npos ? 0 : dot + 1)));
}

void add_element(Json& element, const DatasetFile& file, Dataset& set, const SourceMark& mark) {
  Json* value = at(element, file.value_key);
  if (!value || !value->is_string()) throw SettingError(mark, "an element has no text at '" + file.value_key + "'");
  std::string text = value->get<std::string>();
  // In JSON a text stands for itself; only lines need base64 for it.
  auto bytes = set.type() == DatasetType::string ? std::optional(text) : parse_value(set.type(), text);
  if (!bytes || bytes->empty()) throw SettingError(mark, "'" + text + "' is not " + expected(set.type()));
  if (file.remove_key) remove(element, file.value_key);
  add(set, *bytes, {0, element.dump(-1, ' ', false, Json::error_handler_t::replace)}, mark);
}

SourceMark mark_of(const std::string& path, std::string_view text, size_t offset) {
  text = text.substr(0, offset);
  auto lines = std::count(text.begin(), text.end(), '\n');
  size_t start = text.rfind('\n');
  return {path, static_cast<uint32_t>(lines + 1),
          static_cast<uint32_t>(text.size() - (start == std::string_view::npos ? 0 : start + 1) + 1)};
}

Json parse_json(std::string_view text, const std::string& path, std::string_view whole, size_t start) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw SettingError(mark_of(path, whole, start + (error.byte ? error.byte - 1 : 0)), "this is no JSON");
  }
}

void load_json(const std::string& text, const DatasetFile& file, Dataset& set) {
  Json root = parse_json(text, file.path, text, 0);
  Json* array = at(root, file.array_key);
  const SourceMark mark{file.path, 1, 1};
  if (!array || !array->is_array()) {
    throw SettingError(mark, file.array_key.empty() ? "an array is expected; name it with array_key"
                                                    : "there is no array at '" + file.array_key + "'");
  }
  for (Json& element : *array) add_element(element, file, set, mark);
}

void load_json_lines(const std::string& text, const DatasetFile& file, Dataset& set) {
  uint32_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    number++;
    if (trim(line).empty()) continue;
    Json element = parse_json(line, file.path, text, static_cast<size_t>(line.data() - text.data()));
    add_element(element, file, set, {file.path, number, 1});
  }
}

/// A file that was not there: who may write in the folder must not have it be a link to something else.
bool write_fresh(const std::string& path, std::string_view text) {
  unlink(path.c_str());  // of a run that broke off
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (file < 0) return false;
  while (!text.empty()) {
    const ssize_t n = write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    text.remove_prefix(static_cast<size_t>(n));
  }
  const int reason = errno;
  const bool closed = close(file) == 0;
  if (!text.empty()) errno = reason;
  return text.empty() && closed;
}

}  // namespace

std::optional<std::string> parse_value(DatasetType type, std::string_view text) {
  switch (type) {
    case DatasetType::string: return from_base64(text);
    case DatasetType::md5: return from_hex(text, 16);
    case DatasetType::sha256: return from_hex(text, 32);
    case DatasetType::ipv4:
    case DatasetType::ip: break;
  }
  auto address = IpAddress::parse(text);
  if (!address || (type == DatasetType::ipv4 && address->version != 4)) return std::nullopt;
  return std::string(to_text(Bytes(address->bytes).first(address->size())));
}

std::string format_value(DatasetType type, Bytes value) {
  switch (type) {
    case DatasetType::string: return to_base64(value);
    case DatasetType::md5:
    case DatasetType::sha256: return to_hex(value);
    case DatasetType::ipv4: return to_string(IpAddress::v4(value.data()));
    case DatasetType::ip: return to_string(IpAddress::v6(value.data()));
  }
  return {};
}

void load_dataset(const DatasetFile& file, Dataset& set) {
  std::string text = read_text_file(file.path);
  switch (file.format) {
    case DatasetFormat::csv: return load_lines(text, file, set);
    case DatasetFormat::json: return load_json(text, file, set);
    case DatasetFormat::ndjson: return load_json_lines(text, file, set);
  }
}

void save_dataset(const std::string& path, const Dataset& set) {
  std::vector<std::string> lines;
  set.each([&](Bytes value) { lines.push_back(format_value(set.type(), value)); });
  std::sort(lines.begin(), lines.end());  // the order of the table means nothing, and files shall compare
  std::string text;
  for (const std::string& line : lines) text.append(line) += '\n';
  const std::string fresh = path + ".new";
  if (!write_fresh(fresh, text) || rename(fresh.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    unlink(fresh.c_str());
    throw SettingError({path, 0, 0}, "set '" + set.name() + "' cannot be saved: " + std::strerror(reason));
  }
}

}  // namespace lapwing::rules
