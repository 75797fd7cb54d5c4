#include "sensor/base/setting.h"

#include <charconv>

#include "sensor/base/text.h"

namespace lapwing {

std::string to_string(const SourceMark& mark) {
  if (mark.line == 0) return mark.file;
  return mark.file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

SettingError::SettingError(SourceMark where, const std::string& message)
    : std::runtime_error(to_string(where) + ": " + message), where_(std::move(where)) {}

const Setting* Setting::find(std::string_view path) const {
  const Setting* node = this;
  node->use();
  while (!path.empty()) {
    // Keys may hold dots themselves (suricata.yaml has "stats.decoder-events"-like names), so the longest key wins.
    const Setting* next = nullptr;
    size_t taken = 0;
    for (const auto& child : node->children) {
      if (child->key.size() >= taken && path.starts_with(child->key) && !child->key.empty() &&
          (path.size() == child->key.size() || path[child->key.size()] == '.')) {
        next = child.get();
        taken = child->key.size();
      }
    }
    if (!next) return nullptr;
    node = next;
    node->use();
    path.remove_prefix(std::min(path.size(), taken + 1));
  }
  return node;
}

Setting& Setting::make(std::string_view path) {
  Setting* node = this;
  for (std::string_view part : split(path, '.')) {
    node->kind = Kind::map;
    Setting* next = nullptr;
    for (const auto& child : node->children) {
      if (child->key == part) next = child.get();
    }
    if (!next) {
      node->children.push_back(std::make_unique<Setting>());
      next = node->children.back().get();
      next->key = part;
    }
    node = next;
  }
  return *node;
}

bool Setting::as_bool() const {
  use();
  std::string text = to_lower(scalar);
  if (text == "yes" || text == "true" || text == "on" || text == "1") return true;
  if (text == "no" || text == "false" || text == "off" || text == "0") return false;
  fail("'" + scalar + "' is not a switch; write yes or no");
}

uint64_t Setting::as_integer() const {
  use();
  auto value = parse_unsigned(scalar);
  if (!value) fail("'" + scalar + "' is not a whole number of 0 or more");
  return *value;
}

uint64_t Setting::as_size() const {
  use();
  std::string text = to_lower(trim(scalar));
  uint64_t unit = 1;
  for (auto [suffix, bytes] : {std::pair<const char*, uint64_t>{"kib", 1ull << 10}, {"mib", 1ull << 20},
                               {"gib", 1ull << 30}, {"kb", 1ull << 10}, {"mb", 1ull << 20}, {"gb", 1ull << 30},
                               {"k", 1ull << 10}, {"m", 1ull << 20}, {"g", 1ull << 30}}) {
    if (text.ends_with(suffix)) {
      unit = bytes;
      text.resize(text.size() - std::string_view(suffix).size());
      break;
    }
  }
  auto value = parse_unsigned(trim(text));
  if (!value || *value > UINT64_MAX / unit) fail("'" + scalar + "' is not a size; write bytes, or 64kb, 16mb, 1gb");
  return *value * unit;
}

double Setting::as_number() const {
  use();
  double value = 0;
  auto [end, error] = std::from_chars(scalar.data(), scalar.data() + scalar.size(), value);
  if (error != std::errc{} || end != scalar.data() + scalar.size()) fail("'" + scalar + "' is not a number");
  return value;
}

const std::string& Setting::as_text() const {
  use();
  if (kind != Kind::scalar && kind != Kind::null) fail("a single value is expected here, not a list or a map");
  return scalar;
}

std::vector<const Setting*> Setting::unused() const {
  std::vector<const Setting*> out;
  collect_unused(out);
  return out;
}

void Setting::collect_unused(std::vector<const Setting*>& out) const {
  for (const auto& child : children) {
    if (child->used_) {
      child->collect_unused(out);
    } else {
      out.push_back(child.get());
    }
  }
}

void Setting::use_all() const {
  use();
  for (const auto& child : children) child->use_all();
}

void Setting::fail(const std::string& message) const {
  throw SettingError(mark, key.empty() ? message : key + ": " + message);
}

}  // namespace lapwing
