#include "sensor/stream/reassembler.h"

#include <algorithm>

namespace lapwing {
namespace {

constexpr uint64_t kRegionDistance = 256 * 1024;  // waiting data further apart is a region of its own
constexpr uint16_t kUrgentLimit = UINT16_MAX;     // urgent bytes of one direction that are taken out

/// The receiver took the FIN: it acknowledged the number that it has, and no data that has the same.
bool took_fin(const Half& half) {
  return half.fin_acknowledged() && half.delivered <= half.fin_offset && !half.segments.covers(half.fin_offset);
}

uint64_t acknowledged(const Half& half, uint32_t ack) {
  int64_t offset = half.offset(ack);
  uint64_t acked = offset > 0 ? static_cast<uint64_t>(offset) : 0;
  return took_fin(half) ? half.fin_offset : acked;
}

/// When the flow ends claims count too: more of the sender's bytes than the window holds may have been lost on their
/// way to us, and no hole can hide what comes.
uint32_t claimed_in_the_end(const TcpSession& session, const Half& half) {
  if (session.has(session_flag::acked_beyond)) return half.sent;
  return half.claimed() ? half.claimed_ack : half.last_ack;
}

}  // namespace

Reassembler::Reassembler(const StreamConfig& config, StreamSink& sink, StreamCounters& counters)
    : config_(config),
      sink_(sink),
      counters_(counters),
      inline_hosts_(config.urgent_inline_hosts, "stream.reassembly.urgent.inline-hosts") {}

void Reassembler::raise(Flow& flow, StreamVerdict* verdict, StreamAnomaly event) {
  if (verdict) verdict->add(event);
  sink_.event(flow, event);
}

bool Reassembler::insert(Flow& flow, TcpSession& session, const Packet& packet, Direction direction,
                         StreamVerdict& verdict) {
  Half& half = session.half[index(direction)];
  Bytes data = packet.payload;
  if (half.has(half_flag::ended)) return false;
  Target to{flow, session, half, direction, packet.time, &verdict};
  uint32_t seq = packet.seq + (packet.tcp_flags & tcp_flag::syn ? 1 : 0);
  int64_t begin = half.offset(seq);
  auto floor = static_cast<int64_t>(half.delivered);
  if (begin + static_cast<int64_t>(data.size()) <= floor && !data.empty()) {
    bool told =
        seq_leq(packet.seq + static_cast<uint32_t>(data.size()), half.last_ack);  // as a spurious retransmission
    if (!told) raise(flow, &verdict, StreamAnomaly::reassembly_segment_before_base_seq);
    return false;
  }
  uint32_t urgent = verdict.doubtful ? 0 : find_urgent(half, packet, begin);
  if (data.empty()) return false;
  if (begin < floor) {
    auto known = static_cast<uint32_t>(floor - begin);
    data = data.subspan(known);
    urgent = urgent > known ? urgent - known : 0;
    begin = floor;
  }
  auto at = static_cast<uint64_t>(begin);
  const uint64_t ceiling = depth(flow, at + data.size());
  if (at + data.size() > ceiling && !half.has(half_flag::depth_reached)) {
    half.set(half_flag::depth_reached);
    ++counters_.stream_depth_reached;
    raise(flow, &verdict, StreamAnomaly::reassembly_depth_reached);
  }
  if (at >= ceiling) return false;
  data = data.first(std::min<uint64_t>(data.size(), ceiling - at));
  if (urgent > data.size()) urgent = 0;
  if (!(flow.flags & (flow_flag::client_first | flow_flag::server_first))) {
    flow.flags |= direction == Direction::to_server ? flow_flag::client_first : flow_flag::server_first;
  }
  return urgent != 0 ? place_around_urgent(to, at, data, urgent) : place(to, at, data);
}

/// How far the flow is reassembled: `wanted` bytes at least matter now.
uint64_t Reassembler::depth(const Flow& flow, uint64_t wanted) const {
  if (config_.depth == 0) return UINT64_MAX;
  return wanted <= config_.depth ? config_.depth : sink_.depth(flow, config_.depth);
}

/// How many bytes of the payload end with the urgent one; 0: none of them is. The pointer may name a byte that is still
/// to come: hosts wait for it, and forget it for a pointer further on.
uint32_t Reassembler::find_urgent(Half& half, const Packet& packet, int64_t begin) const {
  const bool pointer = packet.tcp_flags & tcp_flag::urg && packet.urgent != 0;
  if (!pointer && !half.has(half_flag::urgent_ahead)) return 0;
  if (config_.urgent == Urgent::in_line || inline_hosts_.contains(packet.dst)) return 0;
  auto size = static_cast<int64_t>(packet.payload.size());
  int64_t named = begin + packet.urgent - 1;
  if (half.has(half_flag::urgent_ahead)) {
    auto awaited = static_cast<int64_t>(half.urgent_offset);
    if (half.delivered > half.urgent_offset || (pointer && named > awaited)) {
      half.clear(half_flag::urgent_ahead);
    } else if (begin <= awaited && awaited < begin + size) {
      return static_cast<uint32_t>(awaited - begin + 1);
    }
  }
  if (!pointer || named < static_cast<int64_t>(half.delivered)) return 0;
  if (named < begin + size) return packet.urgent;
  if (!half.has(half_flag::urgent_ahead)) {
    half.set(half_flag::urgent_ahead);
    half.urgent_offset = static_cast<uint64_t>(named);
  }
  return 0;
}

/// RFC 6093: the urgent byte is the one before the place that the urgent pointer names.
bool Reassembler::place_around_urgent(Target& to, uint64_t begin, Bytes data, uint32_t urgent) {
  Urgent policy = config_.urgent;
  if (policy == Urgent::oob && to.half.urgent_oob == kUrgentLimit) {
    policy = config_.urgent_beyond_limit;
    ++counters_.urgent_oob_limit;
    if (!to.half.has(half_flag::oob_limit))
      raise(to.flow, to.verdict, StreamAnomaly::reassembly_urgent_oob_limit_reached);
    to.half.set(half_flag::oob_limit);
  }
  if (policy == Urgent::in_line) return place(to, begin, data);
  if (policy == Urgent::drop) return false;
  const bool before = urgent == 1 || place(to, begin, data.first(urgent - 1));
  if (policy == Urgent::oob) note(to, to.half.segments.insert_hole(to.session.pools.blocks, begin + urgent - 1));
  const bool behind = urgent == data.size() || place(to, begin + urgent, data.subspan(urgent));
  return before && behind && (policy == Urgent::oob || data.size() > 1);
}

bool Reassembler::place(Target& to, uint64_t begin, Bytes data) {
  Half& half = to.half;
  uint64_t end = begin + data.size();
  if (half.segments.empty() && begin == half.delivered &&
      (eager(to.session) || acknowledged(half, half.last_ack) >= end)) {
    half.max_regions = std::max<uint16_t>(half.max_regions, 1);
    hand_over(to, data);
    return true;
  }
  uint64_t edge = half.segments.empty() ? half.delivered : half.segments.back().end();
  uint32_t regions = 1;
  if (begin > edge + kRegionDistance) {
    regions += half.segments.regions(kRegionDistance);
    if (!half.segments.empty() && half.segments.front().begin > half.delivered + kRegionDistance) ++regions;
    if (config_.max_regions != 0 && regions > config_.max_regions) {
      ++counters_.insert_region_fail;
      raise(to.flow, to.verdict, StreamAnomaly::reassembly_insert_limit);
      return false;
    }
  }
  half.max_regions = std::max(half.max_regions, static_cast<uint16_t>(std::min<uint32_t>(regions, UINT16_MAX)));
  auto result = half.segments.insert(to.session.pools.blocks, begin, data, segment_rule(half.policy),
                                     config_.check_overlap_data, to.verdict && to.verdict->doubtful);
  return note(to, result);
}

bool Reassembler::note(Target& to, const SegmentList::Result& result) {
  if (result.overlap) ++counters_.overlap;
  if (result.different) {
    ++counters_.overlap_diff_data;
    raise(to.flow, to.verdict, StreamAnomaly::reassembly_overlap_different_data);
  }
  if (result.refused_memory) {
    ++counters_.segment_memcap_drop;
    to.flow.note(FlowException::stream_reassembly_memcap);
    raise(to.flow, to.verdict, StreamAnomaly::reassembly_insert_memcap);
  }
  if (result.refused_length) {
    ++counters_.insert_list_fail;
    raise(to.flow, to.verdict, StreamAnomaly::reassembly_insert_limit);
  }
  return !result.refused_memory && !result.refused_length;
}

void Reassembler::hand_over(Target& to, Bytes data) {
  Chunk chunk{
      .data = data, .offset = to.half.delivered - to.half.urgent_oob, .time = to.time, .direction = to.direction};
  to.half.delivered += data.size();
  sink_.chunk(to.flow, chunk);
}

void Reassembler::give_up(Target& to, uint64_t end) {
  uint64_t lost = end - to.half.delivered, offset = to.half.delivered - to.half.urgent_oob;
  to.half.delivered = end;
  to.half.set(half_flag::gap);
  to.session.set(session_flag::liberal);
  ++counters_.reassembly_gap;
  raise(to.flow, to.verdict, StreamAnomaly::reassembly_seq_gap);
  sink_.gap(to.flow, to.direction, offset, lost, to.time);
}

void Reassembler::end(Target& to, bool broken_off) {
  to.half.set(half_flag::ended);
  sink_.chunk(to.flow, {.offset = to.half.delivered - to.half.urgent_oob,
                        .time = to.time,
                        .direction = to.direction,
                        .end = true,
                        .broken_off = broken_off});
}

void Reassembler::behind_holes(Target& to) {
  SegmentList& list = to.half.segments;
  for (uint64_t known = to.half.delivered; !list.empty();) {
    const Piece& piece = list.front();
    const uint64_t end = piece.end();
    if (piece.block.data) {
      sink_.behind_hole(to.flow,
                        {.data = piece.bytes(),
                         .offset = piece.begin - to.half.urgent_oob,
                         .time = to.time,
                         .direction = to.direction},
                        piece.begin - known);
    }
    known = end;
    list.drop_before(to.session.pools.blocks, known);
  }
}

void Reassembler::deliver(Flow& flow, TcpSession& session, Direction direction, Timestamp time, bool all,
                          StreamVerdict* verdict) {
  Half& half = session.half[index(direction)];
  if (half.has(half_flag::ended)) return;
  SegmentList& list = half.segments;
  if (list.empty() && !half.has(half_flag::fin)) return;  // as at most packets: nothing waits and nothing ends
  Target to{flow, session, half, direction, time, verdict};
  const uint64_t acked = acknowledged(half, all && !verdict ? claimed_in_the_end(session, half) : half.last_ack);
  const bool closed = took_fin(half);
  // What is missing before an acknowledgement was lost on its way to us, what is missing behind it on its way there.
  const uint64_t settled = std::min(acked, depth(flow, acked));
  const uint64_t limit = all && !closed ? depth(flow, UINT64_MAX) : settled;
  while (true) {
    if (!list.empty() && list.front().begin <= half.delivered) {
      const Piece& piece = list.front();
      uint64_t stop = eager(session) ? piece.end() : std::min(piece.end(), limit);
      if (stop <= half.delivered) break;
      if (piece.block.data) {
        hand_over(to, piece.bytes().first(stop - half.delivered));
      } else {
        ++half.delivered;
        if (half.urgent_oob++ == 0) raise(flow, verdict, StreamAnomaly::reassembly_urgent_oob_data);
        ++counters_.urgent_oob_data;
      }
      list.drop_before(session.pools.blocks, half.delivered);
    } else if (half.delivered < settled && (!list.empty() || closed)) {
      give_up(to, list.empty() ? settled : std::min(settled, list.front().begin));
    } else if (!list.empty() && list.back().end() - half.delivered > config_.behind_hole) {
      give_up(to, list.front().begin);
    } else {
      break;
    }
  }
  // Of a connection of which only one side is seen nothing is acknowledged.
  if (!closed && !(half.said_fin() && session.has(session_flag::async))) return;
  if (half.delivered < half.fin_offset && half.has(half_flag::depth_reached)) {
    sink_.gap(flow, direction, half.delivered - half.urgent_oob, half.fin_offset - half.delivered, time);
    half.delivered = half.fin_offset;
  }
  if (half.delivered >= half.fin_offset) end(to);
}

void Reassembler::finish(Flow& flow, TcpSession& session, Direction direction, Timestamp time) {
  Half& half = session.half[index(direction)];
  // What lies behind a FIN and its acknowledgement was never taken, though one byte stands at the FIN's own place.
  if (half.fin_acknowledged()) half.segments.clear(session.pools.blocks);
  if (half.has(half_flag::after_reset)) {
    half.segments.clear(session.pools.blocks);
    half.next_seq = static_cast<uint32_t>(half.isn + 1 + half.delivered);
  }
  deliver(flow, session, direction, time, true, nullptr);
  if (half.has(half_flag::ended)) return;
  Target to{flow, session, half, direction, time, nullptr};
  const bool whole = half.segments.empty();
  behind_holes(to);
  int64_t seen = half.has(half_flag::fin) ? static_cast<int64_t>(half.fin_offset) : half.offset(half.next_seq);
  if (whole && half.has(half_flag::depth_reached) && seen > static_cast<int64_t>(half.delivered)) {
    auto lost = static_cast<uint64_t>(seen) - half.delivered;
    sink_.gap(flow, direction, half.delivered - half.urgent_oob, lost, time);
    half.delivered += lost;
  }
  end(to, !whole || seen > static_cast<int64_t>(half.delivered));
}

}  // namespace lapwing
