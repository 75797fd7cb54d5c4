#include "sensor/stream/stream_engine.h"

#include <algorithm>
#include <utility>

#include "sensor/stream/reassembler.h"
#include "sensor/stream/tcp_session.h"
#include "sensor/stream/tcp_tracker.h"

namespace lapwing {
namespace {

constexpr uint8_t kOpening = tcp_flag::syn | tcp_flag::ack | tcp_flag::rst | tcp_flag::fin;

TcpSession* session_of(const Flow& flow) {
  return flow.get<TcpSession>(FlowSlot::stream);
}

/// The only FINs are such as nobody acknowledged.
bool fin_pending(const TcpSession& session) {
  if (session.has(session_flag::midstream | session_flag::async | session_flag::closed_by_reset)) return false;
  const Half& first = session.half[0].said_fin() ? session.half[0] : session.half[1];
  return first.said_fin() && !first.fin_acknowledged();
}

FlowState flow_state(FlowState before, TcpState state) {
  if (before == FlowState::bypassed) return before;
  switch (state) {
    case TcpState::established:
    case TcpState::fin_wait1:
    case TcpState::fin_wait2:
    case TcpState::closing:
    case TcpState::close_wait: return FlowState::established;
    case TcpState::last_ack:
    case TcpState::time_wait:
    case TcpState::closed: return FlowState::closed;
    default: return before;
  }
}

/// Some exploits are one segment that also ends the connection. A FIN alone begins nothing.
bool may_be_midstream(const Packet& packet) {
  const uint8_t kind = packet.tcp_flags & kOpening;
  return kind == tcp_flag::ack || (kind == (tcp_flag::fin | tcp_flag::ack) && !packet.payload.empty());
}

}  // namespace

struct StreamEngine::Impl {
  Impl(const StreamConfig& c, StreamSink& s)
      : config(c),
        hosts(config),
        sink(s),
        pools(new StreamPools(
            static_cast<uint32_t>(std::min<uint64_t>(config.memcap / sizeof(TcpSession), UINT32_MAX - 1)),
            config.reassembly_memcap)) {}
  ~Impl() {
    pools->orphaned = true;
    if (pools->sessions.used() == 0) delete pools;
  }

  void take(Flow& flow, const Packet& packet, Direction direction, StreamVerdict& verdict);
  bool take_without_session(Flow& flow, const Packet& packet, Direction direction, StreamVerdict& verdict);
  TcpSession* make_session(Flow& flow);
  TcpSession* session_from_syn(Flow& flow);
  bool ignores(const Packet& packet) const {
    return (packet.bad_checksum_l4 || packet.bad_checksum_ip) && config.checksum_validation;
  }
  void reassemble(Flow& flow, TcpSession& session, const Packet& packet, Direction direction, StreamVerdict& verdict);
  void set_state(Flow& flow, TcpState state);
  void count(const StreamVerdict& verdict) {
    counters.doubtful += verdict.doubtful;
    for (size_t i = 0; i < verdict.event_count; ++i) {
      counters.suspected_fin += verdict.events[i] == StreamAnomaly::suspected_fin_inject;
      counters.syn_forgotten += verdict.events[i] == StreamAnomaly::whs3_syn_flood;
    }
  }
  void tell(Flow& flow, const StreamVerdict& verdict) {
    for (size_t i = 0; i < verdict.event_count; ++i) sink.event(flow, verdict.events[i]);
  }

