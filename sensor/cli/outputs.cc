#include "sensor/cli/outputs.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "export/selection.h"
#include "sensor/base/text.h"

namespace lapwing {
namespace {

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

}  // namespace

std::string log_folder(const OutputOptions& options, const Setting& root) {
  if (!options.eve_file.empty() && options.eve_file != "-") {
    return std::filesystem::path(options.eve_file).parent_path().string();
  }
  const Setting* folder = root.find("default-log-dir");
  return folder ? folder->as_text() : "";
}

std::vector<std::unique_ptr<Exporter>> make_exporters(const OutputOptions& options, const Setting& root,
                                                      const SensorConfig& config, bool replay) {
  ExportContext context{.topics = config.eve->topics(), .lossless = replay};
  if (const Setting* name = root.find("sensor-name")) context.sensor = name->as_text();
  auto now = std::chrono::system_clock::now().time_since_epoch();
  context.epoch = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  std::vector<std::unique_ptr<Exporter>> out;
  auto add = [&](const std::string& filetype, const Setting& node) {
    out.push_back(row_of(filetype, node).create(node, context));
  };
  if (config.file_store.enabled) out.push_back(create_file_store(config.file_store, log_folder(options, root)));
  const size_t stores = out.size();
  if (options.eve_file == "-") add("stdout", *section({}));
  if (!options.eve_file.empty() && options.eve_file != "-") {
    add("regular", *section({{"filename", options.eve_file}, {"append", replay ? "no" : "yes"}}));
  }
  if (!options.publish.empty()) {
    std::string list;
    for (const std::string& endpoint : options.publish) list += (list.empty() ? "" : ",") + endpoint;
    add("zmq", *section({{"endpoints", list}, {"insecure", options.insecure ? "yes" : "no"}}));
  }
  const Setting* outputs = root.find("outputs");
  if (out.size() > stores || !outputs) {
    if (outputs) outputs->use_all();
    return out;
  }
  for (const Setting* node : eve_sections(root)) {
    const Setting* filetype = node->find("filetype");
    add(filetype ? filetype->as_text() : "regular", *node);
    std::vector<bool> wanted = config.eve->selection(*node);
    if (!wanted.empty()) out.back() = select_types(std::move(out.back()), std::move(wanted));
  }
  return out;
}

}  // namespace lapwing
