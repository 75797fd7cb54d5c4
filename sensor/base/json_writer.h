// Writes JSON text into a growing buffer: to_chars for numbers, a table and 16-byte steps for escapes.
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/time.h"

namespace lapwing {

/// Appends to a std::string it does not own, so that the buffer's capacity is kept from record to record.
/// The caller balances begin and end; commas are placed here.
///
/// With a limit, what would begin past `room` further bytes is left out and a text that reaches there is cut, so that
/// the JSON stays whole and is longer than that by the ends of what is open at most.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}
  JsonWriter(std::string& out, size_t room) : out_(out), limit_(out.size() + room) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& begin_object(std::string_view name) { return key(name).begin_object(); }
  JsonWriter& begin_array(std::string_view name) { return key(name).begin_array(); }
  /// `name` is written as it stands: a literal of the code that needs no escape.
  JsonWriter& key(std::string_view name);
  /// As key(), for a name that came from traffic or rules.
  JsonWriter& escaped_key(std::string_view name);

  static bool needs_no_escape(std::string_view text);
  /// UTF-8 text; when `text` is not valid UTF-8, every byte from 0x80 on is written as \\xHH, as EVE records do.
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(Bytes bytes) { return value(to_text(bytes)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  JsonWriter& value(double number);
  JsonWriter& value(const IpAddress& address);
  JsonWriter& value(Timestamp time);
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonWriter& value(T number) {
    char text[24];
    auto end = std::to_chars(text, text + sizeof text, number).ptr;
    return raw({text, end});
  }
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  JsonWriter& base64(Bytes bytes);
  /// Printable ASCII and \r \n \t as they are, every other byte as '.': EVE's payload_printable.
  JsonWriter& printable(Bytes bytes);
  JsonWriter& hex(Bytes bytes, char separator = 0);
  /// JSON text that is complete in itself.
  JsonWriter& raw(std::string_view json);

  std::string& text() { return out_; }
  /// Whether something was left out or cut.
  bool cut() const { return cut_; }
  /// From here on nothing is left out. Call where nothing is open that was begun after the cut.
  void lift_limit() {
    limit_ = std::string::npos;
    skipping_ = false;
  }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  /// Begins a key, or a value: true when it is to be written.
  bool begin(bool value) {
    if (out_.size() >= limit_ && !has_key_) cut_ = skipping_ = true;
    if (skipping_) return false;
    if (need_comma_) out_.push_back(',');
    need_comma_ = true;
    has_key_ = has_key_ && !value;
    return true;
  }
  size_t room() const { return limit_ - std::min(limit_, out_.size()); }
  /// As much of a text in which a byte becomes `growth` bytes as there is room for.
  Bytes fitting(Bytes bytes, size_t growth);
  void escape(std::string_view text);

  std::string& out_;
  size_t limit_ = std::string::npos;  // of out_
  size_t skipped_ = 0;                // brackets opened since
  bool need_comma_ = false, has_key_ = false, skipping_ = false, cut_ = false;
};

}  // namespace lapwing
