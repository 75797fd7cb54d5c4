// Options: a plain config struct per room, described once by a table that gives keys, defaults and documentation.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sensor/base/setting.h"

namespace lapwing {

enum class Unit : uint8_t { none, bytes, seconds, milliseconds, packets };

/// One option of the config struct T: its dotted key from the root of the file, its member, its default as YAML
/// text, and what it means. A text member may list the values it takes in `choices`, separated by '|'.
template <class T>
struct OptionRow {
  std::string_view key;
  std::variant<bool T::*, uint64_t T::*, double T::*, std::string T::*, std::vector<std::string> T::*> member;
  std::string_view fallback;
  std::string_view help;
  Unit unit = Unit::none;
  std::string_view choices = {};
};

/// A row without its struct, for listing and documentation.
struct OptionInfo {
  std::string key, type, fallback, help, choices;
};

std::string_view unit_name(Unit unit);
/// The node for `fallback`, so that defaults go through the same checks as a file.
Setting fallback_setting(std::string_view key, std::string_view text);
/// Throws SettingError when the text is none of the choices.
void check_choice(const Setting& node, std::string_view choices);
std::vector<std::string> read_texts(const Setting& node);

/// Sets the member of a row from its node. Throws SettingError.
template <class T>
void read_option(const OptionRow<T>& row, const Setting& node, T& config) {
  std::visit(
      // Not inlined: GCC 12 else warns of members of types that a small T cannot hold.
      [&](auto member) __attribute__((noinline)) {
        auto& target = config.*member;
        using Type = std::remove_reference_t<decltype(target)>;
        if constexpr (std::is_same_v<Type, bool>) {
          target = node.as_bool();
        } else if constexpr (std::is_same_v<Type, uint64_t>) {
          target = row.unit == Unit::bytes ? node.as_size() : node.as_integer();
        } else if constexpr (std::is_same_v<Type, double>) {
          target = node.as_number();
        } else if constexpr (std::is_same_v<Type, std::string>) {
          target = node.as_text();
          if (!row.choices.empty()) check_choice(node, row.choices);
        } else {
          target = read_texts(node);
        }
      },
      row.member);
}

/// Lays what the tree has on `config`. Throws SettingError.
template <class T>
void read_options(const Setting& root, std::span<const OptionRow<T>> rows, T& config) {
  for (const auto& row : rows) {
    const Setting* found = root.find(row.key);
    if (found && found->kind != Setting::Kind::null) read_option(row, *found, config);
  }
}

/// Fills a T from the tree; missing keys take their defaults. Throws SettingError.
template <class T>
T read_options(const Setting& root, std::span<const OptionRow<T>> rows) {
  T config{};
  for (const auto& row : rows) read_option(row, fallback_setting(row.key, row.fallback), config);
  read_options(root, rows, config);
  return config;
}

template <class T>
std::vector<OptionInfo> describe_options(std::span<const OptionRow<T>> rows) {
  std::vector<OptionInfo> out;
  for (const auto& row : rows) {
    constexpr std::string_view kTypes[] = {"switch", "integer", "number", "text", "list"};
    std::string type(row.unit == Unit::none ? kTypes[row.member.index()] : unit_name(row.unit));
    out.push_back(
        {std::string(row.key), type, std::string(row.fallback), std::string(row.help), std::string(row.choices)});
  }
  return out;
}

}  // namespace lapwing
