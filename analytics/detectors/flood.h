// Flood: a target gets more than it can answer, whoever sends it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// The excess of each second over what is normal is summed up (CUSUM; Wang, Zhang, Shin 2002): connections that are
/// opened and never used, segments of none, datagrams that nobody answers, answers that nobody asked for. What is
/// served is a load, and a flood where few senders make it, each far beyond what people do.
struct Flood {
  static constexpr Technique kTechniques[] = {
      {"T1498.001", "TA0040"}, {"T1498.002", "TA0040"}, {"T1499.001", "TA0040"}, {"T1499.002", "TA0040"}};
  static constexpr std::string_view kProtocols[] = {"arp", "icmp"};
  static constexpr About about = {
      .name = "flood",
      .techniques = kTechniques,
      .moments = bit(FlowMoment::opened) | bit(FlowMoment::answered) | bit(FlowMoment::identified) |
                 bit(FlowMoment::tick) | bit(FlowMoment::closed),
      .protocols = kProtocols,
      .idle = 300,
      .explained_by = bit(Role::scanner),
      .silence = true,
      .help = "a target gets more connections, segments, datagrams, answers or unfinished requests than it can serve"};

  struct Config {
    uint64_t connections = 0, connections_outside = 0, datagrams = 0, packets = 0, answers = 0, messages = 0,
             leases = 0, slow = 0, sender = 0;
  };
  static std::span<const OptionRow<Config>> options();

  struct Counters {
    uint64_t one_sided = 0;  // what is not judged for want of use: its interface shows one side
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  /// syn: connections. answer: of services that amplify. lease: requests for an address. message: of ARP, or of
  /// neighbours and routers. slow: requests that do not come to their end; trickle: the same of whoever. stray:
  /// segments of no connection. load: connections that are used, of senders with very many. reflected: answers of a
  /// host inside, many times as long as what it was asked.
  enum class Kind : uint8_t { syn, datagram, echo, answer, lease, message, slow, trickle, stray, load, reflected };

  /// A key: no padding.
  struct Stream {
    IpAddress target;
    Kind kind = Kind::syn;
    uint16_t port = 0;  // of the target; of the service that answers
    IpAddress source;
    uint8_t interface = kNoInterface;
  };
  static_assert(sizeof(Stream) == 38);

  /// Sums of a second; the time is the latest, and of what is told at its end `first` when the first of it began.
  struct Load {
    uint32_t begun = 0, used = 0;
    Timestamp time, first{std::numeric_limits<int64_t>::max()};

    void merge(const Load& other) {
      begun += other.begun;
      used += other.used;
      time = std::max(time, other.time);
      first = std::min(first, other.first);
    }
    bool operator==(const Load&) const = default;
  };

  struct Delta {
    static constexpr uint32_t kMostStreams = 16'384;
    DeltaTable<Stream, Load> streams;

    void operator+=(Delta&& other) { streams.merge(other.streams); }
    void seal() { streams.seal(); }
    void clear() { streams.clear(); }
    bool empty() const { return streams.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings) : config_(config), seed_(surroundings.hash_seed) {}
    void flow(const FlowUpdate& update, Delta& delta);
    void event(const Observed& observed, Delta& delta);

   private:
    void add(const Stream& stream, const Load& load, Delta& delta);
    void take_segment(const FlowUpdate& update, Delta& delta);
    /// A flow of its own that is a flood, or a connection that is kept waiting.
    void take_whole(const FlowUpdate& update, Delta& delta);

    const Config config_;
    uint64_t seed_;
    FieldReader operation_{"arp.opcode"}, sender_{"arp.src_ip"}, message_{"icmp.message"};
  };

  class Global;
};

/// [G]
class Flood::Global {
 public:
  static constexpr uint32_t kMostTargets = 16'384;
  static constexpr size_t kMostShown = 8;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  const Counters& counters() const { return counters_; }

 private:
  /// A key: no padding.
  struct Target {
    IpAddress address, source;  // the source where each is a finding of its own
    Kind kind = Kind::syn;
  };
  struct Source {
    IpAddress address;
    uint64_t begun = 0;
  };
  /// What a target got in a second.
  struct Burden {
    uint64_t begun = 0, used = 0;
    int64_t seconds = 1;  // that it came in
    uint32_t sources = 0, ports = 0;
    uint16_t port = 0;              // that got most
    std::vector<Source> strongest;  // by what they sent, kMostShown at most
    Timestamp time;
  };
  struct State {
    int32_t excess = 0;   // in 1/16 of what the least rate brings in a second
    uint32_t second = 0;  // that was last added
    uint64_t usual = 0;   // of a second, in 1/256
    uint64_t total = 0, used = 0;
    Burden peak;
    SmallFan senders;  // of what trickles
    Timestamp first, last;
  };
  struct Part {
    const Stream* stream = nullptr;
    const Load* load = nullptr;
  };
  using Group = std::span<const Part>;

  static Target target_of(const Stream& stream);
  uint64_t floor_of(const Target& target) const;
  static Burden sum_of(Group group);
  /// Of what comes over a border, what senders with more than `sender` bring.
  Burden load_of(Group group) const;
  void judge(const Target& target, Burden now, Findings& findings);
  void report(const Target& target, const State& state, Findings& findings) const;

  const Config config_;
  const Surroundings& surroundings_;
  Table<Target, State> targets_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
  Counters counters_;
};

}  // namespace lapwing::analytics
