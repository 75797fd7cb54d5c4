// BruteForce: passwords are guessed, whatever protocol they are for.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/table.h"
#include "analytics/shape/trial.h"

namespace lapwing::analytics {

/// Failures of a client at a server are a trial; many users with a try or two each are a spray, and so are many servers
/// that one client is let into by none of, and many clients from outside that try one account. A login that succeeds
/// behind failures is what it was all for.
struct BruteForce {
  static constexpr Technique kTechniques[] = {{"T1110.001", "TA0006"}, {"T1110.003", "TA0006"}, {"T1078", "TA0001"}};
  static constexpr About about = {.name = "brute-force",
                                  .techniques = kTechniques,
                                  .logins = true,
                                  .moments = bit(FlowMoment::closed),
                                  .idle = 1800,
                                  .explained_by = bit(Role::monitor) | bit(Role::proxy) | bit(Role::scanner),
                                  .help = "one client guesses passwords, of one account or of many"};

  struct Config {
    uint64_t failures = 0, users = 0, servers = 0, clients = 0, before_success = 0, window = 0;
  };
  static std::span<const OptionRow<Config>> options();

  /// A key: no padding.
  struct Key {
    IpAddress client, server;
    std::array<uint8_t, 8> service{};  // the hash of its name
  };
  struct Sum {
    std::string_view service;  // of a Protocol: lives as long as the program
    Outcomes outcomes;
    Fan users;  // that failed
    Timestamp first{std::numeric_limits<int64_t>::max()};
    Timestamp last, last_good, last_bad;  // by their times: the latest
    bool clear = false, guessed = false;
    SmallFan tried;                                            // users with their secrets, of those that failed
    bool hidden = false;                                       // of some the secret does not show
    FlowName flow;                                             // the first of a failure
    Timestamp flow_time{std::numeric_limits<int64_t>::max()};  // its login
    std::string name, good_name;                               // the least of those that failed, and that succeeded

    void merge(const Sum& other);
  };
  struct Delta {
    static constexpr uint32_t kMostSums = 16'384;
    DeltaTable<Key, Sum> sums;

    void operator+=(Delta&& other) { sums.merge(other.sums); }
    void seal() { sums.seal(); }
    void clear() { sums.clear(); }
    bool empty() const { return sums.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}
    void login(const LoginOf& login, Delta& delta) const;
    void flow(const FlowUpdate& update, Delta& delta) const;

   private:
    uint64_t seed_;
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostPairs = 50'000, kMostCrowds = 16'384;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    struct State {
      Trial trial;
      Fan users;
      SmallFan tried;
      uint32_t failures = 0, successes = 0;
      Timestamp first, last, last_bad;
      bool open = false, succeeded = false, clear = false, guessed = false, hidden = false;
      FlowName flow;
      Timestamp flow_time{std::numeric_limits<int64_t>::max()};
    };
    /// What a client meets at all servers, or an account from all clients outside. A key: no padding.
    struct Crowd {
      IpAddress address;  // the client's; the server's of an account
      std::array<uint8_t, 8> service{}, account{};
    };
    struct Met {
      Fan others;  // servers, or clients
      std::vector<IpAddress> shown;
      uint32_t failures = 0, successes = 0;
      Timestamp first, last;
      FlowName flow;
    };
    void report(const Key& key, State& state, const Sum& sum, Findings& findings);
    void meet(const Crowd& crowd, const IpAddress& other, uint32_t failures, uint32_t successes, const Sum& sum,
              Findings& findings);
    void report(const Crowd& crowd, const Met& met, const Sum& sum, Findings& findings) const;

    const Config& config_;
    const Surroundings& surroundings_;
    TrialTest test_;
    Table<Key, State> pairs_;
    Table<Crowd, Met> crowds_;
    uint64_t overflow_ = 0;
  };
};

}  // namespace lapwing::analytics
