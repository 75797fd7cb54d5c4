// Exfiltration: a host sends out far more than it is used to, or file after file of one size.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "analytics/detectors/peer.h"
#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/novelty.h"
#include "analytics/shape/table.h"
#include "analytics/shape/volume.h"

namespace lapwing::analytics {

/// Payload alone, of hosts inside that talk to the outside of their own accord.
struct Exfiltration {
  static constexpr Technique kTechniques[] = {{"T1041", "TA0010"}, {"T1048", "TA0010"}, {"T1567", "TA0010"}};
  static constexpr About about = {
      .name = "exfiltration",
      .techniques = kTechniques,
      .moments = bit(FlowMoment::burst) | bit(FlowMoment::tick) | bit(FlowMoment::closed),
      .idle = 3600,
      .explained_by = bit(Role::backup) | bit(Role::mail) | bit(Role::proxy),
      .explained_at = bit(Role::backup),
      .help = "a host sends far more to a peer outside than it gets from there and than it is used to"};

  struct Config {
    uint64_t bytes = 0, rare_bytes = 0, ratio = 0, times = 0, uploads = 0, upload_bytes = 0, confidence = 0, rare = 0;
  };
  static std::span<const OptionRow<Config>> options();

  /// A key: no padding.
  struct Pair {
    IpAddress host, peer;  // of version 0: the hash of a name
    uint8_t vacant = 0;
    uint8_t size_class = 0;  // of uploads, in 1/8 of a doubling; 0: all traffic
  };
  static_assert(sizeof(Pair) == 36);

  /// Sums, minima and maxima, which add up in any order.
  struct Sent {
    Traffic traffic;
    uint64_t known = 0, bare = 0;  // of `traffic`, both ways
    uint32_t uploads = 0;
    uint8_t web = 0;
    Timestamp first{std::numeric_limits<int64_t>::max()}, last;
    FlowName flow;  // of the first
    std::string name, application;

    void merge(const Sent& other);
    bool operator==(const Sent&) const = default;
  };

  struct Delta {
    static constexpr uint32_t kMostPairs = 32'768;
    DeltaTable<Pair, Sent> pairs;

    void operator+=(Delta&& other) { pairs.merge(other.pairs); }
    void seal() { pairs.seal(); }
    void clear() { pairs.clear(); }
    bool empty() const { return pairs.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings)
        : config_(config), surroundings_(surroundings), peers_(surroundings.hash_seed) {}
    void flow(const FlowUpdate& update, Delta& delta);

   private:
    const Config config_;
    const Surroundings& surroundings_;
    Peers peers_;
  };

  /// How sure it is, in percent. `excess`: doublings beyond what is needed.
  struct Circumstances {
    unsigned excess = 0;
    bool rare = false, bare = false, known = false;
  };
  static unsigned confidence(const Circumstances& circumstances);

  class Global;
};

/// [G]
class Exfiltration::Global {
 public:
  static constexpr uint32_t kState = 1;
  static constexpr uint32_t kMostHosts = 32'768, kMostPairs = 32'768, kMostPeers = 32'768;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  /// What hosts and pairs are used to. A finding's own sums begin anew.
  void save(StateWriter& out);
  bool load(StateReader& in);

 private:
  struct State {
    Volume volume;
    Sent sum;
  };

  void judge(const Pair& pair, const State& state, const Volume& whole, Findings& findings);

  const Config config_;
  const Surroundings& surroundings_;
  Table<IpAddress, Volume> hosts_;
  Table<Pair, State> pairs_;
  Table<IpAddress, Novelty> peers_;
  Population clients_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
};

}  // namespace lapwing::analytics
