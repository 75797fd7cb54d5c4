// Record: serialised JSON of one kind, on its way to the outputs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "export/record/finding.h"

namespace lapwing {

/// Index into the record types of the configuration ("alert", "flow", "dns", ...).
using RecordType = uint16_t;

/// Records of one burst of one worker, in order [H]: newline-terminated lines back to back, and where each ends. Beside
/// them the bytes of files to be stored.
/// Destroying it on any thread gives the buffer back to its worker.
struct RecordBatch {
  struct Entry {
    RecordType topic;
    uint64_t end;  // offset past the record's newline
  };
  /// A step of a stored file. Its bytes lie in piece_bytes, behind those of the piece before.
  struct FilePiece {
    enum class Kind : uint8_t {
      bytes,  // of the content, from `offset` on
      over,   // nothing more comes; the SHA-256 in hex. `offset` is the size
      info,   // the SHA-256 in hex and the fileinfo record; `offset` is its time in seconds
    } kind = Kind::bytes;
    uint64_t id = 0;
    uint64_t offset = 0;
    uint64_t end = 0;  // past the piece's bytes
  };
  std::string text;
  std::vector<Entry> entries;
  std::vector<Finding> findings;  // in the order of their records
  std::string piece_bytes;
  std::vector<FilePiece> pieces;
  bool urgent = false;  // holds an alert: publish without waiting for more

  /// Bytes that it takes while it waits: those of its buffers, not only those in use.
  size_t memory() const {
    return text.capacity() + piece_bytes.capacity() + entries.capacity() * sizeof(Entry) +
           findings.capacity() * sizeof(Finding) + pieces.capacity() * sizeof(FilePiece);
  }
};

}  // namespace lapwing
