#include "sensor/pipeline/worker.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

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
      speaks_(!share.replay || index == 0),
      order_(share.order),
      source_(source),
      origin_{.live = !share.replay},
      decoder_(share.config->decode, share.checksums),
      defrag_(share.config->stream),
      flows_(flow_config(share), share.hash_seed,
             [this](Flow& flow, Timestamp now) { inspector_.close(flow, now, last_number_); }),
      inspector_(share, index, origin_, flows_, guard_),
      board_([this](CounterSet& set) { add_counters(set); }) {
  if (divided_) source_.divide(*this);
  // A worker that has not begun is no worker that counts nothing: an interface may be down already.
  board_.take();
}

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
    if (!replay_) worked_.burst(burst.view().size(), microseconds_since(begin));
    source_.release(burst);
    progress_.store(source_.progress(), std::memory_order_relaxed);
  }
  flows_.end_all(now_);
  inspector_.finish();
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
  size_t count = 0;
  Timestamp clock = now_;
  const size_t used = gather(frames, count, clock);
  for (size_t i = 0; i < count; ++i) {
    Arrival& arrival = arrivals_[i];
    arrival.mine = arrival.share == Share::own || mine(packets_[i]);
    arrival.lookup = arrival.mine ? look_up(packets_[i]) : FlowTable::Lookup{};
    flows_.prefetch(arrival.lookup);
  }
  for (size_t i = 0; i < count; ++i) flows_.prefetch_flow(arrivals_[i].lookup);
  for (size_t i = 0; i < count; ++i) {
    Packet& packet = packets_[i];
    come_to(packet.number, arrivals_[i].now);
    guard_.run([&] { take(packet, arrivals_[i]); });
    inspector_.relieve(now_, last_number_);
  }
  now_ = clock;
  last_number_ = frames[used - 1].number;
  if (order_) order_->finished(index_, last_number_);
  return used;
}

/// Decodes what does not fall to another worker alone, with the packets' `count` and, up to the last of the frames, the
/// time. Of the others only the time counts: where it ends flows, they end between the packets before and after.
size_t Worker::gather(std::span<const Frame> frames, size_t& count, Timestamp& clock) {
  int64_t second = expired_to_;
  size_t used = 0;
  for (; used < frames.size() && count < kGroup; ++used) {
    const Frame& frame = frames[used];
    const Timestamp now = std::max(clock, frame.time);
    if (frame.claim == Claim::another) {
      if (now.seconds() != second) {
        if (count != 0) break;
        come_to(frame.number, now);
        inspector_.relieve(now_, last_number_);
      }
    } else {
      const Share share = frame.claim == Claim::me ? Share::own : Share::shared;
      size_t layers = decoder_.decode(frame, std::span(packets_).subspan(count, kLayers), share);
      for (; layers > 0; --layers, ++count) {
        arrivals_[count].now = now;
        arrivals_[count].share = share;
      }
    }
    second = now.seconds();
    clock = now;
  }
  return used;
}

/// All that comes before this frame is done, and its time has come.
void Worker::come_to(uint64_t number, Timestamp now) {
  if (order_) order_->finished(index_, number - 1);
  now_ = now;
  last_number_ = number;
  if (replay_ && now_.seconds() != expired_to_) expire();
}

/// Ordinary frames tell by a glance whose they are.
size_t Worker::owner(const Frame& frame) const {
  const auto pair = decoder_.peek(frame);
  return pair ? owner(pair->src, pair->dst) : kEverybody;
}

FlowTable::Lookup Worker::look_up(const Packet& packet) const {
  return packet.wants_flow && !packet.invalid && !packet.dropped ? flows_.look(packet) : FlowTable::Lookup{};
}

/// One layer of a frame.
void Worker::take(Packet& packet, const Arrival& arrival) {
  judge(packet, arrival.share);
  if (packet.is_fragment) return take_fragment(packet, arrival.mine);
  if (arrival.mine) follow(packet, packet.dropped ? FlowTable::Lookup{} : arrival.lookup);
}

