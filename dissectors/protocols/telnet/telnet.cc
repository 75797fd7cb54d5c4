#include "dissectors/protocols/telnet/telnet.h"

#include <algorithm>

namespace lapwing::telnet {

namespace {

constexpr uint16_t kPorts[] = {23, 2323};

constexpr FrameKind kFrames[] = {
    {"pdu", "a command, or a line of text"},
    {"ctl", "a command with its option, or a subnegotiation"},
    {"data", "text up to its end of line or a command"},
};

constexpr auto kAnomalies =
    names<Anomaly::long_subnegotiation>({{Anomaly::long_subnegotiation, "long_subnegotiation"}});

/// What a probe needs to see: two negotiations are nothing else's beginning.
constexpr size_t kNegotiation = 3;

constexpr ByteSet kText = ByteSet::range(' ', 0x7e) | bytes_of("\r\n\t\b\x1b");
constexpr ByteSet kStarts = kText | ByteSet::range(kIac, kIac);

bool told_login(const Event& event, LoginSeen& login) {
  const auto& attempt = static_cast<const Attempt&>(*event.tx);
  if (!attempt.outcome) return false;
  login = {.user = attempt.user, .outcome = *attempt.outcome, .clear = true};
  return true;
}

}  // namespace

const About Telnet::about{.name = "telnet",
                          .transports = transport::tcp,
                          .ports = kPorts,
                          .help = "remote terminals (RFC 854)",
                          .starts = {kStarts, kStarts}};

const Protocol Telnet::protocol{.name = "telnet",
                                .anomalies = kAnomalies,
                                .records = records(),
                                .help = "remote terminals",
                                .login = &told_login,
                                .frames = kFrames,
                                .in_alert = columns(),
                                .caps = kCaps};

std::span<const OptionRow<Config>> Telnet::options() {
  return {};
}

Likelihood Telnet::probe(const Chunk& first) {
  const Bytes bytes = first.data;
  if (bytes.empty()) return Likelihood::more;
  if (bytes[0] != kIac) return kText.has(bytes[0]) ? Likelihood::maybe : Likelihood::no;
  for (size_t at = 0; at < 2 * kNegotiation; ++at) {
    if (at >= bytes.size()) return at >= kNegotiation ? Likelihood::maybe : Likelihood::more;
    if (at % kNegotiation == 0 && bytes[at] != kIac) return Likelihood::maybe;
    if (at % kNegotiation != 1) continue;
    if (at == 1 && (bytes[at] < kSubEnd || bytes[at] == kIac)) return Likelihood::no;
    if (bytes[at] < kWill || bytes[at] == kIac) return Likelihood::maybe;
  }
  return Likelihood::sure;
}

Step Telnet::data(const Chunk& chunk) {
  Subnegotiation& subnegotiated = subnegotiations_[index(chunk.direction)];
  size_t used = 0;
  while (used < chunk.data.size() && !encrypted_[index(chunk.direction)]) {
    const Bytes rest = chunk.data.subspan(used);
    const uint64_t offset = chunk.offset + used;
    if (subnegotiated.open()) {
      const uint64_t limit = out_.limit(Cap::subnegotiation);
      const bool short_before = subnegotiated.size() <= limit;
      const size_t part = subnegotiated.take(rest, limit);
      used += part;
      if (short_before && !out_.within(Cap::subnegotiation, subnegotiated.size())) {
        out_.anomaly(Anomaly::long_subnegotiation, chunk.direction);
      }
      if (subnegotiated.open()) return Step::need(used, 1);
      out_.end_frame(Pdu::control, chunk.direction, offset + part);
      out_.end_frame(Pdu::pdu, chunk.direction, offset + part);
      subnegotiation(subnegotiated, chunk.direction);
      continue;
    }
    const Unit unit = next_unit(rest);
    if (unit.kind == Unit::Kind::unfinished) {
      end_text(offset, chunk.direction);
      return Step::need(used, 1);
    }
    used += unit.size;
    if (unit.kind == Unit::Kind::text) {
      text(rest.first(unit.size), offset, chunk.direction);
    } else {
      control(unit, offset, chunk.direction);
    }
  }
  return Step::ok(chunk.data.size());
}

void Telnet::end_text(uint64_t offset, Direction direction) {
  bool& open = in_text_[index(direction)];
  if (!open) return;
  open = false;
  out_.end_frame(Pdu::data, direction, offset, nullptr);
  out_.end_frame(Pdu::pdu, direction, offset, nullptr);
}

void Telnet::text(Bytes bytes, uint64_t offset, Direction direction) {
  bool& open = in_text_[index(direction)];
  if (!open) {
    out_.frame(Pdu::pdu, direction, offset, kOpenLength);
    out_.frame(Pdu::data, direction, offset, kOpenLength);
    open = true;
  }
  if (bytes.back() == '\n') end_text(offset + bytes.size(), direction);
  direction == Direction::to_server ? login_.client(to_text(bytes)) : login_.server(to_text(bytes));
  if (const uint64_t cut = login_.take_cut()) out_.capped(Cap::line, cut);
}

void Telnet::control(const Unit& unit, uint64_t offset, Direction direction) {
  const bool whole = unit.kind != Unit::Kind::subnegotiation;
  end_text(offset, direction);
  out_.frame(Pdu::pdu, direction, offset, whole ? unit.size : kOpenLength);
  out_.frame(Pdu::control, direction, offset, whole ? unit.size : kOpenLength);
  if (!whole) subnegotiations_[index(direction)].begin(unit.option);
  if (unit.kind != Unit::Kind::negotiation) return;
  if (unit.command == kWill) {
    session_.options[index(direction)].set(unit.option);
    session_.bytes += unit.size;
  }
  if (unit.command == kDo) session_.asked[index(direction)].set(unit.option);
}

void Telnet::subnegotiation(const Subnegotiation& said, Direction direction) {
  constexpr char kIs = 0;     // RFC 1091, 1079
  constexpr char kStart = 3;  // RFC 2946
  if (said.value().empty()) return;
  const char what = said.value()[0];
  if (said.option() == kEncryption && what == kStart) begin_encrypted(direction);
  if (direction != Direction::to_server) return;
  const std::string_view value = std::string_view(said.value()).substr(1);
  if (said.option() == kTerminalType && what == kIs) session_.terminal_type = value;
  if (said.option() == kTerminalSpeed && what == kIs) session_.terminal_speed = value;
  if (said.option() == kEnvironment) {
    session_.environment_user = environment_user(said.value());
    login_.name(session_.environment_user);
  }
  session_.bytes += said.value().size();
}

/// Both must have agreed to it, or one side could hide what the other still reads.
void Telnet::begin_encrypted(Direction direction) {
  const size_t self = index(direction), other = index(reverse(direction));
  if (!session_.options[self][kEncryption] || !session_.asked[other][kEncryption]) return;
  encrypted_[self] = true;
  login_.lose();
}

void Telnet::publish(const std::string& user, std::optional<Outcome> outcome) {
  told_ = true;
  Attempt tx;
  out_.open(tx);
  tx.session = &session_;
  tx.user = user;
  tx.outcome = outcome;
  tx.progress = {kComplete, kComplete};
  out_.emit({.tx = &tx, .direction = Direction::to_server});
  out_.emit({.tx = &tx,
             .direction = Direction::to_client,
             .record = records().data(),
             .message = session_.bytes + user.size()});
}

/// Lost commands are not missed, and text goes on anywhere.
Step Telnet::gap(Direction direction, uint64_t) {
  in_text_[index(direction)] = false;
  subnegotiations_[index(direction)].lose();
  login_.lose();
  return Step::ok(0);
}

void Telnet::finish() {
  login_.end();
  if (!told_ && session_.bytes > 0) publish({}, {});
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Telnet>();

}  // namespace lapwing::telnet
