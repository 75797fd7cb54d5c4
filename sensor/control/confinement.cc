#include "sensor/control/confinement.h"

#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "sensor/base/log.h"

namespace lapwing {
namespace {

constexpr OptionRow<ConfinementConfig> kRows[] = {
    {"run-as.user", &ConfinementConfig::user, "",
     "user that a live sensor becomes before it opens anything; outputs, rules and keys are opened as that user"},
    {"run-as.group", &ConfinementConfig::group, "", "its group; empty: the user's own"},
    {"security.seccomp", &ConfinementConfig::seccomp, "yes",
     "refuse every system call that is not in the list of what the command needs"},
    {"security.landlock.enabled", &ConfinementConfig::landlock, "yes",
     "open only files that the configuration names, where the kernel can hold a process to that (Linux 5.19)"},
    {"security.best-effort", &ConfinementConfig::best_effort, "no",
     "go on with a warning where the process cannot be confined, instead of ending"},
    {"security.read-paths", &ConfinementConfig::read_paths, "",
     "files and folders that may be read besides those the configuration names, such as folders that reloads will "
     "name"},
    {"security.write-paths", &ConfinementConfig::write_paths, "",
     "files and folders that may be written besides those the configuration names"},
};

constexpr CounterRow<ConfinementCounters> kCounters[] = {
    {"confinement.landlock", &ConfinementCounters::landlock,
     "version of landlock that holds the process to its files; 0: none"},
    {"confinement.system_calls", &ConfinementCounters::system_calls,
     "system calls that the process may make; 0: all, without a filter"},
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // the leak checker traces its own process
#else
constexpr bool kSanitized = false;
#endif

struct Identity {
  int user = -1, group = -1;
};

Identity look_up(const ConfinementConfig& config, const Setting& root) {
  Identity out;
  if (!config.user.empty()) {
    const passwd* known = getpwnam(config.user.c_str());
    if (!known) root.find("run-as.user")->fail("there is no user '" + config.user + "'");
    out = {static_cast<int>(known->pw_uid), static_cast<int>(known->pw_gid)};
  }
  if (!config.group.empty()) {
    const group* known = getgrnam(config.group.c_str());
    if (!known) root.find("run-as.group")->fail("there is no group '" + config.group + "'");
    out.group = static_cast<int>(known->gr_gid);
  }
  return out;
}

bool same_as_now(const Identity& wanted) {
  return (wanted.user < 0 || static_cast<uid_t>(wanted.user) == geteuid()) &&
         (wanted.group < 0 || static_cast<gid_t>(wanted.group) == getegid());
}

/// Of those the process has.
std::vector<unsigned> kept_capabilities(Task task, bool dpdk) {
  switch (task) {
    case Task::run:
      // Huge pages, their physical addresses, devices of VFIO.
      if (dpdk) return {CAP_NET_RAW, CAP_NET_ADMIN, CAP_IPC_LOCK, CAP_SYS_ADMIN, CAP_SYS_RAWIO, CAP_DAC_OVERRIDE};
      return {CAP_NET_RAW};
    case Task::replay:
    case Task::rules:
      // Captures and rules may be anybody's: root goes on reading them, within the paths it is held to.
      return {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH};
    case Task::subscribe: break;
  }
  return {};
}

/// Capabilities beyond those of `kept` go, also from the bounding set where that is ours to change.
void shrink_capabilities(const ConfinementConfig& config, const Setting& root, const std::vector<unsigned>& kept,
                         const Identity& wanted) {
  std::vector<unsigned> had;
  for (unsigned capability : kept) {
    if (capng_have_capability(CAPNG_EFFECTIVE, capability)) had.push_back(capability);
  }
  // Where there is nothing to give up, a service may lack the right to say so.
  bool more = false;
  for (unsigned capability = 0; capability <= CAP_LAST_CAP; ++capability) {
    more |= capng_have_capability(CAPNG_PERMITTED, capability) && std::ranges::find(kept, capability) == kept.end();
  }
  if (!more && same_as_now(wanted)) return;
  const bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
  capng_clear(CAPNG_SELECT_BOTH);
  for (unsigned capability : had) {
    capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), capability);
  }
  if (same_as_now(wanted)) {
    if (may_bound && capng_apply(CAPNG_SELECT_BOUNDS) != 0) {
      cannot_confine(config, "the bounding set of capabilities cannot be emptied");
    }
    if (capng_apply(CAPNG_SELECT_CAPS) != 0) cannot_confine(config, "capabilities cannot be given up");
    return;
  }
  const auto flags = static_cast<capng_flags_t>(CAPNG_CLEAR_BOUNDING | (wanted.user < 0 ? 0 : CAPNG_INIT_SUPP_GRP));
  if (int error = capng_change_id(wanted.user, wanted.group, flags); error != 0) {
    root.find(config.user.empty() ? "run-as.group" : "run-as.user")
        ->fail("cannot become " + config.user + ":" + config.group + " (capng_change_id: " + std::to_string(error) +
               ")");
  }
}

}  // namespace

std::span<const OptionRow<ConfinementConfig>> confinement_options() {
  return kRows;
}

std::span<const CounterRow<ConfinementCounters>> confinement_counter_rows() {
  return kCounters;
}

void cannot_confine(const ConfinementConfig& config, const std::string& what) {
  if (!config.best_effort) {
    throw std::runtime_error("not confined: " + what + "; security.best-effort: yes goes on without");
  }
  spdlog::warn("not confined: {}", what);
}

void drop_privileges(const ConfinementConfig& config, const Setting& root, Task task, bool dpdk) {
  const Identity wanted = task == Task::run ? look_up(config, root) : Identity{};
  const bool change = !same_as_now(wanted);
  if (change && geteuid() != 0) {
    root.find(config.user.empty() ? "run-as.group" : "run-as.user")->fail("only root can become another user");
  }
  shrink_capabilities(config, root, kept_capabilities(task, dpdk), wanted);
  // The home, where caches are kept, is another user's now.
  if (const passwd* known = change && wanted.user >= 0 ? getpwuid(static_cast<uid_t>(wanted.user)) : nullptr) {
    setenv("HOME", known->pw_dir, 1);
    unsetenv("XDG_CACHE_HOME");
  }
  auto require = [&](int result, const char* what) {
    if (result != 0) cannot_confine(config, std::string(what) + ": " + std::strerror(errno));
  };
  require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "new privileges cannot be ruled out");
  // A core file would hold traffic and keys; so would the memory that another process of the same user reads.
  const rlimit none{0, 0};
  require(setrlimit(RLIMIT_CORE, &none), "core files cannot be ruled out");
  if (!kSanitized) require(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "other processes cannot be kept from this one's memory");
}

}  // namespace lapwing
