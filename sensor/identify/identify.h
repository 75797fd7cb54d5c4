// Application identification: which application a flow carries, and what is risky about it, by nDPI.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sensor/base/bytes.h"
#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/base/time.h"
#include "sensor/event/flow_summary.h"

namespace lapwing {

/// Both ends of a flow, the client first.
struct FlowEnds {
  uint8_t transport = 0;
  std::array<uint16_t, 2> ports{};
  std::array<uint32_t, 2> ipv4{};  // in network order; 0 of IPv6
};

/// What nDPI looks at: packets of flows that no dissector tells enough of, or those of all.
enum class IdentifyDepth : uint8_t { facts, full };

/// Keys below "ndpi.".
struct IdentifyConfig {
  bool enabled = true;
  IdentifyDepth depth = IdentifyDepth::facts;
  bool guess = true;
  uint64_t tcp_packets = 0;  // packets looked at before giving up, handshake included
  uint64_t udp_packets = 0;
  uint64_t max_flows = 0;   // under detection at once, per worker
  uint64_t shed_above = 0;  // percent of the capture's room
};
std::span<const OptionRow<IdentifyConfig>> identify_options();

/// [W]
struct IdentifyCounters {
  uint64_t packets = 0;   // handed to nDPI
  uint64_t detected = 0;  // flows, by what is known of them when detection ended
  uint64_t told = 0;
  uint64_t guessed = 0;
  uint64_t unknown = 0;
  uint64_t max_flows = 0;        // flows not looked at because of the cap
  uint64_t shed_above = 0;       // flows not looked at, or settled early, because packets waited
  uint64_t other_transport = 0;  // packets left out: their transport is not that of the flow's first
  uint64_t unusable = 0;         // packets left out: no transport header in them
};
std::span<const CounterRow<IdentifyCounters>> identify_counter_rows();

class Identifier;
class NameMemo;
class NdpiModule;
struct Facts;
struct HeldPackets;
struct NdpiDetection;
struct ToldFacts;

/// "TLS.Google", and the host that the client named; "" where unknown.
struct Label {
  std::string_view application, host;
};

/// What is known of one flow [W]; lives in the flow's attachment and must not outlive its Identifier. It costs its
/// 40 bytes, a pooled 1 KB while detecting or 3 KB while packets are held, and the host name's bytes afterwards where
/// there is one.
class IdentifyState {
 public:
  IdentifyState() = default;
  IdentifyState(const IdentifyState&) = delete;
  IdentifyState& operator=(const IdentifyState&) = delete;
  ~IdentifyState() { clear(); }

  /// No more packets are wanted.
  bool done() const { return phase_ == Phase::told || phase_ == Phase::done; }
  /// Facts are.
  bool wants_facts() const { return phase_ == Phase::told; }
  /// Its port is all that speaks for what was found.
  bool by_port() const;

 private:
  friend class Identifier;
  enum class Phase : uint8_t { fresh, holding, detecting, told, done };

  void clear();
  bool has_host() const { return done() && host_size_ > 0; }

  Identifier* owner_ = nullptr;
  union {
    NdpiDetection* detection_ = nullptr;  // while detecting
    HeldPackets* held_;                   // while holding
    char* host_;                          // afterwards, host_size_ bytes
  };
  uint64_t risk_ = 0;
  uint16_t master_ = 0, application_ = 0, by_address_ = 0;
  uint16_t port_protocol_ = 0;  // of which facts are enough, on these ports; 0: of none
  uint8_t category_ = 0, confidence_ = 0, host_size_ = 0;
  Phase phase_ = Phase::fresh;
};
static_assert(sizeof(IdentifyState) <= 64);

/// One nDPI detection module [W]. The result of a flow depends on the packets of that flow alone, in the order they
/// are given: nDPI's caches between flows are kept apart per flow.
class Identifier {
 public:
  /// Takes some 50 ms. Throws std::runtime_error when the library is not the one compiled against.
  explicit Identifier(const IdentifyConfig& config);
  ~Identifier();
  Identifier(const Identifier&) = delete;
  Identifier& operator=(const Identifier&) = delete;

  /// How much of the room between wire and worker is taken, 0 to 1. Above ndpi.shed-above, and until half of that is
  /// left, no flow is looked into: a verdict is given up rather than a packet.
  void backlog(double share);
  /// The next packet of the flow, from its IP header on.
  void packet(IdentifyState& state, Bytes ip_packet, Timestamp time);
  /// Before all else of a flow.
  void begin(IdentifyState& state, const FlowEnds& ends);
  /// A packet of a flow whose dissector may yet tell facts. True: packet() need not be called for it, now or later.
  bool hold(IdentifyState& state, Bytes ip_packet, Timestamp time);
  /// True when the flow's packets are not wanted: what a dissector tells of this protocol is enough on these ports, and
  /// comes to tell(). What nDPI made of packets so far is given up.
  bool rely_on_facts(IdentifyState& state, std::string_view protocol, const FlowEnds& ends);
  void tell(IdentifyState& state, Facts& facts);
  /// The flow has ended: settles for what is known, or guesses.
  void finish(IdentifyState& state);
  /// What is known so far; packets that are held need not wait longer. The views live until the next call.
  Application describe(IdentifyState& state);
  /// Of that, what a flow whose verdict stands is called. The views live until the flow's next packet or fact.
  Label label(const IdentifyState& state);

  const IdentifyCounters& counters() const { return counters_; }

 private:
  friend class IdentifyState;
  struct Pools;

  void let_go(IdentifyState& state);
  bool room(IdentifyState& state);
  bool start(IdentifyState& state, uint8_t transport);
  void shed(IdentifyState& state);
  void conclude(IdentifyState& state);
  static ToldFacts told(const IdentifyState& state);
  void release(NdpiDetection* detection);
  std::string_view name_of(uint16_t master, uint16_t application);

  IdentifyConfig config_;
  IdentifyCounters counters_;
  bool shedding_ = false;
  std::unique_ptr<NdpiModule> module_;
  std::unique_ptr<Pools> pools_;
  std::unique_ptr<NdpiDetection> scratch_;  // of no flow, for facts
  std::unique_ptr<NameMemo> memo_;
  std::unordered_map<uint32_t, std::string> names_;  // by name_of()'s pair
  std::array<std::string_view, 64> risk_names_{};
};

}  // namespace lapwing
