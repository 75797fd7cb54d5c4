// Mining: a client works for a pool of miners.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/table.h"
#include "sensor/base/bytes.h"

namespace lapwing::analytics {

/// Which methods of the pools' JSON-RPC a miner and its pool called, as bits of their numbers: those of Stratum, its
/// kin of CryptoNote and of Ethereum. Linear in what was said.
uint32_t pool_methods(Bytes said, Bytes answered);

struct Mining {
  static constexpr Technique kTechniques[] = {{"T1496", "TA0040"}};
  static constexpr About about = {.name = "mining",
                                  .techniques = kTechniques,
                                  .moments = bit(FlowMoment::spoke),
                                  .idle = 3600,
                                  .help = "a client asks a pool for work to mine coins with"};

  struct Config {};
  static std::span<const OptionRow<Config>> options() { return {}; }

  /// A key: no padding.
  struct Pool {
    IpAddress client, server;
    uint16_t port = 0;
  };
  struct Talk {
    uint64_t connections = 0;
    uint32_t methods = 0;  // bits
    bool answered = false;
    int64_t first = std::numeric_limits<int64_t>::max(), last = 0;  // ns
    uint64_t flow = std::numeric_limits<uint64_t>::max();           // the least, and its client's port
    uint16_t client_port = 0;

    void merge(const Talk& other);
  };
  /// Of a second.
  struct Delta {
    DeltaTable<Pool, Talk> pools;

    void operator+=(Delta&& other) { pools.merge(other.pools); }
    void seal() { pools.seal(); }
    void clear() { pools.clear(); }
    bool empty() const { return pools.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings);
    void flow(const FlowUpdate& update, Delta& delta);

   private:
    uint64_t seed_;
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostPools = 8192;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    Table<Pool, Talk> pools_;
    uint64_t overflow_ = 0;
  };
};

}  // namespace lapwing::analytics
