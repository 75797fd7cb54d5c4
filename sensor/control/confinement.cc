#include "sensor/control/confinement.h"

#include <cap-ng.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sensor/base/log.h"

namespace lapwing {
namespace {

constexpr OptionRow<ConfinementConfig> kRows[] = {
    {"run-as.user", &ConfinementConfig::user, "",
     "user that a live sensor becomes before it opens anything; outputs, rules and keys are opened as that user"},
    {"run-as.group", &ConfinementConfig::group, "", "its group; empty: the user's own"},
    {"security.seccomp", &ConfinementConfig::seccomp, "yes",
     "refuse system calls that a sensor never makes, such as running programs"},
};

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

}  // namespace

std::span<const OptionRow<ConfinementConfig>> confinement_options() {
  return kRows;
}

void drop_privileges(const ConfinementConfig& config, const Setting& root) {
  const Identity wanted = look_up(config, root);
  const bool raw = capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) != 0;
  const bool change = !same_as_now(wanted);
  if (change && geteuid() != 0) {
    root.find(config.user.empty() ? "run-as.group" : "run-as.user")->fail("only root can become another user");
  }
  capng_clear(CAPNG_SELECT_BOTH);
  if (raw) capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_NET_RAW);
  if (change) {
    const auto flags = static_cast<capng_flags_t>(CAPNG_CLEAR_BOUNDING | (wanted.user < 0 ? 0 : CAPNG_INIT_SUPP_GRP));
    if (int error = capng_change_id(wanted.user, wanted.group, flags); error != 0) {
      root.find(config.user.empty() ? "run-as.group" : "run-as.user")
          ->fail("cannot become " + config.user + ":" + config.group + " (capng_change_id: " + std::to_string(error) +
                 ")");
    }
    // The home, where caches are kept, is another user's now.
    if (const passwd* known = wanted.user < 0 ? nullptr : getpwuid(static_cast<uid_t>(wanted.user))) {
      setenv("HOME", known->pw_dir, 1);
      unsetenv("XDG_CACHE_HOME");
    }
  } else if (geteuid() != 0 && capng_apply(CAPNG_SELECT_CAPS) != 0) {
    spdlog::warn("capabilities beyond CAP_NET_RAW cannot be given up");
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) spdlog::warn("new privileges cannot be ruled out");
  // A core file would hold traffic and keys, and after the change the kernel writes none unless told.
  if (change) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace lapwing
