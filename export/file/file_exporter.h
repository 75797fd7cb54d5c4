// Records into a file.
#pragma once

#include "export/exporter.h"

namespace lapwing {

std::vector<OptionInfo> file_exporter_options();
/// Throws SettingError when the file cannot be opened.
std::unique_ptr<Exporter> create_file_exporter(const Setting& node, const ExportContext& context);

/// Writes every batch to an open descriptor. A failure to write is reported once and counted from then on.
class DescriptorExporter : public Exporter {
 public:
  /// Takes over `descriptor`; `close_it` false leaves it open at the end.
  DescriptorExporter(int descriptor, std::string name, bool close_it);
  ~DescriptorExporter() override;
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override;
  void flush() override {}
  ExporterCounters counters() const override { return counters_; }
  ExporterLabel label() const override { return {"regular", name_}; }

 private:
  int descriptor_;
  std::string name_;
  bool close_;
  bool reported_ = false;
  ExporterCounters counters_;
};

}  // namespace lapwing
