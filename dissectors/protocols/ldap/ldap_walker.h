// Walker: goes through the elements of a message as its bytes come, and keeps no more of them than it is asked to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "dissectors/protocols/ldap/ldap_grammar.h"
#include "sensor/base/bytes.h"

namespace lapwing::ldap {

/// `more`: bytes are missing.
enum class Verdict : uint8_t { good, more, bad };

/// Tag and length of an element (X.690 8.1). LDAP has definite lengths alone (RFC 4511 5.1).
struct Opening {
  uint8_t tag = 0;
  size_t bytes = 0;      // of tag and length
  uint64_t content = 0;  // bytes behind them

  uint64_t size() const { return bytes + content; }
};
Verdict open(Bytes front, Opening& out);
inline constexpr size_t kLongestOpening = 6;

/// The beginning of a message, before what its operation is made of.
struct Head {
  uint32_t id = 0;
  const Row* row = nullptr;  // of the operation
  Operation operation = Operation::bind_request;
  size_t bytes = 0;
  uint64_t content = 0;  // bytes of the operation
  uint64_t behind = 0;   // bytes behind it

  uint64_t size() const { return bytes + content + behind; }
};
inline constexpr size_t kLongestHead = 3 * kLongestOpening + 4;
/// `bad`: it begins no message.
Verdict read_head(Bytes front, Head& out);

/// Who is told what a message says [W]. Views live as long as the call.
class Listener {
 public:
  virtual ~Listener() = default;
  /// An element of others.
  virtual void begin(Item item) = 0;
  virtual void end(Item item) = 0;
  /// A value of `size` bytes, as far as it is kept.
  virtual void value(Item item, Bytes head, uint64_t size) = 0;
  /// Bytes of a value that are to be kept.
  virtual size_t room(Item item) const = 0;
  /// Elements are within each other deeper than is looked at: this one is passed over.
  virtual void too_deep(Item item) = 0;
};

/// [W] Of one direction. Each byte is looked at once, however the message is cut.
class Walker {
 public:
  /// Goes into a message, of which the head was read.
  void begin(const Head& head, Listener& listener);
  /// Takes bytes of it behind its head. False when they break its rules; then it is over.
  bool take(Bytes bytes, Listener& listener);
  bool over() const { return depth_ == 0 && !value_; }
  void stop() {
    depth_ = 0;
    value_ = nullptr;
  }

  static constexpr size_t kDeepest = 64;

 private:
  /// An element of others.
  struct Level {
    const Shape* shape = nullptr;
    Item item = Item::nothing;
    uint8_t next = 0;   // row
    uint64_t left = 0;  // bytes within that did not come yet, or lie in an element that is under way
  };

  bool enter(const Row& row, uint64_t size, Listener& listener);
  bool take_opening(Bytes& bytes, Listener& listener);
  void take_value(Bytes& bytes, Listener& listener);
  bool leave(Listener& listener);

  std::array<Level, kDeepest> levels_;
  size_t depth_ = 0;
  const Row* value_ = nullptr;    // under way
  uint64_t size_ = 0, left_ = 0;  // of it
  std::string kept_;              // of it, where it came in pieces
  std::array<uint8_t, kLongestOpening> opening_;
  size_t opened_ = 0;  // bytes of it
};

}  // namespace lapwing::ldap
