#include "sensor/cli/outputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "analytics/frame/snapshot.h"
#include "export/eve/recorder.h"
#include "export/outputs/selection.h"
#include "sensor/base/log.h"
#include "sensor/base/text.h"
#include "sensor/base/writable.h"
#include "sensor/capture/capture_file.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;

/// What a file is, under whatever name.
using Identity = std::pair<dev_t, ino_t>;

std::optional<Identity> identity_of(const std::string& path, int standard) {
  struct stat status {};
  if ((path == "-" ? fstat(standard, &status) : stat(path.c_str(), &status)) != 0) return std::nullopt;
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return Identity{status.st_dev, status.st_ino};
}

std::set<Identity> identities_of(const std::vector<std::string>& inputs) {
  std::set<Identity> out;
  auto add = [&](const std::string& path) {
    if (const auto file = identity_of(path, STDIN_FILENO)) out.insert(*file);
  };
  for (const std::string& path : inputs) {
    add(path);
    std::error_code error;
    if (path == "-" || !fs::is_directory(path, error)) continue;
    for (fs::recursive_directory_iterator it(path, fs::directory_options::skip_permission_denied, error), end;
         !error && it != end; it.increment(error)) {
      // Others are passed over: records beside the captures, say.
      std::error_code none;
      const std::string inside = it->path().string();
      if (it->path().extension() == ".rules" || (it->is_regular_file(none) && is_capture(inside))) add(inside);
    }
  }
  return out;
}

/// Why `path` is none for a file of records; empty where it is one.
std::string fault_of_path(const std::string& path) {
  if (path.empty()) return "a file name is missing, or - for standard output";
  if (path != "-" && path.starts_with('-')) return "'" + path + "' looks like an option; a file is ./" + path;
  return "";
}

void set_member(Setting& node, std::unique_ptr<Setting> member) {
  std::erase_if(node.children, [&](const auto& child) { return child->key == member->key; });
  node.kind = Setting::Kind::map;
  node.children.push_back(std::move(member));
}

std::unique_ptr<Setting> copy_of(const Setting& from) {
  auto out = std::make_unique<Setting>();
  out->kind = from.kind;
  out->mark = from.mark;
  out->key = from.key;
  out->scalar = from.scalar;
  for (const auto& child : from.children) out->children.push_back(copy_of(*child));
  return out;
}

/// An eve-log section with the given members, as a file would have it.
std::unique_ptr<Setting> section(std::initializer_list<std::pair<std::string_view, std::string>> members) {
  auto node = std::make_unique<Setting>();
  node->mark.file = "command line";
  for (const auto& [key, value] : members) {
    Setting& member = node->make(key);
    member.kind = Setting::Kind::scalar;
    member.scalar = value;
    member.mark.file = "command line";
  }
  return node;
}

const ExporterRow& row_of(const std::string& filetype, const Setting& node) {
  std::string list;
  for (const ExporterRow& row : exporters()) {
    if (row.name == filetype) return row;
    list += (list.empty() ? "" : ", ") + std::string(row.name);
  }
  node.fail("filetype '" + filetype + "' is not there; there are " + list);
}

/// `outputs.FILETYPE.KEY` is for outputs of that type which the command line names. A key that the type does not have
/// is a mistake wherever records go.
const Setting* options_of_type(const ExporterRow& row, const Setting& root) {
  const Setting* given = root.find("outputs." + std::string(row.name));
  if (!given || given->kind == Setting::Kind::null) return nullptr;
  const std::vector<OptionInfo> known = row.options ? row.options() : std::vector<OptionInfo>{};
  for (const auto& child : given->children) {
    auto same = [&](const OptionInfo& option) {
      return option.key == child->key || option.key.starts_with(child->key + ".");
    };
    if (std::ranges::none_of(known, same)) {
      throw SettingError(child->mark, "outputs." + std::string(row.name) + "." + child->key + ": unknown key");
    }
  }
  given->use_all();
  return given;
}

/// Outputs of the configuration that the command line stands in for. What their sections ask of records holds all the
/// same, and is read by whoever knows it.
void pass_over(const Setting& outputs) {
  for (const auto& output : outputs.children) {
    for (const auto& section : output->children) {
      if (section->key != "eve-log") section->use_all();
      for (const auto& option : section->children) {
        if (option->key != "types") option->use_all();
      }
    }
  }
}

}  // namespace

void OutputOptions::add_to(CLI::App& command) {
  command.add_option("--eve", eve_file, "write records to this file, or - for standard output")
      ->check(CLI::Validator([](std::string& path) { return fault_of_path(path); }, ""));
  command.add_option("--records", records, "only these record types")->delimiter(',');
  auto* to = command.add_option("--publish", publish, "publish over ZeroMQ at this endpoint: ipc://PATH")->take_all();
  command.add_flag("--insecure", insecure, "let --publish use tcp, where whoever connects reads")->needs(to);
}

