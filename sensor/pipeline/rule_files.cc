#include "sensor/pipeline/rule_files.h"

#include <glob.h>

#include <filesystem>

#include "sensor/base/allocator.h"
#include "signatures/compile/rule_compiler.h"

namespace lapwing {
namespace {

/// The files that a pattern such as *.rules stands for, sorted; the text itself where it is a file or stands for none.
std::vector<std::string> expand(const std::string& pattern) {
  std::error_code error;
  if (pattern.find_first_of("*?[") == std::string::npos || std::filesystem::exists(pattern, error)) return {pattern};
  glob_t found{};
  std::vector<std::string> out;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  return out.empty() ? std::vector<std::string>{pattern} : out;
}

}  // namespace

RuleFiles find_rule_files(const std::vector<std::string>& named, const Setting& root) {
  std::filesystem::path base;
  if (const Setting* node = root.find("default-rule-path")) base = node->as_text();
  std::vector<std::string> configured;
  if (const Setting* node = root.find("rule-files")) configured = read_texts(*node);
  // Files of the command line take the place of the configuration's, whose keys are no mistake for that.
  if (!named.empty()) return {named, {}};
  RuleFiles out;
  for (const std::string& name : configured) {
    const std::filesystem::path path =
        std::filesystem::path(name).is_absolute() ? std::filesystem::path(name) : base / name;
    for (const std::string& found : expand(path)) {
      (std::filesystem::exists(found) ? out.paths : out.missing).push_back(found);
    }
  }
  return out;
}

LoadedRules compile_rules(const std::vector<std::string>& paths, const RuleEnvironment& environment,
                          const RuleConfig& detect, const std::atomic<bool>& stop) {
  LoadedRules out;
  RuleCompiler compiler(environment, detect, out.messages);
  for (const std::string& path : paths) {
    read_rules(path, out.messages, [&](const RuleTree& tree) {
      if (stop.load(std::memory_order_relaxed)) throw std::runtime_error("stopped");
      compiler.add(tree);
    });
  }
  out.rules = compiler.finish();
  return_free_memory();
  return out;
}

}  // namespace lapwing
