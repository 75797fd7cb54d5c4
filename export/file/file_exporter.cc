#include "export/file/file_exporter.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sensor/base/log.h"

namespace lapwing {
namespace {

struct FileOptions {
  std::string filename, directory;
  bool append = true;
};
constexpr OptionRow<FileOptions> kRows[] = {
    {"filename", &FileOptions::filename, "eve.json", "the file; relative to default-log-dir"},
    {"default-log-dir", &FileOptions::directory, ".", "directory of relative file names"},
    {"append", &FileOptions::append, "yes", "keep what an earlier run wrote"},
};

constexpr size_t kVectors = 64;

/// writev until all is out. False on an error, with errno set.
bool write_all(int descriptor, iovec* vectors, size_t count) {
  while (count > 0) {
    ssize_t n = writev(descriptor, vectors, static_cast<int>(count));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    auto left = static_cast<size_t>(n);
    while (count > 0 && left >= vectors->iov_len) {
      left -= vectors->iov_len;
      ++vectors;
      --count;
    }
    if (count > 0) {
      vectors->iov_base = static_cast<char*>(vectors->iov_base) + left;
      vectors->iov_len -= left;
    }
  }
  return true;
}

}  // namespace

DescriptorExporter::DescriptorExporter(int descriptor, std::string name, bool close_it)
    : descriptor_(descriptor), name_(std::move(name)), close_(close_it) {}

DescriptorExporter::~DescriptorExporter() {
  if (close_) close(descriptor_);
}

void DescriptorExporter::write(std::span<const std::shared_ptr<const RecordBatch>> batches) {
  std::array<iovec, kVectors> vectors;
  while (!batches.empty()) {
    auto some = batches.first(std::min(batches.size(), kVectors));
    batches = batches.subspan(some.size());
    uint64_t records = 0, bytes = 0;
    for (size_t i = 0; i < some.size(); ++i) {
      vectors[i] = {const_cast<char*>(some[i]->text.data()), some[i]->text.size()};
      records += some[i]->entries.size();
      bytes += some[i]->text.size();
    }
    if (write_all(descriptor_, vectors.data(), some.size())) {
      counters_.records += records;
      counters_.bytes += bytes;
      continue;
    }
    ++counters_.errors;
    counters_.dropped_failed += records;
    if (!reported_) spdlog::error("{}: {}; records are being lost", name_, std::strerror(errno));
    reported_ = true;
  }
}

std::vector<OptionInfo> file_exporter_options() {
  return describe_options<FileOptions>(kRows);
}

std::unique_ptr<Exporter> create_file_exporter(const Setting& node, const ExportContext&) {
  auto options = read_options<FileOptions>(node, kRows);
  std::string path = options.filename.starts_with('/') || options.directory == "."
                         ? options.filename
                         : options.directory + "/" + options.filename;
  int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (options.append ? O_APPEND : O_TRUNC), 0644);
  if (descriptor < 0) {
    const Setting* name = node.find("filename");
    (name ? *name : node).fail(path + ": " + std::strerror(errno));
  }
  return std::make_unique<DescriptorExporter>(descriptor, path, true);
}

}  // namespace lapwing
