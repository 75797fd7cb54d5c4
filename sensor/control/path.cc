#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "sensor/control/control.h"

namespace lapwing {
namespace {

constexpr NamedValue kModes[] = {{"0660", 0660}, {"0600", 0600}};

constexpr OptionRow<ControlConfig> kRows[] = {
    {"control.enabled", &ControlConfig::enabled, "yes",
     "listen for commands (lapwing reload, stats, status; Suricata's suricatasc)"},
    {"control.socket", &ControlConfig::socket, "",
     "path of the unix socket; empty: lapwing.sock in $RUNTIME_DIRECTORY, /run/lapwing or $XDG_RUNTIME_DIR"},
    {"control.mode", one_of<&ControlConfig::mode>(kModes), "0660",
     "who may give commands: owner and group, or the owner alone"},
};

constexpr CounterRow<ControlCounters> kCounters[] = {
    {"control.clients", &ControlCounters::clients, "connections to the control socket"},
    {"control.requests", &ControlCounters::requests, "commands taken from the control socket"},
    {"control.bad_requests", &ControlCounters::bad_requests, "lines on the control socket that are no command"},
    {"control.clients_max", &ControlCounters::clients_max, "connections refused: 16 others were open"},
    {"control.line_max", &ControlCounters::line_max, "connections closed: a line of more than 4,096 bytes"},
    {"control.idle_max", &ControlCounters::idle_max, "connections closed after a minute of silence"},
    {"control.accept_failed", &ControlCounters::accept_failed, "connections lost for want of descriptors or memory"},
};

}  // namespace

std::span<const OptionRow<ControlConfig>> control_options() {
  return kRows;
}

std::span<const CounterRow<ControlCounters>> control_counter_rows() {
  return kCounters;
}

std::vector<std::string> default_control_paths() {
  std::vector<std::string> out;
  // systemd lists several folders with colons; the first is the service's own.
  if (const char* folders = std::getenv("RUNTIME_DIRECTORY")) {
    const std::string text = folders;
    if (auto first = text.substr(0, text.find(':')); !first.empty()) out.push_back(first + "/lapwing.sock");
  }
  out.emplace_back("/run/lapwing/lapwing.sock");
  if (const char* folder = std::getenv("XDG_RUNTIME_DIR"); folder && *folder) {
    out.push_back(std::string(folder) + "/lapwing.sock");
  }
  return out;
}

std::string own_control_path() {
  for (const std::string& path : default_control_paths()) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error && access(folder.c_str(), W_OK | X_OK) == 0) return path;
  }
  return {};
}

}  // namespace lapwing
