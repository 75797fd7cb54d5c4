#include "signatures/program/step.h"

#include "signatures/program/match_counters.h"
#include "signatures/program/pcre.h"

namespace lapwing::rules {

void link_chain(Chain& chain) {
  for (size_t i = 0; i < chain.size(); i++) {
    chain[i]->relative_next = false;
    for (size_t k = i + 1; k < chain.size() && !chain[i]->relative_next; k++) {
      if (chain[k]->relative) {
        chain[i]->relative_next = true;
      } else if (chain[k]->moves_cursor || chain[k]->searches) {
        // As in Suricata what follows an absolute pattern leads to no other place of this one, even past a negated one.
        break;
      }
    }
  }
}

bool Captures::set(Capture::Kind kind, uint16_t name, std::string_view text) {
  Capture* place = nullptr;
  for (size_t i = 0; i < count_; i++) {
    if (items_[i].kind == kind && items_[i].name == name) place = &items_[i];
  }
  if (!place) {
    if (count_ == kMaxCaptures) return false;
    if (count_ == items_.size()) items_.emplace_back();
    place = &items_[count_++];
  }
  place->kind = kind;
  place->name = name;
  place->text = text.substr(0, kMaxCaptureBytes);
  place->cut = text.size() > kMaxCaptureBytes;
  return true;
}

Inspection::Inspection(uint64_t recursion_limit, MatchCounters& counters)
    : recursion_limit_(recursion_limit), counters_(counters), pcre_(std::make_unique<PcreScratch>()) {
  decoded.reserve(kMaxDecodedBytes);
}

Inspection::~Inspection() = default;

void Inspection::begin(const Subject& subject, uint64_t floor) {
  subject_ = subject;
  absent_ = {};
  floor_ = floor;
  stale_ = false;
  recursions_ = 0;
  has_decoded = false;
  newest_ = 0;
}

bool Inspection::matches(const Chain& chain, const Subject& subject, uint64_t floor) {
  begin(subject, floor);
  if (chain.empty()) return true;
  return run(chain.data(), chain.size(), {}) == Outcome::match;
}

bool Inspection::matches_first(const Chain& chain, size_t steps, const Subject& subject, uint64_t& end) {
  begin(subject, 0);
  end_ = 0;
  const bool matched = steps == 0 || run(chain.data(), steps, {}) == Outcome::match;
  end = end_;
  return matched;
}

Outcome Inspection::nested(const Chain& chain, Bytes bytes) {
  if (chain.empty()) return Outcome::match;
  const Subject outer = subject_;
  const uint64_t floor = floor_;
  subject_ = {bytes, 0};
  absent_ = {};
  floor_ = 0;
  Outcome outcome = run(chain.data(), chain.size(), {});
  subject_ = outer;
  floor_ = floor;
  return outcome == Outcome::match ? outcome : Outcome::fail;
}

Outcome Inspection::run(const std::unique_ptr<Step>* step, size_t left, Attempt from) {
  if (++recursions_ > recursion_limit_) {
    counters_.inspection_recursion_limit++;
    return Outcome::stop;
  }
  const Step& self = **step;
  uint64_t resume = 0;
  for (;;) {
    Attempt attempt = from;
    attempt.resume = resume;
    Outcome found = self.attempt(*this, attempt);
    // A failure that would be final is not while alternatives with new evidence are being looked for.
    if (found == Outcome::stop && stale_) return Outcome::fail;
    if (found != Outcome::match) return found;

    Outcome rest;
    if (left > 1) {
      rest = run(step + 1, left - 1, attempt);
    } else if (floor_ > 0 && attempt.newest > 0 && attempt.newest <= floor_) {
      stale_ = true;
      rest = Outcome::fail;
    } else {
      end_ = attempt.cursor;
      newest_ = attempt.newest;
      return Outcome::match;
    }
    if (rest != Outcome::fail || !self.searches) return rest;
    // What this one depends on may still lead elsewhere.
    if (!self.relative_next && !stale_) return self.relative ? Outcome::fail : Outcome::stop;
    resume = attempt.resume;
    if (resume == 0) return Outcome::fail;  // a negated match has no other place
  }
}

}  // namespace lapwing::rules
