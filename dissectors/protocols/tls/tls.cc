#include "dissectors/protocols/tls/tls.h"

#include <algorithm>

namespace lapwing::tls {

namespace {

constexpr uint16_t kPorts[] = {443, 465, 636, 853, 989, 990, 992, 993, 994, 995, 5061, 5223, 6697, 8443, 8883};

constexpr std::string_view kAlso[] = {"ssl"};

constexpr FrameKind kFrames[] = {
    {"pdu", "a record with its header"},
    {"hdr", "a record's header"},
    {"data", "a record behind its header, other than those of alert and heartbeat"},
    {"alert", "an alert record behind its header"},
    {"heartbeat", "a heartbeat record behind its header"},
    {"ssl2.hdr", "length and padding of an SSLv2 record"},
    {"ssl2.pdu", "an SSLv2 record"},
};

constexpr ProgressState kStates[] = {
    {"client_in_progress", Direction::to_server, 1},
    {"client_hello_done", Direction::to_server, kHelloDone},
    {"client_cert_done", Direction::to_server, kCertificateDone},
    {"client_key_exchange_done", Direction::to_server, kKeyExchangeDone},
    {"client_handshake_done", Direction::to_server, kComplete},
    {"client_finished", Direction::to_server, kComplete},
    {"server_in_progress", Direction::to_client, 1},
    {"server_hello_done", Direction::to_client, kHelloDone},
    {"server_cert_done", Direction::to_client, kCertificateDone},
    {"server_key_exchange_done", Direction::to_client, kKeyExchangeDone},
    {"server_handshake_done", Direction::to_client, kComplete},
    {"server_finished", Direction::to_client, kComplete},
};

constexpr auto kAnomalies = names<Anomaly::certificate_invalid_validity>({
    {Anomaly::invalid_sslv2_header, "invalid_sslv2_header"},
    {Anomaly::invalid_tls_header, "invalid_tls_header"},
    {Anomaly::invalid_record_version, "invalid_record_version"},
    {Anomaly::invalid_record_type, "invalid_record_type"},
    {Anomaly::invalid_handshake_message, "invalid_handshake_message"},
    {Anomaly::invalid_certificate, "invalid_certificate"},
    {Anomaly::certificate_invalid_length, "certificate_invalid_length"},
    {Anomaly::error_message_encountered, "error_message_encountered"},
    {Anomaly::invalid_ssl_record, "invalid_ssl_record"},
    {Anomaly::heartbeat_message, "heartbeat_message"},
    {Anomaly::overflow_heartbeat_message, "overflow_heartbeat_message"},
    {Anomaly::invalid_heartbeat_message, "invalid_heartbeat_message"},
    {Anomaly::dataleak_heartbeat_mismatch, "dataleak_heartbeat_mismatch"},
    {Anomaly::multiple_sni_extensions, "multiple_sni_extensions"},
    {Anomaly::invalid_sni_type, "invalid_sni_type"},
    {Anomaly::invalid_sni_length, "invalid_sni_length"},
    {Anomaly::handshake_invalid_length, "handshake_invalid_length"},
    {Anomaly::invalid_alert_message, "invalid_alert_message"},
    {Anomaly::certificate_invalid_version, "certificate_invalid_version"},
    {Anomaly::certificate_invalid_serial, "certificate_invalid_serial"},
    {Anomaly::certificate_invalid_algorithmidentifier, "certificate_invalid_algorithmidentifier"},
    {Anomaly::certificate_invalid_x509name, "certificate_invalid_x509name"},
    {Anomaly::certificate_invalid_date, "certificate_invalid_date"},
    {Anomaly::certificate_invalid_extensions, "certificate_invalid_extensions"},
    {Anomaly::certificate_invalid_der, "certificate_invalid_der"},
    {Anomaly::certificate_invalid_subject, "certificate_invalid_subject"},
    {Anomaly::certificate_invalid_issuer, "certificate_invalid_issuer"},
    {Anomaly::certificate_invalid_validity, "certificate_invalid_validity"},
});

constexpr NamedValue kEncrypted[] = {{"default", Encrypted::watch},
                                     {"track-only", Encrypted::watch},
                                     {"full", Encrypted::match},
                                     {"bypass", Encrypted::bypass}};

constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.tls.ja3-fingerprints", one_of<&Config::ja3>(kSwitchOrAuto<true>), "auto",
     "compute JA3 and JA3S; auto: yes"},
    {"app-layer.protocols.tls.ja4-fingerprints", one_of<&Config::ja4>(kSwitchOrAuto<true>), "auto",
     "compute JA4; auto: yes"},
    {"app-layer.protocols.tls.encryption-handling", one_of<&Config::encrypted>(kEncrypted), "default",
     "after the handshake: watch record headers (default, track-only), match raw payload too (full), or look no more "
     "(bypass)"},
    {"app-layer.protocols.tls.record.extended", &Config::extended, "yes",
     "write more than subject, issuer and session_resumed into tls records"},
    {"app-layer.protocols.tls.record.custom", &Config::custom, "",
     "write exactly these members: subject, issuer, session_resumed, serial, fingerprint, sni, version, not_before, "
     "not_after, certificate, chain, ja3, ja3s, ja4, subjectaltname, client, client_certificate, client_chain, "
     "client_alpns, server_alpns, client_handshake, server_handshake, x509"},
    {"app-layer.protocols.tls.record.session-resumption", &Config::session_resumption, "yes",
     "write records of resumed sessions, which show no certificate"},
};

