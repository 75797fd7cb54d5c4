// dns-tunnel: data in the names that are asked for, and in what is answered.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/detectors/dns_response.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/samples.h"
#include "analytics/shape/survey.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// The information in a text in 1/16 bit: its length times the entropy of its bytes, with what Miller and Madow add as
/// a short text cannot show all that it is drawn from. Dots are no part of it; 255 bytes count at most.
uint32_t information(std::string_view text);

struct DnsTunnel {
  static constexpr std::array<Technique, 3> kTechniques{
      {{"T1071.004", "TA0011"}, {"T1572", "TA0011"}, {"T1048.003", "TA0010"}}};
  static constexpr std::array<std::string_view, 1> kProtocols{"dns"};
  static constexpr std::array<std::string_view, 6> kFields{DnsResponses::kFields[0], DnsResponses::kFields[1],
                                                           DnsResponses::kFields[2], DnsResponses::kFields[3],
                                                           "dns.answers.rrtype",     "dns.answers.data"};
  static constexpr About about{
      .name = "dns-tunnel",
      .techniques = kTechniques,
      .moments = bit(FlowMoment::identified),
      .protocols = kProtocols,
      .fields = kFields,
      .explained_by = bit(Role::resolver) | bit(Role::mail),
      .help =
          "a host that sends or fetches data through names under one domain, or through names without a domain in "
          "common that one server answers"};

  struct Config {
    uint64_t bytes_up = 0, bytes_down = 0, bytes_a_day = 0, queries = 0;
    std::vector<std::string> known;
  };
  static std::span<const OptionRow<Config>> options();

  struct Counters {
    uint64_t answers_max = 0;  // answers that are not looked at: their message has as many others as may be
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  /// A host and a domain, or a server that is asked for long names of many domains.
  struct Key {
    IpAddress client;
    std::array<uint8_t, 8> group{};
  };

  /// What one second says of a key. Only what was answered counts, so that nothing rests on one side alone.
  struct Seen {
    Survey names;  // by information in 1/16 bit
    Survey data;   // by weight in 1/8 byte: answers whose types carry what one likes weigh in full, others an eighth
    uint64_t queries = 0, failed = 0, telling = 0;  // NXDOMAIN; of types that tunnels like
    uint64_t listed = 0;                            // answered as lists do (RFC 5782 2.1)
    uint64_t characters = 0, bits = 0;              // of names that are no look-ups; in 1/16 bit
    uint64_t beyond = 0;                            // answers that were not looked at
    Timestamp first{std::numeric_limits<int64_t>::max()}, last{std::numeric_limits<int64_t>::min()};
    FlowName flow;  // the least of those at `first`
    Samples<3, 80> samples;
    std::array<char, 64> domain{};  // none: many

    void merge(const Seen& other);
  };

  /// Names under a domain that a host calls servers by.
  struct Called {
    Fan names;
    void merge(const Called& other) { names.merge(other.names); }
  };

  struct Delta {
    Delta() = default;
    explicit Delta(const Surroundings& surroundings)
        : seen(surroundings.hash_seed, kMostKeys), called(surroundings.hash_seed, kMostKeys) {}
    void operator+=(Delta&& other) {
      seen.merge(other.seen);
      called.merge(other.called);
    }
    void seal() {
      seen.seal();
      called.seal();
    }
    void clear() {
      seen.clear();
      called.clear();
    }
    bool empty() const { return seen.empty() && called.empty(); }

    static constexpr uint32_t kMostKeys = 16'384;
    DeltaTable<Key, Seen> seen;
    DeltaTable<Key, Called> called;
  };

  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings)
        : surroundings_(surroundings), seed_(surroundings.hash_seed), responses_(surroundings) {}
    void flow(const FlowUpdate& update, Delta& delta);
    void event(const Observed& observed, Delta& delta);

   private:
    struct Answered {
      uint64_t hash = 0;
      uint16_t weight = 0;
      uint32_t beyond = 0;
      bool listed = false;
    };
    Answered answered(const Event& event);
    uint64_t hash(std::string_view text) const;
    Key key(const IpAddress& client, uint64_t group) const;

    const Surroundings surroundings_;
    const uint64_t seed_;
    DnsResponses responses_;
    FieldReader types_{kFields[4]}, data_{kFields[5]};
  };

  class Global {
   public:
    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;
    const Counters& counters() const { return counters_; }

   private:
    /// An hour's, of which a sixth is forgotten every ten minutes.
    struct Sums {
      uint32_t queries = 0, failed = 0, telling = 0, listed = 0, characters = 0;
      uint64_t bits = 0, up = 0, down = 0;  // in 1/16 bit, and down in 1/8 byte
    };
    struct State {
      Fan names, data;
      Fan called;  // of `names`, at most, those that it called a server by
      Sums hour;
      uint64_t day = 0;    // up, of which a part in 24 is forgotten every hour
      uint64_t asked = 0;  // since `first`
      uint32_t tens = 0;   // of minutes since 1970, up to which is forgotten
      Timestamp first;
      uint8_t times = 0;  // doublings of what an alarm needs, and one
      bool used = false;  // in the way of a tunnel: counted among the domain's hosts
    };
    using States = Table<Key, State>;
    struct Verdict;

    void add(const Seen& seen, State& state, uint32_t second) const;
    static uint64_t to_no_end(const State& state, uint64_t up);
    Verdict judge(States::Entry& entry, uint64_t client, uint32_t now);
    bool is_known(std::string_view domain) const;
    void report(const Key& key, const State& state, const Seen& seen, const Verdict& verdict, Findings& findings) const;

    const Config config_;
    const uint64_t seed_;
    States states_;
    Table<std::array<uint8_t, 8>, SmallFan> users_;  // of domains, hosts that use them in the way of a tunnel
    Table<IpAddress, SmallFan> servers_;             // hosts that they answer
    Fan active_;
    uint64_t overflowed_ = 0;
    Counters counters_;
  };
};

}  // namespace lapwing::analytics
