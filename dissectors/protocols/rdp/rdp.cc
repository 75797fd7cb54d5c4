#include "dissectors/protocols/rdp/rdp.h"

#include <algorithm>
#include <utility>

namespace lapwing::rdp {

namespace {

constexpr uint16_t kPorts[] = {3389};
constexpr auto kClient = Direction::to_server, kServer = Direction::to_client;

constexpr FrameKind kFrames[] = {
    {"pdu", "a TPKT with its header"},
    {"tls", "a record of TLS with its header"},
};

constexpr auto kAnomalies = names<Anomaly::invalid_certificate>({
    {Anomaly::invalid_tpkt, "invalid_tpkt"},
    {Anomaly::invalid_x224, "invalid_x224"},
    {Anomaly::segmented_x224, "segmented_x224"},
    {Anomaly::invalid_negotiation, "invalid_negotiation"},
    {Anomaly::invalid_connect_data, "invalid_connect_data"},
    {Anomaly::too_many_channels, "too_many_channels"},
    {Anomaly::invalid_tls_record, "invalid_tls_record"},
    {Anomaly::invalid_tls_handshake, "invalid_tls_handshake"},
    {Anomaly::invalid_certificate, "invalid_certificate"},
});

/// The version of TPKT.
constexpr ByteSet kStarts = ByteSet::range(3, 3);

/// A record of TLS's handshake stands where a TPKT should.
bool turns_to_tls(Bytes bytes) {
  return bytes[0] == tls::kHandshake;
}

/// Behind lost bytes, where that byte alone says nothing: a record that begins with a hello.
Likelihood begins_hello(Bytes bytes) {
  if (bytes.size() > 1 && bytes[1] != tls::kSsl3 >> 8) return Likelihood::no;
  if (bytes.size() <= tls::kRecordHeader) return Likelihood::more;
  const uint8_t type = bytes[tls::kRecordHeader];
  const bool hello = type == tls::kClientHello || type == tls::kServerHello;
  return hello && load_be16(&bytes[3]) <= tls::kMaxRecord ? Likelihood::sure : Likelihood::no;
}

}  // namespace

const About Rdp::about{.name = "rdp",
                       .transports = transport::tcp,
                       .ports = kPorts,
                       .help = "remote desktops (MS-RDPBCGR)",
                       .starts = {kStarts, kStarts}};

const Protocol Rdp::protocol{.name = "rdp",
                             .anomalies = kAnomalies,
                             .records = records(),
                             .help = "remote desktops",
                             .sightings = &sightings,
                             .one_message = true,
                             .frames = kFrames,
                             .in_alert = columns(),
                             .caps = kCaps,
                             .parts = kParts};

Likelihood Rdp::probe(const Chunk& first) {
  return first.data.empty() ? Likelihood::more : judge(first.data, first.direction);
}

Step Rdp::data(const Chunk& chunk) {
  HalfFlow& side = half(chunk.direction);
  size_t used = 0;
  while (used < chunk.data.size()) {
    const Bytes rest = chunk.data.subspan(used);
    if (side.phase == Phase::stopped) return Step::ok(chunk.data.size());
    if (side.resync.lost()) {
      used += side.resync.skip({.data = rest, .offset = chunk.offset + used}, kEnoughToResume, [&](Bytes bytes) {
        return turns_to_tls(bytes) ? begins_hello(bytes) : judge(bytes, chunk.direction);
      });
      if (side.resync.lost()) return Step::need(used, 1);
      continue;
    }
    if (side.left > 0) {
      const Bytes piece = rest.first(std::min<size_t>(side.left, rest.size()));
      side.left -= static_cast<uint32_t>(piece.size());
      used += piece.size();
      if (side.phase == Phase::tls) handshake(piece, chunk.direction);
      continue;
    }
    // Who gives up alerts the other side before any hello.
    const bool turns = turns_to_tls(rest) || (tls_chosen_ && tls::known_record_type(rest[0]));
    if (side.phase == Phase::opening && turns) side.phase = Phase::tls;
    const uint64_t offset = chunk.offset + used;
    const Step step =
        side.phase == Phase::tls ? record(rest, offset, chunk.direction) : tpkt(rest, offset, chunk.direction);
    if (step.kind == Step::Kind::need) return Step::need(used, step.more);
    used += step.used;
  }
  return Step::ok(used);
}

Step Rdp::tpkt(Bytes bytes, uint64_t offset, Direction direction) {
  if (bytes.size() < kSmallestTpkt) return Step::need(0, kSmallestTpkt - bytes.size());
  const auto head = read_head(bytes);
  if (!head) {
    // Behind the opening others come as well (MS-RDPBCGR 2.2.9.1.2: fast-path).
    if (!opened_) raise(Anomaly::invalid_tpkt, direction);
    stop(direction);
    return Step::ok(bytes.size());
  }
  HalfFlow& side = half(direction);
  side.resync.reaches(offset + head->size);
  const size_t shown = std::min<size_t>(head->size, kTpktHeader + kDataHeader + kConnectHead);
  if (bytes.size() < shown) return Step::need(0, shown - bytes.size());
  const Bytes tpdu = bytes.first(std::min<size_t>(head->size, bytes.size())).subspan(kTpktHeader);
  const bool connects = connect_of(tpdu) != Connect::none;
  const bool joins = head->sound() && head->type == Tpdu::data && side.phase == Phase::opening &&
                     (!side.tsdu.empty() || (!opened_ && !ends_tsdu(tpdu)));
  const bool told = head->sound() && (connects || joins || head->type != Tpdu::data);
  if (told && bytes.size() < head->size) return Step::need(0, head->size - bytes.size());
  out_.frame(Pdu::tpkt, direction, offset, head->size);
  if (!told) {
    if (!head->sound()) raise(Anomaly::invalid_x224, direction);
    opened_ |= head->type == Tpdu::data;
    side.left = head->size;
    return Step::ok(0);
  }
  if (joins) {
    join(tpdu, *head, offset, direction);
  } else {
    connects ? connect(tpdu, offset, direction) : connection(tpdu, *head, offset, direction);
  }
  return Step::ok(head->size);
}

/// A message of MCS in several TPDUs: it is there with the last of them, or where it is as long as it says, for those
/// who do not ask for the last.
void Rdp::join(Bytes tpdu, const Head& head, uint64_t offset, Direction direction) {
  HalfFlow& side = half(direction);
  const Bytes data = tpdu.subspan(std::min(tpdu.size(), size_t{1} + head.header));
  if (side.tsdu.empty()) {
    side.tsdu = to_text(tpdu.first(kDataHeader));
    side.tsdu_at = offset;
  }
  if (!out_.within(Cap::tsdu, side.tsdu.size() + data.size())) {
    side.tsdu.clear();
    opened_ = true;
    return;
  }
  side.tsdu += to_text(data);
  const Bytes joined = to_bytes(side.tsdu);
  const bool connects = connect_of(joined) != Connect::none;
  if (!ends_tsdu(tpdu) && !(connects && is_whole_connect(joined))) return;
  const std::string whole = std::move(side.tsdu);
  side.tsdu.clear();
  if (connects) {
    connect(to_bytes(whole), side.tsdu_at, direction);
  } else {
    opened_ = true;
  }
}

void Rdp::connection(Bytes tpdu, const Head& head, uint64_t offset, Direction direction) {
  const bool asks = head.type == Tpdu::connection_request;
  std::optional<Request> request;
  std::optional<Confirm> confirm;
  if (asks == (direction == kClient)) {
    if (asks) {
      request = parse_request(tpdu);
    } else {
      confirm = parse_confirm(tpdu);
    }
  }
  if (!request && !confirm) return raise(Anomaly::invalid_x224, direction);
  if (!begin(direction, offset)) return;
  if (head.size != kTpktHeader + 1 + size_t{head.header}) raise(Anomaly::invalid_tpkt, direction);
  if (!(request ? request->sound : confirm->sound)) raise(Anomaly::invalid_negotiation, direction);
  if (confirm && confirm->response) tls_chosen_ = confirm->response->value != kStandardSecurity;
  if (request) {
    tx_.said = std::move(*request);
  } else {
    tx_.said = *confirm;
  }
  tell(head.size);
}

void Rdp::connect(Bytes tpdu, uint64_t offset, Direction direction) {
  const bool initial = connect_of(tpdu) == Connect::initial;
  if (initial != (direction == kClient)) return raise(Anomaly::invalid_connect_data, direction);
  if (!begin(direction, offset)) return;
  if (!ends_tsdu(tpdu)) raise(Anomaly::segmented_x224, direction);
  const Bytes data = tpdu.subspan(kDataHeader);
  if (initial) {
    check(std::get<ClientData>(tx_.said = parse_client_data(data)));
  } else {
    check(std::get<ServerData>(tx_.said = parse_server_data(data)));
  }
  tell(tpdu.size());
  if (!initial) stop_both();  // what follows is encrypted, or of other protocols
}

void Rdp::check(const ClientData& data) {
  if (!data.sound) raise(Anomaly::invalid_connect_data, kClient);
  if (data.channels_asked > kMostChannels) raise(Anomaly::too_many_channels, kClient);
  if (data.channels.size() == kKeptChannels) out_.within(Cap::channels, data.channels_asked);
}

void Rdp::check(const ServerData& data) {
  if (!data.sound) raise(Anomaly::invalid_connect_data, kServer);
  if (data.certificate && data.certificate->fault != x509::CertificateFault::none) {
    raise(Anomaly::invalid_certificate, kServer);
  }
  if (data.certificates == kKeptCertificates) out_.within(Cap::chain, data.certificates_claimed);
}

bool Rdp::begin(Direction direction, uint64_t offset) {
  if (!out_.within(Cap::tx, told_ + 1)) {
    stop_both();
    return false;
  }
  ++told_;
  tx_ = Message{};
  tx_.direction = direction;
  tx_.begin[index(direction)] = offset;
  out_.open(tx_);
  return true;
}

void Rdp::tell(uint64_t bytes) {
  out_.reach(tx_, tx_.direction, kComplete, bytes);
  out_.emit({.tx = &tx_,
             .direction = tx_.direction,
             .record = records().data(),
             .reversed = tx_.direction == kServer,
             .message = bytes});
}

void Rdp::stop_both() {
  stop(kClient);
  stop(kServer);
}

Step Rdp::gap(Direction direction, uint64_t lost) {
  HalfFlow& side = half(direction);
  if (side.phase == Phase::opening) {
    side.left = 0;
    side.tsdu.clear();
    side.resync.lose();
  } else if (side.phase == Phase::tls) {
    const bool read = side.record_type == tls::kHandshake && !side.encrypted && !handshake_told_;
    if (read || lost > side.left) {
      stop(direction);  // no record boundary is known any more
    } else {
      side.left -= static_cast<uint32_t>(lost);
    }
  }
  return Step::ok(0);
}

void Rdp::finish() {
  if (handshake_.offered || handshake_.chosen) tell_handshake();
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Rdp>();

}  // namespace lapwing::rdp
