// File: one file carried by a transaction, whatever the protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dissectors/parts/file/digest.h"
#include "dissectors/parts/file/patchwork.h"
#include "sensor/base/bytes.h"
#include "sensor/event/carried_file.h"

namespace lapwing::file {

using State = FileState;

/// Name and progress of one file [W]. Bytes reach it through append() or, where the protocol keeps the body itself,
/// through borrow(). At most `keep` bytes are held; of a longer file the digests that Out::digests() names are computed
/// as the bytes pass.
class File : public CarriedFile {
 public:
  explicit File(std::string file_name, uint64_t keep = 0, uint8_t digests = 0) : keep_(keep), digests_(digests) {
    name = std::move(file_name);
  }

  void append(Bytes bytes);
  /// Bytes that never came: the content ends before them, the size counts them.
  void lose(uint64_t count);
  /// Bytes of which others came before, which count for digests and the store: rules look at both.
  void overwrite(uint64_t offset, Bytes bytes);
  /// As overwrite(), where the others still wait for those before them.
  void add_beside(Bytes bytes);
  /// The content lies in `*owner` from `begin` on, `length` bytes of it. `owner` outlives the file.
  void borrow(const std::string* owner, size_t begin, size_t length);
  /// The content is all of `*owner`, which grows: after() tells what came, of which the owner took the first `kept`.
  void follow(const std::string* owner);
  void after(Bytes bytes, size_t kept);
  void close(State final_state);

  /// What is known of the content: from the first byte up to the first gap or the limit.
  Bytes content() const override;
  /// What rules look at: also what came behind a gap, or once more.
  Bytes seen() const;
  std::string sha256() const override;
  FileStage stage() const override;
  const void* self() const override { return this; }
  /// Of the content as far as it came without a gap.
  Digest digest(Algorithm algorithm) const;
  /// libmagic's verdict on the content; empty until has_head().
  const std::string& magic() const;
  /// Enough is there for libmagic's verdict to be final.
  bool has_head() const;

  std::optional<std::pair<uint64_t, uint64_t>> range;  // first and last byte of the whole that this part is

 private:
  std::string own_;
  const std::string* owner_ = nullptr;
  size_t begin_ = 0, length_ = 0;
  /// Null where nothing of it is kept, or somebody else keeps it.
  Patchwork* patchwork();
  /// The file has outgrown what is kept of it, `kept`, by `more`.
  void outgrow(Bytes kept, Bytes more);

  uint64_t keep_;
  uint8_t digests_;
  bool outgrown_ = false;                 // `keep`
  std::unique_ptr<Hasher> hasher_;        // of what did, where digests are wanted
  std::unique_ptr<Patchwork> patchwork_;  // null: rules look at the content
  mutable std::string magic_;
};

/// EVE's word for the state.
std::string_view state_name(State state);

}  // namespace lapwing::file
