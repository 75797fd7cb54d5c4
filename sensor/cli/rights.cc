#include "sensor/cli/rights.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "export/eve/recorder.h"
#include "signatures/program/database_cache.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIpc = "ipc://";
constexpr mode_t kFileMode = 0644;  // less the umask; whoever writes the file sets the one asked for

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder;
}

std::string text_of(const Setting& node, std::string_view key, std::string fallback) {
  const Setting* found = node.find(key);
  return found && found->kind == Setting::Kind::scalar ? found->scalar : fallback;
}

void collect_paths(const Setting& node, std::set<std::string>& paths) {
  if (node.mark.line) paths.insert(node.mark.file);
  // A word that happens to name a file is none; a path says so.
  const bool path = node.scalar.find('/') != std::string::npos;
  if (node.kind == Setting::Kind::scalar && path) paths.insert(node.scalar);
  for (const auto& child : node.children) collect_paths(*child, paths);
}

bool is_regular(const std::string& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  return !fs::exists(status) || fs::is_regular_file(status);
}

}  // namespace

void add_readable(const std::string& path, PathRights& rights) {
  rights.read.push_back(path);
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (it->is_symlink(error)) rights.read.push_back(fs::weakly_canonical(it->path(), error));
  }
}

void add_replaceable(const std::string& path, PathRights& rights) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    rights.read.push_back(folder_of(path));
    if (fs::is_symlink(path, error)) rights.read.push_back(folder_of(fs::weakly_canonical(path, error)));
  }
  add_readable(path, rights);
}

void add_configuration(const Setting& root, PathRights& rights) {
  std::set<std::string> paths;
  collect_paths(root, paths);
  std::error_code error;
  for (const std::string& path : paths) {
    if (fs::exists(path, error)) add_replaceable(path, rights);
  }
}

void add_folder(const std::string& path, PathRights& rights) {
  std::error_code error;  // whoever needs it says what is wrong with it
  fs::create_directories(path, error);
  rights.write.push_back(path.empty() ? "." : path);
}

void add_file(const std::string& path, PathRights& rights) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kFileMode);
  if (descriptor >= 0) close(descriptor);
  rights.write.push_back(path);
}

void add_rewritten(const std::string& path, PathRights& rights) {
  if (!path.empty()) rights.write.push_back(folder_of(path));
}

void add_endpoints(const std::vector<std::string>& endpoints, PathRights& rights) {
  for (const std::string& endpoint : endpoints) {
    if (endpoint.starts_with(kIpc) && !endpoint.starts_with("ipc://@"))
      rights.write.push_back(folder_of(endpoint.substr(kIpc.size())));
  }
}

void add_outputs(const OutputOptions& options, const Setting& root, const SensorConfig& config, bool live,
                 PathRights& rights) {
  if (!options.eve_file.empty() && options.eve_file != "-") {
    if (live && is_regular(options.eve_file)) {
      rights.write.push_back(folder_of(options.eve_file));
    } else {
      add_file(options.eve_file, rights);
    }
  }
  add_endpoints(options.publish, rights);
  if (config.file_store.enabled) {
    add_folder(fs::path(log_folder(options, root)) / config.file_store.folder, rights);
  }
  // Those of the command line replace the others.
  const bool replaced = !options.eve_file.empty() || !options.publish.empty();
  for (const Setting* node : replaced ? std::vector<const Setting*>{} : eve_sections(root)) {
    if (text_of(*node, "filetype", "regular") == "regular") {
      const std::string path =
          fs::path(text_of(*node, "default-log-dir", ".")) / text_of(*node, "filename", "eve.json");
      rights.write.push_back(is_regular(path) ? folder_of(path) : path);
    }
    if (const Setting* endpoints = node->find("endpoints")) add_endpoints(read_texts(*endpoints), rights);
  }
  for (const std::string& path : config.rules.datasets->kept_files()) rights.write.push_back(folder_of(path));
  const Setting* data = root.find("default-data-dir");
  if (live && data) rights.write.push_back(data->as_text());
}

void add_cache(const RuleConfig& config, PathRights& rights) {
  if (!config.caching) return;
  const fs::path folder = config.caching_path.empty() ? rules::default_cache_folder() : fs::path(config.caching_path);
  if (!folder.empty()) add_folder(folder, rights);
}

void confine_rules(const Setting& root, const RuleConfig& detect) {
  const auto config = read_options<ConfinementConfig>(root, confinement_options());
  drop_privileges(config, root, Task::rules);
  // Rules name files of their own, which nobody knows before they are read.
  PathRights rights{.read = {"/"}, .write = {}};
  add_cache(detect, rights);
  confine_paths(config, rights);
  confine_system_calls(config, {.task = Task::rules, .sockets = false});
}

bool uses_sockets(const OutputOptions& options, const Setting& root) {
  if (!options.publish.empty()) return true;
  if (!options.eve_file.empty()) return false;  // replaces the outputs of the configuration
  for (const Setting* node : eve_sections(root)) {
    const std::string type = text_of(*node, "filetype", "regular");
    if (type != "regular" && type != "stdout") return true;
  }
  return false;
}

}  // namespace lapwing
