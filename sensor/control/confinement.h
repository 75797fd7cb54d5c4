// Confinement: what a process that looks at traffic gives up of the rights it was started with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/base/setting.h"

namespace lapwing {

/// [S] Keys "run-as.*" and "security.*".
struct ConfinementConfig {
  std::string user, group;
  bool seccomp = true, landlock = true, best_effort = false;
  std::vector<std::string> read_paths, write_paths;
};
std::span<const OptionRow<ConfinementConfig>> confinement_options();

/// What a process is there for. Its system calls and capabilities follow from that.
enum class Task : uint8_t { run, replay, rules, subscribe };

/// Files, and folders with all below them. What is not there when the process is confined is passed over.
struct PathRights {
  std::vector<std::string> read;
  std::vector<std::string> write;  // and make, rename and remove
};

struct ConfinementCounters {
  uint64_t landlock = 0;      // version of the kernel's interface, 0: not confined to paths
  uint64_t system_calls = 0;  // in the allow list, 0: not filtered
};
std::span<const CounterRow<ConfinementCounters>> confinement_counter_rows();

/// Gives up the capabilities that `task` does not need, and forbids new ones, core files and the eyes of other
/// processes. `run` first becomes the user and group asked for, and keeps CAP_NET_RAW, which interfaces are opened
/// with, also those that come back later; with `dpdk` also what drivers in user space need. Before anything is opened,
/// and before there is a second thread. Throws SettingError, where `root` has the user, when that user is not known or
/// cannot be become, and std::runtime_error when a right cannot be given up.
void drop_privileges(const ConfinementConfig& config, const Setting& root, Task task, bool dpdk = false);

/// From now on nothing but `paths` and what the C library reads can be opened, made, renamed or removed; nothing can be
/// executed. For threads to come: before there is a second one. Returns the version of the kernel's interface; 0, with
/// a warning, on a kernel without. Throws std::runtime_error when it fails, or other threads run already.
uint64_t confine_paths(const ConfinementConfig& config, const PathRights& paths);

/// What a filter of system calls lets through besides a task's own.
struct CallRights {
  Task task = Task::run;
  bool sockets = true;  // records leave by a socket
  bool dpdk = false;
};
/// Every other system call is refused (EPERM) to every thread of the process, those that exist and those to come. Once
/// all is opened. Returns how many are allowed, 0 without a filter. Throws std::runtime_error when that fails.
uint64_t confine_system_calls(const ConfinementConfig& config, const CallRights& rights);

/// Throws std::runtime_error with `what`, or with security.best-effort warns and returns.
void cannot_confine(const ConfinementConfig& config, const std::string& what);

}  // namespace lapwing
