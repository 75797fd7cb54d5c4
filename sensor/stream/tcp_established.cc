#include <algorithm>

#include "sensor/stream/tcp_tracker.h"

namespace lapwing {

Reception TcpTracker::established(Step& s) const {
  if (s.flag(tcp_flag::rst)) return reset(s);
  if (s.flag(tcp_flag::fin)) {
    if (s.flag(tcp_flag::syn)) return s.reject(StreamAnomaly::fin_syn);
    if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
    return first_fin(s);
  }
  if (s.flags_are(tcp_flag::syn | tcp_flag::ack, tcp_flag::syn | tcp_flag::ack)) {
    if (s.to_server) return s.reject(StreamAnomaly::est_synack_toserver);
    if (s.ack() != s.peer.isn + 1) return s.reject(StreamAnomaly::est_synack_resend_with_different_ack);
    if (s.seq() != s.self.isn) return s.reject(StreamAnomaly::est_synack_resend_with_diff_seq);
    if (s.session.has(session_flag::confirmed)) return s.reject(StreamAnomaly::est_synack_resend);
    return Reception::ignore;  // the third packet of the handshake was lost behind us
  }
  if (s.flag(tcp_flag::syn)) {
    if (!s.to_server) return s.reject(StreamAnomaly::est_syn_toclient);
    if (s.seq() != s.self.isn) return s.reject(StreamAnomaly::est_syn_resend_diff_seq);
    return s.reject(StreamAnomaly::est_syn_resend);
  }
  if (!s.flag(tcp_flag::ack)) return Reception::ignore;
  if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
  return data(s);
}

Reception TcpTracker::data(Step& s) const {
  TcpSession& session = s.session;
  Half &self = s.self, &peer = s.peer;
  // The other side of a connection that was picked up midstream appears: it is not one-sided.
  if (session.has(session_flag::midstream_established) && s.to_server == session.has(session_flag::picked_to_client)) {
    session.clear(session_flag::midstream_established | session_flag::async);
  }
  if (peer.has(half_flag::window_probe) && s.length() == 0 && s.ack() == peer.next_seq + 1 && s.packet.window == 0) {
    peer.clear(half_flag::window_probe);
    s.verdict.add(StreamAnomaly::est_ack_zwp_data);
    return Reception::ignore;
  }
  if (!valid_ack(s)) return s.reject(StreamAnomaly::est_invalid_ack);
  bool probes_keepalive = s.length() <= 1 && s.seq() == self.next_seq - 1;
  if (!probes_keepalive && !session.has(session_flag::async)) {
    if (seq_lt(s.end(), self.last_ack)) {
      s.verdict.add(StreamAnomaly::est_pkt_before_last_ack);
      // Data that its acknowledgement overtook on the way to us is still wanted.
      if (s.length() == 0 || self.offset(s.end()) <= static_cast<int64_t>(self.delivered)) return Reception::reject;
    }
  }

  bool probes_window = s.length() == 1 && s.seq() == self.next_seq && self.window == 0;
  if (probes_window) {
    self.set(half_flag::window_probe);
  } else {
    bool fits = in_window(s);
    // Of what crosses the edge of the window Linux takes all or nothing, others what lies within.
    bool beyond = !fits && seq_geq(s.seq(), self.next_win);
    if (beyond && seq_gt(s.seq(), self.next_seq)) return s.reject(StreamAnomaly::est_packet_out_of_window);
    bool next = seq_leq(s.seq(), self.next_seq) || seq_lt(self.next_seq, self.last_ack);
    if (next && s.taken()) extend(self, s.end());
    if (beyond) return s.reject(StreamAnomaly::est_packet_out_of_window);
    if (!fits) {
      s.verdict.add(StreamAnomaly::est_packet_out_of_window);
      s.doubt = std::max(s.doubt, Doubt::payload);
    }
  }
  take_ack(s);
  if (s.taken() && seq_gt(peer.last_ack, peer.isn + 1)) session.set(session_flag::confirmed);
  if (session.has(session_flag::async)) {
    extend(self, s.end());
    acknowledge(self, s.seq());
  }
  note_timestamp(s);
  grant(s, s.granted());
  return Reception::accept;
}

/// The first FIN. A server that closes first goes through FIN-WAIT, a client through CLOSE-WAIT: the observer's states
/// are the server's.
Reception TcpTracker::first_fin(Step& s) const {
  if (lacks_ack(s)) return Reception::ignore;
  if (!valid_ack(s)) return s.reject(StreamAnomaly::fin_invalid_ack);
  if (seq_lt(s.seq(), s.self.next_seq) || seq_gt(s.seq(), s.self.last_ack + s.self.window)) {
    bool lenient = s.session.has(session_flag::midstream | session_flag::async | session_flag::liberal) &&
                   seq_geq(s.seq(), s.self.next_seq);
    if (!lenient) return s.reject(StreamAnomaly::fin_out_of_window);
  }
  advance(s, s.to_server ? TcpState::close_wait : TcpState::fin_wait1);
  note_timestamp(s);
  if (s.seq() == s.self.next_seq && s.taken()) s.self.next_seq = s.end();
  take_ack(s);
  if (s.taken()) extend(s.peer, s.ack());
  if (s.session.has(session_flag::async)) acknowledge(s.self, s.seq());
  grant(s, s.granted());
  return Reception::accept;
}

}  // namespace lapwing
