// Capture files, standard input and compressed captures.
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <utility>

#include "sensor/base/log.h"
#include "sensor/capture/capture_file.h"
#include "sensor/capture/format.h"
#include "sensor/capture/packet_source.h"
#include "sensor/capture/shared_feed.h"

namespace lapwing {
namespace {

using namespace capture;
namespace fs = std::filesystem;

struct InputPath {
  std::string path;
  uint64_t size = 0;  // 0 where it cannot be known
  bool shared = false;
  size_t feed_index = 0;
};

/// [S] What all sources of one replay read.
struct Replay {
  std::vector<InputPath> inputs;
  uint64_t total_size = 0;  // 0 when one has no known size
  uint64_t skipped_files = 0;
  std::unique_ptr<SharedFeed> feed;
};

class FileSource final : public PacketSource {
 public:
  FileSource(std::shared_ptr<Replay> replay, size_t consumer)
      : replay_(std::move(replay)), consumer_(consumer), buffer_(std::make_unique_for_overwrite<uint8_t[]>(kChunk)) {
    counters_.skipped_files = replay_->skipped_files;
  }
  ~FileSource() override {
    if (replay_->feed) replay_->feed->leave(consumer_);
  }

  Result receive(Burst& burst) override;
  void release(Burst& burst) override { burst.count = 0; }
  CaptureCounters counters() override { return counters_; }
  std::string_view file() const override { return next_ == 0 ? std::string_view() : replay_->inputs[next_ - 1].path; }
  std::string_view interface_name(uint16_t index) const override {
    return format_ ? std::visit([&](const auto& f) { return f.interface_name(index); }, *format_) : std::string_view();
  }
  std::span<const CaptureError> errors() const override { return errors_; }
  double progress() const override;
  void stop() override {
    stopped_.store(true, std::memory_order_relaxed);
    if (replay_->feed) replay_->feed->stop(consumer_);
  }

 private:
  Result read_on(Burst& burst);
  bool open_next();
  bool read_header();
  void fail(std::string message);
  void note_unknown(const Fill& got);
  void close();

