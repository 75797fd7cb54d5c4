#include "sensor/capture/dpdk/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <sched.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <mutex>

#include "sensor/base/log.h"
#include "sensor/base/text.h"

namespace lapwing::capture::dpdk {
namespace {

constexpr size_t kMaxComplaints = 512;  // bytes

std::mutex complaints_mutex;
std::string complaints, line;

/// DPDK logs in pieces of a line; those of errors are kept for the message that ends the start.
ssize_t take_log(void*, const char* data, size_t size) {
  std::lock_guard lock(complaints_mutex);
  line.append(data, size);
  if (!line.ends_with('\n')) return static_cast<ssize_t>(size);
  const std::string text(trim(line));
  line.clear();
  const int level = rte_log_cur_msg_loglevel();
  spdlog::log(level > 0 && level <= static_cast<int>(RTE_LOG_WARNING) ? spdlog::level::warn : spdlog::level::debug,
              "DPDK: {}", text);
  if (level <= 0 || level > static_cast<int>(RTE_LOG_ERR) || complaints.size() + text.size() > kMaxComplaints) {
    return static_cast<ssize_t>(size);
  }
  complaints += (complaints.empty() ? "" : "; ") + text;
  return static_cast<ssize_t>(size);
}

bool given(const std::vector<std::string>& arguments, std::initializer_list<std::string_view> names) {
  auto is = [&](const std::string& argument) {
    return std::ranges::any_of(names, [&](std::string_view name) {
      // "-l0" and "--lcores=0" too.
      return argument == name || (name.size() == 2 ? argument.starts_with(name) && !argument.starts_with("--")
                                                   : argument.starts_with(std::string(name) + "="));
    });
  };
  return std::ranges::any_of(arguments, is);
}

/// All cores of the process for one EAL thread: the workers are our own.
std::string one_lcore(const cpu_set_t& cores) {
  std::string out;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &cores)) out += (out.empty() ? "" : ",") + std::to_string(cpu);
  }
  return "--lcores=0@(" + out + ")";
}

std::vector<std::string> arguments_of(const Config& config, const cpu_set_t& cores) {
  std::vector<std::string> out{"lapwing"};
  out.insert(out.end(), config.eal.begin(), config.eal.end());
  if (!given(out, {"-l", "-c", "-s", "--lcores"})) out.push_back(one_lcore(cores));
  // No files that a second instance, or another user's, would meet; without a shared configuration nothing else can
  // take part either, so that no secondary process takes packets away.
  if (!given(out, {"--in-memory", "--no-shconf", "--file-prefix"})) {
    const bool legacy = given(out, {"--no-huge", "--legacy-mem"});  // which do not go with --in-memory
    out.insert(out.end(), {legacy ? "--no-shconf" : "--in-memory", "--file-prefix=lapwing"});
  }
  if (!given(out, {"--telemetry", "--no-telemetry"})) out.push_back("--no-telemetry");
  return out;
}

}  // namespace

std::string Eal::take_complaints() {
  std::lock_guard lock(complaints_mutex);
  return std::exchange(complaints, {});
}

Eal::Eal(const Config& config) {
  for (const std::string& argument : config.eal) {
    if (argument.starts_with("--proc-type") && argument != "--proc-type=primary") {
      throw SettingError(config.mark, "proc-type: only primary; the sensor owns its ports");
    }
  }
  cpu_set_t cores;
  CPU_ZERO(&cores);
  sched_getaffinity(0, sizeof cores, &cores);
  static const cookie_io_functions_t functions{nullptr, take_log, nullptr, nullptr};
  static FILE* stream = fopencookie(nullptr, "w", functions);
  if (stream) {
    setvbuf(stream, nullptr, _IOLBF, BUFSIZ);
    rte_openlog_stream(stream);
  }
  std::vector<std::string> arguments = arguments_of(config, cores);
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  const int result = rte_eal_init(static_cast<int>(arguments.size()), words.data());
  const int reason = rte_errno;
  // It bound this thread to its first core, and threads begin where their maker is.
  sched_setaffinity(0, sizeof cores, &cores);
  if (result < 0) {
    std::string why = take_complaints();
    if (why.ends_with('.')) why.pop_back();
    throw SettingError(config.mark,
                       "the EAL does not start: " + (why.empty() ? rte_strerror(reason) : why) +
                           ". It needs hugepages, or eal-params: {no-huge: yes, m: 512}; see docs/dpdk.md");
  }
  if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
    rte_eal_cleanup();
    throw SettingError(config.mark, "another process owns the ports of this file-prefix; only the primary can capture");
  }
  take_complaints();
}

Eal::~Eal() {
  rte_eal_cleanup();
}

}  // namespace lapwing::capture::dpdk
