// Capture files, standard input and compressed captures.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "sensor/capture/capture_file.h"
#include "sensor/capture/capture_reader.h"
#include "sensor/capture/deal.h"
#include "sensor/capture/decompress.h"

namespace lapwing {
namespace {

using namespace capture;
namespace fs = std::filesystem;

/// A worker that reads for itself, in its own cache.
class FileSource final : public PacketSource {
 public:
  explicit FileSource(CaptureList captures)
      : buffer_(std::make_unique_for_overwrite<uint8_t[]>(kChunk)), reader_(std::move(captures)) {
    reader_.move_to(buffer_.get());
  }

  Result receive(Burst& burst) override {
    burst.count = reader_.next(burst.frames);
    return burst.count > 0 ? Result::frames : Result::end;
  }
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override { return reader_.counters(); }
  std::string_view file() const override { return reader_.file(reader_.input()); }
  std::string_view interface_name(uint16_t index) const override { return reader_.interface_name(index); }
  std::span<const CaptureError> errors() const override { return reader_.errors(); }
  double progress() const override { return reader_.progress(); }
  void stop() override { reader_.stop(); }

 private:
  std::unique_ptr<uint8_t[]> buffer_;
  CaptureReader reader_;
};

Magic magic_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  uint8_t start[4] = {};
  file.read(reinterpret_cast<char*>(start), sizeof start);
  return read_magic({start, static_cast<size_t>(file.gcount())});
}

void add_input(CaptureList& list, const std::string& path) {
  CaptureInput input{.path = path};
  std::error_code error;
  if (path == "-" || !fs::is_regular_file(path, error)) {
    input.once = true;
  } else {
    Magic magic = magic_of(path);
    input.once = magic == Magic::gzip || magic == Magic::zstd;
    input.size = fs::file_size(path, error);
    if (error) input.size = 0;
  }
  list.inputs.push_back(std::move(input));
}

void add_path(CaptureList& list, const std::string& path) {
  if (path == "-") return add_input(list, path);
  struct stat status;
  if (stat(path.c_str(), &status) != 0) throw std::runtime_error(path + ": " + std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) return add_input(list, path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied)) {
    std::error_code error;
    if (entry.is_regular_file(error)) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    if (is_capture(file.string())) {
      add_input(list, file.string());
    } else {
      ++list.skipped_files;
    }
  }
}

CaptureList list_of(const std::vector<std::string>& paths) {
  CaptureList out;
  for (const std::string& path : paths) add_path(out, path);
  return out;
}

}  // namespace

bool is_capture(const std::string& path) {
  Magic magic = magic_of(path);
  auto decompressor = make_decompressor(magic);
  if (!decompressor) return magic != Magic::none;
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> in(64 << 10), out(4);
  file.read(reinterpret_cast<char*>(in.data()), static_cast<std::streamsize>(in.size()));
  Bytes left{in.data(), static_cast<size_t>(file.gcount())};
  size_t have = 0;
  while (have < out.size() && !left.empty() && decompressor->error().empty()) {
    auto step = decompressor->run(left, out.data() + have, out.size() - have);
    have += step.produced;
    left = left.subspan(step.used);
    if (step.used == 0 && step.produced == 0) break;
  }
  Magic inside = read_magic({out.data(), have});
  return inside == Magic::pcap || inside == Magic::pcapng;
}

std::vector<std::unique_ptr<PacketSource>> open_captures(const std::vector<std::string>& paths, size_t workers) {
  CaptureList list = list_of(paths);
  if (workers > 1) return dealt_sources(std::move(list), workers);
  std::vector<std::unique_ptr<PacketSource>> sources;
  sources.push_back(std::make_unique<FileSource>(std::move(list)));
  return sources;
}

std::unique_ptr<PacketSource> preview_captures(const std::vector<std::string>& paths) {
  CaptureList list = list_of(paths);
  list.aloud = false;
  return std::make_unique<FileSource>(std::move(list));
}

}  // namespace lapwing
