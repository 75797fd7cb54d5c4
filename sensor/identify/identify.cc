#include "sensor/identify/identify.h"

#include <arpa/inet.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "sensor/identify/ndpi_memory.h"

// nDPI 4.2 has no call to switch its caches between flows off; with this its module struct can be seen.
#define NDPI_LIB_COMPILATION
extern "C" {
#include <ndpi/ndpi_api.h>
}

/// Takes the place of nDPI's function of this name, which asks it of each of its protocols for each packet of a flow
/// not yet identified. Both masks were pushed as words of 64 bits just before: reading them in just these lets the
/// processor forward each store, where a vector would wait for two. The dynamic linker prefers the program's.
extern "C" int NDPI_BITMASK_COMPARE(NDPI_PROTOCOL_BITMASK a, NDPI_PROTOCOL_BITMASK b) {
  static_assert(sizeof a.fds_bits % sizeof(uint64_t) == 0);
  for (size_t at = 0; at < sizeof a.fds_bits; at += sizeof(uint64_t)) {
    uint64_t x = 0;
    uint64_t y = 0;
    std::memcpy(&x, reinterpret_cast<const char*>(a.fds_bits) + at, sizeof x);
    std::memcpy(&y, reinterpret_cast<const char*>(b.fds_bits) + at, sizeof y);
    if (x & y) return 1;
  }
  return 0;
}

/// Takes libc's place, which goes through snprintf: nDPI asks for each flow that names a host.
extern "C" char* inet_ntoa(in_addr address) noexcept {
  static thread_local std::array<char, INET_ADDRSTRLEN> text;
  std::array<uint8_t, 4> bytes;
  std::memcpy(bytes.data(), &address, bytes.size());
  char* end = text.data();
  for (const uint8_t byte : bytes) {
    if (end != text.data()) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), byte).ptr;
  }
  *end = '\0';
  return text.data();
}

namespace lapwing {
namespace {

constexpr size_t kCaches = 7;
constexpr size_t kCacheEntries = 2;  // a flow adds at most one entry for each direction
constexpr size_t kMinIpHeader = 20;
constexpr size_t kMaxIpPacket = 65'535;  // nDPI takes the length as 16 bits

static_assert(NDPI_PROTOCOL_NUM_CATEGORIES <= 256 && NDPI_CONFIDENCE_MAX <= 256,
              "IdentifyState keeps one byte of each");
static_assert(NDPI_MAX_RISK <= 64);

using CacheEntries = std::array<std::array<ndpi_lru_cache_entry, kCacheEntries>, kCaches>;

}  // namespace

/// nDPI's state of one flow [W]. It holds pointers of its own, freed by ndpi_free_flow_data.
struct NdpiDetection {
  ndpi_flow_struct flow;
  CacheEntries caches;
  ndpi_protocol protocol;
  uint64_t last_ms;
  uint32_t packets;
  uint8_t transport;
};

struct Identifier::Pool {
  static constexpr size_t kChunk = 64;
  std::vector<std::unique_ptr<NdpiDetection[]>> chunks;
  std::vector<NdpiDetection*> free;
  size_t in_use = 0;

  NdpiDetection* take() {
    if (free.empty()) {
      free.reserve((chunks.size() + 1) * kChunk);  // so that giving back never allocates
      chunks.push_back(std::make_unique_for_overwrite<NdpiDetection[]>(kChunk));
      for (size_t i = kChunk; i-- > 0;) free.push_back(&chunks.back()[i]);
    }
    NdpiDetection* detection = free.back();
    free.pop_back();
    ++in_use;
    std::memset(static_cast<void*>(detection), 0, sizeof *detection);
    return detection;
  }

  void give(NdpiDetection* detection) {
    ndpi_free_flow_data(&detection->flow);
    free.push_back(detection);
    --in_use;
  }
};

namespace {

/// Throws std::bad_alloc where so much memory is not to be had. Asks the system: an allocator might keep it apart.
void look_for_memory(size_t size) {
  void* range = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) throw std::bad_alloc();
  munmap(range, size);
}

}  // namespace

struct Identifier::Module {
  ndpi_detection_module_struct* ndpi = nullptr;
  std::array<ndpi_lru_cache, kCaches> caches{};

