// What a confined process is refused, and what it can still do. Each case in a process of its own: there is no way
// back.
#include "sensor/control/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

namespace lapwing {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kFiltered = false;  // sanitizers trace their own process
#else
constexpr bool kFiltered = true;
#endif

/// The exit status of a child that runs `body`.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string status_line(const std::string& key) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) return line.substr(line.find_first_not_of(" \t", key.size() + 1));
  }
  return {};
}

bool refused(long result) {
  return result == -1 && errno == EPERM;
}

/// A filter for `task`, and whether the attempt was refused: 0, 1 where it was let through.
int refused_to(Task task, const std::function<bool()>& attempt) {
  return in_child([&] {
    confine_system_calls({}, {.task = task, .sockets = false});
    return attempt() ? 0 : 1;
  });
}

constexpr Task kTasks[] = {Task::run, Task::replay, Task::rules, Task::subscribe};

TEST(SystemCalls, OfTakeoversAreRefused) {
  if (!kFiltered) GTEST_SKIP() << "no filter under a sanitizer";
  const struct {
    const char* name;
    std::function<bool()> attempt;
  } kAttempts[] = {
      {"execve", [] { return refused(execl("/bin/true", "true", nullptr)); }},
      {"fork", [] { return refused(fork()); }},
      {"vfork", [] { return refused(syscall(SYS_vfork)); }},
      {"clone3", [] { return syscall(SYS_clone3, nullptr, 0) == -1 && errno == ENOSYS; }},
      {"ptrace", [] { return refused(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
      {"mount", [] { return refused(mount("none", "/tmp", "tmpfs", 0, nullptr)); }},
      {"unshare", [] { return refused(unshare(CLONE_NEWUSER)); }},
      {"setuid", [] { return refused(setuid(getuid())); }},
      {"bpf", [] { return refused(syscall(SYS_bpf, 0, nullptr, 0)); }},
      {"io_uring_setup", [] { return refused(syscall(SYS_io_uring_setup, 1, nullptr)); }},
      {"memfd_create", [] { return refused(syscall(SYS_memfd_create, "x", 0)); }},
      {"process_vm_readv", [] { return refused(syscall(SYS_process_vm_readv, getppid(), nullptr, 0, nullptr, 0, 0)); }},
      {"kill of another", [] { return refused(kill(getppid(), 0)); }},
      {"prctl", [] { return refused(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)); }},
      {"setting limits",
       [] {
         const rlimit none{0, 0};
         return refused(setrlimit(RLIMIT_NOFILE, &none));
       }},
      {"ioctl of a terminal", [] { return refused(ioctl(0, TIOCSTI, "x")); }},
      {"raw socket", [] { return refused(socket(AF_INET, SOCK_RAW, IPPROTO_TCP)); }},
      {"kernel crypto", [] { return refused(socket(AF_ALG, SOCK_SEQPACKET, 0)); }},
      {"a number beyond all", [] { return refused(syscall(100000)); }},
  };
  for (Task task : kTasks) {
    for (const auto& attempt : kAttempts) {
      EXPECT_EQ(refused_to(task, attempt.attempt), 0) << attempt.name << " of task " << static_cast<int>(task);
    }
  }
}

TEST(SystemCalls, OfOtherTasksAreRefused) {
  if (!kFiltered) GTEST_SKIP() << "no filter under a sanitizer";
  auto packets = [] { return refused(socket(AF_PACKET, SOCK_RAW, 0)); };
  auto connections = [] { return refused(socket(AF_INET, SOCK_STREAM, 0)); };
  auto code = [] {
    return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
           errno == EPERM;
  };
  EXPECT_EQ(refused_to(Task::replay, packets), 0);
  EXPECT_EQ(refused_to(Task::subscribe, packets), 0);
  EXPECT_EQ(refused_to(Task::replay, connections), 0);
  EXPECT_EQ(refused_to(Task::rules, connections), 0);
  EXPECT_EQ(refused_to(Task::replay, code), 0);
  EXPECT_EQ(refused_to(Task::subscribe, code), 0);
  EXPECT_EQ(refused_to(Task::run, code), 1) << "new rules bring expressions to compile";
}

TEST(SystemCalls, OfASensorAreNot) {
  EXPECT_EQ(in_child([] {
              confine_system_calls({}, {.task = Task::run});
              int sum = 0;
              std::thread thread([&] { sum += 1; });
              thread.join();
              if (sum != 1) return 1;
              if (open("/dev/null", O_WRONLY) < 0) return 2;
              if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0) return 3;
              if (socket(AF_PACKET, SOCK_RAW, 0) < 0 && geteuid() == 0) return 4;
              return isatty(0) || errno != EPERM ? 0 : 5;
            }),
            0);
}

TEST(SystemCalls, OfDriversAreAllowedWithPorts) {
  EXPECT_EQ(in_child([] {
              if (kFiltered && confine_system_calls({}, {.task = Task::run, .dpdk = true}) == 0) return 1;
              return syscall(SYS_memfd_create, "x", 0) < 0 ? 2 : 0;
            }),
            0);
}

TEST(SystemCalls, AreRefusedToThreadsThatRanBefore) {
  if (!kFiltered) GTEST_SKIP() << "no filter under a sanitizer";
  EXPECT_EQ(in_child([] {
              int go[2], result = 1;
              if (pipe(go) != 0) return 2;
              std::thread thread([&] {
                char c;
                if (read(go[0], &c, 1) == 1) result = refused(fork()) ? 0 : 1;
              });
              confine_system_calls({}, {.task = Task::run});
              if (write(go[1], "x", 1) != 1) return 3;
              thread.join();
              return result;
            }),
            0);
}

TEST(SystemCalls, AreLeftAloneWhenNotAskedFor) {
  EXPECT_EQ(in_child([] {
              confine_system_calls({.user = {}, .group = {}, .seccomp = false}, {.task = Task::run});
              return refused(setuid(getuid())) ? 1 : 0;
            }),
            0);
}

TEST(SystemCalls, WithoutAFilterEndTheStartUnlessTheBestEffortWillDo) {
  if (!kFiltered) GTEST_SKIP() << "no filter under a sanitizer";
  auto under_a_filter = [](bool best_effort) {
    return in_child([&] {
      confine_system_calls({}, {.task = Task::run});  // which refuses a further one
      try {
        return confine_system_calls({.user = {}, .group = {}, .best_effort = best_effort}, {.task = Task::run}) == 0
                   ? 0
                   : 2;
      } catch (const std::runtime_error&) {
        return 1;
      }
    });
  };
  EXPECT_EQ(under_a_filter(false), 1);
  EXPECT_EQ(under_a_filter(true), 0);
}

/// A folder of its own, with "in" and "out" in it.
class Paths : public testing::Test {
 protected:
  void SetUp() override {
    if (syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 2)
      GTEST_SKIP() << "this kernel has no landlock";
    char name[] = "/tmp/lapwing-paths-XXXXXX";
    folder_ = mkdtemp(name);
    for (const char* part : {"in", "out", "out/a", "out/b", "elsewhere"}) std::filesystem::create_directory(path(part));
    for (const char* part : {"in/rules", "elsewhere/secret"}) std::ofstream(path(part)) << "text";
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  /// The exit status of a child that is held to "in" and "out".
  int confined(const std::function<int()>& body) const {
    return in_child([&] {
      confine_paths({}, {.read = {path("in"), path("not-there")}, .write = {path("out")}});
      return body();
    });
  }
  static bool denied(int descriptor) { return descriptor < 0 && errno == EACCES; }

  std::string folder_;
};

TEST_F(Paths, GrantedAreReadAndWritten) {
  EXPECT_EQ(confined([&] {
              if (open(path("in/rules").c_str(), O_RDONLY) < 0) return 1;
              const int file = open(path("out/a/record").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
              if (file < 0) return 2;
              // As a file store gives a file its place.
              if (rename(path("out/a/record").c_str(), path("out/b/record").c_str()) != 0) return 3;
              if (unlink(path("out/b/record").c_str()) != 0) return 4;
              return open("/dev/null", O_RDWR) < 0 ? 5 : 0;
            }),
            0);
}

TEST_F(Paths, OthersAreDenied) {
  EXPECT_EQ(confined([&] {
              if (!denied(open(path("elsewhere/secret").c_str(), O_RDONLY))) return 1;
              if (!denied(open(path("elsewhere/secret").c_str(), O_WRONLY))) return 2;
              if (!denied(open(path("elsewhere/new").c_str(), O_WRONLY | O_CREAT, 0600))) return 3;
              if (!denied(open(path("in/rules").c_str(), O_WRONLY))) return 4;
              if (!denied(open(path("in/new").c_str(), O_WRONLY | O_CREAT, 0600))) return 5;
              if (!denied(unlink(path("in/rules").c_str()))) return 6;
              if (!denied(open("/etc/shadow", O_RDONLY))) return 7;
              if (!denied(symlink("/etc/shadow", path("out/link").c_str()))) return 8;
              if (!denied(mkfifo(path("out/fifo").c_str(), 0600))) return 9;
              return denied(truncate(path("elsewhere/secret").c_str(), 0)) ? 0 : 10;
            }),
            0);
}

TEST_F(Paths, HoldNothingThatCanBeExecuted) {
  EXPECT_EQ(confined([&] { return execl("/bin/true", "true", nullptr) == -1 && errno == EACCES ? 0 : 1; }), 0);
}

TEST_F(Paths, AreThoseOfThreadsToCome) {
  EXPECT_EQ(confined([&] {
              int result = 1;
              std::thread([&] { result = denied(open(path("elsewhere/secret").c_str(), O_RDONLY)) ? 0 : 1; }).join();
              return result;
            }),
            0);
}

TEST_F(Paths, AreRefusedTooLate) {
  if (!kFiltered) GTEST_SKIP() << "a sanitizer may have a thread of its own";
  EXPECT_EQ(in_child([] {
              int go[2];
              char c;
              if (pipe(go) != 0) return 2;
              std::thread([&] { (void)!read(go[0], &c, 1); }).detach();
              try {
                confine_paths({}, {});
              } catch (const std::runtime_error&) {
                return 0;
              }
              return 1;
            }),
            0);
}

TEST_F(Paths, AreLeftAloneWhenNotAskedFor) {
  EXPECT_EQ(in_child([&] {
              confine_paths({.user = {}, .group = {}, .landlock = false}, {});
              return open(path("elsewhere/secret").c_str(), O_RDONLY) < 0 ? 1 : 0;
            }),
            0);
}

TEST(Privileges, OfRootShrinkToOpeningInterfaces) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(in_child([] {
              Setting root;
              drop_privileges({.user = "nobody", .group = "nogroup"}, root, Task::run);
              if (geteuid() == 0 || getegid() == 0) return 1;
              if (status_line("CapEff") != "0000000000002000") return 2;  // CAP_NET_RAW, bit 13
              if (status_line("CapBnd") != "0000000000000000") return 3;
              if (status_line("NoNewPrivs") != "1") return 4;
              if (setuid(0) == 0) return 5;
              return open("/etc/shadow", O_RDONLY) >= 0 ? 6 : 0;
            }),
            0);
}

TEST(Privileges, OfRootThatStaysRootShrinkToo) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const struct {
    Task task;
    const char* capabilities;
  } kKept[] = {{Task::run, "0000000000002000"},     // CAP_NET_RAW
               {Task::replay, "0000000000000006"},  // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
               {Task::rules, "0000000000000006"},
               {Task::subscribe, "0000000000000000"}};
  for (const auto& kept : kKept) {
    EXPECT_EQ(in_child([&] {
                drop_privileges({}, Setting{}, kept.task);
                if (status_line("CapEff") != kept.capabilities || status_line("CapPrm") != kept.capabilities) return 1;
                return status_line("CapBnd") == "0000000000000000" ? 0 : 2;
              }),
              0)
        << static_cast<int>(kept.task);
  }
}

TEST(Privileges, CannotBeWonBackNorLookedInto) {
  for (Task task : kTasks) {
    EXPECT_EQ(in_child([&] {
                drop_privileges({}, Setting{}, task);
                if (status_line("NoNewPrivs") != "1") return 1;
                rlimit core{};
                if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_cur != 0 || core.rlim_max != 0) return 2;
                return kFiltered && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ? 3 : 0;
              }),
              0);
  }
}

TEST(Privileges, NobodyCanBecomeAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(in_child([] {
              if (setgid(65534) != 0 || setuid(65534) != 0) return 1;
              Setting root;
              Setting& user = root.make("run-as.user");
              user.kind = Setting::Kind::scalar;
              user.scalar = "root";
              try {
                drop_privileges({.user = "root", .group = ""}, root, Task::run);
              } catch (const SettingError&) {
                return 0;
              }
              return 2;
            }),
            0);
}

}  // namespace
}  // namespace lapwing
