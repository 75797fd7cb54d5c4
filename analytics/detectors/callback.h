// Callback: a rule saw an attack, and what the attacked host does next shows that it had an effect.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "analytics/detectors/dns_response.h"
#include "analytics/detectors/mention.h"
#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
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
  static constexpr std::string_view kProtocols[] = {"http", "ftp-data", "tftp", "dns"};
  static constexpr std::string_view kFields[] = {"dns.qr", "dns.rcode", "dns.queries.rrname", "dns.queries.rrtype",
                                                 "dns.answers.data"};
  static constexpr About about = {
      .name = "callback",
      .techniques = kTechniques,
      .alerts = true,
      .moments = bit(FlowMoment::answered) | bit(FlowMoment::identified),
      .protocols = kProtocols,
      .only_due = true,
      .fields = kFields,
      .idle = 86'400,
      .help =
          "behind an alert of an attack the attacked host connects to the attacker, or to an address in what it "
          "was sent, as it never did, asks for or calls a name in it, or it receives a program; then calls by the "
          "clock count too"};

  struct Config {
    uint64_t window = 0, memory = 0;
  };
  static std::span<const OptionRow<Config>> options();

  struct Counters {
    uint64_t names_max = 0;  // names in attacks that are not waited for: those of others took their room
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  enum Stage : uint8_t { attacked, looked_up, called_back, fetched, checked_in, kStages };

  /// A key: no padding.
  struct Pair {
    IpAddress from, to;
  };
  static constexpr size_t kMostNames = 16, kMostNameText = 48;  // of an attack in a second, and of a victim
  struct Attack {
    uint64_t count = 0;
    Timestamp first{std::numeric_limits<int64_t>::max()}, last{std::numeric_limits<int64_t>::min()};
    Samples<4, 46> addresses;  // in what was sent
    Samples<kMostNames, kMostNameText> names;
    uint64_t beyond = 0;   // names of an alert for which there was no room
    Samples<2, 64> rules;  // their messages
    FlowName flow;         // the least of those at `first`

    void merge(const Attack& other);
  };
  /// The first connection of a pair, or program that a host received.
  struct Step {
    Timestamp first{std::numeric_limits<int64_t>::max()};
    FlowName flow;

    void merge(const Step& other) { keep_first(first, flow, other.first, other.flow); }
  };
  /// A host, and a name that it asks or calls for: a key without padding.
  struct Asking {
    IpAddress client;
    std::array<uint8_t, 8> name{};
  };
  struct Asked {
    NameEnds ends{};  // the same for the same name
    Step lookup, call;
    std::array<IpAddress, 4> addresses{};  // the least of those answered, in order; of version 0: none

    void add(const IpAddress& address);
    void merge(const Asked& other);
  };
  struct Delta {
    static constexpr uint32_t kMostAttacks = 4'096, kMostPairs = 16'384, kMostHosts = 4'096, kMostAsked = 16'384;
    Delta() = default;
    explicit Delta(const Surroundings& surroundings)
        : attacks(surroundings.hash_seed, kMostAttacks),
          opened(surroundings.hash_seed, kMostPairs),
          programs(surroundings.hash_seed, kMostHosts),
          asked(surroundings.hash_seed, kMostAsked) {}
    void operator+=(Delta&& other);
    void seal();
    void clear();
    bool empty() const { return attacks.empty() && opened.empty() && programs.empty() && asked.empty(); }

    DeltaTable<Pair, Attack> attacks;
    DeltaTable<Pair, Step> opened;
    DeltaTable<IpAddress, Step> programs;
    DeltaTable<Asking, Asked> asked;
  };

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed), responses_(surroundings) {}
    void alert(const AlertSeen& seen, Delta& delta) const;
    void flow(const FlowUpdate& update, Delta& delta) const;
    void event(const Observed& observed, Delta& delta);

   private:
    /// `name`: in lower case.
    Asked* asked(const IpAddress& client, std::string_view name, Delta& delta) const;
    void look_up(const Observed& observed, Delta& delta);

    const uint64_t seed_;
    DnsResponses responses_;
    FieldReader answers_{"dns.answers.data"};
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostVictims = 4'096, kMostPairs = 65'535;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;
    const Counters& counters() const { return counters_; }

   private:
    /// Whom an attacked host may call: the attacker, or who is named in what it sent.
    struct Suspect {
      IpAddress address;
      Timestamp first, last;  // attacks
      bool named = false;
    };
    struct Name {
      uint64_t hash = 0;
      Timestamp first, last;  // attacks
      std::array<char, kMostNameText> text{};
    };
    struct State {
      std::array<Suspect, 8> suspects;         // the oldest gives way
      std::array<Name, kMostNames> names;      // likewise
      std::array<char, kMostNameText> name{};  // that it asked for or called first
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
    static void suspect(State& state, const IpAddress& address, Timestamp first, Timestamp last, bool named);
    void ask(const IpAddress& host, const Asked& asked, Findings& findings);
    void open(const Pair& pair, const Step& step, bool known, Findings& findings);
    void receive(const IpAddress& host, const Step& step, Findings& findings);
    void reach(const IpAddress& host, State& state, Stage stage, const Step& step, Findings& findings);
    void report(const IpAddress& host, const State& state, const Step& step, Findings& findings) const;

    const Config config_;
    const Surroundings& surroundings_;
    Victims victims_;
    Table<Pair, uint32_t> known_;  // since which second one has connected to the other
    uint64_t overflow_ = 0;
    Counters counters_;
  };
};

}  // namespace lapwing::analytics
