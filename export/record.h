// Record: serialised JSON of one kind, on its way to the outputs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lapwing {

/// Index into the outbox's record types ("alert", "flow", "dns", ...).
using TopicId = uint16_t;

/// Records of one burst of one worker, in order [H]: newline-terminated lines back to back, and where each ends.
/// Destroying it on any thread gives the buffer back to its worker.
struct RecordBatch {
  struct Entry {
    TopicId topic;
    uint32_t end;  // offset past the record's newline
  };
  std::string text;
  std::vector<Entry> entries;
  bool urgent = false;  // holds an alert: publish without waiting for more
};

}  // namespace lapwing
