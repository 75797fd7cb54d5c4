#include <algorithm>
#include <filesystem>

#include "signatures/parse/parse.h"
#include "signatures/parse/source_text.h"

namespace lapwing {
namespace {

std::vector<std::string> rule_files(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return {path};
  std::vector<std::string> files;
  std::filesystem::directory_iterator folder(path, error);
  if (error) throw SettingError({path, 0, 0}, "cannot be listed: " + error.message());
  for (const auto& entry : folder) {
    std::string name = entry.path().string();
    if (name.ends_with(".rules") || name.ends_with(".rules.gz")) files.push_back(std::move(name));
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

void read_rules(const std::string& path, std::vector<RuleMessage>& messages, const TakeRule& take) {
  for (const std::string& file : rule_files(path)) {
    TextFile text(file);
    SourceLines lines(text, file);
    parse_rules(lines, messages, take);
  }
}

}  // namespace lapwing
