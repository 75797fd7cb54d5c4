#include "sensor/pipeline/worker.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "sensor/base/hash.h"
#include "sensor/base/log.h"
#include "sensor/base/per_thread.h"

namespace lapwing {

namespace {

using Clock = std::chrono::steady_clock;

uint64_t microseconds_since(Clock::time_point begin) {
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count());
}

FlowConfig flow_config(const WorkerShare& share) {
  FlowConfig config = share.config->flow;
  config.use_vlan = share.use_vlan;
  return config;
}

}  // namespace

Worker::Worker(size_t index, PacketSource& source, const WorkerShare& share)
    : index_(index),
      replay_(share.replay),
      workers_(share.workers),
      divided_(share.workers != 1 && share.replay),
      hash_seed_(share.hash_seed),
      order_(share.order),
      source_(source),
      origin_{.live = !share.replay},
      decoder_(share.config->decode, share.checksums),
      defrag_(share.config->stream),
      flows_(flow_config(share), share.hash_seed,
             [this](Flow& flow, Timestamp now) { inspector_.close(flow, now, last_number_); }),
      inspector_(share, index, origin_, flows_, guard_),
      board_([this](CounterSet& set) { add_counters(set); }) {}

void Worker::run() {
  ThreadObjects::begin();
  Burst burst;
  while (true) {
    // The source itself is asked to stop, and then counts what it was not asked
    // for.
    PacketSource::Result result = source_.receive(burst);
    if (result == PacketSource::Result::end) break;
    const auto begin = replay_ ? Clock::time_point() : Clock::now();
    guard_.run([&] { board_.show(); });
    if (RuleHandover* handover = slot_.offered()) take_rules(*handover);
    if (result == PacketSource::Result::idle) {
      source_.may_wait(!expire_idle());
      publish();
      continue;
    }
    origin_.name = replay_ ? source_.file() : source_.interface_name(0);
    if (!replay_) inspector_.backlog(source_.backlog());
    take_burst(burst.view());
    if (decoder_.unknown().size() != told_unknown_) tell_unknown();
    if (!replay_) expire();
    publish();
    source_.release(burst);
    if (!replay_) worked_.burst(microseconds_since(begin));
    progress_.store(source_.progress(), std::memory_order_relaxed);
  }
  flows_.end_all(now_);
  publish();
  if (order_) order_->leave(index_);
  guard_.run([&] { board_.take(); });
  board_.close();
  slot_.close();
}

void Worker::take_burst(std::span<const Frame> frames) {
  while (!frames.empty()) frames = frames.subspan(take_group(frames));
}

/// The passes over as many frames as stay in the first-level cache: headers,
/// then where their flows lie in memory, then what they mean. Returns how many
/// frames that were.
size_t Worker::take_group(std::span<const Frame> frames) {
  size_t used = 0, count = 0;
  for (; used < frames.size() && count < kGroup; ++used) {
    count += decoder_.decode(frames[used], std::span(packets_).subspan(count, kLayers));
  }
  for (size_t i = 0; i < count; ++i) {
    lookups_[i] = mine(packets_[i]) ? look_up(packets_[i]) : FlowTable::Lookup{};
    flows_.prefetch(lookups_[i]);
  }
  for (size_t i = 0; i < count; ++i) flows_.prefetch_flow(lookups_[i]);
  for (size_t i = 0; i < count; ++i) {
    Packet& packet = packets_[i];
    now_ = std::max(now_, packet.time);
    last_number_ = packet.number;
    if (replay_ && now_.seconds() != expired_to_) expire();
    guard_.run([&] { take(packet, lookups_[i]); });
    inspector_.relieve(now_, last_number_);
    bool frame_ends = i + 1 == count || packets_[i + 1].number != packet.number;
    if (order_ && frame_ends) order_->finished(index_, packet.number);
  }
  return used;
}

FlowTable::Lookup Worker::look_up(const Packet& packet) const {
  return packet.wants_flow && !packet.invalid && !packet.dropped ? flows_.look(packet) : FlowTable::Lookup{};
}

/// One layer of a frame.
void Worker::take(Packet& packet, const FlowTable::Lookup& lookup) {
  judge(packet);
  if (packet.is_fragment) return take_fragment(packet);
  if (mine(packet)) follow(packet, packet.dropped ? FlowTable::Lookup{} : lookup);
}

