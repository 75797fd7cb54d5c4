// RecordPlan: which columns a record shows, decided once when the configuration is read, and how they are written.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/json_writer.h"
#include "sensor/event/column.h"

namespace lapwing {

/// [S] A column that a record shows, with those of its object that it shows.
struct Shown {
  const Column* column = nullptr;
  std::span<const Shown> inside;
};

/// [S] How much of a record options ask for: which columns of its own objects; within those below, `names` say what
/// stands on request, and the rest is shown.
struct RecordExtent {
  bool extended = true;
  bool only = false;  // those of `names` and no others
  std::vector<std::string> names = {};
};

/// [S]
class RecordPlan {
 public:
  RecordPlan() = default;
  RecordPlan(Table table, const RecordExtent& extent) : columns_(select(table, extent, 0)) {}
  RecordPlan(RecordPlan&&) = default;
  RecordPlan& operator=(RecordPlan&&) = default;
  std::span<const Shown> columns() const { return columns_; }

 private:
  std::span<const Shown> select(Table table, const RecordExtent& extent, size_t depth);
  static bool wanted(const Column& column, const RecordExtent& extent, size_t depth);

  std::deque<std::vector<Shown>> kept_;  // what spans of Shown view
  std::span<const Shown> columns_;
};

/// [W] Where columns are written. A protocol may bound what lists show by the size of their message, so that few bytes
/// on the wire make no long record; that something was left out is said by whoever asks `cut`.
class RecordWriter {
 public:
  RecordWriter(JsonWriter& out, std::string& text) : json(out), scratch(text) {}
  /// Lists show so many entries at most. `message`: bytes on the wire that the record is about.
  void bound_lists(size_t entries, uint64_t message) {
    most_entries_ = entries;
    most_text_ = json.size() + kBase + kTimes * message;
  }

  /// Room for one more entry of a list.
  bool entry() { return entry(entries_); }
  /// The same of entries that say again what others say, and are counted apart.
  bool entry(size_t& count) {
    if (count == most_entries_ || json.size() > most_text_) {
      cut_ = true;
      return false;
    }
    ++count;
    return true;
  }
  bool cut() const { return cut_; }
  void write(std::span<const Shown> columns, const Place& at) {
    for (const Shown& shown : columns) shown.column->write(shown, at, *this);
  }

  JsonWriter& json;
  std::string& scratch;  // for values that are made, not found

 private:
  static constexpr size_t kBase = 2048, kTimes = 8;

  size_t most_entries_ = SIZE_MAX, most_text_ = SIZE_MAX, entries_ = 0;
  bool cut_ = false;
};

}  // namespace lapwing
