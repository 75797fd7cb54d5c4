#include "dissectors/protocols/ssh/ssh.h"

#include <algorithm>
#include <utility>

#include "sensor/base/openssl.h"

namespace lapwing::ssh {

namespace {

constexpr uint16_t kPorts[] = {22};

constexpr FrameKind kFrames[] = {
    {"record.hdr", "length, padding length and type of a record in the clear"},
    {"record.data", "a record in the clear behind that"},
    {"record.pdu", "a record in the clear"},
};

constexpr auto kAnomalies = names<Anomaly::invalid_record>({
    {Anomaly::invalid_banner, "invalid_banner"},
    {Anomaly::long_banner, "long_banner"},
    {Anomaly::invalid_record, "invalid_record"},
});

constexpr NamedValue kEncrypted[] = {
    {"track-only", Encrypted::watch}, {"full", Encrypted::match}, {"bypass", Encrypted::bypass}};

constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.ssh.hassh", one_of<&Config::hassh>(kSwitchOrAuto<true>), "auto", "compute HASSH; auto: yes"},
    {"app-layer.protocols.ssh.encryption-handling", one_of<&Config::encrypted>(kEncrypted), "track-only",
     "once both sides are encrypted: guess how the login ended (track-only), match raw payload as well (full), or look "
     "no more (bypass)"},
};

/// A banner, or of a flow picked up late a record.
constexpr ByteSet kStarts = bytes_of(kBannerStart.substr(0, 1)) | ByteSet::range(0, 0);

constinit DigestAlgorithm md5("MD5"), sha256("SHA256");

/// As OpenSSH shows it.
std::string fingerprint(Bytes key) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> out;
  std::string text = to_base64(digest(sha256, to_text(key), out));
  text.erase(std::min(text.find('='), text.size()));
  return "SHA256:" + text;
}

/// Most clients begin with a request for no authentication, which tells them what there is (RFC 4252 5.2).
bool told_login(const Event& event, LoginSeen& login) {
  const Login& guess = static_cast<const Session&>(*event.tx).login;
  if (guess.attempts() == 0) return false;
  login = {.outcome = guess.outcome(), .attempts = std::max(guess.attempts() - 1, 1U), .guessed = true};
  return true;
}

void sightings(const Event& event, SightingSink& sink) {
  if (!event.record) return;
  const auto& session = static_cast<const Session&>(*event.tx);
  for (Side side : {Side::client, Side::server}) {
    const Party& party = side == Side::client ? session.client() : session.server();
    if (!party.software.empty()) {
      sink.software({.kind = SoftwareKind::product, .side = side, .value = party.software, .version = party.comments});
    }
    if (!party.hassh_hash.empty()) {
      sink.software({.kind = SoftwareKind::hassh, .side = side, .value = party.hassh_hash});
    }
  }
}

}  // namespace

const About Ssh::about{.name = "ssh",
                       .transports = transport::tcp,
                       .ports = kPorts,
                       .help = "secure shell (RFC 4253)",
                       .starts = {kStarts, kStarts}};

const Protocol Ssh::protocol{.name = "ssh",
                             .anomalies = kAnomalies,
                             .records = records(),
                             .help = "secure shell",
                             .login = &told_login,
                             .sightings = &sightings,
                             .frames = kFrames,
                             .words = rule_words(),
                             .in_alert = columns(),
                             .caps = kCaps};

std::span<const OptionRow<Config>> Ssh::options() {
  return kOptions;
}

Likelihood Ssh::probe(const Chunk& first) {
  if (!first.data.empty() && first.data[0] == 0) return begins_records(first.data);
  if (!may_begin_banner(first.data)) return Likelihood::no;
  return first.data.size() < kBannerStart.size() ? Likelihood::more : Likelihood::sure;
}

Ssh::Ssh(const Config& config, const Out<Ssh>& out) : config_(config), out_(out), late_(out_.picked_up_late()) {
  out_.open(tx_);
}

