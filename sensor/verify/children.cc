#include "sensor/verify/children.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "sensor/base/descriptor.h"
#include "sensor/verify/system_fault.h"

namespace lapwing::verify {
namespace {

using Clock = std::chrono::steady_clock;

struct Child {
  Child(size_t piece, int reading) : number(piece), pipe(reading) {}
  const size_t number;
  pid_t pid = -1;
  Descriptor pipe;
  const Clock::time_point start = Clock::now();
  std::string said;
  bool killed = false;
};

void write_all(int to, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t count = write(to, text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) _exit(1);
    at += static_cast<size_t>(count);
  }
}

std::unique_ptr<Child> begin(size_t number, const std::function<std::string(size_t)>& work) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  auto out = std::make_unique<Child>(number, ends[0]);
  Descriptor writing(ends[1]);
  out->pid = fork();
  if (out->pid < 0) fail("fork");
  if (out->pid == 0) {
    write_all(ends[1], work(number));
    _exit(0);
  }
  return out;
}

std::string fault_of(const Child& child, int status, double limit) {
  if (child.killed) return "no end after " + std::to_string(static_cast<int>(limit)) + " s";
  if (WIFSIGNALED(status)) return std::string("the sensor ended: ") + strsignal(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0) return "the sensor ended with status " + std::to_string(WEXITSTATUS(status));
  return child.said.empty() ? "the sensor said nothing" : "";
}

}  // namespace

void in_children(size_t count, size_t jobs, double limit, const std::function<std::string(size_t)>& work,
                 const std::function<void(size_t, const Ending&)>& done) {
  std::vector<std::unique_ptr<Child>> children;
  std::map<size_t, Ending> waiting;  // for those before them
  size_t next = 0, told = 0;
  while (told < count) {
    while (children.size() < jobs && next < count) children.push_back(begin(next++, work));
    std::vector<pollfd> polled;
    for (const auto& child : children) polled.push_back({.fd = child->pipe.get(), .events = POLLIN, .revents = 0});
    constexpr int kLook = 200;  // ms between looks at the clock
    if (poll(polled.data(), polled.size(), kLook) < 0 && errno != EINTR) fail("poll");
    for (size_t i = 0; i < children.size(); ++i) {
      Child& child = *children[i];
      const double seconds = std::chrono::duration<double>(Clock::now() - child.start).count();
      if (seconds > limit && !child.killed) child.killed = kill(child.pid, SIGKILL) == 0;
      if (!polled[i].revents) continue;
      char bytes[65536];
      const ssize_t size = read(child.pipe.get(), bytes, sizeof bytes);
      if (size > 0) child.said.append(bytes, static_cast<size_t>(size));
      if (size > 0 || (size < 0 && errno == EINTR)) continue;
      int status = 0;
      while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
      }
      std::string fault = fault_of(child, status, limit);
      waiting.emplace(child.number, Ending{.said = std::move(child.said), .fault = std::move(fault)});
      child.pid = -1;
    }
    std::erase_if(children, [](const auto& child) { return child->pid < 0; });
    for (auto first = waiting.begin(); first != waiting.end() && first->first == told; first = waiting.erase(first)) {
      done(told++, first->second);
    }
  }
}

}  // namespace lapwing::verify
