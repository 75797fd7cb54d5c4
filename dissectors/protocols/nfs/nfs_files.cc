// What is read and written of files, in whatever order.
#include <algorithm>
#include <utility>

#include "dissectors/protocols/nfs/nfs.h"

namespace lapwing::nfs {

namespace {

constexpr uint64_t kMostOffset = uint64_t{1} << 63;  // no file is longer

}  // namespace

std::string Nfs::file_key(std::string_view handle, Direction direction) {
  std::string key(1, static_cast<char>(index(direction)));
  return key.append(handle);
}

Exchange* Nfs::find_file(std::string_view handle, Direction direction) {
  const auto* found = files_.find(file_key(known(handle), direction));
  return found ? found->get() : nullptr;
}

Exchange& Nfs::file(std::string_view handle, Direction direction, const Waiting& waiting) {
  handle = known(handle);
  if (Exchange* before = find_file(handle, direction)) return *before;
  if (!out_.within(Cap::files, files_.size() + 1)) {
    finish_file(take_file(*files_.oldest()->value), file::State::truncated);
  }
  const Exchange& asked = waiting.exchange;
  auto made = std::make_unique<Exchange>();
  made->rpc = asked.rpc;
  made->asked_by = asked.asked_by;
  made->minor = asked.minor;
  made->procedure = asked.rpc.version < 4 ? asked.procedure : direction == asked.asked_by ? op::write : op::read;
  made->handle = handle;
  if (const std::string* known = names_.find(handle)) made->name = *known;
  made->is_file = true;
  made->direction = direction;
  Exchange& out = *files_.add(file_key(handle, direction), std::move(made));
  open(out);
  out_.reach(out, out.asked_by, direction == out.asked_by ? kCall : kComplete);
  return out;
}

void Nfs::expect_data(Reading& reading, Exchange* file, uint64_t offset, uint32_t size, Direction direction) {
  reading.file = file;
  if (offset > kMostOffset - size) return malformed(reading, direction);
  reading.bulk = size;
  reading.padding = -size & 3;
  reading.offset = offset;
  if (!file || size == 0 || file->transfer) return;
  const uint64_t keep = !out_.contents() ? 0 : config_.inspected ? config_.inspected : UINT64_MAX;
  file->transfer.emplace(out_, *file, file->direction, file->name, keep);
}

size_t Nfs::take_data(Reading& reading, Bytes bytes) {
  const size_t size = std::min<uint64_t>(reading.bulk, bytes.size());
  if (reading.file && reading.file->transfer) reading.file->transfer->at(reading.offset, bytes.first(size));
  reading.bulk -= size;
  reading.offset += size;
  return size;
}

void Nfs::write(Reading& reading, std::string_view handle, uint64_t offset, uint32_t size, Direction direction) {
  Exchange& into = file(handle, direction, *reading.waiting);
  ++into.chunks;
  into.last_xid = reading.waiting->exchange.rpc.xid;
  expect_data(reading, &into, offset, size, direction);
}

Exchange* Nfs::written_file(Waiting& waiting, std::string_view handle) {
  handle = known(handle);
  if (Exchange* file = find_file(handle, waiting.exchange.asked_by)) return file;
  for (auto& file : waiting.ended) {
    if (file->handle == handle && file->direction == file->asked_by) return file.get();
  }
  return nullptr;
}

void Nfs::end_file(Waiting& waiting, Exchange& file, file::State state) {
  std::unique_ptr<Exchange> taken = take_file(file);
  if (!remembers(waiting.ended.size())) return finish_file(std::move(taken), state);
  close_transfer(*taken, state);
  out_.reach(*taken, taken->asked_by, kComplete);
  waiting.ended.push_back(std::move(taken));
}

void Nfs::written(Waiting& waiting, uint32_t status, const std::optional<Attributes>& attributes) {
  const Exchange& asked = waiting.exchange;
  Exchange* into = find_file(asked.handle, asked.asked_by);
  if (!into) return;
  into->status = status;
  into->attributes = attributes;
  into->rpc.reply = asked.rpc.reply;
}

void Nfs::read(Reading& reading, std::string_view handle, uint64_t offset, const Results& results,
               Direction direction) {
  Exchange& from = file(handle, direction, *reading.waiting);
  from.status = results.status;
  if (results.attributes) from.attributes = results.attributes;
  from.rpc.reply = reading.waiting->exchange.rpc.reply;
  if (!results.data) return;
  ++from.chunks;
  from.last_xid = from.rpc.reply->xid;
  expect_data(reading, &from, offset, *results.data, direction);
  if (!results.last) return;
  from.last = true;
  if (from.transfer) from.transfer->expect_size(offset + *results.data);
}

void Nfs::read_over(std::string_view handle, Direction direction) {
  Exchange* file = find_file(handle, direction);
  if (!file) return;
  if (file->unanswered > 0) --file->unanswered;
  const bool failed = file->status.value_or(0) != 0 && file->chunks == 0;
  const bool whole = file->transfer && file->transfer->file().over;
  if (whole || (file->unanswered == 0 && (file->last || failed))) finish_file(take_file(*file), file::State::closed);
}

void Nfs::end_reading(Waiting& waiting, std::string_view handle) {
  Exchange* file = find_file(handle, reverse(waiting.exchange.asked_by));
  if (!file) return;
  end_file(waiting, *file, file->last ? file::State::closed : file::State::truncated);
}

void Nfs::end_writing(Waiting& waiting, std::string_view handle, uint32_t procedure) {
  Exchange* file = find_file(handle, waiting.exchange.asked_by);
  if (!file) return;
  file->last = true;
  file->last_xid = waiting.exchange.rpc.xid;
  const bool commit = procedure == (waiting.exchange.rpc.version < 4 ? v3::commit : op::commit);
  if (commit) {
    file->commit = procedure;
    file->grown[index(file->asked_by)] = true;
  }
  end_file(waiting, *file, file::State::closed);
}

std::unique_ptr<Exchange> Nfs::take_file(Exchange& file) {
  for (Reading& reading : readings_) {
    if (reading.file == &file) reading.file = nullptr;
  }
  const std::string key = file_key(file.handle, file.direction);
  std::unique_ptr<Exchange> out = std::move(*files_.find(key));
  files_.remove(key);
  return out;
}

void Nfs::close_transfer(Exchange& file, file::State state) {
  if (!file.transfer || file.told) return;
  file.told = true;
  file.transfer->close(state);
  const file::File& carried = file.transfer->file();
  out_.emit({.tx = &file,
             .direction = file.direction,
             .record = &records()[1],
             .detail = &carried,
             .file = &carried,
             .reversed = file.direction == Direction::to_client});
}

void Nfs::finish_file(std::unique_ptr<Exchange> file, file::State state) {
  close_transfer(*file, state);
  out_.reach(*file, file->asked_by, kComplete);
  answered(*file);
}

}  // namespace lapwing::nfs
