#include "export/stdout/stdout_exporter.h"

#include <unistd.h>

#include "export/file/file_exporter.h"

namespace lapwing {

std::unique_ptr<Exporter> create_stdout_exporter(const Setting&, const ExportContext&) {
  return std::make_unique<DescriptorExporter>(STDOUT_FILENO, "standard output", false);
}

}  // namespace lapwing
