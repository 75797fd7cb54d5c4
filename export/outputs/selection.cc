#include "export/outputs/selection.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace lapwing {
namespace {

class Selection final : public Exporter {
 public:
  Selection(std::unique_ptr<Exporter> output, std::vector<bool> wanted)
      : output_(std::move(output)), wanted_(std::move(wanted)) {}

  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    selected_.clear();
    for (const auto& batch : batches) {
      const auto wanted = [this](const RecordBatch::Entry& entry) { return wanted_[entry.topic]; };
      const auto count = std::count_if(batch->entries.begin(), batch->entries.end(), wanted);
      if (static_cast<size_t>(count) == batch->entries.size()) {
        selected_.push_back(batch);
      } else if (count > 0) {
        selected_.push_back(select(*batch));
      }
    }
    if (!selected_.empty()) output_->write(selected_);
    selected_.clear();
  }

  void flush() override { output_->flush(); }
  void reopen() override { output_->reopen(); }
  ExporterCounters counters() const override { return output_->counters(); }
  ExporterLabel label() const override { return output_->label(); }

 private:
  std::shared_ptr<const RecordBatch> select(const RecordBatch& batch) const {
    auto out = std::make_shared<RecordBatch>();
    out->urgent = batch.urgent;
    size_t begin = 0;
    auto finding = batch.findings.begin();
    for (uint32_t i = 0; i < batch.entries.size(); ++i) {
      const RecordBatch::Entry& entry = batch.entries[i];
      for (; finding != batch.findings.end() && finding->entry == i; ++finding) {
        if (!wanted_[entry.topic]) continue;
        out->findings.push_back(*finding);
        out->findings.back().entry = static_cast<uint32_t>(out->entries.size());
      }
      if (wanted_[entry.topic]) {
        out->text += std::string_view(batch.text).substr(begin, entry.end - begin);
        out->entries.push_back({entry.topic, out->text.size()});
      }
      begin = entry.end;
    }
    return out;
  }

  std::unique_ptr<Exporter> output_;
  const std::vector<bool> wanted_;
  std::vector<std::shared_ptr<const RecordBatch>> selected_;
};

}  // namespace

std::unique_ptr<Exporter> select_types(std::unique_ptr<Exporter> output, std::vector<bool> wanted) {
  return std::make_unique<Selection>(std::move(output), std::move(wanted));
}

}  // namespace lapwing
