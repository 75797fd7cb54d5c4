// Files: what READ and WRITE carry of them, by their place in the file.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/smb/smb.h"
#include "dissectors/protocols/smb/smb_pipe.h"

namespace lapwing::smb {

const std::shared_ptr<const Tree>* Smb::tree(const Origin& origin) {
  if (origin.connecting) return &origin.connecting;
  return trees_.use({origin.version == 2 ? origin.session : 0, origin.tree});
}

/// A message reads or writes: `extent` says where its bytes lie, of which `first` are at hand, or of those behind them.
/// False where nobody wants them.
bool Smb::take_data(const std::shared_ptr<Opened>& opened, const Origin& origin, const Extent& extent, Bytes first) {
  const Direction direction = origin.direction;
  const bool reads = direction == Direction::to_client;
  const uint64_t agreed = reads ? agreement_.max_read : agreement_.max_write;
  const uint64_t most = config_.limits(direction).size;
  if ((agreed && extent.length > agreed) || (most && extent.length > most) || !extent.whole) {
    tell(reads ? Anomaly::read_response_too_large : Anomaly::write_request_too_large, direction);
    return false;
  }
  // Commands of a chain that share their bytes would have them read as often as there are commands.
  Side& from = side(direction);
  if (extent.begin < from.data_end || from.bulk.opened) {
    tell(Anomaly::malformed_data, direction);
    return false;
  }
  from.data_end = extent.begin + extent.length;
  Bulk bulk{opened, extent.begin, from.data_end, extent.offset, origin, extent.transceived};
  const bool first_tell = !opened->pipe && may_be_pipe(origin);
  if (!first_tell && !judge(bulk)) return false;
  if (first.size() >= extent.length) {
    take_bulk(bulk, first.first(extent.length));
  } else {
    from.bulk = std::move(bulk);
  }
  return true;
}

/// Whose they are, by what came of the first ones.
bool Smb::judge(Bulk& bulk) {
  bulk.judged = true;
  const Direction direction = bulk.origin.direction;
  if (is_pipe(bulk.opened, bulk.origin, Bytes(bulk.first).first(bulk.held))) {
    if (bulk.transceived && direction == Direction::to_server) {
      expect_read(*bulk.transceived, {bulk.opened, 0, bulk.origin.tree, bulk.origin.connecting});
    }
    return bulk.wanted = true;
  }
  // Of something else than DCERPC.
  if (const auto* known = tree(bulk.origin); bulk.transceived || (known && (*known)->pipes == true)) return false;
  Operation* before = bulk.opened->transfers[index(direction)];
  if (before && before->as<Transferred>()->transfer->file().over) {  // its end was read, and this is it once more
    answer(*before, {}, direction);
    before = nullptr;
  }
  // That offset is the file's end (MS-FSA 2.1.5.4).
  if (bulk.offset == UINT64_MAX && direction == Direction::to_server) {
    bulk.offset = before ? before->as<Transferred>()->transfer->end() : 0;
  }
  // Or its bytes would go on at the file's beginning. Of a pipe the offset says nothing (MS-SMB2 2.2.21).
  if (bulk.offset > UINT64_MAX - (bulk.end - bulk.begin)) {
    tell(Anomaly::malformed_data, direction);
    return false;
  }
  watch_transfer(before ? *before : begin_transfer(bulk.opened, bulk.origin), bulk);
  return bulk.wanted = true;
}

/// The first ones are there, or never come.
void Smb::settle(Bulk& bulk) {
  if (bulk.judged) return;
  const bool wanted = judge(bulk);
  if (!wanted && bulk.transceived && bulk.origin.direction == Direction::to_server) {
    open_control(*bulk.transceived, bulk.origin, v2::kPipeTransceive);
  }
  pass_on(bulk, Bytes(bulk.first).first(bulk.held));
}

/// Where too much waits, the transfer gives up the hole before it.
void Smb::watch_transfer(Operation& operation, const Bulk& bulk) {
  const Direction direction = bulk.origin.direction;
  const bool reads = direction == Direction::to_client;
  const TransferLimits limits = config_.limits(direction);
  const file::Transfer<Smb>& file = *operation.as<Transferred>()->transfer;
  const auto told = [&](Anomaly read, Anomaly write) { tell(reads ? read : write, direction, &operation); };
  if (bulk.offset < file.reached()) told(Anomaly::file_overlap, Anomaly::file_overlap);
  if (limits.queue_size && file.waiting().bytes + (bulk.end - bulk.begin) > limits.queue_size) {
    told(Anomaly::read_queue_size_exceeded, Anomaly::write_queue_size_exceeded);
  } else if (limits.queue_count && file.waiting().pieces >= limits.queue_count) {
    told(Anomaly::read_queue_cnt_exceeded, Anomaly::write_queue_cnt_exceeded);
  }
}

Operation& Smb::begin_transfer(const std::shared_ptr<Opened>& opened, const Origin& origin) {
  const bool reads = origin.direction == Direction::to_client;
  Operation& operation = open({.own = ++own_}, Kind::file, origin);
  Transferred& file = operation.detail.emplace<Transferred>();
  file.opened = opened;
  file.direction = origin.direction;
  // What is called <unknown>, and what nothing, is as Suricata has it.
  file.name = opened->name ? *opened->name : (origin.version == 2) == reads ? "<unknown>" : "";
  if (const auto* known = tree(origin)) file.share = (*known)->path;
  const uint64_t keep = !out_.contents() ? 0 : config_.inspected ? config_.inspected : UINT64_MAX;
  file.transfer.emplace(out_, operation, origin.direction, file.name, keep);
  const TransferLimits limits = config_.limits(origin.direction);
  file.transfer->allow(
      {limits.queue_count ? limits.queue_count : UINT64_MAX, limits.queue_size ? limits.queue_size : UINT64_MAX});
  opened->transfers[index(origin.direction)] = &operation;
  return operation;
}

void Smb::take_bulk(Bulk& bulk, Bytes bytes) {
  if (!bulk.judged) {
    const size_t enough = std::min<uint64_t>(bulk.first.size(), bulk.end - bulk.begin);
    const Bytes more = bytes.first(std::min(enough - bulk.held, bytes.size()));
    std::ranges::copy(more, bulk.first.begin() + static_cast<ptrdiff_t>(bulk.held));
    bulk.held += more.size();
    if (bulk.held < enough) return;
    settle(bulk);
    bytes = bytes.subspan(more.size());
  }
  pass_on(bulk, bytes);
}

void Smb::pass_on(Bulk& bulk, Bytes bytes) {
  if (!bulk.wanted || bytes.empty()) return;
  const Direction direction = bulk.origin.direction;
  if (bulk.opened->pipe) {
    bulk.opened->pipe->take(bytes, bulk.origin);
  } else if (Operation* operation = bulk.opened->transfers[index(direction)]) {
    operation->as<Transferred>()->transfer->at(bulk.offset, bytes);
  }
  bulk.offset += bytes.size();
}

/// Bytes up to there in the stream never come.
void Smb::skip_bulk(Side& from, uint64_t to) {
  Bulk& bulk = from.bulk;
  const uint64_t begin = std::max(from.position, bulk.begin), end = std::min(to, bulk.end);
  if (!bulk.opened || begin >= end) return;
  settle(bulk);
  bulk.opened->begun[index(bulk.origin.direction)].clear();
  if (!bulk.wanted) return;
  const Direction direction = bulk.origin.direction;
  if (bulk.opened->pipe) {
    bulk.opened->pipe->gap(direction, end - begin);
  } else if (Operation* operation = bulk.opened->transfers[index(direction)]) {
    file::Transfer<Smb>& file = *operation->as<Transferred>()->transfer;
    if (file.reached() == bulk.offset) file.lose(end - begin);
  }
  bulk.offset += end - begin;
}

/// The message is over. What was asked for before its handle was closed has come.
void Smb::end_bulk(Side& from) {
  const std::shared_ptr<Opened> opened = std::move(from.bulk.opened);
  const Direction direction = from.bulk.origin.direction;
  from.bulk = {};
  if (opened && opened->closing) close_handle(*opened, direction);
}

/// The file is over, and is told; what is said of its operation is due later.
void Smb::end_transfer(Operation& operation, file::State state) {
  Transferred& file = *operation.as<Transferred>();
  if (file.transfer->file().over) return;
  file.transfer->close(state);
  if (state == file::State::closed) operation.status = Status{};
  out_.emit({.tx = &operation,
             .direction = file.direction,
             .record = &records()[1],
             .detail = &file.transfer->file(),
             .file = &file.transfer->file(),
             .reversed = file.direction == Direction::to_client});
}

/// There is nothing more to read, but for what was asked for before: the file has come as a whole, though it is still
/// open.
void Smb::end_of_file(Opened& opened) {
  if (opened.reads > 0) return;
  Operation* const operation = opened.transfers[index(Direction::to_client)];
  if (operation) end_transfer(*operation, file::State::closed);
}

/// One side of a handle is closed, as the bytes of `direction` say.
void Smb::close_file(Opened& opened, Direction whose, Direction direction) {
  Operation* const operation = opened.transfers[index(whose)];
  if (!operation) return;
  end_transfer(*operation, file::State::closed);
  answer(*operation, {}, direction);
}

/// It is asked for. What is still asked for before that belongs to the file.
void Smb::close_handle(Opened& opened, Direction direction) {
  opened.closing = true;
  close_file(opened, Direction::to_server, direction);
  close_read(opened, direction);
}

/// It is closed by the message that is at hand, once what that writes has come.
void Smb::close_behind(const std::shared_ptr<Opened>& opened, Direction direction) {
  opened->closing = true;
  if (side(direction).bulk.opened != opened) close_handle(*opened, direction);
}

void Smb::close_read(Opened& opened, Direction direction) {
  if (opened.reads > 0) return;
  if (const Bulk& bulk = side(Direction::to_client).bulk; bulk.opened.get() == &opened) return;
  close_file(opened, Direction::to_client, direction);
  end_pipe(opened, 0);
}

}  // namespace lapwing::smb
