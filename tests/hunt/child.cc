#include "tests/hunt/child.h"

#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <regex>
#include <stdexcept>

namespace lapwing::hunt {

/// Shared with the child, so that it survives it.
struct Seat {
  std::atomic<uint64_t> number = 0, cases = 0;
};

namespace {

constexpr rlim_t kMemory = rlim_t{4} << 30;
constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
constexpr char kFieldEnd = '\x1f', kLineEnd = '\x1e';

bool sanitized() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

/// Bytes of addresses that are taken: a child begins with those of the process that read all captures before it.
rlim_t mapped() {
  rlim_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

/// Where it died, for builds without a sanitizer, which would tell: addresses that addr2line takes.
void say_where(int signal) {
  constexpr int kFrames = 24, kOwn = 2;  // the handler's and the kernel's come first
  void* frames[kFrames];
  const int count = backtrace(frames, kFrames);
  if (count > kOwn) backtrace_symbols_fd(frames + kOwn, count - kOwn, STDERR_FILENO);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

void catch_signals() {
  void* frame;
  backtrace(&frame, 1);  // loads what it needs, which cannot be done in a handler
  struct sigaction action {};
  action.sa_handler = say_where;
  for (int signal : kFatal) sigaction(signal, &action, nullptr);
}

}  // namespace

void Child::Line::say(char what, const std::string& text) {
  std::string line = what + text + kLineEnd;
  for (size_t at = 0; at < line.size();) {
    const ssize_t done = write(pipe_, line.data() + at, line.size() - at);
    if (done <= 0) return;
    at += static_cast<size_t>(done);
  }
}
void Child::Line::begin(uint64_t number) {
  place_->number.store(number);
  place_->cases.fetch_add(1);
}
void Child::Line::found(const Finding& finding) {
  say('f', std::to_string(place_->number.load()) + kFieldEnd + finding.kind + kFieldEnd + finding.place + kFieldEnd +
               finding.text);
}
void Child::Line::seen(std::string_view name) {
  if (told_.contains(name)) return;
  told_.emplace(name);
  say('s', std::string(name));
}

Child::Child(std::string log, double limit, const std::function<void(Line&)>& work)
    : log_(std::move(log)), limit_(limit) {
  void* memory = mmap(nullptr, sizeof(Seat), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int ends[2];
  if (memory == MAP_FAILED || pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no memory or no pipe for a child");
  place_ = new (memory) Seat;
  std::fflush(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ends[0]);
    const int file = open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file >= 0) dup2(file, STDERR_FILENO);
    const rlim_t most = mapped() + kMemory;
    const rlimit none{0, 0}, memory_limit{most, most};
    setrlimit(RLIMIT_CORE, &none);
    // A sanitizer's shadow takes terabytes of addresses; it has a limit of its own (main.cc).
    if (!sanitized()) {
      setrlimit(RLIMIT_AS, &memory_limit);
      catch_signals();
    }
    Line line;
    line.place_ = place_;
    line.pipe_ = ends[1];
    work(line);
    std::fflush(nullptr);
    _exit(0);
  }
  close(ends[1]);
  pipe_ = ends[0];
  fcntl(pipe_, F_SETFL, O_NONBLOCK);
}

Child::~Child() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (pipe_ >= 0) close(pipe_);
  munmap(place_, sizeof(Seat));
}

uint64_t Child::number() const {
  return place_->number.load();
}
uint64_t Child::cases() const {
  return place_->cases.load();
}

void Child::read_lines(std::vector<News>& news, std::set<std::string>& seen) {
  char buffer[4096];
  for (ssize_t size; (size = read(pipe_, buffer, sizeof buffer)) > 0;)
    waiting_.append(buffer, static_cast<size_t>(size));
  for (size_t end; (end = waiting_.find(kLineEnd)) != std::string::npos; waiting_.erase(0, end + 1)) {
    const std::string line = waiting_.substr(1, end - 1);
    if (waiting_[0] == 's') {
      seen.insert(line);
      continue;
    }
    std::string fields[4];
    size_t begin = 0;
    for (std::string& field : fields) {
      const size_t stop = std::min(line.find(kFieldEnd, begin), line.size());
      field = line.substr(begin, stop - begin);
      begin = std::min(stop + 1, line.size());
    }
    news.push_back({std::stoull(fields[0]), {fields[1], fields[2], fields[3]}});
  }
}

/// The clock of the child goes only while it works: a machine that is busy with others makes no hang.
void Child::watch_the_clock() {
  clockid_t clock;
  timespec spent;
  if (hung_ || clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &spent) != 0) return;
  const double now = static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
  if (const uint64_t begun = cases(); begun != watched_ || begun == 0) {
    watched_ = begun;
    watched_since_ = now;
  } else if (now - watched_since_ > limit_) {
    hung_ = true;
    kill(pid_, SIGABRT);  // it shows where it was
  }
}

bool Child::look(std::vector<News>& news, std::set<std::string>& seen) {
  if (pid_ < 0) return false;
  watch_the_clock();
  int status = 0;
  const bool ended = waitpid(pid_, &status, WNOHANG) == pid_;
  read_lines(news, seen);
  if (!ended) return true;
  pid_ = -1;
  if (status != 0) news.push_back({number(), post_mortem(status)});
  return false;
}

Finding Child::post_mortem(int status) const {
  std::ifstream file(log_, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  Finding out{hung_ ? "hang" : "crash", "", text};
  static const std::regex ours(R"((sensor|dissectors|signatures|export)/[A-Za-z0-9_/]+\.(cc|h):[0-9]+)");
  static const std::regex known(
      R"(ERROR: AddressSanitizer: ([A-Za-z0-9-]+)|runtime error: ([^\n]+)|(hard rss limit|terminate called[^\n]*|Assertion[^\n]*))");
  std::smatch match;
  if (std::regex_search(text, match, known)) {
    if (match[3].matched && match[3].str().starts_with("hard rss"))
      out.kind = "memory";
    else if (!hung_)
      out.text = match[0].str() + "\n" + out.text;
  }
  // The innermost line of the project: a report names it first.
  static const std::regex address(R"(hunt\(\+(0x[0-9a-f]+)\))");
  if (std::regex_search(text, match, ours))
    out.place = match[0].str();
  else if (std::regex_search(text, match, address))
    out.place = match[1].str();
  if (out.place.empty())
    out.place = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                    : "status " + std::to_string(WEXITSTATUS(status));
  constexpr size_t kKept = 20'000;
  out.text.resize(std::min(out.text.size(), kKept));
  return out;
}

}  // namespace lapwing::hunt
