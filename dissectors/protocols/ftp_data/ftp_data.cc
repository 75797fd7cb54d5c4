#include "dissectors/protocols/ftp_data/ftp_data.h"

#include <utility>

namespace lapwing::ftp_data {

namespace {

constexpr Direction kDirections[] = {Direction::to_server, Direction::to_client};
constexpr std::string_view kAlso[] = {"ftp_data"};

constexpr FrameKind kFrames[] = {{"data", "all that one side sends, listings as well"}};

constexpr auto kAnomalies =
    names<Anomaly::unexpected_direction>({{Anomaly::unexpected_direction, "unexpected_direction"}});

constexpr OptionRow<Config> kOptions[] = {
    {"app-layer.protocols.ftp-data.inspection-limit", &Config::inspected, "100kb",
     "bytes of a file that are inspected; 0: all", Unit::bytes},
};

}  // namespace

const About FtpData::about{.name = "ftp-data",
                           .help = "file transfer, the data connections that a control connection announces (RFC 959)",
                           .starts = {ByteSet(), ByteSet()}};

const Protocol FtpData::protocol{.name = "ftp-data",
                                 .anomalies = kAnomalies,
                                 .records = records(),
                                 .help = "file transfer, the data connections",
                                 .also = kAlso,
                                 .file = &carried_file,
                                 .frames = kFrames,
                                 .in_alert = columns(),
                                 .caps = kCaps,
                                 .parts = kParts};

std::span<const OptionRow<Config>> FtpData::options() {
  return kOptions;
}

FtpData::FtpData(const Config& config, const Out<FtpData>& out, std::shared_ptr<const AnnouncedFile> announced)
    : config_(config), out_(out) {
  data_.announced = std::move(announced);
}

Step FtpData::data(const Chunk& chunk) {
  Side& side = sides_[index(chunk.direction)];
  const size_t waiting = sides_[0].early.size() + sides_[1].early.size();
  if (!begun_ && (may_begin() || !out_.within(Cap::early, waiting + chunk.data.size()))) begin();
  if (begun_) {
    // What waited for its command is no more at hand.
    const bool first = chunk.offset == 0 && !chunk.data.empty();
    if (first) out_.frame(Pdu::data, chunk.direction, 0, kOpenLength, &data_);
    pass(chunk.direction, chunk.data);
    if (chunk.end) out_.end_frame(Pdu::data, chunk.direction, chunk.offset + chunk.data.size(), &data_);
  } else {
    side.early.append(to_text(chunk.data));
  }
  if (chunk.end) {
    side.ended = chunk.broken_off ? file::State::truncated : file::State::closed;
    if (begun_) close(chunk.direction, *side.ended);
  }
  return Step::ok(chunk.data.size());
}

Step FtpData::gap(Direction direction, uint64_t lost) {
  if (!begun_) begin();
  if (!data_.known() || !data_.announced->listing) transfer(direction).lose(lost);
  return Step::ok(0);
}

void FtpData::finish() {
  if (!begun_ && (data_.known() || !sides_[0].early.empty() || !sides_[1].early.empty())) begin();
  if (!begun_) return;  // nobody said anything of it
  for (const Direction direction : kDirections) close(direction, file::State::truncated);
}

/// What there is to know of it is known, and what waited for that is passed on.
void FtpData::begin() {
  begun_ = true;
  if (data_.announced) data_.announced->begun = true;
  out_.open(data_);
  for (const Direction direction : kDirections) out_.reach(data_, direction, kCommand);
  for (const Direction direction : kDirections) {
    Side& side = sides_[index(direction)];
    pass(direction, to_bytes(std::exchange(side.early, {})));
    if (side.ended) close(direction, *side.ended);
  }
}

void FtpData::pass(Direction direction, Bytes bytes) {
  if (bytes.empty()) return;
  if (data_.known() && direction != data_.announced->direction) {
    out_.anomaly(Anomaly::unexpected_direction, direction, &data_);
  }
  if (!data_.known() || !data_.announced->listing) transfer(direction).append(bytes);
}

file::Transfer<FtpData>& FtpData::transfer(Direction direction) {
  auto& transfer = data_.transfers[index(direction)];
  if (!transfer) {
    const uint64_t keep = !out_.contents() ? 0 : config_.inspected ? config_.inspected : UINT64_MAX;
    transfer.emplace(out_, data_, direction, data_.known() ? data_.announced->name : std::string(), keep);
  }
  return *transfer;
}

void FtpData::close(Direction direction, file::State state) {
  Side& side = sides_[index(direction)];
  if (std::exchange(side.closed, true)) return;
  if (auto& transfer = data_.transfers[index(direction)]) {
    file::File& file = transfer->file();
    transfer->close(state);
    const uint64_t offset = data_.known() ? data_.announced->offset : 0;
    if (offset > 0 && file.size > 0) file.range = {offset, offset + file.size - 1};
    out_.emit({.tx = &data_,
               .direction = direction,
               .record = &records()[1],
               .detail = &file,
               .file = &file,
               .reversed = direction == Direction::to_client});
  }
  out_.reach(data_, direction, kComplete);
  if (!sides_[index(reverse(direction))].closed) return;
  out_.emit({.tx = &data_, .direction = direction, .record = records().data()});
}

extern const DissectorRow kRow;
const DissectorRow kRow = row<FtpData>();

}  // namespace lapwing::ftp_data
