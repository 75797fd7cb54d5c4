#include "sensor/stream/defrag.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "sensor/base/hash.h"
#include "sensor/flow/slab.h"
#include "sensor/stream/block_pool.h"
#include "sensor/stream/os_policy.h"
#include "sensor/stream/segment_list.h"

namespace lapwing {
namespace {

constexpr size_t kMaxPacket = 65535;  // the length fields of both IP versions
constexpr size_t kIpv6Header = 40, kFragmentHeader = 8;
constexpr uint8_t kFragmentNextHeader = 44;

/// No padding: hashed and compared as raw memory.
struct Key {
  uint8_t src[16], dst[16];
  uint32_t id;
  uint16_t vlan[2];
  uint8_t version;
  uint8_t proto;  // 0 for IPv6, where fragments may name it differently (RFC 8200, section 4.5)
  uint16_t zero;

  bool operator==(const Key& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(sizeof(Key) == 44);

Key key_of(const Packet& packet) {
  Key key{};
  std::memcpy(key.src, packet.src.bytes.data(), 16);
  std::memcpy(key.dst, packet.dst.bytes.data(), 16);
  key.id = packet.ip_id;
  for (size_t i = 0; i < std::min<size_t>(packet.vlan_count, 2); ++i) key.vlan[i] = packet.vlan[i];
  key.version = packet.ip_version;
  key.proto = packet.ip_version == 4 ? packet.proto : 0;
  return key;
}

/// A packet whose fragments arrive.
struct Tracker {
  Key key{};
  OverlapRule rule{0};
  Timestamp last;
  uint32_t chain = kNoHandle;  // next of its hash bucket
  uint32_t older = kNoHandle, newer = kNoHandle;
  uint32_t total = 0;     // bytes of payload, known when the last fragment came
  uint32_t received = 0;  // of them; while total is unknown, of all
  uint32_t fragments = 0;
  bool last_seen = false;
  BlockPool::Block header;  // what goes before the payload, from the first fragment
  uint32_t header_size = 0;
  SegmentList pieces;
};

uint16_t header_checksum(Bytes header) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < header.size(); i += 2) sum += load_be16(&header[i]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void store_be16(uint8_t* p, size_t value) {
  p[0] = static_cast<uint8_t>(value >> 8);
  p[1] = static_cast<uint8_t>(value);
}

/// The part that every fragment repeats; empty when the packet's ranges do not fit together.
Bytes unfragmentable(const Packet& packet) {
  if (packet.ip_version == 4)
    return packet.ip_header.size() >= 20 && packet.ip_header.size() <= 60 ? packet.ip_header : Bytes{};
  auto before = packet.ip_payload.data() - packet.ip.data();
  if (before < static_cast<ptrdiff_t>(kIpv6Header + kFragmentHeader) ||
      before > static_cast<ptrdiff_t>(packet.ip.size()))
    return {};
  return packet.ip.first(static_cast<size_t>(before) - kFragmentHeader);
}

/// Makes the header in front of the fragment header name what the fragment header named.
bool unlink_fragment_header(std::span<uint8_t> header, uint8_t next) {
  size_t field = 6, at = kIpv6Header;
  while (header[field] != kFragmentNextHeader) {
    if (at + 2 > header.size()) return false;
    field = at;
    at += (size_t{header[at + 1]} + 1) * 8;
  }
  header[field] = next;
  return true;
}

}  // namespace

struct Defragmenter::Impl {
  explicit Impl(const StreamConfig& c)
      : config(c),
        hosts(c),
        trackers(static_cast<uint32_t>(std::clamp<uint64_t>(c.defrag_trackers, 1, UINT32_MAX - 1))),
        buckets(std::max<uint64_t>(c.defrag_hash_size, 1), kNoHandle),
        pool(c.defrag_memcap),
        seed(std::random_device{}()),
        whole_frame(kMaxPacket) {}
  ~Impl() {
    while (oldest != kNoHandle) remove(oldest);
  }

  uint32_t find(const Key& key, uint64_t hash) const;
  uint32_t make(const Packet& packet, const Key& key, uint64_t hash);
  void link(uint32_t handle);
  void unlink(uint32_t handle);
  void remove(uint32_t handle);
  void expire(Timestamp now);
  Bytes assemble(Tracker& tracker, Packet& packet);
  bool over(const Tracker& tracker, Timestamp now) const {
    return now.seconds() > tracker.last.seconds() + static_cast<int64_t>(config.defrag_timeout);
  }
  uint64_t hash_of(const Key& key) const {
    return keyed_hash({reinterpret_cast<const uint8_t*>(&key), sizeof key}, seed);
  }
  uint32_t& bucket(uint64_t hash) { return buckets[hash % buckets.size()]; }
  void report(Packet& packet, std::string_view v4, std::string_view v6) const {
    auto event = find_decode_event(packet.ip_version == 4 ? v4 : v6);
    if (event && packet.event_count < packet.events.size()) packet.events[packet.event_count++] = *event;
  }

