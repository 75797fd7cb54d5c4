#include "dissectors/protocols/tftp/tftp.h"

#include <algorithm>
#include <utility>

namespace lapwing::tftp {

namespace {

constexpr uint16_t kPorts[] = {69};
constexpr uint64_t kBlockSize = 512;  // where no other was agreed on (RFC 1350 2)

constexpr FrameKind kFrames[] = {{"pdu", "a packet"}};

constexpr auto kAnomalies = names<Anomaly::unexpected_block>(
    {{Anomaly::malformed_data, "malformed_data"}, {Anomaly::unexpected_block, "unexpected_block"}});

constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.tftp.inspection-limit", &Config::inspected, "100kb",
     "bytes of a file that are inspected; 0: all", Unit::bytes},
};

/// What was agreed on, where RFC 2348 2 allows it.
std::optional<uint64_t> agreed_size(const Options& options) {
  const bool allowed = options.block_size >= 8 && options.block_size <= 65464;
  return allowed ? options.block_size : std::nullopt;
}

/// Of a transfer whose first block has so many bytes. A server may take another size than it was asked for; that it
/// took one, which its answer would say, may not have been heard.
uint64_t block_size(const Exchange& exchange, uint64_t first) {
  uint64_t size = kBlockSize;
  if (exchange.granted) {
    size = agreed_size(*exchange.granted).value_or(size);
  } else if (exchange.request && first > kBlockSize) {
    size = agreed_size(exchange.request->options).value_or(size);
  }
  return std::max(size, first);
}

}  // namespace

const About Tftp::about{.name = "tftp",
                        .transports = transport::udp,
                        .ports = kPorts,
                        .help = "trivial file transfer (RFC 1350)",
                        .starts = {ByteSet::range(0, 0), ByteSet()}};

const Protocol Tftp::protocol{.name = "tftp",
                              .anomalies = kAnomalies,
                              .records = records(),
                              .help = "trivial file transfer",
                              .file = &carried_file,
                              .frames = kFrames,
                              .in_alert = columns(),
                              .parts = kParts};

std::span<const OptionRow<Config>> Tftp::options() {
  return kOptions;
}

Likelihood Tftp::probe(const Chunk& first) {
  if (first.direction != Direction::to_server) return Likelihood::no;
  const auto packet = parse(first.data);
  if (!packet || (packet->opcode != Opcode::read && packet->opcode != Opcode::write)) return Likelihood::no;
  return is_request(*packet) ? Likelihood::sure : Likelihood::maybe;
}

Step Tftp::data(const Chunk& chunk) {
  out_.frame(Pdu::pdu, chunk.direction, 0, chunk.data.size());
  const auto packet = parse(chunk.data);
  if (!packet) {
    out_.anomaly(Anomaly::malformed_data, chunk.direction, &at_hand());
    return Step::ok(chunk.data.size());
  }
  switch (packet->opcode) {
    case Opcode::read:
    case Opcode::write: request(*packet, chunk.direction); break;
    case Opcode::data: block(*packet, chunk.direction); break;
    case Opcode::error: fail(*packet, chunk.direction); break;
    case Opcode::options:
      if (Exchange& exchange = at_hand(); !exchange.granted) exchange.granted = packet->options;
      break;
    default: break;
  }
  return Step::ok(chunk.data.size());
}

void Tftp::finish() {
  end_file(file::State::truncated);
}

Exchange& Tftp::begin(std::shared_ptr<const Request> request) {
  end_file(file::State::truncated);
  Exchange& exchange = exchange_.emplace();
  out_.open(exchange);
  exchange.request = std::move(request);
  block_size_ = 0;
  return exchange;
}

void Tftp::request(const Packet& packet, Direction direction) {
  auto heard = std::make_shared<Request>();
  heard->opcode = packet.opcode;
  heard->file = packet.file;
  heard->mode = packet.mode;
  heard->options = packet.options;
  const Sender listener = direction == Direction::to_server ? Sender::client : Sender::server;
  out_.expect({.listener = listener, .datagrams = true, .answers = true, .protocol = "tftp", .context = heard});
  Exchange& exchange = begin(std::move(heard));
  out_.reach(exchange, direction, kComplete);
  out_.emit({.tx = &exchange,
             .direction = direction,
             .record = records().data(),
             .reversed = direction == Direction::to_client});
}

void Tftp::block(const Packet& packet, Direction direction) {
  Exchange& exchange = at_hand();
  if (!exchange.transfer) {
    exchange.direction = direction;
    const uint64_t keep = !out_.contents() ? 0 : config_.inspected ? config_.inspected : UINT64_MAX;
    exchange.transfer.emplace(out_, exchange, direction, exchange.request ? exchange.request->file : std::string(),
                              keep);
  }
  if (exchange.transfer->file().over) return;  // the last block again
  if (block_size_ == 0) block_size_ = block_size(exchange, packet.data.size());
  // On the wire are the lowest 16 bits of it.
  const uint64_t next = exchange.blocks + 1;
  const auto ahead = static_cast<int16_t>(packet.number - static_cast<uint16_t>(next));
  const int64_t number = static_cast<int64_t>(next) + ahead;
  if (number < 1 || packet.data.size() > block_size_ || direction != exchange.direction) {
    return out_.anomaly(Anomaly::unexpected_block, direction, &exchange);
  }
  const uint64_t offset = (static_cast<uint64_t>(number) - 1) * block_size_;
  exchange.blocks = std::max(exchange.blocks, static_cast<uint64_t>(number));
  exchange.transfer->at(offset, packet.data);
  if (packet.data.size() < block_size_) exchange.transfer->expect_size(offset + packet.data.size());
  if (exchange.transfer->file().over) tell_file();
}

void Tftp::fail(const Packet& packet, Direction direction) {
  Exchange& exchange = at_hand();
  if (exchange.failure) return;
  exchange.failure = {packet.number, std::string(packet.message)};
  end_file(file::State::truncated);
  out_.reach(exchange, direction, kComplete);
  out_.emit({.tx = &exchange,
             .direction = direction,
             .record = records().data(),
             .reversed = direction == Direction::to_client});
}

void Tftp::end_file(file::State state) {
  if (!exchange_ || !exchange_->transfer || exchange_->transfer->file().over) return;
  exchange_->transfer->close(state);
  tell_file();
}

void Tftp::tell_file() {
  const Direction direction = exchange_->direction;
  const file::File& file = exchange_->transfer->file();
  out_.reach(*exchange_, direction, kComplete);
  out_.emit({.tx = &*exchange_,
             .direction = direction,
             .record = &records()[1],
             .detail = &file,
             .file = &file,
             .reversed = direction == Direction::to_client});
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<Tftp>();

}  // namespace lapwing::tftp
