// The system calls that are allowed.
//
// What is not in the list gets an error, not death: a library that probes for a call nobody thought of goes on without
// it, where a sensor that dies would be blind. The kernel logs each refusal (audit type 1326, with the number of the
// call).
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "sensor/base/text.h"
#include "sensor/control/confinement.h"

namespace lapwing {
namespace {

// Names with blanks between; those that an architecture lacks are passed over.
constexpr std::string_view kAlways =
    // memory
    "brk munmap mremap madvise membarrier mlock munlock "
    // threads and time
    "futex futex_time64 rseq set_robust_list get_robust_list sched_yield sched_getaffinity sched_setaffinity "
    "sched_getparam sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min "
    "getpriority setpriority getcpu gettid getpid exit exit_group restart_syscall nanosleep clock_nanosleep "
    "clock_gettime clock_getres gettimeofday time "
    // signals to itself
    "rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait rt_sigpending sigaltstack pause "
    // who and where it is
    "getuid geteuid getgid getegid getrandom uname sysinfo getrusage getrlimit times "
    // descriptors
    "read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 lseek _llseek close close_range "
    "fstat fstat64 fcntl fcntl64 dup dup2 dup3 pipe pipe2 eventfd2 poll ppoll select pselect6 epoll_create "
    "epoll_create1 epoll_ctl epoll_wait epoll_pwait "
    // files, as far as landlock lets
    "open openat openat2 stat lstat stat64 lstat64 newfstatat fstatat64 statx access faccessat faccessat2 "
    "readlink readlinkat getdents getdents64 getcwd statfs fstatfs statfs64 fstatfs64 fadvise64 readahead";
constexpr std::string_view kWriting =
    "ftruncate ftruncate64 truncate fallocate fsync fdatasync sync_file_range rename renameat renameat2 unlink "
    "unlinkat mkdir mkdirat rmdir chmod fchmod fchmodat flock umask utimensat sendfile copy_file_range";
constexpr std::string_view kSockets =
    "bind listen accept accept4 connect shutdown getsockname getpeername getsockopt setsockopt sendto sendmsg "
    "sendmmsg recvfrom recvmsg recvmmsg socketpair timerfd_create timerfd_settime";
/// Drivers in user space: huge pages, their addresses, interrupts.
constexpr std::string_view kDpdk =
    "ioctl mlockall memfd_create mbind get_mempolicy set_mempolicy move_pages timerfd_create "
    "timerfd_settime timerfd_gettime signalfd4 inotify_init1 inotify_add_watch inotify_rm_watch prlimit64 "
    "setrlimit mprotect mmap prctl socket";

constexpr scmp_datum_t kSocketTypes = 0xf;  // without SOCK_CLOEXEC and SOCK_NONBLOCK
/// Requests of ioctl: whether a descriptor is a terminal and how wide, what can be read, whether to wait.
constexpr unsigned long kDescriptorRequests[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO};
/// Of libpcap, and of the watch for interfaces that go: no request that changes an interface.
constexpr unsigned long kInterfaceRequests[] = {SIOCGIFINDEX, SIOCGIFFLAGS,  SIOCGIFMTU,    SIOCGIFHWADDR,
                                                SIOCGIFNAME,  SIOCGIFCONF,   SIOCGIFADDR,   SIOCGSTAMP,
                                                SIOCETHTOOL,  SIOCGIFTXQLEN, SIOCGIFNETMASK};

constexpr scmp_datum_t number(int value) {
  return static_cast<scmp_datum_t>(value);
}

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};

/// A filter in the making; the first error stays.
class Filter {
 public:
  explicit Filter(uint32_t otherwise) : filter_(seccomp_init(otherwise)), error_(filter_ ? 0 : -ENOMEM) {
    set(SCMP_FLTATR_CTL_TSYNC, 1);
  }