  const StreamConfig config;
  const HostPolicies hosts;
  Slab<Tracker> trackers;
  std::vector<uint32_t> buckets;
  BlockPool pool;
  const uint64_t seed;
  uint32_t oldest = kNoHandle, newest = kNoHandle;
  uint64_t waiting = 0;  // fragments
  std::vector<uint8_t> whole_frame;
  mutable DefragCounters counters;
};

uint32_t Defragmenter::Impl::find(const Key& key, uint64_t hash) const {
  uint32_t handle = buckets[hash % buckets.size()];
  while (handle != kNoHandle && !(trackers[handle].key == key)) handle = trackers[handle].chain;
  return handle;
}

uint32_t Defragmenter::Impl::make(const Packet& packet, const Key& key, uint64_t hash) {
  if (trackers.used() == trackers.capacity()) {
    ++counters.max_trackers_reached;
    remove(oldest);
  }
  uint32_t handle = trackers.make();
  Tracker& tracker = trackers[handle];
  tracker.key = key;
  tracker.rule = fragment_rule(hosts.of(packet.dst));
  tracker.chain = bucket(hash);
  bucket(hash) = handle;
  link(handle);
  return handle;
}

void Defragmenter::Impl::link(uint32_t handle) {
  trackers[handle].older = newest;
  trackers[handle].newer = kNoHandle;
  (newest == kNoHandle ? oldest : trackers[newest].newer) = handle;
  newest = handle;
}

void Defragmenter::Impl::unlink(uint32_t handle) {
  Tracker& tracker = trackers[handle];
  (tracker.older == kNoHandle ? oldest : trackers[tracker.older].newer) = tracker.newer;
  (tracker.newer == kNoHandle ? newest : trackers[tracker.newer].older) = tracker.older;
}

void Defragmenter::Impl::remove(uint32_t handle) {
  Tracker& tracker = trackers[handle];
  uint32_t* at = &bucket(hash_of(tracker.key));
  while (*at != handle) at = &trackers[*at].chain;
  *at = tracker.chain;
  unlink(handle);
  waiting -= tracker.fragments;
  pool.give(tracker.header);
  tracker.pieces.clear(pool);
  trackers.destroy(handle);
}

void Defragmenter::Impl::expire(Timestamp now) {
  while (oldest != kNoHandle && over(trackers[oldest], now)) {
    ++(trackers[oldest].key.version == 4 ? counters.ipv4_timeouts : counters.ipv6_timeouts);
    remove(oldest);
  }
}

Bytes Defragmenter::Impl::assemble(Tracker& tracker, Packet& packet) {
  bool v4 = tracker.key.version == 4;
  size_t header_size = tracker.header_size, size = header_size + tracker.total;
  if (size > kMaxPacket + (v4 ? 0 : kIpv6Header)) {
    report(packet, "ipv4.frag_pkt_too_large", "ipv6.frag_pkt_too_large");
    return {};
  }
  // Below the IP header stands what carried the last fragment, as records show whole frames.
  const Bytes frame = packet.frame;
  const bool within = packet.ip.data() >= frame.data() && packet.ip.data() <= frame.data() + frame.size();
  const size_t carrier = within ? static_cast<size_t>(packet.ip.data() - frame.data()) : 0;
  whole_frame.resize(carrier + size);
  std::copy_n(frame.data(), carrier, whole_frame.data());
  const std::span<uint8_t> output = std::span(whole_frame).subspan(carrier);
  std::memcpy(output.data(), tracker.header.data, header_size);
  for (uint32_t i = 0; i < tracker.pieces.size(); ++i) {
    const Piece& piece = tracker.pieces[i];
    if (piece.begin >= tracker.total) break;
    Bytes bytes = piece.bytes().first(std::min<uint64_t>(piece.length, tracker.total - piece.begin));
    std::memcpy(output.data() + header_size + piece.begin, bytes.data(), bytes.size());
  }
  if (v4) {
    store_be16(&output[2], size);
    store_be16(&output[6], 0);
    store_be16(&output[10], 0);
    store_be16(&output[10], header_checksum(Bytes(output).first(header_size)));
    ++counters.ipv4_reassembled;
  } else {
    store_be16(&output[4], size - kIpv6Header);
    uint8_t next = tracker.header.data[header_size];  // kept behind the header
    if (!unlink_fragment_header(output.first(header_size), next)) return {};
    ++counters.ipv6_reassembled;
  }
  return output;
}

Defragmenter::Defragmenter(const StreamConfig& config) : impl_(std::make_unique<Impl>(config)) {}
Defragmenter::~Defragmenter() = default;

Bytes Defragmenter::add(Packet& packet) {
  Impl& d = *impl_;
  if (!packet.is_fragment || !d.config.defrag) return {};
  ++(packet.ip_version == 4 ? d.counters.ipv4_fragments : d.counters.ipv6_fragments);
  d.expire(packet.time);
  Bytes data = packet.ip_payload, before = unfragmentable(packet);
  if (data.empty() || before.empty()) return {};
  if (packet.fragment_offset + data.size() > kMaxPacket) {
    d.report(packet, "ipv4.frag_pkt_too_large", "ipv6.frag_pkt_too_large");
    return {};
  }
  if (packet.ip_version == 6 && packet.more_fragments && data.size() % 8 != 0) {
    d.report(packet, {}, "ipv6.frag_invalid_length");
    return {};
  }
  Key key = key_of(packet);
  uint64_t hash = d.hash_of(key);
  uint32_t handle = d.find(key, hash);
  if (handle != kNoHandle && d.over(d.trackers[handle], packet.time)) {
    ++(packet.ip_version == 4 ? d.counters.ipv4_timeouts : d.counters.ipv6_timeouts);
    d.remove(handle);
    handle = kNoHandle;
  }
  if (d.waiting >= d.config.defrag_max_frags) {
    ++d.counters.max_frags_reached;
    return {};
  }
  if (handle == kNoHandle) {
    handle = d.make(packet, key, hash);
  } else {
    d.unlink(handle);
    d.link(handle);
  }
  Tracker& tracker = d.trackers[handle];
  tracker.last = packet.time;
  ++tracker.fragments;
  ++d.waiting;

  if (packet.fragment_offset == 0 && !tracker.header.data) {
    tracker.header = d.pool.take(before.size() + 1);
    if (!tracker.header.data) {
      ++d.counters.memcap_drop;
      return {};
    }
    std::memcpy(tracker.header.data, before.data(), before.size());
    // The first byte of an IPv6 fragment header names what the payload is.
    tracker.header.data[before.size()] = packet.ip_version == 6 ? before.data()[before.size()] : 0;
    tracker.header_size = static_cast<uint32_t>(before.size());
  }
  if (tracker.last_seen) {
    if (packet.fragment_offset >= tracker.total) return {};
    data = data.first(std::min<size_t>(data.size(), tracker.total - packet.fragment_offset));
  }
  auto result = tracker.pieces.insert(d.pool, packet.fragment_offset, data, tracker.rule, false);
  tracker.received += result.added;
  if (result.overlap) d.report(packet, "ipv4.frag_overlap", "ipv6.frag_overlap");
  if (result.refused_memory || result.refused_length) ++d.counters.memcap_drop;
  if (!packet.more_fragments && !tracker.last_seen) {
    tracker.last_seen = true;
    tracker.total = packet.fragment_offset + static_cast<uint32_t>(data.size());
    // Bytes behind the end of the packet do not count.
    for (uint32_t i = 0; i < tracker.pieces.size(); ++i) {
      const Piece& piece = tracker.pieces[i];
      if (piece.end() > tracker.total)
        tracker.received -= static_cast<uint32_t>(piece.end() - std::max<uint64_t>(piece.begin, tracker.total));
    }
  }
  if (!tracker.last_seen || tracker.received < tracker.total || !tracker.header.data) return {};
  Bytes whole = d.assemble(tracker, packet);
  d.remove(handle);
  return whole;
}

Bytes Defragmenter::frame() const {
  return impl_->whole_frame;
}

void Defragmenter::expire(Timestamp now) {
  impl_->expire(now);
}

const DefragCounters& Defragmenter::counters() const {
  impl_->counters.memuse = impl_->pool.used() + uint64_t{impl_->trackers.used()} * sizeof(Tracker);
  return impl_->counters;
}

std::span<const CounterRow<DefragCounters>> defrag_counter_rows() {
  using N = DefragCounters;
  static constexpr CounterRow<N> kRows[] = {
      {"defrag.ipv4.fragments", &N::ipv4_fragments, "IPv4 fragments"},
      {"defrag.ipv4.reassembled", &N::ipv4_reassembled, "IPv4 packets put together"},
      {"defrag.ipv4.timeouts", &N::ipv4_timeouts, "IPv4 packets given up for missing fragments"},
      {"defrag.ipv6.fragments", &N::ipv6_fragments, "IPv6 fragments"},
      {"defrag.ipv6.reassembled", &N::ipv6_reassembled, "IPv6 packets put together"},
      {"defrag.ipv6.timeouts", &N::ipv6_timeouts, "IPv6 packets given up for missing fragments"},
      {"defrag.max_trackers_reached", &N::max_trackers_reached, "packets given up because of defrag.trackers"},
      {"defrag.max_frags_reached", &N::max_frags_reached, "fragments lost because of defrag.max-frags"},
      {"defrag.memcap_drop", &N::memcap_drop, "fragments lost because of defrag.memcap"},
      {"defrag.memuse", &N::memuse, "bytes of waiting fragments"},
  };
  return kRows;
}

}  // namespace lapwing
