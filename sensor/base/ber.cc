#include "sensor/base/ber.h"

#include <algorithm>
#include <optional>

namespace lapwing::ber {

namespace {

/// Tag and length of an element; `size` is that of its content, nothing where an end mark tells it.
struct Head {
  uint8_t tag = 0;
  size_t bytes = 0;  // of the head itself
  std::optional<size_t> size;
};

constexpr size_t kMostLengthBytes = 4;

/// Behind the first byte of a length.
size_t length_bytes(uint8_t first) {
  return first < 0x80 ? 0 : first & 0x7f;
}

bool read_head(Bytes in, Head& out) {
  constexpr uint8_t kLongTag = 0x1f, kConstructed = 0x20;
  if (in.size() < 2 || (in[0] & kLongTag) == kLongTag) return false;
  out.tag = in[0];
  out.bytes = 2;
  if (in[1] < 0x80) {
    out.size = in[1];
    return true;
  }
  const size_t count = length_bytes(in[1]);
  if (count == 0) {
    out.size.reset();
    return out.tag & kConstructed;
  }
  if (count > kMostLengthBytes || in.size() < 2 + count) return false;
  size_t size = 0;
  for (size_t i = 0; i < count; ++i) size = size << 8 | in[2 + i];
  out.bytes = 2 + count;
  out.size = size;
  return true;
}

/// Size of a content that ends with its end mark; nothing when that does not come.
std::optional<size_t> size_to_end_mark(Bytes content) {
  size_t depth = 1, at = 0;
  Head head;
  while (read_head(content.subspan(at), head)) {
    at += head.bytes;
    if (head.tag == 0 && head.size == 0) {
      if (--depth == 0) return at - head.bytes;
    } else if (!head.size) {
      ++depth;
    } else if (*head.size > content.size() - at) {
      return {};
    } else {
      at += *head.size;
    }
  }
  return {};
}

}  // namespace

bool next(Bytes& rest, Element& out) {
  constexpr size_t kEndMark = 2;
  Head head;
  if (!read_head(rest, head)) return false;
  const Bytes behind = rest.subspan(head.bytes);
  const auto marked = head.size ? std::nullopt : size_to_end_mark(behind);
  const size_t told = head.size ? *head.size : marked.value_or(behind.size());
  const size_t size = std::min(told, behind.size());
  out = {head.tag, behind.first(size), rest.first(head.bytes + size), head.size ? told > size : !marked};
  rest = behind.subspan(size + (marked ? kEndMark : 0));
  return true;
}

bool next(Bytes& rest, uint8_t tag, Element& out) {
  Bytes behind = rest;
  if (!next(behind, out) || out.tag != tag || out.cut) return false;
  rest = behind;
  return true;
}

bool ends_in_head(Bytes rest) {
  if (rest.size() < 2) return true;
  const size_t count = length_bytes(rest[1]);
  return count <= kMostLengthBytes && rest.size() < 2 + count;
}

std::optional<uint64_t> extent(Bytes front) {
  Head head;
  if (!read_head(front, head) || !head.size) return {};
  return uint64_t{head.bytes} + *head.size;
}

std::optional<int64_t> integer(Bytes content) {
  if (content.empty() || content.size() > sizeof(int64_t)) return {};
  uint64_t value = content[0] & 0x80 ? UINT64_MAX : 0;
  for (const uint8_t byte : content) value = value << 8 | byte;
  return static_cast<int64_t>(value);
}

std::string oid(Bytes content) {
  constexpr uint8_t kMore = 0x80;
  std::string out;
  uint64_t number = 0;
  for (const uint8_t byte : content) {
    if (number >> 57) return {};
    number = number << 7 | (byte & 0x7f);
    if (byte & kMore) continue;
    if (out.empty()) {  // the first holds two (X.690 8.19.4)
      const uint64_t first = number < 80 ? number / 40 : 2;
      out = std::to_string(first) + "." + std::to_string(number - first * 40);
    } else {
      out += "." + std::to_string(number);
    }
    number = 0;
  }
  return content.empty() || content.back() & kMore ? std::string() : out;
}

}  // namespace lapwing::ber
