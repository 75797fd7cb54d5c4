#include "sensor/identify/identify.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string>
#include <vector>

#include "sensor/identify/ndpi_memory.h"
#include "sensor/identify/ndpi_module.h"
#include "sensor/identify/told.h"

namespace lapwing {
namespace {

constexpr size_t kMinIpHeader = 20;
constexpr size_t kMaxIpPacket = 65'535;  // nDPI takes the length as 16 bits

static_assert(NDPI_PROTOCOL_NUM_CATEGORIES <= 256 && NDPI_CONFIDENCE_MAX <= 256,
              "IdentifyState keeps one byte of each");
static_assert(NDPI_MAX_RISK <= 64);

}  // namespace

/// The first packets of a flow, kept until its dissector tells whether nDPI is to see them.
struct HeldPackets {
  static constexpr size_t kPackets = 4, kBytes = 3'000;  // a hello or request, with its headers
  struct Entry {
    uint16_t begin, end;
    Timestamp time;
  };

  size_t count;
  std::array<Entry, kPackets> packets;
  std::array<uint8_t, kBytes> bytes;

  bool add(Bytes packet, Timestamp time) {
    const size_t begin = count == 0 ? 0 : packets[count - 1].end;
    if (count == kPackets || packet.size() > kBytes - begin) return false;
    std::memcpy(&bytes[begin], packet.data(), packet.size());
    packets[count++] = {static_cast<uint16_t>(begin), static_cast<uint16_t>(begin + packet.size()), time};
    return true;
  }
};

/// Never gives memory back to the system: its most is ndpi.max-flows.
template <class T>
class Pool {
 public:
  /// Its bytes are what they were.
  T* take() {
    if (free_.empty()) {
      free_.reserve((chunks_.size() + 1) * kChunk);  // so that giving back never allocates
      chunks_.push_back(std::make_unique_for_overwrite<T[]>(kChunk));
      for (size_t i = kChunk; i-- > 0;) free_.push_back(&chunks_.back()[i]);
    }
    T* taken = free_.back();
    free_.pop_back();
    return taken;
  }
  void give(T* taken) { free_.push_back(taken); }
  size_t in_use() const { return chunks_.size() * kChunk - free_.size(); }

 private:
  static constexpr size_t kChunk = 64;
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::vector<T*> free_;
};

struct Identifier::Pools {
  Pool<NdpiDetection> detections;
  Pool<HeldPackets> held;