  const StreamConfig config;
  const HostPolicies hosts;
  StreamSink& sink;
  StreamPools* pools;
  mutable StreamCounters counters;
  TcpTracker tracker{config, hosts};
  Reassembler reassembler{config, sink, counters};
};

StreamEngine::StreamEngine(const StreamConfig& config, StreamSink& sink)
    : impl_(std::make_unique<Impl>(config, sink)) {}
StreamEngine::~StreamEngine() = default;

TcpSession* StreamEngine::Impl::make_session(Flow& flow) {
  if (flow.syn.options & syn_option::session_refused) return nullptr;
  uint32_t handle = pools->sessions.make(*pools);
  if (handle == kNoHandle) {
    flow.syn.options |= syn_option::session_refused;
    flow.note(FlowException::stream_memcap);
    ++counters.ssn_memcap_drop;
    return nullptr;
  }
  TcpSession* session = &pools->sessions[handle];
  flow.slots[static_cast<size_t>(FlowSlot::stream)].reset(session);
  return session;
}

/// The session of a flow of which so far a SYN, and perhaps the RST that answered it, was seen.
TcpSession* StreamEngine::Impl::session_from_syn(Flow& flow) {
  if (flow.tcp_state != TcpState::syn_sent && flow.tcp_state != TcpState::closed) return nullptr;
  TcpSession* session = make_session(flow);
  if (!session) return nullptr;
  tracker.begin(*session, flow.syn, flow.start);
  if (flow.tcp_state == TcpState::closed) {
    session->state = TcpState::closed;
    session->before_reset = TcpState::syn_sent;
    session->set(session_flag::closed_by_reset);
    session->half[0].set(half_flag::reset_received);
  }
  return session;
}

void StreamEngine::Impl::set_state(Flow& flow, TcpState state) {
  flow.tcp_state = state;
  flow.state = flow_state(flow.state, state);
}

/// Flows that are no more than a SYN, or a SYN and its refusal, are followed without a session. True when that did.
bool StreamEngine::Impl::take_without_session(Flow& flow, const Packet& packet, Direction direction,
                                              StreamVerdict& verdict) {
  uint8_t kind = packet.tcp_flags & kOpening;
  bool to_server = direction == Direction::to_server;
  if (flow.tcp_state == TcpState::none) {
    if (kind == tcp_flag::syn && to_server) {
      bool refused = flow.syn.options & syn_option::session_refused;
      flow.syn = read_syn(packet);
      if (refused) flow.syn.options |= syn_option::session_refused;
      set_state(flow, TcpState::syn_sent);
      ++counters.sessions;
      verdict.accepted = true;
      if (packet.payload.empty()) return true;
      TcpSession* session = session_from_syn(flow);
      if (!session) return true;
      expect_syn_data(*session, packet);
      tracker.policy(session->half[0], packet.dst);
      StreamVerdict found;  // told by the reassembler at once
      verdict.in_stream = reassembler.insert(flow, *session, packet, direction, found);
      return true;
    }
    if (kind & (tcp_flag::rst | tcp_flag::fin) && !(config.midstream && may_be_midstream(packet))) {
      bool reset = kind & tcp_flag::rst;
      verdict.add(reset ? StreamAnomaly::rst_but_no_session : StreamAnomaly::fin_but_no_session);
      return true;
    }
    return false;
  }
  if (flow.tcp_state != TcpState::syn_sent) return false;
  if (kind == tcp_flag::syn && to_server && packet.seq == flow.syn.isn && packet.payload.empty()) {
    add_repetition(flow.syn, read_syn(packet));
    return verdict.accepted = true;
  }
  if (kind == (tcp_flag::rst | tcp_flag::ack) && !to_server && packet.seq == 0 && packet.ack == flow.syn.isn + 1 &&
      packet.payload.empty() && !packet.tcp.has_timestamp) {
    set_state(flow, TcpState::closed);
    return verdict.accepted = true;
  }
  return false;
}

void StreamEngine::Impl::take(Flow& flow, const Packet& packet, Direction direction, StreamVerdict& verdict) {
  TcpSession* session = session_of(flow);
  if (!session && take_without_session(flow, packet, direction, verdict)) return tell(flow, verdict);
  Reception outcome = Reception::reject;
  if (!session && flow.tcp_state == TcpState::none) {
    uint8_t kind = packet.tcp_flags & kOpening;
    bool answer = kind == (tcp_flag::syn | tcp_flag::ack) && direction == Direction::to_client;
    bool pick_up =
        (answer && (config.midstream || config.async_oneside)) || (config.midstream && may_be_midstream(packet));
    if (!pick_up || !(session = make_session(flow))) {
      ++counters.no_flow;
      return tell(flow, verdict);
    }
    tracker.begin(*session, packet, direction, verdict);
    outcome = Reception::accept;
    flow.flags |= flow_flag::midstream;
    if (answer) flow.flags |= flow_flag::midstream_synack;
    flow.syn.isn = session->half[0].isn;
    ++counters.sessions;
    ++counters.midstream_pickups;
  } else {
    if (!session && !(session = session_from_syn(flow))) {
      ++counters.no_flow;
      return tell(flow, verdict);
    }
    outcome = tracker.take(*session, packet, direction, verdict);
    flow.syn.isn = session->half[0].isn;
  }
  count(verdict);
  tell(flow, verdict);
  verdict.accepted = outcome != Reception::reject;
  if (outcome == Reception::reject) ++counters.rejected;
  if (fin_pending(*session)) {
    flow.syn.options |= syn_option::fin_pending;
  } else {
    flow.syn.options &= static_cast<uint8_t>(~syn_option::fin_pending);
  }
  if (session->state >= TcpState::established && session->state != TcpState::closed) {
    flow.syn.options |= syn_option::established;
  }
  // The state first: what the data brings about may ask for it.
  set_state(flow, session->state);
  if (outcome == Reception::accept) reassemble(flow, *session, packet, direction, verdict);
}

void StreamEngine::Impl::reassemble(Flow& flow, TcpSession& session, const Packet& packet, Direction direction,
                                    StreamVerdict& verdict) {
  Half& peer = session.half[index(reverse(direction))];
  if (packet.tcp_flags & tcp_flag::rst) {
    for (Direction d : {Direction::to_server, Direction::to_client}) {
      // Where some of it was perhaps dropped, so was perhaps the RST.
      bool all = !verdict.doubtful && !session.half[index(d)].segments.has_doubtful();
      reassembler.deliver(flow, session, d, packet.time, all, &verdict);
    }
    return;
  }
  if (session.state > TcpState::syn_recv && !peer.has(half_flag::fin)) {
    if (packet.tcp_flags & tcp_flag::ack && seq_gt(packet.ack, peer.next_seq)) ++counters.ack_unseen_data;
    if (seq_gt(peer.last_ack, peer.next_seq)) peer.next_seq = peer.last_ack;
  }
  reassembler.deliver(flow, session, reverse(direction), packet.time, false, &verdict);
  if (packet.payload.empty() && !(packet.tcp_flags & (tcp_flag::fin | tcp_flag::urg))) return;
  tracker.policy(session.half[index(direction)], packet.dst);
  // Until the RST is known to be forged, what is sent after it is looked at packet by packet.
  verdict.in_stream = reassembler.insert(flow, session, packet, direction, verdict) &&
                      !session.half[index(direction)].has(half_flag::after_reset);
  reassembler.deliver(flow, session, direction, packet.time, false, &verdict);
}

bool StreamEngine::begins_midway(const Flow& flow, const Packet& packet) const {
  if (flow.tcp_state != TcpState::none || session_of(flow) || impl_->ignores(packet)) return false;
  const uint8_t kind = packet.tcp_flags & kOpening;
  // Where only one side is seen its own first packet is the beginning.
  return kind != tcp_flag::syn && !(kind == (tcp_flag::syn | tcp_flag::ack) && impl_->config.async_oneside);
}

StreamVerdict StreamEngine::packet(Flow& flow, const Packet& packet, Direction direction) {
  StreamVerdict verdict;
  if (!packet.is_tcp()) return verdict;
  StreamCounters& counters = impl_->counters;
  if (impl_->ignores(packet)) {
    ++counters.invalid_checksum;
    return verdict;
  }
  uint8_t opening = packet.tcp_flags & (tcp_flag::syn | tcp_flag::ack);
  if (opening == tcp_flag::syn) ++counters.syn;
  if (opening == (tcp_flag::syn | tcp_flag::ack)) ++counters.synack;
  if (packet.tcp_flags & tcp_flag::rst) ++counters.rst;
  if (packet.tcp_flags & tcp_flag::urg) ++counters.urg;
  if (!(packet.tcp_flags & tcp_flag::ack) && packet.ack != 0) verdict.add(StreamAnomaly::pkt_broken_ack);
  impl_->take(flow, packet, direction, verdict);
  counters.max_packet_events += verdict.events_refused;
  verdict.established = flow.tcp_state >= TcpState::established;
  return verdict;
}

void StreamEngine::finish(Flow& flow, Timestamp) {
  TcpSession* session = session_of(flow);
  if (!session) return;
  for (Direction d : {Direction::to_server, Direction::to_client})
    impl_->reassembler.finish(flow, *session, d, flow.last);
}

std::array<uint32_t, 2> StreamEngine::sizes(const Flow& flow) {
  const TcpSession* session = session_of(flow);
  if (!session) return {};
  auto used = [](const Half& half) { return half.next_seq - half.isn; };
  return {used(session->half[0]), used(session->half[1])};
}

void StreamEngine::swap_direction(Flow& flow) {
  flow.swap_direction();
  TcpSession* session = session_of(flow);
  if (!session) return;
  std::swap(session->half[0], session->half[1]);
  session->flags ^= session_flag::picked_to_client;
  flow.syn.isn = session->half[0].isn;
}

const StreamCounters& StreamEngine::counters() const {
  impl_->counters.active_sessions = impl_->pools->sessions.used();
  impl_->counters.memuse = uint64_t{impl_->pools->sessions.used()} * sizeof(TcpSession);
  impl_->counters.reassembly_memuse = impl_->pools->blocks.used();
  impl_->counters.reassembly_memheld = impl_->pools->blocks.held();
  return impl_->counters;
}

StreamInfo stream_info(const Flow& flow) {
  StreamInfo info;
  info.tracked = flow.tcp_state != TcpState::none;
  info.max_regions = {1, 1};  // the place where data is awaited is one, even if none comes
  if (const TcpSession* session = session_of(flow)) {
    for (size_t d = 0; d < 2; ++d) {
      const Half& half = session->half[d];
      info.gap[d] = half.has(half_flag::gap);
      info.max_regions[d] = std::max<uint16_t>(half.max_regions, 1);
      info.urgent_oob[d] = half.urgent_oob;
    }
  }
  return info;
}

}  // namespace lapwing
