#include "dissectors/protocols/ldap/ldap.h"

#include <algorithm>
#include <utility>

#include "dissectors/contract/names.h"
#include "sensor/base/text.h"

namespace lapwing::ldap {

namespace {

constexpr auto kClient = Direction::to_server;  // who speaks
constexpr auto kServer = Direction::to_client;
constexpr uint16_t kPorts[] = {389, 3268};
constexpr uint8_t kMessageStart = 0x30;  // RFC 4511 4.1.1: a SEQUENCE
constexpr uint8_t kHandshake = 22;       // first byte of a TLS record (RFC 8446 5.1)

constexpr ByteSet kStarts = ByteSet::range(kMessageStart, kMessageStart) | ByteSet::range(kBufferStart, kBufferStart);

constexpr auto kAnomalies = names<Anomaly::too_many_responses>({
    {Anomaly::too_many_transactions, "too_many_transactions"},
    {Anomaly::invalid_data, "invalid_data"},
    {Anomaly::request_not_found, "request_not_found"},
    {Anomaly::too_many_responses, "too_many_responses"},
});
constexpr FrameKind kFrames[] = {{"pdu", "a message"}};

#define LAPWING_LDAP_KEY "app-layer.protocols.ldap."

constexpr OptionRow<Config> kOptions[] = {
    {LAPWING_LDAP_KEY "max-tx", &Config::max_tx, "1024",
     "requests of one flow that may wait for their last response; then the oldest is recorded as it is"},
    {LAPWING_LDAP_KEY "max-responses", &Config::max_responses, "1024",
     "responses to one request that are kept; more are counted"},
    {LAPWING_LDAP_KEY "record.passwords", &Config::passwords, "no",
     "ldap records and alerts show passwords, and values of attributes that hold them"},
};

bool goes_there(const Head& head, Direction direction) {
  return is_request(head.operation) == (direction == kClient);
}

Likelihood judge(Bytes bytes, Direction direction) {
  Head head;
  switch (read_head(bytes, head)) {
    case Verdict::more: return Likelihood::more;
    case Verdict::bad: return Likelihood::no;
    default: return goes_there(head, direction) ? Likelihood::sure : Likelihood::no;
  }
}

/// Of a flow that was under way: what Kerberos wraps shows itself, but others might wrap it as well.
Likelihood judge_buffer(Bytes bytes) {
  Buffer buffer;
  const Verdict verdict = read_buffer(bytes, false, buffer);
  if (verdict == Verdict::more) return Likelihood::more;
  return verdict == Verdict::good && !buffer.mechanism.empty() ? Likelihood::maybe : Likelihood::no;
}

/// The last step of one, and answered.
bool ends_login(const Exchange& exchange) {
  if (!exchange.login || !exchange.login->over || exchange.responses.empty()) return false;
  const Message& answer = exchange.responses.back();
  return answer.operation == Operation::bind_response && answer.result != kBindInProgress;
}

bool told_login(const Event& event, LoginSeen& login) {
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  if (!ends_login(exchange)) return false;
  login = exchange.login->said.seen();
  return true;
}

/// Name of the server in what it says of itself: an entry without a name (RFC 4512 5.1).
std::string_view server_name(const Exchange& exchange) {
  if (exchange.netlogon && !exchange.netlogon->host.empty()) return exchange.netlogon->host;
  const Contents& contents = exchange.of(kServer);
  for (const Message& message : exchange.responses) {
    if (message.operation != Operation::search_result_entry || message.dn.size > 0) continue;
    for (const Attribute& attribute : contents.of(contents.attributes, message.attributes)) {
      if (attribute.values.count > 0 && equal_nocase(to_text(contents.of(attribute.type)), "dnsHostName")) {
        return to_text(contents.of(contents.of(attribute.values).front()));
      }
    }
  }
  return {};
}

void sightings(const Event& event, SightingSink& sink) {
  if (!event.record) return;
  const auto& exchange = static_cast<const Exchange&>(*event.tx);
  tell_operation(exchange, sink);
  const std::string_view name = server_name(exchange);
  if (!name.empty()) sink.binding({.kind = BindingKind::dns, .side = lapwing::Side::server, .name = name});
  if (ends_login(exchange) && exchange.login->said.tokens) gss::sightings(*exchange.login->said.tokens, sink);
}

}  // namespace

const About Ldap::about{.name = "ldap",
                        .transports = transport::tcp | transport::udp,
                        .ports = kPorts,
                        .help = "directories (RFC 4511)",
                        .starts = {kStarts, kStarts},
                        .stream_depth = 0};  // an answer may be a whole directory

const Protocol Ldap::protocol{.name = "ldap",
                              .anomalies = kAnomalies,
                              .records = records(),
                              .help = "directories",
                              .login = &told_login,
                              .sightings = &sightings,
                              .frames = kFrames,
                              .words = rule_words(),
                              .in_alert = columns(),
                              .caps = kCaps,
                              .parts = kParts,
                              .extent = &record_extent};

std::span<const OptionRow<Config>> Ldap::options() {
  return kOptions;
}

Likelihood Ldap::probe(const Chunk& first) {
  if (first.data.empty()) return Likelihood::more;
  if (!first.datagram && first.data[0] == kBufferStart) return judge_buffer(first.data);
  const Likelihood verdict = judge(first.data, first.direction);
  return first.datagram && verdict == Likelihood::more ? Likelihood::no : verdict;
}

Ldap::Ldap(const Config& config, const Out<Ldap>& out)
    : config_(config),
      out_(out),
      sides_{Side({.value = out_.limit(Cap::value),
                   .token = out_.limit(Cap::token),
                   .all = out_.limit(Cap::kept),
                   .passwords = config.passwords}),
             Side({.value = out_.limit(Cap::value),
                   .token = out_.limit(Cap::token),
                   .all = out_.limit(Cap::kept),
                   .passwords = config.passwords})},
      in_step_(!out_.picked_up_late()) {}

Step Ldap::data(const Chunk& chunk) {
  if (unreadable_) return Step::ok(chunk.data.size());
  if (!chunk.datagram) return stream(chunk);
  datagram(chunk);
  return Step::ok(chunk.data.size());
}

/// One or more messages, all of them whole.
void Ldap::datagram(const Chunk& chunk) {
  Reader& reader = side(chunk.direction).reader;
  for (size_t used = 0; used < chunk.data.size();) {
    const Bytes rest = chunk.data.subspan(used);
    Head head;
    if (read_head(rest, head) != Verdict::good || !goes_there(head, chunk.direction)) {
      return out_.anomaly(Anomaly::invalid_data, chunk.direction, pending_.latest());
    }
    Exchange& exchange = begin(head, chunk.direction, kNowhere);
    out_.frame(Pdu::pdu, chunk.direction, used, std::min<uint64_t>(head.size(), rest.size()), &exchange);
    used += head.bytes + reader.take(rest.subspan(head.bytes));
    if (reader.under_way()) {
      reader.lose();
      out_.anomaly(Anomaly::invalid_data, chunk.direction, &exchange);
    }
    end_message(chunk.direction);
  }
}

Step Ldap::stream(const Chunk& chunk) {
  Side& from = side(chunk.direction);
  size_t used = 0;
  while (true) {
    Chunk rest = chunk;
    rest.data = chunk.data.subspan(used);
    rest.offset += used;
    used += from.resync.skip(rest, kLongestHead, [&](Bytes front) { return judge(front, chunk.direction); });
    if (from.resync.lost()) return Step::need(used, 1);
    if (used == chunk.data.size()) return Step::ok(used);
    const auto taken = take(chunk.data.subspan(used), chunk.direction, chunk.offset + used);
    if (!taken) return Step::need(used, 1);
    used += *taken;
    if (tls_ != Tls::granted) continue;
    become_tls();
    return Step::ok(unreadable_ ? chunk.data.size() : used);
  }
}

std::optional<size_t> Ldap::take(Bytes bytes, Direction direction, uint64_t offset) {
  Side& from = side(direction);
  if (from.buffer == 0) {
    if (from.goes_on()) return begin_buffer(bytes, direction, offset);
    if (!from.reader.under_way()) {
      if (bytes[0] == kBufferStart) return begin_buffer(bytes, direction, offset);
      // Of what comes behind StartTLS the answer tells what it is.
      if (bytes[0] == kHandshake && tls_ == Tls::asked && direction == kClient) return {};
    }
  } else if (from.plain == 0) {
    const auto passed = static_cast<size_t>(std::min<uint64_t>(bytes.size(), from.buffer));
    from.buffer -= passed;
    return passed;
  } else {
    bytes = bytes.first(static_cast<size_t>(std::min<uint64_t>(bytes.size(), from.plain)));
  }
  const bool within = from.buffer > 0;
  std::optional<size_t> taken;
  if (from.reader.under_way()) {
    taken = from.reader.take(bytes);
    if (!from.reader.under_way()) end_message(direction);
  } else {
    taken = begin_message(bytes, direction, offset);
  }
  if (taken && within) {
    from.buffer -= *taken;
    from.plain -= std::min<uint64_t>(from.plain, *taken);
  }
  return taken;
}

std::optional<size_t> Ldap::begin_buffer(Bytes bytes, Direction direction, uint64_t offset) {
  Side& from = side(direction);
  Buffer buffer;
  const Verdict verdict = read_buffer(bytes, from.goes_on(), buffer);
  if (verdict == Verdict::more || (verdict == Verdict::good && bytes.size() < buffer.front)) return {};
  const bool expected = !in_step_ || (login_ && !login_->said.mechanism.empty());
  if (verdict == Verdict::bad || !expected) return go_astray(direction);
  if (from.goes_on() && buffer.plain == 0) {  // with what cannot be read
    from.head_size = 0;
    if (from.reader.under_way()) {
      from.reader.lose();
      end_message(direction);
    }
  }
  from.buffer = buffer.size - buffer.front;
  from.plain = buffer.plain;
  from.resync.reaches(offset + buffer.size);
  enter_layer(buffer, direction, offset);
  return buffer.front;
}

void Ldap::enter_layer(const Buffer& buffer, Direction direction, uint64_t offset) {
  Side& from = side(direction);
  const bool sealed = buffer.protection == Protection::sealed;
  if (sealed && !std::exchange(from.sealed, true)) out_.encrypted(direction, offset);
  const auto bit = static_cast<uint8_t>(1 << static_cast<unsigned>(buffer.protection));
  if (told_layers_ & bit) return;
  told_layers_ |= bit;
  Exchange& exchange = open(0);
  exchange.begin[index(direction)] = offset;
  exchange.layer = {buffer.protection, buffer.mechanism};
  exchange.login = login_;
  end(exchange);
}

std::optional<size_t> Ldap::begin_message(Bytes bytes, Direction direction, uint64_t offset) {
  Side& from = side(direction);
  std::array<uint8_t, kLongestHead> joined = from.head;
  Bytes front = bytes;
  if (from.head_size > 0) {
    const Bytes more = bytes.first(std::min(bytes.size(), joined.size() - from.head_size));
    std::ranges::copy(more, joined.begin() + static_cast<std::ptrdiff_t>(from.head_size));
    front = Bytes(joined).first(from.head_size + more.size());
  }
  Head head;
  const Verdict verdict = read_head(front, head);
  if (verdict == Verdict::more) {
    const bool ends = from.buffer > 0 && bytes.size() == from.plain;
    if (!ends) return {};
    std::ranges::copy(front, from.head.begin());
    from.head_size = front.size();
    return bytes.size();
  }
  if (verdict == Verdict::bad || !goes_there(head, direction)) return go_astray(direction);
  const size_t taken = head.bytes - std::min(head.bytes, std::exchange(from.head_size, 0));
  const bool whole = taken == head.bytes && (from.buffer == 0 || head.size() <= from.plain);
  from.wrapped = from.buffer > 0;
  if (!from.wrapped) {
    from.resync.reaches(offset + head.size());
    if (std::exchange(from.sealed, false)) out_.plain(direction, offset);
  }
  Exchange& exchange = begin(head, direction, offset);
  // A frame is one piece of the stream, and over before its exchange is.
  if (whole) {
    const bool at_hand = head.size() <= bytes.size();
    from.frame_end = at_hand ? kNowhere : offset + head.size();
    out_.frame(Pdu::pdu, direction, offset, at_hand ? head.size() : kOpenLength, &exchange);
  }
  if (!from.reader.under_way()) end_message(direction);
  return taken;
}

size_t Ldap::go_astray(Direction direction) {
  Side& from = side(direction);
  out_.anomaly(Anomaly::invalid_data, direction, pending_.latest());
  from.head_size = 0;
  if (std::exchange(from.plain, 0) > 0) return 0;  // the rest of the buffer is passed over
  if (from.reader.under_way()) {
    from.reader.lose();
    end_message(direction);
  }
  in_step_ = false;
  from.resync = {};
  from.resync.lose();
  return 0;
}

Exchange& Ldap::begin(const Head& head, Direction direction, uint64_t offset) {
  Side& from = side(direction);
  Exchange& exchange = direction == kClient ? open(head.id) : asked_by(head);
  if (exchange.begin[index(direction)] == kNowhere) exchange.begin[index(direction)] = offset;
  exchange.asked |= direction == kClient;
  exchange.reading[index(direction)] = true;
  from.exchange = &exchange;
  const bool room = direction == kClient || has_room(exchange, head.operation);
  from.reader.begin(head, direction, room ? &exchange.contents[index(direction)] : nullptr);
  return exchange;
}

void Ldap::end_message(Direction direction) {
  Side& from = side(direction);
  Exchange& exchange = *std::exchange(from.exchange, nullptr);
  const uint64_t end = std::exchange(from.frame_end, kNowhere);
  if (end != kNowhere) out_.end_frame(Pdu::pdu, direction, end, &exchange);
  const Message& message = from.reader.message();
  exchange.reading[index(direction)] = false;
  exchange.size += message.size;
  report(message, exchange);
  if (direction == kClient) {
    exchange.request = message;
    request(exchange);
  } else {
    response(exchange, message);
  }
}

void Ldap::report(const Message& message, Exchange& exchange) {
  if (message.long_values > 0) out_.capped(Cap::value, message.long_values);
  if (message.long_tokens > 0) out_.capped(Cap::token, message.long_tokens);
  if (message.unkept > 0) out_.capped(Cap::kept, message.unkept);
  if (message.deep > 0) out_.capped(Cap::depth, message.deep);
  if (message.long_filters > 0) out_.capped(Cap::filter);
  if (message.broken) out_.anomaly(Anomaly::invalid_data, message.side, &exchange);
}

void Ldap::become_tls() {
  if (!out_.knows("tls")) {
    unreadable_ = true;  // nor could it be read
    return;
  }
  finish();
  out_.become("tls");
}

Step Ldap::gap(Direction direction, uint64_t) {
  if (unreadable_) return Step::ok(0);
  Side& from = side(direction);
  in_step_ = false;
  if (from.reader.under_way()) {
    from.reader.lose();
    end_message(direction);
  }
  from.buffer = from.plain = 0;
  from.head_size = 0;
  from.resync.lose();
  // The answer that the client's next words wait for may be lost.
  if (direction == kServer && std::exchange(tls_, Tls::none) == Tls::asked) out_.resume(kClient);
  return Step::ok(0);
}

void Ldap::finish() {
  for (const Direction direction : {kClient, kServer}) {
    Side& from = side(direction);
    if (!from.reader.under_way()) continue;
    from.reader.lose();
    end_message(direction);
  }
  close_all();
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Ldap>();

}  // namespace lapwing::ldap
