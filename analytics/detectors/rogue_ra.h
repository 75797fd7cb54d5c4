// RogueRa: who is no router of a LAN advertises itself as one, or ends a router in its name.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "analytics/detectors/heard.h"
#include "analytics/detectors/lans.h"
#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"

namespace lapwing::analytics {

/// Hosts believe any router advertisement of their link (RFC 4861 section 6.2, RFC 6104). A router that was silent
/// while another advertised itself several times was not there; what it changes for hosts tells how much it matters.
struct RogueRa {
  static constexpr Technique kTechniques[] = {{"T1557", "TA0006"}};
  static constexpr std::string_view kProtocols[] = {"icmp"};
  static constexpr About about = {
      .name = "rogue-ra",
      .techniques = kTechniques,
      .protocols = kProtocols,
      .idle = 1800,
      .help = "a router of IPv6 comes to a LAN where another lives, or ends it in its name"};

  struct Config {
    uint64_t advertisements = 0, window = 0, settled = 0;
  };
  static std::span<const OptionRow<Config>> options();

  struct Counters {
    uint64_t routers_max = 0;   // what routers say that are not judged: their LAN has as many as may be
    uint64_t prefixes_max = 0;  // prefixes that are not judged: their advertisement has as many as may be
    uint64_t resolvers_max = 0;
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  using Prefix = std::array<uint8_t, 17>;  // and its bits; zeros: none
  using Address = std::array<uint8_t, 16>;
  enum class Preference : uint8_t { low, medium, high };
  /// A key: no padding.
  struct Message {
    static constexpr size_t kMostPrefixes = 6, kMostResolvers = 4;
    Address router{};
    Station station{};
    uint16_t lifetime = 0, vlan = 0;
    Preference preference = Preference::medium;
    uint8_t configured = 0;  // addresses or other settings come by DHCPv6
    std::array<Prefix, kMostPrefixes> prefixes{};
    std::array<Address, kMostResolvers> resolvers{};
    uint16_t more_prefixes = 0, more_resolvers = 0;  // than these
  };
  using Delta = HeardMessages<Message, 4096>;

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : seed_(surroundings.hash_seed) {}
    void event(const Observed& observed, Delta& delta);

   private:
    uint64_t seed_;
    FieldReader message_{"icmp.message"}, lifetime_{"icmp.lifetime"}, preference_{"icmp.preference"},
        managed_{"icmp.managed"}, other_{"icmp.other"}, prefix_{"icmp.options.prefix"},
        bits_{"icmp.options.prefix_length"}, resolvers_{"icmp.options.servers"};
  };

  class Global;
};

/// [G]
class RogueRa::Global {
 public:
  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  const Counters& counters() const { return counters_; }

 private:
  struct Router {
    static constexpr size_t kMostShown = 8;
    Address address{};
    Station station{};
    Timestamp first, last, served;  // served: was last a default router
    bool known = false, configured = false;
    uint16_t lifetime = 0;  // as last said
    Preference preference = Preference::low;
    uint32_t seconds = 0;           // in which it was heard
    uint64_t count = 0, ended = 0;  // ended: lifetimes of 0 in the name of one that serves
    bool refuted = false;           // which then goes on
    std::vector<Prefix> prefixes;
    std::vector<Address> resolvers;
  };
  using Lan = analytics::Lan<Router>;
  /// What one tells hosts that no other does.
  struct Change {
    bool prefix = false, resolver = false, preference = false, configured = false;
    bool any() const { return prefix || resolver || preference || configured; }
  };

  void add(const Message& message, Timestamp time, uint64_t count);
  Router* advertise(const Message& message, Timestamp time, Lan& lan) const;
  void end_in_name(const Message& message, Timestamp time, uint64_t count, Lan& lan, Router& router) const;
  static Change changed(const Router& router, std::span<const Router* const> rivals);
  void judge(uint16_t vlan, const Lan& lan, const Router& router, Findings& findings) const;
  int64_t window() const;

  const Config config_;
  Lans<Router> lans_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
  Counters counters_;
};

}  // namespace lapwing::analytics
