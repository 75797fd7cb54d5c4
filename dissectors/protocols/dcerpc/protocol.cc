#include "dissectors/protocols/dcerpc/protocol.h"

#include <utility>

#include "dissectors/parts/dcerpc/dcerpc_sightings.h"

namespace lapwing::dcerpc {

namespace {

constexpr uint16_t kPorts[] = {135, 593};
/// By it a server of port 593 greets, before PDUs without anything of HTTP (MS-RPCH 2.1.1.1).
constexpr std::string_view kBanner = "ncacn_http/1.0";

enum class Greeting : uint8_t { none, more, whole };
Greeting greets(const Chunk& first) {
  const std::string_view text = to_text(first.data);
  if (first.direction == Direction::to_server || text.empty()) return Greeting::none;
  if (text.starts_with(kBanner)) return Greeting::whole;
  return kBanner.starts_with(text) ? Greeting::more : Greeting::none;
}

constexpr FrameKind kFrames[] = {
    {"pdu", "a PDU"}, {"hdr", "the header that all PDUs have"}, {"data", "a PDU behind its header"}};

constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.dcerpc.max-tx", &Config::calls, "1024",
     "calls of a flow that wait for their end; the oldest is given up"},
    {"app-layer.protocols.dcerpc.max-stub-size", &Config::stub, "1mb",
     "bytes of the stub data of one side of a call that are kept", Unit::bytes},
};

Limits limits(const Config& config, const Out<Dcerpc>& out) {
  return {.calls = config.calls, .stub = config.stub, .contents = out.contents()};
}

/// A login is told by the record of the call that shows its end.
bool told_login(const Event& event, LoginSeen& login) {
  const Call& call = static_cast<const Exchange&>(*event.tx).call;
  if (!call.login || !call.outcome) return false;
  login = call.login->seen(*call.outcome);
  return true;
}

void sightings(const Event& event, SightingSink& sink) {
  const Call& call = static_cast<const Exchange&>(*event.tx).call;
  if (!event.record) return;
  tell_operations(call, false, sink);
  if (call.login && call.outcome) gss::sightings(*call.login, sink);
}

}  // namespace

const About Dcerpc::about{.name = "dcerpc",
                          .transports = transport::tcp | transport::udp,
                          .ports = kPorts,
                          .help = "remote procedure calls (DCE 1.1 RPC, MS-RPCE)",
                          .starts = {bytes_of("\4\5"), bytes_of("\4\5n")}};

const Protocol Dcerpc::protocol{.name = "dcerpc",
                                .anomalies = {},
                                .records = records(),
                                .help = "remote procedure calls",
                                .login = &told_login,
                                .sightings = &sightings,
                                .frames = kFrames,
                                .in_alert = columns(),
                                .parts = kParts};

std::span<const OptionRow<Config>> Dcerpc::options() {
  return kOptions;
}

/// Who sends a PDU its type says, so that a flow whose first bytes were missed is turned the right way.
Likelihood Dcerpc::probe(const Chunk& first) {
  if (first.datagram) {
    const auto datagram = parse_datagram(first.data);
    return datagram && datagram->sent_by(first.direction) ? Likelihood::sure : Likelihood::no;
  }
  switch (greets(first)) {
    case Greeting::whole: return Likelihood::sure;
    case Greeting::more: return Likelihood::more;
    case Greeting::none: return judge(first.data, first.direction);
  }
  return Likelihood::no;
}

Dcerpc::Dcerpc(const Config& config, const Out<Dcerpc>& out, std::shared_ptr<const Announced> announced)
    : config_(config), out_(out), announced_(std::move(announced)) {}

Step Dcerpc::data(const Chunk& chunk) {
  if (!chunk.datagram) return connection(chunk);
  const auto datagram = parse_datagram(chunk.data);
  if (!datagram) {
    out_.part<Rpc>().anomaly(Rpc::Anomaly::malformed_pdu, chunk.direction);
    return Step::ok(chunk.data.size());
  }
  out_.frame(Pdu::pdu, chunk.direction, 0, chunk.data.size());
  out_.frame(Pdu::hdr, chunk.direction, 0, Datagram::kHeader);
  if (!datagram->body.empty()) out_.frame(Pdu::data, chunk.direction, Datagram::kHeader, datagram->body.size());
  if (!datagrams_) datagrams_.emplace(out_.part<Rpc>(), static_cast<Carrier&>(*this), limits(config_, out_));
  datagrams_->take(*datagram);
  return Step::ok(chunk.data.size());
}

Step Dcerpc::connection(const Chunk& chunk) {
  const Direction direction = chunk.direction;
  auto& begin = begin_[index(direction)];
  const Greeting greeting = begin ? Greeting::none : greets(chunk);
  if (greeting == Greeting::more && !chunk.end) return Step::need(0, 1);
  if (!association_) {
    if (greeting == Greeting::none && chunk.data.size() < Header::kSize && !chunk.end) {
      return Step::need(0, Header::kSize - chunk.data.size());
    }
    association_.emplace(out_.part<Rpc>(), out_.part<gss::Gss>(), static_cast<Carrier&>(*this), limits(config_, out_));
    if (announced_) association_->announce(announced_->context);
    // So begins each half of a connection that HTTP carries (MS-RPCH 3.2.1.1), and nothing else.
    if (const auto header = parse_header(chunk.data); header && header->type == Type::rts) {
      channel_ = direction;
      association_->alone();
    }
  }
  if (channel_.value_or(direction) != direction) return Step::ok(chunk.data.size());
  size_t used = greeting == Greeting::whole ? kBanner.size() : 0;
  if (!begin) {
    begin = chunk.offset + used - association_->position(direction);
    if (out_.picked_up_late()) association_->pick_up(direction);
  }
  used += association_->read(chunk.data.subspan(used), direction);
  const size_t left = chunk.data.size() - used;
  return Step::need(used, left ? Header::kSize - left : 0);
}

Step Dcerpc::gap(Direction direction, uint64_t lost) {
  if (association_) association_->gap(direction, lost);
  return Step::ok(0);
}

void Dcerpc::finish() {
  if (association_) association_->finish();
  if (datagrams_) datagrams_->finish();
}

Call& Dcerpc::begin(uint32_t, Direction) {
  Exchange& exchange = exchanges_.open();
  out_.open(exchange);
  if (channel_) exchange.progress[index(reverse(*channel_))] = kComplete;
  return exchange.call;
}

void Dcerpc::reached(Call& call, Direction direction) {
  Exchange& exchange = exchange_of(call);
  if (const auto& begin = begin_[index(direction)]) {
    exchange.begin[index(direction)] = *begin + call.sides[index(direction)].begin;
  }
  out_.reach(exchange, direction, kComplete);
}

void Dcerpc::end(Call& call) {
  Exchange& exchange = exchange_of(call);
  const Direction direction = call.response().seen ? Direction::to_client : Direction::to_server;
  // The third leg of a login has no record, as Suricata has none: who logs in stands in that of the call behind it.
  const bool recorded = call.response().seen || call.request().type != Type::auth3;
  if (recorded) out_.emit({.tx = &exchange, .direction = direction, .record = records().data()});
  exchanges_.close(exchange);
}

void Dcerpc::frame(Pdu kind, Direction direction, uint64_t offset, uint64_t size) {
  out_.frame(kind, direction, *begin_[index(direction)] + offset, size);
}

void Dcerpc::endpoint(const Endpoint& endpoint) {
  out_.expect(endpoint.expectation());
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Dcerpc>();

}  // namespace lapwing::dcerpc
