// What a receiver may have dropped: packets that one system takes and another does not, and FINs that nobody took.
#include <cstring>

#include "sensor/stream/tcp_tracker.h"

namespace lapwing {
namespace {

/// An Ethernet header begins with destination and source.
enum class Station : uint8_t { destination = 0, source = 6 };

uint64_t mac(const uint8_t* ether, Station station) {
  uint64_t out;
  std::memcpy(&out, ether + static_cast<size_t>(station), sizeof out);  // two bytes more, which are there
  return out << 16;
}

}  // namespace

bool TcpTracker::acknowledges_unseen(const Step& s) const {
  return s.flag(tcp_flag::ack) && !s.session.has(session_flag::midstream | session_flag::async) &&
         seq_gt(s.ack(), s.peer.sent);
}

/// Compares the station this packet is sent to with the one that its receiver's own packets come from. Where these are
/// two (a router with a virtual address), all packets are alike and only their payload is doubted.
bool TcpTracker::goes_elsewhere(Step& s) const {
  const uint8_t* ether = s.packet.ether;
  if (!ether) return false;
  if (s.peer.mac == 0) s.peer.mac = mac(ether, Station::source);
  if (s.self.mac == 0) return false;
  if (s.self.mac != mac(ether, Station::destination)) return true;
  s.self.set(half_flag::mac_known);
  return false;
}

/// Whether the receiver may have dropped a packet that fits the connection.
Doubt TcpTracker::doubt(Step& s) const {
  const bool elsewhere = goes_elsewhere(s);
  if (elsewhere && s.self.has(half_flag::mac_known)) return Doubt::packet;
  if (s.packet.host_drops != 0) return Doubt::packet;
  if (!s.session.has(session_flag::midstream | session_flag::async)) {
    // Without a key Linux drops what is signed, with one what is not.
    bool key = s.self.has(half_flag::signature) && s.peer.has(half_flag::signature);
    if (s.packet.tcp.is_signed != key) return Doubt::packet;
    if (acknowledges_unseen(s)) return Doubt::acknowledgement;
  }
  return elsewhere ? Doubt::payload : Doubt::none;
}

/// Takes the acknowledgement. One of what was not seen, or that was perhaps dropped, is a claim, which holds for what
/// comes in order; it never makes a hole. What was seen in order the first of the two acknowledges: more was lost on
/// its way to us.
void TcpTracker::take_ack(Step& s) const {
  if (!s.flag(tcp_flag::ack)) return;
  if (s.taken()) return acknowledge(s.peer, s.ack());
  if (seq_gt(s.ack(), s.peer.claimed_ack)) s.peer.claimed_ack = s.ack();
  if (s.doubt == Doubt::acknowledgement) acknowledge(s.peer, s.peer.next_seq);
}

/// The state without the FIN of `half`. A connection that an RST ended stays so until its sender goes on.
void TcpTracker::reopen(TcpSession& session, const Half& half) const {
  const Half& other = session.half[&half == &session.half[0] ? 1 : 0];
  TcpState state = TcpState::established;
  if (other.said_fin()) {
    bool client = &other == &session.half[0];
    state = client ? TcpState::close_wait : other.fin_acknowledged() ? TcpState::fin_wait2 : TcpState::fin_wait1;
  }
  (session.has(session_flag::closed_by_reset) ? session.before_reset : session.state) = state;
}

/// A sender that goes on beyond its own FIN may not have sent that FIN: the connection is as it is without it, unless
/// the receiver acknowledged the FIN.
void TcpTracker::suspect_injected_fin(Step& s) const {
  Half& self = s.self;
  if (!self.said_fin() || self.fin_acknowledged() || s.length() == 0 || s.doubt != Doubt::none) return;
  if (!s.flag(tcp_flag::ack)) return;
  if (self.offset(s.end()) <= static_cast<int64_t>(self.fin_offset) || seq_gt(s.seq(), self.next_win)) return;
  self.set(half_flag::fin_doubted);
  reopen(s.session, self);
  s.verdict.add(StreamAnomaly::suspected_fin_inject);
}

/// Counts what an accepted packet used, and notes its FIN: one that lies before data that is there was not sent by the
/// sender of the data; of several the first counts, until it is doubted.
void TcpTracker::note_sent(Step& s) const {
  Half& self = s.self;
  const bool fin = s.flag(tcp_flag::fin);
  uint32_t end = s.end() + (fin ? 1 : 0);
  if (seq_gt(end, self.sent)) self.sent = end;
  if (!fin || seq_lt(s.end(), self.next_seq)) return;
  int64_t offset = self.offset(s.end());
  if (offset < static_cast<int64_t>(self.delivered)) return;
  if (self.said_fin() && self.fin_offset <= static_cast<uint64_t>(offset)) return;
  self.fin_offset = static_cast<uint64_t>(offset);
  self.set(half_flag::fin);
  self.clear(half_flag::fin_doubted);
}

/// What the acknowledgements say by now: claims that became true, and FINs that were none.
void TcpTracker::settle(Step& s) const {
  for (Half* half : {&s.self, &s.peer}) {
    auto fin = static_cast<int64_t>(half->fin_offset);
    uint32_t reached = half->next_seq;
    if (half->said_fin() && half->offset(reached) == fin) ++reached;
    if (half->claimed() && seq_geq(reached, half->claimed_ack)) {
      half->last_ack = half->claimed_ack;
    }
    if (!half->has(half_flag::fin) || half->offset(half->last_ack) <= fin + 1) continue;
    if (half->said_fin()) {
      half->set(half_flag::fin_doubted);
      reopen(s.session, *half);
      s.verdict.add(StreamAnomaly::suspected_fin_inject);
    }
    half->clear(half_flag::fin | half_flag::fin_doubted);
  }
}

}  // namespace lapwing
