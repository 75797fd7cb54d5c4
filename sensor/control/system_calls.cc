// The system calls that are refused.
#include <sched.h>
#include <seccomp.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "sensor/base/log.h"
#include "sensor/control/confinement.h"

namespace lapwing {
namespace {

/// What a hostile packet that took over a parser would want next: other programs, other processes, other identities, the
/// kernel. Names that an architecture lacks are passed over.
constexpr std::string_view kRefused[] = {
    // programs and processes
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd",
    // identities and rights
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid", "capset",
    "personality", "keyctl", "add_key", "request_key",
    // file systems and namespaces
    "mount", "umount", "umount2", "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig", "fspick", "mount_setattr",
    "pivot_root", "chroot", "unshare", "setns", "mknod", "mknodat", "swapon", "swapoff", "quotactl", "acct",
    "open_by_handle_at", "name_to_handle_at", "fanotify_init",
    // the kernel
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf", "perf_event_open",
    "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "iopl", "ioperm", "modify_ldt", "vm86",
    "vm86old", "reboot", "syslog", "lookup_dcookie", "uselib", "settimeofday", "clock_settime", "clock_adjtime",
    "adjtimex", "sethostname", "setdomainname", "vhangup",
};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

}  // namespace

std::span<const std::string_view> refused_system_calls() {
  return kRefused;
}

void refuse_system_calls(const ConfinementConfig& config) {
  if (!config.seccomp) return;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // The leak checker traces its own process.
  return;
#endif
  const std::unique_ptr<void, Release> filter(seccomp_init(SCMP_ACT_ALLOW));
  int error = filter ? seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1) : -ENOMEM;
  for (std::string_view name : kRefused) {
    const int number = seccomp_syscall_resolve_name(std::string(name).c_str());
    if (number == __NR_SCMP_ERROR || error != 0) continue;
    error = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), number, 0);
  }
  // Threads are made, processes are not. The flags of clone3 lie in memory, where no filter can look: without it the C
  // library falls back to clone.
  if (error == 0) {
    error = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                             SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  }
  if (error == 0) error = seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  if (error == 0) error = seccomp_load(filter.get());
  if (error != 0) spdlog::warn("no system call filter: {}", std::strerror(-error));
}

}  // namespace lapwing