/// Servers look at the major number of a record's version alone, whatever the minor one says.
bool plausible_version(uint16_t version) {
  return version >> 8 == kSsl3 >> 8;
}

/// A handshake message's type and size, once so much of it is there, perhaps in records of one byte.
struct MessageStart {
  uint8_t bytes[kMessageHeader] = {};
  size_t known = 0;

  void take(Bytes payload) {
    for (size_t i = 0; i < payload.size() && known < kMessageHeader; ++i) bytes[known++] = payload[i];
  }
  uint8_t type() const { return bytes[0]; }
  size_t size() const { return load_be24(&bytes[1]); }
};

/// How well the first records fit, from as many of their bytes as are there. A handshake may begin with empty records
/// (OpenSSL takes 32), and its first message may lie in records of any size. An alert or a change of ciphers is a
/// handful of bytes that anybody can put before anything: what follows decides, or else the port and the other side.
Likelihood probe_records(Bytes bytes, bool to_server) {
  constexpr size_t kSmallestHello = 38, kMostSkipped = 32;
  MessageStart start;
  bool likely = false;
  for (size_t skipped = 0; skipped <= kMostSkipped;) {
    if (bytes.empty()) return likely && start.known == 0 ? Likelihood::maybe : Likelihood::more;
    if (!known_record_type(bytes[0])) return Likelihood::no;
    if (bytes.size() >= 2 && bytes[1] != kSsl3 >> 8) return Likelihood::no;
    if (bytes.size() < kRecordHeader) return Likelihood::more;
    const RecordHeader header = read_record_header(bytes.data());
    if (header.length > kMaxRecord || (start.known > 0 && header.type != kHandshake)) return Likelihood::no;
    const Bytes behind = bytes.subspan(kRecordHeader);
    const Bytes payload = behind.first(std::min<size_t>(header.length, behind.size()));
    bytes = behind.subspan(payload.size());
    if (header.length == 0) {
      ++skipped;
      continue;
    }
    switch (header.type) {
      case kHandshake: {
        const bool first = start.known == 0;
        start.take(payload);
        if (start.known == 0) return Likelihood::more;
        if (!known_message_type(start.type())) return first ? Likelihood::maybe : Likelihood::no;  // encrypted, perhaps
        if (start.known < kMessageHeader) {
          if (payload.size() < header.length) return Likelihood::more;
          continue;
        }
        const bool hello = start.type() == (to_server ? kClientHello : kServerHello);
        if (hello) {
          return start.size() >= kSmallestHello &&
                         start.size() <= Tls::kCaps[static_cast<size_t>(Tls::Cap::message)].limit
                     ? Likelihood::sure
                     : Likelihood::no;
        }
        return first && kMessageHeader + start.size() <= header.length ? Likelihood::sure : Likelihood::maybe;
      }
      case kAlert:
        if (header.length != 2) return Likelihood::maybe;
        if (payload.size() < 2) return Likelihood::more;
        if (payload[0] != 1 && payload[0] != 2) return Likelihood::maybe;
        break;
      case kChangeCipherSpec:
        if (header.length != 1) return Likelihood::no;
        if (payload.empty()) return Likelihood::more;
        if (payload[0] != 1) return Likelihood::no;
        break;
      default: return Likelihood::maybe;  // picked up in the middle
    }
    likely = true;
    ++skipped;
  }
  return Likelihood::no;
}