  size_t in_use() const { return detections.in_use() + held.in_use(); }
};

bool IdentifyState::by_port() const {
  return phase_ == Phase::done && confidence_ == NDPI_CONFIDENCE_MATCH_BY_PORT;
}

void IdentifyState::clear() {
  if (phase_ == Phase::detecting) owner_->release(detection_);
  if (phase_ == Phase::holding) owner_->pools_->held.give(held_);
  if (has_host()) delete[] host_;
  host_size_ = 0;
  phase_ = Phase::done;
}

Identifier::Identifier(const IdentifyConfig& config)
    : config_(config),
      module_(config.enabled ? std::make_unique<NdpiModule>() : nullptr),  // dear to make
      pools_(std::make_unique<Pools>()),
      scratch_(config.enabled ? std::make_unique<NdpiDetection>() : nullptr),
      memo_(config.enabled ? std::make_unique<NameMemo>() : nullptr) {}

Identifier::~Identifier() = default;

void Identifier::release(NdpiDetection* detection) {
  ndpi_free_flow_data(&detection->flow);
  pools_->detections.give(detection);
}

/// False, and the flow is left, where too many are looked at.
bool Identifier::room(IdentifyState& state) {
  state.owner_ = this;
  if (config_.enabled && pools_->in_use() < config_.max_flows) return true;
  if (config_.enabled) ++counters_.max_flows;
  state.phase_ = IdentifyState::Phase::done;
  return false;
}

bool Identifier::start(IdentifyState& state, uint8_t transport) {
  if (!room(state)) return false;
  state.detection_ = pools_->detections.take();
  std::memset(static_cast<void*>(state.detection_), 0, sizeof *state.detection_);
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

bool Identifier::hold(IdentifyState& state, Bytes ip_packet, Timestamp time) {
  if (state.port_protocol_ == 0 || shedding_) return false;
  if (state.phase_ == IdentifyState::Phase::fresh) {
    if (!room(state)) return true;
    state.held_ = pools_->held.take();
    state.held_->count = 0;
    state.phase_ = IdentifyState::Phase::holding;
  }
  return state.phase_ == IdentifyState::Phase::holding && state.held_->add(ip_packet, time);
}

/// What was kept goes to nDPI after all.
void Identifier::let_go(IdentifyState& state) {
  const auto give_back = [this](HeldPackets* held) { pools_->held.give(held); };
  const std::unique_ptr<HeldPackets, decltype(give_back)> held(state.held_, give_back);
  state.detection_ = nullptr;
  state.phase_ = IdentifyState::Phase::fresh;
  for (size_t i = 0; i < held->count; ++i) {
    const HeldPackets::Entry& entry = held->packets[i];
    packet(state, Bytes(held->bytes).subspan(entry.begin, entry.end - entry.begin), entry.time);
  }
}

void Identifier::packet(IdentifyState& state, Bytes ip_packet, Timestamp time) {
  if (state.phase_ == IdentifyState::Phase::holding) let_go(state);
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
      ndpi_detection_process_packet(*module_, &detection.flow, ip_packet.data(), size, detection.last_ms);
  call.done();

  bool enough = (transport == IPPROTO_TCP && detection.packets > config_.tcp_packets) ||
                (transport != IPPROTO_TCP && detection.packets > config_.udp_packets);
  bool known = detection.protocol.app_protocol != NDPI_PROTOCOL_UNKNOWN;
  if (enough || (known && !ndpi_extra_dissection_possible(*module_, &detection.flow))) {
    if (!known) {
      uint8_t guessed = 0;
      detection.protocol = ndpi_detection_giveup(*module_, &detection.flow, config_.guess, &guessed);
      call.done();
    }
    conclude(state);
  }
}

void Identifier::finish(IdentifyState& state) {
  if (state.phase_ == IdentifyState::Phase::holding) let_go(state);
  if (state.phase_ == IdentifyState::Phase::detecting) {
    NdpiDetection& detection = *state.detection_;
    module_->enter(detection);
    uint8_t guessed = 0;
    const NdpiMemory::Call call;
    detection.protocol = ndpi_detection_giveup(*module_, &detection.flow, config_.guess, &guessed);
    call.done();
    conclude(state);
  }
  if (state.phase_ == IdentifyState::Phase::told) {
    const Verdict verdict = settle(*module_, told(state));
    state.master_ = verdict.master;
    state.application_ = verdict.application;
    state.category_ = static_cast<uint8_t>(verdict.category);
    state.risk_ = verdict.risk;
    ++counters_.told;
  }
  state.phase_ = IdentifyState::Phase::done;
}

namespace {

/// nDPI's own copy of the host goes with its flow. Null where it has none.
std::unique_ptr<char[]> copy_host(const ndpi_flow_struct& flow, uint8_t& size) {
  static_assert(sizeof flow.host_server_name <= 256);
  size = static_cast<uint8_t>(strnlen(flow.host_server_name, sizeof flow.host_server_name));
  if (size == 0) return nullptr;
  auto host = std::make_unique_for_overwrite<char[]>(size);
  std::memcpy(host.get(), flow.host_server_name, size);
  return host;
}

/// Of a flow's messages most name the host that the first did.
bool same_host(std::string_view host, std::string_view kept) {
  return std::ranges::equal(host, kept,
                            [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

}  // namespace

void Identifier::begin(IdentifyState& state, const FlowEnds& ends) {
  if (!config_.enabled || config_.depth == IdentifyDepth::full) return;
  uint8_t by_user = 0;
  const uint16_t number =
      ndpi_guess_protocol_id(*module_, nullptr, ends.transport, ends.ports[0], ends.ports[1], &by_user);
  if (tells(number)) state.port_protocol_ = number;
}

bool Identifier::rely_on_facts(IdentifyState& state, std::string_view protocol, const FlowEnds& ends) {
  if (state.phase_ == IdentifyState::Phase::told) return true;
  const uint16_t number = state.port_protocol_;
  if (state.done() || number == 0 || told_protocol(protocol) != number) return false;
  if (state.phase_ == IdentifyState::Phase::detecting) release(state.detection_);
  if (state.phase_ == IdentifyState::Phase::holding) pools_->held.give(state.held_);
  state.owner_ = this;
  state.host_ = nullptr;
  state.host_size_ = 0;
  state.phase_ = IdentifyState::Phase::told;
  state.confidence_ = NDPI_CONFIDENCE_DPI;
  state.master_ = number;
  state.application_ = 0;
  state.by_address_ = application_of(*module_, ends);
  state.category_ = 0;
  state.risk_ = 0;
  return true;
}

/// Until they are settled, with the protocol as master.
ToldFacts Identifier::told(const IdentifyState& state) {
  return {.protocol = state.master_,
          .application = state.application_,
          .by_address = state.by_address_,
          .category = state.category_,
          .risk = state.risk_};
}

void Identifier::tell(IdentifyState& state, Facts& facts) {
  if (state.phase_ != IdentifyState::Phase::told) return;
  if (state.has_host() && same_host(facts.host, {state.host_, state.host_size_})) facts.host = {};
  if (!facts.empty()) {
    ToldFacts all = told(state);
    lapwing::tell(*module_, *memo_, facts, scratch_->flow, all);
    state.application_ = all.application;
    state.category_ = static_cast<uint8_t>(all.category);
    state.risk_ = all.risk;
    if (!facts.host.empty()) {
      uint8_t size = 0;
      auto host = copy_host(scratch_->flow, size);
      if (state.has_host()) delete[] state.host_;
      state.host_ = host.release();
      state.host_size_ = size;
    }
  }
  if (facts.complete) finish(state);
}

void Identifier::conclude(IdentifyState& state) {
  NdpiDetection* detection = state.detection_;
  const ndpi_flow_struct& flow = detection->flow;
  uint8_t host_size = 0;
  auto host = copy_host(flow, host_size);  // before all else: it may fail
  state.risk_ = flow.risk;
  state.master_ = detection->protocol.master_protocol;
  state.application_ = detection->protocol.app_protocol;
  state.category_ = static_cast<uint8_t>(detection->protocol.category);
  state.confidence_ = static_cast<uint8_t>(flow.confidence);
  state.phase_ = IdentifyState::Phase::done;
  state.host_ = host.release();
  state.host_size_ = host_size;
  bool unknown = state.master_ == NDPI_PROTOCOL_UNKNOWN && state.application_ == NDPI_PROTOCOL_UNKNOWN;
  bool by_content = flow.confidence == NDPI_CONFIDENCE_DPI || flow.confidence == NDPI_CONFIDENCE_DPI_CACHE;
  ++(unknown ? counters_.unknown : by_content ? counters_.detected : counters_.guessed);
  release(detection);
}

/// As "TLS.Google", made once for each pair that comes.
std::string_view Identifier::name_of(uint16_t master, uint16_t application) {
  std::string& name = names_[uint32_t{master} << 16 | application];
  if (name.empty()) {
    std::array<char, 64> text{};
    ndpi_protocol protocol{};
    protocol.master_protocol = master;
    protocol.app_protocol = application;
    name = ndpi_protocol2name(*module_, protocol, text.data(), static_cast<u_int>(text.size()));
  }
  return name;
}

Label Identifier::label(const IdentifyState& state) {
  Verdict verdict{state.master_, state.application_, state.category_, state.risk_};
  if (state.phase_ == IdentifyState::Phase::told) verdict = settle(*module_, told(state));
  Label out;
  if (verdict.master != NDPI_PROTOCOL_UNKNOWN || verdict.application != NDPI_PROTOCOL_UNKNOWN) {
    out.application = name_of(verdict.master, verdict.application);
  }
  if (state.has_host()) out.host = {state.host_, state.host_size_};
  return out;
}

Application Identifier::describe(IdentifyState& state) {
  if (state.phase_ == IdentifyState::Phase::holding) let_go(state);
  const bool detecting = state.phase_ == IdentifyState::Phase::detecting;
  const NdpiDetection* detection = detecting ? state.detection_ : nullptr;
  Verdict verdict{state.master_, state.application_, state.category_, state.risk_};
  if (state.phase_ == IdentifyState::Phase::told) verdict = settle(*module_, told(state));
  ndpi_protocol protocol{};
  protocol.master_protocol = detecting ? detection->protocol.master_protocol : verdict.master;
  protocol.app_protocol = detecting ? detection->protocol.app_protocol : verdict.application;
  protocol.category =
      detecting ? detection->protocol.category : static_cast<ndpi_protocol_category_t>(verdict.category);
  Application out;
  out.risk = detecting ? detection->flow.risk : verdict.risk;
  bool known = protocol.master_protocol != NDPI_PROTOCOL_UNKNOWN || protocol.app_protocol != NDPI_PROTOCOL_UNKNOWN;
  if (known) {
    out.protocol = name_of(protocol.master_protocol, protocol.app_protocol);
    out.category = ndpi_category_get_name(*module_, protocol.category);
    out.confidence = ndpi_confidence_get_name(detecting ? detection->flow.confidence
                                                        : static_cast<ndpi_confidence_t>(state.confidence_));
    out.breed = ndpi_get_proto_breed_name(*module_, ndpi_get_proto_breed(*module_, ndpi_get_upper_proto(protocol)));
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
