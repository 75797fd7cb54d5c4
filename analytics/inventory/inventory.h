// Inventory: the hosts of this network, what they are called, run and serve, and what they are there for.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "analytics/frame/detector.h"
#include "analytics/inventory/criticality.h"
#include "analytics/inventory/host.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// Of the shape of a detector, but it finds nothing: it tells of assets. Only what is within analytics.internal is one.
struct Inventory {
  static constexpr uint32_t kMoments = bit(FlowMoment::tick) | bit(FlowMoment::closed);
  static constexpr About about{.name = "inventory",
                               .logins = true,
                               .bindings = true,
                               .software = true,
                               .moments = kMoments,
                               .help = "hosts, their names, software, services and roles"};

  struct Config {
    bool enabled = true;
    uint64_t hosts = 0, services = 0;          // that are remembered
    uint64_t records = 0;                      // a minute
    uint64_t pause = 0, active = 0, gone = 0;  // seconds
    std::vector<CriticalityRow> criticality;
  };
  static std::span<const OptionRow<Config>> options();
  using Counters = HostCounters;
  static std::span<const CounterRow<Counters>> counter_rows();
  /// Throws SettingError.
  static Config read(const OptionSource& source);

  struct Delta {
    explicit Delta(const Surroundings& surroundings) : sights(surroundings.hash_seed) {}
    void operator+=(Delta&& other) { sights.merge(other.sights); }
    bool empty() const { return sights.empty(); }
    void seal() { sights.seal(); }
    void clear() { sights.clear(); }
    DeltaTable<SightKey, Sight> sights;
  };

  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : surroundings_(surroundings) {}
    void flow(const FlowUpdate& update, Delta& delta) const;
    void login(const LoginOf& login, Delta& delta) const;
    void binding(const BindingOf& binding, Delta& delta) const;
    void software(const SoftwareOf& software, Delta& delta) const;

   private:
    bool asset(const IpAddress& address) const { return surroundings_.inside(address) && !to_many(address); }
    Sight& at(Delta& delta, SightKey key, std::string_view text, Timestamp first, Timestamp last) const;
    const Surroundings surroundings_;
  };

  class Global {
   public:
    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    void finish(Findings& findings);
    StateUse use() const;
    const Counters& counters() const { return counters_; }

   private:
    using Hosts = Table<HostKey, Host>;
    using Services = Table<ServiceKey, ServiceSeen>;
    struct Owner {
      HostKey station;
      int64_t last = 0;  // ns: when it said so
    };
    struct Due {
      Second second = 0;
      HostKey host;
    };

    HostKey owner_of(const HostKey& address);
    void bind(const HostKey& address, const Sight& sight, Findings& findings);
    void become_router(const HostKey& station, Host& host, Findings& findings);
    void take(const SightKey& key, const Sight& sight, Findings& findings);
    void serve(const SightKey& key, const Sight& sight, Hosts::Entry& entry, Findings& findings);
    void learn(Host& host, const ServiceKey& key, const ServiceSeen& service, Findings& findings);
    void learn_backup(Host& host, const ServiceKey& key, const ServiceSeen& service, Findings& findings);
    void learn(Host& host, Role role, const Evidence& evidence, Findings& findings);
    void software(const SightKey& key, const Sight& sight, Host& host, Findings& findings);
    void rate(Hosts::Entry& entry);
    void news(const HostKey& key, Host& host, uint8_t changes);
    void introduce(const HostKey& key, const Host& host, Findings& findings) const;
    Hosts::Entry* waiting(const Due& due);
    void weigh();
    void tell(Hosts::Entry& entry, Findings& findings);
    void tell(const HostKey& key, Host& host, AssetState state, Findings& findings);

    const Config config_;
    const Surroundings& surroundings_;
    Hosts hosts_;
    Table<HostKey, Owner> owners_;  // of addresses
    Services services_;
    std::deque<Due> due_;  // hosts of which there is news, in the order in which they are told
    Second now_ = 0, told_minute_ = 0, expired_to_ = 0;
    uint64_t told_ = 0;  // records of that minute
    uint64_t overflow_ = 0;
    uint64_t beside_ = 0, weighed_ = 0;  // bytes of hosts beside the table, and how many hosts there were then
    Second weighed_at_ = 0;
    Counters counters_;
  };
};

}  // namespace lapwing::analytics
