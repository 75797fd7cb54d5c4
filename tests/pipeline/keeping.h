// An output that keeps the records of a run.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "export/outputs/exporter.h"

namespace lapwing::test {

/// Appends them to a list of the caller's, which is to be read after the run.
class Keeping final : public Exporter {
 public:
  explicit Keeping(std::vector<nlohmann::json>& records) : records_(records) {}
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      uint64_t begin = 0;
      for (const auto& entry : batch->entries) {
        records_.push_back(nlohmann::json::parse(batch->text.substr(begin, entry.end - begin)));
        begin = entry.end;
      }
    }
  }
  void flush() override {}
  ExporterCounters counters() const override { return {}; }
  ExporterLabel label() const override { return {"keeping", "memory"}; }

 private:
  std::vector<nlohmann::json>& records_;
};

}  // namespace lapwing::test
