#include "sensor/app/app_memory.h"

namespace lapwing {

void AppMemory::append(Part& part) {
  part.waiting_ = true;
  part.previous_ = last_;
  part.next_ = nullptr;
  (last_ ? last_->next_ : first_) = &part;
  last_ = &part;
}

void AppMemory::remove(Part& part) {
  part.waiting_ = false;
  (part.previous_ ? part.previous_->next_ : first_) = part.next_;
  (part.next_ ? part.next_->previous_ : last_) = part.previous_;
}

/// The clock algorithm: who was active since the last look goes behind the others, so that a packet costs no more than
/// a flag.
Flow* AppMemory::take_idle() {
  while (first_) {
    Part& part = *first_;
    remove(part);
    if (!part.active_) {
      part.left_ = true;
      return &part.flow_;
    }
    part.active_ = false;
    append(part);
  }
  return nullptr;
}

}  // namespace lapwing
