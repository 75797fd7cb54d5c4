// CleartextCredentials: logins whose secret whoever reads along has.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// Once for each server and service; clients and users are counted, and no secret is told.
struct CleartextCredentials {
  static constexpr Technique kTechniques[] = {{"T1552", "TA0006"}, {"T1040", "TA0006"}};
  static constexpr About about = {.name = "cleartext-credentials",
                                  .techniques = kTechniques,
                                  .logins = true,
                                  .idle = 86'400,
                                  .help = "a service takes passwords that can be read on the wire"};

  struct Config {};
  static std::span<const OptionRow<Config>> options() { return {}; }

  /// A key: no padding.
  struct Key {
    IpAddress server;
    std::array<uint8_t, 8> service{};  // the hash of its name
  };
  struct Sum {
    std::string_view service;  // of a Protocol: lives as long as the program
    uint64_t logins = 0;
    Fan clients, users;
    Timestamp first{std::numeric_limits<int64_t>::max()}, last;
    FlowName flow;  // the first
    Timestamp flow_time{std::numeric_limits<int64_t>::max()};

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

   private:
    uint64_t seed_;
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostServices = 20'000;

    Global(const Config&, const Surroundings& surroundings)
        : surroundings_(surroundings), services_(surroundings.part(kMostServices), surroundings.hash_seed) {}
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    const Surroundings& surroundings_;
    Table<Key, Sum> services_;
    uint64_t overflow_ = 0;
  };
};

}  // namespace lapwing::analytics
