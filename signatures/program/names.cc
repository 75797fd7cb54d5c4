#include "signatures/program/names.h"

#include <array>
#include <map>
#include <mutex>

namespace lapwing::rules {

namespace {
std::mutex mutex;
std::array<std::map<std::string, uint16_t, std::less<>>, kNameKinds> tables;
}  // namespace

std::optional<uint16_t> number_of(NameKind kind, std::string_view name) {
  std::lock_guard lock(mutex);
  auto& table = tables[static_cast<size_t>(kind)];
  if (auto known = table.find(name); known != table.end()) return known->second;
  if (table.size() == kMaxNames) return std::nullopt;
  return table.emplace(std::string(name), static_cast<uint16_t>(table.size())).first->second;
}

std::string name_of(NameKind kind, uint16_t number) {
  std::lock_guard lock(mutex);
  for (const auto& [name, known] : tables[static_cast<size_t>(kind)]) {
    if (known == number) return name;
  }
  return {};
}

std::vector<std::string> names_of(NameKind kind) {
  std::lock_guard lock(mutex);
  const auto& table = tables[static_cast<size_t>(kind)];
  std::vector<std::string> names(table.size());
  for (const auto& [name, number] : table) names[number] = name;
  return names;
}

}  // namespace lapwing::rules
