// Field: what rules see of a column, and where it is found.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/bytes.h"
#include "sensor/event/column.h"

namespace lapwing {

struct Transaction;

/// A date is an integer of seconds since 1970 that rules compare with a date.
enum class FieldKind : uint8_t { bytes, integer, date };

/// [S] Where a column is found within a transaction: the objects on the way, and the column itself.
class ColumnPath {
 public:
  static constexpr size_t kMaxDepth = 6;
  bool found() const { return size_ > 0; }
  bool many() const;
  const Column& column() const { return *steps_[size_ - 1]; }
  /// Throws std::length_error beyond kMaxDepth.
  ColumnPath then(const Column& column) const;
  bool visit(const Place& at, ValueSink& sink) const { return found() && visit(0, at, sink); }

 private:
  bool visit(size_t step, const Place& at, ValueSink& sink) const;

  std::array<const Column*, kMaxDepth> steps_ = {};
  size_t size_ = 0;
};

/// [S] A sticky buffer or typed keyword of rules. Its values are asked for only when the direction's progress has
/// reached `stage`.
struct Field {
  std::string_view name;  // "http.uri": the sticky buffer or typed keyword
  FieldKind kind = FieldKind::bytes;
  Sender sender = Sender::client;
  uint8_t stage = 0;
  FileStage file_stage = FileStage::none;  // of one file, as which rules look at it; those of all are final in the end
  std::string_view help = {};

  bool many = false;
  bool lowercased = false;   // patterns with upper case or nocase can never be meant: refused at load
  char pcre_letter = 0;      // legacy pcre flag that selects this buffer
  uint8_t rarity_class = 2;  // fast pattern priority class: the lowest of a rule's buffers is taken first
  std::array<std::string_view, 3> sticky_aliases = {};  // older sticky names ("dns_query")
  std::string_view modifier = {};                       // older content modifier ("http_uri")
  std::span<const NamedValue> names = {};
  NumberForm form = NumberForm::comparison;
  std::array<ColumnPath, 2> paths = {};  // by Direction

  /// Gives the values of one direction.
  void visit(const Transaction& tx, Direction direction, ValueSink& sink) const {
    paths[index(direction)].visit({.tx = &tx, .direction = direction}, sink);
  }
  /// Gives the values of one file.
  void visit(const Transaction& tx, Direction direction, const CarriedFile& file, ValueSink& sink) const {
    const ColumnPath& path = paths[index(direction)];
    if (path.found()) path.column().visit({.self = file.self(), .tx = &tx, .direction = direction}, sink);
  }
  /// Calls `each` with the values of one direction until it returns false.
  template <class Each>
  void for_each(const Transaction& tx, Direction direction, Each&& each) const {
    struct Sink final : ValueSink {
      explicit Sink(Each& e) : call(e) {}
      std::string& scratch() override { return text; }
      bool take(const Value& value) override { return call(value); }
      Each& call;
      std::string text;
    } sink(each);
    visit(tx, direction, sink);
  }
};

/// All that rules may know of a table.
std::vector<Field> rule_fields(Table table);

}  // namespace lapwing
