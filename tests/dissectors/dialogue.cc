#include "tests/dissectors/dialogue.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "dissectors/parts/file/file_options.h"

namespace lapwing::test {

namespace {

/// A copy of exactly this size on the heap, so that a sanitizer sees a read past the end.
struct Exact {
  explicit Exact(std::string_view bytes) : data(new uint8_t[bytes.size()]), size(bytes.size()) {
    if (size) std::memcpy(data.get(), bytes.data(), size);
  }
  Bytes bytes() const { return {data.get(), size}; }
  std::unique_ptr<uint8_t[]> data;
  size_t size;
};

}  // namespace

const DissectorRow& dissector(std::string_view name) {
  for (const DissectorRow* row : dissectors()) {
    if (row->about->name == name) return *row;
  }
  std::abort();
}

Dialogue::Dialogue(const DissectorRow& row, const Settings& settings) : row_(row) {
  Setting root;
  root.kind = Setting::Kind::map;
  for (const auto& [key, value] : settings) {
    Setting& node = root.make(key);
    node.kind = Setting::Kind::scalar;
    node.scalar = value;
  }
  config_ = row.configure(root);
  const auto files = read_options<file::FileConfig>(root, file::options());
  plans_.emplace(*row.protocol, config_.get(), files.columns());
  instance_ = row.create({.sink = *this, .config = config_.get(), .plans = &*plans_});
}

Dialogue::~Dialogue() {
  row_.destroy(instance_);
}

Dialogue& Dialogue::say(Direction direction, std::string_view bytes, size_t size) {
  if (size == 0) size = std::max<size_t>(bytes.size(), 1);
  for (size_t at = 0; at < bytes.size(); at += size) piece(direction, bytes.substr(at, size));
  return *this;
}

void Dialogue::piece(Direction direction, std::string_view bytes) {
  std::string& waiting = waiting_[index(direction)];
  waiting += bytes;
  while (!failed && !waiting.empty()) {
    const Exact exact(waiting);
    Chunk chunk;
    chunk.data = exact.bytes();
    chunk.offset = offset_[index(direction)];
    chunk.direction = direction;
    const Step step = row_.data(instance_, chunk);
    need = step.more;
    if (step.kind == Step::Kind::fail) {
      failed = true;
      return;
    }
    if (step.used > waiting.size()) std::abort();
    waiting.erase(0, step.used);
    offset_[index(direction)] += step.used;
    if (step.kind == Step::Kind::need || step.used == 0) return;
  }
}

Dialogue& Dialogue::datagram(Direction direction, std::string_view bytes) {
  const Exact exact(bytes);
  Chunk chunk;
  chunk.data = exact.bytes();
  chunk.direction = direction;
  chunk.datagram = true;
  if (!failed) failed = row_.data(instance_, chunk).kind == Step::Kind::fail;
  return *this;
}

Dialogue& Dialogue::gap(Direction direction, uint64_t lost) {
  waiting_[index(direction)].clear();
  offset_[index(direction)] += lost;
  if (!failed) failed = row_.gap(instance_, direction, lost).kind == Step::Kind::fail;
  return *this;
}

Dialogue& Dialogue::end(Direction direction, bool broken_off) {
  Chunk chunk;
  chunk.offset = offset_[index(direction)];
  chunk.direction = direction;
  chunk.end = true;
  chunk.broken_off = broken_off;
  if (!failed) failed = row_.data(instance_, chunk).kind == Step::Kind::fail;
  return *this;
}

Dialogue& Dialogue::finish() {
  row_.finish(instance_);
  return *this;
}

std::vector<std::string> Dialogue::values(std::string_view name) const {
  std::vector<std::string> out;
  const std::string key = std::string(name) + "=";
  for (const auto& field : fields) {
    if (std::string_view(field).substr(2).starts_with(key)) out.push_back(field.substr(2 + key.size()));
  }
  return out;
}

void Dialogue::file(Transaction&, Direction, CarriedFile& file, Bytes bytes, bool over) {
  file.depth = store_depth;
  std::string& passed = passed_[&file];
  passed += to_text(bytes);
  if (!over) return;
  if (passed.empty()) passed = to_text(file.content());
  stored.push_back(file.name + "=" + passed + "#" + file.sha256());
  passed_.erase(&file);
}

void Dialogue::emit(const Event& event) {
  if (event.tx->blank) return;
  event.tx->unrecorded |= unrecord;
  const Direction direction = event.direction;
  uint8_t& inspected = event.tx->inspected[index(direction)];
  const uint8_t progress = event.tx->progress[index(direction)];
  if (progress < inspected) std::abort();  // progress never falls
  for (const Field& field : event.protocol->fields) {
    if (!ready(field, *event.tx, direction) || field.stage <= inspected) continue;
    size_t count = 0;
    field.for_each(*event.tx, direction, [&](const Value& value) {
      if (count++ > 0 && !field.many) std::abort();
      const std::string text =
          field.kind != FieldKind::bytes ? std::to_string(value.integer) : std::string(to_text(value.bytes));
      fields.push_back((direction == Direction::to_server ? "> " : "< ") + std::string(field.name) + "=" + text);
      return true;
    });
  }
  inspected = progress;
  auto object = [&](auto&& write) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    write(json);
    json.end_object();
    return text;
  };
  std::string scratch;
  alerts.push_back(object([&](JsonWriter& json) { write_in_alert(event, scratch, json); }));
  if (!event.record) return;
  records.push_back(object([&](JsonWriter& json) { write_record(event, scratch, json); }));
  reversed.push_back(event.reversed);
  messages.push_back(event.message);
}

void Dialogue::anomaly(const Protocol& protocol, const Transaction& tx, uint8_t name, Direction) {
  anomalies.push_back(std::string(protocol.anomalies[name]) + (tx.blank ? "" : "@" + std::to_string(tx.id)));
}

void Dialogue::capped(const Protocol& protocol, uint8_t cap, uint64_t count) {
  caps[std::string(protocol.caps[cap].name)] += count;
}

Likelihood probe(const DissectorRow& row, Direction direction, std::string_view bytes, bool datagram) {
  const Exact exact(bytes);
  Chunk chunk;
  chunk.data = exact.bytes();
  chunk.direction = direction;
  chunk.datagram = datagram;
  return row.probe(chunk);
}

}  // namespace lapwing::test
