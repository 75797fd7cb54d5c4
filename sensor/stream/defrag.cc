#include "sensor/stream/defrag.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "sensor/base/hash.h"
#include "sensor/flow/slab.h"
#include "sensor/stream/fragmented_datagram.h"
#include "sensor/stream/os_policy.h"

namespace lapwing {
namespace {

constexpr size_t kMaxPacket = 65535;  // the length fields of both IP versions
constexpr size_t kIpv6Header = 40, kFragmentHeader = 8;
constexpr uint8_t kFragmentNextHeader = 44;
constexpr uint64_t kSourceShare = 16;    // the part of the fragments and of their memory that one source may hold
constexpr uint64_t kShortLifetime = 30;  // seconds; of the systems that do not wait for 60

/// No padding: hashed and compared as raw memory.
struct Key {
  uint8_t src[16], dst[16];
  uint32_t id;
  uint16_t vlan[kMaxVlan];
  uint8_t version;
  uint8_t proto;  // 0 for IPv6, where fragments may name it differently (RFC 8200, section 4.5)

  bool operator==(const Key& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(sizeof(Key) == 44);

Key key_of(const Packet& packet) {
  Key key{};
  std::memcpy(key.src, packet.src.bytes.data(), 16);
  std::memcpy(key.dst, packet.dst.bytes.data(), 16);
  key.id = packet.ip_id;
  for (size_t i = 0; i < packet.vlan_count; ++i) key.vlan[i] = packet.vlan[i];
  key.version = packet.ip_version;
  key.proto = packet.ip_version == 4 ? packet.proto : 0;
  return key;
}

/// Whose share a fragment counts against: an IPv4 address, or the network of an IPv6 one, whose hosts choose theirs
/// freely. No padding: hashed and compared as raw memory.
struct SourceKey {
  uint8_t address[16];
  uint64_t version;

  bool operator==(const SourceKey& other) const { return std::memcmp(this, &other, sizeof *this) == 0; }
};
static_assert(sizeof(SourceKey) == 24);

SourceKey source_of(const Packet& packet) {
  constexpr size_t kNetwork = 8;
  SourceKey key{};
  std::memcpy(key.address, packet.src.bytes.data(), packet.ip_version == 4 ? 16 : kNetwork);
  key.version = packet.ip_version;
  return key;
}

/// A place in a list by age.
struct Links {
  uint32_t older = kNoHandle, newer = kNoHandle;
};
struct AgeList {
  uint32_t oldest = kNoHandle, newest = kNoHandle;
};

/// A packet whose fragments arrive.
struct Tracker {
  Key key{};
  OverlapRule rule{0};
  bool apart = false;    // overlaps are its end
  uint8_t lifetime = 0;  // index of the list by age that it is in
  bool last_seen = false;
  bool overlap = false;
  uint16_t fragments = 0;  // that brought something
  uint64_t number = 0;     // by age
  Timestamp begun;
  uint32_t chain = kNoHandle;  // next of its hash bucket
  uint32_t source = kNoHandle;
  Links by_age, of_source;
  uint32_t end = 0;         // the furthest that a fragment reached; with last_seen, of the packet
  BlockPool::Block header;  // what goes before the payload, from the first fragment
  uint32_t header_size = 0;
  FragmentedDatagram payload;
};

/// Who sends fragments, while some of them wait.
struct Source {
  SourceKey key{};
  uint32_t chain = kNoHandle;
  AgeList trackers;
  uint64_t fragments = 0, bytes = 0;
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

/// Makes the header that the fragment header followed name what the fragment header named. That is the last one here:
/// an earlier fragment header may have been of a whole packet.
bool unlink_fragment_header(std::span<uint8_t> header, uint8_t next) {
  size_t field = 6, at = kIpv6Header;
  while (at < header.size()) {
    const uint8_t type = header[field];
    if (at + 2 > header.size()) return false;
    field = at;
    at += type == kFragmentNextHeader ? kFragmentHeader
          : type == ip_proto::ah      ? (size_t{header[at + 1]} + 2) * 4
                                      : (size_t{header[at + 1]} + 1) * 8;
  }
  if (at != header.size() || header[field] != kFragmentNextHeader) return false;
  header[field] = next;
  return true;
}

}  // namespace

struct Defragmenter::Impl {
  explicit Impl(const StreamConfig& c)
      : config(c),
        hosts(c),
        trackers(static_cast<uint32_t>(std::clamp<uint64_t>(c.defrag_trackers, 1, UINT32_MAX - 1))),
        sources(trackers.capacity()),
        buckets(std::max<uint64_t>(c.defrag_hash_size, 1), kNoHandle),
        source_buckets(buckets.size(), kNoHandle),
        memory{.pages = Slab<FragmentedDatagram::Page>(static_cast<uint32_t>(
                   std::min<uint64_t>(c.defrag_memcap / sizeof(FragmentedDatagram::Page) + 1, UINT32_MAX - 1))),
               .blocks = BlockPool(c.defrag_memcap)},
        memcap(
            std::min<uint64_t>(c.defrag_memcap, uint64_t{memory.pages.capacity()} * sizeof(FragmentedDatagram::Page))),
        whole_frames{std::vector<uint8_t>(kMaxPacket), std::vector<uint8_t>(kMaxPacket)} {}
  ~Impl() {
    for (uint32_t handle; (handle = oldest_but(kNoHandle)) != kNoHandle;) remove(handle);
  }

  uint32_t find(const Key& key, uint64_t hash) const;
  uint32_t make(const Packet& packet, const Key& key, uint64_t hash);
  uint32_t source(const SourceKey& key);
  void leave_source(Tracker& tracker, uint32_t handle);
  void remove(uint32_t handle);
  void expire(Timestamp now);
  bool give_up_but(uint32_t handle, uint64_t& counter);
  bool keep_share(uint32_t handle);
  bool make_room(uint32_t handle, uint64_t bytes);
  void count(Tracker& tracker);
  bool keep_header(Tracker& tracker, const Packet& packet, Bytes before);
  bool consistent(Tracker& tracker, bool more, size_t begin, size_t end) const;
  Bytes take(uint32_t handle, Packet& packet, Bytes before, Bytes data);
  Bytes assemble(Tracker& tracker, Packet& packet);
  template <Links Tracker::*Place>
  void link(AgeList& list, uint32_t handle);
  template <Links Tracker::*Place>
  void unlink(AgeList& list, uint32_t handle);
  uint32_t oldest_but(uint32_t handle) const;

  int64_t lifetime(uint8_t which) const {
    const uint64_t own = which == 0 ? UINT64_MAX : kShortLifetime;
    return static_cast<int64_t>(std::min({own, config.defrag_timeout, uint64_t{INT32_MAX}}));
  }
  bool over(const Tracker& tracker, Timestamp now) const {
    return now.seconds() > tracker.begun.seconds() + lifetime(tracker.lifetime);
  }
  template <class K>
  uint64_t hash_of(const K& key) const {
    return keyed_hash({reinterpret_cast<const uint8_t*>(&key), sizeof key}, seed);
  }
  uint32_t& bucket(uint64_t hash) { return buckets[hash % buckets.size()]; }
  uint64_t used() const {
    return memory.used() + uint64_t{trackers.used()} * sizeof(Tracker) + uint64_t{sources.used()} * sizeof(Source);
  }
  void report(Packet& packet, std::string_view v4, std::string_view v6) {
    auto event = find_decode_event(packet.ip_version == 4 ? v4 : v6);
    if (event && !packet.add(*event)) ++counters.max_packet_events;
  }

  const StreamConfig config;
  const HostPolicies hosts;
  Slab<Tracker> trackers;
  Slab<Source> sources;
  std::vector<uint32_t> buckets, source_buckets;
  FragmentedDatagram::Memory memory;
  const uint64_t memcap;  // no more than there are pages for
  const uint64_t seed = draw_seed();
  std::array<AgeList, 2> ages;  // of those that wait for defrag.timeout, and for kShortLifetime
  uint64_t waiting = 0;         // fragments
  uint64_t begun = 0;           // packets
  std::array<std::vector<uint8_t>, 2> whole_frames;
  bool overlapped = false;  // the packet that was put together last
  size_t latest = 0;        // of them
  mutable DefragCounters counters;
};

uint32_t Defragmenter::Impl::find(const Key& key, uint64_t hash) const {
  uint32_t handle = buckets[hash % buckets.size()];
  while (handle != kNoHandle && !(trackers[handle].key == key)) handle = trackers[handle].chain;
  return handle;
}

template <Links Tracker::*Place>
void Defragmenter::Impl::link(AgeList& list, uint32_t handle) {
  trackers[handle].*Place = {list.newest, kNoHandle};
  (list.newest == kNoHandle ? list.oldest : (trackers[list.newest].*Place).newer) = handle;
  list.newest = handle;
}

template <Links Tracker::*Place>
void Defragmenter::Impl::unlink(AgeList& list, uint32_t handle) {
  const Links& at = trackers[handle].*Place;
  (at.older == kNoHandle ? list.oldest : (trackers[at.older].*Place).newer) = at.newer;
  (at.newer == kNoHandle ? list.newest : (trackers[at.newer].*Place).older) = at.older;
}

uint32_t Defragmenter::Impl::make(const Packet& packet, const Key& key, uint64_t hash) {
  if (trackers.used() == trackers.capacity()) give_up_but(kNoHandle, counters.max_trackers_reached);
  const uint32_t handle = trackers.make();
  Tracker& tracker = trackers[handle];
  const OsPolicy policy = hosts.of(packet.dst);
  tracker.key = key;
  tracker.rule = fragment_rule(policy);
  tracker.apart = drops_overlaps(policy, packet.ip_version);
  tracker.lifetime = fragment_timeout(policy, packet.ip_version) == kShortLifetime;
  tracker.number = begun++;
  tracker.begun = packet.time;
  tracker.chain = bucket(hash);
  bucket(hash) = handle;
  link<&Tracker::by_age>(ages[tracker.lifetime], handle);
  tracker.source = source(source_of(packet));
  link<&Tracker::of_source>(sources[tracker.source].trackers, handle);
  return handle;
}

uint32_t Defragmenter::Impl::source(const SourceKey& key) {
  uint32_t& first = source_buckets[hash_of(key) % source_buckets.size()];
  uint32_t handle = first;
  while (handle != kNoHandle && !(sources[handle].key == key)) handle = sources[handle].chain;
  if (handle != kNoHandle) return handle;
  handle = sources.make();
  sources[handle].key = key;
  sources[handle].chain = std::exchange(first, handle);
  return handle;
}

void Defragmenter::Impl::leave_source(Tracker& tracker, uint32_t handle) {
  Source& source = sources[tracker.source];
  unlink<&Tracker::of_source>(source.trackers, handle);
  if (source.trackers.oldest != kNoHandle) return;
  uint32_t* at = &source_buckets[hash_of(source.key) % source_buckets.size()];
  while (*at != tracker.source) at = &sources[*at].chain;
  *at = source.chain;
  sources.destroy(tracker.source);
}

void Defragmenter::Impl::remove(uint32_t handle) {
  Tracker& tracker = trackers[handle];
  uint32_t* at = &bucket(hash_of(tracker.key));
  while (*at != handle) at = &trackers[*at].chain;
  *at = tracker.chain;
  unlink<&Tracker::by_age>(ages[tracker.lifetime], handle);
  const uint64_t before = memory.used();
  memory.blocks.give(tracker.header);
  tracker.payload.clear(memory);
  Source& source = sources[tracker.source];
  source.bytes -= before - memory.used();
  source.fragments -= tracker.fragments;
  waiting -= tracker.fragments;
  leave_source(tracker, handle);
  trackers.destroy(handle);
}

void Defragmenter::Impl::expire(Timestamp now) {
  for (const AgeList& list : ages) {
    while (list.oldest != kNoHandle && over(trackers[list.oldest], now)) {
      ++(trackers[list.oldest].key.version == 4 ? counters.ipv4_timeouts : counters.ipv6_timeouts);
      remove(list.oldest);
    }
  }
}

/// Of all packets but one.
uint32_t Defragmenter::Impl::oldest_but(uint32_t handle) const {
  uint32_t found = kNoHandle;
  for (const AgeList& list : ages) {
    uint32_t head = list.oldest;
    if (head != kNoHandle && head == handle) head = trackers[head].by_age.newer;
    if (head != kNoHandle && (found == kNoHandle || trackers[head].number < trackers[found].number)) found = head;
  }
  return found;
}

/// Makes room by the packet that began first; false when there is none but that one.
bool Defragmenter::Impl::give_up_but(uint32_t handle, uint64_t& counter) {
  ++counter;
  const uint32_t victim = oldest_but(handle);
  if (victim != kNoHandle) remove(victim);
  return victim != kNoHandle;
}

/// A source holds no more than its share, or one packet: what it sends beyond costs its own oldest one.
bool Defragmenter::Impl::keep_share(uint32_t handle) {
  const Source& source = sources[trackers[handle].source];
  // Of tiny caps it is one packet.
  while (source.fragments >= config.defrag_max_frags / kSourceShare || source.bytes >= memcap / kSourceShare) {
    uint32_t victim = source.trackers.oldest;
    if (victim == handle) victim = trackers[victim].of_source.newer;
    if (victim == kNoHandle) break;
    ++counters.source_share;
    remove(victim);
  }
  while (waiting >= config.defrag_max_frags) {
    if (!give_up_but(handle, counters.max_frags_reached)) return false;
  }
  return true;
}

bool Defragmenter::Impl::make_room(uint32_t handle, uint64_t bytes) {
  while (used() + bytes > memcap) {
    if (!give_up_but(handle, counters.memcap_drop)) return false;
  }
  return true;
}

Bytes Defragmenter::Impl::assemble(Tracker& tracker, Packet& packet) {
  bool v4 = tracker.key.version == 4;
  size_t header_size = tracker.header_size, size = header_size + tracker.end;
  if (size > kMaxPacket + (v4 ? 0 : kIpv6Header)) {
    report(packet, "ipv4.frag_pkt_too_large", "ipv6.frag_pkt_too_large");
    return {};
  }
  // Below the IP header stands what carried the last fragment, as records show whole frames.
  const Bytes frame = packet.frame;
  const bool within = packet.ip.data() >= frame.data() && packet.ip.data() <= frame.data() + frame.size();
  const size_t carrier = within ? static_cast<size_t>(packet.ip.data() - frame.data()) : 0;
  // The fragment may lie in what was put together last.
  std::vector<uint8_t>& whole = whole_frames[latest ^= 1];
  whole.resize(carrier + size);
  std::copy_n(frame.data(), carrier, whole.data());
  const std::span<uint8_t> output = std::span(whole).subspan(carrier);
  std::memcpy(output.data(), tracker.header.data, header_size);
  tracker.payload.copy(memory, output.subspan(header_size));
  overlapped = tracker.overlap;
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

/// False where memory for it cannot be had.
bool Defragmenter::Impl::keep_header(Tracker& tracker, const Packet& packet, Bytes before) {
  tracker.header = memory.blocks.take(before.size() + 1);
  if (!tracker.header.data) return false;
  std::memcpy(tracker.header.data, before.data(), before.size());
  // The first byte of an IPv6 fragment header names what the payload is.
  tracker.header.data[before.size()] = packet.ip_version == 6 ? before.data()[before.size()] : 0;
  tracker.header_size = static_cast<uint32_t>(before.size());
  return true;
}

void Defragmenter::Impl::count(Tracker& tracker) {
  ++tracker.fragments;
  ++sources[tracker.source].fragments;
  ++waiting;
}

/// Notes where the fragment ends; false when that contradicts another fragment, as Linux sees it.
bool Defragmenter::Impl::consistent(Tracker& tracker, bool more, size_t begin, size_t end) const {
  if (end == begin || (tracker.last_seen && (more ? end > tracker.end : end != tracker.end))) return false;
  if (!more && end < tracker.end) return false;
  tracker.last_seen |= !more;
  tracker.end = std::max(tracker.end, static_cast<uint32_t>(end));
  return true;
}

/// The whole packet when this fragment of it was the last that was missing.
Bytes Defragmenter::Impl::take(uint32_t handle, Packet& packet, Bytes before, Bytes data) {
  Tracker& tracker = trackers[handle];
  const bool more = packet.more_fragments;
  const size_t begin = packet.fragment_offset;
  auto whole_units = [&] { data = data.first(data.size() / FragmentedDatagram::kUnit * FragmentedDatagram::kUnit); };
  auto useless = [&] {
    if (tracker.fragments == 0) remove(handle);
    return Bytes{};
  };
  auto give_up = [&] {
    remove(handle);
    return Bytes{};
  };
  if (!keep_share(handle)) return useless();
  if (more) whole_units();
  if (tracker.apart && !consistent(tracker, more, begin, begin + data.size())) {
    ++counters.contradictions;
    if (tracker.fragments != 0) report(packet, "ipv4.frag_overlap", "ipv6.frag_overlap");
    return give_up();
  }
  if (begin + data.size() > kMaxPacket) {
    report(packet, "ipv4.frag_pkt_too_large", "ipv6.frag_pkt_too_large");
    if (!tracker.apart) return useless();
    if (tracker.fragments == 0) count(tracker);  // where it ended is remembered
    return {};
  }
  if (!tracker.apart && tracker.last_seen) {
    // The first end holds.
    data = data.first(std::min<size_t>(data.size(), tracker.end - std::min<size_t>(begin, tracker.end)));
    if (begin + data.size() < tracker.end) whole_units();
  }
  if (data.empty()) return useless();

  const size_t end = begin + data.size();
  const bool first = begin == 0 && !tracker.header.data;
  const uint64_t cost = tracker.payload.cost(begin, end) + (first ? BlockPool::rounded(before.size() + 1) : 0);
  if (!make_room(handle, cost)) return give_up();
  const uint64_t held = memory.used();
  const bool had = (!first || keep_header(tracker, packet, before)) && tracker.payload.reserve(memory, end);
  FragmentedDatagram::Result result;
  if (had) {
    result = tracker.apart ? tracker.payload.insert_apart(memory, begin, data)
                           : tracker.payload.insert(memory, begin, data, tracker.rule);
  }
  sources[tracker.source].bytes += memory.used() - held;
  if (!had) {
    ++counters.memcap_drop;
    return give_up();
  }
  if (result.added != 0) count(tracker);
  if (result.overlap || result.repeated) {
    tracker.overlap |= result.overlap;
    report(packet, "ipv4.frag_overlap", "ipv6.frag_overlap");
  }
  if (tracker.apart && result.overlap) {
    ++counters.contradictions;
    return give_up();
  }
  if (!tracker.apart && !more && !tracker.last_seen) {
    tracker.last_seen = true;
    tracker.end = static_cast<uint32_t>(end);
    tracker.payload.cut(memory, end);
  }
  if (!tracker.last_seen || !tracker.header.data || !tracker.payload.complete(tracker.end)) return {};
  // It goes in any case, also where there is no memory for the whole.
  struct Removal {
    Impl& impl;
    uint32_t handle;
    ~Removal() { impl.remove(handle); }
  } const removal{*this, handle};
  return assemble(tracker, packet);
}

Defragmenter::Defragmenter(const StreamConfig& config) : impl_(std::make_unique<Impl>(config)) {}
Defragmenter::~Defragmenter() = default;

Bytes Defragmenter::add(Packet& packet) {
  Impl& d = *impl_;
  if (!packet.is_fragment || packet.dropped || !d.config.defrag) return {};
  ++(packet.ip_version == 4 ? d.counters.ipv4_fragments : d.counters.ipv6_fragments);
  d.expire(packet.time);
  const Bytes data = packet.ip_payload, before = unfragmentable(packet);
  if (before.empty()) return {};
  // Hosts answer this one with an error and go on waiting (RFC 8200, section 4.5). The decoder has told of it.
  if (packet.ip_version == 6 && packet.more_fragments && data.size() % FragmentedDatagram::kUnit != 0) return {};
  const Key key = key_of(packet);
  const uint64_t hash = d.hash_of(key);
  uint32_t handle = d.find(key, hash);
  if (handle != kNoHandle && d.over(d.trackers[handle], packet.time)) {
    ++(packet.ip_version == 4 ? d.counters.ipv4_timeouts : d.counters.ipv6_timeouts);
    d.remove(handle);
    handle = kNoHandle;
  }
  if (handle == kNoHandle) handle = d.make(packet, key, hash);
  return d.take(handle, packet, before, data);
}

bool Defragmenter::drops(const Packet& packet, bool counted) const {
  if (!(packet.host_drops & lapwing::drops(impl_->hosts.of(packet.dst)))) return false;
  impl_->counters.host_drops += counted;
  return true;
}

bool Defragmenter::overlapped() const {
  return impl_->overlapped;
}

Bytes Defragmenter::frame() const {
  return impl_->whole_frames[impl_->latest];
}

void Defragmenter::expire(Timestamp now) {
  impl_->expire(now);
}

const DefragCounters& Defragmenter::counters() const {
  impl_->counters.memuse = impl_->used();
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
      {"defrag.host_drops", &N::host_drops,
       "packets that move no flow as their destination's system drops them: source routes, headers and options twice, "
       "long padding"},
      {"defrag.contradictions", &N::contradictions,
       "packets given up for fragments that overlap or end in two places, as their destination gives them up"},
      {"defrag.max_trackers_reached", &N::max_trackers_reached, "packets given up because of defrag.trackers",
       CounterKind::loss},
      {"defrag.max_frags_reached", &N::max_frags_reached, "packets given up because of defrag.max-frags",
       CounterKind::loss},
      {"defrag.memcap_drop", &N::memcap_drop,
       "packets given up because of defrag.memcap, or because memory for them could not be had", CounterKind::loss},
      {"defrag.source_share", &N::source_share,
       "packets given up because their source had a sixteenth of defrag.max-frags or defrag.memcap", CounterKind::loss},
      {"defrag.max_packet_events", &N::max_packet_events, "events of fragments beyond the 15 that one packet keeps"},
      {"defrag.memuse", &N::memuse, "bytes of waiting fragments", CounterKind::gauge},
  };
  return kRows;
}

}  // namespace lapwing
