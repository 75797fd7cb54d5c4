// TcpTracker: the state of a connection as seen from outside, and which packets its ends will accept.
#pragma once

#include "sensor/stream/os_policy.h"
#include "sensor/stream/stream_engine.h"
#include "sensor/stream/tcp_session.h"

namespace lapwing {

/// What became of a packet: it does not fit (its payload is not traffic of the connection), it says nothing new, or it
/// is part of the stream: its acknowledgement releases data, its payload goes into reassembly.
enum class Reception : uint8_t { reject, ignore, accept };

/// What a receiver may have dropped of a packet that fits, if it is a system that does so. acknowledgement: all of it,
/// unless it sent what was not seen here.
enum class Doubt : uint8_t { none, payload, acknowledgement, packet };

/// Where a SYN's facts are found in a packet.
TcpSyn read_syn(const Packet& packet);
/// The SYN was sent again: its answer may be one to any of them.
void add_repetition(TcpSyn& syn, const TcpSyn& again);
/// The options of a fast open (RFC 7413) are present.
bool has_fast_open(const Packet& packet);

/// Data came with the client's SYN. A fast open is not always asked for: servers may take them without a cookie.
void expect_syn_data(TcpSession& session, const Packet& packet);

/// [S] Follows RFC 9293 as an observer between the ends can, with the tolerances and events of Suricata's engine.
/// Functions are split by state: tcp_handshake.cc, tcp_established.cc, tcp_closing.cc; tcp_checks.cc and tcp_doubt.cc
/// are used by all.
class TcpTracker {
 public:
  TcpTracker(const StreamConfig& config, const HostPolicies& hosts) : config_(config), hosts_(hosts) {}

  /// A connection begins with this packet of a flow without one; false when it begins none.
  bool begin(TcpSession& session, const Packet& packet, Direction direction, StreamVerdict& verdict) const;
  /// The session of a flow of which only this SYN of the client was seen.
  void begin(TcpSession& session, const TcpSyn& syn, Timestamp time) const;
  /// Takes a further packet.
  Reception take(TcpSession& session, const Packet& packet, Direction direction, StreamVerdict& verdict) const;
  /// How the receiver of this direction resolves overlaps; `receiver` is its address.
  OsPolicy policy(Half& half, const IpAddress& receiver) const;

 private:
  /// One packet at its connection: `self` is the direction it travels in.
  struct Step {
    TcpSession& session;
    const Packet& packet;
    Half& self;
    Half& peer;
    bool to_server;
    StreamVerdict& verdict;
    Doubt doubt = Doubt::none;

    /// The receiver took what the header says.
    bool taken() const { return doubt < Doubt::acknowledgement; }
    bool flag(uint8_t bits) const { return packet.tcp_flags & bits; }
    bool flags_are(uint8_t bits, uint8_t among) const { return (packet.tcp_flags & among) == bits; }
    uint32_t seq() const { return packet.seq; }
    uint32_t ack() const { return packet.ack; }
    uint32_t length() const { return static_cast<uint32_t>(packet.payload.size()); }
    uint32_t end() const { return packet.seq + length(); }
    uint32_t seconds() const { return static_cast<uint32_t>(packet.time.seconds()); }
    uint32_t granted() const { return uint32_t{packet.window} << peer.wscale; }
    Reception reject(StreamAnomaly event) const {
      verdict.add(event);
      return Reception::reject;
    }
  };

  // tcp_handshake.cc
  Reception syn_sent(Step& s) const;
  Reception syn_recv(Step& s) const;
  Reception syn_recv_ack(Step& s) const;
  Reception one_sided_ack(Step& s) const;
  Reception four_way_syn_ack(Step& s) const;
  const TcpSyn* answered_other(const Step& s) const;
  bool echoes_offer(const Step& s) const;
  bool takes_syn_data(const Step& s) const;
  void drop_syn_data(Step& s) const;
  Reception repeated_syn(Step& s) const;
  Reception repeated_syn_ack(Step& s) const;
  void choose_answer(Step& s) const;
  void pick_up_at_syn_ack(Step& s) const;
  void pick_up_at_data(Step& s) const;
  void accept_syn(Half& client, Half& server, TcpSession& session, const TcpSyn& syn, uint32_t seconds) const;
  void accept_repetition(Half& client, Half& server, TcpSession& session, const TcpSyn& again, uint32_t seconds) const;
  void accept_syn_ack(TcpSession& session, const TcpSyn& answer, uint32_t ack, uint32_t seconds) const;
  void establish(Step& s) const;

  // tcp_established.cc
  Reception established(Step& s) const;
  Reception data(Step& s) const;
  Reception first_fin(Step& s) const;

  // tcp_closing.cc
  Reception fin_wait1(Step& s) const;
  Reception fin_wait2(Step& s) const;
  Reception closing(Step& s) const;
  Reception close_wait(Step& s) const;
  Reception last_ack(Step& s) const;
  Reception time_wait(Step& s) const;
  Reception closed(Step& s) const;
  Reception after_reset(Step& s) const;
  Reception reset(Step& s) const;
  void update(Step& s, bool retransmission) const;

  // tcp_doubt.cc
  Doubt doubt(Step& s) const;
  bool goes_elsewhere(Step& s) const;
  bool acknowledges_unseen(const Step& s) const;
  void take_ack(Step& s) const;
  void suspect_injected_fin(Step& s) const;
  void note_sent(Step& s) const;
  void settle(Step& s) const;
  void reopen(TcpSession& session, const Half& half) const;

  // tcp_checks.cc
  Reception dispatch(Step& s, TcpState state) const;
  bool lacks_ack(const Step& s) const;
  bool valid_ack(Step& s) const;
  bool valid_reset(Step& s) const;
  bool valid_timestamp(Step& s) const;
  void note_timestamp(Step& s) const;
  bool is_keepalive(Step& s) const;
  bool is_keepalive_answer(Step& s) const;
  bool is_window_update(const Step& s) const;
  bool is_bad_window_update(Step& s) const;
  bool is_outdated_ack(const Step& s) const;
  bool is_shutdown_ack(const Step& s) const;
  bool is_retransmission(Step& s) const;
  bool in_window(const Step& s) const;
  void suspect_injected_reset(Step& s) const;
  void acknowledge(Half& half, uint32_t ack) const;
  void grant(Step& s, uint32_t window) const;
  void extend(Half& half, uint32_t next_seq) const;
  void advance(Step& s, TcpState state) const { s.session.state = state; }

  const StreamConfig& config_;
  const HostPolicies& hosts_;
};

}  // namespace lapwing
