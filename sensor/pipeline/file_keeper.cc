#include "sensor/pipeline/file_keeper.h"

#include <algorithm>

namespace lapwing {

std::span<const CounterRow<FileKeeperCounters>> file_keeper_counter_rows() {
  using C = FileKeeperCounters;
  static constexpr CounterRow<C> kRows[] = {
      {"file_store.stored", &C::stored, "files handed to the store"},
      {"file_store.incomplete", &C::incomplete, "files not stored: asked for when their beginning was gone"},
  };
  return kRows;
}

bool FileKeeper::wanted(const Flow& flow, const Transaction& tx, Direction direction, const CarriedFile& file) const {
  const uint8_t of_flow = direction == Direction::to_server ? flow_flag::store_to_server : flow_flag::store_to_client;
  return config_.force || file.asked || (tx.store_files >> index(direction) & 1) || (flow.flags & of_flow);
}

void FileKeeper::take(Flow& flow, const Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over,
                      uint64_t number) {
  if (!config_.enabled) return;
  file.over = over;
  if (file.depth == 0 && wanted(flow, tx, direction, file)) grant(flow, file);
  if (file.depth == 0) return;
  const uint64_t before = file.size - std::min<uint64_t>(file.size, bytes.size());
  const Bytes kept = file.content();
  const uint64_t known = std::min<uint64_t>(over ? kept.size() : before, kept.size());
  if (!file.store_id) {
    const bool from_beginning = known == before || (file.gaps && !kept.empty());
    if (!from_beginning) {
      if (over) ++counters_.incomplete;
      return;
    }
    if (file.size == 0 && !over) return;
    // Numbers follow the order of packets, whichever worker sees them.
    if (order_) order_->wait(worker_, number);
    file.store_id = ++numbers_.last;
    ++counters_.stored;
  }
  if (file.stored < known) pass(file, kept.subspan(file.stored, known - file.stored));
  if (file.stored == before) pass(file, bytes);
  if (over) recorder_.file_over(file.store_id, file.stored, file.sha256());
}

void FileKeeper::promise(Flow& flow, const Protocol& protocol, Transaction& tx, Direction direction) const {
  if (!config_.enabled || !protocol.file || tx.blank) return;
  for (uint32_t number = 0; CarriedFile* file = protocol.file(tx, direction, number); ++number) {
    const bool whole = file->gaps || file->content().size() >= file->size;
    if (!file->over && file->depth == 0 && whole && wanted(flow, tx, direction, *file)) grant(flow, *file);
  }
}

/// What is stored is stored whole: its flow is reassembled as long as it takes.
void FileKeeper::grant(Flow& flow, CarriedFile& file) const {
  flow.flags |= flow_flag::storing;
  file.depth = config_.depth ? config_.depth : UINT64_MAX;
}

void FileKeeper::pass(CarriedFile& file, Bytes bytes) {
  bytes = bytes.first(std::min<uint64_t>(bytes.size(), file.depth - std::min(file.depth, file.stored)));
  if (bytes.empty()) return;
  recorder_.file_bytes(file.store_id, file.stored, bytes);
  file.stored += bytes.size();
}

}  // namespace lapwing
