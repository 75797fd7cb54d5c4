// Expectations: the flows that others of the worker announced.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sensor/app/app_config.h"
#include "sensor/base/hash.h"
#include "sensor/event/expectation.h"
#include "sensor/flow/flow.h"

namespace lapwing {

struct ExpectationCounters {
  uint64_t made = 0, met = 0;
  uint64_t pair_max = 0, total_max = 0;  // given up: too many of a pair of hosts, too many
};

/// [W] Both hosts of an announced flow are those of the announcing one, whose packets come to one worker (but where a
/// device deals by ports): no lock is needed. A third host (RFC 959's "proxy" FTP) is not followed.
class Expectations {
 public:
  /// As Suricata has it: seconds that a flow is waited for, and how many of one pair of hosts; of more the oldest is
  /// given up.
  static constexpr int64_t kLifetime = 30;
  static constexpr size_t kMaxPair = 10, kMaxTotal = 4096;

  struct Announced {
    const AppProtocol* protocol = nullptr;
    std::shared_ptr<const Context> context;
    uint64_t parent = 0;  // id of the announcing flow
  };

  bool empty() const { return rows_.empty(); }
  void add(const Flow& announcing, const Expectation& expectation, const AppProtocol& protocol, Timestamp now);
  /// What was announced of this flow, which is then waited for no longer.
  std::optional<Announced> take(const Flow& flow, Timestamp now);
  const ExpectationCounters& counters() const { return counters_; }

 private:
  struct Pair {
    IpAddress low, high;
    bool operator==(const Pair&) const = default;
  };
  struct PairHash {
    PairHash() : seed(draw_seed()) {}
    size_t operator()(const Pair& pair) const;
    uint64_t seed;
  };
  struct Row {
    Pair pair;
    IpAddress listener;
    uint16_t port;
    bool datagrams, answers;
    Timestamp until;
    Announced announced;
  };
  using Rows = std::list<Row>;
  /// Oldest first. Has room for all from the beginning: a row that was made can be entered.
  struct OfPair {
    OfPair() { rows.reserve(kMaxPair); }
    std::vector<Rows::iterator> rows;
  };

  static Pair pair_of(const Flow& flow);
  void erase(Rows::iterator row);
  void expire(Timestamp now);

  Rows rows_;  // oldest first
  std::unordered_map<Pair, OfPair, PairHash> by_pair_;
  ExpectationCounters counters_;
};

}  // namespace lapwing
