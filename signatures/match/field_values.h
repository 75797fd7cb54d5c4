// FieldValues: the values of a transaction's fields, fetched and transformed once for all rules that look at them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "signatures/match/match_context.h"
#include "signatures/program/compiled.h"

namespace lapwing::rules {

/// Bytes of the values of one field that rules look at in one transaction, each value counted as kValueCost more. As
/// much as the largest message can bring where names lie behind pointers.
inline constexpr uint64_t kMaxFieldBytes = 8 << 20, kValueCost = 64;
/// Values whose memory is kept for the next transaction.
inline constexpr size_t kKeptFieldValues = 256;

/// [W] Keeps its memory from one transaction to the next.
class FieldValues {
 public:
  explicit FieldValues(MatchCounters& counters) : counters_(counters) {}

  struct Value {
    Bytes bytes;
    uint64_t base = 0;  // of bytes in the buffer as a whole: of a frame's piece
    uint64_t integer = 0;
    std::string fetched, transformed[2];  // what `bytes` may view
  };
  using Values = std::span<const std::unique_ptr<Value>>;

  void adopt(const Compiled& rules);
  /// Takes the other's rules and the memory for their buffers. Nothing fetched is kept.
  void swap(FieldValues& other);
  /// Another transaction, direction or packet: forget what was fetched.
  void start(const Transaction* tx, Direction direction, uint8_t protocol, const Packet* packet);
  /// Of that direction one file, or all again where it is null. What is no file's stays fetched.
  void look_at(const CarriedFile* file) {
    file_ = file;
    file_round_ = ++last_round_;
  }
  /// A frame, or a piece of one, and nothing else.
  void start(const MessageFrame& frame, uint8_t protocol);
  /// Empty when the field has no value.
  Values get(BufferId buffer);

 private:
  struct Slot {
    uint64_t round = 0;
    size_t count = 0;
    std::vector<std::unique_ptr<Value>> values;
  };
  class Fetched;
  /// The field that gives the buffer its values, or null.
  const Field* field_of(const Buffer& buffer) const {
    return tx_ && protocol_ < buffer.fields.size() ? buffer.fields[protocol_] : nullptr;
  }
  bool of_file(const Buffer& buffer) const {
    const Field* field = file_ && !buffer.only ? field_of(buffer) : nullptr;
    return field && field->file_stage != FileStage::none;
  }
  void fetch(const Buffer& buffer, Slot& slot);
  Value& next(Slot& slot);
  static void transform(const Buffer& buffer, Value& value);

  MatchCounters& counters_;
  const Compiled* rules_ = nullptr;
  const Transaction* tx_ = nullptr;
  const Packet* packet_ = nullptr;
  const MessageFrame* frame_ = nullptr;
  Direction direction_ = Direction::to_server;
  uint8_t protocol_ = kMaxProtocols;
  const CarriedFile* file_ = nullptr;
  uint64_t last_round_ = 0, round_ = 0, file_round_ = 0;  // a slot of another round is to be fetched
  std::vector<Slot> slots_;
};

}  // namespace lapwing::rules