Step Ssh::data(const Chunk& chunk) {
  HalfFlow& side = half(chunk.direction);
  uint64_t& begin = tx_.begin[index(chunk.direction)];
  begin = std::min(begin, chunk.offset);
  side.end = chunk.offset + chunk.data.size();
  size_t used = 0;
  while (used < chunk.data.size()) {
    const Bytes rest = chunk.data.subspan(used);
    switch (side.phase) {
      case Phase::banner: {
        if (late_ && !may_begin_banner(rest) && side.greeting == 0) {
          lose_banner(chunk.direction);
          break;
        }
        const Lines::Taken taken = side.lines.take(rest);
        used += taken.used;
        if (!taken.line) return Step::need(used, 1);
        banner(*taken.line, chunk.direction);
        break;
      }
      case Phase::records: {
        if (side.lines.passing()) {
          used += side.lines.pass(rest);  // the end of a banner that is too long
          break;
        }
        if (side.resync.lost()) {
          used += side.resync.skip({.data = rest, .offset = chunk.offset + used}, kEnoughToResume, begins_records);
          if (side.resync.lost()) return Step::need(used, 1);
        } else if (side.record_left > 0) {
          const size_t part = std::min<size_t>(side.record_left, rest.size());
          side.record_left -= static_cast<uint32_t>(part);
          used += part;
        } else {
          const Step step = record(rest, chunk.offset + used, chunk.direction);
          if (step.kind != Step::Kind::ok) return Step::need(used, step.more);
          used += step.used;
        }
        if (side.encrypted <= chunk.offset + used) begin_encrypted(chunk.direction);
        break;
      }
      case Phase::encrypted: heard(chunk.direction, rest.size()); [[fallthrough]];
      case Phase::stopped: used = chunk.data.size(); break;
    }
  }
  return Step::ok(used);
}

void Ssh::stop_both() {
  for (HalfFlow& side : halves_) side.phase = Phase::stopped;
}

void Ssh::banner(const Lines::Line& line, Direction direction) {
  HalfFlow& side = half(direction);
  Party& self = party(direction);
  Banner read;
  if (!line.text.starts_with(kBannerStart)) {
    // Only a server may greet before (RFC 4253 4.2).
    if (direction == Direction::to_client && out_.within(Cap::greeting, ++side.greeting)) return;
    out_.anomaly(Anomaly::invalid_banner, direction, &tx_);
    return stop(direction);
  }
  if (!parse_banner(line.text, read)) {
    out_.anomaly(Anomaly::invalid_banner, direction, &tx_);
    return stop(direction);
  }
  self.greeted = true;
  self.proto = read.proto;
  self.software = read.software;
  self.comments = read.comments;
  tx_.bytes += line.text.size();
  side.phase = is_version_1(read.proto) ? Phase::stopped : Phase::records;
  out_.reach(tx_, direction, kBannerDone, line.text.size());
  if (line.cut) out_.anomaly(Anomaly::long_banner, direction, &tx_);
  const bool other_stopped = half(reverse(direction)).phase == Phase::stopped;
  if (party(reverse(direction)).greeted && (side.phase == Phase::stopped || other_stopped)) {
    stop_both();
    publish(direction);
  }
}

Step Ssh::record(Bytes bytes, uint64_t offset, Direction direction) {
  if (bytes.size() < RecordHeader::kSize) return Step::need(0, RecordHeader::kSize - bytes.size());
  HalfFlow& side = half(direction);
  const RecordHeader header = read_record_header(bytes.data());
  if (header.length < RecordHeader::kShortest || header.length > RecordHeader::kLongest) {
    out_.anomaly(Anomaly::invalid_record, direction, &tx_);
    stop(direction);
    return Step::ok(bytes.size());
  }
  const size_t size = RecordHeader::kLengthSize + header.length;
  side.resync.reaches(offset + size);
  const bool exchange = header.type == kKexInit && !party(direction).exchanged;
  const bool shows_key =
      direction == Direction::to_client && tx_.shown_key.empty() && !published_ && may_show_host_key(header.type);
  const Cap cap = exchange ? Cap::kex_init : Cap::host_key;
  const bool kept = (exchange || shows_key) && size <= out_.limit(cap);
  if (kept && bytes.size() < size) return Step::need(0, size - bytes.size());
  if ((exchange || shows_key) && !kept) out_.capped(cap);
  out_.frame(Pdu::header, direction, offset, RecordHeader::kSize, &tx_);
  out_.frame(Pdu::data, direction, offset + RecordHeader::kSize, size - RecordHeader::kSize, &tx_);
  out_.frame(Pdu::pdu, direction, offset, size, &tx_);
  side.record_left = static_cast<uint32_t>(size - RecordHeader::kSize);
  if (header.type == kNewKeys) side.encrypted = offset + size;
  if (kept) {
    const Bytes payload = bytes.subspan(RecordHeader::kSize, size - RecordHeader::kSize);
    exchange ? key_exchange(payload, direction) : host_key(payload);
  }
  return Step::ok(RecordHeader::kSize);
}

