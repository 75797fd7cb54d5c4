// RogueDhcp: a second server tells clients of a LAN which router and resolver to use.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/detectors/heard.h"
#include "analytics/detectors/lans.h"
#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// Clients take what comes first (RFC 2131 section 3.1). A server that came to a LAN where another serves is one too
/// many as long as that one lives; it matters most where it names other routers or resolvers.
struct RogueDhcp {
  static constexpr Technique kTechniques[] = {{"T1557.003", "TA0006"}};
  static constexpr std::string_view kProtocols[] = {"dhcp", "dhcpv6"};
  static constexpr About about = {.name = "rogue-dhcp",
                                  .techniques = kTechniques,
                                  .protocols = kProtocols,
                                  .idle = 3600,
                                  .help =
                                      "a DHCP server comes to a LAN where another serves, or one assigns addresses of "
                                      "IPv6 that lead nowhere, as those do that want to be asked for names"};

  struct Config {
    uint64_t learn = 0, window = 0, settled = 0;  // seconds
    std::vector<std::string> servers;
    Networks known;  // of `servers`
  };
  static std::span<const OptionRow<Config>> options();
  /// Throws SettingError.
  static Config read(const OptionSource& source);

  struct Counters {
    uint64_t addresses_max = 0;  // routers and resolvers of answers that name more than are judged
    uint64_t servers_max = 0;    // what servers say that are not judged: their LAN has as many as may be
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  /// Of IPv4 and of IPv6, whose VLANs have this bit, servers do not know each other.
  static constexpr uint16_t kOfIpv6 = 0x8000;
  /// What a server tells a client. A key: no padding.
  struct Message {
    static constexpr size_t kMostRouters = 2, kMostResolvers = 4;  // those that clients come to use
    Station station{}, client{};
    IpAddress server, assigned, mask;
    std::array<uint8_t, 4> id{};
    std::array<IpAddress, kMostRouters> routers{};
    std::array<IpAddress, kMostResolvers> resolvers{};
    uint8_t vacant = 0;
    uint16_t vlan = 0;
    uint8_t ack = 0;
    uint8_t beyond = 0;  // routers and resolvers that have no room
  };
  using Delta = HeardMessages<Message, 8192>;

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}
    void event(const Observed& observed, Delta& delta);

   private:
    void event_of_ipv6(const Observed& observed, Delta& delta);

    uint64_t seed_;
    FieldReader kind_{"dhcp.dhcp_type"}, port_{"dhcp.dest_port"}, id_{"dhcp.id"}, client_{"dhcp.client_mac"},
        assigned_{"dhcp.assigned_ip"}, server_{"dhcp.server_ip"}, mask_{"dhcp.subnet_mask"}, routers_{"dhcp.routers"},
        resolvers_{"dhcp.dns_servers"};
    FieldReader kind6_{"dhcpv6.type"}, port6_{"dhcpv6.dest_port"}, id6_{"dhcpv6.id"}, client6_{"dhcpv6.client_mac"},
        assigned6_{"dhcpv6.assigned_ip"}, resolvers6_{"dhcpv6.dns_servers"};
  };

  class Global;
};

/// [G]
class RogueDhcp::Global {
 public:
  static constexpr uint32_t kMostTransactions = 16'384;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  const Counters& counters() const { return counters_; }

 private:
  struct Server {
    static constexpr size_t kMostShown = 8;
    IpAddress id;
    Station station{};
    Timestamp first, last;
    bool known = false;
    bool local = false;  // it assigns addresses that each host gives itself (RFC 4862 section 5.3)
    IpAddress network, mask;
    std::vector<IpAddress> routers, resolvers;
    std::vector<Station> clients;
    uint64_t offers = 0, acks = 0, contested = 0;  // contested: answers to whom a known one answers as well
  };
  using Lan = analytics::Lan<Server>;
  /// A key: no padding.
  struct Transaction {
    Station client{};
    uint16_t vlan = 0;
    std::array<uint8_t, 4> id{};
  };
  struct Asked {
    Timestamp time;
    std::vector<std::pair<IpAddress, Station>> servers;  // that answered; at most kMost of a LAN
  };

  void add(const Message& message, Timestamp time, uint64_t count);
  Server* serve(const Message& message, Timestamp time, Lan& lan);
  void contest(const Message& message, Timestamp time, Lan& lan, Server& server);
  void judge(uint16_t vlan, const Lan& lan, const Server& server, Findings& findings) const;

  const Config config_;
  Lans<Server> lans_;
  Table<Transaction, Asked> transactions_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
  Counters counters_;
};

}  // namespace lapwing::analytics