/// Types of records, and the length of SSLv2's.
constexpr ByteSet kStarts = ByteSet::range(kChangeCipherSpec, kHeartbeat) | ByteSet::range(0x80, 0xff);

}  // namespace

const About Tls::about{.name = "tls",
                       .transports = transport::tcp,
                       .ports = kPorts,
                       .help = "transport layer security: SSLv2 to TLS 1.3",
                       .client_first = true,
                       .starts = {kStarts, kStarts}};

const Protocol Tls::protocol{.name = "tls",
                             .anomalies = kAnomalies,
                             .records = records(),
                             .help = "transport layer security",
                             .also = kAlso,
                             .facts = &facts,
                             .sightings = &sightings,
                             .head = kHelloDone,
                             .loud_anomalies = true,
                             .frames = kFrames,
                             .states = kStates,
                             .words = rule_words(),
                             .in_alert = columns(),
                             .caps = kCaps,
                             .parts = kParts,
                             .extent = &record_extent};

std::span<const OptionRow<Config>> Tls::options() {
  return kOptions;
}

Likelihood Tls::probe(const Chunk& first) {
  const Bytes bytes = first.data;
  const bool to_server = first.direction == Direction::to_server;
  if (bytes.empty()) return Likelihood::more;
  if (!(bytes[0] & 0x80)) return probe_records(bytes, to_server);
  // SSLv2: short records, and a hello whose lengths must add up.
  constexpr size_t kLargestClientHello = 2 + 512;
  const uint8_t wanted = to_server ? kClientHello : 4;
  if (bytes.size() >= 3 && bytes[2] != wanted) return Likelihood::no;
  if (bytes.size() < 2) return Likelihood::more;
  const size_t size = ssl2_record_size(bytes);
  if (to_server && size > kLargestClientHello) return Likelihood::no;
  if (to_server && bytes.size() >= 5) {
    const uint16_t version = load_be16(&bytes[3]);
    if (version != kSsl2 && !plausible_version(version)) return Likelihood::no;
  }
  if (bytes.size() < size) return Likelihood::more;
  Ssl2Hello hello;
  const Bytes record = bytes.first(size);
  const bool valid = to_server ? parse_ssl2_client_hello(record, hello) : parse_ssl2_server_hello(record, hello);
  return valid ? Likelihood::sure : Likelihood::no;
}

Step Tls::data(const Chunk& chunk) {
  if (sides_[index(chunk.direction)].stopped) return Step::ok(chunk.data.size());
  uint64_t& begin = tx_.begin[index(chunk.direction)];
  begin = std::min(begin, chunk.offset);
  return records_of(chunk);
}

Step Tls::records_of(const Chunk& chunk) {
  HalfFlow& side = sides_[index(chunk.direction)];
  Bytes rest = chunk.data;
  auto used = [&] { return chunk.data.size() - rest.size(); };
  while (!rest.empty() && !side.stopped) {
    if (side.record_left > 0) {
      const Bytes piece = rest.first(std::min<size_t>(side.record_left, rest.size()));
      side.record_left -= static_cast<uint32_t>(piece.size());
      rest = rest.subspan(piece.size());
      if (side.record_type == kHandshake && !side.encrypted) handshake(piece, chunk.direction);
      continue;
    }
    if (!side.started && rest[0] & 0x80) {
      const Step step = ssl2_record(rest, chunk.offset + used(), chunk.direction);
      if (step.kind == Step::Kind::fail && stop_before_records(chunk.direction)) break;
      if (step.kind != Step::Kind::ok) return step;
      rest = rest.subspan(step.used);
      continue;
    }
    if (rest.size() < kRecordHeader) return Step::need(used(), kRecordHeader - rest.size());
    const RecordHeader header = read_record_header(rest.data());
    if (!valid(header, chunk.direction)) {
      out_.plain(chunk.direction, chunk.offset + used());
      if (!done_ && stop_before_records(chunk.direction)) break;
      if (!done_) return Step::fail();
      sides_[0].stopped = sides_[1].stopped = true;
      break;
    }
    // The first bytes of alerts and heartbeats tell what they are.
    constexpr size_t kLook = 3;
    const bool look = header.type == kAlert || header.type == kHeartbeat || header.type == kChangeCipherSpec;
    const size_t wanted = kRecordHeader + (look ? std::min<size_t>(kLook, header.length) : 0);
    if (rest.size() < wanted) return Step::need(used(), wanted - rest.size());
    side.started = true;
    show_frames(header, chunk.offset + used(), chunk.direction);
    side.record_type = header.type;
    side.record_left = header.length;
    if (!record(header, rest.subspan(kRecordHeader, wanted - kRecordHeader), chunk.direction)) return Step::fail();
    rest = rest.subspan(kRecordHeader);
    if (header.type == kApplicationData && encrypted() && config_.encrypted != Encrypted::match) {
      out_.encrypted(chunk.direction, chunk.offset + used());
    }
  }
  return Step::ok(chunk.data.size());
}

