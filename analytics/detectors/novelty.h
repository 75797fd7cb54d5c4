// novelty: what a network shows for the first time, behind a time in which it was learned.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/detectors/peer.h"
#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/learning.h"
#include "analytics/shape/novelty.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// Whether it is the name of a public resolver of DNS over HTTPS. In lower case.
bool is_doh_resolver(std::string_view name);

/// Most of it only counts: what is told needs a new service, a new way between hosts, or a value that one host alone
/// has.
struct Novelties {
  static constexpr Technique kTechniques[] = {
      {"T1571", "TA0011"}, {"T1021", "TA0008"}, {"T1071.001", "TA0011"}, {"T1572", "TA0011"}};
  static constexpr std::array<std::string_view, 3> kProtocols{"tls", "http", "ssh"};
  static constexpr std::array<std::string_view, 5> kFields{"tls.ja4", "tls.sni", "tls.issuerdn", "http.http_user_agent",
                                                           "ssh.client.hassh.hash"};
  static constexpr About about = {.name = "novelty",
                                  .techniques = kTechniques,
                                  .moments = bit(FlowMoment::identified) | bit(FlowMoment::closed),
                                  .protocols = kProtocols,
                                  .only_due = true,
                                  .fields = kFields,
                                  .idle = 3600,
                                  .help =
                                      "what a network never showed in all the time before (analytics.learn): a "
                                      "service of a host inside, a way of administration between hosts that serve "
                                      "nobody, a client's fingerprint of one host alone, a client of public DNS "
                                      "over HTTPS"};

  struct Config {
    uint64_t keys = 0, active = 0, steady = 0, clients = 0, managed = 0;
  };
  static std::span<const OptionRow<Config>> options();

  /// serving: a host, with those it serves. admin: a host, with those it administers. service: host, port and protocol.
  /// edge: client, server and protocol, both inside. name: registrable, of servers. doh: a client of such resolvers.
  /// In this order are keys of a second judged.
  enum class Kind : uint8_t { serving, admin, service, edge, ja4, hassh, user_agent, name, issuer, doh };
  static constexpr size_t kKinds = 10;

  /// A key.
  struct Value {
    Kind kind = Kind::serving;
    std::array<uint8_t, 8> hash{};
  };
  static_assert(sizeof(Value) == 9);

  /// Who had it, and towards whom. Minima, maxima and unions.
  struct Seen {
    Novelty novelty;
    uint32_t least_peer = UINT32_MAX, most_peer = 0;  // hashes: they are equal where there is but one

    void merge(const Seen& other);
    bool one_peer() const { return least_peer == most_peer; }
  };
  /// What a second says of a value.
  struct Sight {
    static constexpr size_t kText = 64;
    Seen seen;
    Timestamp first{std::numeric_limits<int64_t>::max()};
    FlowName flow;                   // the least of those at `first`
    std::array<char, kText> text{};  // its beginning, of what can be shown

    void merge(const Sight& other);
  };

  struct Delta {
    static constexpr uint32_t kMostValues = 32'768;
    DeltaTable<Value, Sight> values;
    FanOf<256> hosts;  // inside, that showed anything

    void operator+=(Delta&& other);
    void seal() { values.seal(); }
    bool empty() const { return values.empty() && hosts.empty(); }
  };

  class Local;
  class Global;
};

/// [W]
class Novelties::Local {
 public:
  Local(const Config&, const Surroundings& surroundings)
      : surroundings_(surroundings), peers_(surroundings.hash_seed) {}
  void flow(const FlowUpdate& update, Delta& delta);
  void event(const Observed& observed, Delta& delta);

 private:
  static constexpr size_t kRemembered = 512;
  struct Source {
    std::string_view protocol;
    Kind kind;
    FieldReader reader;
  };
  /// What an observation is about.
  struct Facts {
    Kind kind = Kind::serving;
    uint64_t value = 0, host = 0, peer = 0;  // hashes
    std::string_view text = {};
  };
  struct Remembered {
    uint64_t hash = 0, generation = 0;
    Timestamp time;
  };

  uint64_t hash(std::string_view text) const;
  uint64_t hash(const IpAddress& address) const;
  void begin(Delta& delta);
  bool repeats(uint64_t what, Timestamp time);
  void add(Delta& delta, const Facts& facts, Timestamp time, const FlowRef& flow) const;
  void add_name(Delta& delta, std::string_view host, Timestamp time, const FlowRef& flow) const;
  void add_service(Delta& delta, Timestamp time, const FlowRef& flow);

  const Surroundings& surroundings_;
  Peers peers_;
  std::array<Source, 5> sources_{{{"tls", Kind::ja4, FieldReader(kFields[0])},
                                  {"tls", Kind::name, FieldReader(kFields[1])},
                                  {"tls", Kind::issuer, FieldReader(kFields[2])},
                                  {"http", Kind::user_agent, FieldReader(kFields[3])},
                                  {"ssh", Kind::hassh, FieldReader(kFields[4])}}};
  uint64_t generation_ = 0;  // of deltas
  std::array<Remembered, kRemembered> remembered_{};
};

/// [G]
class Novelties::Global {
 public:
  static constexpr uint32_t kState = 1, kMostGroups = 4096;
  static constexpr size_t kShown = 8;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  void save(StateWriter& out);
  bool load(StateReader& in);

 private:
  struct State {
    Seen seen;
    bool fresh = false;  // it came when all was learned
    bool told = false;
  };
  /// Those of one kind of a host are one finding.
  struct GroupKey {
    IpAddress subject;
    Kind kind = Kind::serving;
  };
  static_assert(sizeof(GroupKey) == 18);
  struct Group {
    Timestamp first{std::numeric_limits<int64_t>::max()}, last;
    uint64_t count = 0;
    std::vector<std::string> objects, values;
    std::vector<FlowName> flows;
  };

  bool is_worth_telling(const Value& value, const State& state, const Sight& sight, bool is_new);
  uint32_t hosts_of(Kind kind, const IpAddress& host);
  uint32_t active() const;
  void pass(Second second);
  void report(const Value& value, const State& state, const Sight& sight, Findings& findings);

  const Config config_;
  const Surroundings& surroundings_;
  Learning learning_;
  FanOf<256> today_, yesterday_;  // hosts that were active
  uint32_t day_ = 0;              // since 1970
  uint32_t learned_ = 0;          // second since which enough is learned, or 0
  Table<Value, State> values_;
  Table<GroupKey, Group> groups_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
};

}  // namespace lapwing::analytics
