// Messages of a handshake, put together from records.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "dissectors/parts/handshake/handshake.h"

namespace lapwing::tls {

struct Message {
  uint8_t type = 0;
  Bytes body;             // empty where nobody reads it, or it is too long
  bool too_long = false;  // and of a known type
};

/// Messages whose content is read; the others are passed over without keeping them.
constexpr bool is_read(uint8_t type) {
  return type == kClientHello || type == kServerHello || type == kCertificate;
}

/// [W] Those of one direction. Keeps the beginning of one whose end has not come, up to `longest` bytes of it.
class Messages {
 public:
  /// What a record carries, or a piece of that. `take(message)` is false when no more are wanted.
  template <class Take>
  void read(Bytes piece, size_t longest, const Take& take) {
    while (!piece.empty()) {
      if (left_ > 0) {
        const size_t skipped = std::min<size_t>(left_, piece.size());
        left_ -= static_cast<uint32_t>(skipped);
        piece = piece.subspan(skipped);
        continue;
      }
      if (begun_.size() < kMessageHeader) {
        // A message that lies in this piece as a whole is read where it is.
        if (begun_.empty() && piece.size() >= kMessageHeader) {
          const size_t size = kMessageHeader + size_of(piece.data());
          if (size <= piece.size()) {
            const Bytes whole = piece.first(size);
            piece = piece.subspan(size);
            if (!take(Message{whole[0], whole.subspan(kMessageHeader)})) return;
            continue;
          }
        }
        keep(piece, kMessageHeader);
        if (begun_.size() < kMessageHeader) return;
        const uint8_t type = static_cast<uint8_t>(begun_[0]);
        const size_t size = size_of(begun_.data());
        if (size > longest || !is_read(type)) {
          begun_.clear();
          left_ = static_cast<uint32_t>(size);
          if (!take(Message{type, {}, size > longest && known_message_type(type)})) return;
          continue;
        }
      }
      const size_t size = kMessageHeader + size_of(begun_.data());
      keep(piece, size);
      if (begun_.size() < size) return;
      const std::string whole = std::move(begun_);
      begun_.clear();
      if (!take(Message{static_cast<uint8_t>(whole[0]), to_bytes(whole).subspan(kMessageHeader)})) return;
    }
  }

 private:
  static size_t size_of(const void* header) { return load_be24(static_cast<const uint8_t*>(header) + 1); }

  /// Moves bytes over until there are `size`.
  void keep(Bytes& piece, size_t size) {
    const size_t taken = std::min(size - begun_.size(), piece.size());
    begun_.append(to_text(piece.first(taken)));
    piece = piece.subspan(taken);
  }

  std::string begun_;
  uint32_t left_ = 0;  // bytes of a message that is passed over
};

}  // namespace lapwing::tls