/// What one side says before its first record does not hide the other's handshake: certificates tell by themselves.
bool Tls::stop_before_records(Direction direction) {
  HalfFlow& side = sides_[index(direction)];
  if (side.started || sides_[index(reverse(direction))].stopped) return false;
  return side.stopped = true;
}

/// Both sides have greeted. Of a flow picked up late the greetings may have been missed: then records of both sides
/// have to say it, and more than a few. Records alone are not enough where the flow's beginning was seen: anybody can
/// put five bytes before plain text.
bool Tls::encrypted() const {
  if (tx_.client().greeted && tx_.server().greeted) return true;
  return out_.picked_up_late() && !tx_.client().greeted && sides_[0].data_records >= kLateRecords &&
         sides_[1].data_records >= kLateRecords;
}

void Tls::show_frames(const RecordHeader& header, uint64_t offset, Direction direction) {
  out_.frame(Pdu::hdr, direction, offset, kRecordHeader);
  out_.frame(Pdu::pdu, direction, offset, kRecordHeader + header.length);
  const Pdu content = header.type == kAlert ? Pdu::alert : header.type == kHeartbeat ? Pdu::heartbeat : Pdu::data;
  out_.frame(content, direction, offset + kRecordHeader, header.length);
}

bool Tls::valid(const RecordHeader& header, Direction direction) {
  if (known_record_type(header.type) && plausible_version(header.version) && header.length <= kMaxRecord) return true;
  if (!known_record_type(header.type)) {
    raise(Anomaly::invalid_record_type, direction);
  } else {
    raise(plausible_version(header.version) ? Anomaly::invalid_tls_header : Anomaly::invalid_record_version, direction);
  }
  return false;
}

/// A record begins; `payload` has its first bytes where these matter. False: give the flow up.
bool Tls::record(const RecordHeader& header, Bytes payload, Direction direction) {
  constexpr uint8_t kFatal = 2;  // RFC 5246 7.2
  HalfFlow& side = sides_[index(direction)];
  switch (header.type) {
    case kChangeCipherSpec: side.encrypted = !retrying_ && header.length > 0; break;
    case kAlert:
      if (!side.encrypted && payload.size() >= 2 && payload[0] == kFatal) tx_.fatal_alert = true;
      if (tx_.parties[index(direction)].greeted && !side.encrypted && !done_ &&
          (header.length != 2 || payload[0] < 1 || payload[0] > 2)) {
        raise(Anomaly::invalid_alert_message, direction);
      }
      break;
    case kHandshake:
      if (header.length == 0) raise(Anomaly::invalid_tls_header, direction);
      break;
    case kApplicationData:
      side.encrypted = true;
      if (header.length > 0 && side.data_records < kLateRecords) ++side.data_records;
      if (!done_ && tx_.server().greeted) complete(direction);
      if (done_ && config_.encrypted == Encrypted::bypass) sides_[0].stopped = sides_[1].stopped = true;
      break;
    case kHeartbeat: heartbeat(header, payload, direction); break;
    default: break;
  }
  return true;
}