  std::shared_ptr<Replay> replay_;
  size_t consumer_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t next_ = 0;  // input
  std::unique_ptr<ByteInput> input_;
  std::optional<Format> format_;
  uint64_t number_ = 0, finished_bytes_ = 0;
  CaptureCounters counters_;
  std::vector<CaptureError> errors_;
  bool told_unknown_ = false;
  std::atomic<bool> stopped_{false};
};

void FileSource::fail(std::string message) {
  errors_.push_back({std::string(file()), input_->offset(), std::move(message)});
  ++counters_.errors;
}

void FileSource::note_unknown(const Fill& got) {
  counters_.unknown_blocks += got.unknown_blocks;
  if (std::exchange(told_unknown_, true) || consumer_ != 0) return;  // all sources of a replay read the same
  spdlog::warn("{}: pcapng blocks of type {:#x} are passed over", file(), got.unknown_block);
}

void FileSource::close() {
  finished_bytes_ += replay_->inputs[next_ - 1].size;
  input_.reset();
}

bool FileSource::open_next() {
  if (next_ == replay_->inputs.size()) return false;
  const InputPath& path = replay_->inputs[next_++];
  ++counters_.files;
  if (path.shared) {
    input_ = std::make_unique<SharedInput>(*replay_->feed, path.feed_index, consumer_, buffer_.get());
  } else {
    input_ = std::make_unique<FileInput>(path.path, buffer_.get());
  }
  if (!read_header()) close();
  return true;
}

bool FileSource::read_header() {
  format_.reset();
  std::string fault;
  Magic magic = input_->require(4) ? read_magic(input_->view()) : Magic::none;
  if (magic == Magic::pcap && input_->require(PcapFormat::kHeader)) {
    if (auto f = PcapFormat::open(input_->view(), fault)) format_ = *f;
    if (format_) input_->consume(PcapFormat::kHeader);
  } else if (magic == Magic::pcapng && input_->require(PcapngFormat::kHeader)) {
    if (auto f = PcapngFormat::open(input_->view(), fault)) format_ = std::move(*f);
  } else if (!input_->error().empty()) {
    fault = input_->error();
  } else if (magic == Magic::none && input_->view().size() >= 4) {
    fault = "no capture file: neither pcap nor pcapng";
  } else {
    fault = "truncated: " + std::to_string(input_->view().size()) + " bytes are no file header";
  }
  if (!fault.empty() && !stopped_) fail(std::move(fault));
  return format_.has_value();
}

/// Memory that cannot be had costs the rest of an input, not the process.
PacketSource::Result FileSource::receive(Burst& burst) {
  for (;;) {
    try {
      return read_on(burst);
    } catch (const std::bad_alloc&) {
      ++counters_.errors;
      if (input_) close();
    }
  }
}

PacketSource::Result FileSource::read_on(Burst& burst) {
  burst.count = 0;
  for (;;) {
    if (stopped_.load(std::memory_order_relaxed) || (!input_ && !open_next())) {
      if (replay_->feed) replay_->feed->leave(consumer_);
      return Result::end;
    }
    if (!input_) continue;
    Fill got = std::visit([&](auto& format) { return format.fill(input_->view(), burst, number_); }, *format_);
    input_->consume(got.used);
    if (got.unknown_blocks > 0) note_unknown(got);
    if (burst.count > 0) {  // whatever else there is to say is said again by the next call
      counters_.packets += burst.count;
      for (const Frame& frame : burst.view()) counters_.bytes += frame.data.size();
      return Result::frames;
    }
    if (!got.fault.empty()) {
      fail(std::move(got.fault));
      close();
    } else if (got.skip > 0 ? !input_->skip(got.skip) : !input_->require(got.need)) {
      if (!input_->error().empty()) {
        fail(input_->error());
      } else if ((got.skip > 0 || !input_->view().empty()) && !stopped_) {
        fail("truncated: the file ends inside a record");
      }
      close();
    }
  }
}

double FileSource::progress() const {
  if (replay_->total_size == 0) return -1;
  uint64_t done = finished_bytes_ + (input_ ? input_->file_position() : 0);
  return std::min(1.0, static_cast<double>(done) / static_cast<double>(replay_->total_size));
}

Magic magic_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  uint8_t start[4] = {};
  file.read(reinterpret_cast<char*>(start), sizeof start);
  return read_magic({start, static_cast<size_t>(file.gcount())});
}

void add_input(Replay& replay, const std::string& path) {
  InputPath input{.path = path};
  std::error_code error;
  if (path == "-" || !fs::is_regular_file(path, error)) {
    input.shared = true;
  } else {
    Magic magic = magic_of(path);
    input.shared = magic == Magic::gzip || magic == Magic::zstd;
    input.size = fs::file_size(path, error);
    if (error) input.size = 0;
  }
  replay.inputs.push_back(std::move(input));
}

void add_path(Replay& replay, const std::string& path) {
  if (path == "-") return add_input(replay, path);
  struct stat status;
  if (stat(path.c_str(), &status) != 0) throw std::runtime_error(path + ": " + std::strerror(errno));
  if (!S_ISDIR(status.st_mode)) return add_input(replay, path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied)) {
    std::error_code error;
    if (entry.is_regular_file(error)) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    if (is_capture(file.string())) {
      add_input(replay, file.string());
    } else {
      ++replay.skipped_files;
    }
  }
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
  auto replay = std::make_shared<Replay>();
  for (const std::string& path : paths) add_path(*replay, path);
  std::vector<std::string> shared;
  bool sizes_known = true;
  for (InputPath& input : replay->inputs) {
    replay->total_size += input.size;
    sizes_known &= input.size > 0 || !input.shared;
    if (!input.shared) continue;
    input.feed_index = shared.size();
    shared.push_back(input.path);
  }
  if (!sizes_known) replay->total_size = 0;
  if (!shared.empty()) replay->feed = std::make_unique<SharedFeed>(std::move(shared), workers);
  std::vector<std::unique_ptr<PacketSource>> sources;
  for (size_t i = 0; i < workers; ++i) sources.push_back(std::make_unique<FileSource>(replay, i));
  return sources;
}

}  // namespace lapwing
