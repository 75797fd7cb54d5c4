// CleartextCredentials: logins whose secret whoever reads along has.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>

#include "analytics/frame/detector.h"
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

  struct Key {
    IpAddress server;
    std::string_view service;  // of a Protocol: lives as long as the program
    auto operator<=>(const Key&) const = default;
  };
  struct Sum {
    uint64_t logins = 0;
    Fan clients, users;
    Timestamp first, last;
    FlowName flow;  // the first
    Timestamp flow_time;
  };
  struct Delta {
    std::map<Key, Sum> sums;

    void operator+=(Delta&& other);
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
    struct Service {
      std::array<uint8_t, 16> server;
      uint64_t name;
    };
    const Surroundings& surroundings_;
    Table<Service, Sum> services_;
  };
};

}  // namespace lapwing::analytics
