#include "sensor/pipeline/reloader.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "sensor/base/allocator.h"
#include "sensor/base/json_writer.h"
#include "sensor/base/log.h"
#include "sensor/pipeline/pipeline.h"

namespace lapwing {
namespace {

/// A worker that wakes takes the core from the compiler at once, and the compiler still gets a tenth of a busy one.
/// Threads that it starts inherit this.
constexpr int kNice = 10;

void write_message(JsonWriter& json, const RuleMessage& message) {
  json.begin_object();
  if (!message.mark.file.empty()) json.member("file", message.mark.file);
  if (message.mark.line) json.member("line", message.mark.line).member("column", message.mark.column);
  if (message.sid) json.member("sid", message.sid);
  json.member("message", message.text).end_object();
}

}  // namespace

std::string to_json(const ReloadReport& report) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("taken", report.taken);
  if (!report.reason.empty()) json.member("reason", report.reason);
  json.member("generation", report.generation).member("rules_loaded", report.counts.loaded);
  json.member("rules_failed", report.counts.failed).member("rules_skipped", report.counts.skipped);
  json.member("seconds", report.seconds).begin_array("errors");
  for (const RuleMessage& error : report.errors) write_message(json, error);
  json.end_array().member("errors_max", report.errors_max).end_object();
  return out;
}

std::string to_text(const ReloadReport& report) {
  const std::string counts = std::to_string(report.counts.loaded) + " rules loaded, " +
                             std::to_string(report.counts.skipped) + " left out for what is not supported yet, " +
                             std::to_string(report.counts.failed) + " at fault";
  return report.taken ? "new rules in force: " + counts : "the rules stay as they were: " + report.reason;
}

Reloader::Reloader(Pipeline& pipeline, Load load, RuleCounts in_force)
    : pipeline_(pipeline), load_(std::move(load)), in_force_(in_force), thread_([this] { work(); }) {}

Reloader::~Reloader() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Reloader::request(bool strict, Done done) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back({strict, std::move(done)});
  }
  wake_.notify_one();
}

void Reloader::work() {
  // Signals are for the thread that waits for the end of the run.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  // On Linux a thread has a priority of its own, found by its id.
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stop_ || !waiting_.empty(); });
    const std::vector<Request> requests = std::exchange(waiting_, {});
    if (requests.empty()) return;
    lock.unlock();
    ReloadReport report;
    if (stop_) {
      report.reason = "the sensor ends";
      report.generation = pipeline_.rule_status().generation;
    } else {
      // The strictest of those who asked decides for all: they get one set.
      report = reload(std::ranges::any_of(requests, &Request::strict));
      return_free_memory();
    }
    for (const Request& request : requests) {
      if (request.done) request.done(report);
    }
    lock.lock();
  }
}

ReloadReport Reloader::reload(bool strict) {
  const auto begin = std::chrono::steady_clock::now();
  ReloadReport report;
  try {
    LoadedRules loaded = load_(stop_);
    report.counts = loaded.rules->counts();
    for (RuleMessage& message : loaded.messages) {
      if (message.level != RuleMessage::Level::error) continue;
      if (report.errors.size() < ReloadReport::kMaxErrors) {
        report.errors.push_back(std::move(message));
      } else {
        ++report.errors_max;
      }
    }
    if (stop_) {
      report.reason = "the sensor ends";
    } else if (report.counts.loaded == 0 && in_force_.loaded > 0) {
      report.reason = "no rule was loaded, where there were " + std::to_string(in_force_.loaded);
    } else if (strict && (report.counts.failed > 0 || !report.errors.empty())) {
      report.reason = "rules are at fault, and none may be (strict)";
    } else {
      pipeline_.adopt(std::move(loaded.rules));
      in_force_ = report.counts;
      report.taken = true;
      if (loaded.accepted) loaded.accepted();
    }
  } catch (const SettingError& error) {
    report.reason = error.what();
    report.errors.push_back({RuleMessage::Level::error, error.where(), 0, {}, error.what()});
  } catch (const std::exception& error) {
    report.reason = error.what();
  }
  report.generation = pipeline_.rule_status().generation;
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  pipeline_.note_reload(report);
  return report;
}

}  // namespace lapwing
