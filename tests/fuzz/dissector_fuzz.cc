// One dissector under hostile dialogues. Built once for each row of the registry; LAPWING_DISSECTOR names the row.
//
// The input is a list of steps: a control byte (bit 0: direction, bits 1-2: what, bit 3: the direction ends with these
// bytes, bit 4: the flow is over), two bytes of length, bytes.
// Besides the sanitizers' findings, it is an error when progress falls, when more bytes are consumed than offered, and
// when a stream without gaps yields other records in single bytes than in its pieces. Work is bounded as in a flow that
// brought these bytes, so that a dissector that is refused more is tried too.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "dissectors/registry.h"

namespace lapwing {
namespace {

enum class What : uint8_t { data, more_data, gap, datagram };

struct Move {
  What what;
  Direction direction;
  std::string bytes;
  bool end = false, over = false;
};

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<Move> read_moves(Bytes input) {
  constexpr size_t kMaxMoves = 64;
  std::vector<Move> out;
  ByteReader reader(input);
  while (reader.has(4) && out.size() < kMaxMoves) {
    const uint8_t control = reader.u8();
    const size_t size = std::min<size_t>(reader.u16(), reader.left());
    out.push_back({static_cast<What>(control >> 1 & 3), static_cast<Direction>(control & 1),
                   std::string(to_text(reader.bytes(size))), (control & 8) != 0, (control & 16) != 0});
    if (out.back().over) break;
  }
  return out;
}

const DissectorRow& row() {
  for (const DissectorRow* row : dissectors()) {
    if (row->about->name == LAPWING_DISSECTOR) return *row;
  }
  std::abort();
}

const void* config() {
  static const auto kept = [] {
    Setting root;
    root.kind = Setting::Kind::map;
    return row().configure(root);
  }();
  return kept.get();
}

const RecordPlans& plans() {
  static const RecordPlans kept(*row().protocol, config());
  return kept;
}

class Flow final : public EventSink {
 public:
  Flow() : instance_(row().create({.sink = *this, .config = config(), .plans = &plans()})) {}
  ~Flow() override { row().destroy(instance_); }

  void feed(const Move& move, size_t piece) {
    const size_t d = index(move.direction);
    if (ended_[d]) return;
    // As sensor/flow/budget.h has it: the headers of a packet for each step, and what it brought.
    constexpr uint64_t kTimes = 64, kBase = 1 << 20, kHeaders = 54;
    leave_ += (leave_ ? 0 : kBase) + kTimes * (move.bytes.size() + kHeaders);
    if (move.what == What::gap) {
      waiting_[index(move.direction)].clear();
      if (!failed_) failed_ = row().gap(instance_, move.direction, move.bytes.size() + 1).kind == Step::Kind::fail;
      return;
    }
    if (move.what == What::datagram) {
      if (!failed_) failed_ = offer(move.direction, move.bytes, true).kind == Step::Kind::fail;
      return;
    }
    if (piece == 0) piece = std::max<size_t>(move.bytes.size(), 1);
    for (size_t at = 0; at < move.bytes.size() && !failed_; at += piece)
      stream(move.direction, move.bytes.substr(at, piece), false);
    ended_[d] = move.end;
    // The end comes by itself, as the stream room hands it over.
    if (move.end && !failed_) stream(move.direction, {}, true);
  }
  void finish() { row().finish(instance_); }
  const std::string& records() const { return records_; }
  bool refused() const { return spent_ > leave_; }

 private:
  /// The bytes lie in a block of exactly their size, so that a read past them is seen.
  Step offer(Direction direction, const std::string& bytes, bool datagram, bool end = false) {
    std::unique_ptr<uint8_t[]> exact(new uint8_t[bytes.size()]);
    if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
    Chunk chunk;
    chunk.data = {exact.get(), bytes.size()};
    chunk.direction = direction;
    chunk.datagram = datagram;
    chunk.end = end;
    chunk.offset = datagram ? 0 : offset_[index(direction)];
    row().probe(chunk);
    if (!work(bytes.size())) return Step::fail();
    const Step step = row().data(instance_, chunk);
    require(step.used <= bytes.size());
    return leave_ > spent_ ? step : Step::fail();
  }

  void stream(Direction direction, const std::string& bytes, bool end) {
    std::string& waiting = waiting_[index(direction)];
    waiting += bytes;
    while (!waiting.empty() || end) {
      const Step step = offer(direction, waiting, false, end);
      if (step.kind == Step::Kind::fail) {
        failed_ = true;
        return;
      }
      waiting.erase(0, step.used);
      offset_[index(direction)] += step.used;
      if (step.kind == Step::Kind::need || step.used == 0) return;
    }
  }

  void emit(const Event& event) override {
    if (event.tx->blank) return;
    const Direction direction = event.direction;
    uint8_t& inspected = event.tx->inspected[index(direction)];
    require(event.tx->progress[index(direction)] >= inspected);
    for (const Field& field : event.protocol->fields) {
      if (!ready(field, *event.tx, direction) || field.stage <= inspected) continue;
      size_t sum = 0, count = 0;
      field.for_each(*event.tx, direction, [&](const Value& value) {
        require(count++ == 0 || field.many);
        for (uint8_t byte : value.bytes) sum += byte;
        return true;
      });
      sum_ += sum;
    }
    inspected = event.tx->progress[index(direction)];
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    std::string scratch;
    write_in_alert(event, scratch, json);
    if (event.record) write_record(event, scratch, json);
    json.end_object();
    if (event.record) records_ += text;
  }
  void anomaly(const Protocol&, const Transaction& tx, uint8_t name, Direction) override {
    require(name < row().protocol->anomalies.size());
    require(tx.anomalies.size() <= row().protocol->anomalies.size());
  }
  void file(Transaction&, Direction, CarriedFile& file, Bytes, bool over) override {
    if (over) (void)file.sha256();
  }
  void become(std::string_view, std::shared_ptr<const Context>) override {}
  void rename(std::string_view) override {}
  void expect(const Expectation&) override {}
  void encrypted(Direction, uint64_t) override {}
  void plain(Direction, uint64_t) override {}
  bool picked_up_late() const override { return false; }
  void frame(uint8_t, Direction, uint64_t, uint64_t, Transaction*) override {}
  void end_frame(uint8_t, Direction, uint64_t, const Transaction*) override {}
  bool work(uint64_t bytes) override {
    spent_ += bytes;
    return spent_ <= leave_;
  }
  void capped(const Protocol& protocol, uint8_t cap, uint64_t) override { require(cap < protocol.caps.size()); }

  void* instance_;
  std::string waiting_[2];
  uint64_t offset_[2] = {};
  std::string records_;
  uint64_t leave_ = 0, spent_ = 0;  // bytes that may be looked at, and that were
  size_t sum_ = 0;
  bool failed_ = false, ended_[2] = {};
};

/// `refused`: the dissector was left because it had cost too much, which depends on how its bytes were cut.
std::string play(const std::vector<Move>& moves, size_t piece, bool& refused) {
  Flow flow;
  for (const Move& move : moves) flow.feed(move, piece);
  flow.finish();
  refused |= flow.refused();
  return flow.records();
}

}  // namespace
}  // namespace lapwing

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lapwing;
  const auto moves = read_moves(Bytes(data, size));
  bool refused = false;
  const std::string records = play(moves, 0, refused);
  bool stream = true;
  for (const Move& move : moves) stream &= move.what == What::data || move.what == What::more_data;
  constexpr size_t kAffordable = 4096;
  if (!stream || size > kAffordable) return 0;
  const std::string cut = play(moves, 1, refused);
  require(refused || cut == records);
  return 0;
}
