// libpcap is the oracle: on every capture of the corpus both read the same frames, as far as libpcap reads.
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <filesystem>

#include "tests/capture/replay.h"

namespace lapwing {
namespace {

namespace fs = std::filesystem;
const fs::path kCorpus = "../shared/corpus";

std::vector<fs::path> captures() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(kCorpus)) {
    std::string extension = entry.path().extension();
    bool capture = extension == ".pcap" || extension == ".pcapng" || extension == ".cap";
    if (capture && entry.is_regular_file()) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

constexpr int64_t kSecond = 1'000'000'000;

/// Compares frame by frame; returns how many libpcap read.
size_t compare(const fs::path& path) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* oracle = pcap_open_offline_with_tstamp_precision(path.c_str(), PCAP_TSTAMP_PRECISION_NANO, error);
  auto source = std::move(open_captures({path}, 1)[0]);
  auto burst = std::make_unique<Burst>();
  size_t count = 0, next = 0;
  pcap_pkthdr* header;
  const uint8_t* data;
  int result = PCAP_ERROR;
  while (oracle && (result = pcap_next_ex(oracle, &header, &data)) == 1) {
    if (next == burst->count) {
      EXPECT_EQ(source->receive(*burst), PacketSource::Result::frames) << path << " frame " << count + 1;
      next = 0;
      if (burst->count == 0) break;
    }
    const Frame& frame = burst->frames[next++];
    ++count;
    EXPECT_EQ(frame.number, count) << path;
    // libpcap takes seconds as signed, which ends in 2038, and overflows on fractions of a second and more.
    if (header->ts.tv_usec >= 0 && header->ts.tv_usec < kSecond) {
      int64_t difference = frame.time.ns - (int64_t{header->ts.tv_sec} * kSecond + header->ts.tv_usec);
      EXPECT_EQ(difference % (kSecond << 32), 0) << path << " frame " << count;
    }
    EXPECT_EQ(frame.wire_length, std::max(header->len, header->caplen)) << path << ' ' << count;
    bool same = std::ranges::equal(frame.data, Bytes{data, header->caplen});
    EXPECT_TRUE(same) << path << " frame " << count << ": " << frame.data.size() << " bytes, not " << header->caplen;
    if (!same) break;
  }
  if (result == PCAP_ERROR_BREAK) {  // its proper end
    EXPECT_EQ(next, burst->count) << path << ": more frames than libpcap's " << count;
    EXPECT_EQ(source->receive(*burst), PacketSource::Result::end) << path;
    EXPECT_TRUE(source->errors().empty()) << path << ": " << to_string(source->errors()[0]);
  }
  if (oracle) pcap_close(oracle);
  return count;
}

TEST(LibpcapOracle, EveryCaptureOfTheCorpusReadsAlike) {
  if (!fs::is_directory(kCorpus)) GTEST_SKIP() << kCorpus << " is not here";
  size_t files = 0, frames = 0;
  for (const fs::path& path : captures()) {
    frames += compare(path);
    ++files;
  }
  std::printf("%zu captures, %zu frames\n", files, frames);
  EXPECT_GT(frames, 0u);
}

}  // namespace
}  // namespace lapwing
