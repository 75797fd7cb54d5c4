#include "dissectors/parts/file/file.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::file {

void File::append(Bytes bytes) {
  if (patchwork_) patchwork_->append(size, bytes);
  size += bytes.size();
  if (gaps) return;
  if (outgrown_ || own_.size() + bytes.size() > keep_) outgrow(to_bytes(own_), bytes);
  own_.append(to_text(bytes.first(std::min<uint64_t>(bytes.size(), keep_ - std::min<uint64_t>(keep_, own_.size())))));
}

void File::lose(uint64_t count) {
  if (Patchwork* seen = patchwork()) seen->lose(size, count);
  gaps = true;
  size += count;
}

void File::overwrite(uint64_t offset, Bytes bytes) {
  if (!patchwork_) {
    if (offset >= own_.size()) return;
    const Bytes before = to_bytes(own_).subspan(offset);
    bytes = bytes.first(std::min(bytes.size(), before.size()));
    if (to_text(before.first(bytes.size())) == to_text(bytes)) return;
  }
  if (Patchwork* seen = patchwork()) seen->overwrite(offset, bytes);
}

void File::add_beside(Bytes bytes) {
  if (Patchwork* seen = patchwork()) seen->add_beside(bytes);
}

Patchwork* File::patchwork() {
  if (!patchwork_ && keep_ > 0 && !owner_) patchwork_ = std::make_unique<Patchwork>(to_bytes(own_), keep_);
  return patchwork_.get();
}

Bytes File::seen() const {
  return patchwork_ ? patchwork_->bytes() : content();
}

void File::borrow(const std::string* owner, size_t begin, size_t length) {
  owner_ = owner;
  begin_ = begin;
  length_ = length;
  size = length;
}

void File::follow(const std::string* owner) {
  owner_ = owner;
  length_ = std::string::npos;
}

void File::after(Bytes bytes, size_t kept) {
  size += bytes.size();
  if (outgrown_ || kept < bytes.size()) outgrow(content(), bytes.subspan(kept));
}

void File::outgrow(Bytes kept, Bytes more) {
  if (digests_ == 0) {
    outgrown_ = true;
    return;
  }
  if (!outgrown_) {
    hasher_ = std::make_unique<Hasher>(digests_);
    hasher_->update(kept);
    outgrown_ = true;
  }
  hasher_->update(more);
}

void File::close(State final_state) {
  if (patchwork_) patchwork_->close();
  // A file with a hole is never whole, however its transfer ended.
  state = gaps && final_state == State::closed ? State::truncated : final_state;
}

Bytes File::content() const {
  if (!owner_) return to_bytes(own_);
  return to_bytes(*owner_).subspan(begin_, std::min(length_, owner_->size() - begin_));
}

Digest File::digest(Algorithm algorithm) const {
  if (outgrown_) return hasher_ ? hasher_->finish(algorithm) : Digest();
  return file::digest(algorithm, content());
}

std::string File::sha256() const {
  return to_hex(digest(Algorithm::sha256).view());
}

const std::string& File::magic() const {
  // A verdict on what there is of a file that still grows would depend on how it was cut into segments.
  if (magic_.empty() && has_head()) magic_ = file::magic(content());
  return magic_;
}

FileStage File::stage() const {
  if (state != State::open) return FileStage::over;
  return has_head() ? FileStage::head : FileStage::named;
}

bool File::has_head() const {
  return state != State::open || content().size() >= kMagicBytes;
}

std::string_view state_name(State state) {
  constexpr std::string_view kNames[] = {"UNKNOWN", "CLOSED", "TRUNCATED", "ERROR"};
  return kNames[static_cast<size_t>(state)];
}

}  // namespace lapwing::file
