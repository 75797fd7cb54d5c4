// Discovery: a host asks others who and what there is.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>

#include "analytics/detectors/acts.h"
#include "analytics/frame/fields.h"

namespace lapwing::analytics {

/// One finding for a client, by how many different things it asks for within minutes, and of how many servers. One
/// alone is info: hosts do so by themselves.
struct Discovery {
  static constexpr Technique kTechniques[] = {{"T1087", "TA0007"},     {"T1069", "TA0007"},    {"T1135", "TA0007"},
                                              {"T1018", "TA0007"},     {"T1033", "TA0007"},    {"T1012", "TA0007"},
                                              {"T1482", "TA0007"},     {"T1007", "TA0007"},    {"T1046", "TA0007"},
                                              {"T1590.002", "TA0043"}, {"T1558.003", "TA0006"}};
  static constexpr std::string_view kProtocols[] = {"dns"};
  static constexpr std::string_view kFields[] = {"dns.queries.rrtype", "dns.queries.rrname"};
  static constexpr About about = {
      .name = "discovery",
      .techniques = kTechniques,
      .operations = true,
      .protocols = kProtocols,
      .only_due = true,
      .fields = kFields,
      .idle = 300,
      .explained_by = bit(Role::admin) | bit(Role::dc) | bit(Role::mail) | bit(Role::monitor) | bit(Role::scanner),
      .help =
          "a host asks for accounts, groups, shares, sessions, services, registries, endpoints or trusts, for a whole "
          "directory or zone: different things, or of many servers"};

  struct Config {
    uint64_t window = 0, some = 0, many = 0, servers = 0, sweep = 0, guesses = 0;
  };
  static std::span<const OptionRow<Config>> options();

  enum Kind : uint8_t {
    users,
    user_details,
    groups,
    members,
    names,  // SIDs and names by each other
    shares,
    sessions,
    open_files,
    workstation_users,
    workstation,
    server,
    services,
    registry,
    endpoints,
    tasks,
    trusts,
    rights,
    dns_records,
    zone,
    ldap_services,
    ldap_privileged,
    ldap_unprotected,
    ldap_users,
    ldap_groups,
    ldap_computers,
    ldap_all,
    sids,  // by number, one after the other
    kKinds
  };

  struct Delta : Acts {
    using Acts::Acts;
  };

  class Local;
  class Global;
};

/// [W]
class Discovery::Local {
 public:
  Local(const Config& config, const Surroundings& surroundings)
      : config_(config), surroundings_(surroundings), seed_(surroundings.hash_seed) {}
  void operation(const OperationOf& operation, Delta& delta) const;
  void event(const Observed& observed, Delta& delta);

 private:
  const Config config_;
  const Surroundings& surroundings_;
  uint64_t seed_;
  FieldReader type_{kFields[0]}, name_{kFields[1]};
};

/// [G]
class Discovery::Global {
 public:
  static constexpr uint32_t kMostClients = 4'096;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;

 private:
  struct Server {
    IpAddress address;
    Timestamp last, last_rare;
    uint16_t port = 0;
  };
  struct State {
    std::array<Timestamp, kKinds> last{};  // by kind; 0: never
    std::array<Server, 16> servers{};      // the oldest gives way
    Timestamp first, newest;
    uint64_t count = 0;
    Act::Names names;
    std::array<FlowName, 8> flows{};
    Timestamp guessed_since;
    uint64_t guessed = 0;  // look-ups since then that found nothing
  };
  bool guesses_too_many(State& state, const Act& act) const;
  void add(State& state, const ActOf& key, const Act& act) const;
  void report(const IpAddress& client, const State& state, Findings& findings) const;

  const Config config_;
  const Surroundings& surroundings_;
  Table<IpAddress, State> clients_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
};

}  // namespace lapwing::analytics
