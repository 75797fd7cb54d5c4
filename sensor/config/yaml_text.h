// What readers of YAML have in common: the text of a file, its documents, and places in it.
#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "sensor/base/setting.h"

namespace lapwing::yaml {

// Aliases that multiply (a: [*b, *b], b: [*c, *c], ...) must not take the memory, nor "&a [*a]", which contains itself,
// the stack.
inline constexpr int kMaxNesting = 128;
inline constexpr size_t kMaxNodes = 100'000;

/// Throws SettingError, with `where` as the place, when it cannot be read or is no configuration by its size.
std::string file_text(const std::string& path, const SourceMark& where);
SourceMark mark_of(const std::string& file, const YAML::Mark& mark);
bool is_null(const YAML::Node& node);
/// The documents of a text. Throws SettingError at what is no YAML, and where `one` is set, at a second document.
std::vector<YAML::Node> load(const std::string& text, const std::string& file, bool one);

}  // namespace lapwing::yaml
