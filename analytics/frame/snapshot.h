// Snapshot: what detectors remember, as a file that outlives the process.
//
// Numbers are little endian. A head: eight bytes that say what it is, the version, the seed of the hashes in it, what
// the configuration must be, the number of sections. A section for each detector that remembers: length and text of its
// name, the version of its bytes, their number, the bytes. At the end XXH3 of all that: it tells of bytes that broke,
// not of bytes that were forged, so nothing in a section is taken on trust.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "analytics/frame/detector.h"

namespace lapwing::analytics {

/// [G]
struct Snapshot {
  static constexpr uint32_t kVersion = 1;
  static constexpr size_t kMostBytes = size_t{1} << 30;  // of a file

  struct Section {
    std::string name;      // the detector's
    uint32_t version = 0;  // of its bytes
    std::vector<uint8_t> bytes;
  };
  uint64_t seed = 0;      // of keyed hashes
  uint64_t internal = 0;  // Networks::fingerprint()
  std::vector<Section> sections;

  std::vector<uint8_t> encode() const;
};

/// Why a file is not taken up.
class SnapshotError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Allocates no more than twice what it is given. Throws SnapshotError.
Snapshot decode_snapshot(Bytes bytes);

/// Throws SnapshotError where it is of other detectors or of a network that was configured otherwise.
void check_fit(const Snapshot& snapshot, std::span<const std::shared_ptr<const AnyDetector>> detectors,
               const Surroundings& surroundings);

/// [G] Where snapshots are kept.
class SnapshotFile {
 public:
  explicit SnapshotFile(std::string path) : path_(std::move(path)) {}
  const std::string& path() const { return path_; }

  /// What is there is none of ours, and must not be written over.
  bool foreign() const;
  /// Nothing where there is no file, or an empty one. Throws SnapshotError.
  std::optional<Snapshot> read() const;
  /// Beside it and then in its place, readable by its owner alone: seed and contents tell of the network. Returns 0, or
  /// the error number.
  int write(Bytes bytes);
  /// What is there was refused: it is kept under another name when the next is written.
  void refuse() { refused_ = true; }
  bool refused() const { return refused_; }

 private:
  const std::string path_;
  bool refused_ = false;
};

}  // namespace lapwing::analytics
