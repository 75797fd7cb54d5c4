#include "export/stdout/stdout_exporter.h"

#include <unistd.h>

#include "export/file/record_writer.h"

namespace lapwing {
namespace {

class StdoutExporter final : public Exporter {
 public:
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    writer_.write(STDOUT_FILENO, batches, counters_);
  }
  void flush() override {}
  ExporterCounters counters() const override { return counters_; }
  ExporterLabel label() const override { return {"stdout", "standard output"}; }

 private:
  RecordWriter writer_{"standard output"};
  ExporterCounters counters_;
};

}  // namespace

std::unique_ptr<Exporter> create_stdout_exporter(const Setting&, const ExportContext&) {
  return std::make_unique<StdoutExporter>();
}

}  // namespace lapwing