  Module() {
    if (ndpi_get_api_version() != NDPI_API_VERSION || ndpi_get_ndpi_detection_module_size() != sizeof *ndpi ||
        ndpi_detection_get_sizeof_ndpi_flow_struct() != sizeof(ndpi_flow_struct)) {
      throw std::runtime_error(std::string("libndpi ") + ndpi_revision() +
                               " is not the version this was compiled with");
    }
    NdpiMemory::install();
    static std::mutex starting;  // ndpi_init_detection_module must not run twice at once
    std::lock_guard lock(starting);
    // It does not look whether it got the memory it asks for, some 30 MB: what is had and given back is there for it.
    look_for_memory(size_t{64} << 20);
    ndpi = ndpi_init_detection_module(ndpi_no_prefs);
    if (!ndpi) throw std::runtime_error("libndpi could not be started");
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(ndpi, &all);
    ndpi_finalize_initialization(ndpi);
    set_caches(caches.data());
    for (auto& cache : caches) cache.num_entries = kCacheEntries;
  }

  ~Module() {
    set_caches(nullptr);
    ndpi_exit_detection_module(ndpi);
  }

  /// What one flow leaves in a cache must not change what another flow is taken for: with several workers the
  /// others may be elsewhere. So every flow brings its own.
  void enter(NdpiDetection& detection) {
    for (size_t i = 0; i < kCaches; ++i) caches[i].entries = detection.caches[i].data();
  }

 private:
  void set_caches(ndpi_lru_cache* first) {
    ndpi_lru_cache** const all[kCaches] = {&ndpi->ookla_cache,  &ndpi->bittorrent_cache, &ndpi->zoom_cache,
                                           &ndpi->stun_cache,   &ndpi->tls_cert_cache,   &ndpi->mining_cache,
                                           &ndpi->msteams_cache};
    for (size_t i = 0; i < kCaches; ++i) *all[i] = first ? first + i : nullptr;
  }
};

void IdentifyState::clear() {
  if (phase_ == Phase::detecting) owner_->release(detection_);
  if (has_host()) delete[] host_;
  host_size_ = 0;
  phase_ = Phase::done;
}

Identifier::Identifier(const IdentifyConfig& config)
    : config_(config),
      module_(config.enabled ? std::make_unique<Module>() : nullptr),  // dear to make
      pool_(std::make_unique<Pool>()) {}

Identifier::~Identifier() = default;

void Identifier::release(NdpiDetection* detection) {
  pool_->give(detection);
}

bool Identifier::start(IdentifyState& state, uint8_t transport) {
  state.owner_ = this;
  if (!config_.enabled || pool_->in_use >= config_.max_flows) {
    if (config_.enabled) ++counters_.max_flows;
    state.phase_ = IdentifyState::Phase::done;
    return false;
  }
  state.detection_ = pool_->take();
  state.phase_ = IdentifyState::Phase::detecting;
  state.detection_->transport = transport;
  return true;
}

void Identifier::backlog(double share) {
  const double limit = static_cast<double>(config_.shed_above) / 100;
  shedding_ = share > (shedding_ ? limit / 2 : limit);
}

void Identifier::shed(IdentifyState& state) {
  ++counters_.shed_above;
  state.owner_ = this;
  finish(state);
}

void Identifier::packet(IdentifyState& state, Bytes ip_packet, Timestamp time) {
  if (state.done()) return;
  if (shedding_) return shed(state);
  auto size = static_cast<uint16_t>(std::min(ip_packet.size(), kMaxIpPacket));
  const uint8_t* transport_header = nullptr;
  uint16_t transport_size = 0;
  uint8_t transport = 0;
  if (size < kMinIpHeader ||
      ndpi_detection_get_l4(ip_packet.data(), size, &transport_header, &transport_size, &transport, 0) != 0) {
    ++counters_.unusable;
    return;
  }
  if (state.phase_ == IdentifyState::Phase::fresh && !start(state, transport)) return;
  NdpiDetection& detection = *state.detection_;
  // nDPI keeps TCP and UDP state in one union.
  if (transport != detection.transport) {
    ++counters_.other_transport;
    return;
  }
  detection.last_ms = std::max(detection.last_ms, static_cast<uint64_t>(std::max<int64_t>(time.milliseconds(), 0)));
  ++detection.packets;
  ++counters_.packets;
  module_->enter(detection);
  const NdpiMemory::Call call;
  detection.protocol =
      ndpi_detection_process_packet(module_->ndpi, &detection.flow, ip_packet.data(), size, detection.last_ms);
  call.done();

  bool enough = (transport == IPPROTO_TCP && detection.packets > config_.tcp_packets) ||
                (transport != IPPROTO_TCP && detection.packets > config_.udp_packets);
  bool known = detection.protocol.app_protocol != NDPI_PROTOCOL_UNKNOWN;
  if (enough || (known && !ndpi_extra_dissection_possible(module_->ndpi, &detection.flow))) {
    if (!known) {
      uint8_t guessed = 0;
      detection.protocol = ndpi_detection_giveup(module_->ndpi, &detection.flow, config_.guess, &guessed);
      call.done();
    }
    conclude(state);
  }
}

