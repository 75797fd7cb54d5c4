// ArpSpoof: a station answers for addresses of others, so that what is meant for them comes to it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "analytics/detectors/heard.h"
#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// ARP has no proof (RFC 826): whoever names an address as sender claims it. One that changes hands once was moved; one
/// that goes back and forth has two claimants, of whom the station with more addresses, or the later, is the intruder.
struct ArpSpoof {
  static constexpr Technique kTechniques[] = {{"T1557.002", "TA0006"}};
  static constexpr std::string_view kProtocols[] = {"arp"};
  static constexpr About about = {.name = "arp-spoof",
                                  .techniques = kTechniques,
                                  .protocols = kProtocols,
                                  .idle = 600,
                                  .help = "a station claims addresses that others have"};

  struct Config {
    uint64_t window = 0, changes = 0, unasked = 0;
  };
  static std::span<const OptionRow<Config>> options();

  struct Counters {
    uint64_t claimants_max = 0;  // messages that are not judged: as many others claim the address as may be
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  using Mac = Station;
  /// A key: no padding.
  struct Message {
    IpAddress sender, target;
    Mac sender_mac{}, target_mac{};
    uint16_t vlan = 0, reply = 0;
  };
  static constexpr uint32_t kMostMessages = 16'384;  // of a second
  using Delta = HeardMessages<Message, kMostMessages>;

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings);
    void event(const Observed& observed, Delta& delta);

   private:
    uint64_t seed_;
    FieldReader operation_{"arp.opcode"}, sender_{"arp.src_ip"}, target_{"arp.dest_ip"}, sender_mac_{"arp.src_mac"},
        target_mac_{"arp.dest_mac"};
  };

  class Global;
};

/// [G]
class ArpSpoof::Global {
 public:
  static constexpr uint32_t kMostAddresses = 16'384, kMostStations = 16'384, kMostQuestions = 16'384;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  const Counters& counters() const { return counters_; }

 private:
  // Keys: no padding.
  struct Place {
    IpAddress address;
    uint8_t none = 0;
    uint16_t vlan = 0;
  };
  struct StationKey {
    Mac mac{};
    uint16_t vlan = 0;
  };
  struct Question {
    IpAddress target;
    uint8_t none = 0;
    StationKey asker;
  };
  struct Claimant {
    Mac mac{};
    Timestamp first, last;
    IpAddress asked;       // whom it asked for last, as this address,
    Timestamp asked_at;    // then
    uint32_t unasked = 0;  // replies since `unasked_since` that nobody had asked for
    Timestamp unasked_since;
    bool asked_for = false;  // it asked as another who has the address
  };
  struct Claims {
    static constexpr size_t kMost = 4;
    std::vector<Claimant> claimants;
    Mac latest{};
    uint32_t changes = 0;  // of hands, each within the window
  };
  struct Station {
    static constexpr size_t kMostShown = 16;
    std::vector<IpAddress> addresses, victims;  // claimed; of them those of others
    std::vector<Mac> rivals;                    // whose they are
    uint32_t questions = 0, changes = 0, relayed = 0, unasked = 0, asked_own = 0;
    uint32_t contradictions = 0;  // what it tells unasked of an address as another's, which it tells others is its own
    uint32_t most_changes = 0;    // of one address
    bool persistent = false;      // replies that nobody asks for came at the rate that tells
    Timestamp first, last;
  };
  using Stations = Table<StationKey, Station>;

  void add(const Message& message, Timestamp time, uint64_t count, Findings& findings);
  Claimant* claim(const Message& message, Timestamp time, Claims& claims);
  void change_hands(const Message& message, Timestamp time, Claims& claims, const Claimant& claimant,
                    Findings& findings);
  void note_victim(Station& station, const IpAddress& address, const Mac* rival, Timestamp time) const;
  bool contradicts(const Message& message, Timestamp time);
  bool many_faced(const StationKey& key, const Station& station);
  void judge(const StationKey& key, Timestamp time, Findings& findings);
  int64_t window() const;

  const Config config_;
  Table<Place, Claims> addresses_;
  Stations stations_;
  Table<Question, Timestamp> questions_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
  Counters counters_;
};

}  // namespace lapwing::analytics
