// Transfer: one file under way, in whatever order its bytes come.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "dissectors/contract/out.h"
#include "dissectors/parts/file/file.h"
#include "dissectors/parts/file/file_part.h"
#include "dissectors/parts/file/pieces.h"

namespace lapwing::file {

/// [W] The dissector D feeds it, and it tells the store and the rules. Its transaction outlives it.
template <class D>
class Transfer {
 public:
  Transfer(Out<D>& out, Transaction& tx, Direction direction, std::string name, uint64_t keep)
      : out_(out), tx_(tx), direction_(direction), file_(std::move(name), out.kept(keep), out.digests()) {}

  /// Bytes that follow those before.
  void append(Bytes bytes) { at(next_, bytes); }
  /// Bytes of which the place in the file is known. What came before counts, and is not told again; where it said
  /// otherwise, rules see both.
  void at(uint64_t offset, Bytes bytes) {
    if (file_.over || bytes.empty()) return;
    if (offset < next_) {
      const uint64_t known = std::min<uint64_t>(next_ - offset, bytes.size());
      file_.overwrite(offset, bytes.first(known));
      bytes = bytes.subspan(known);
      offset += known;
      if (bytes.empty()) return;
    }
    if (offset > next_) {
      wait(offset, bytes);
    } else {
      follow(bytes);
    }
    close_if_whole();
  }
  /// So many bytes behind those before will not come.
  void lose(uint64_t count) {
    if (file_.over || count == 0) return;
    const uint64_t end = next_ + count;
    while (!early_.empty() && early_.begin() < end) skip_to_early();
    if (next_ < end) skip(end - next_);
    drain();
    close_if_whole();
  }
  /// The file has so many bytes: it closes by itself once they are there.
  void expect_size(uint64_t size) {
    size_ = size;
    close_if_whole();
  }
  /// Nothing more comes: holes before what waits are holes for good.
  void close(State state) {
    if (file_.over) return;
    while (!early_.empty()) skip_to_early();
    if (size_ && next_ < *size_ && state == State::closed) state = State::truncated;
    file_.close(state);
    out_.file(tx_, direction_, file_, {}, true);
    file_.over = true;
  }

  /// Pieces that may wait instead of those that the part's rows allow; what is beyond counts there as well.
  void allow(const Pieces::Limits& limits) { limits_ = limits; }
  /// Pieces and bytes that wait.
  Pieces::Limits waiting() const { return {early_.size(), early_.bytes()}; }
  /// Offset behind what came without a hole, or was given up.
  uint64_t reached() const { return next_; }
  /// Offset behind all that came.
  uint64_t end() const { return std::max(next_, early_.end()); }

  File& file() { return file_; }
  const File& file() const { return file_; }

 private:
  void pass(Bytes bytes) {
    next_ += bytes.size();
    file_.append(bytes);
    out_.file(tx_, direction_, file_, bytes, false);
  }
  /// Bytes from next_ on: of those that wait already, what came first counts.
  void follow(Bytes bytes) {
    while (!bytes.empty()) {
      const uint64_t begin = next_;
      const uint64_t room = early_.empty() ? bytes.size() : early_.begin() - next_;
      pass(bytes.first(std::min<uint64_t>(room, bytes.size())));
      drain();
      const uint64_t done = std::min<uint64_t>(next_ - begin, bytes.size());
      if (room < done) file_.overwrite(begin + room, bytes.subspan(room, done - room));
      bytes = bytes.subspan(done);
    }
  }
  void skip(uint64_t count) {
    next_ += count;
    file_.lose(count);
  }
  void drain() {
    while (!early_.empty() && early_.begin() == next_) {
      const std::string piece = early_.take();
      pass(to_bytes(piece));
    }
  }
  void skip_to_early() {
    skip(early_.begin() - next_);
    drain();
  }
  void wait(uint64_t offset, Bytes bytes) {
    PartOut out = out_.template part<Files>();
    while (true) {
      const Pieces::Refusal refusal = early_.add(offset, bytes, limits_, [this](Bytes before, Bytes again) {
        if (to_text(before) != to_text(again)) file_.add_beside(again);
      });
      if (refusal == Pieces::Refusal::none) return;
      out.capped(refusal == Pieces::Refusal::pieces ? Files::Cap::pieces : Files::Cap::waiting);
      if (early_.empty()) {  // longer than may wait
        skip(offset - next_);
        return follow(bytes);
      }
      skip_to_early();
      if (offset < next_) return at(offset, bytes);
      if (offset == next_) return follow(bytes);
    }
  }
  void close_if_whole() {
    if (size_ && next_ >= *size_ && !file_.over) close(State::closed);
  }

  Out<D>& out_;
  Transaction& tx_;
  const Direction direction_;
  File file_;
  Pieces early_;
  Pieces::Limits limits_ = {PartOut<Files>::limit(Files::Cap::pieces), PartOut<Files>::limit(Files::Cap::waiting)};
  uint64_t next_ = 0;  // offset behind what was passed on
  std::optional<uint64_t> size_;
};

}  // namespace lapwing::file
