#include "sensor/verify/lab.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "sensor/base/descriptor.h"
#include "sensor/verify/system_fault.h"

namespace lapwing::verify {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kOwnTools[] = {"ip", "tcpdump", "ethtool", "sh"};
constexpr std::string_view kServer = "server";
constexpr std::string_view kBehindServer[] = {"10.9.8.0/24", "198.51.100.0/24"};  // the latter: RFC 5737
constexpr double kSetUp = 20;                                                     // seconds

bool installed(std::string_view tool) {
  std::istringstream path(std::string(getenv("PATH") ? getenv("PATH") : "") + ":/usr/sbin:/sbin");
  for (std::string folder; std::getline(path, folder, ':');) {
    if (access((fs::path(folder) / tool).c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string last_line(const std::string& file) {
  std::ifstream in(file);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) out = line;
  }
  return out;
}

/// A process, and those it starts, that end with this one.
class Process {
 public:
  /// In the network of `net`, or of a new one's where it is null.
  template <class Become>
  explicit Process(const Descriptor* net, const Become& become) {
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) fail("pipe");
    const Descriptor reading(ready[0]);
    auto writing = std::make_unique<Descriptor>(ready[1]);
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ < 0) fail("fork");
    if (pid_ > 0) {
      writing.reset();
      char byte = 0;
      if (read(ready[0], &byte, 1) != 1) {
        end();
        throw std::runtime_error("no network of its own could be entered");
      }
      return;
    }
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    if ((net ? setns(net->get(), CLONE_NEWNET) : unshare(CLONE_NEWNET)) != 0) _exit(1);
    if (write(ready[1], "", 1) != 1) _exit(1);
    become();
    _exit(127);
  }
  ~Process() { end(); }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&&) = delete;

  pid_t pid() const { return pid_; }
  void end() {
    if (pid_ < 0) return;
    kill(-pid_, SIGKILL);
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }
  /// The status of waitpid, or nothing where it goes on.
  std::optional<int> wait(double seconds) {
    for (const auto until = Clock::now() + std::chrono::duration<double>(seconds);;) {
      int status = 0;
      const pid_t ended = waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) {
        kill(-pid_, SIGKILL);  // what it left behind
        pid_ = -1;
        return status;
      }
      if (Clock::now() >= until) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

 private:
  pid_t pid_ = -1;
};

/// A network without a link to any other, and who keeps it.
struct Host {
  std::string_view name, address;
  Process keeper;
  std::unique_ptr<Descriptor> net;
};

Host make_host(std::string_view name, std::string_view address) {
  Process keeper(nullptr, [] {
    for (;;) pause();
  });
  auto net =
      std::make_unique<Descriptor>(open(fmt::format("/proc/{}/ns/net", keeper.pid()).c_str(), O_RDONLY | O_CLOEXEC));
  if (net->get() < 0) fail("a host's network");
  return {name, address, std::move(keeper), std::move(net)};
}

class Lab {
 public:
  Lab(const Topology& topology, std::string folder)
      : folder_(std::move(folder)), switch_(make_host("switch", "")), topology_(topology) {
    for (const LabHost& host : topology.hosts) hosts_.push_back(make_host(host.name, host.address));
    std::string wiring = "set -e; ip link add switch type bridge mcast_snooping 0; ";
    for (size_t i = 0; i < hosts_.size(); ++i) {
      wiring +=
          fmt::format("ip link add port{0} type veth peer name wire netns {1}; ip link set port{0} master switch up; ",
                      i, hosts_[i].keeper.pid());
    }
    set_up(switch_, quiet("ip link set switch up", wiring));
    for (const Host& host : hosts_) {
      std::string script = fmt::format(
          "set -e; ip link set lo up; ethtool -K wire tx off rx off tso off gso off gro off >/dev/null 2>&1; "
          "ip address add {}/24 dev wire; ip link set wire up",
          host.address);
      for (std::string_view network : kBehindServer) {
        script += host.name == kServer ? fmt::format("; ip route add local {} dev lo", network)
                                       : fmt::format("; ip route add {} via {}", network, server());
      }
      set_up(host, quiet(script, "set -e; "));
    }
  }

