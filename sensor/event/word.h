// Word: a keyword of rules with a syntax of its own, which a protocol brings.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sensor/base/ip_address.h"
#include "sensor/base/setting.h"
#include "sensor/base/time.h"
#include "sensor/event/column.h"
#include "sensor/event/integer_test.h"

namespace lapwing {

/// What stands behind a word in a rule.
struct WordText {
  std::string_view word;
  std::string_view text;  // as it is written, without blanks around it; empty: nothing
  SourceMark mark;

  /// Without quotes around it; fails when there is none.
  std::string_view value() const;
  /// Parts of "a, b ,c", blanks cut.
  std::vector<std::string_view> parts(char separator = ',') const;
  /// Throws SettingError: say what is wrong and what would be right.
  [[noreturn]] void fail(const std::string& what) const;
};

/// A text in a buffer.
struct TextIn {
  std::string_view buffer;
  std::string text;
  bool negated = false;
  bool whole = false;  // the value is the text and nothing more
};
/// What `content` would make of the text, in a buffer.
struct ContentIn {
  std::string_view buffer;
};
struct LengthOf {
  std::string_view buffer;
  IntegerTest length;
};
/// The transaction has come to one of these of Protocol::states.
struct Reached {
  std::vector<std::string_view> states;
};
/// Word::test holds with the value.
struct Tested {
  std::shared_ptr<const void> value;
};
/// What a rule asks for with a word.
using Asked = std::variant<TextIn, ContentIn, LengthOf, Reached, Tested>;

/// `[!]"text"` in a buffer.
TextIn text_in(std::string_view buffer, const WordText& text);

/// [W] When and where a test is made.
struct Moment {
  Direction direction = Direction::to_server;
  Timestamp time;    // of the packet at hand
  IpAddress source;  // of the direction
};

/// [S] Tests are made by dissectors/contract/words.h.
struct Word {
  std::string_view name;
  std::string_view alias = {};
  Sender sender = Sender::client;  // whose direction is tested,
  uint8_t stage = 0;               // when it has come this far
  /// Throws SettingError.
  Asked (*parse)(const WordText& text) = nullptr;
  bool (*test)(const Place& at, const Moment& moment, const void* value) = nullptr;
  std::string (*describe)(const void* value) = nullptr;  // to be read behind the name [cold]
  std::string_view help = {};
};

}  // namespace lapwing
