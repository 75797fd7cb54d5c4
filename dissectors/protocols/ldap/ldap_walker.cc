#include "dissectors/protocols/ldap/ldap_walker.h"

#include <algorithm>
#include <limits>

#include "sensor/base/ber.h"

namespace lapwing::ldap {

namespace {

constexpr Row kExtension{};  // what a later version of the protocol may add

const Row* among(const Shape& shape, uint8_t tag) {
  const auto row = std::ranges::find(shape.rows, tag, &Row::tag);
  if (row != shape.rows.end()) return &*row;
  constexpr uint8_t kClass = 0xc0;
  return (tag & kClass) == ber::context(0, false) ? shape.later : nullptr;
}

/// Whether an operation may begin so.
bool may_begin(const Row& operation, uint8_t tag) {
  const Shape& shape = *operation.inside;
  for (const Row& row : shape.rows) {
    if (row.tag == tag) return true;
    if (!shape.any && !row.optional) return false;
  }
  return false;
}

}  // namespace

Verdict open(Bytes front, Opening& out) {
  if (ber::ends_in_head(front)) return Verdict::more;
  const auto size = ber::extent(front);
  ber::Element element;
  if (!size || !ber::next(front, element)) return Verdict::bad;
  out.tag = element.tag;
  out.bytes = element.whole.size() - element.content.size();
  out.content = *size - out.bytes;
  return Verdict::good;
}

Verdict read_head(Bytes front, Head& out) {
  constexpr size_t kLongestId = 4;
  if (front.empty()) return Verdict::more;
  if (front[0] != ber::kSequence) return Verdict::bad;
  Opening message, id, operation;
  Verdict verdict = open(front, message);
  if (verdict != Verdict::good) return verdict;
  Bytes rest = front.subspan(message.bytes);
  if (!rest.empty() && rest[0] != ber::kInteger) return Verdict::bad;
  verdict = open(rest, id);
  if (verdict != Verdict::good) return verdict;
  if (id.content == 0 || id.content > kLongestId || id.size() >= message.content) return Verdict::bad;
  if (rest.size() <= id.size()) return Verdict::more;
  const auto number = ber::integer(rest.subspan(id.bytes, static_cast<size_t>(id.content)));
  if (!number || *number < 0) return Verdict::bad;  // RFC 4511 4.1.1.1
  rest = rest.subspan(static_cast<size_t>(id.size()));
  out.row = operation_row(rest[0]);
  if (!out.row) return Verdict::bad;
  verdict = open(rest, operation);
  if (verdict != Verdict::good) return verdict;
  if (id.size() + operation.size() > message.content) return Verdict::bad;
  rest = rest.subspan(operation.bytes);
  out.id = static_cast<uint32_t>(*number);
  out.operation = operation_of(operation.tag);
  out.bytes = message.bytes + static_cast<size_t>(id.size()) + operation.bytes;
  out.content = operation.content;
  out.behind = message.content - id.size() - operation.size();
  const bool within = out.row->inside && out.content > 0;
  if (within && rest.empty()) return Verdict::more;
  return within && !may_begin(*out.row, rest[0]) ? Verdict::bad : Verdict::good;
}

void Walker::begin(const Head& head, Listener& listener) {
  stop();
  opened_ = 0;
  levels_[depth_++] = {&kBehindOperation, Item::structure, 0, head.behind};
  enter(*head.row, head.content, listener);
}

bool Walker::take(Bytes bytes, Listener& listener) {
  while (true) {
    if (value_) {
      take_value(bytes, listener);
      if (value_) return true;
    } else if (depth_ > 0 && levels_[depth_ - 1].left == 0) {
      if (!leave(listener)) return false;
    } else if (bytes.empty()) {
      return true;
    } else if (depth_ == 0 || !take_opening(bytes, listener)) {
      stop();
      return false;
    }
  }
}

bool Walker::enter(const Row& row, uint64_t size, Listener& listener) {
  const bool passed = row.inside && depth_ == kDeepest;
  if (row.inside && !passed) {
    levels_[depth_++] = {row.inside, row.item, 0, size};
    listener.begin(row.item);
    return true;
  }
  if (passed) listener.too_deep(row.item);
  value_ = passed ? &kExtension : &row;
  size_ = left_ = size;
  kept_.clear();
  return true;
}

/// Takes what there is of the next element's tag and length.
bool Walker::take_opening(Bytes& bytes, Listener& listener) {
  Level& level = levels_[depth_ - 1];
  Opening opening;
  Verdict verdict = Verdict::more;
  while (verdict == Verdict::more && !bytes.empty()) {
    if (opened_ == opening_.size()) return false;
    opening_[opened_++] = bytes.front();
    bytes = bytes.subspan(1);
    verdict = open(Bytes(opening_).first(opened_), opening);
  }
  if (verdict == Verdict::bad || opened_ > level.left) return false;
  if (verdict == Verdict::more) return true;
  opened_ = 0;
  if (opening.size() > level.left) return false;
  level.left -= opening.size();
  const Shape& shape = *level.shape;
  if (shape.any) {
    const Row* row = among(shape, opening.tag);
    return row && enter(*row, opening.content, listener);
  }
  while (level.next < shape.rows.size()) {
    const Row& row = shape.rows[level.next];
    const Row* found = row.one_of ? among(*row.one_of, opening.tag) : row.tag == opening.tag ? &row : nullptr;
    if (found) {
      ++level.next;
      return enter(*found, opening.content, listener);
    }
    if (!row.optional) return false;
    ++level.next;
  }
  return enter(kExtension, opening.content, listener);
}

void Walker::take_value(Bytes& bytes, Listener& listener) {
  const Bytes piece = bytes.first(static_cast<size_t>(std::min<uint64_t>(bytes.size(), left_)));
  bytes = bytes.subspan(piece.size());
  const size_t room = value_->item == Item::nothing ? 0 : listener.room(value_->item);
  const bool whole = piece.size() == size_;
  left_ -= piece.size();
  if (!whole) kept_.append(to_text(piece.first(std::min(piece.size(), room - std::min(room, kept_.size())))));
  if (left_ > 0) return;
  const Item item = value_->item;
  value_ = nullptr;
  if (item == Item::nothing) return;
  listener.value(item, whole ? piece.first(std::min(piece.size(), room)) : to_bytes(kept_), size_);
}

/// The innermost element is over.
bool Walker::leave(Listener& listener) {
  const Level& level = levels_[depth_ - 1];
  const auto missing = level.shape->any ? std::span<const Row>() : level.shape->rows.subspan(level.next);
  if (!std::ranges::all_of(missing, &Row::optional)) {
    stop();
    return false;
  }
  if (--depth_ > 0) listener.end(level.item);
  return true;
}

}  // namespace lapwing::ldap
