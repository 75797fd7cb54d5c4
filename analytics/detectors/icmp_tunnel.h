// IcmpTunnel: echo messages carry a conversation instead of a measurement.
#pragma once

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

/// A reply returns what the request carried (RFC 792, RFC 4443 section 4.2), perhaps cut; and who measures sends the
/// same again and again. Judged are pairs of hosts whose replies say something else, or whose requests never repeat.
struct IcmpTunnel {
  static constexpr Technique kTechniques[] = {{"T1095", "TA0011"}, {"T1572", "TA0011"}};
  static constexpr std::string_view kProtocols[] = {"icmp"};
  static constexpr About about = {.name = "icmp-tunnel",
                                  .techniques = kTechniques,
                                  .protocols = kProtocols,
                                  .idle = 600,
                                  .explained_by = bit(Role::monitor),
                                  .help = "echo requests and replies carry more than what comes back as it went"};

  struct Config {
    uint64_t window = 0, messages = 0, altered = 0, unasked = 0, varied = 0;
  };
  static std::span<const OptionRow<Config>> options();
  struct Counters {
    uint64_t requests_max = 0;  // requests forgotten before their reply: so many of the pair wait as may
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  /// A key: no padding.
  struct Message {
    IpAddress client, server;  // who asks, and who replies
    uint16_t id = 0, seq = 0, reply = 0;
    uint64_t start = 0, middle = 0, whole = 0;  // hashes of what it carries; 0: it is not so long
    uint64_t size = 0;
  };
  struct Sightings {
    uint64_t count = 0;
    int64_t first = std::numeric_limits<int64_t>::max(), last = 0;  // ns
    uint64_t flow = std::numeric_limits<uint64_t>::max();           // the least

    void merge(const Sightings& other) {
      count += other.count;
      first = std::min(first, other.first);
      last = std::max(last, other.last);
      flow = std::min(flow, other.flow);
    }
  };
  /// Of a second: its different messages.
  struct Delta {
    static constexpr uint32_t kMostMessages = 16'384;
    DeltaTable<Message, Sightings> messages;

    void operator+=(Delta&& other) { messages.merge(other.messages); }
    void seal() { messages.seal(); }
    void clear() { messages.clear(); }
    bool empty() const { return messages.empty(); }
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings);
    void event(const Observed& observed, Delta& delta);

   private:
    uint64_t seed_;
    FieldReader message_{"icmp.message"}, id_{"icmp.id"}, seq_{"icmp.seq"}, data_{"icmp.data"};
  };

  class Global;
};

/// [G]
class IcmpTunnel::Global {
 public:
  static constexpr uint32_t kMostPairs = 8192;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  const Counters& counters() const { return counters_; }

 private:
  /// A key: no padding.
  struct PairKey {
    IpAddress client, server;
    bool operator==(const PairKey&) const = default;
  };
  static PairKey pair_of(const Message& message) { return {message.client, message.server}; }
  using Messages = std::vector<std::pair<const Message*, const Sightings*>>;
  struct Request {
    uint16_t id = 0, seq = 0;
    uint64_t start = 0, whole = 0, size = 0;
    bool answered = false;
  };
  /// Of the window that began at `since`.
  struct Exchange {
    static constexpr size_t kMostRequests = 32;
    std::vector<Request> recent;  // a ring
    size_t next = 0;
    uint64_t before = 0;                                           // messages of windows that are over
    uint64_t requests = 0, replies = 0, altered = 0, unasked = 0;  // of polls only those that carry something
    uint64_t emptied = 0;  // replies without what was sent: some hosts drop it, but none that sends more than it got
    bool grown = false;    // a reply was longer than its request
    uint64_t long_messages = 0;  // requests, and replies where no request was ever seen
    uint64_t bytes_out = 0, bytes_in = 0;
    Fan sizes, middles;
    uint64_t flow = 0;
    Timestamp since, last;
  };
  using Pairs = Table<PairKey, Exchange>;

  /// Of one pair and second, in no order.
  void take(Messages& of_pair, Findings& findings);
  void add(const Message& message, const Sightings& seen, Exchange& exchange);
  void judge(const PairKey& key, Exchange& exchange, Findings& findings) const;

  const Config config_;
  const uint64_t seed_;
  Pairs pairs_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
  Counters counters_;
};

}  // namespace lapwing::analytics