void Ssh::key_exchange(Bytes payload, Direction direction) {
  Party &self = party(direction), &other = party(reverse(direction));
  self.exchanged = true;
  self.kex_init = to_text(payload);
  if (!parse_kex_init(to_bytes(self.kex_init), self.offered)) {
    self.offered = {};
    out_.anomaly(Anomaly::invalid_record, direction, &tx_);
    return;
  }
  if (config_.hassh) {
    self.hassh = hassh(self.offered, direction);
    self.hassh_hash = digest_hex(md5, self.hassh);
  }
  tx_.bytes += payload.size();
  if (!other.kex_init.empty()) {
    negotiate();
    for (Party& one : tx_.parties) {
      one.kex_init = {};
      one.offered = {};
    }
  }
  out_.reach(tx_, direction, kKeyExchangeDone, payload.size());
  if (!tx_.shown_key.empty() && other.exchanged) publish(direction);
}

void Ssh::host_key(Bytes payload) {
  const HostKey key = parse_host_key(payload);
  if (key.blob.empty()) return;
  tx_.shown_key_type = key.type;
  tx_.shown_key = fingerprint(key.blob);
  tx_.bytes += payload.size();
  out_.reach(tx_, Direction::to_client, kHostKeyDone, payload.size());
  if (tx_.client().exchanged && tx_.server().exchanged) publish(Direction::to_client);
}

void Ssh::negotiate() {
  const Lists &client = tx_.client().offered, &server = tx_.server().offered;
  auto chosen = [&](List list, Direction whose = Direction::to_server) {
    const size_t at = static_cast<size_t>(list) + index(whose);
    return std::string(choose(client[at], server[at]));
  };
  tx_.kex = chosen(List::kex);
  tx_.host_key = chosen(List::host_key);
  for (const Direction whose : {Direction::to_server, Direction::to_client}) {
    Channel& channel = tx_.channels[index(whose)];
    channel.cipher = chosen(List::cipher_to_server, whose);
    if (!authenticates(channel.cipher)) channel.mac = chosen(List::mac_to_server, whose);
    channel.compression = chosen(List::compression_to_server, whose);
  }
}

/// Alerts go on showing what is small.
void Ssh::publish(Direction direction) {
  if (published_) return;
  published_ = true;
  out_.emit({.tx = &tx_, .direction = direction, .record = records().data(), .message = tx_.bytes});
  for (Party& one : tx_.parties) {
    if (!out_.within(Cap::hassh, one.hassh.size())) one.hassh = {};
  }
}

void Ssh::begin_encrypted(Direction direction) {
  half(direction).phase = Phase::encrypted;
  if (half(reverse(direction)).phase != Phase::encrypted) return;
  publish(direction);
  for (const Direction each : {Direction::to_server, Direction::to_client}) {
    if (config_.encrypted != Encrypted::match) out_.encrypted(each, half(each).encrypted);
  }
  if (config_.encrypted == Encrypted::bypass) stop_both();
}

void Ssh::heard(Direction direction, uint64_t bytes) {
  if (!tx_.login.begun()) {
    constexpr size_t kSuccess = 1, kServiceAccepted = 17;  // bytes of their payload, for the service ssh-userauth
    const Channel& channel = tx_.channels[index(Direction::to_client)];
    tx_.login.begin(size_on_wire(channel.cipher, channel.mac, kSuccess),
                    size_on_wire(channel.cipher, channel.mac, kServiceAccepted));
  }
  tx_.login.heard(direction, bytes);
  if (!tx_.login.over()) return;
  stop_both();
  publish_login(direction);
}

void Ssh::publish_login(Direction direction) {
  if (tx_.login.attempts() == 0) return;
  tx_.progress = {kComplete, kComplete};
  out_.emit({.tx = &tx_, .direction = reverse(direction)});
  out_.emit({.tx = &tx_, .direction = direction, .record = &records()[1], .message = tx_.bytes});
}

Step Ssh::gap(Direction direction, uint64_t lost) {
  HalfFlow& side = half(direction);
  const uint64_t end = std::exchange(side.end, side.end + lost) + lost;
  if (side.phase == Phase::banner) lose_banner(direction);
  if (side.phase == Phase::encrypted) heard(direction, lost);
  if (side.phase != Phase::records) return Step::ok(0);
  side.lines.begin_anew();
  side.record_left = 0;
  side.resync.lose();
  if (side.encrypted <= end) {
    begin_encrypted(direction);
    heard(direction, end - side.encrypted);
  }
  return Step::ok(0);
}

/// A banner was missed: what comes are records.
void Ssh::lose_banner(Direction direction) {
  half(direction).phase = Phase::records;
  half(direction).resync.lose();
}

void Ssh::finish() {
  if (tx_.client().spoke() || tx_.server().spoke()) publish(Direction::to_client);
  if (tx_.login.over()) return;
  tx_.login.end();
  publish_login(Direction::to_client);
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Ssh>();

}  // namespace lapwing::ssh
