// What the tests of ZeroMQ outputs share.
#pragma once

#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "export/outputs/zmq/subscriber.h"
#include "export/outputs/zmq/zmq_exporter.h"

namespace lapwing {

inline constexpr std::string_view kTopics[] = {"alert", "flow"};

inline std::string endpoint(const char* name) {
  return "ipc:///tmp/lapwing-test-" + std::to_string(getpid()) + "-" + name;
}

inline Setting node(const std::string& where, std::initializer_list<std::pair<const char*, const char*>> more = {}) {
  Setting root;
  auto put = [&](const char* key, const std::string& value) {
    Setting& member = root.make(key);
    member.kind = Setting::Kind::scalar;
    member.scalar = value;
  };
  put("endpoints", where);
  if (where.starts_with("tcp")) put("insecure", "yes");
  for (auto [key, value] : more) put(key, value);
  return root;
}

inline std::shared_ptr<const RecordBatch> flows(uint64_t from, size_t count, bool urgent = false) {
  auto batch = std::make_shared<RecordBatch>();
  for (uint64_t i = from; i < from + count; ++i) {
    batch->text += "{\"n\":" + std::to_string(i) + "}\n";
    batch->entries.push_back({1, batch->text.size()});
  }
  batch->urgent = urgent;
  return batch;
}

/// What their texts are.
inline std::string lines(uint64_t from, uint64_t to) {
  std::string out;
  for (uint64_t i = from; i < to; ++i) out += "{\"n\":" + std::to_string(i) + "}\n";
  return out;
}

inline void put(Exporter& exporter, uint64_t from, size_t count) {
  const auto batch = flows(from, count);
  exporter.write({&batch, 1});
}

struct Reader {
  std::vector<std::string> records;
  std::vector<Gap> gaps;
  std::vector<std::string> topics;

  bool receive(Subscriber& subscriber, int timeout_ms) {
    return subscriber.receive(
        timeout_ms,
        [this](std::string_view topic, std::string_view record) {
          topics.emplace_back(topic);
          records.emplace_back(record);
        },
        [this](const Gap& gap) { gaps.push_back(gap); });
  }
};

}  // namespace lapwing
