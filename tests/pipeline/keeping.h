// An output that keeps the records of a run.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "export/outputs/exporter.h"

namespace lapwing::test {

/// Appends them to a list of the caller's, which is to be read after the run. `Json` may keep the order of members.
template <class Json>
class KeepingAs final : public Exporter {
 public:
  explicit KeepingAs(std::vector<Json>& records) : records_(records) {}
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      uint64_t begin = 0;
      for (const auto& entry : batch->entries) {
        records_.push_back(Json::parse(batch->text.substr(begin, entry.end - begin)));
        begin = entry.end;
      }
    }
  }
  void flush() override {}
  ExporterCounters counters() const override { return {}; }
  ExporterLabel label() const override { return {"keeping", "memory"}; }

 private:
  std::vector<Json>& records_;
};
using Keeping = KeepingAs<nlohmann::json>;

}  // namespace lapwing::test
