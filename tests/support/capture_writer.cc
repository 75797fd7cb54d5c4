#include "tests/support/capture_writer.h"

#include <stdlib.h>

#include <bit>
#include <filesystem>
#include <fstream>

namespace lapwing::test {
namespace {

static_assert(std::endian::native == std::endian::little);

void put(std::vector<uint8_t>& out, uint64_t value, size_t size, bool swapped) {
  for (size_t i = 0; i < size; ++i) out.push_back(static_cast<uint8_t>(value >> 8 * (swapped ? size - 1 - i : i)));
}

}  // namespace

std::vector<uint8_t> pcap_file(std::span<const BuiltFrame> frames, const PcapOptions& options) {
  std::vector<uint8_t> out;
  bool s = options.swapped;
  put(out, options.kuznetzov ? 0xa1b2cd34 : options.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 4, s);
  put(out, 2, 2, s);
  put(out, 4, 2, s);
  put(out, 0, 8, s);
  put(out, options.snaplen, 4, s);
  put(out, options.link_type >= 0 ? options.link_type : frames.empty() ? 1 : frames[0].link_type, 4, s);
  for (const BuiltFrame& f : frames) {
    put(out, static_cast<uint64_t>(f.time.seconds()), 4, s);
    put(out, static_cast<uint64_t>(f.time.ns % 1'000'000'000 / (options.nanoseconds ? 1 : 1000)), 4, s);
    put(out, f.bytes.size(), 4, s);
    put(out, f.frame().wire_length, 4, s);
    if (options.kuznetzov) put(out, 0, 8, s);
    out.insert(out.end(), f.bytes.begin(), f.bytes.end());
  }
  return out;
}

TemporaryDirectory::TemporaryDirectory() {
  root_ = (std::filesystem::temp_directory_path() / "lapwing-test-XXXXXX").string();
  if (!mkdtemp(root_.data())) abort();
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  std::filesystem::remove_all(root_, error);
}

std::string TemporaryDirectory::path(std::string_view name) const {
  return root_ + "/" + std::string(name);
}

std::string TemporaryDirectory::write(std::string_view name, Bytes bytes) const {
  std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
  std::ofstream file(path(name), std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path(name);
}

}  // namespace lapwing::test
