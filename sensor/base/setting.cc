#include "sensor/base/setting.h"

#include <charconv>
#include <utility>

#include "sensor/base/text.h"

namespace lapwing {

std::string to_string(const SourceMark& mark) {
  if (mark.line == 0) return mark.file;
  return mark.file + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

SettingError::SettingError(SourceMark where, const std::string& message)
    : std::runtime_error(to_string(where) + ": " + message), where_(std::move(where)) {}

namespace {

/// The key of a list member that is a map of one key ("- eve-log: {...}"), or null.
const Setting* only_member(const Setting& node) {
  return node.kind == Setting::Kind::map && node.children.size() == 1 ? node.children[0].get() : nullptr;
}

std::string_view first_part(std::string_view path) {
  return path.substr(0, path.find('.'));
}

bool starts_with_part(std::string_view path, std::string_view part) {
  return path.starts_with(part) && (path.size() == part.size() || path[part.size()] == '.');
}

/// The child that `path` begins with and the characters it takes of it, or null.
std::pair<Setting*, size_t> step(const Setting& node, std::string_view path) {
  std::pair<Setting*, size_t> best{nullptr, 0};
  auto offer = [&](Setting* child, std::string_view part) {
    // Keys may hold dots themselves ("eth0.100"), so the longest key wins.
    if (!part.empty() && part.size() > best.second && starts_with_part(path, part)) best = {child, part.size()};
  };
  if (node.kind != Setting::Kind::list) {
    for (const auto& child : node.children) offer(child.get(), child->key);
    return best;
  }
  std::string_view part = first_part(path);
  if (auto position = parse_unsigned(part)) {
    if (*position < node.children.size()) best = {node.children[*position].get(), part.size()};
    return best;
  }
  for (const auto& child : node.children) {
    if (const Setting* member = only_member(*child)) {
      offer(child.get(), member->key);
    } else if (child->kind == Setting::Kind::scalar) {
      offer(child.get(), child->scalar);
    }
  }
  // The name is the member's key, which is still to be taken.
  if (best.first && only_member(*best.first)) best.second = 0;
  return best;
}

}  // namespace

const Setting* Setting::find(std::string_view path) const {
  const Setting* node = this;
  node->use();
  while (!path.empty()) {
    auto [next, taken] = step(*node, path);
    if (!next) return nullptr;
    node = next;
    node->use();
    if (taken) path.remove_prefix(std::min(path.size(), taken + 1));
  }
  return node;
}

Setting& Setting::make(std::string_view path, const SourceMark& where) {
  Setting* node = this;
  while (!path.empty()) {
    std::string_view part = first_part(path);
    if (node->kind == Kind::null && part == "0") node->kind = Kind::list;
    if (node->kind == Kind::scalar) node->scalar_to_map(part);
    auto [next, taken] = step(*node, path);
    if (!next) {
      if (part.empty()) throw SettingError(where, "a name is missing in '" + std::string(path) + "'");
      bool in_list = node->kind == Kind::list;
      if (!in_list) node->kind = Kind::map;
      auto position = in_list ? parse_unsigned(part) : std::nullopt;
      if (position && *position != node->children.size()) {
        throw SettingError(where, "there is no member " + std::string(part) + " in this list; the next one is " +
                                      std::to_string(node->children.size()));
      }
      next = &node->add(in_list ? std::string_view{} : part, where);
      if (in_list && !position) {
        next->kind = Kind::map;
        next = &next->add(part, where);
      }
      taken = part.size();
    }
    bool by_name = node->kind == Kind::list && next->kind == Kind::scalar && path.starts_with(next->scalar + '.');
    if (by_name) {
      next->scalar_to_map(next->scalar);
      next = next->children[0].get();
    }
    node = next;
    if (taken) path.remove_prefix(std::min(path.size(), taken + 1));
  }
  return *node;
}

void Setting::scalar_to_map(std::string_view member) {
  // A list's "- alert" is short for "- alert:", so setting a member of it must not lose it.
  bool named = scalar == member && key.empty();
  std::string text = std::exchange(scalar, {});
  kind = Kind::map;
  if (named) add(text, mark);
}

Setting& Setting::add(std::string_view name, const SourceMark& where) {
  children.push_back(std::make_unique<Setting>());
  children.back()->key = name;
  children.back()->mark = where;
  return *children.back();
}

bool Setting::as_bool() const {
  std::string text = to_lower(as_text());
  if (text == "yes" || text == "true" || text == "on" || text == "1") return true;
  if (text == "no" || text == "false" || text == "off" || text == "0") return false;
  fail("'" + scalar + "' is not a switch; write yes or no");
}

uint64_t Setting::as_integer() const {
  auto value = parse_unsigned(as_text());
  if (!value) fail("'" + scalar + "' is not a whole number of 0 or more");
  return *value;
}

uint64_t Setting::as_size() const {
  std::string text = to_lower(trim(as_text()));
  uint64_t unit = 1;  // a fraction ("1.5gb") needs one
  for (auto [suffix, bytes] : {std::pair<const char*, uint64_t>{"kib", 1ull << 10},
                               {"mib", 1ull << 20},
                               {"gib", 1ull << 30},
                               {"kb", 1ull << 10},
                               {"mb", 1ull << 20},
                               {"gb", 1ull << 30},
                               {"k", 1ull << 10},
                               {"m", 1ull << 20},
                               {"g", 1ull << 30}}) {
    if (text.ends_with(suffix)) {
      unit = bytes;
      text.resize(text.size() - std::string_view(suffix).size());
      break;
    }
  }
  text = trim(text);
  auto whole = parse_unsigned(text);
  if (whole && *whole <= UINT64_MAX / unit) return *whole * unit;
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  bool complete = error == std::errc{} && end == text.data() + text.size() && !text.empty() && text[0] != '-';
  if (whole || !complete || unit == 1 || !(value * static_cast<double>(unit) < 0x1p63)) {
    fail("'" + scalar + "' is not a size; write bytes, or 64kb, 16mb, 1gb");
  }
  return static_cast<uint64_t>(value * static_cast<double>(unit));
}

double Setting::as_number() const {
  as_text();
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
