// Speaks to one dissector the way sensor/app does, and writes down what comes out.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dissectors/registry.h"

namespace lapwing::test {

using Settings = std::vector<std::pair<std::string, std::string>>;

/// The row of registry.cc; aborts when there is none.
const DissectorRow& dissector(std::string_view name);

/// One flow. Bytes that a dissector needs more of are kept and offered again, and each field is read once, at the
/// stage at which rules would see it.
class Dialogue final : public EventSink {
 public:
  explicit Dialogue(const DissectorRow& row, const Settings& settings = {});
  ~Dialogue() override;

  /// Stream bytes, in pieces of `piece` bytes (0: as one).
  Dialogue& say(Direction direction, std::string_view bytes, size_t piece = 0);
  Dialogue& client(std::string_view bytes, size_t piece = 0) { return say(Direction::to_server, bytes, piece); }
  Dialogue& server(std::string_view bytes, size_t piece = 0) { return say(Direction::to_client, bytes, piece); }
  Dialogue& datagram(Direction direction, std::string_view bytes);
  Dialogue& gap(Direction direction, uint64_t lost);
  /// No more bytes come from this side.
  Dialogue& end(Direction direction, bool broken_off = false);
  Dialogue& finish();

  std::vector<std::string> records;    // JSON objects
  std::vector<bool> reversed;          // of each record
  std::vector<uint64_t> messages;      // of each record: bytes of its message
  std::vector<std::string> alerts;     // the object an alert on each event would carry
  std::vector<std::string> anomalies;  // "name" with "@tx" when it belongs to a transaction
  uint64_t store_depth = 0;            // files are stored up to this many bytes
  std::vector<std::string> stored;     // what of each file there was to store, once it was over
  std::vector<std::string> fields;     // "> name=value" and "< name=value", in order
  std::vector<std::pair<Direction, uint64_t>> encrypted_from, plain_from;
  bool late = false;      // the flow was under way already
  bool unrecord = false;  // a rule turns the records of its transactions off
  bool failed = false;
  std::map<std::string, uint64_t> caps;  // what went beyond each row of Protocol::caps
  std::vector<std::string> became;       // protocols that the flow went over to
  std::vector<Expectation> expected;
  uint64_t worked = 0, work_limit = UINT64_MAX;  // bytes the dissector asked for leave to look at, and may
  uint32_t need = 0;                             // of the last call

  /// Values of one field, in order, whatever the direction.
  std::vector<std::string> values(std::string_view name) const;

 private:
  void emit(const Event& event) override;
  void anomaly(const Protocol& protocol, const Transaction& tx, uint8_t name, Direction direction) override;
  void file(Transaction& tx, Direction direction, CarriedFile& file, Bytes bytes, bool over) override;
  void become(std::string_view name, std::shared_ptr<const Context>) override { became.emplace_back(name); }
  void rename(std::string_view) override {}
  void expect(const Expectation& expectation) override { expected.push_back(expectation); }
  void encrypted(Direction direction, uint64_t offset) override { encrypted_from.push_back({direction, offset}); }
  void plain(Direction direction, uint64_t offset) override { plain_from.push_back({direction, offset}); }
  bool picked_up_late() const override { return late; }
  void frame(uint8_t, Direction, uint64_t, uint64_t, Transaction*) override {}
  void end_frame(uint8_t, Direction, uint64_t, const Transaction*) override {}
  void capped(const Protocol& protocol, uint8_t cap, uint64_t count) override;
  bool work(uint64_t bytes) override { return (worked += bytes) <= work_limit; }
  void piece(Direction direction, std::string_view bytes);

  const DissectorRow& row_;
  std::shared_ptr<const void> config_;
  std::optional<RecordPlans> plans_;
  void* instance_;
  std::array<std::string, 2> waiting_;
  std::array<uint64_t, 2> offset_{};
  std::map<const CarriedFile*, std::string> passed_;  // bytes of files, as they came
};

Likelihood probe(const DissectorRow& row, Direction direction, std::string_view bytes, bool datagram = false);

}  // namespace lapwing::test