/// What is put together may be a tunnel's packet with a fragment inside, each
/// level deeper by a tunnel of kMaxTunnel.
void Worker::take_fragment(const Packet& first) {
  for (Packet fragment = first;;) {
    const Bytes whole = defrag_.add(fragment);
    if (mine(fragment)) inspector_.packet(fragment, nullptr, Direction::to_server);
    if (whole.empty()) return;
    const size_t count = decoder_.decode_reassembled(whole, fragment, reassembled_);
    for (size_t i = 0; i < count; ++i) {
      Packet& layer = reassembled_[i];
      layer.frame = defrag_.frame();
      if (i == 0) layer.wire_length = static_cast<uint32_t>(layer.frame.size());
      if (defrag_.overlapped()) layer.host_drops |= host_drop::overlap;
      judge(layer);
      if (!layer.is_fragment && mine(layer)) follow(layer, look_up(layer));
    }
    // Nothing is decoded behind a fragment: it can only be the last.
    if (!reassembled_[count - 1].is_fragment) return;
    fragment = reassembled_[count - 1];
  }
}

/// What the destination drops takes what it carries with it, which comes next.
void Worker::judge(Packet& packet) {
  if (packet.number == dropped_frame_ || (packet.host_drops != 0 && defrag_.drops(packet))) {
    packet.dropped = true;
    dropped_frame_ = packet.number;
  }
}

void Worker::follow(const Packet& packet, const FlowTable::Lookup& lookup) {
  Flow* flow = nullptr;
  uint8_t direction = 0;
  if (packet.has_quoted && !packet.dropped) flow = flows_.find_quoted(packet, direction);
  if (!flow && lookup.valid) flow = flows_.find_or_create(packet, lookup, direction);
  inspector_.packet(packet, flow, static_cast<Direction>(direction));
}

/// Every worker of a replay decodes everything; the address pair decides who
/// goes on. An ICMP error belongs to the pair that it quotes, as it belongs to
/// that pair's flow.
bool Worker::falls_to_me(const Packet& packet) const {
  if (packet.ip_version == 0) return index_ == 0;
  const IpAddress* a = packet.has_quoted ? &packet.quoted.src : &packet.src;
  const IpAddress* b = packet.has_quoted ? &packet.quoted.dst : &packet.dst;
  if (*b < *a) std::swap(a, b);
  uint8_t pair[32];
  std::memcpy(pair, a->bytes.data(), 16);
  std::memcpy(pair + 16, b->bytes.data(), 16);
  return keyed_hash(pair, hash_seed_) % workers_ == index_;
}

/// In replay everything due ends in each second of packet time, so that results
/// do not depend on how it is read.
void Worker::expire() {
  expired_to_ = now_.seconds();
  const bool few = source_.backlog() > kCalm && flows_.late(now_) <= kLate;
  flows_.expire(now_, replay_ ? 0 : few ? kFewEnds : kEnds);
  guard_.run([&] { defrag_.expire(now_); });
}

/// No frame tells the time on a silent wire, yet flows must end there too. True
/// when more are due.
bool Worker::expire_idle() {
  const std::optional<Timestamp> wall = source_.now();
  if (!wall || last_number_ == 0) return false;
  // Frames that are on their way through the ring are older.
  constexpr int64_t kOnTheWay = 1'000'000'000;
  now_ = std::max(now_, Timestamp{wall->ns - kOnTheWay});
  guard_.run([&] { defrag_.expire(now_); });
  return flows_.expire(now_, kEnds);
}

void Worker::take_rules(RuleHandover& handover) {
  const auto begin = Clock::now();
  inspector_.exchange(handover);
  slot_.give_back();
  worked_.adoption(microseconds_since(begin));
}

void Worker::publish() {
  guard_.run([&] { inspector_.reporter().publish(); });
}

/// Once for each number; of a replay's workers, which decode the same, one
/// tells.
void Worker::tell_unknown() {
  const auto unknown = decoder_.unknown();
  for (; told_unknown_ < unknown.size(); ++told_unknown_) {
    if (replay_ && index_ != 0) continue;
    const UnknownProtocol& first = unknown[told_unknown_];
    if (first.kind == UnknownProtocol::Kind::link_type) {
      spdlog::warn("{}: frames of link type {} are not decoded (the first is frame {})", origin_.name, first.number,
                   first.frame);
    } else {
      spdlog::warn(
          "{}: frames of EtherType {:#06x} are not decoded (the first "
          "is frame {})",
          origin_.name, first.number, first.frame);
    }
  }
}

void Worker::add_counters(CounterSet& set) const {
  // In a replay all workers read and decode the same frames: one of them speaks
  // for all.
  if (!replay_ || index_ == 0) {
    source_.add_counters(set);
    set.add(decoder_.counters(), decode_counter_rows());
    decoder_.add_event_counters(set);
    set.add(defrag_.counters(), defrag_counter_rows());
  }
  set.add(flows_.counters(), flow_counter_rows());
  set.add(guard_.counters(), memory_fault_rows());
  inspector_.add_counters(set);
  if (!replay_) add_worker_counters(worked_, index_, set);
}

}  // namespace lapwing
