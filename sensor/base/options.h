// Options: a plain config struct per room, described once by a table that gives keys, defaults and documentation.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "sensor/base/named_value.h"
#include "sensor/base/option_source.h"
#include "sensor/base/setting.h"

namespace lapwing {

enum class Unit : uint8_t { none, bytes, seconds, milliseconds, packets };

/// [S] A member of T that is written by name, whatever the case of its letters. Made by one_of and some_of.
template <class T>
struct NamedMember {
  std::span<const NamedValue> names;
  bool many = false;
  void (*set)(T& config, std::span<const uint64_t> values) = nullptr;
  bool (*same)(const T& one, const T& other) = nullptr;
};

/// One option of the config struct T: its dotted key from the root of the file, its member, its default as YAML
/// text, and what it means.
template <class T>
struct OptionRow {
  std::string_view key;
  std::variant<bool T::*, uint64_t T::*, double T::*, std::string T::*, std::vector<std::string> T::*, NamedMember<T>>
      member;
  std::string_view fallback;
  std::string_view help;
  Unit unit = Unit::none;
};

namespace named_member {

template <class Member>
struct Parts;
template <class V, class C>
struct Parts<V C::*> {
  using Value = V;
  using Class = C;
};

template <auto Member>
using ClassOf = typename Parts<decltype(Member)>::Class;

template <auto Member>
void set(ClassOf<Member>& config, std::span<const uint64_t> values) {
  using Value = typename Parts<decltype(Member)>::Value;
  if constexpr (std::is_class_v<Value>) {
    (config.*Member).assign(values.begin(), values.end());
  } else {
    uint64_t all = 0;
    for (uint64_t value : values) all |= value;
    config.*Member = static_cast<Value>(all);
  }
}

template <auto Member>
bool same(const ClassOf<Member>& one, const ClassOf<Member>& other) {
  return one.*Member == other.*Member;
}

template <auto Member>
constexpr NamedMember<ClassOf<Member>> make(std::span<const NamedValue> names, bool many) {
  return {names, many, &set<Member>, &same<Member>};
}

}  // namespace named_member

/// A member with one of the named values: an enum, number or switch.
template <auto Member>
constexpr auto one_of(std::span<const NamedValue> names) {
  return named_member::make<Member>(names, false);
}
/// A member with any of them: a number whose bits they are, or a vector.
template <auto Member>
constexpr auto some_of(std::span<const NamedValue> names) {
  return named_member::make<Member>(names, true);
}

/// Of a switch that may be left to the sensor, which takes it as `automatic`.
template <bool automatic>
inline constexpr NamedValue kSwitchOrAuto[] = {{"auto", automatic}, {"yes", true}, {"no", false}, {"true", true},
                                               {"false", false},    {"on", true},  {"off", false}};

/// A row without its struct, for listing and documentation.
struct OptionInfo {
  std::string key, type, fallback, help;
  std::string choices;  // the names of a NamedMember, separated by '|'; empty where they are too many to list
};

std::string_view unit_name(Unit unit);
/// The node for `fallback`, so that defaults go through the same checks as a file.
Setting fallback_setting(std::string_view key, std::string_view text);
std::vector<std::string> read_texts(const Setting& node);
/// Throws SettingError when the text is none of the names.
uint64_t read_named(const Setting& node, std::span<const NamedValue> names);
std::vector<uint64_t> read_all_named(const Setting& node, std::span<const NamedValue> names);
std::string list_names(std::span<const NamedValue> names, std::string_view separator);

/// Sets the member of a row from its node. Throws SettingError.
template <class T>
void read_option(const OptionRow<T>& row, const Setting& node, T& config) {
  std::visit(
      // Not inlined: GCC 12 else warns of members of types that a small T cannot hold.
      [&](auto member) __attribute__((noinline)) {
        if constexpr (std::is_same_v<decltype(member), NamedMember<T>>) {
          member.set(config, member.many ? read_all_named(node, member.names)
                                         : std::vector<uint64_t>{read_named(node, member.names)});
        } else {
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
          } else {
            target = read_texts(node);
          }
        }
      },
      row.member);
}

template <class T>
bool same_option(const OptionRow<T>& row, const T& one, const T& other) {
  return std::visit(
      // Not inlined, for the same reason.
      [&](auto member) __attribute__((noinline)) {
        if constexpr (std::is_same_v<decltype(member), NamedMember<T>>) {
          return member.same(one, other);
        } else {
          return one.*member == other.*member;
        }
      },
      row.member);
}

/// Lays what the source has on `config`. Throws SettingError, also where two places contradict each other.
template <class T>
void read_options(const OptionSource& source, std::span<const OptionRow<T>> rows, T& config) {
  for (const auto& row : rows) {
    const std::vector<const Setting*> found = source.find(row.key);
    for (size_t i = 0; i < found.size(); ++i) {
      if (i == 0) {
        read_option(row, *found[0], config);
        continue;
      }
      T again = config;
      read_option(row, *found[i], again);
      if (!same_option(row, config, again)) fail_contradiction(*found[0], *found[i]);
    }
  }
}

/// Fills a T from the source; missing keys take their defaults. Throws SettingError.
template <class T>
T read_options(const OptionSource& source, std::span<const OptionRow<T>> rows) {
  T config{};
  for (const auto& row : rows) read_option(row, fallback_setting(row.key, row.fallback), config);
  read_options(source, rows, config);
  return config;
}

/// `prefix`: of the keys, where the table leaves it out.
template <class T>
std::vector<OptionInfo> describe_options(std::span<const OptionRow<T>> rows, std::string_view prefix = {}) {
  std::vector<OptionInfo> out;
  for (const auto& row : rows) {
    constexpr std::string_view kTypes[] = {"switch", "integer", "number", "text", "list", "text"};
    const auto* named = std::get_if<NamedMember<T>>(&row.member);
    const std::string_view type = row.unit != Unit::none ? unit_name(row.unit)
                                  : named && named->many ? "list"
                                                         : kTypes[row.member.index()];
    out.push_back({std::string(prefix) + std::string(row.key), std::string(type), std::string(row.fallback),
                   std::string(row.help), named ? list_names(named->names, "|") : std::string()});
  }
  return out;
}

}  // namespace lapwing
