#include "tests/dissectors/dialogue.h"

#include <algorithm>
#include <cstdlib>

namespace lapwing::test {

const DissectorRow& dissector(std::string_view name) {
  std::string called(name);
  std::replace(called.begin(), called.end(), '_', '-');
  for (const DissectorRow* row : all_dissectors()) {
    if (row->about->name == called) return *row;
  }
  std::abort();
}

FlowDriver& Dialogue::driver() {
  if (driver_) return *driver_;
  driver_.emplace(FlowDriver::Setup{.settings = settings_, .known = row_.about->name, .late = late, .context = context},
                  *this);
  driver_->budget = {.work_base = work_limit};
  driver_->unrecord = unrecord;
  driver_->time = time;
  driver_->store_depth = store_depth;
  return *driver_;
}

Dialogue& Dialogue::note() {
  failed = driver().failed();
  worked = driver().flow().costs.work * FlowCosts::kWorkUnit;
  need = FlowDriver::need();
  return *this;
}

Dialogue& Dialogue::say(Direction direction, std::string_view bytes, size_t size) {
  if (size == 0) size = std::max<size_t>(bytes.size(), 1);
  for (size_t at = 0; at < bytes.size(); at += size) driver().say(direction, bytes.substr(at, size));
  return note();
}

Dialogue& Dialogue::datagram(Direction direction, std::string_view bytes) {
  driver().datagram(direction, bytes);
  return note();
}

Dialogue& Dialogue::gap(Direction direction, uint64_t lost) {
  driver().gap(direction, lost);
  return note();
}

Dialogue& Dialogue::end(Direction direction, bool broken_off) {
  driver().end(direction, broken_off);
  return note();
}

Dialogue& Dialogue::finish() {
  driver().finish();
  return *this;
}

std::vector<std::string> Dialogue::values(std::string_view name) const {
  std::vector<std::string> out;
  const std::string key = std::string(name) + "=";
  for (const auto& field : fields) {
    if (std::string_view(field).substr(2).starts_with(key)) out.push_back(field.substr(2 + key.size()));
  }
  return out;
}

Likelihood probe(const DissectorRow& row, Direction direction, std::string_view bytes, bool datagram) {
  // In a block of exactly their size, so that a sanitizer sees a read past them.
  const std::vector<uint8_t> exact(bytes.begin(), bytes.end());
  return row.probe({.data = exact, .direction = direction, .datagram = datagram});
}

}  // namespace lapwing::test
