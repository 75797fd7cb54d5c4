// What is kept of a message, and who reads it as it comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dissectors/protocols/ldap/ldap_filter.h"
#include "dissectors/protocols/ldap/ldap_walker.h"
#include "sensor/base/bytes.h"
#include "sensor/event/chunk.h"

namespace lapwing::ldap {

/// Bytes of Contents::text.
struct Text {
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t at = kNone, size = 0;

  bool there() const { return at != kNone; }
};
/// Neighbours in a list of Contents.
struct Range {
  uint32_t first = 0, count = 0;
};

/// An attribute with its values; of a search, or a comparison, what is asked for.
struct Attribute {
  Text type;
  Range values;
  Direction side = Direction::to_server;
  std::optional<uint8_t> change;  // what a modification does with it
  bool secret = false;            // its values are not shown
};

struct Control {
  Text type, value;
  Direction side = Direction::to_server;
  bool critical = false;
};

/// [W] All that is kept of the messages of one side of a transaction.
struct Contents {
  std::string text;
  std::vector<Text> values;
  std::vector<Attribute> attributes;
  std::vector<Control> controls;

  Bytes of(Text part) const { return part.there() ? to_bytes(text).subspan(part.at, part.size) : Bytes(); }
  std::span<const Text> of(Range range) const { return of(values, range); }
  template <class T>
  std::span<const T> of(const std::vector<T>& list, Range range) const {
    return std::span(list).subspan(range.first, range.count);
  }
  /// Bytes that it takes.
  size_t size() const {
    return text.size() + values.size() * sizeof(Text) + attributes.size() * sizeof(Attribute) +
           controls.size() * sizeof(Control);
  }
  /// Keeps what it has grown.
  void clear() {
    text.clear();
    values.clear();
    attributes.clear();
    controls.clear();
  }
};

/// How a client proves who it is.
enum class Proof : uint8_t { none, simple, sasl, negotiation };

/// A message; texts and ranges are those of its side's Contents.
struct Message {
  Direction side = Direction::to_server;
  Operation operation = Operation::bind_request;
  uint32_t id = 0;
  uint64_t size = 0;  // bytes
  Text dn, name, value, credentials;
  Range attributes, uris, controls;
  // of requests
  Text mechanism, password, filter, new_rdn, new_superior;
  uint32_t version = 0, scope = 0, aliases = 0, size_limit = 0, time_limit = 0, abandoned = 0;
  Proof proof = Proof::none;
  bool proved = false;  // with something
  bool types_only = false, delete_old = false;
  // of responses
  std::optional<uint32_t> result;
  Text message;
  // What is left out of what came, in numbers.
  uint32_t long_values = 0, long_tokens = 0, unkept = 0, deep = 0, long_filters = 0;
  bool broken = false;  // its elements are not what they should be,
  bool lost = false;    // or did not all come

  bool cut() const { return long_values + long_tokens + unkept + deep + long_filters > 0 || broken || lost; }
};

/// [W] Of one direction.
class Reader final : private Listener {
 public:
  /// Bytes that are kept of a value; of a token of SASL; and by all values of a side.
  struct Limits {
    size_t value = 0, token = 0, all = 0;
    bool passwords = false;  // those are kept
  };
  explicit Reader(const Limits& limits) : limits_(limits) {}

  /// `into`: null where nothing but the result matters.
  void begin(const Head& head, Direction side, Contents* into);
  /// Takes bytes behind the head; those left over belong to what follows.
  size_t take(Bytes bytes);
  bool under_way() const { return left_ > 0; }
  uint64_t left() const { return left_; }
  /// The rest will not come.
  void lose();
  /// Of the message that was read last, or is under way.
  const Message& message() const { return message_; }
  /// What a login says: of a value too long for that nothing.
  const std::string& token() const { return token_; }

 private:
  void begin(Item item) override;
  void end(Item item) override;
  void value(Item item, Bytes head, uint64_t size) override;
  size_t room(Item item) const override;
  void too_deep(Item item) override;
  void end_message();

  bool fits(size_t bytes);
  Text keep(Bytes bytes);
  void add_attribute(Bytes type);
  void add_value(Bytes value);

  const Limits limits_;
  Walker walker_;
  FilterText filter_;
  Message message_;
  Contents* into_ = nullptr;
  std::string token_;
  uint64_t left_ = 0;
  std::optional<uint8_t> change_;                       // of the attribute that comes
  bool attribute_kept_ = false, control_kept_ = false;  // the one that is under way
  bool sound_ = true;
};

}  // namespace lapwing::ldap
