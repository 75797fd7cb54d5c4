#include "dissectors/protocols/krb5/krb5.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "dissectors/parts/kerberos/kerberos_names.h"
#include "sensor/base/hash.h"
#include "sensor/base/per_thread.h"

namespace lapwing::krb5 {

namespace {

constexpr uint16_t kPorts[] = {88};
constexpr size_t kMark = 4;                     // of a message over TCP: its length (RFC 4120 7.2.2)
constexpr uint64_t kLongest = 1 << 20;          // that any server takes; what says more is no length
constexpr uint8_t kFirst = 0x60, kLast = 0x7e;  // application tags of messages, of which most are none

constexpr FrameKind kFrames[] = {{"pdu", "a message, over TCP without its length"}};

constexpr auto kAnomalies = names<Anomaly::weak_encryption>(
    {{Anomaly::malformed_data, "malformed_data"}, {Anomaly::weak_encryption, "weak_encryption"}});

/// Types that a side sends; others are either's.
bool sends(Direction direction, uint8_t tag) {
  switch (static_cast<Type>(tag & 0x1f)) {
    case Type::as_request:
    case Type::tgs_request:
    case Type::ap_request: return direction == Direction::to_server;
    case Type::as_reply:
    case Type::tgs_reply:
    case Type::ap_reply:
    case Type::error: return direction == Direction::to_client;
    default: return true;
  }
}

constexpr ByteSet starts(Direction direction) {
  ByteSet out;
  out.add(0);  // of a length
  const bool client = direction == Direction::to_server;
  for (const int tag : {client ? 0x6a : 0x6b, client ? 0x6c : 0x6d, client ? 0x6e : 0x6f, 0x74, 0x75, 0x76}) {
    out.add(static_cast<uint8_t>(tag));
  }
  if (!client) out.add(0x7e);
  return out;
}

/// Of what stands behind a length.
Likelihood judge(Bytes wire, Direction direction) {
  const Likelihood verdict = kerberos::begins(wire);
  return !wire.empty() && !sends(direction, wire[0]) ? Likelihood::no : verdict;
}

/// Of a length and what is behind it.
Likelihood judge_stream(Bytes bytes, Direction direction) {
  if (bytes.size() < kMark) return bytes.empty() || bytes[0] == 0 ? Likelihood::more : Likelihood::no;
  const uint64_t size = load_be32(bytes.data());
  return size < kerberos::kShortestHead || size > kLongest ? Likelihood::no : judge(bytes.subspan(kMark), direction);
}

/// Errors that refuse the one who asks (RFC 4120 7.5.9, RFC 4556 3.1.3); others ask for more, send him elsewhere or are
/// about something else.
constexpr int32_t kRefusals[] = {
    1,   // KDC_ERR_NAME_EXP
    6,   // KDC_ERR_C_PRINCIPAL_UNKNOWN
    9,   // KDC_ERR_NULL_KEY
    12,  // KDC_ERR_POLICY
    18,  // KDC_ERR_CLIENT_REVOKED
    21,  // KDC_ERR_CLIENT_NOTYET
    23,  // KDC_ERR_KEY_EXPIRED
    24,  // KDC_ERR_PREAUTH_FAILED
    62,  // KDC_ERROR_CLIENT_NOT_TRUSTED
    64,  // KDC_ERROR_INVALID_SIG
    66,  // KDC_ERR_CERTIFICATE_MISMATCH
    70,  // KDC_ERR_CANT_VERIFY_CERTIFICATE
    71,  // KDC_ERR_INVALID_CERTIFICATE
    72,  // KDC_ERR_REVOKED_CERTIFICATE
    75,  // KDC_ERR_CLIENT_NAME_MISMATCH
};

/// The message at hand. One a worker: the capacities it keeps make reading free of allocations.
MessageTransaction& scratch() {
  MessageTransaction& tx = per_thread([] { return MessageTransaction(); });
  tx.reset();
  return tx;
}

}  // namespace

const About Krb5::about{.name = "krb5",
                        .transports = transport::tcp | transport::udp,
                        .ports = kPorts,
                        .help = "Kerberos 5 (RFC 4120)",
                        .starts = {starts(Direction::to_server), starts(Direction::to_client)}};

const Protocol Krb5::protocol{.name = "krb5",
                              .anomalies = kAnomalies,
                              .records = records(),
                              .help = "Kerberos 5",
                              .login = &login,
                              .sightings = &sightings,
                              .one_message = true,
                              .frames = kFrames,
                              .words = rule_words(),
                              .in_alert = columns(),
                              .caps = kCaps,
                              .parts = kParts};

Likelihood Krb5::probe(const Chunk& first) {
  if (first.datagram) {
    const Likelihood verdict = judge(first.data, first.direction);
    return verdict == Likelihood::sure ? verdict : Likelihood::no;
  }
  // The first byte alone may be that of a datagram: which transport it came by is no matter of the starts.
  if (first.data.size() == 1) {
    return about.starts[index(first.direction)].has(first.data[0]) ? Likelihood::more : Likelihood::no;
  }
  return judge_stream(first.data, first.direction);
}

Step Krb5::data(const Chunk& chunk) {
  if (chunk.datagram) {
    message(chunk.data, 0, chunk);
    return Step::ok(chunk.data.size());
  }
  Resync& resync = resync_[index(chunk.direction)];
  size_t used = 0;
  while (true) {
    Chunk left = chunk;
    left.offset += used;
    left.data = chunk.data.subspan(used);
    used += resync.skip(left, kMark + kerberos::kHead, [&](Bytes rest) { return judge_stream(rest, chunk.direction); });
    if (resync.lost()) return Step::need(used, 1);
    const Bytes rest = chunk.data.subspan(used);
    if (rest.size() < kMark) return Step::need(used, rest.empty() ? 0 : kMark - rest.size());
    const uint64_t size = load_be32(rest.data()), begin = chunk.offset + used + kMark;
    if (size > kLongest) {
      out_.anomaly(Anomaly::malformed_data, chunk.direction);
      resync.lose();
      ++used;
      continue;
    }
    resync.reaches(begin + size);
    if (!out_.within(Cap::message, size)) {
      resync.lose();
      used += kMark;
      continue;
    }
    if (rest.size() < kMark + size) return Step::need(used, static_cast<size_t>(kMark + size - rest.size()));
    message(rest.subspan(kMark, static_cast<size_t>(size)), begin, chunk);
    used += static_cast<size_t>(kMark + size);
  }
}

Step Krb5::gap(Direction direction, uint64_t) {
  resync_[index(direction)].lose();
  requests_.lose();
  return Step::ok(0);
}

void Krb5::message(Bytes wire, uint64_t offset, const Chunk& chunk) {
  out_.frame(Pdu::pdu, chunk.direction, offset, wire.size());
  MessageTransaction& tx = scratch();
  Message& said = tx.message;
  const bool sound = kerberos::read(wire, said);
  if (said.type == Type::none) return out_.anomaly(Anomaly::malformed_data, chunk.direction);
  if (said.passed_over > 0) out_.capped(Cap::entries, said.passed_over);
  out_.open(tx);
  if (!chunk.datagram) tx.begin[index(chunk.direction)] = offset - kMark;  // rules may look at its length
  const bool reply = said.type == Type::as_reply || said.type == Type::tgs_reply;
  if (reply || said.type == Type::error) answer(tx);
  if (!sound) out_.anomaly(Anomaly::malformed_data, chunk.direction, &tx);
  if (reply && said.encryption && kerberos::weak_encryption(*said.encryption)) {
    out_.anomaly(Anomaly::weak_encryption, chunk.direction, &tx);
  }
  tx.progress[index(chunk.direction)] = kComplete;
  out_.emit({.tx = &tx,
             .direction = chunk.direction,
             .record = records().data(),
             .reversed = chunk.direction == Direction::to_client,
             .message = wire.size()});
  if (said.type != Type::as_request && said.type != Type::tgs_request) return;
  if (!requests_.add(said, keyed_hash(wire, kReplaySeed))) out_.capped(Cap::requests);
}

/// The first answer to a request is that of its login.
void Krb5::answer(MessageTransaction& tx) {
  const Message& said = tx.message;
  const bool unasked = requests_.empty();
  tx.request = requests_.answered(said);
  if (said.type == Type::as_reply && (tx.request || unasked)) tx.login = Outcome::success;
  if (tx.request && tx.request->type == Type::as_request && said.error &&
      std::ranges::find(kRefusals, *said.error) != std::end(kRefusals)) {
    tx.login = Outcome::failure;
  }
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Krb5>();

}  // namespace lapwing::krb5
