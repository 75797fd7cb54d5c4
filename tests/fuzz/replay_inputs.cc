// Runs a fuzz target over stored inputs: the driver for compilers without libFuzzer. An argument is a folder of inputs,
// or a kept corpus, as scripts/fuzz_corpus packs it.
#include <zlib.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

size_t count = 0;

/// In a block of exactly its size, so that a read past it is seen.
void run(const std::vector<uint8_t>& bytes) {
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  ++count;
}

void fail(const std::string& path) {
  std::fprintf(stderr, "%s: broken off\n", path.c_str());
  std::exit(1);
}

void run_folder(const std::string& path) {
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    std::ifstream file(entry.path(), std::ios::binary);
    run({std::istreambuf_iterator<char>(file), {}});
  }
}

void run_corpus(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file) fail(path);
  uint8_t length[4];
  int got = 0;
  while ((got = gzread(file, length, sizeof length)) == sizeof length) {
    std::vector<uint8_t> bytes(size_t{length[0]} << 24 | size_t{length[1]} << 16 | size_t{length[2]} << 8 | length[3]);
    if (gzread(file, bytes.data(), static_cast<unsigned>(bytes.size())) != static_cast<int>(bytes.size())) fail(path);
    run(bytes);
  }
  if (got != 0) fail(path);
  gzclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  LLVMFuzzerTestOneInput(nullptr, 0);
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::exists(argv[i])) continue;
    std::filesystem::is_directory(argv[i]) ? run_folder(argv[i]) : run_corpus(argv[i]);
  }
  std::printf("%zu inputs\n", count);
  return 0;
}