bool OutputOptions::name(std::string_view filetype) const {
  if (filetype == "zmq") return !publish.empty();
  return !eve_file.empty() && filetype == (eve_file == "-" ? "stdout" : "regular");
}

void check_outputs(const OutputOptions& options, const Setting& root, const std::vector<std::string>& inputs) {
  const std::set<Identity> read = identities_of(inputs);
  auto is_read = [&](const std::string& path) {
    const auto file = identity_of(path, STDOUT_FILENO);
    return file && read.count(*file);
  };
  const std::string why = " is a file that is read, and records would destroy it";
  if (is_read(options.eve_file)) throw SettingError({"command line"}, options.eve_file + why);
  if (!options.eve_file.empty() || !options.publish.empty()) return;
  for (const Setting* node : eve_sections(root)) {
    const Setting* type = node->find("filetype");
    const Setting* name = node->find("filename");
    const Setting* folder = node->find("default-log-dir");
    if ((type && type->as_text() != "regular") || !name) continue;
    const std::string path = fs::path(folder ? folder->as_text() : "") / name->as_text();
    if (is_read(path)) name->fail(path + why);
  }
}

void check_state(const std::string& path, const Setting* where, const std::vector<std::string>& inputs) {
  if (path.empty()) return;
  const SourceMark mark = where ? where->mark : SourceMark{"--state"};
  const auto file = identity_of(path, -1);
  if (file && identities_of(inputs).count(*file)) {
    throw SettingError(mark, path + " is a file that is read, and what was learned would destroy it");
  }
  const fs::path folder = fs::path(path).parent_path();
  std::error_code error;
  if (!folder.empty() && !fs::is_directory(folder, error)) {
    throw SettingError(mark, "there is no folder " + folder.string() + " for " + path);
  }
  if (analytics::SnapshotFile(path).foreign()) {
    throw SettingError(mark, path + " is no state of Lapwing, and would be written over");
  }
  if (const int fault = fault_of_making(path)) {
    throw SettingError(mark, path + " cannot be written: " + std::strerror(fault));
  }
}

std::string log_folder(const OutputOptions& options, const Setting& root) {
  const Setting* folder = root.find("default-log-dir");
  if (!options.eve_file.empty() && options.eve_file != "-") {
    return fs::path(options.eve_file).parent_path().string();
  }
  return folder ? folder->as_text() : "";
}

std::vector<std::unique_ptr<Exporter>> make_exporters(const OutputOptions& options, const Setting& root,
                                                      const SensorConfig& config, OutputUse use) {
  const bool replay = use == OutputUse::replay, trial = use == OutputUse::trial;
  ExportContext context{.topics = config.eve->topics(), .lossless = replay, .trial = trial};
  if (const Setting* name = root.find("sensor-name")) context.sensor = name->as_text();
  auto now = std::chrono::system_clock::now().time_since_epoch();
  context.epoch = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  std::vector<std::unique_ptr<Exporter>> out;
  auto add = [&](const std::string& filetype, const Setting& node) {
    out.push_back(row_of(filetype, node).create(node, context));
  };
  const std::string folder = log_folder(options, root);  // read in any case: the key is no mistake without a file store
  if (config.file_store.enabled) out.push_back(create_file_store(config.file_store, folder, trial));
  const size_t stores = out.size();
  auto add_named = [&](const std::string& filetype, std::unique_ptr<Setting> own) {
    const Setting* given = options_of_type(row_of(filetype, *own), root);
    auto node = given ? copy_of(*given) : std::make_unique<Setting>();
    node->mark = own->mark;
    for (auto& child : own->children) set_member(*node, std::move(child));
    add(filetype, *node);
  };
  for (const char* type : {"regular", "stdout", "zmq"}) {
    if (options_of_type(row_of(type, root), root) && !options.name(type)) {
      spdlog::warn("outputs.{}: no output of the command line is of this type", type);
    }
  }
  if (options.name("stdout")) add_named("stdout", section({}));
  if (options.name("regular")) {
    add_named("regular", section({{"filename", options.eve_file}, {"append", replay ? "no" : "yes"}}));
  }
  if (!options.publish.empty()) {
    std::string list;
    for (const std::string& endpoint : options.publish) list += (list.empty() ? "" : ",") + endpoint;
    add_named("zmq",
              options.insecure ? section({{"endpoints", list}, {"insecure", "yes"}}) : section({{"endpoints", list}}));
  }
  const Setting* outputs = root.find("outputs");
  if (out.size() > stores || !outputs) {
    if (outputs) pass_over(*outputs);
    if (trial) out.clear();
    return out;
  }
  for (const Setting* node : eve_sections(root)) {
    const Setting* filetype = node->find("filetype");
    add(filetype ? filetype->as_text() : "regular", *node);
    std::vector<bool> wanted = config.eve->selection(*node);
    if (!wanted.empty() && !trial) out.back() = select_types(std::move(out.back()), std::move(wanted));
  }
  if (trial) out.clear();
  return out;
}

}  // namespace lapwing
