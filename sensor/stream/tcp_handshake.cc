#include <algorithm>

#include "sensor/stream/tcp_tracker.h"

namespace lapwing {
namespace {

constexpr uint8_t kMaxShift = 14;                                  // RFC 7323, section 2.3
constexpr uint32_t kUnknownWindow = uint32_t{65535} << kMaxShift;  // of a side that has not announced one

bool has(const TcpSyn& syn, uint8_t option) {
  return syn.options & option;
}

/// Adds to the queue unless it is there; false when the oldest had to make room.
bool enqueue(TcpSession& session, const OtherSyn& syn, uint64_t limit) {
  if (!session.queue) session.queue = std::make_unique<std::vector<OtherSyn>>();
  auto& queue = *session.queue;
  const auto same = [&](const OtherSyn& other) {
    return other.answers == syn.answers && other.isn == syn.isn && other.ack == syn.ack;
  };
  if (auto known = std::ranges::find_if(queue, same); known != queue.end()) {
    add_repetition(*known, syn);
    return true;
  }
  const bool fits = static_cast<uint64_t>(std::ranges::count(queue, syn.answers, &OtherSyn::answers)) < limit;
  if (!fits) {
    if (auto oldest = std::ranges::find(queue, syn.answers, &OtherSyn::answers); oldest != queue.end()) {
      queue.erase(oldest);
    }
  }
  if (limit != 0) queue.push_back(syn);
  return fits;
}

/// A SYN of the client that is not the one followed.
const TcpSyn* other_syn(const TcpSession& session, uint32_t isn) {
  if (!session.queue) return nullptr;
  for (const OtherSyn& syn : *session.queue) {
    if (!syn.answers && syn.isn == isn) return &syn;
  }
  return nullptr;
}

}  // namespace

TcpSyn read_syn(const Packet& packet) {
  TcpSyn syn{.isn = packet.seq, .window = packet.window};
  if (packet.tcp.has_timestamp) {
    syn.options |= syn_option::timestamp;
    syn.ts_first = syn.ts_value = packet.tcp.ts_value;
  }
  if (packet.tcp.has_wscale) {
    syn.options |= syn_option::wscale;
    syn.wscale = std::min(packet.tcp.wscale, kMaxShift);
  }
  if (packet.tcp.sack_permitted) syn.options |= syn_option::sack;
  if (packet.tcp.is_signed) syn.options |= syn_option::is_signed;
  return syn;
}

void add_repetition(TcpSyn& syn, const TcpSyn& again) {
  if (has(again, syn_option::timestamp)) {
    const bool known = has(syn, syn_option::timestamp);
    if (!known || seq_lt(again.ts_first, syn.ts_first)) syn.ts_first = again.ts_first;
    if (!known || seq_gt(again.ts_value, syn.ts_value)) syn.ts_value = again.ts_value;
  }
  // Some systems leave options out when there is no answer: what was offered once may be taken.
  if (has(again, syn_option::wscale)) syn.wscale = again.wscale;
  syn.options |= again.options;
  syn.window = again.window;
}

bool has_fast_open(const Packet& packet) {
  Bytes options = packet.l4_header.size() > 20 ? packet.l4_header.subspan(20) : Bytes{};
  while (options.size() >= 2 && options[0] != 0) {
    if (options[0] == 1) {
      options = options.subspan(1);
      continue;
    }
    size_t length = options[1];
    if (length < 2 || length > options.size()) return false;
    if (options[0] == 34) return true;
    constexpr uint16_t kExperiment = 0xf989;  // RFC 7413, appendix A
    if (options[0] >= 253 && length >= 4 && load_be16(&options[2]) == kExperiment) return true;
    options = options.subspan(length);
  }
  return false;
}

void expect_syn_data(TcpSession& session, const Packet& packet) {
  Half& client = session.half[0];
  session.set(has_fast_open(packet) ? session_flag::fast_open : session_flag::syn_data);
  const uint32_t end = client.isn + 1 + static_cast<uint32_t>(packet.payload.size());
  if (seq_gt(end, client.next_seq)) client.next_seq = client.sent = end;
}

void TcpTracker::accept_syn(Half& client, Half& server, TcpSession& session, const TcpSyn& syn,
                            uint32_t seconds) const {
  client.start(syn.isn + 1);
  client.last_ts = 0;
  client.clear(half_flag::timestamps | half_flag::zero_timestamp | half_flag::signature);
  if (has(syn, syn_option::is_signed)) client.set(half_flag::signature);
  if (has(syn, syn_option::timestamp)) {
    client.set(half_flag::timestamps);
    client.ts_first = syn.ts_first;
    client.last_ts = syn.ts_value;
    client.last_ts_seconds = seconds;
    if (syn.ts_value == 0) client.set(half_flag::zero_timestamp);
  }
  server.window = syn.window;
  server.wscale = 0;
  session.clear(session_flag::wscale_offered);
  if (has(syn, syn_option::wscale)) {
    session.set(session_flag::wscale_offered);
    server.wscale = syn.wscale;
  }
}

void TcpTracker::accept_repetition(Half& client, Half& server, TcpSession& session, const TcpSyn& again,
                                   uint32_t seconds) const {
  TcpSyn syn{.isn = client.isn, .ts_first = client.ts_first, .ts_value = client.last_ts, .wscale = server.wscale};
  if (client.has(half_flag::timestamps)) syn.options |= syn_option::timestamp;
  if (session.has(session_flag::wscale_offered)) syn.options |= syn_option::wscale;
  if (client.has(half_flag::signature)) syn.options |= syn_option::is_signed;
  add_repetition(syn, again);
  const uint32_t next_seq = client.next_seq, sent = client.sent;  // with the data of a fast open
  accept_syn(client, server, session, syn, seconds);
  client.next_seq = next_seq;
  client.sent = sent;
}

void TcpTracker::accept_syn_ack(TcpSession& session, const TcpSyn& answer, uint32_t ack, uint32_t seconds) const {
  Half &client = session.half[0], &server = session.half[1];
  session.state = TcpState::syn_recv;
  server.start(answer.isn + 1);
  server.clear(half_flag::signature);
  if (has(answer, syn_option::is_signed)) server.set(half_flag::signature);
  client.window = answer.window;
  client.last_ack = client.claimed_ack = ack;
  session.clear(session_flag::timestamps | session_flag::four_way);
  if (has(answer, syn_option::timestamp) && client.has(half_flag::timestamps)) {
    session.set(session_flag::timestamps);
    server.last_ts = answer.ts_value;
    server.last_ts_seconds = seconds;
    if (answer.ts_value == 0) server.set(half_flag::zero_timestamp);
  }
  // Both sides scale or none (RFC 7323, section 2.2).
  bool scaled = has(answer, syn_option::wscale) && session.has(session_flag::wscale_offered);
  client.wscale = scaled ? answer.wscale : 0;
  if (!scaled) server.wscale = 0;
  server.next_win = server.last_ack + server.window;
  client.next_win = client.last_ack + client.window;
}

void TcpTracker::begin(TcpSession& session, const TcpSyn& syn, Timestamp time) const {
  session.state = TcpState::syn_sent;
  accept_syn(session.half[0], session.half[1], session, syn, static_cast<uint32_t>(time.seconds()));
}

bool TcpTracker::begin(TcpSession& session, const Packet& packet, Direction direction, StreamVerdict& verdict) const {
  size_t d = index(direction);
  Step s{session, packet, session.half[d], session.half[1 - d], direction == Direction::to_server, verdict};
  if (s.flags_are(tcp_flag::syn | tcp_flag::ack, tcp_flag::syn | tcp_flag::ack)) {
    if (s.to_server) return false;
    pick_up_at_syn_ack(s);
    return true;
  }
  pick_up_at_data(s);
  if (s.flag(tcp_flag::fin)) {
    advance(s, s.to_server ? TcpState::close_wait : TcpState::fin_wait1);
    note_sent(s);
  }
  return true;
}

void TcpTracker::pick_up_at_syn_ack(Step& s) const {
  s.session.set(session_flag::midstream | session_flag::midstream_synack);
  s.peer.start(s.ack());
  TcpSyn answer = read_syn(s.packet);
  // What the SYN offered is unknown: believe the answer.
  if (has(answer, syn_option::timestamp)) {
    s.peer.set(half_flag::timestamps);
    s.peer.last_ts = s.packet.tcp.ts_echo;
  }
  if (has(answer, syn_option::wscale)) s.session.set(session_flag::wscale_offered);
  s.self.wscale = has(answer, syn_option::wscale) ? kMaxShift : 0;
  s.self.window = kUnknownWindow;
  accept_syn_ack(s.session, answer, s.ack(), s.seconds());
}

void TcpTracker::pick_up_at_data(Step& s) const {
  s.session.state = TcpState::established;
  s.session.set(session_flag::midstream | session_flag::midstream_established);
  if (!s.to_server) s.session.set(session_flag::picked_to_client);
  if (config_.async_oneside) s.session.set(session_flag::async);
  s.self.wscale = s.peer.wscale = kMaxShift;
  s.self.start(s.seq());
  s.self.next_seq = s.self.sent = s.end();
  s.self.window = kUnknownWindow;
  s.self.next_win = s.self.last_ack + s.self.window;
  s.peer.start(s.ack());
  s.peer.window = s.granted();
  s.peer.next_win = s.peer.last_ack + s.peer.window;
  if (s.packet.tcp.has_timestamp) {
    s.session.set(session_flag::timestamps);
    s.self.last_ts = s.packet.tcp.ts_value;
    s.peer.last_ts = s.packet.tcp.ts_echo;
    s.self.last_ts_seconds = s.peer.last_ts_seconds = s.seconds();
    if (s.self.last_ts == 0) s.self.set(half_flag::zero_timestamp);
    if (s.peer.last_ts == 0) s.peer.set(half_flag::zero_timestamp);
  }
}

/// The SYN that the packet acknowledges, when it is not the one followed.
const TcpSyn* TcpTracker::answered_other(const Step& s) const {
  if (!s.flag(tcp_flag::ack) || s.ack() == s.peer.isn + 1) return nullptr;
  return other_syn(s.session, s.ack() - 1);
}

/// Only who saw a SYN can echo its timestamp, and nobody one that was not offered (RFC 7323, section 3.2). Some that
/// stand between add the option to a SYN/ACK, which its receiver takes without reading it; what would end the
/// connection is forged.
bool TcpTracker::echoes_offer(const Step& s) const {
  const uint32_t echo = s.packet.tcp.ts_echo;
  if (s.to_server || !s.packet.tcp.has_timestamp || echo == 0) return true;
  bool offered = s.peer.has(half_flag::timestamps);
  uint32_t first = s.peer.ts_first, last = s.peer.last_ts;
  if (const TcpSyn* other = answered_other(s)) {
    offered = has(*other, syn_option::timestamp);
    first = other->ts_first;
    last = other->ts_value;
  } else if (s.session.has(session_flag::syn_forgotten) && s.ack() != s.peer.isn + 1) {
    return true;
  }
  if (!offered) return s.flag(tcp_flag::syn);
  return last == 0 || (seq_geq(echo, first) && seq_leq(echo, last));
}

/// The SYN/ACK acknowledges data that came with the SYN.
bool TcpTracker::takes_syn_data(const Step& s) const {
  return s.session.has(session_flag::fast_open | session_flag::syn_data) && seq_gt(s.ack(), s.peer.isn + 1) &&
         seq_leq(s.ack(), s.peer.next_seq);
}

/// The server took no data with the SYN: what is sent in their place next may be other data.
void TcpTracker::drop_syn_data(Step& s) const {
  s.peer.segments.clear(s.session.pools.blocks);
  s.session.clear(session_flag::fast_open | session_flag::syn_data);
  s.peer.next_seq = s.peer.sent = s.peer.isn + 1;
}

Reception TcpTracker::syn_sent(Step& s) const {
  if (!echoes_offer(s)) return s.reject(StreamAnomaly::pkt_invalid_timestamp);
  if (s.flag(tcp_flag::rst)) {
    if (!valid_reset(s)) return Reception::reject;
    bool answers = !s.to_server || (s.seq() == s.self.isn && s.packet.window == 0 && s.ack() == s.self.isn + 1);
    if (!answers) return Reception::ignore;
    s.peer.set(half_flag::reset_received);
    s.session.set(session_flag::closed_by_reset);
    s.session.before_reset = TcpState::syn_sent;
    advance(s, TcpState::closed);
    return Reception::accept;
  }
  if (s.flags_are(tcp_flag::syn | tcp_flag::ack, tcp_flag::syn | tcp_flag::ack)) {
    if (s.to_server)
      return s.session.has(session_flag::four_way) ? four_way_syn_ack(s)
                                                   : s.reject(StreamAnomaly::whs3_synack_in_wrong_direction);
    Half& client = s.peer;
    const bool takes_data = takes_syn_data(s);
    if (s.ack() != client.isn + 1) {
      const TcpSyn* other = answered_other(s);
      bool answers_forgotten = !other && s.session.has(session_flag::syn_forgotten);
      if (!takes_data && !other && !answers_forgotten) {
        return s.reject(StreamAnomaly::whs3_synack_with_wrong_ack);
      }
      if (other) accept_syn(client, s.self, s.session, *other, s.seconds());
      // What the SYN offered is unknown: believe the answer.
      if (answers_forgotten) {
        TcpSyn syn = read_syn(s.packet);
        syn.isn = s.ack() - 1;
        syn.ts_first = syn.ts_value = s.packet.tcp.ts_echo;
        syn.window = UINT16_MAX;
        syn.wscale = kMaxShift;
        accept_syn(client, s.self, s.session, syn, s.seconds());
      }
    } else if (s.session.has(session_flag::fast_open) && client.next_seq != client.isn + 1) {
      // The server took the SYN and left its data to be sent again.
      s.verdict.add(StreamAnomaly::whs3_synack_tfo_data_ignored);
    }
    if (takes_data) {
      s.session.set(session_flag::fast_open);
      client.next_seq = client.sent = s.ack();
    } else {
      drop_syn_data(s);
    }
    // What the server echoes is what it will hold later segments against.
    if (client.last_ts != 0 && s.packet.tcp.has_timestamp && s.packet.tcp.ts_echo != 0) {
      client.last_ts = s.packet.tcp.ts_echo;
    }
    accept_syn_ack(s.session, read_syn(s.packet), s.ack(), s.seconds());
    return Reception::accept;
  }
  if (s.flag(tcp_flag::syn)) return repeated_syn(s);
  if (s.flag(tcp_flag::fin)) return Reception::ignore;
  if (s.flag(tcp_flag::ack) && config_.async_oneside) return one_sided_ack(s);
  return Reception::ignore;
}

Reception TcpTracker::repeated_syn(Step& s) const {
  TcpSyn syn = read_syn(s.packet);
  if (!s.to_server) {
    // The server opens too: a split handshake, in four steps.
    s.session.set(session_flag::four_way);
    accept_syn(s.self, s.peer, s.session, syn, s.seconds());
    return Reception::accept;
  }
  if (s.seq() == s.self.isn) {
    accept_repetition(s.self, s.peer, s.session, syn, s.seconds());
    if (s.length() > 0) expect_syn_data(s.session, s.packet);
    return Reception::accept;
  }
  if (!enqueue(s.session, {syn}, config_.max_syn_queued)) {
    s.session.set(session_flag::syn_forgotten);
    s.verdict.add(StreamAnomaly::whs3_syn_flood);
  }
  return Reception::ignore;  // what it carries belongs to another stream
}

/// The client's SYN/ACK that answers the server's SYN. From here on the server is the one to be acknowledged.
Reception TcpTracker::four_way_syn_ack(Step& s) const {
  if (s.ack() != s.peer.isn + 1) return s.reject(StreamAnomaly::whs4_synack_with_wrong_ack);
  if (s.seq() != s.self.isn) return s.reject(StreamAnomaly::whs4_synack_with_wrong_syn);
  TcpSyn answer = read_syn(s.packet);
  advance(s, TcpState::syn_recv);
  if (has(answer, syn_option::timestamp) && s.peer.has(half_flag::timestamps)) {
    s.session.set(session_flag::timestamps);
    s.self.last_ts = answer.ts_value;
    s.self.last_ts_seconds = s.seconds();
  }
  bool scaled = has(answer, syn_option::wscale) && s.session.has(session_flag::wscale_offered);
  s.peer.wscale = scaled ? answer.wscale : 0;
  if (!scaled) s.self.wscale = 0;
  s.peer.window = s.packet.window;
  s.peer.last_ack = s.ack();
  s.self.last_ack = s.self.isn + 1;
  s.peer.next_win = s.peer.last_ack + s.peer.window;
  s.self.next_win = s.self.last_ack + s.self.window;
  return Reception::accept;
}

/// The client goes on without an answer in sight: only its side is seen.
Reception TcpTracker::one_sided_ack(Step& s) const {
  if (!s.to_server) return Reception::ignore;
  if (s.seq() != s.self.next_seq) return s.reject(StreamAnomaly::whs3_async_wrong_seq);
  s.session.set(session_flag::async);
  advance(s, TcpState::established);
  s.self.last_ack = s.seq();
  s.self.next_seq = s.self.sent = s.end();
  s.self.window = kUnknownWindow;
  s.self.next_win = s.self.last_ack + s.self.window;
  s.peer.start(s.ack());
  s.peer.window = s.granted();
  s.peer.next_win = s.peer.last_ack + s.peer.window;
  if (s.packet.tcp.has_timestamp && s.self.has(half_flag::timestamps)) {
    s.session.set(session_flag::timestamps);
    s.self.last_ts = s.packet.tcp.ts_value;
    s.self.last_ts_seconds = s.seconds();
  }
  return Reception::accept;
}

Reception TcpTracker::syn_recv(Step& s) const {
  if (s.flag(tcp_flag::rst)) {
    if (!valid_reset(s)) return Reception::reject;
    // Some systems take an RST after a wrong acknowledgement in the handshake for a stray packet.
    if (s.session.has(session_flag::evasion_attempt) && s.to_server) {
      OsPolicy policy = this->policy(s.self, s.packet.dst);
      if (policy == OsPolicy::linux || policy == OsPolicy::old_linux || policy == OsPolicy::solaris) {
        s.session.clear(session_flag::evasion_attempt);
        return Reception::ignore;
      }
    }
    s.peer.set(half_flag::reset_received);
    s.session.set(session_flag::closed_by_reset);
    s.session.before_reset = TcpState::syn_recv;
    advance(s, TcpState::closed);
    note_timestamp(s);
    return Reception::accept;
  }
  if (s.flag(tcp_flag::fin)) return first_fin(s);
  if (s.flags_are(tcp_flag::syn | tcp_flag::ack, tcp_flag::syn | tcp_flag::ack)) return repeated_syn_ack(s);
  if (s.flag(tcp_flag::syn)) {
    if (!s.to_server) return s.reject(StreamAnomaly::whs3_syn_toclient_on_syn_recv);
    if (s.seq() == s.self.isn) return Reception::ignore;
    // Another connection, where the server gave this one up or never saw its SYN.
    if (!enqueue(s.session, {read_syn(s.packet)}, config_.max_syn_queued)) s.verdict.add(StreamAnomaly::whs3_syn_flood);
    return s.reject(StreamAnomaly::whs3_syn_resend_diff_seq_on_syn_recv);
  }
  return s.flag(tcp_flag::ack) ? syn_recv_ack(s) : Reception::ignore;
}

Reception TcpTracker::repeated_syn_ack(Step& s) const {
  if (s.to_server) return s.reject(StreamAnomaly::whs3_synack_toserver_on_syn_recv);
  bool fast = s.session.has(session_flag::fast_open) && s.ack() == s.peer.next_seq;
  const bool answers_other = answered_other(s);
  if (s.ack() != s.peer.isn + 1 && !fast && !answers_other) {
    return s.reject(StreamAnomaly::whs3_synack_resend_with_different_ack);
  }
  if (s.seq() == s.self.isn && !answers_other) return Reception::ignore;
  if (!enqueue(s.session, {read_syn(s.packet), true, s.ack()}, config_.max_synack_queued))
    return s.reject(StreamAnomaly::whs3_synack_flood);
  return Reception::ignore;
}

/// The client says which of several SYN/ACKs it takes, and so which SYN was its own.
void TcpTracker::choose_answer(Step& s) const {
  TcpSession& session = s.session;
  for (const OtherSyn& answer : *session.queue) {
    if (!answer.answers || answer.isn + 1 != s.ack()) continue;
    const TcpSyn* other = other_syn(session, answer.ack - 1);
    if (!other || answer.ack == s.self.isn + 1) {
      return accept_syn_ack(session, answer, s.peer.isn == answer.isn ? s.self.last_ack : answer.ack, s.seconds());
    }
    if (s.seq() != answer.ack || s.self.delivered != 0) continue;
    for (Half& half : session.half) half.segments.clear(session.pools.blocks);
    session.clear(session_flag::fast_open);
    accept_syn(s.self, s.peer, session, *other, s.seconds());
    return accept_syn_ack(session, answer, answer.ack, s.seconds());
  }
}

void TcpTracker::establish(Step& s) const {
  advance(s, TcpState::established);
  note_timestamp(s);
  extend(s.self, s.end());
  take_ack(s);
  grant(s, s.granted());
  s.session.queue.reset();
}

Reception TcpTracker::syn_recv_ack(Step& s) const {
  TcpSession& session = s.session;
  if (session.queue && s.to_server) choose_answer(s);
  if (session.has(session_flag::timestamps) && !valid_timestamp(s)) return Reception::reject;
  if (session.has(session_flag::four_way) && !s.to_server) {
    if (s.seq() != s.self.next_seq) return s.reject(StreamAnomaly::whs4_wrong_seq);
    if (!valid_ack(s)) return s.reject(StreamAnomaly::whs4_invalid_ack);
    establish(s);
    return Reception::accept;
  }
  bool unusual = session.has(session_flag::midstream_synack | session_flag::fast_open);
  if (!s.to_server && !unusual && config_.inline_mode) {
    bool injects = s.length() > 0 && s.ack() == s.peer.last_ack && s.seq() == s.self.next_seq;
    return s.reject(injects ? StreamAnomaly::whs3_ack_data_inject : StreamAnomaly::whs3_ack_in_wrong_dir);
  }

  if (s.to_server && s.seq() == s.self.next_seq && s.ack() == s.peer.next_seq) {
    if (session.has(session_flag::midstream_synack)) s.peer.wscale = s.peer.wscale ? s.peer.wscale : 0;
    establish(s);
    return Reception::accept;
  }
  if (config_.async_oneside && !s.to_server && s.seq() == s.self.next_seq) {
    session.set(session_flag::async);
    establish(s);
    acknowledge(s.self, s.seq());
    return Reception::accept;
  }
  if (s.to_server && s.seq() == s.self.next_seq) {
    session.set(session_flag::evasion_attempt);
    return s.reject(StreamAnomaly::whs3_right_seq_wrong_ack_evasion);
  }
  // The third packet of the handshake was lost on the way to us: later packets of either side prove it was sent.
  bool later_answer = !s.to_server && seq_geq(s.seq(), s.self.next_seq) && seq_geq(s.ack(), s.peer.last_ack) &&
                      seq_leq(s.ack(), s.peer.next_win);
  bool later_request = s.to_server && seq_gt(s.seq(), s.self.next_seq) && seq_leq(s.seq(), s.self.next_win) &&
                       s.ack() == s.peer.next_seq;
  if (!later_answer && !later_request) return s.reject(StreamAnomaly::whs3_wrong_seq_wrong_ack);
  establish(s);
  return Reception::accept;
}

}  // namespace lapwing
