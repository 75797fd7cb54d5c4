// Beacon: a host calls the same peer by the clock, and waits for what it is told.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "analytics/detectors/peer.h"
#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/novelty.h"
#include "analytics/shape/rhythm.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// A check-in is a connection, or payload after a second of silence within one. Calls that nobody answers are a rhythm
/// of their own.
struct Beacon {
  static constexpr Technique kTechniques[] = {
      {"T1071.001", "TA0011"}, {"T1573", "TA0011"}, {"T1095", "TA0011"}, {"T1571", "TA0011"}};
  static constexpr About about = {
      .name = "beacon",
      .techniques = kTechniques,
      .software = true,  // for FlowRef::ja4
      .moments = bit(FlowMoment::refused) | bit(FlowMoment::unanswered) | bit(FlowMoment::burst),
      .explained_by = bit(Role::monitor),
      .explained_at = bit(Role::monitor),
      .help = "a host calls a peer at times so regular that a program keeps them, as agents under remote control do"};

  struct Config {
    uint64_t confidence = 0, rare = 0, prevalent = 0;
  };
  static std::span<const OptionRow<Config>> options();

  /// Who calls whom. A key: no padding.
  struct Line {
    IpAddress client, peer;  // of version 0: the hash of a name
    uint8_t proto = 0;
    uint8_t answered = 0;
    uint16_t port = 0;
  };
  /// A key: no padding, and by second in order.
  struct Moment {
    Line line;
    std::array<uint8_t, 4> second{};  // of packet time, most significant first
  };
  static_assert(sizeof(Line) == 38 && sizeof(Moment) == 42);

  /// Sums, minima and maxima, which add up in any order.
  struct Calls {
    uint64_t out = 0, in = 0;
    uint32_t calls = 0, known = 0, midstream = 0, web = 0, encrypted = 0, proxied = 0;
    uint32_t bare = 0;  // by a protocol nobody knows
    uint64_t ja4 = 0;   // the greatest
    Timestamp first{std::numeric_limits<int64_t>::max()};
    FlowName flow;  // of the first
    std::string name, application;

    void merge(const Calls& other);
    bool operator==(const Calls&) const = default;
  };

  struct Delta {
    static constexpr uint32_t kMostMoments = 32'768;
    DeltaTable<Moment, Calls> calls;

    void operator+=(Delta&& other) { calls.merge(other.calls); }
    void seal() { calls.seal(); }
    void clear() { calls.clear(); }
    bool empty() const { return calls.empty(); }
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

  /// What else speaks for or against a rhythm.
  struct Circumstances {
    int64_t seconds = 0;  // that it lasts
    bool named = false, bare = false, known = false, datagrams = false, unanswered = false;
    bool rare = false, prevalent = false, browses = false, in_step = false;
  };
  /// In percent; 0 where the rhythm does not hold.
  static unsigned confidence(const RhythmJudgement& rhythm, const Circumstances& circumstances);

  class Global;
};

/// [G]
class Beacon::Global {
 public:
  static constexpr uint32_t kMostInklings = 196'608, kMostRhythms = 24'576, kMostPeers = 65'536, kMostNamed = 32'768,
                            kMostWatchers = 4096, kMostPrograms = 16'384, kMostSteps = 4'096;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;

 private:
  struct State {
    Rhythm rhythm;
    Calls sum;  // since it is a rhythm
    Timestamp first;
    RhythmJudgement judgement;
    bool found = false;
  };
  using Rhythms = Table<Line, State>;
  struct Named {
    IpAddress peer;
    bool known = false, web = false, encrypted = false;
    std::string name;
  };

  /// What says hello alike on one host. A key: no padding.
  struct Program {
    Program() = default;
    Program(const IpAddress& host, uint64_t hash)
        : client(host), ja4(std::bit_cast<std::array<uint8_t, sizeof hash>>(hash)) {}
    IpAddress client;
    std::array<uint8_t, 8> ja4{};
  };
  static_assert(sizeof(Program) == 25);

  /// Peers outside that a host calls at a rhythm, the latest.
  struct Steps {
    struct Called {
      uint64_t hash = 0;
      Timestamp last;
      uint32_t period = 0;  // 1/16 s
    };
    std::array<Called, 16> peers{};
  };

  /// A flow that is picked up behind a silence that it outlived has lost the name that it began with; its server has
  /// not. `line` and what is returned, which `room` may hold, are then of that name.
  const Calls& name(Line& line, const Calls& calls, Calls& room);
  /// The line's state, once it has called often enough to have one.
  Rhythms::Entry* enter(const Line& line, const Calls& calls, bool& rung);
  void report(const Line& line, const State& state, Timestamp time, Findings& findings);
  /// How many inside the client calls at a rhythm, this one among them.
  uint32_t watched(const IpAddress& client, const IpAddress& server);
  uint32_t called_alike(const IpAddress& client, uint64_t ja4);
  uint32_t in_step(const Line& line, uint32_t period, Timestamp time);

  const Config config_;
  const Surroundings& surroundings_;
  Table<Line, Inkling> inklings_;
  Rhythms rhythms_;
  Table<IpAddress, Novelty> peers_;
  Table<IpAddress, Named> named_;        // by the address that had the name last
  Table<IpAddress, SmallFan> watchers_;  // whom they call inside
  Table<Program, Fan> programs_;         // the names that they call
  Table<IpAddress, Steps> steps_;
  Population clients_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
};

}  // namespace lapwing::analytics