void Identifier::finish(IdentifyState& state) {
  if (state.phase_ == IdentifyState::Phase::detecting) {
    NdpiDetection& detection = *state.detection_;
    module_->enter(detection);
    uint8_t guessed = 0;
    const NdpiMemory::Call call;
    detection.protocol = ndpi_detection_giveup(module_->ndpi, &detection.flow, config_.guess, &guessed);
    call.done();
    conclude(state);
  }
  state.phase_ = IdentifyState::Phase::done;
}

void Identifier::conclude(IdentifyState& state) {
  NdpiDetection* detection = state.detection_;
  const ndpi_flow_struct& flow = detection->flow;
  const size_t host_size = strnlen(flow.host_server_name, sizeof flow.host_server_name);
  static_assert(sizeof flow.host_server_name <= 256);
  char* host = host_size ? new char[host_size] : nullptr;
  if (host) std::memcpy(host, flow.host_server_name, host_size);
  state.risk_ = flow.risk;
  state.master_ = detection->protocol.master_protocol;
  state.application_ = detection->protocol.app_protocol;
  state.category_ = static_cast<uint8_t>(detection->protocol.category);
  state.confidence_ = static_cast<uint8_t>(flow.confidence);
  state.host_size_ = static_cast<uint8_t>(host_size);
  state.phase_ = IdentifyState::Phase::done;
  bool unknown = state.master_ == NDPI_PROTOCOL_UNKNOWN && state.application_ == NDPI_PROTOCOL_UNKNOWN;
  bool by_content = flow.confidence == NDPI_CONFIDENCE_DPI || flow.confidence == NDPI_CONFIDENCE_DPI_CACHE;
  ++(unknown ? counters_.unknown : by_content ? counters_.detected : counters_.guessed);
  release(detection);
  state.host_ = host;
}

/// As "TLS.Google", made once for each pair that comes.
std::string_view Identifier::name_of(uint16_t master, uint16_t application) {
  std::string& name = names_[uint32_t{master} << 16 | application];
  if (name.empty()) {
    std::array<char, 64> text{};
    ndpi_protocol protocol{};
    protocol.master_protocol = master;
    protocol.app_protocol = application;
    name = ndpi_protocol2name(module_->ndpi, protocol, text.data(), static_cast<u_int>(text.size()));
  }
  return name;
}

Application Identifier::describe(const IdentifyState& state) {
  bool detecting = state.phase_ == IdentifyState::Phase::detecting;
  const NdpiDetection* detection = detecting ? state.detection_ : nullptr;
  ndpi_protocol protocol{};
  protocol.master_protocol = detecting ? detection->protocol.master_protocol : state.master_;
  protocol.app_protocol = detecting ? detection->protocol.app_protocol : state.application_;
  protocol.category = detecting ? detection->protocol.category : static_cast<ndpi_protocol_category_t>(state.category_);
  Application out;
  out.risk = detecting ? detection->flow.risk : state.risk_;
  bool known = protocol.master_protocol != NDPI_PROTOCOL_UNKNOWN || protocol.app_protocol != NDPI_PROTOCOL_UNKNOWN;
  if (known) {
    out.protocol = name_of(protocol.master_protocol, protocol.app_protocol);
    out.category = ndpi_category_get_name(module_->ndpi, protocol.category);
    out.confidence = ndpi_confidence_get_name(detecting ? detection->flow.confidence
                                                        : static_cast<ndpi_confidence_t>(state.confidence_));
    out.breed =
        ndpi_get_proto_breed_name(module_->ndpi, ndpi_get_proto_breed(module_->ndpi, ndpi_get_upper_proto(protocol)));
  }
  if (detecting) {
    out.hostname = {detection->flow.host_server_name,
                    strnlen(detection->flow.host_server_name, sizeof detection->flow.host_server_name)};
  } else if (state.has_host()) {
    out.hostname = {state.host_, state.host_size_};
  }
  size_t count = 0;
  for (uint64_t left = out.risk; left; left &= left - 1) {
    risk_names_[count++] = ndpi_risk2str(static_cast<ndpi_risk_enum>(__builtin_ctzll(left)));
  }
  out.risk_names = {risk_names_.data(), count};
  if (out.risk) {
    out.risk_score = ndpi_risk2score(out.risk, &out.risk_score_client, &out.risk_score_server);
  }
  return out;
}

}  // namespace lapwing
