// Transfer encodings of mail (RFC 2045 6.7, 6.8; uuencode of POSIX), undone as the bytes come.
#pragma once

#include <cstdint>
#include <string>

#include "sensor/base/bytes.h"

namespace lapwing::mime {

/// The value of a hexadecimal digit; -1 of anything else.
int hex_digit(char c);

/// [W] Lines of any length, and what is in none of base64's alphabet, is passed over.
class Base64 {
 public:
  void decode(Bytes coded, std::string& out);
  /// The same of lines as encoders write them, with their ends: all but the last lines of whole fours, up to `longest`
  /// characters each. Returns the bytes of those at the front; others are for decode().
  size_t decode_lines(Bytes coded, size_t longest, std::string& out);
  /// No more comes: three bytes or two may be there of the last four.
  void finish(std::string& out);
  /// Something came that base64 has not.
  bool invalid() const { return invalid_; }

 private:
  char* take_rest(char* to);

  uint32_t bits_ = 0;
  uint8_t count_ = 0;  // characters in bits_
  bool invalid_ = false;
};

/// [W] Of lines without their ends.
class QuotedPrintable {
 public:
  void decode(Bytes coded, std::string& out);
  /// The line is over. True when its end belongs to the text, which that of a soft break does not.
  bool end_line(std::string& out);
  /// Something came that no encoder writes; it stays as it is.
  bool invalid() const { return invalid_; }

 private:
  enum class After : uint8_t { text, equals, digit, blanks };  // the last two behind '='

  void give_back(std::string& out);

  After after_ = After::text;
  char digit_ = 0;  // as it came
  bool invalid_ = false;
};

/// [W] Of lines without their ends. What stands before the line that begins it is text; nothing follows its end.
class Uuencode {
 public:
  void decode(Bytes coded, std::string& out);
  /// The line is over. True when its end belongs to the text.
  bool end_line(std::string& out);

 private:
  enum class At : uint8_t { front, begin, text, count, data, over };

  void put(std::string& out);

  At at_ = At::front;
  uint8_t matched_ = 0;          // of what begins it
  uint8_t left_ = 0, have_ = 0;  // bytes of the line, characters in bits_
  uint32_t bits_ = 0;
};

}  // namespace lapwing::mime
