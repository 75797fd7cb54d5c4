// BruteForce: passwords are guessed, whatever protocol they are for.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "analytics/frame/detector.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/table.h"
#include "analytics/shape/trial.h"

namespace lapwing::analytics {

/// Failures of a client at a server are a trial; many users with a try or two each are a spray. A login that succeeds
/// behind failures is what it was all for.
struct BruteForce {
  static constexpr Technique kTechniques[] = {{"T1110.001", "TA0006"}, {"T1110.003", "TA0006"}, {"T1078", "TA0001"}};
  static constexpr About about = {.name = "brute-force",
                                  .techniques = kTechniques,
                                  .logins = true,
                                  .idle = 1800,
                                  .explained_by = bit(Role::monitor) | bit(Role::proxy) | bit(Role::scanner),
                                  .help = "one client guesses passwords, of one account or of many"};

  struct Config {
    uint64_t failures = 0, users = 0, before_success = 0, window = 0;
  };
  static std::span<const OptionRow<Config>> options();

  struct Key {
    IpAddress client, server;
    std::string_view service;  // of a Protocol: lives as long as the program
    auto operator<=>(const Key&) const = default;
  };
  struct Sum {
    Outcomes outcomes;
    Fan users;                                   // that failed
    Timestamp first, last, last_good, last_bad;  // by their times: the least, the latest
    bool clear = false, guessed = false;
    FlowName flow;                                             // the first of a failure
    Timestamp flow_time{std::numeric_limits<int64_t>::max()};  // its login
    std::string name, good_name;                               // the least of those that failed, and that succeeded
  };
  struct Delta {
    std::map<Key, Sum> sums;

    void operator+=(Delta&& other);
    bool empty() const { return sums.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}
    void login(const LoginOf& login, Delta& delta) const;

   private:
    uint64_t seed_;
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostPairs = 50'000;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    struct Pair {
      std::array<uint8_t, 16> client, server;
      uint64_t service;
    };
    struct State {
      Trial trial;
      Fan users;
      uint32_t failures = 0, successes = 0;
      Timestamp first, last, last_bad;
      bool open = false, succeeded = false, clear = false, guessed = false;
      FlowName flow;
      Timestamp flow_time{std::numeric_limits<int64_t>::max()};
    };
    void report(const Key& key, State& state, const Sum& sum, Findings& findings);

    const Config& config_;
    const Surroundings& surroundings_;
    TrialTest test_;
    Table<Pair, State> pairs_;
  };
};

}  // namespace lapwing::analytics
