// Column: one thing that a transaction says. The one row is a member of records, a buffer or number of rules, a line of
// the schema and of the manual, and what others read by name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/base/named_value.h"
#include "sensor/event/carried_file.h"
#include "sensor/event/chunk.h"

namespace lapwing {

struct Column;
struct Shown;
struct Transaction;
class RecordWriter;

/// Which direction's bytes give a column its value.
enum class Sender : uint8_t { client, server, either };

/// choice: a number written by its name. flag: written when true. object: columns of its own. custom: `write` alone
/// knows it.
enum class Shape : uint8_t { text, hex, base64, integer, date, flag, address, choice, object, custom };

/// When a record shows a column: always, in the extended form of its protocol, or when it is asked for by name.
enum class Level : uint8_t { always, extended, on_request };

/// What a column is read from: the object that has it, within a transaction [W]. Columns of the transaction itself need
/// no `self`.
struct Place {
  const void* self = nullptr;
  const Transaction* tx = nullptr;
  Direction direction = Direction::to_server;
  const void* detail = nullptr;  // what within the transaction a record is about, where it says

  Place within(const void* object) const { return {object, tx, direction, detail}; }
};

struct Value {
  Bytes bytes;           // of text, hex, base64, address
  uint64_t integer = 0;  // of integer, date (seconds since 1970), flag, choice
};

/// Takes the values of a column one by one, until it returns false. Bytes view the transaction, or the `scratch` that
/// was asked for last.
class ValueSink {
 public:
  virtual ~ValueSink() = default;
  virtual std::string& scratch() = 0;
  virtual bool take(const Value& value) = 0;
};

/// Takes the places of a column's objects one by one, until it returns false.
class PlaceSink {
 public:
  virtual ~PlaceSink() = default;
  virtual bool take(const Place& place) = 0;
};

/// How rules write the number of a column: as one comparison, as a list of numbers and ranges, or as a list of flags,
/// the column's names, of which any or all are as it says.
enum class NumberForm : uint8_t { comparison, list, any_flags, all_flags };

/// How rules know a column: a sticky buffer when it is bytes, else a typed keyword. Columns of one name give each its
/// direction's value.
struct RuleUse {
  std::string_view name = {};
  Sender sender = Sender::client;
  uint8_t stage = 0;                             // of the sender's direction, at which the value is final
  FileStage file_stage = FileStage::none;        // instead, where the column is a file's
  std::array<std::string_view, 3> aliases = {};  // older sticky names
  std::string_view modifier = {};                // older content modifier
  char pcre_letter = 0;                          // legacy pcre flag that selects it
  uint8_t rarity = 2;                            // the lowest of a rule's buffers has its fast pattern
  bool lowercased = false;                       // patterns with upper case or nocase can never be meant
  NumberForm form = NumberForm::comparison;
  std::string_view help = {};  // where it is not that of the column
};

/// [S] Columns in the order of the record.
class Table {
 public:
  constexpr Table() = default;
  template <size_t N>
  constexpr Table(const Column (&columns)[N]) : first_(columns), size_(N) {}
  template <size_t N>
  constexpr Table(const std::array<Column, N>& columns) : first_(columns.data()), size_(N) {}
  constexpr size_t size() const { return size_; }
  constexpr const Column* begin() const { return first_; }
  constexpr const Column* end() const;

 private:
  const Column* first_ = nullptr;
  size_t size_ = 0;
};

/// [S] Made by dissectors/contract/columns.h.
struct Column {
  std::string_view member;  // of its object in records. Empty: of rules alone, or an object whose columns stand here
  Shape shape = Shape::text;
  std::string_view help = {};
  bool many = false;  // an array of them
  /// Gives its values, or of an object the places of its columns. False when the sink wants no more.
  bool (*visit)(const Place& at, ValueSink& sink) = nullptr;
  bool (*enter)(const Place& at, PlaceSink& sink) = nullptr;
  /// Writes the member, unless there is nothing to write.
  void (*write)(const Shown& column, const Place& at, RecordWriter& out) = nullptr;
  Table inside = {};                                 // of an object
  Sender sender = Sender::either;                    // of an object: whose it is, for rules that look at one direction
  std::span<const NamedValue> (*names)() = nullptr;  // of a choice or integer, for rules
  std::array<RuleUse, 2> rules = {};
  bool even_empty = false;  // a list without elements is written, and a flag that is not set
  Level level = Level::always;
  std::string_view option_name = {};  // by which options name it, where that is not its member

  constexpr Column rule(const RuleUse& use) const {
    Column c = *this;
    c.rules[c.rules[0].name.empty() ? 0 : 1] = use;
    return c;
  }
  constexpr Column extended() const {
    Column c = *this;
    c.level = Level::extended;
    return c;
  }
  constexpr Column on_request() const {
    Column c = *this;
    c.level = Level::on_request;
    return c;
  }
  constexpr Column option(std::string_view name) const {
    Column c = *this;
    c.option_name = name;
    return c;
  }
  constexpr Column of(Sender whose) const {
    Column c = *this;
    c.sender = whose;
    return c;
  }
  constexpr Column named(std::span<const NamedValue> (*values)()) const {
    Column c = *this;
    c.names = values;
    return c;
  }
  constexpr Column shown_empty() const {
    Column c = *this;
    c.even_empty = true;
    return c;
  }
};

constexpr const Column* Table::end() const {
  return first_ + size_;
}

}  // namespace lapwing
