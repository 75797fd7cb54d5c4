// Scan: a source tries many ports, hosts or addresses, and fails at most of them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/detectors/contact.h"
#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/table.h"
#include "analytics/shape/trial.h"

namespace lapwing::analytics {

/// First contacts are tried by threshold random walk (Jung, Paxson, Berger, Balakrishnan 2004); what the failed ones
/// have in common tells the kind of scan. Sweeps count whatever the outcome.
struct Scan {
  static constexpr Technique kTechniques[] = {{"T1046", "TA0007"}, {"T1018", "TA0007"}, {"T1595.001", "TA0043"}};
  static constexpr std::string_view kProtocols[] = {"arp", "icmp"};
  static constexpr About about = {
      .name = "scan",
      .techniques = kTechniques,
      .moments = bit(FlowMoment::answered) | bit(FlowMoment::refused) | bit(FlowMoment::unanswered) |
                 bit(FlowMoment::burst) | bit(FlowMoment::identified) | bit(FlowMoment::tick) | bit(FlowMoment::closed),
      .protocols = kProtocols,
      .idle = 3600,
      .explained_by = bit(Role::scanner) | bit(Role::monitor),
      .silence = true,
      .help = "one source tries many ports of a host, many hosts by one port, or the addresses of a network"};

  struct Config {
    uint64_t ports = 0, hosts = 0, slow_hosts = 0, sweep = 0, protocols = 0, silent_ports = 0, silent_hosts = 0,
             peers = 0, window = 0, arp_window = 0;
  };
  static std::span<const OptionRow<Config>> options();

  struct Counters {
    uint64_t one_sided = 0;  // contacts that stayed unanswered and are not judged: their interface shows one side
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  /// Of a second: contacts with their ends.
  struct Delta {
    static constexpr uint32_t kMostContacts = 16'384;
    DeltaTable<Contact, Ending> contacts;

    void operator+=(Delta&& other) { contacts.merge(other.contacts); }
    void seal() { contacts.seal(); }
    void clear() { contacts.clear(); }
    bool empty() const { return contacts.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings);
    void flow(const FlowUpdate& update, Delta& delta);
    void event(const Observed& observed, Delta& delta);

   private:
    void add(const Contact& contact, const Ending& ending, Delta& delta);
    void take_arp(const Observed& observed, Delta& delta);
    void take_icmp(const Observed& observed, Delta& delta);

    uint64_t seed_;
    FieldReader arp_operation_{"arp.opcode"}, arp_sender_{"arp.src_ip"}, arp_target_{"arp.dest_ip"};
    FieldReader quoted_protocol_{"icmp.quoted.proto"}, quoted_source_{"icmp.quoted.src_ip"},
        quoted_target_{"icmp.quoted.dest_ip"};
  };

  class Global;
};

/// [G]
class Scan::Global {
 public:
  static constexpr uint32_t kMostSources = 65'536, kMostFacets = 98'304;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  const Counters& counters() const { return counters_; }

 private:
  /// What contacts of a source have in common. silent: datagrams that nothing came back to, which alone mean little.
  enum class Side : uint8_t { host, port, net, silent_host, silent_port, silent_net };
  /// A key: no padding.
  struct Facet {
    IpAddress source, target;
    Side side = Side::host;
    Medium medium = Medium::tcp;
    uint16_t port = 0;
  };
  /// How many different ones a facet saw: ports of a host, hosts of a port or network.
  struct Spread {
    Fan all, answered;
    Timestamp since;
  };
  /// The widest facet of a kind.
  struct Widest {
    uint32_t count = 0, answered = 0;
    Facet facet;
  };
  /// What a finding shows; kept of sources that failed more than once.
  struct Shown {
    static constexpr size_t kMostTargets = 16, kMostOpen = 16, kMostFlows = 8;
    std::vector<IpAddress> targets;
    std::vector<Contact> open;
    std::vector<FlowName> flows;
  };
  struct Source {
    Trial trial;
    Fan good;  // of the hour that began at `good_since`
    Fan hosts;
    std::array<uint32_t, 6> counts{};                   // by bit of outcome
    uint32_t goods = 0, good_since = 0, one_sided = 0;  // goods: how many `good` holds
    std::array<Widest, 3> widest{};                     // by Side
    uint16_t kinds = 0;
    uint32_t inward = 0, outward = 0;  // targets that it failed at
    uint32_t fresh = 0, again = 0;     // contacts that failed for the first time of a day, and once more
    bool peer = false;
    Timestamp first, last, told;
    std::unique_ptr<Shown> shown;
  };
  using Sources = Table<IpAddress, Source>;

  void add(const Contact& contact, const Ending& ending, Source& source, Outcomes& outcomes);
  bool note_failed(const Contact& contact, const Ending& ending, Source& source);
  bool note_silent(const Contact& contact, const Ending& ending, Source& source);
  /// How wide the facet is now, and whether it grew.
  std::pair<uint32_t, bool> widen(const Facet& facet, uint64_t value, const Ending& ending, Source& source);
  void show(const Contact& contact, const Ending& ending, Source& source) const;
  void judge(const IpAddress& address, Sources::Entry& entry, Timestamp time, Findings& findings);

  const Config config_;
  const Surroundings& surroundings_;
  Sources sources_;
  Table<Facet, Spread> facets_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
  Counters counters_;
};

}  // namespace lapwing::analytics
