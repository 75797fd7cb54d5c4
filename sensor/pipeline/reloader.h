// Reloader: puts new rules in force while the workers run.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sensor/base/counters.h"
#include "signatures/parse/rule_tree.h"
#include "signatures/program/rule_set.h"

namespace lapwing {

class Pipeline;

/// A rule set just compiled, not in force yet.
struct LoadedRules {
  std::shared_ptr<const RuleSet> rules;
  std::vector<RuleMessage> messages;
  std::function<void()> accepted;  // called once the set is in force; may be empty
};

/// What became of a reload.
struct ReloadReport {
  static constexpr size_t kMaxErrors = 20;  // that are told; errors_max counts the others

  bool taken = false;
  std::string reason;       // of a refusal
  uint64_t generation = 0;  // of the set that is in force now
  RuleCounts counts;        // of the set that was read; zero when it could not be
  std::vector<RuleMessage> errors;
  uint64_t errors_max = 0;
  double seconds = 0;
};

/// The report as a JSON object.
std::string to_json(const ReloadReport& report);
/// In one line.
std::string to_text(const ReloadReport& report);

/// Reads and compiles on a thread of its own and of low priority, one reload at a time. Requests that come meanwhile
/// wait for one more reload, which serves all of them: whoever asks gets rules read after asking.
class Reloader {
 public:
  /// Reads the configuration and compiles its rules. Throws SettingError when a file is missing or broken, and
  /// whatever when `stop` turned true.
  using Load = std::function<LoadedRules(const std::atomic<bool>& stop)>;
  using Done = std::function<void(const ReloadReport&)>;

  /// `in_force`: counts of the set that the pipeline began with.
  Reloader(Pipeline& pipeline, Load load, RuleCounts in_force);
  /// Requests not begun are answered as refused; one that has begun is waited for.
  ~Reloader();
  /// Safe from any thread, not from signal handlers. `strict`: a rule at fault refuses the set as a whole. `done` may
  /// be empty; it is called on the reloader's thread.
  void request(bool strict, Done done);

 private:
  struct Request {
    bool strict;
    Done done;
  };
  void work();
  ReloadReport reload(bool strict);

  Pipeline& pipeline_;
  Load load_;
  RuleCounts in_force_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Request> waiting_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace lapwing