  void record(const std::string& file) {
    const std::string log = folder_ + "/tcpdump.log";
    recorder_.emplace(
        start(switch_, fmt::format("exec tcpdump -Z root -i switch -U -B 16384 -s 0 -w '{}'", file), log));
    for (const auto until = Clock::now() + std::chrono::duration<double>(kSetUp);;) {
      if (last_line(log).find("listening") != std::string::npos) return;
      if (recorder_->wait(0.02) || Clock::now() >= until) throw std::runtime_error("tcpdump: " + last_line(log));
    }
  }
  /// The kernel hands over what it has within a second.
  void stop_recording() {
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    kill(recorder_->pid(), SIGINT);
    if (!recorder_->wait(kSetUp)) throw std::runtime_error("tcpdump does not end");
    const std::string told = last_line(folder_ + "/tcpdump.log");
    if (!told.starts_with("0 packets dropped")) throw std::runtime_error("tcpdump: " + told);
  }

  void run(const Step& step, double limit) {
    const Host& host = *std::ranges::find(hosts_, std::string_view(step.host), &Host::name);
    const std::string log = fmt::format("{}/step{}.log", folder_, ++steps_);
    Process process = start(host, step.run, log);
    if (step.keep) {
      kept_.push_back(std::move(process));
      return;
    }
    const auto status = process.wait(limit);
    if (!status) throw SettingError(step.mark, fmt::format("no end after {:.0f} s", limit));
    if (*status == 0) return;
    const std::string why = WIFEXITED(*status) ? fmt::format("status {}", WEXITSTATUS(*status)) : "a signal";
    throw SettingError(step.mark, fmt::format("the step ended with {}: {}", why, last_line(log)));
  }

 private:
  /// Nothing of IPv6: its neighbours speak by themselves.
  static std::string quiet(const std::string& script, const std::string& before) {
    return before + "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 || true; " + script;
  }
  std::string_view server() const { return std::ranges::find(topology_.hosts, kServer, &LabHost::name)->address; }

  Process start(const Host& host, const std::string& command, const std::string& log) const {
    return Process(host.net.get(), [&] {
      const int none = open("/dev/null", O_RDONLY);
      const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      if (none < 0 || out < 0 || dup2(none, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) return;
      if (chdir(folder_.c_str()) != 0) return;
      const std::string path = std::string(getenv("PATH") ? getenv("PATH") : "") + ":/usr/sbin:/sbin";
      setenv("PATH", path.c_str(), 1);
      setenv("LC_ALL", "C", 1);
      setenv("HOME", folder_.c_str(), 1);
      setenv("OUTSIDE", "198.51.100.7", 1);
      for (const LabHost& one : topology_.hosts) {
        std::string name(one.name);
        std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(c & ~32); });
        setenv(name.c_str(), std::string(one.address).c_str(), 1);
      }
      execlp("sh", "sh", "-c", command.c_str(), nullptr);
    });
  }
  void set_up(const Host& host, const std::string& script) const {
    const std::string log = fmt::format("{}/{}.log", folder_, host.name);
    const auto status = start(host, script, log).wait(kSetUp);
    if (!status || *status != 0) throw std::runtime_error(fmt::format("the lab's {}: {}", host.name, last_line(log)));
  }

  const std::string folder_;
  Host switch_;
  const Topology& topology_;
  std::vector<Host> hosts_;
  std::vector<Process> kept_;
  std::optional<Process> recorder_;
  size_t steps_ = 0;
};

}  // namespace

std::span<const Topology> topologies() {
  static const std::vector<Topology> kRows = {
      {"two-hosts", {{"attacker", "10.9.0.2"}, {kServer, "10.9.0.1"}}},
      {"lan", {{"attacker", "10.9.0.2"}, {kServer, "10.9.0.1"}, {"victim", "10.9.0.3"}}},
  };
  return kRows;
}

std::string lab_hindrance() {
  if (geteuid() != 0) return "--live makes network namespaces, which only root may";
  for (std::string_view tool : kOwnTools) {
    if (!installed(tool)) return fmt::format("--live needs {}, which is not installed", tool);
  }
  return {};
}

Recording::Recording(const Staging& staging, double limit) {
  for (const std::string& tool : staging.tools) {
    if (!installed(tool)) throw SettingError(staging.mark, "the test needs " + tool + ", which is not installed");
  }
  std::string folder = (fs::temp_directory_path() / "lapwing-live-XXXXXX").string();
  if (!mkdtemp(folder.data())) fail("a folder for a recording");
  folder_ = folder;
  try {
    Lab lab(*staging.topology, folder_);
    lab.record(file());
    for (const Step& step : staging.steps) lab.run(step, limit);
    lab.stop_recording();
  } catch (...) {
    std::error_code error;
    fs::remove_all(folder_, error);
    throw;
  }
}

Recording::~Recording() {
  std::error_code error;
  if (!folder_.empty()) fs::remove_all(folder_, error);
}

Recording::Recording(Recording&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}

}  // namespace lapwing::verify
