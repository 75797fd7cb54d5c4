// Resync: where the messages of a stream go on behind lost bytes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "dissectors/contract/dissector.h"

namespace lapwing {

/// [W] Of one side of a flow. What is found depends on the bytes alone, not on how they were cut. A message that said
/// how long it is has told where the next begins, though bytes of it are lost. Behind any other loss each byte in turn
/// may begin a message; it is judged by a bounded number of bytes, and never come back to.
class Resync {
 public:
  /// A message reaches to `end` in the stream, whatever of it comes.
  void reaches(uint64_t end) { end_ = end; }
  /// Bytes were lost.
  void lose() { lost_ = true; }
  /// Where reading may go on is not known yet.
  bool lost() const { return lost_; }

  /// How many bytes of `chunk` no message begins with; reading goes on behind them, or while lost() they are to be
  /// taken with Step::need(bytes, 1). `begins` tells of bytes whether they are the beginning of a message: sure, no
  /// (maybe is no), or more, which is no once there are `enough`; a longer beginning changes none but that. It must be
  /// hard to please: what is found amid junk is read as if it were none.
  template <class Begins>
  size_t skip(const Chunk& chunk, size_t enough, const Begins& begins) {
    if (!lost_) return 0;
    if (end_ && chunk.offset <= *end_) {
      const uint64_t left = *end_ - chunk.offset;
      lost_ = left > chunk.data.size();
      return static_cast<size_t>(std::min<uint64_t>(left, chunk.data.size()));
    }
    for (size_t at = 0; at < chunk.data.size(); ++at) {
      const Bytes rest = chunk.data.subspan(at, std::min(enough, chunk.data.size() - at));
      const Likelihood verdict = begins(rest);
      lost_ = verdict != Likelihood::sure;
      if (!lost_ || (verdict == Likelihood::more && rest.size() < enough)) return at;
    }
    return chunk.data.size();
  }

 private:
  std::optional<uint64_t> end_;  // of the last message whose length is known
  bool lost_ = false;
};

}  // namespace lapwing
