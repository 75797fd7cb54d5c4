#include "signatures/program/content.h"

#include <algorithm>

#include "sensor/base/text.h"
#include "signatures/program/search.h"
#include "signatures/program/words.h"

namespace lapwing::rules {

namespace {
constexpr int64_t kNoLimit = int64_t{1} << 62;  // and more is no overflow
}  // namespace

void ContentStep::settle() {
  if (nocase) pattern = to_lower(pattern);
  if (startswith) {
    has_depth = true;
    depth = {static_cast<int64_t>(pattern.size())};
  } else if (has_depth && has_offset && depth.variable < 0 && offset.variable < 0) {
    depth.value += offset.value;  // depth counts from offset
  }
  relative = has_distance || has_within;
  searches = true;
  moves_cursor = !negated;
}

Outcome ContentStep::attempt(Inspection& inspection, Attempt& attempt) const {
  const Subject& subject = inspection.subject();
  const auto end = static_cast<int64_t>(subject.end());
  const auto cursor = static_cast<int64_t>(attempt.cursor);
  int64_t from = 0, limit = kNoLimit;
  if (relative) {
    int64_t shift = has_distance ? distance.shift(inspection) : 0;
    from = std::max<int64_t>(0, cursor + shift);
    if (has_within) limit = std::min(limit, cursor + within.shift(inspection) + shift);
    if (has_depth) limit = std::min(limit, cursor + depth.place(inspection));
    if (has_offset) from = std::max(from, offset.place(inspection));
  } else {
    if (has_offset) from = offset.place(inspection);
    if (has_depth) limit = std::min(limit, depth.place(inspection));
  }
  // Variables are known only now, so depth is counted from offset only now.
  if (has_depth && (offset.variable >= 0 || depth.variable >= 0)) limit += from;
  const int64_t to = std::min(end, limit);
  if (attempt.resume != 0) from = static_cast<int64_t>(attempt.resume);

  const auto base = static_cast<int64_t>(subject.base);
  if (from > to || to <= 0) {
    attempt.resume = 0;
    return negated ? absent(inspection, attempt, from, limit) : Outcome::fail;
  }
  from = std::max(from, base);  // bytes before are gone
  const auto size = static_cast<int64_t>(pattern.size());
  size_t place = kNotFound;
  if (to - from >= size && !(endswith && to < end)) {
    Bytes window = subject.data.subspan(static_cast<size_t>(from - base), static_cast<size_t>(to - from));
    if (endswith && !negated) {
      // The only place that counts.
      Bytes tail = window.last(static_cast<size_t>(size));
      if (find_literal(tail, to_bytes(pattern), nocase) == 0) place = window.size() - static_cast<size_t>(size);
    } else if (to < end) {
      place = find_literal(window, to_bytes(pattern), nocase);
    } else if (!inspection.absent(*this, from)) {
      place = find_literal(window, to_bytes(pattern), nocase);
      if (place == kNotFound) inspection.set_absent(*this, from);
    }
  }
  if (negated) {
    attempt.resume = 0;
    if (place == kNotFound) return absent(inspection, attempt, from, limit);
    int64_t hit_end = from + static_cast<int64_t>(place) + size;
    // Suricata compares the end of the first hit, from the buffer's start, with the length of the window.
    if (endswith && hit_end != to - from) return Outcome::match;
    return Outcome::fail;
  }
  if (place == kNotFound) return relative ? Outcome::fail : Outcome::stop;
  attempt.cursor = static_cast<uint64_t>(from) + place + pattern.size();
  attempt.resume = static_cast<uint64_t>(from) + place + 1;
  attempt.rests_on(attempt.resume - 1, attempt.cursor);
  return Outcome::match;
}

Outcome ContentStep::absent(Inspection& inspection, Attempt& attempt, int64_t from, int64_t limit) const {
  if (limit == kNoLimit || limit <= from || endswith) return Outcome::match;
  const auto to = static_cast<uint64_t>(limit);
  if (inspection.subject().comes(std::min(attempt.oldest, static_cast<uint64_t>(from)), to))
    return inspection.put_off();
  attempt.newest = std::max(attempt.newest, to);
  return Outcome::match;
}

std::string ContentStep::describe(VariableNames variables) const {
  Sentence out;
  out.add(std::string("content ") + (negated ? "!" : "") + in_quotes(pattern));
  out.add_if(nocase, "nocase").add_if(startswith, "startswith").add_if(endswith, "endswith");
  if (has_offset) out.add("offset " + words(offset, variables));
  if (has_depth && !startswith) {
    // settle() made it count from the buffer's start.
    Number from_offset = depth;
    if (has_offset && depth.variable < 0 && offset.variable < 0) from_offset.value -= offset.value;
    out.add("depth " + words(from_offset, variables));
  }
  if (has_distance) out.add("distance " + words(distance, variables));
  if (has_within) out.add("within " + words(within, variables));
  if (fast_pattern) {
    out.add(chop_length == 0 ? "fast_pattern"
                             : "fast_pattern " + std::to_string(chop_offset) + "," + std::to_string(chop_length));
  }
  return out.text();
}

}  // namespace lapwing::rules
