// OddPort: a protocol speaks on a port that belongs to another, where those who filter by port let it through.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// One finding for a client and a service; low, as many who mean no harm do so.
struct OddPort {
  static constexpr Technique kTechniques[] = {{"T1571", "TA0011"}};
  static constexpr About about = {
      .name = "odd-port",
      .techniques = kTechniques,
      .moments = bit(FlowMoment::identified) | bit(FlowMoment::tick) | bit(FlowMoment::closed),
      .idle = 3600,
      .explained_by = bit(Role::scanner),
      .help = "a protocol speaks on the well-known port of another, or one that is unknown does"};

  struct Config {
    uint64_t unknown = 0;
  };
  static std::span<const OptionRow<Config>> options();

  /// A key: no padding.
  struct Service {
    IpAddress client, server;
    uint16_t port = 0;
    uint8_t proto = 0;
    uint8_t spoken = 0;  // number of the protocol; 255: unknown
  };
  struct Use {
    uint64_t connections = 0, bytes_out = 0, bytes_in = 0;
    int64_t first = std::numeric_limits<int64_t>::max(), last = 0;  // ns
    uint64_t flow = std::numeric_limits<uint64_t>::max();           // the least, and its client's port
    uint16_t client_port = 0;

    void merge(const Use& other);
  };
  /// Of a second.
  struct Delta {
    static constexpr uint32_t kMostServices = 16'384;
    DeltaTable<Service, Use> services;

    void operator+=(Delta&& other) { services.merge(other.services); }
    void seal() { services.seal(); }
    bool empty() const { return services.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings);
    void flow(const FlowUpdate& update, Delta& delta);

   private:
    const Config config_;
    uint64_t seed_;
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostServices = 16'384;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    void report(const Service& service, const Use& use, Findings& findings) const;

    const Config config_;
    Table<Service, Use> services_;
    uint64_t overflow_ = 0;
  };
};

}  // namespace lapwing::analytics
