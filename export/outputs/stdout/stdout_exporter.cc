#include "export/outputs/stdout/stdout_exporter.h"

#include <unistd.h>

#include "export/outputs/file/batch_writer.h"
#include "sensor/base/terminal.h"

namespace lapwing {
namespace {

/// A pipe or file gets records byte for byte; a terminal must not be steered by what traffic wrote into them.
class StdoutExporter final : public Exporter {
 public:
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    if (!terminal_) return writer_.write(STDOUT_FILENO, batches, counters_);
    for (const auto& batch : batches) {
      auto shown = std::make_shared<RecordBatch>();
      shown->entries = batch->entries;  // how many, which is all that is asked
      append_for_terminal(shown->text, batch->text);
      const std::shared_ptr<const RecordBatch> out = std::move(shown);
      writer_.write(STDOUT_FILENO, {&out, 1}, counters_);
    }
  }
  void flush() override {}
  ExporterCounters counters() const override { return counters_; }
  ExporterLabel label() const override { return {"stdout", "standard output"}; }

 private:
  BatchWriter writer_{"standard output"};
  const bool terminal_ = isatty(STDOUT_FILENO) == 1;
  ExporterCounters counters_;
};

}  // namespace

std::unique_ptr<Exporter> create_stdout_exporter(const Setting&, const ExportContext& context) {
  if (context.trial) return nullptr;
  return std::make_unique<StdoutExporter>();
}

}  // namespace lapwing
