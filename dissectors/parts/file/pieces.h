// Pieces: bytes of one file that came before others of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "sensor/base/bytes.h"

namespace lapwing::file {

/// [W] Pieces that wait, by where in the file they begin; none overlaps another, and of two that said different things
/// of a byte the first counts. What follows one is part of it, so that it does not matter how they are cut.
class Pieces {
 public:
  struct Limits {
    uint64_t pieces = 0, bytes = 0;
  };
  enum class Refusal : uint8_t { none, pieces, bytes };

  bool empty() const { return waiting_.empty(); }
  /// Where the first one begins.
  uint64_t begin() const { return waiting_.begin()->first; }
  /// Behind the last one; 0: there is none.
  uint64_t end() const { return empty() ? 0 : waiting_.rbegin()->first + waiting_.rbegin()->second.size(); }
  uint64_t bytes() const { return bytes_; }
  size_t size() const { return waiting_.size(); }

  /// What of it is not there yet waits from now on, unless there is no room for it. `again` is told of bytes that wait
  /// already, and of those that come for them.
  template <class Again>
  Refusal add(uint64_t offset, Bytes piece, const Limits& limits, Again again) {
    auto next = waiting_.upper_bound(offset);
    if (next != waiting_.begin()) {
      const auto before = std::prev(next);
      const uint64_t end = before->first + before->second.size();
      if (end > offset) {
        const uint64_t known = std::min<uint64_t>(end - offset, piece.size());
        again(to_bytes(before->second).subspan(offset - before->first, known), piece.first(known));
        piece = piece.subspan(known);
        offset += known;
      }
    }
    while (!piece.empty()) {
      const bool reaches = next != waiting_.end() && next->first - offset < piece.size();
      const size_t size = reaches ? static_cast<size_t>(next->first - offset) : piece.size();
      if (size > 0) {
        const auto before = next == waiting_.begin() ? waiting_.end() : std::prev(next);
        const bool joins = before != waiting_.end() && before->first + before->second.size() == offset;
        if (!joins && waiting_.size() == limits.pieces) return Refusal::pieces;
        if (size > limits.bytes - std::min(limits.bytes, bytes_)) return Refusal::bytes;
        if (joins) {
          before->second.append(to_text(piece.first(size)));
        } else {
          waiting_.emplace_hint(next, offset, to_text(piece.first(size)));
        }
        bytes_ += size;
      }
      if (!reaches) break;
      const uint64_t skipped = std::min<uint64_t>(size + next->second.size(), piece.size());
      again(to_bytes(next->second).first(skipped - size), piece.subspan(size, skipped - size));
      piece = piece.subspan(skipped);
      offset += skipped;
      ++next;
    }
    return Refusal::none;
  }
  /// Takes out the first one.
  std::string take() {
    std::string out = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    bytes_ -= out.size();
    return out;
  }

 private:
  std::map<uint64_t, std::string> waiting_;
  uint64_t bytes_ = 0;
};

}  // namespace lapwing::file