/// What is put together may be a tunnel's packet with a fragment inside, each
/// level deeper by a tunnel of kMaxTunnel.
void Worker::take_fragment(const Packet& first, bool of_mine) {
  for (Packet fragment = first;;) {
    const Bytes whole = defrag_.add(fragment);
    if (of_mine) inspector_.packet(fragment, nullptr, Direction::to_server);
    if (whole.empty()) return;
    const size_t count = decoder_.decode_reassembled(whole, fragment, reassembled_);
    for (size_t i = 0; i < count; ++i) {
      Packet& layer = reassembled_[i];
      layer.frame = defrag_.frame();
      if (i == 0) layer.wire_length = static_cast<uint32_t>(layer.frame.size());
      if (defrag_.overlapped()) layer.host_drops |= host_drop::overlap;
      judge(layer, Share::shared);
      if (!layer.is_fragment && mine(layer)) follow(layer, look_up(layer));
    }
    // Nothing is decoded behind a fragment: it can only be the last.
    if (!reassembled_[count - 1].is_fragment) return;
    fragment = reassembled_[count - 1];
    of_mine = mine(fragment);
  }
}

/// What the destination drops takes what it carries with it, which comes next.
void Worker::judge(Packet& packet, Share share) {
  const bool counted = speaks_ || share == Share::own;
  if (packet.number == dropped_frame_ || (packet.host_drops != 0 && defrag_.drops(packet, counted))) {
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

/// The address pair decides who goes on with a packet. An ICMP error belongs to the pair that it quotes, as it belongs
/// to that pair's flow.
bool Worker::falls_to_me(const Packet& packet) const {
  if (packet.ip_version == 0) return index_ == 0;
  return index_ == (packet.has_quoted ? owner(packet.quoted.src, packet.quoted.dst) : owner(packet.src, packet.dst));
}

/// The same both ways, and cheap, as each frame asks for it. Without a key: who chooses addresses can load one worker
/// with them all, as he could where the seed is a replay's, which everybody knows.
size_t Worker::owner(const IpAddress& one, const IpAddress& other) const {
  auto mix = [](uint64_t value) {
    constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 by the golden ratio
    value *= kOdd;
    return (value ^ value >> 32) * kOdd;
  };
  auto fold = [&](const IpAddress& address) {
    if (address.version == 4) {  // the other bytes are none
      uint32_t value = 0;
      std::memcpy(&value, address.bytes.data(), sizeof value);
      return mix(value);
    }
    uint64_t halves[2];
    std::memcpy(halves, address.bytes.data(), sizeof halves);
    return mix(halves[0] + mix(halves[1]));
  };
  return static_cast<uint32_t>(mix(fold(one) + fold(other)) >> 32) % static_cast<uint32_t>(workers_);
}

/// In replay everything due ends in each second of packet time, so that results
/// do not depend on how it is read.
void Worker::expire() {
  expired_to_ = now_.seconds();
  guard_.run([&] { inspector_.advance(expired_to_); });
  const bool few = source_.backlog() > kCalm && flows_.late(now_) <= kLate;
  flows_.expire(now_, replay_ ? 0 : few ? kFewEnds : kEnds);
  guard_.run([&] { defrag_.expire(now_); });
}

/// No frame tells the time on a silent wire, yet flows must end there too, and who waits for what all workers saw of a
/// second must not wait for one that sees nothing. True when more are due.
bool Worker::expire_idle() {
  const std::optional<Timestamp> wall = source_.now();
  if (!wall) return false;
  // Frames that are on their way through the ring are older.
  constexpr int64_t kOnTheWay = 1'000'000'000;
  now_ = std::max(now_, Timestamp{wall->ns - kOnTheWay});
  guard_.run([&] {
    defrag_.expire(now_);
    inspector_.advance(now_.seconds());
  });
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
    if (!speaks_) continue;
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
  // Of what all workers of a replay do alike, one of them speaks for all.
  if (speaks_) {
    source_.add_counters(set);
    decoder_.add_counters(Share::shared, set);
    set.add(defrag_.counters(), defrag_counter_rows());
  } else {
    set.add(DefragCounters{.host_drops = defrag_.counters().host_drops}, defrag_counter_rows());
  }
  if (divided_) decoder_.add_counters(Share::own, set);
  set.add(flows_.counters(), flow_counter_rows());
  set.add(guard_.counters(), memory_fault_rows());
  inspector_.add_counters(set);
  if (!replay_) add_worker_counters(worked_, index_, set);
}

}  // namespace lapwing
