#include "dissectors/parts/file/patchwork.h"

#include <algorithm>

namespace lapwing::file {

Patchwork::Patchwork(Bytes begun, uint64_t keep) : keep_(keep) {
  append(0, begun);
}

void Patchwork::extend(uint64_t offset, size_t size, bool gap) {
  const size_t at = text_.size() - size;
  if (!runs_.empty()) {
    Run& last = runs_.back();
    if (last.gap == gap && last.at + last.size == at && last.offset + last.size == offset) {
      last.size += size;
      return;
    }
  }
  if (size > 0) runs_.push_back({offset, at, size, gap});
}

void Patchwork::append(uint64_t offset, Bytes bytes) {
  bytes = bytes.first(std::min<uint64_t>(bytes.size(), room()));
  text_ += to_text(bytes);
  extend(offset, bytes.size(), false);
}

void Patchwork::lose(uint64_t offset, uint64_t count) {
  const auto shown = static_cast<size_t>(std::min({count, uint64_t{kGap}, room()}));
  text_.append(shown, '\0');
  extend(offset, shown, true);
}

void Patchwork::overwrite(uint64_t offset, Bytes bytes) {
  auto run = std::ranges::upper_bound(runs_, offset, {}, &Run::offset);
  if (run != runs_.begin()) --run;
  while (!bytes.empty()) {
    while (run != runs_.end() && run->offset + run->size <= offset) ++run;
    if (run == runs_.end() && room() == 0) return;  // beyond what is kept
    const uint64_t begin = run == runs_.end() ? offset + bytes.size() : std::max(run->offset, offset);
    // Of a gap that is longer than what is shown of it.
    const auto unknown = static_cast<size_t>(std::min<uint64_t>(begin - offset, bytes.size()));
    add_beside(bytes.first(unknown));
    offset += unknown;
    bytes = bytes.subspan(unknown);
    if (bytes.empty()) return;
    const uint64_t within = offset - run->offset;
    const auto known = static_cast<size_t>(std::min<uint64_t>(run->size - within, bytes.size()));
    replace(*run, run->at + within, bytes.first(known));
    offset += known;
    bytes = bytes.subspan(known);
  }
}

void Patchwork::replace(const Run& run, size_t at, Bytes bytes) {
  const std::string_view again = to_text(bytes);
  if (std::string_view(text_).substr(at, again.size()) == again) return;
  if (!run.gap) {
    const size_t begin = at - std::min(at, kAround);
    add_beside(to_bytes(text_).subspan(begin, std::min(text_.size() - begin, at - begin + again.size() + kAround)));
  }
  text_.replace(at, again.size(), again);
}

void Patchwork::add_beside(Bytes bytes) {
  const uint64_t room = keep_ - std::min<uint64_t>(keep_, beside_.size());
  if (bytes.empty() || room == 0) return;
  beside_ += '\0';  // it continues nothing
  beside_ += to_text(bytes.first(std::min<uint64_t>(bytes.size(), room - 1)));
}

void Patchwork::close() {
  text_ += beside_;
  beside_.clear();
}

}  // namespace lapwing::file
