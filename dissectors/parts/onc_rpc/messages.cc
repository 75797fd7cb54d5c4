#include "dissectors/parts/onc_rpc/messages.h"

#include <algorithm>

#include "sensor/base/hash.h"

namespace lapwing::onc_rpc {

namespace {

constexpr uint32_t kLastFragment = 0x80000000;  // RFC 5531 11
/// Bytes that tell a message from others, behind a record mark.
constexpr size_t kEnoughToResume = 4 + 40;

}  // namespace

uint64_t digest(Bytes datagram) {
  static const uint64_t kSeed = draw_seed();
  return keyed_hash(datagram, kSeed);
}

Step Messages::data(const Chunk& chunk) {
  const Direction direction = chunk.direction;
  const bool asks = direction == Direction::to_server;
  Side& side = sides_[index(direction)];
  if (chunk.datagram) {
    if (asks && carrier_.goes_over(chunk.data, true) == Likelihood::sure) return Step::ok(0);
    begin(side, {.length = chunk.data.size(), .datagram = true}, direction);
    piece(side, chunk.data, true, direction);
    end(side, direction);
    return Step::ok(chunk.data.size());
  }
  size_t used = 0;
  while (used < chunk.data.size()) {
    Chunk rest = chunk;
    rest.data = chunk.data.subspan(used);
    rest.offset = chunk.offset + used;
    used += side.resync.skip(rest, kEnoughToResume, [&](Bytes bytes) { return carrier_.begins(bytes, direction); });
    if (side.resync.lost()) return Step::need(used, 1);
    const Bytes bytes = chunk.data.subspan(used);
    if (bytes.empty()) break;
    if (asks && side.between_records()) {
      const Likelihood verdict = carrier_.goes_over(bytes, false);
      if (verdict == Likelihood::sure) return Step::ok(used);
      const bool waits = verdict == Likelihood::more && !chunk.end;
      if (waits && bytes.size() < kMostBeginning) return Step::need(used, 1);
      if (waits) carrier_.fault(Carrier::Fault::malformed, direction);
    }
    used += step(side, bytes, chunk.offset + used, direction);
  }
  catch_up(side, direction);
  return Step::ok(used);
}

size_t Messages::step(Side& side, Bytes bytes, uint64_t offset, Direction direction) {
  size_t used = 0;
  if (side.left == 0) {
    used = std::min<size_t>(side.mark.size() - side.mark_bytes, bytes.size());
    std::ranges::copy(bytes.first(used), side.mark.begin() + side.mark_bytes);
    side.mark_bytes += static_cast<uint8_t>(used);
    if (side.mark_bytes < side.mark.size()) return used;
    take_mark(side, offset + used, direction);
    if (!side.within || (side.left == 0 && !side.last)) return used;
  }
  const size_t size = std::min<size_t>(side.left, bytes.size() - used);
  side.left -= static_cast<uint32_t>(size);
  const bool whole = side.left == 0 && side.last;
  piece(side, bytes.subspan(used, size), whole, direction);
  used += size;
  if (whole) {
    if (side.span.length == 0) carrier_.record_over(offset + used, direction);
    end(side, direction);
  }
  return used;
}

Step Messages::gap(Direction direction, uint64_t lost) {
  Side& side = sides_[index(direction)];
  if (side.resync.lost()) return Step::ok(0);
  if (side.left == 0 || lost > side.left) {
    lose(side, direction);
    return Step::ok(0);
  }
  side.left -= static_cast<uint32_t>(lost);
  side.whole = false;
  const bool goes_on = side.phase == Phase::body && side.kept.empty() && carrier_.lose(lost, direction);
  if (!goes_on) give_up(side, direction);
  if (side.left == 0 && side.last) end(side, direction);
  return Step::ok(0);
}

/// A fragment begins: the first of a record, or another.
void Messages::take_mark(Side& side, uint64_t end, Direction direction) {
  const uint32_t mark = load_be32(side.mark.data());
  side.mark_bytes = 0;
  side.left = mark & ~kLastFragment;
  side.last = (mark & kLastFragment) != 0;
  if (side.left > kMostRecord) {
    catch_up(side, direction);
    carrier_.fault(Carrier::Fault::malformed, direction);
    lose(side, direction);
  } else if (!side.within) {
    const uint64_t length = side.last ? uint64_t{side.left} + side.mark.size() : 0;
    begin(side, {.begin = end - side.mark.size(), .length = length}, direction);
  }
}

void Messages::begin(Side& side, const Span& span, Direction direction) {
  side.within = true;
  side.phase = Phase::head;
  side.whole = true;
  side.span = span;
  carrier_.record(span, direction);
}

/// Where the next record begins is not known.
void Messages::lose(Side& side, Direction direction) {
  side.whole = false;
  end(side, direction);
  side.mark_bytes = 0;
  side.left = 0;
  side.resync.lose();
}

void Messages::piece(Side& side, Bytes bytes, bool whole, Direction direction) {
  if (side.phase == Phase::over) return;
  if (side.kept.empty()) {
    const size_t used = read(side, bytes, whole, direction);
    bytes = bytes.subspan(used);
    if (side.phase == Phase::over || whole) return;
    side.kept.assign(to_text(bytes));
    side.looked_at = side.kept.size();
    return;
  }
  // What is kept is copied as far as it takes to read it, or to twice what was read in vain: a large piece is not, and
  // none has it read anew with each field or fragment.
  while (!bytes.empty() || whole) {
    const uint64_t worth = std::max<uint64_t>(side.wanted, 2 * side.looked_at);
    const uint64_t enough = worth > side.kept.size() ? worth - side.kept.size() : 1;
    const size_t size = std::min<uint64_t>(enough, bytes.size());
    side.kept.append(to_text(bytes.first(size)));
    bytes = bytes.subspan(size);
    const bool end = whole && bytes.empty();
    if (side.kept.size() < worth && !end) return;
    read_kept(side, end, direction);
    if (side.phase == Phase::over || end) return;
    if (side.kept.empty() && !bytes.empty()) return piece(side, bytes, whole, direction);
  }
}

void Messages::read_kept(Side& side, bool whole, Direction direction) {
  const size_t used = read(side, to_bytes(side.kept), whole, direction);
  side.kept.erase(0, used);
  if (side.phase == Phase::over || whole) side.kept.clear();
  side.looked_at = side.kept.size();
}

void Messages::catch_up(Side& side, Direction direction) {
  if (side.kept.size() > side.looked_at && side.kept.size() >= side.wanted) read_kept(side, false, direction);
}

size_t Messages::read(Side& side, Bytes bytes, bool whole, Direction direction) {
  size_t used = 0;
  if (side.phase == Phase::head) {
    used = head(side, bytes, whole, direction);
    if (side.phase != Phase::body) return used;
  }
  const Carrier::Taken taken = carrier_.body(bytes.subspan(used), whole, direction);
  used += taken.used;
  const size_t left = bytes.size() - used;
  side.wanted = left + taken.missing;
  if (taken.missing > 0 && too_long(bytes.subspan(used), taken.missing)) {
    carrier_.fault(Carrier::Fault::unit, direction);
    give_up(side, direction);
  }
  return used;
}

size_t Messages::head(Side& side, Bytes bytes, bool whole, Direction direction) {
  XdrReader kind(bytes);
  kind.u32();
  const bool is_reply = kind.u32() == static_cast<uint32_t>(Kind::reply);
  XdrReader reader(bytes);
  Call call;
  Reply reply;
  if (is_reply) {
    reply = read_reply(reader);
  } else {
    call = read_call(reader);
  }
  if (!reader.ok() || (reader.missing() && whole)) {
    carrier_.fault(Carrier::Fault::malformed, direction);
    give_up(side, direction);
    return 0;
  }
  if (reader.missing()) {
    side.wanted = bytes.size() + reader.missing();
    return 0;
  }
  side.span.head = side.span.mark() + reader.position();
  side.phase = Phase::body;
  if (is_reply) {
    carrier_.reply(reply, side.span, direction);
  } else {
    carrier_.call(call, side.span, direction);
  }
  return reader.position();
}

/// The rest of the message is passed over.
void Messages::give_up(Side& side, Direction direction) {
  if (side.phase == Phase::body) carrier_.end(false, direction);
  side.phase = Phase::over;
  side.kept.clear();
}

void Messages::end(Side& side, Direction direction) {
  if (side.phase == Phase::body) carrier_.end(side.whole, direction);
  side.phase = Phase::over;
  side.within = false;
  side.kept.clear();
  side.wanted = 0;
}

}  // namespace lapwing::onc_rpc
