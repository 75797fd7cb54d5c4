#include "sensor/stream/tcp_tracker.h"

namespace lapwing {
namespace {

constexpr uint32_t kTimestampLifetime = 24 * 24 * 3600;  // seconds; PAWS gives up then (RFC 7323, section 5.5)
constexpr uint8_t kControl = tcp_flag::syn | tcp_flag::fin | tcp_flag::rst;

bool ignores_zero_timestamp_of_handshake(OsPolicy policy) {
  return policy == OsPolicy::linux || policy == OsPolicy::windows2k3;
}
bool learns_timestamp_after_zero(OsPolicy policy) {
  return policy == OsPolicy::old_linux || policy == OsPolicy::windows || policy == OsPolicy::vista;
}
bool allows_zero_timestamp(OsPolicy policy) {
  return policy == OsPolicy::old_linux || policy == OsPolicy::windows || policy == OsPolicy::windows2k3 ||
         policy == OsPolicy::vista || policy == OsPolicy::solaris;
}

}  // namespace

Reception TcpTracker::take(TcpSession& session, const Packet& packet, Direction direction,
                           StreamVerdict& verdict) const {
  size_t d = index(direction);
  Step s{session, packet, session.half[d], session.half[1 - d], direction == Direction::to_server, verdict};
  s.doubt = doubt(s);
  suspect_injected_fin(s);
  if (is_keepalive(s) || is_keepalive_answer(s)) return Reception::ignore;
  s.peer.clear(half_flag::keepalive);
  if (!is_shutdown_ack(s) && !is_window_update(s)) {
    if (is_bad_window_update(s)) return Reception::ignore;
    if (is_outdated_ack(s)) return Reception::ignore;
  }
  bool open = session.state >= TcpState::established && session.state != TcpState::closed;
  if (open && s.length() > 0 && seq_leq(s.end(), s.self.last_ack) && !session.has(session_flag::async)) {
    verdict.add(StreamAnomaly::pkt_spurious_retransmission);
  }
  Reception outcome = dispatch(s, session.state);
  suspect_injected_reset(s);
  if (outcome == Reception::accept) {
    if (!s.flag(tcp_flag::rst)) note_sent(s);
    if ((s.self.flags | s.peer.flags) & half_flag::fin || s.self.claimed() || s.peer.claimed()) settle(s);
  }
  verdict.doubtful = s.doubt != Doubt::none;
  return outcome;
}

Reception TcpTracker::dispatch(Step& s, TcpState state) const {
  switch (state) {
    case TcpState::syn_sent: return syn_sent(s);
    case TcpState::syn_recv: return syn_recv(s);
    case TcpState::established: return established(s);
    case TcpState::fin_wait1: return fin_wait1(s);
    case TcpState::fin_wait2: return fin_wait2(s);
    case TcpState::closing: return closing(s);
    case TcpState::close_wait: return close_wait(s);
    case TcpState::last_ack: return last_ack(s);
    case TcpState::time_wait: return time_wait(s);
    case TcpState::closed: return closed(s);
    case TcpState::none:
    case TcpState::listen: break;
  }
  return Reception::ignore;
}

OsPolicy TcpTracker::policy(Half& half, const IpAddress& receiver) const {
  if (!half.has(half_flag::policy_known)) {
    half.policy = hosts_.of(receiver);
    half.set(half_flag::policy_known);
  }
  return half.policy;
}

/// What says nothing of the other side is dropped (RFC 9293, section 3.10.7.4).
bool TcpTracker::lacks_ack(const Step& s) const {
  return !s.flag(tcp_flag::ack) && (s.flag(tcp_flag::fin) || !s.flag(tcp_flag::syn));
}

/// The packet acknowledges what its receiver can have sent.
bool TcpTracker::valid_ack(Step& s) const {
  if (!s.flag(tcp_flag::ack)) return true;
  const Half& sent = s.peer;
  uint32_t ack = s.ack();
  if (ack == sent.last_ack) return true;
  if (seq_lt(ack, sent.last_ack)) {
    if (sent.window == 0 || seq_geq(ack, sent.last_ack - sent.window)) return true;
  } else {
    if (seq_leq(ack, sent.next_win) || seq_leq(ack, sent.sent)) return true;
    if (s.session.has(session_flag::async)) return true;
    if (s.session.state == TcpState::syn_sent) return true;
    s.session.set(session_flag::acked_beyond);
  }
  s.verdict.add(StreamAnomaly::pkt_invalid_ack);
  return false;
}

/// Whether the receiver's system obeys this RST.
bool TcpTracker::valid_reset(Step& s) const {
  if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return false;
  if (s.length() > 0) s.verdict.add(StreamAnomaly::rst_with_data);
  OsPolicy policy = this->policy(s.self, s.packet.dst);
  if (s.flag(tcp_flag::ack) && s.ack() != 0 && !valid_ack(s)) {
    s.verdict.add(StreamAnomaly::rst_invalid_ack);
    return false;
  }
  if (s.session.has(session_flag::async)) return seq_geq(s.seq(), s.self.next_seq);
  switch (policy) {
    case OsPolicy::hpux11: return seq_geq(s.seq(), s.self.next_seq);
    case OsPolicy::old_linux:
    case OsPolicy::linux:
    case OsPolicy::solaris:
      return seq_geq(s.end(), s.self.last_ack) && seq_leq(s.seq(), s.self.next_seq + s.self.window);
    default: break;
  }
  if (s.session.has(session_flag::liberal)) return seq_geq(s.seq(), s.self.last_ack);
  const uint32_t next = s.self.next_seq;
  const bool behind_fin = s.self.said_fin() && s.self.offset(next) == static_cast<int64_t>(s.self.fin_offset);
  return s.seq() == next || (behind_fin && s.seq() == next + 1);
}

/// Protection against wrapped sequence numbers (RFC 7323, section 5), as the receiver's system does it.
bool TcpTracker::valid_timestamp(Step& s) const {
  if (!s.packet.tcp.has_timestamp) return true;
  Half& self = s.self;
  OsPolicy policy = this->policy(self, s.packet.dst);
  uint32_t value = s.packet.tcp.ts_value, last = self.last_ts;
  bool check = true;
  if (self.has(half_flag::zero_timestamp)) {
    if (ignores_zero_timestamp_of_handshake(policy)) {
      s.session.clear(session_flag::timestamps);
      check = false;
    } else if (learns_timestamp_after_zero(policy)) {
      self.clear(half_flag::zero_timestamp);
      if (s.seq() == self.next_seq) {
        last = value;
        check = false;
      }
    }
  }
  if (policy == OsPolicy::hpux11 && s.seq() != self.next_seq) check = false;
  bool valid = value != 0 || allows_zero_timestamp(policy);
  if (valid && check) {
    bool by_one = policy == OsPolicy::linux || config_.liberal_timestamps;
    auto newer = static_cast<int32_t>(value - last + (by_one ? 1 : 0));
    uint32_t since = self.last_ts_seconds;
    if (since == 0 && s.session.has(session_flag::midstream)) since = s.seconds();
    bool outlived = s.seconds() > since + kTimestampLifetime;
    if (newer < 0 || (self.last_ts != 0 && outlived)) valid = s.seq() == self.next_seq && outlived;
  }
  if (!valid) s.verdict.add(StreamAnomaly::pkt_invalid_timestamp);
  return valid;
}

/// Remembers the timestamp of an accepted packet that is in order.
void TcpTracker::note_timestamp(Step& s) const {
  if (!s.session.has(session_flag::timestamps) || !s.packet.tcp.has_timestamp || s.doubt != Doubt::none) return;
  uint32_t value = s.packet.tcp.ts_value;
  s.self.last_ts_seconds = s.seconds();
  if (seq_gt(s.seq(), s.self.next_seq) || seq_lt(s.seq(), s.self.last_ack)) return;
  if (s.self.last_ts == 0 || seq_geq(value, s.self.last_ts)) s.self.last_ts = value;
}

/// RFC 9293, section 3.8.4: no data or one byte, just before what is expected.
bool TcpTracker::is_keepalive(Step& s) const {
  if (!s.flags_are(tcp_flag::ack, kControl | tcp_flag::ack) || s.length() > 1) return false;
  if (s.session.state < TcpState::established) return false;
  if (s.ack() != s.peer.last_ack || s.seq() != s.self.next_seq - 1) return false;
  s.self.set(half_flag::keepalive);
  return true;
}

bool TcpTracker::is_keepalive_answer(Step& s) const {
  if (!s.flags_are(tcp_flag::ack, kControl | tcp_flag::ack) || s.length() > 0) return false;
  if (!s.peer.has(half_flag::keepalive) || s.packet.window == 0 || s.granted() != s.peer.window) return false;
  if (s.ack() != s.peer.last_ack || s.seq() != s.self.next_seq) return false;
  s.peer.clear(half_flag::keepalive);
  return true;
}

bool TcpTracker::is_window_update(const Step& s) const {
  if (s.session.state < TcpState::established || s.length() > 0) return false;
  if (s.flag(kControl) || !s.flag(tcp_flag::ack) || s.packet.window == 0) return false;
  return s.granted() != s.peer.window && s.ack() == s.peer.last_ack && s.seq() == s.self.next_seq;
}

/// A smaller window together with an acknowledgement and a sequence number from the future. What came out of order may
/// be acknowledged: it was sent. So look packets behind a loss on both ways, too: the data of one is taken, or none
/// would be until the window grows.
bool TcpTracker::is_bad_window_update(Step& s) const {
  if (s.session.state < TcpState::established || s.session.state == TcpState::closed || s.flag(kControl)) return false;
  if (s.granted() >= s.peer.window || s.peer.window - s.granted() <= s.length()) return false;
  if (!seq_gt(s.ack(), s.peer.next_seq) || !seq_gt(s.ack(), s.peer.sent)) return false;
  if (!seq_gt(s.seq(), s.self.next_seq)) return false;
  s.verdict.add(StreamAnomaly::pkt_bad_window_update);
  return s.length() == 0;
}

/// An acknowledgement that was overtaken on its way: its window is older than what is known.
bool TcpTracker::is_outdated_ack(const Step& s) const {
  if (s.session.state < TcpState::established || s.length() > 0 || s.flag(kControl)) return false;
  return s.flag(tcp_flag::ack) && seq_lt(s.ack(), s.peer.last_ack) && s.seq() == s.self.next_seq &&
         (s.peer.window == 0 || seq_geq(s.ack(), s.peer.last_ack - s.peer.window));
}

bool TcpTracker::is_shutdown_ack(const Step& s) const {
  TcpState state = s.session.state;
  if (state != TcpState::time_wait && state != TcpState::close_wait && state != TcpState::last_ack) return false;
  if (!s.flags_are(tcp_flag::ack, kControl | tcp_flag::ack)) return false;
  // A FIN takes one number behind the data.
  return (s.seq() == s.self.next_seq || s.seq() == s.self.next_seq + 1) && s.ack() == s.peer.next_seq + 1;
}

bool TcpTracker::is_retransmission(Step& s) const {
  if (s.length() == 0 || !seq_leq(s.end(), s.self.next_seq)) {
    bool partly_acknowledged = s.length() > 0 && seq_lt(s.seq(), s.self.last_ack) && seq_gt(s.end(), s.self.last_ack);
    if (!partly_acknowledged) return false;
  }
  s.verdict.add(StreamAnomaly::pkt_retransmission);
  return true;
}

bool TcpTracker::in_window(const Step& s) const {
  return s.session.has(session_flag::midstream | session_flag::async | session_flag::liberal) ||
         seq_leq(s.end(), s.self.next_win);
}

/// A sender that goes on after its own RST may not have sent that RST.
void TcpTracker::suspect_injected_reset(Step& s) const {
  if (s.flag(tcp_flag::rst) || !s.peer.has(half_flag::reset_received)) return;
  s.peer.clear(half_flag::reset_received | half_flag::after_reset);
  s.session.clear(session_flag::closed_by_reset);
  s.verdict.add(StreamAnomaly::suspected_rst_inject);
}

void TcpTracker::acknowledge(Half& half, uint32_t ack) const {
  if (seq_gt(ack, half.last_ack)) half.last_ack = ack;
  // So that both can be compared however long the stream becomes.
  if (seq_lt(half.claimed_ack, half.last_ack)) half.claimed_ack = half.last_ack;
}

/// The window that this packet leaves its receiver.
void TcpTracker::grant(Step& s, uint32_t window) const {
  if (s.taken()) s.peer.window = window;
  uint32_t from = seq_gt(s.peer.claimed_ack, s.peer.last_ack) ? s.peer.claimed_ack : s.peer.last_ack;
  if (seq_gt(from + window, s.peer.next_win)) s.peer.next_win = from + window;
}

void TcpTracker::extend(Half& half, uint32_t next_seq) const {
  if (seq_gt(next_seq, half.next_seq)) half.next_seq = next_seq;
}

}  // namespace lapwing
