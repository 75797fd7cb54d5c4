// TopicMessages: gathers records of one topic into one message (docs/zeromq.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "export/outputs/exporter.h"

namespace lapwing {

/// The three frames of a message; the views live until the next one is made.
struct TopicMessage {
  std::string_view topic, header, body;
  uint64_t records = 0;
};

/// Sequence numbers grow with every message that was made, so that a reader sees what it did not get.
class TopicMessages {
 public:
  TopicMessages(const ExportContext& context, uint64_t max_records, uint64_t max_bytes)
      : sensor_(context.sensor),
        epoch_(context.epoch),
        max_records_(max_records),
        max_bytes_(max_bytes),
        names_(context.topics),
        topics_(context.topics.size()) {}

  /// Calls send(TopicMessage) for each message that is full.
  template <class Send>
  void add(const RecordBatch& batch, Send&& send) {
    size_t begin = 0;
    for (const RecordBatch::Entry& entry : batch.entries) {
      Topic& topic = topics_[entry.topic];
      topic.text.append(batch.text, begin, entry.end - begin);
      begin = entry.end;
      ++topic.waiting;
      if (topic.waiting >= max_records_ || topic.text.size() >= max_bytes_) finish(entry.topic, send);
    }
  }

  /// For each topic that has records waiting.
  template <class Send>
  void flush(Send&& send) {
    for (size_t i = 0; i < topics_.size(); ++i) {
      if (topics_[i].waiting) finish(static_cast<RecordType>(i), send);
    }
  }

 private:
  struct Topic {
    std::string text;
    uint64_t sequence = 0;  // of the first record in text
    uint64_t waiting = 0;   // records in text
  };

  /// One large record must not keep its room for good.
  static constexpr size_t kKeepBytes = 1 << 20;

  void write_header(const Topic& topic);
  template <class Send>
  void finish(RecordType id, Send&& send) {
    Topic& topic = topics_[id];
    write_header(topic);
    topic.text.pop_back();  // records are separated, not ended, by newlines
    send(TopicMessage{names_[id], header_, topic.text, topic.waiting});
    topic.sequence += topic.waiting;
    topic.waiting = 0;
    topic.text.clear();
    if (topic.text.capacity() > kKeepBytes) topic.text.shrink_to_fit();
  }

  std::string sensor_;
  uint64_t epoch_, max_records_, max_bytes_;
  std::span<const std::string_view> names_;
  std::vector<Topic> topics_;
  std::string header_;
};

}  // namespace lapwing
