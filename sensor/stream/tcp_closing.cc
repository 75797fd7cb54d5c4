#include "sensor/stream/tcp_tracker.h"

namespace lapwing {

/// An RST that its receiver obeys: everything seen so far counts as arrived.
Reception TcpTracker::reset(Step& s) const {
  if (!valid_reset(s)) return Reception::reject;
  s.session.before_reset = s.session.state;
  advance(s, TcpState::closed);
  s.session.set(session_flag::closed_by_reset);
  s.peer.set(half_flag::reset_received);
  // One that is ahead of its sender's data says nothing of what lies between.
  acknowledge(s.self, seq_gt(s.seq(), s.self.next_seq) ? s.self.next_seq : s.seq());
  if (s.seq() == s.self.next_seq) s.self.next_seq = s.end();
  take_ack(s);
  if (s.flag(tcp_flag::ack) && s.taken()) s.peer.next_seq = s.ack();
  note_timestamp(s);
  return Reception::accept;
}

/// What every accepted packet of the closing states does.
void TcpTracker::update(Step& s, bool retransmission) const {
  note_timestamp(s);
  if (s.seq() == s.self.next_seq && s.taken()) s.self.next_seq = s.end();
  take_ack(s);
  if (s.flag(tcp_flag::ack) && s.taken()) extend(s.peer, s.ack());
  if (s.session.has(session_flag::async)) acknowledge(s.self, s.end());
  grant(s, retransmission ? s.peer.window : s.granted());
}

/// The server closed first and waits for the acknowledgement of its FIN.
Reception TcpTracker::fin_wait1(Step& s) const {
  if (s.flag(tcp_flag::rst)) return reset(s);
  if (lacks_ack(s)) return Reception::ignore;
  if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
  if (s.flag(tcp_flag::fin)) {
    bool again = is_retransmission(s) || s.self.said_fin();
    if (!again && (seq_lt(s.seq(), s.self.next_seq) || seq_gt(s.seq(), s.self.last_ack + s.self.window))) {
      return s.reject(StreamAnomaly::fin1_fin_wrong_seq);
    }
    if (!valid_ack(s)) return s.reject(StreamAnomaly::fin1_invalid_ack);
    // Both sides closed at once: the server's FIN is on its way (RFC 9293, section 3.6).
    bool crossed = s.peer.has(half_flag::fin) && s.peer.offset(s.ack()) <= static_cast<int64_t>(s.peer.fin_offset);
    if (!again) advance(s, crossed ? TcpState::closing : TcpState::time_wait);
    update(s, again);
    return Reception::accept;
  }
  if (s.flag(tcp_flag::syn)) return s.reject(StreamAnomaly::shutdown_syn_resend);
  bool again = is_retransmission(s);
  if (!valid_ack(s)) return s.reject(StreamAnomaly::fin1_invalid_ack);
  if (!again) {
    if (!in_window(s)) return s.reject(StreamAnomaly::fin1_ack_wrong_seq);
    if (s.seq() == s.self.next_seq) advance(s, TcpState::fin_wait2);
  }
  update(s, again);
  return Reception::accept;
}

Reception TcpTracker::fin_wait2(Step& s) const {
  if (s.flag(tcp_flag::rst)) return reset(s);
  if (lacks_ack(s)) return Reception::ignore;
  if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
  if (s.flag(tcp_flag::fin)) {
    bool again = is_retransmission(s) || s.self.said_fin();
    if (!again && (seq_lt(s.seq(), s.self.next_seq) || seq_gt(s.seq(), s.self.last_ack + s.self.window))) {
      return s.reject(StreamAnomaly::fin2_fin_wrong_seq);
    }
    if (!valid_ack(s)) return s.reject(StreamAnomaly::fin2_invalid_ack);
    if (!again) advance(s, TcpState::time_wait);
    update(s, again);
    return Reception::accept;
  }
  if (s.flag(tcp_flag::syn)) return s.reject(StreamAnomaly::shutdown_syn_resend);
  if (!s.flag(tcp_flag::ack)) return Reception::ignore;
  bool again = is_retransmission(s);
  if (!valid_ack(s)) return s.reject(StreamAnomaly::fin2_invalid_ack);
  if (!again && !in_window(s)) return s.reject(StreamAnomaly::fin2_ack_wrong_seq);
  update(s, again);
  return Reception::accept;
}

Reception TcpTracker::closing(Step& s) const {
  if (s.flag(tcp_flag::rst)) return reset(s);
  if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
  if (s.flag(tcp_flag::syn)) return s.reject(StreamAnomaly::shutdown_syn_resend);
  if (!s.flag(tcp_flag::ack)) return Reception::ignore;
  bool again = is_retransmission(s);
  // The FIN itself takes one number.
  if (!again && s.seq() != s.self.next_seq && s.seq() != s.self.next_seq + 1) {
    return s.reject(StreamAnomaly::closing_ack_wrong_seq);
  }
  if (!valid_ack(s)) return s.reject(StreamAnomaly::closing_invalid_ack);
  if (!again) advance(s, TcpState::time_wait);
  update(s, again);
  return Reception::accept;
}

/// The client closed first; the server may go on sending.
Reception TcpTracker::close_wait(Step& s) const {
  if (s.flag(tcp_flag::rst)) return reset(s);
  if (lacks_ack(s)) return Reception::ignore;
  if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
  if (s.flag(tcp_flag::fin)) {
    bool again = is_retransmission(s) || (s.length() == 0 && s.self.said_fin() && seq_leq(s.seq(), s.self.next_seq));
    if (!again && (seq_lt(s.seq(), s.self.next_seq) || seq_gt(s.seq(), s.self.last_ack + s.self.window))) {
      return s.reject(StreamAnomaly::closewait_fin_out_of_window);
    }
    if (!valid_ack(s)) return s.reject(StreamAnomaly::closewait_invalid_ack);
    if (!again && !s.to_server) advance(s, TcpState::last_ack);
    update(s, again);
    return Reception::accept;
  }
  if (s.flag(tcp_flag::syn)) return s.reject(StreamAnomaly::shutdown_syn_resend);
  if (!s.flag(tcp_flag::ack)) return Reception::ignore;
  bool again = is_retransmission(s);
  if (s.length() > 0 && seq_leq(s.end(), s.self.last_ack))
    return s.reject(StreamAnomaly::closewait_pkt_before_last_ack);
  if (seq_gt(s.seq(), s.self.last_ack + s.self.window) && !in_window(s)) {
    return s.reject(StreamAnomaly::closewait_ack_out_of_window);
  }
  if (!valid_ack(s)) return s.reject(StreamAnomaly::closewait_invalid_ack);
  update(s, again);
  return Reception::accept;
}

Reception TcpTracker::last_ack(Step& s) const {
  if (s.flag(tcp_flag::rst)) return reset(s);
  if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
  if (s.flag(tcp_flag::fin)) return Reception::ignore;
  if (s.flag(tcp_flag::syn)) return s.reject(StreamAnomaly::shutdown_syn_resend);
  if (!s.flag(tcp_flag::ack)) return Reception::ignore;
  bool again = is_retransmission(s);
  if (!valid_ack(s)) return s.reject(StreamAnomaly::lastack_invalid_ack);
  if (s.to_server && !again) {
    if (seq_geq(s.seq(), s.self.next_seq)) {
      if (s.seq() != s.self.next_seq && s.seq() != s.self.next_seq + 1)
        return s.reject(StreamAnomaly::lastack_ack_wrong_seq);
      advance(s, TcpState::closed);
    }
  }
  update(s, again);
  return Reception::accept;
}

Reception TcpTracker::time_wait(Step& s) const {
  if (s.flag(tcp_flag::rst)) return reset(s);
  if (s.session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
  if (s.flag(tcp_flag::fin)) return Reception::ignore;
  if (s.flag(tcp_flag::syn)) return s.reject(StreamAnomaly::shutdown_syn_resend);
  if (!s.flag(tcp_flag::ack)) return Reception::ignore;
  bool again = is_retransmission(s);
  if (!again && s.seq() != s.self.next_seq && s.seq() != s.self.next_seq + 1) {
    return s.reject(StreamAnomaly::timewait_ack_wrong_seq);
  }
  if (!valid_ack(s)) return s.reject(StreamAnomaly::timewait_invalid_ack);
  if (!again) advance(s, TcpState::closed);
  update(s, again);
  return Reception::accept;
}

/// Who was sent an RST sends data: it may not have come there. They wait for its sender to acknowledge them.
Reception TcpTracker::after_reset(Step& s) const {
  if (s.length() == 0 || config_.inline_mode) return Reception::ignore;
  if (!s.self.has(half_flag::after_reset) && !s.self.segments.empty()) return Reception::ignore;
  const Reception outcome = dispatch(s, s.session.before_reset);
  if (s.session.state != TcpState::closed) s.session.before_reset = s.session.state;
  advance(s, TcpState::closed);
  if (outcome == Reception::accept) s.self.set(half_flag::after_reset);
  return outcome == Reception::accept ? Reception::accept : Reception::ignore;
}

/// After an RST its sender may go on: then the connection goes on from where it was.
Reception TcpTracker::closed(Step& s) const {
  if (s.flag(tcp_flag::rst)) return Reception::ignore;
  if (s.self.has(half_flag::reset_received)) return after_reset(s);
  if (!s.peer.has(half_flag::reset_received)) return Reception::ignore;
  Reception outcome = dispatch(s, s.session.before_reset);
  if (outcome != Reception::reject && s.session.state == TcpState::closed) advance(s, s.session.before_reset);
  return outcome;
}

}  // namespace lapwing
