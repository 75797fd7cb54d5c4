// TLS within RDP, as far as it is in the clear: hellos and the server's certificates.
#include <algorithm>

#include "dissectors/parts/handshake/fingerprint.h"
#include "dissectors/protocols/rdp/rdp.h"
#include "sensor/base/text.h"

namespace lapwing::rdp {

namespace {

constexpr auto kClient = Direction::to_server, kServer = Direction::to_client;

bool sound(const tls::RecordHeader& header) {
  return tls::known_record_type(header.type) && header.version >> 8 == tls::kSsl3 >> 8 &&
         header.length <= tls::kMaxRecord;
}

/// "0A:FF" as Suricata has it here: "aff".
std::string plain_serial(std::string_view serial) {
  std::string out;
  for (const char digit : serial) {
    if (digit == ':' || (digit == '0' && out.empty())) continue;
    out += static_cast<char>(lower(static_cast<uint8_t>(digit)));
  }
  return out.empty() ? "0" : out;
}

}  // namespace

/// Of what alerts show later no text is kept that is longer than honest ones are.
void Rdp::abridge(Handshake& handshake) {
  for (std::string* text : {&handshake.sni, &handshake.ja3, &handshake.ja3s}) {
    if (!out_.within(Cap::text, text->size())) *text = {};
  }
  auto& shown = handshake.certificate;
  if (shown && !out_.within(Cap::certificate, x509::weight(*shown))) shown = {};
}

Step Rdp::record(Bytes bytes, uint64_t offset, Direction direction) {
  if (bytes.size() < tls::kRecordHeader) return Step::need(0, tls::kRecordHeader - bytes.size());
  const tls::RecordHeader header = tls::read_record_header(bytes.data());
  if (!sound(header)) {
    raise(Anomaly::invalid_tls_record, direction);
    out_.plain(direction, offset);
    stop_both();
    return Step::ok(bytes.size());
  }
  out_.frame(Pdu::tls, direction, offset, tls::kRecordHeader + header.length);
  HalfFlow& side = half(direction);
  side.record_type = header.type;
  side.left = header.length;
  const bool ciphers_change = header.type == tls::kChangeCipherSpec && header.length > 0 && !retrying_;
  if (ciphers_change || header.type == tls::kApplicationData) {
    side.encrypted = true;
    // A chain that did not come by now is encrypted (RFC 8446), or the session an earlier one's.
    if (direction == kServer && handshake_.chosen) tell_handshake();
  }
  if (header.type == tls::kApplicationData && handshake_.offered && handshake_.chosen) {
    out_.encrypted(direction, offset);
  }
  return Step::ok(tls::kRecordHeader);
}

void Rdp::handshake(Bytes piece, Direction direction) {
  HalfFlow& side = half(direction);
  const auto goes_on = [&] { return !side.encrypted && side.phase == Phase::tls && !handshake_told_; };
  if (side.record_type != tls::kHandshake || !goes_on()) return;
  side.messages.read(piece, out_.limit(Cap::message), [&](const tls::Message& message) {
    handshake_message(message, direction);
    return goes_on();
  });
}

void Rdp::handshake_message(const tls::Message& message, Direction direction) {
  handshake_bytes_ += tls::kMessageHeader + message.body.size();
  if (message.too_long) out_.capped(Cap::message);
  if (message.too_long || !tls::known_message_type(message.type)) {
    raise(Anomaly::invalid_tls_handshake, direction);
    half(direction).encrypted |= !message.too_long;  // nothing that follows can be trusted to be in the clear
    return;
  }
  if (direction == kClient && message.type == tls::kClientHello) client_hello(message.body);
  if (direction == kServer && message.type == tls::kServerHello) server_hello(message.body);
  if (direction == kServer && message.type == tls::kCertificate) certificates(message.body);
}

void Rdp::client_hello(Bytes body) {
  tls::Hello hello;
  if (handshake_.offered) return;
  if (!tls::parse_client_hello(body, hello)) return raise(Anomaly::invalid_tls_handshake, kClient);
  handshake_.offered = true;
  if (!handshake_.chosen) handshake_.version = hello.version;
  handshake_.sni = to_text(hello.sni);
  handshake_.ja3 = tls::ja3_string(hello);
  handshake_.ja3_hash = tls::md5_hex(handshake_.ja3);
  handshake_.ja4 = tls::ja4(hello);
}

void Rdp::server_hello(Bytes body) {
  tls::Hello hello;
  if (handshake_.chosen) return;
  if (!tls::parse_server_hello(body, hello)) return raise(Anomaly::invalid_tls_handshake, kServer);
  handshake_.version = hello.version;
  retrying_ = hello.retry;
  handshake_.chosen = !hello.retry;
  if (hello.retry) {
    for (HalfFlow& side : halves_) side.encrypted = false;
  }
  if (!handshake_.ja3s.empty()) return;
  handshake_.ja3s = tls::ja3s_string(hello);
  handshake_.ja3s_hash = tls::md5_hex(handshake_.ja3s);
}

void Rdp::certificates(Bytes body) {
  ByteReader reader(body);
  const size_t size = reader.u24();
  bool whole = reader.ok() && size == reader.left();
  Bytes rest = reader.bytes(std::min(size, reader.left()));
  for (Bytes der; !rest.empty() && out_.within(Cap::chain, handshake_.certificates + 1);) {
    if (!tls::next_certificate(rest, der)) {
      whole = false;
      break;
    }
    const auto certificate = x509::read_certificate(der);
    ++handshake_.certificates;
    if (!certificate->serial.empty()) handshake_.serials.push_back(plain_serial(certificate->serial));
    if (handshake_.certificate) continue;  // only the first says who the server is
    handshake_.certificate = certificate;
    whole &= certificate->fault == x509::CertificateFault::none;
  }
  handshake_.shown = true;
  handshake_.faulty = !whole;
  tell_handshake();
}

/// All that is known of it comes out.
void Rdp::tell_handshake() {
  if (handshake_told_) return;
  handshake_told_ = true;
  if (!begin(handshake_.chosen ? kServer : kClient)) return;
  tx_.said = handshake_;
  if (handshake_.faulty) raise(Anomaly::invalid_certificate, kServer);
  tell(handshake_bytes_);
  abridge(std::get<Handshake>(tx_.said));
  handshake_ = {.offered = handshake_.offered, .chosen = handshake_.chosen};
  for (HalfFlow& side : halves_) side.messages = {};
}

}  // namespace lapwing::rdp
