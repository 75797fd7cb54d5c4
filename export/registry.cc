#include <array>

#include "export/exporter.h"
#include "export/file/file_exporter.h"
#include "export/stdout/stdout_exporter.h"
#include "export/zmq/zmq_exporter.h"

namespace lapwing {

std::span<const ExporterRow> exporters() {
  static constexpr std::array kExporters{
      ExporterRow{"regular", create_file_exporter, file_exporter_options, "a file, one record a line"},
      ExporterRow{"stdout", create_stdout_exporter, nullptr, "standard output, one record a line"},
      ExporterRow{"zmq", create_zmq_exporter, zmq_exporter_options, "ZeroMQ PUB, by topic"},
  };
  return kExporters;
}

}  // namespace lapwing
