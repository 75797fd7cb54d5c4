#include "analytics/detectors/edges.h"

#include "analytics/shape/saved_table.h"

namespace lapwing::analytics {

uint64_t Edges::key(const ActOf& edge) const {
  return hash_of(edge, seed_);
}

void Edges::pass(Second second) {
  now_ = table_second(second);
  learning_.pass(now_);
  if (learning_.missing(learn_) != 0) {
    learned_ = 0;
  } else if (learned_ == 0) {
    learned_ = now_;
  }
}

void Edges::add(const ActOf& edge, Timestamp first) {
  auto& seen = edges_.touch(key(edge), now_).value;
  if (seen.first != 0) return;
  seen.first = std::max(now_, 1U);
  // Of a flow that ended long ago it may be told only now.
  seen.fresh = learned_ != 0 && first.seconds() >= learned_;
}

bool Edges::is_new(const ActOf& edge) {
  const auto* entry = edges_.find(key(edge));
  return entry && entry->value.fresh && now_ - entry->value.first <= kFresh;
}

uint32_t Edges::age(const ActOf& edge) {
  const auto* entry = edges_.find(key(edge));
  return entry && now_ > entry->value.first ? now_ - entry->value.first : 0;
}

void Edges::expire() {
  if (now_ > kMemory) edges_.expire(now_ - kMemory, [](const auto&) {});
}

StateUse Edges::use() const {
  return {.keys = edges_.keys(),
          .bytes = edges_.bytes(),
          .evicted = edges_.evicted(),
          .learning = learning_.missing(learn_)};
}

void Edges::save(StateWriter& out) {
  learning_.save(out);
  out.u32(learned_);
  save_table(edges_, out, [](const Edge& edge, StateWriter& to) {
    to.u32(edge.first);
    to.u8(edge.fresh);
  });
}

bool Edges::load(StateReader& in) {
  if (!learning_.load(in)) return false;
  now_ = learning_.last();
  learned_ = in.u32();
  return load_table(edges_, in, now_, 5, [](Edge& edge, StateReader& from) {
    edge.first = from.u32();
    const uint8_t fresh = from.u8();
    edge.fresh = fresh == 1;
    return edge.first != 0 && fresh <= 1;
  });
}

}  // namespace lapwing::analytics
