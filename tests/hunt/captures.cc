#include "tests/hunt/captures.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "sensor/capture/held_frames.h"
#include "tests/support/capture_writer.h"

namespace lapwing::hunt {

namespace fs = std::filesystem;

std::vector<test::BuiltFrame> read_capture(const std::string& path, std::string* fault) {
  std::vector<CaptureError> errors;
  std::vector<test::BuiltFrame> out = read_frames({path}, errors);
  for (const CaptureError& error : errors) {
    if (!fault) throw std::runtime_error(to_string(error));
    *fault = to_string(error);
  }
  return out;
}

void write_capture(const std::string& path, const std::vector<test::BuiltFrame>& frames) {
  const auto bytes = test::pcap_file(frames, {.nanoseconds = true});
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::string> captures_below(const std::string& path) {
  constexpr std::string_view kEndings[] = {".pcap", ".pcapng", ".cap", ".trace"};
  if (!fs::is_directory(path)) return {path};
  std::vector<std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(path, fs::directory_options::follow_directory_symlink)) {
    if (!entry.is_regular_file()) continue;
    const std::string extension = entry.path().extension();
    if (std::ranges::find(kEndings, std::string_view(extension)) != std::end(kEndings)) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace lapwing::hunt
