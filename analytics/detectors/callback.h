// Callback: a rule saw an attack, and what the attacked host does next shows that it had an effect.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "analytics/frame/detector.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/rhythm.h"
#include "analytics/shape/samples.h"
#include "analytics/shape/sequence.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// One finding for an attacked host; low, until a second thing follows. Its subject is who attacked, where that is a
/// host inside, or else the attacked one.
struct Callback {
  static constexpr Technique kTechniques[] = {
      {"T1203", "TA0002"}, {"T1105", "TA0011"}, {"T1071", "TA0011"}, {"T1210", "TA0008"}};
  static constexpr std::string_view kProtocols[] = {"http", "ftp-data", "tftp"};
  static constexpr About about = {
      .name = "callback",
      .techniques = kTechniques,
      .alerts = true,
      .moments = bit(FlowMoment::answered),
      .protocols = kProtocols,
      .only_due = true,
      .idle = 86'400,
      .help =
          "behind an alert of an attack the attacked host connects to the attacker, or to an address in what it "
          "was sent, as it never did, or it receives a program; then calls by the clock count too"};

  struct Config {
    uint64_t window = 0, memory = 0;
  };
  static std::span<const OptionRow<Config>> options();

  enum Stage : uint8_t { attacked, called_back, fetched, checked_in, kStages };

  /// A key: no padding.
  struct Pair {
    IpAddress from, to;
  };
  struct Attack {
    uint64_t count = 0;
    Timestamp first{std::numeric_limits<int64_t>::max()}, last{std::numeric_limits<int64_t>::min()};
    Samples<4, 46> addresses;  // in what was sent
    Samples<2, 64> rules;      // their messages
    FlowName flow;             // the least of those at `first`

    void merge(const Attack& other);
  };
  /// The first connection of a pair, or program that a host received.
  struct Step {
    Timestamp first{std::numeric_limits<int64_t>::max()};
    FlowName flow;

    void merge(const Step& other) { keep_first(first, flow, other.first, other.flow); }
  };
  struct Delta {
    static constexpr uint32_t kMostAttacks = 4'096, kMostPairs = 16'384, kMostHosts = 4'096;
    Delta() = default;
    explicit Delta(const Surroundings& surroundings)
        : attacks(surroundings.hash_seed, kMostAttacks),
          opened(surroundings.hash_seed, kMostPairs),
          programs(surroundings.hash_seed, kMostHosts) {}
    void operator+=(Delta&& other);
    void seal();
    void clear();
    bool empty() const { return attacks.empty() && opened.empty() && programs.empty(); }

    DeltaTable<Pair, Attack> attacks;
    DeltaTable<Pair, Step> opened;
    DeltaTable<IpAddress, Step> programs;
  };

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}
    void alert(const AlertSeen& seen, Delta& delta) const;
    void flow(const FlowUpdate& update, Delta& delta) const;
    void event(const Observed& observed, Delta& delta) const;

   private:
    const uint64_t seed_;
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostVictims = 4'096, kMostPairs = 65'535;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    /// Whom an attacked host may call: the attacker, or who is named in what it sent.
    struct Suspect {
      IpAddress address;
      Timestamp first, last;  // attacks
      bool named = false;
    };
    struct State {
      std::array<Suspect, 8> suspects;  // the oldest gives way
      Sequence<kStages> sequence;
      StageSet found = 0;
      IpAddress attacker, called;
      bool named = false;  // the one it called was
      uint64_t attacks = 0;
      Timestamp first{std::numeric_limits<int64_t>::max()};
      Samples<2, 64> rules;
      std::array<std::optional<Step>, kStages> steps;
      Rhythm rhythm;  // of calls to `called`
    };
    using Victims = Table<IpAddress, State>;

    void attack(const Pair& pair, const Attack& attack, uint32_t now);
    void open(const Pair& pair, const Step& step, bool known, Findings& findings);
    void receive(const IpAddress& host, const Step& step, Findings& findings);
    void reach(const IpAddress& host, State& state, Stage stage, const Step& step, Findings& findings);
    void report(const IpAddress& host, const State& state, const Step& step, Findings& findings) const;

    const Config config_;
    const Surroundings& surroundings_;
    Victims victims_;
    Table<Pair, uint8_t> known_;  // who has connected to whom
    uint64_t overflow_ = 0;
  };
};

}  // namespace lapwing::analytics
