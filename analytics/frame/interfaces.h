// Interfaces: which of them show connections from one side alone, so that nothing may rest on silence there.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// Of the shape of a detector, but it finds nothing: it tells of interfaces. Taps of one direction and routes that
/// differ each way make whoever connects look as if nobody answered. It is judged before detectors are.
struct Interfaces {
  static constexpr uint32_t kMoments =
      bit(FlowMoment::answered) | bit(FlowMoment::refused) | bit(FlowMoment::unanswered) | bit(FlowMoment::closed);
  static constexpr About about{
      .name = "interfaces", .moments = kMoments, .help = "interfaces at which connections are seen from one side"};

  struct Config {
    uint64_t one_sided = 0;              // percent
    uint64_t connections = 0, each = 0;  // of a window
  };
  static std::span<const OptionRow<Config>> options();
  static bool wanted(const Config& config) { return config.one_sided < 100; }

  struct Counters {
    uint64_t one_sided = 0;  // interfaces, now
    uint64_t marked = 0;     // times that one became so
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  /// A key: no padding.
  struct Place {
    IpAddress client;
    uint8_t interface = 0;
  };
  struct Connections {
    uint32_t one_sided = 0, two_sided = 0;
    Timestamp last;

    void merge(const Connections& other) {
      one_sided += other.one_sided;
      two_sided += other.two_sided;
      last = std::max(last, other.last);
    }
    bool operator==(const Connections&) const = default;
  };
  struct Delta {
    static constexpr uint32_t kMostPlaces = 16'384;
    DeltaTable<Place, Connections> places;

    void operator+=(Delta&& other) { places.merge(other.places); }
    void seal() { places.seal(); }
    void clear() { places.clear(); }
    bool empty() const { return places.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}
    void flow(const FlowUpdate& update, Delta& delta) const;

   private:
    uint64_t seed_;
  };

  /// [G] Decides in windows of a minute, as soon as they hold enough connections of enough clients: so few forge it.
  class Global {
   public:
    static constexpr uint32_t kMostClients = 16'384;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings&);
    StateUse use() const;
    const Counters& counters() const { return counters_; }

   private:
    struct Client {
      Second window = 0;
      uint64_t counted = 0;
    };
    struct State {
      Second window = 0;
      uint64_t one_sided = 0, two_sided = 0;
      Timestamp last;
      bool marked = false;
    };
    void judge(uint8_t interface, State& state, bool over, Findings& findings);

    const Config config_;
    std::array<State, kNoInterface> states_;
    Table<Place, Client> clients_;
    Counters counters_;
    uint64_t overflow_ = 0;
  };
};

}  // namespace lapwing::analytics
