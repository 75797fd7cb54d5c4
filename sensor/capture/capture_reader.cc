#include "sensor/capture/capture_reader.h"

#include <algorithm>
#include <new>
#include <utility>

#include "sensor/base/log.h"

namespace lapwing::capture {

CaptureReader::CaptureReader(CaptureList captures)
    : inputs_(std::move(captures.inputs)), told_unknown_(!captures.aloud) {
  counters_.skipped_files = captures.skipped_files;
  std::vector<std::string> once;
  bool sizes_known = true;
  for (CaptureInput& input : inputs_) {
    total_size_ += input.size;
    sizes_known &= input.size > 0 || !input.once;
    if (!input.once) continue;
    input.feed_index = once.size();
    once.push_back(input.path);
  }
  if (!sizes_known) total_size_ = 0;
  if (!once.empty()) feed_ = std::make_unique<Feed>(std::move(once));
}

void CaptureReader::move_to(uint8_t* buffer) {
  buffer_ = buffer;
  if (input_) input_->move_to(buffer);
}

void CaptureReader::stop() {
  stopped_.store(true, std::memory_order_relaxed);
  if (feed_) feed_->stop();
}

size_t CaptureReader::interfaces() const {
  return format_ ? std::visit([](const auto& format) { return format.interfaces(); }, *format_) : 0;
}

std::string_view CaptureReader::interface_name(size_t index) const {
  if (!format_) return {};
  return std::visit([&](const auto& format) { return format.interface_name(index); }, *format_);
}

void CaptureReader::fail(std::string message) {
  errors_.push_back({std::string(file(next_)), input_->offset(), std::move(message)});
  ++counters_.errors;
}

void CaptureReader::note_unknown(const Fill& got) {
  counters_.unknown_blocks += got.unknown_blocks;
  if (std::exchange(told_unknown_, true)) return;
  spdlog::warn("{}: pcapng blocks of type {:#x} are passed over", file(next_), got.unknown_block);
}

void CaptureReader::close() {
  finished_bytes_ += inputs_[next_ - 1].size;
  input_.reset();
}

bool CaptureReader::open_next() {
  if (next_ == inputs_.size()) return false;
  const CaptureInput& input = inputs_[next_++];
  ++counters_.files;
  if (input.once) {
    input_ = std::make_unique<FeedInput>(*feed_, input.feed_index, buffer_);
  } else {
    input_ = std::make_unique<FileInput>(input.path, buffer_);
  }
  if (!read_header()) close();
  return true;
}

bool CaptureReader::read_header() {
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
size_t CaptureReader::next(std::span<Frame> room) {
  for (;;) {
    try {
      return read_on(room);
    } catch (const std::bad_alloc&) {
      ++counters_.errors;
      if (input_) close();
    }
  }
}

size_t CaptureReader::read_on(std::span<Frame> room) {
  for (;;) {
    if (stopped_.load(std::memory_order_relaxed) || (!input_ && !open_next())) return 0;
    if (!input_) continue;
    Fill got = std::visit([&](auto& format) { return format.fill(input_->view(), room, number_); }, *format_);
    input_->consume(got.used);
    if (got.unknown_blocks > 0) note_unknown(got);
    if (got.frames > 0) {  // whatever else there is to say is said again by the next call
      counters_.packets += got.frames;
      for (const Frame& frame : room.first(got.frames)) counters_.bytes += frame.data.size();
      return got.frames;
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

double CaptureReader::progress() const {
  if (total_size_ == 0) return -1;
  uint64_t done = finished_bytes_ + (input_ ? input_->file_position() : 0);
  return std::min(1.0, static_cast<double>(done) / static_cast<double>(total_size_));
}

}  // namespace lapwing::capture
