// Writes JSON text into a growing buffer: what is short goes through a small buffer, with room made sure of once a
// value.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/base/decimal.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/plain_text.h"
#include "sensor/base/time.h"

namespace lapwing {

/// Appends to a std::string it does not own, so that the buffer's capacity is kept from record to record. There is all
/// that was written whenever nothing is open that was begun here, and after text(): between, the end may still wait.
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
    if constexpr (std::signed_integral<T>) {
      if (number < 0) return whole(uint64_t{0} - static_cast<uint64_t>(number), true);
    }
    return whole(static_cast<uint64_t>(number), false);
  }
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  JsonWriter& base64(Bytes bytes);
  /// Printable ASCII and \r \n as they are, every other byte as '.': EVE's payload_printable.
  JsonWriter& printable(Bytes bytes);
  JsonWriter& hex(Bytes bytes, char separator = 0);
  /// JSON text that is complete in itself.
  JsonWriter& raw(std::string_view json);

  std::string& text() {
    flush();
    return out_;
  }
  /// Of the text so far, with what was there before.
  size_t size() const { return out_.size() + waiting_; }
  /// Whether something was left out or cut.
  bool cut() const { return cut_; }
  /// From here on nothing is left out. Call where nothing is open that was begun after the cut.
  void lift_limit() {
    limit_ = std::string::npos;
    skipping_ = false;
  }

 private:
  static constexpr size_t kBuffer = 1024;
  static constexpr size_t kShort = kBuffer - 8;  // with a comma, quotes and a colon it fits

  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& whole(uint64_t size, bool negative);
  /// Begins a key, or a value: where `count` bytes of it have room, behind the comma. Null when it is left out.
  char* begin(bool value, size_t count) {
    if (size() >= limit_ && !has_key_) cut_ = skipping_ = true;
    if (skipping_) return nullptr;
    char* p = take_room(count + 1);
    if (need_comma_) *p++ = ',';
    need_comma_ = true;
    has_key_ = has_key_ && !value;
    return p;
  }
  /// Where `count` bytes have room, at most kBuffer.
  char* take_room(size_t count) {
    if (kBuffer - waiting_ < count) flush();
    return buffer_.data() + waiting_;
  }
  /// What was written since take_room() ends at `p`.
  void taken(char* p) { waiting_ = static_cast<size_t>(p - buffer_.data()); }
  JsonWriter& value_ends_at(char* p) {
    taken(p);
    if (depth_ == 0) flush();
    return *this;
  }
  /// A text's beginning, and what goes into it as it stands with its end.
  bool begin_quoted() {
    char* p = begin(true, 1);
    if (!p) return false;
    *p++ = '"';
    taken(p);
    return true;
  }
  JsonWriter& quoted(std::string_view plain);
  void put(char c) {
    *take_room(1) = c;
    ++waiting_;
  }
  void put(std::string_view text);
  void flush();
  size_t room() const { return limit_ - std::min(limit_, size()); }
  /// As much of a text in which a byte becomes `growth` bytes as there is room for.
  Bytes fitting(Bytes bytes, size_t growth);
  void escape(std::string_view text);

  std::string& out_;
  size_t limit_ = std::string::npos;  // of size()
  size_t waiting_ = 0;                // bytes of buffer_
  size_t depth_ = 0;                  // brackets that are open
  size_t skipped_ = 0;                // brackets opened since something was left out
  bool need_comma_ = false, has_key_ = false, skipping_ = false, cut_ = false;
  std::array<char, kBuffer> buffer_;
};

}  // namespace lapwing
