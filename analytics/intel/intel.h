// Intel: hosts that deal with what lists of indicators name.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
#include "analytics/intel/indicator_feeds.h"
#include "analytics/intel/observable.h"
#include "analytics/shape/delta_table.h"
#include "analytics/shape/fan.h"
#include "analytics/shape/samples.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// One finding for each indicator and the host that deals with it: the client, of files who gets them. Without feeds
/// it finds nothing, until a reload brings some.
struct Intel {
  static constexpr Technique kTechniques[] = {
      {"T1071", "TA0011"}, {"T1105", "TA0011"}, {"T1566", "TA0001"}, {"T1041", "TA0010"}, {"T1595", "TA0043"}};
  static constexpr std::string_view kProtocols[] = {"dns",  "http",     "tls",  "ssh", "smtp", "imap",
                                                    "pop3", "ftp-data", "tftp", "smb", "nfs"};
  static constexpr About about = {
      .name = "intel",
      .techniques = kTechniques,
      .moments = bit(FlowMoment::answered) | bit(FlowMoment::refused) | bit(FlowMoment::unanswered) |
                 bit(FlowMoment::tick) | bit(FlowMoment::closed),
      .protocols = kProtocols,
      .only_due = true,
      .idle = 3600,
      .help =
          "a host asks for, connects to, gets or sends what a list of indicators names (analytics.intel.feeds); what "
          "listed hosts outside try without an answer is told as info, and what resolvers and servers of mail only "
          "ask for is theirs"};

  struct Config {
    uint64_t large = 0;  // bytes
    std::shared_ptr<IndicatorFeeds> feeds;
  };
  static std::span<const OptionRow<Config>> options();
  static std::vector<OptionInfo> described();
  /// Reads the feeds. Throws SettingError.
  static Config read(const OptionSource& source);
  static Reread reread(const Config& config, const OptionSource& source);
  static void list_counters(CounterSet& set);

  struct Counters {
    uint64_t expired = 0, unconfirmed = 0;
  };

  /// A key: no padding.
  struct Key {
    IpAddress host;  // who deals with it
    IndicatorType type = IndicatorType::domain;
    uint8_t from_outside = 0;
    std::array<uint8_t, 5> vacant{};
    uint64_t indicator = 0;  // hash of the canonical form
  };
  struct Seen {
    uint8_t deeds = 0;
    uint64_t count = 0, queries = 0, connections = 0, tries = 0;
    uint64_t out = 0, in = 0;  // bytes of payload, as seen from this network
    Samples<4, 64> objects;
    Fan others;  // distinct objects
    Timestamp first{std::numeric_limits<int64_t>::max()}, last{std::numeric_limits<int64_t>::min()};
    FlowName flow;          // the least of those at `first`
    std::string canonical;  // of the indicator; of a collision of hashes the least

    void merge(const Seen& other);
  };
  /// A key: no padding.
  struct Pair {
    IpAddress client, server;
  };
  /// The client was told the address for a listed name.
  struct Answer {
    Timestamp first{std::numeric_limits<int64_t>::max()};
    Key of;  // of several names the least

    void merge(const Answer& other);
  };
  struct Opened {
    Timestamp last{std::numeric_limits<int64_t>::min()};
    FlowName flow;  // the least of those at `last`

    void merge(const Opened& other);
  };
  struct Delta {
    static constexpr uint32_t kMostKeys = 4'096, kMostPairs = 16'384;
    Delta() = default;
    explicit Delta(const Surroundings& surroundings)
        : seen(surroundings.hash_seed, kMostKeys),
          answers(surroundings.hash_seed, kMostKeys),
          opened(surroundings.hash_seed, kMostPairs) {}
    void operator+=(Delta&& other);
    void seal();
    void clear();
    bool empty() const { return seen.empty() && answers.empty() && opened.empty(); }
    DeltaTable<Key, Seen> seen;
    DeltaTable<Pair, Answer> answers;
    DeltaTable<Pair, Opened> opened;  // to servers outside, where names are listed
  };

  /// [W]
  class Local {
   public:
    Local(const Config& config, const Surroundings& surroundings);
    void flow(const FlowUpdate& update, Delta& delta);
    void event(const Observed& observed, Delta& delta);
    void advance();

   private:
    /// Values that are not listed, by keyed hash: most come again and again.
    class Unlisted {
     public:
      bool has(uint64_t hash) const { return slots_[hash % kSlots] == hash; }
      void add(uint64_t hash) { slots_[hash % kSlots] = hash; }
      void clear() { slots_.assign(kSlots, 0); }

     private:
      static constexpr size_t kSlots = 4096;
      std::vector<uint64_t> slots_ = std::vector<uint64_t>(kSlots);
    };
    struct Field {
      const ObservableField* row;
      FieldReader value, in_front;
    };
    using Fields = std::vector<Field>;
    struct Hit {
      const FlowRef& flow;
      Timestamp time;
      uint8_t deeds = 0;
      bool by_server = false;  // it is the server that deals with it
    };

    Fields& fields_of(const Protocol& protocol, const RecordRow& record);
    void end(const FlowUpdate& update, bool of_client, Delta& delta);
    std::optional<Found> value(const Observed& observed, const ObservableField& row, std::string_view text,
                               Delta& delta);
    void answers(const Observed& observed, Fields& fields, const Found& name, Delta& delta);
    Key key_of(const FlowRef& flow, bool by_server, const Found& found) const;
    Seen& add(const Hit& hit, const Found& found, std::string_view object, Delta& delta) const;

    const Surroundings surroundings_;
    IndicatorView view_;
    Unlisted unlisted_;
    std::vector<std::pair<const RecordRow*, Fields>> fields_;
    std::string joined_;
  };

  /// [G]
  class Global {
   public:
    static constexpr uint32_t kMostKeys = 8'192, kMostPairs = 16'384;

    Global(const Config& config, const Surroundings& surroundings);
    void take(Second second, Delta& delta, Findings& findings);
    void expire(Second second, Findings& findings);
    StateUse use() const;
    void add_counters(CounterSet& set) const;

   private:
    struct State {
      Seen all;
      IndicatorText text;
      uint64_t generation = 0;  // of the set that said so
      bool listed = false;
    };

    bool confirm(const Key& key, const Seen& seen, State& state);
    void follow(const Pair& pair, const Opened& opened, Findings& findings);
    void report(const Key& key, const State& state, Timestamp time, const FlowName& flow, Findings& findings) const;

    const Config config_;
    Table<Key, State> states_;
    Table<Pair, Answer> answers_;
    uint64_t overflow_ = 0;
    Counters counters_;
    uint64_t generation_ = 0;
    uint16_t day_ = 0;  // of packet time, since 1970
  };
};

}  // namespace lapwing::analytics
