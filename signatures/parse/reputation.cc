#include "signatures/parse/reputation.h"

#include <algorithm>
#include <filesystem>

#include "sensor/base/hash.h"
#include "sensor/base/options.h"
#include "sensor/base/text.h"
#include "signatures/parse/source_text.h"

namespace lapwing {
namespace {

IpAddress masked(IpAddress address, uint8_t length) {
  for (size_t i = 0; i < address.bytes.size(); i++) {
    const size_t bits = length > 8 * i ? std::min<size_t>(8, length - 8 * i) : 0;
    address.bytes[i] = static_cast<uint8_t>(address.bytes[i] & (0xff00u >> bits));
  }
  return address;
}

/// Calls `use` with each line's parts between commas, at least `least` of them.
template <class Use>
void each_line(std::string_view text, const std::string& file, size_t least, const char* form, Use use) {
  uint32_t number = 0;
  for (std::string_view whole : split(text, '\n')) {
    number++;
    std::string_view line = trim(whole);
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string_view> part;
    for (std::string_view p : split(line, ',')) part.push_back(trim(p));
    const SourceMark mark{file, number, 1};
    if (part.size() < least || !use(part, mark)) throw SettingError(mark, std::string("is no ") + form);
  }
}

}  // namespace

size_t Reputation::Hash::operator()(const Key& key) const {
  uint8_t raw[19];
  std::copy(key.network.bytes.begin(), key.network.bytes.end(), raw);
  raw[16] = key.network.version;
  raw[17] = key.length;
  raw[18] = key.category;
  return keyed_hash(raw, kReplaySeed);
}

void Reputation::add_categories(std::string_view text, const std::string& file) {
  each_line(text, file, 2, "category; write number,name,description with a number from 1 to 59",
            [&](const auto& part, const SourceMark&) {
              auto number = parse_unsigned(part[0]);
              if (!number || *number == 0 || *number >= kMaxCategory || part[1].empty()) return false;
              categories_[std::string(part[1])] = static_cast<uint8_t>(*number);
              return true;
            });
}

void Reputation::add_scores(std::string_view text, const std::string& file) {
  each_line(
      text, file, 3, "score; write address,category,score with a number from 1 to 59 and one from 0 to 127",
      [&](const auto& part, const SourceMark&) {
        size_t slash = part[0].find('/');
        auto address = IpAddress::parse(part[0].substr(0, slash));
        auto category = parse_unsigned(part[1]), score = parse_unsigned(part[2]);
        if (!address || !category || !score || *category == 0 || *category >= kMaxCategory || *score > kMaxScore) {
          return false;
        }
        uint64_t length = 8 * address->size();
        if (slash != std::string_view::npos) {
          auto written = parse_unsigned(part[0].substr(slash + 1));
          if (!written || *written > length) return false;
          length = *written;
        }
        const auto bits = static_cast<uint8_t>(length);
        auto& lengths = lengths_[address->version == 6];
        auto place = std::lower_bound(lengths.begin(), lengths.end(), bits, std::greater<>());
        if (place == lengths.end() || *place != bits) lengths.insert(place, bits);
        scores_[{masked(*address, bits), bits, static_cast<uint8_t>(*category)}] = static_cast<uint8_t>(*score);
        return true;
      });
}

std::optional<uint8_t> Reputation::category(std::string_view name) const {
  auto found = categories_.find(name);
  return found == categories_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<uint8_t> Reputation::score(const IpAddress& address, uint8_t category) const {
  for (uint8_t length : lengths_[address.version == 6]) {
    auto found = scores_.find({masked(address, length), length, category});
    if (found != scores_.end()) return found->second;
  }
  return std::nullopt;
}

std::shared_ptr<const Reputation> Reputation::read(const Setting& root) {
  const Setting *categories = root.find("reputation-categories-file"), *files = root.find("reputation-files");
  const Setting* folder = root.find("default-reputation-path");
  if (!categories || categories->kind == Setting::Kind::null) return nullptr;
  auto made = std::make_shared<Reputation>();
  made->add_categories(read_text_file(categories->as_text()), categories->as_text());
  if (!files) return made;
  for (const std::string& name : read_texts(*files)) {
    std::filesystem::path path = name;
    if (path.is_relative() && folder) path = folder->as_text() / path;
    made->add_scores(read_text_file(path.string()), path.string());
  }
  return made;
}

}  // namespace lapwing