/// RFC 6520; a request that claims more payload than it has is CVE-2014-0160.
void Tls::heartbeat(const RecordHeader& header, Bytes payload, Direction direction) {
  constexpr uint8_t kRequest = 1, kResponse = 2;
  constexpr size_t kHeader = 3, kSmallestPadding = 16;
  const bool encrypted = sides_[index(direction)].encrypted || done_;
  raise(Anomaly::heartbeat_message, direction);
  if (payload.size() < kHeader || (!encrypted && payload[0] != kRequest && payload[0] != kResponse)) {
    raise(Anomaly::invalid_heartbeat_message, direction);
    return;
  }
  if (heartbeat_.waiting) {
    if (direction == heartbeat_.from) return;
    if (heartbeat_.length > 0 && heartbeat_.length < header.length)
      raise(Anomaly::dataleak_heartbeat_mismatch, direction);
    heartbeat_.waiting = false;
    return;
  }
  heartbeat_ = {true, direction, static_cast<uint16_t>(encrypted ? header.length : 0)};
  if (encrypted) return;
  const size_t claimed = load_be16(&payload[1]);
  if (claimed + kHeader > header.length) {
    raise(Anomaly::overflow_heartbeat_message, direction);
  } else if (claimed + kHeader + kSmallestPadding > header.length) {
    raise(Anomaly::invalid_heartbeat_message, direction);
  }
}

Step Tls::ssl2_record(Bytes bytes, uint64_t offset, Direction direction) {
  const size_t size = ssl2_record_size(bytes);
  if (size == 0) return Step::need(0, 1);
  if (bytes.size() < size) return Step::need(0, size - bytes.size());
  out_.frame(Pdu::ssl2_hdr, direction, offset, bytes[0] & 0x80 ? 2 : 3);
  out_.frame(Pdu::ssl2_pdu, direction, offset, size);
  Ssl2Hello hello;
  const bool client = direction == Direction::to_server;
  const Bytes record = bytes.first(size);
  constexpr uint8_t kError = 0;  // SSL_MT_ERROR of draft-hickman-netscape-ssl-00
  if (const size_t type = bytes[0] & 0x80 ? 2 : 3; !client && size > type && record[type] == kError) {
    raise(Anomaly::error_message_encountered, direction);
    complete(direction);
    sides_[0].stopped = sides_[1].stopped = true;
    return Step::ok(size);
  }
  if (!(client ? parse_ssl2_client_hello(record, hello) : parse_ssl2_server_hello(record, hello))) {
    raise(Anomaly::invalid_sslv2_header, direction);
    return Step::fail();
  }
  sides_[index(direction)].started = true;
  Party& party = tx_.parties[index(direction)];
  party.greeted = true;
  party.version = hello.version;
  advance(direction, kHelloDone);
  if (!client) {
    if (!hello.certificate.empty()) keep_certificate(hello.certificate, direction);
    complete(direction);
    sides_[0].stopped = sides_[1].stopped = true;  // SSLv2 from here on: encrypted at once
  }
  return Step::ok(size);
}

Step Tls::gap(Direction direction, uint64_t lost) {
  HalfFlow& side = sides_[index(direction)];
  const bool skipping = side.record_type != kHandshake || side.encrypted;
  if (skipping && lost <= side.record_left) {
    side.record_left -= static_cast<uint32_t>(lost);
  } else {
    side.stopped = true;  // no record boundary is known any more
    side.messages = {};
  }
  return Step::ok(0);
}

void Tls::finish() {
  if (!done_ && (tx_.client().greeted || tx_.server().greeted)) complete(Direction::to_client);
}

/// All that is known of the handshake comes out.
void Tls::publish(Direction direction) {
  tx_.progress = {kComplete, kComplete};
  const bool greeted = tx_.client().greeted || tx_.server().greeted;
  const bool due = tx_.resumed() ? config_.session_resumption : greeted;
  out_.emit({.tx = &tx_, .direction = reverse(direction)});
  out_.emit(
      {.tx = &tx_, .direction = direction, .record = due ? tls::records().data() : nullptr, .message = tx_.bytes});
}

void Tls::complete(Direction direction) {
  done_ = true;
  publish(direction);
  abridge();
  for (HalfFlow& side : sides_) side.messages = {};
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Tls>();

}  // namespace lapwing::tls