  void set(scmp_filter_attr attribute, uint32_t value) {
    if (error_ == 0) error_ = seccomp_attr_set(filter_.get(), attribute, value);
  }
  void allow_all(std::string_view names) {
    for (std::string_view name : split(names, ' ')) allow(name);
  }
  /// With `conditions`, only calls of which all hold; another row for the same call is another way to be allowed.
  void allow(std::string_view name, std::initializer_list<scmp_arg_cmp> conditions = {}) {
    const int number = seccomp_syscall_resolve_name(std::string(name).c_str());
    if (number == __NR_SCMP_ERROR || error_ != 0) return;
    allowed_.insert(number);
    error_ = seccomp_rule_add_array(filter_.get(), SCMP_ACT_ALLOW, number, static_cast<unsigned>(conditions.size()),
                                    conditions.begin());
  }
  void refuse(int number, uint32_t action) {
    if (error_ == 0) error_ = seccomp_rule_add(filter_.get(), action, number, 0);
  }
  /// 0, or a negative error number.
  int load() {
    if (error_ == 0) error_ = seccomp_load(filter_.get());
    return error_;
  }
  size_t allowed() const { return allowed_.size(); }

 private:
  std::unique_ptr<void, Release> filter_;
  int error_;
  std::set<int> allowed_;
};

void allow_memory(Filter& filter, const CallRights& rights) {
  // PCRE2 compiles expressions to machine code: where rules are read, memory may become executable.
  const bool compiles = rights.task == Task::run || rights.task == Task::rules;
  for (std::string_view name : {"mmap", "mmap2", "mprotect"}) {
    if (compiles) {
      filter.allow(name);
    } else {
      filter.allow(name, {SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
    }
  }
}

void allow_by_argument(Filter& filter, const CallRights& rights) {
  // Threads are made, processes are not.
  filter.allow("clone", {SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)});
  const scmp_datum_t self = number(getpid());
  filter.allow("tgkill", {SCMP_A0(SCMP_CMP_EQ, self)});
  filter.allow("kill", {SCMP_A0(SCMP_CMP_EQ, self)});
  for (int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA}) {
    filter.allow("prctl", {SCMP_A0(SCMP_CMP_EQ, number(option))});
  }
  // Limits are read, not set.
  filter.allow("prlimit64", {SCMP_A2(SCMP_CMP_EQ, 0)});
  for (unsigned long request : kDescriptorRequests) filter.allow("ioctl", {SCMP_A1(SCMP_CMP_EQ, request)});
  if (rights.task == Task::run) {
    for (unsigned long request : kInterfaceRequests) filter.allow("ioctl", {SCMP_A1(SCMP_CMP_EQ, request)});
    filter.allow("socket", {SCMP_A0(SCMP_CMP_EQ, AF_PACKET)});
  }
}

}  // namespace

uint64_t confine_system_calls(const ConfinementConfig& config, const CallRights& rights) {
  if (!config.seccomp) return 0;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // The leak checker traces its own process.
  return 0;
#endif
  const bool sockets = rights.sockets || rights.task == Task::run || rights.task == Task::subscribe;
  Filter filter(SCMP_ACT_ERRNO(EPERM));
  filter.set(SCMP_FLTATR_CTL_LOG, 1);
  filter.allow_all(kAlways);
  filter.allow_all(kWriting);
  if (rights.dpdk) filter.allow_all(kDpdk);
  allow_memory(filter, rights);
  allow_by_argument(filter, rights);
  if (sockets) {
    filter.allow_all(kSockets);
    for (int family : {AF_UNIX, AF_NETLINK}) filter.allow("socket", {SCMP_A0(SCMP_CMP_EQ, number(family))});
    // No raw ones: nothing is to be sent in another's name.
    for (int family : {AF_INET, AF_INET6}) {
      for (int type : {SOCK_STREAM, SOCK_DGRAM}) {
        filter.allow("socket",
                     {SCMP_A0(SCMP_CMP_EQ, number(family)), SCMP_A1(SCMP_CMP_MASKED_EQ, kSocketTypes, number(type))});
      }
    }
  }
  filter.allow("clone3");
  // The flags of clone3 lie in memory, where no filter can look: without it the C library falls back to clone. In a
  // filter of its own, since each new thread would else be logged.
  Filter threads(SCMP_ACT_ALLOW);
  threads.refuse(SCMP_SYS(clone3), SCMP_ACT_ERRNO(ENOSYS));
  int error = threads.load();
  // A second filter is loaded by a call of the kernel that the first allows.
  if (error == 0) error = filter.load();
  if (error == 0) return filter.allowed() - 1;
  cannot_confine(config, std::string("no filter of system calls: ") + std::strerror(-error));
  return 0;
}

}  // namespace lapwing
