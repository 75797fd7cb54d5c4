// Field: a named observable of a transaction. One row serves as rule buffer, typed keyword and documentation.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing {

struct Transaction;

/// Which direction's bytes give a field its value.
enum class Side : uint8_t { to_server, to_client, both };

/// A date is an integer of seconds since 1970 that rules compare with a date.
enum class FieldKind : uint8_t { bytes, integer, date };

struct Value {
  Bytes bytes;           // of a bytes field
  uint64_t integer = 0;  // of an integer or date field
};

/// A symbolic name of an integer field's value ("dns.rrtype: MX").
struct FieldName {
  std::string_view name;
  uint64_t value;
};

/// [S] `get` writes value number `index` (0, 1, ... of a `many` field) of the given direction and returns true, or
/// returns false when there is none. The bytes view the transaction, or `scratch`, which the caller owns and keeps
/// alive as long as it uses the value. `get` is called only when the direction's progress has reached `stage`.
struct Field {
  std::string_view name;  // "http.uri": the sticky buffer or typed keyword
  FieldKind kind = FieldKind::bytes;
  Side side = Side::to_server;
  uint8_t stage = 0;
  bool (*get)(const Transaction& tx, Direction direction, uint32_t index, std::string& scratch, Value& out) = nullptr;
  std::string_view help = {};

  bool many = false;
  bool lowercased = false;         // patterns with upper case or nocase can never be meant: refused at load
  char pcre_letter = 0;            // legacy pcre flag that selects this buffer
  uint8_t rarity_class = 2;        // fast pattern priority class: the lowest of a rule's buffers is taken first
  std::array<std::string_view, 3> sticky_aliases = {};  // older sticky names ("dns_query")
  std::string_view modifier = {};  // older content modifier ("http_uri")
  std::span<const FieldName> names = {};
};

}  // namespace lapwing
