#include "analytics/frame/vendors.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "sensor/base/log.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

constexpr uintmax_t kMostBytes = 64 << 20;  // of a file
constexpr size_t kMostName = 64;            // bytes
constexpr std::string_view kFiles[] = {"oui.csv", "mam.csv", "oui36.csv", "iab.csv"};

std::string text_of(const std::filesystem::path& path) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(path, error);
  if (error) throw std::runtime_error(path.string() + ": " + error.message());
  if (size > kMostBytes) throw std::runtime_error(path.string() + " is larger than 64 MiB");
  std::string out(size, '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(out.data(), static_cast<std::streamsize>(size))) {
    throw std::runtime_error(path.string() + " cannot be read");
  }
  return out;
}

std::optional<uint64_t> hex_of(std::string_view text) {
  uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

/// The first field of CSV (RFC 4180), which is taken off.
std::string field_of(std::string_view& line) {
  std::string out;
  const bool quoted = line.starts_with('"');
  size_t at = quoted ? 1 : 0;
  for (; at < line.size(); ++at) {
    if (quoted && line[at] == '"') {
      if (at + 1 < line.size() && line[at + 1] == '"') {
        ++at;
      } else {
        at = line.find(',', at);
        break;
      }
    } else if (!quoted && line[at] == ',') {
      break;
    }
    out += line[at];
  }
  line.remove_prefix(std::min(at < line.size() ? at + 1 : line.size(), line.size()));
  return out;
}

/// What a record shows: no control characters, and no part of a character of UTF-8 at the end.
std::string shown(std::string_view name) {
  std::string out;
  for (const char c : trim(name)) {
    if (static_cast<unsigned char>(c) >= ' ' && c != 127) out += c;
  }
  if (out.size() <= kMostName) return out;
  size_t end = kMostName;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;
  out.resize(end);
  return out;
}

}  // namespace

Vendors Vendors::read(const std::filesystem::path& path) {
  Vendors out;
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) {
    for (std::string_view file : kFiles) {
      if (std::filesystem::exists(path / file, none)) out.add(text_of(path / file));
    }
  } else {
    out.add(text_of(path));
  }
  out.seal();
  if (out.assignments() == 0) {
    throw std::runtime_error(path.string() + " has no assignment of MAC addresses, as oui.csv and oui.txt of the IEEE");
  }
  return out;
}

void Vendors::add(std::string_view registry) {
  constexpr std::string_view kOfText = "(hex)";
  while (!registry.empty()) {
    const size_t end = std::min(registry.find('\n'), registry.size());
    std::string_view line = registry.substr(0, end);
    registry.remove_prefix(std::min(end + 1, registry.size()));
    if (line.starts_with("MA-L,") || line.starts_with("MA-M,") || line.starts_with("MA-S,") ||
        line.starts_with("IAB,")) {
      field_of(line);
      const std::string prefix = field_of(line);
      assign(prefix, field_of(line));
    } else if (const size_t mark = line.find(kOfText); mark != std::string_view::npos) {
      std::string prefix(trim(line.substr(0, mark)));
      std::erase(prefix, '-');
      assign(prefix, line.substr(mark + kOfText.size()));
    }
  }
}

void Vendors::assign(std::string_view prefix, std::string_view name) {
  const auto bits = std::ranges::find(kBits, 4 * prefix.size());
  const auto value = hex_of(prefix);
  const std::string text = shown(name);
  if (bits == kBits.end() || !value || text.empty()) return;
  const auto [place, fresh] = places_.try_emplace(text, static_cast<uint32_t>(names_.size()));
  if (fresh) {
    if (names_.size() + 1 + text.size() > size_t{1} << kNameBits) throw std::runtime_error("more than 16 MiB of names");
    names_ += static_cast<char>(text.size());
    names_ += text;
  }
  rows_[static_cast<size_t>(bits - kBits.begin())].push_back(*value << kNameBits | place->second);
}

void Vendors::seal() {
  const auto prefix_of = [](uint64_t row) { return row >> kNameBits; };
  for (std::vector<uint64_t>& rows : rows_) {
    std::ranges::stable_sort(rows, {}, prefix_of);
    const auto beyond = std::ranges::unique(rows, {}, prefix_of);
    rows.erase(beyond.begin(), beyond.end());
    rows.shrink_to_fit();
  }
  names_.shrink_to_fit();
  places_ = {};
}

std::string_view Vendors::of(std::string_view station) const {
  constexpr size_t kSize = 17;
  if (station.size() != kSize) return {};
  uint64_t address = 0;
  for (size_t at = 0; at < kSize; at += 3) {
    const auto byte = hex_of(station.substr(at, 2));
    if (!byte || (at > 0 && station[at - 1] != ':')) return {};
    address = address << 8 | *byte;
  }
  constexpr uint64_t kGroup = uint64_t{1} << 40, kLocal = uint64_t{2} << 40;
  if (address & (kGroup | kLocal)) return {};
  for (size_t i = kBits.size(); i-- > 0;) {
    const uint64_t prefix = address >> (48 - kBits[i]);
    const auto row = std::ranges::lower_bound(rows_[i], prefix << kNameBits);
    if (row == rows_[i].end() || *row >> kNameBits != prefix) continue;
    const size_t at = *row & ((uint64_t{1} << kNameBits) - 1);
    return std::string_view(names_).substr(at + 1, static_cast<unsigned char>(names_[at]));
  }
  return {};
}

std::shared_ptr<const Vendors> read_vendors(const std::string& option) {
  if (option == "off") return nullptr;
  if (option != "auto") return std::make_shared<const Vendors>(Vendors::read(option));
  std::error_code none;
  if (!std::filesystem::exists(Vendors::kFolder, none)) return nullptr;
  try {
    return std::make_shared<const Vendors>(Vendors::read(Vendors::kFolder));
  } catch (const std::runtime_error& error) {
    spdlog::warn("{}; vendors of MAC addresses are not told", error.what());
    return nullptr;
  }
}

size_t Vendors::assignments() const {
  size_t out = 0;
  for (const auto& rows : rows_) out += rows.size();
  return out;
}

}  // namespace lapwing::analytics
