// Line: the part of a record whose shape export knows, written through a small buffer with as few calls as possible.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"
#include "sensor/base/decimal.h"
#include "sensor/base/ip_address.h"
#include "sensor/base/json_writer.h"
#include "sensor/base/plain_text.h"
#include "sensor/base/time.h"

namespace lapwing {

/// Text of times, a second at a time: records of one flow and one burst share their seconds.
class TimeText {
 public:
  /// Appends what write_iso8601 would, at most kIso8601Size bytes; returns the end.
  char* write(Timestamp time, char* out) {
    if (time.ns < 0) return write_iso8601(time, out);
    int64_t second = time.ns / 1'000'000'000;
    auto& slot = slots_[static_cast<size_t>(second) % slots_.size()];
    if (slot.second != second) {
      write_iso8601(Timestamp::from_seconds(second), slot.text.data());
      slot.second = second;
    }
    std::memcpy(out, slot.text.data(), kIso8601Size);
    auto micro = static_cast<uint32_t>((time.ns - second * 1'000'000'000) / 1'000);
    for (char* p = out + kMicroEnd; p != out + kMicroStart; micro /= 10) *--p = static_cast<char>('0' + micro % 10);
    return out + kIso8601Size;
  }

 private:
  static constexpr size_t kMicroStart = 20, kMicroEnd = 26;  // within "2024-05-01T10:20:30.123456+0000"
  static_assert(kIso8601Size == kMicroEnd + 5);
  struct Slot {
    int64_t second = -1;
    std::array<char, kIso8601Size> text;
  };
  std::array<Slot, 32> slots_;
};

/// Appends to `out` when its buffer is full and at flush(). The caller writes commas and brackets in its literals.
class Line {
 public:
  Line(std::string& out, TimeText& times) : out_(out), times_(times) {}
  /// Throws std::bad_alloc, but not on the way of another exception: then nobody asks for the record any more.
  ~Line() noexcept(false) {
    if (std::uncaught_exceptions() == 0) flush();
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  /// A call costs more than what it does.
  template <size_t N>
  [[gnu::always_inline]] Line& operator<<(const char (&literal)[N]) {
    room(N);
    std::memcpy(p_, literal, N - 1);
    p_ += N - 1;
    return *this;
  }
  Line& operator<<(uint64_t number) {
    room(kDecimalSize);
    p_ = write_decimal(number, p_);
    return *this;
  }
  Line& operator<<(const IpAddress& address) {
    room(kIpTextSize);
    p_ = write_ip(address, p_);
    return *this;
  }
  Line& operator<<(Timestamp time) {
    room(kIso8601Size);
    p_ = times_.write(time, p_);
    return *this;
  }
  /// Text that needs no escape: names of our own code.
  Line& name(std::string_view text) {
    if (text.size() > buffer_.size()) {
      flush();
      out_.append(text);
      return *this;
    }
    room(text.size());
    p_ = copy_short(p_, text.data(), text.size());
    return *this;
  }
  /// Any text, with its quotes.
  Line& text(std::string_view text) {
    if (text.size() <= buffer_.size() - 2) {
      room(text.size() + 2);
      char* const begin = p_ + 1;
      if (copy_plain(begin, text.data(), text.size()) == text.size()) {
        *p_ = begin[text.size()] = '"';
        p_ += text.size() + 2;
        return *this;
      }
    }
    flush();
    JsonWriter(out_).value(text);
    return *this;
  }
  /// A member with its comma and key, unless the text is empty.
  template <size_t N>
  Line& optional(const char (&key)[N], std::string_view value) {
    if (value.empty()) return *this;
    *this << key;
    return text(value);
  }
  Line& hex_byte(uint8_t byte) {
    constexpr char kHex[] = "0123456789abcdef";
    room(2);
    *p_++ = kHex[byte >> 4];
    *p_++ = kHex[byte & 15];
    return *this;
  }
  /// Six bytes as "00:01:02:03:04:05", with the quotes.
  Line& mac(const uint8_t* address) {
    *this << "\"";
    for (size_t i = 0; i < 6; ++i) {
      if (i) *this << ":";
      hex_byte(address[i]);
    }
    return *this << "\"";
  }
  void flush() {
    out_.append(buffer_.data(), static_cast<size_t>(p_ - buffer_.data()));
    p_ = buffer_.data();
  }

 private:
  [[gnu::always_inline]] void room(size_t count) {
    if (static_cast<size_t>(buffer_.data() + buffer_.size() - p_) < count) flush();
  }

  std::string& out_;
  TimeText& times_;
  std::array<char, 1024> buffer_;
  char* p_ = buffer_.data();
};

}  // namespace lapwing
