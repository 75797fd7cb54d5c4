// What a confined process is refused, and what it can still do. Each case in a process of its own: there is no way back.
#include "sensor/control/confinement.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
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

TEST(SystemCalls, OfTakeoversAreRefused) {
  if (!kFiltered) GTEST_SKIP() << "no filter under a sanitizer";
  const struct {
    const char* name;
    std::function<bool()> attempt;
  } kAttempts[] = {
      {"execve", [] { return refused(execl("/bin/true", "true", nullptr)); }},
      {"fork", [] { return refused(fork()); }},
      {"vfork", [] { return refused(syscall(SYS_vfork)); }},
      {"ptrace", [] { return refused(ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }},
      {"mount", [] { return refused(mount("none", "/tmp", "tmpfs", 0, nullptr)); }},
      {"unshare", [] { return refused(unshare(CLONE_NEWUSER)); }},
      {"setuid", [] { return refused(setuid(getuid())); }},
      {"bpf", [] { return refused(syscall(SYS_bpf, 0, nullptr, 0)); }},
      {"io_uring_setup", [] { return refused(syscall(SYS_io_uring_setup, 1, nullptr)); }},
  };
  for (const auto& attempt : kAttempts) {
    EXPECT_EQ(in_child([&] {
                refuse_system_calls({.user = {}, .group = {}});
                return attempt.attempt() ? 0 : 1;
              }),
              0)
        << attempt.name;
  }
}

TEST(SystemCalls, OfASensorAreNot) {
  EXPECT_EQ(in_child([] {
              refuse_system_calls({.user = {}, .group = {}});
              int sum = 0;
              std::thread thread([&] { sum += 1; });
              thread.join();
              if (sum != 1) return 1;
              if (open("/dev/null", O_WRONLY) < 0) return 2;
              return socket(AF_INET, SOCK_STREAM, 0) < 0 ? 3 : 0;
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
              refuse_system_calls({.user = {}, .group = {}});
              if (write(go[1], "x", 1) != 1) return 3;
              thread.join();
              return result;
            }),
            0);
}

TEST(SystemCalls, AreLeftAloneWhenNotAskedFor) {
  EXPECT_EQ(in_child([] {
              refuse_system_calls({.user = {}, .group = {}, .seccomp = false});
              return refused(setuid(getuid())) ? 1 : 0;
            }),
            0);
}

TEST(Privileges, OfRootShrinkToOpeningInterfaces) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  EXPECT_EQ(in_child([] {
              Setting root;
              drop_privileges({.user = "nobody", .group = "nogroup"}, root);
              if (geteuid() == 0 || getegid() == 0) return 1;
              if (status_line("CapEff") != "0000000000002000") return 2;  // CAP_NET_RAW, bit 13
              if (status_line("CapBnd") != "0000000000000000") return 3;
              if (status_line("NoNewPrivs") != "1") return 4;
              if (setuid(0) == 0) return 5;
              return open("/etc/shadow", O_RDONLY) >= 0 ? 6 : 0;
            }),
            0);
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
                drop_privileges({.user = "root", .group = ""}, root);
              } catch (const SettingError&) {
                return 0;
              }
              return 2;
            }),
            0);
}

}  // namespace
}  // namespace lapwing
