// The files that a process is held to, by landlock (landlock(7)).
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "sensor/base/descriptor.h"
#include "sensor/base/log.h"
#include "sensor/control/confinement.h"

namespace lapwing {
namespace {

// Debian 12's header ends with the second version of the interface.
constexpr uint64_t kTruncate = 1ull << 14;     // version 3
constexpr uint64_t kDeviceIoctl = 1ull << 15;  // version 5
constexpr uint64_t kScopeSignal = 1ull << 1;   // version 6: signals to processes outside
constexpr uint64_t kRefer = 1ull << 13;        // version 2
constexpr long kLeast = 2;  // before, nothing can be renamed into another folder, as a file store does

constexpr uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr uint64_t kWriteFile = LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate;
constexpr uint64_t kWrite = kRead | kWriteFile | kRefer | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                            LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                            LANDLOCK_ACCESS_FS_MAKE_SOCK;
/// All that a version knows is refused where no rule grants it: executing, devices and links to anybody.
constexpr uint64_t kAll = kWrite | kDeviceIoctl | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                          LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
/// What has a meaning for a file that is no folder.
constexpr uint64_t kOfFiles = LANDLOCK_ACCESS_FS_READ_FILE | kWriteFile | kDeviceIoctl | LANDLOCK_ACCESS_FS_EXECUTE;

/// As far as the third field, which version 6 brought; older kernels take a longer attribute whose rest is zero.
struct RulesetAttribute {
  uint64_t files, network, scopes;
};

/// What libraries read while they run: time zones, names of hosts and services, libmagic's and nss's files, the state
/// of interfaces and processors.
constexpr std::array kSystemFiles = {
    "/usr",
    "/lib",
    "/lib64",
    "/proc",
    "/sys",
    "/dev/null",
    "/dev/urandom",
    "/dev/random",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/passwd",
    "/etc/group",
    "/etc/magic",
    "/etc/magic.mime",
    "/etc/ssl/openssl.cnf",
    "/run/systemd/resolve",
};

uint64_t known_rights(long version) {
  return kAll & ~(version < 3 ? kTruncate : 0) & ~(version < 5 ? kDeviceIoctl : 0);
}

/// Empty, or what went wrong.
std::string grant(int ruleset, const std::string& path, uint64_t rights) {
  const Descriptor file(open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat info {};
  // A file that is not there, or that this user cannot reach, cannot be opened later either.
  if (file.get() < 0 || fstat(file.get(), &info) != 0) return {};
  landlock_path_beneath_attr rule{.allowed_access = S_ISDIR(info.st_mode) ? rights : rights & kOfFiles,
                                  .parent_fd = file.get()};
  if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0) return {};
  // /dev/stdout may be a pipe, which lies in no file system and needs no grant.
  if (errno == EBADFD) return {};
  return path + ": " + std::strerror(errno);
}

size_t threads_now() {
  std::error_code error;
  size_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/task", error), end; !error && it != end; it.increment(error))
    ++count;
  return count;
}

/// Empty, or what went wrong.
std::string restrict_to(const PathRights& paths, long version) {
#ifndef __SANITIZE_THREAD__
  // They would keep their rights.
  if (threads_now() > 1) return "other threads run already";
#endif
  const uint64_t known = known_rights(version);
  const RulesetAttribute attribute{known, 0, version < 6 ? 0 : kScopeSignal};
  const Descriptor ruleset(static_cast<int>(syscall(SYS_landlock_create_ruleset, &attribute, sizeof attribute, 0)));
  if (ruleset.get() < 0) return std::strerror(errno);
  std::string fault;
  auto grant_all = [&](const auto& list, uint64_t rights) {
    for (const auto& path : list) {
      if (fault.empty()) fault = grant(ruleset.get(), path, rights & known);
    }
  };
  grant_all(kSystemFiles, kRead);
  grant_all(std::array{"/dev/null"}, kRead | kWriteFile);
  grant_all(paths.read, kRead);
  grant_all(paths.write, kWrite);
  if (!fault.empty()) return fault;
  return syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0 ? "" : std::strerror(errno);
}

}  // namespace

uint64_t confine_paths(const ConfinementConfig& config, const PathRights& paths) {
  if (!config.landlock) return 0;
  const long version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  const bool absent = version < 0 && (errno == ENOSYS || errno == EOPNOTSUPP);
  if (absent || (version >= 0 && version < kLeast)) {
    spdlog::warn("this kernel has no landlock (Linux 5.19): what may be opened is left to permissions");
    return 0;
  }
  const std::string fault = version < 0 ? std::strerror(errno) : restrict_to(paths, version);
  if (fault.empty()) return static_cast<uint64_t>(version);
  cannot_confine(config, "landlock: " + fault);
  return 0;
}

}  // namespace lapwing
