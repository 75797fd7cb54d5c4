// CarriedFile: a file within a transaction, as rules, records and the file store see it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sensor/base/bytes.h"

namespace lapwing {

enum class FileState : uint8_t { open, closed, truncated, error };

/// How far a file has come: its name is known, enough of it is there for libmagic, no more of it is looked at. What is
/// read of it at a stage is final, and rules look at it once.
enum class FileStage : uint8_t { none, named, head, over };

/// [W] The dissector owns and fills it. What is to be stored is asked by rules or the configuration, granted by
/// sensor/pipeline, and heeded by the dissector: of a file with a `depth` it passes that many bytes on, whatever it
/// keeps for inspection.
struct CarriedFile {
  virtual ~CarriedFile() = default;
  /// What is kept: from the first byte up to the first gap or the limit of inspection.
  virtual Bytes content() const = 0;
  /// In lower-case hex, of all bytes that came without a gap.
  virtual std::string sha256() const = 0;
  virtual FileStage stage() const = 0;
  /// What its columns are read from: Place::self.
  virtual const void* self() const = 0;

  std::string name;
  FileState state = FileState::open;
  bool gaps = false;
  uint64_t size = 0;  // with gaps

  bool asked = false;     // a rule asks for this file to be stored
  uint64_t depth = 0;     // bytes to store at most; 0: it is not to be stored
  uint64_t store_id = 0;  // counts the stored files of the process; 0: not begun
  uint64_t stored = 0;    // bytes handed to the store
  bool over = false;      // no more of it comes

  FileStage inspected = FileStage::none;  // owned by the rule matcher, as Transaction's
  std::vector<uint64_t> matched;
};

}  // namespace lapwing
