// dga: domains that a program makes up, of which all but one do not exist.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "analytics/detectors/dns_response.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/samples.h"
#include "analytics/shape/survey.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

struct Dga {
  static constexpr std::array<Technique, 1> kTechniques{{{"T1568.002", "TA0011"}}};
  static constexpr std::array<std::string_view, 1> kProtocols{"dns"};
  static constexpr About about{.name = "dga",
                               .techniques = kTechniques,
                               .protocols = kProtocols,
                               .fields = DnsResponses::kFields,
                               .explained_by = bit(Role::resolver) | bit(Role::mail),
                               .help =
                                   "a host that asks for domains which do not exist and that nobody would have "
                                   "named so, or for many that do not exist"};

  struct Config {
    uint64_t random = 0, any = 0, share = 0, any_share = 0;
  };
  static std::span<const OptionRow<Config>> options();

  using Names = Samples<6, 48>;

  /// Of a host: domains by the surprise of their labels.
  struct Seen {
    Survey failed;  // those that can be judged
    Fan missing;    // all that do not exist
    Fan found;
    Names missing_names, odd_names;  // of `failed`; of those found, whose surprise is that of no few names
    Timestamp first{std::numeric_limits<int64_t>::max()}, last{std::numeric_limits<int64_t>::min()};
    FlowName flow;  // the least of those at `first`

    void merge(const Seen& other);
  };

  struct Delta {
    Delta() = default;
    explicit Delta(const Surroundings& surroundings) : seen(surroundings.hash_seed, kMostKeys) {}
    void operator+=(Delta&& other) { seen.merge(other.seen); }
    void seal() { seen.seal(); }
    void clear() { seen.clear(); }
    bool empty() const { return seen.empty(); }

    static constexpr uint32_t kMostKeys = 16'384;
    DeltaTable<IpAddress, Seen> seen;
  };

  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed), responses_(surroundings) {}
    void event(const Observed& observed, Delta& delta);

   private:
    uint64_t seed_;
    DnsResponses responses_;
  };

  class Global {
   public:
    Global(const Config& config, const Surroundings& surroundings)
        : config_(config), hosts_(surroundings.part(8'192), surroundings.hash_seed) {}
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;

   private:
    struct Window {
      Survey failed;
      Fan missing, found;
    };
    struct State {
      Window now, before;  // of kWindow seconds each
      Names missing_names, odd_names;
      Timestamp first;
      uint32_t window = 0, count = 0;  // since 1970; domains that did not exist since `first`
    };
    static constexpr uint32_t kWindow = 300;

    void judge(const IpAddress& host, State& state, const Seen& seen, Findings& findings) const;

    const Config config_;
    Table<IpAddress, State> hosts_;
    uint64_t overflowed_ = 0;
  };
};

}  // namespace lapwing::analytics
