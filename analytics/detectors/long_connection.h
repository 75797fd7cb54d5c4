// LongConnection: a connection to the outside is kept for hours.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <tuple>

#include "analytics/detectors/peer.h"
#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/novelty.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// As it grows older than its first step, and again at 4, 12 and 24 times of it; unless as many others of its
/// application and port grow as old.
struct LongConnection {
  static constexpr Technique kTechniques[] = {{"T1572", "TA0011"}, {"T1571", "TA0011"}, {"T1219", "TA0011"}};
  static constexpr About about = {
      .name = "long-connection",
      .techniques = kTechniques,
      .moments = bit(FlowMoment::tick) | bit(FlowMoment::closed),
      .idle = 7200,
      .explained_by = bit(Role::proxy) | bit(Role::vpn),
      .explained_at = bit(Role::vpn),
      .help = "a connection to the outside lives for hours: a tunnel, remote control, or an agent that waits"};

  struct Config {
    uint64_t age = 0, known_age = 0, steady = 0, confidence = 0, rare = 0;
  };
  static std::span<const OptionRow<Config>> options();

  /// A key: no padding.
  struct Connection {
    uint64_t flow = 0;
  };
  /// Sums and maxima, which add up in any order.
  struct Span {
    uint64_t out = 0, in = 0;
    Timestamp first{std::numeric_limits<int64_t>::max()}, last;
    bool closed = false, bare = false, known = false, waits = false, proxied = false;
    FlowName flow;
    IpAddress peer;  // of version 0: the hash of a name
    std::string name, application;

    void merge(const Span& other);
    bool operator==(const Span&) const = default;
  };

  /// What connections of one kind live by. A key: no padding.
  struct Kind {
    uint64_t application = 0;  // hashed
    uint16_t port = 0;
    std::array<uint8_t, 6> vacant{};
  };
  /// How many lived so long, by log2 of seconds.
  struct Ages {
    static constexpr size_t kBins = 20;
    std::array<uint32_t, kBins> counts{};

    void merge(const Ages& other) {
      for (size_t i = 0; i < kBins; ++i) counts[i] += other.counts[i];
    }
    static size_t bin(int64_t seconds);
    /// Connections, and in 1/1000 those that lived less long than most of `seconds`' like.
    std::pair<uint64_t, uint32_t> rank(int64_t seconds) const;
    bool operator==(const Ages&) const = default;
  };

  struct Delta {
    static constexpr uint32_t kMostConnections = 32'768, kMostKinds = 8'192;
    DeltaTable<Connection, Span> connections;
    DeltaTable<Kind, Ages> kinds;

    void operator+=(Delta&& other) {
      connections.merge(other.connections);
      kinds.merge(other.kinds);
    }
    void seal() {
      connections.seal();
      kinds.seal();
    }
    void clear() {
      connections.clear();
      kinds.clear();
    }
    bool empty() const { return connections.empty() && kinds.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings)
        : surroundings_(surroundings), peers_(surroundings.hash_seed) {}
    void flow(const FlowUpdate& update, Delta& delta);

   private:
    const Surroundings& surroundings_;
    Peers peers_;
  };

  class Global;
};

/// [G]
class LongConnection::Global {
 public:
  static constexpr uint32_t kState = 1;
  static constexpr uint32_t kMostConnections = 32'768, kMostKinds = 8'192, kMostPeers = 32'768;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  /// How long what lives, and who talks to whom. Connections do not outlive the sensor.
  void save(StateWriter& out);
  bool load(StateReader& in);

 private:
  void judge(const Span& span, Findings& findings);

  const Config config_;
  const Surroundings& surroundings_;
  Table<Connection, Span> connections_;
  Table<Kind, Ages> kinds_;
  Table<IpAddress, Novelty> peers_;
  Population clients_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
};

}  // namespace lapwing::analytics
