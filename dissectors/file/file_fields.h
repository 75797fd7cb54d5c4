// Rule fields that every protocol with files has; a protocol joins them to its own at compile time.
#pragma once

#include <array>
#include <string>

#include "dissectors/file/file.h"
#include "sensor/base/text.h"
#include "sensor/event/event.h"

namespace lapwing::file {

/// File number `index` of one direction of a transaction, or null.
using FileAt = const File* (*)(const Transaction& tx, Direction direction, uint32_t index);

template <FileAt At>
struct Getters {
  static bool name(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
    const File* file = At(tx, d, index);
    if (!file) return false;
    out.bytes = to_bytes(file->name);
    return true;
  }
  static bool magic(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
    const File* file = At(tx, d, index);
    if (!file || file->content().empty()) return false;
    out.bytes = to_bytes(file->magic());
    return true;
  }
  static bool size(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
    const File* file = At(tx, d, index);
    if (!file) return false;
    out.integer = file->size;
    // Of a file that broke off this is the least it may be: then there are bytes.
    out.bytes = file->state == State::closed ? Bytes{} : to_bytes("+");
    return true;
  }
  /// Lower-case hex. Only a whole file has a digest that lists of digests can know: of any other the value is empty,
  /// so that the files behind it keep their numbers.
  template <Algorithm algorithm>
  static bool digest(const Transaction& tx, Direction d, uint32_t index, std::string& scratch, Value& out) {
    const File* file = At(tx, d, index);
    if (!file) return false;
    scratch.clear();
    if (file->state == State::closed) scratch = to_hex(file->digest(algorithm).view());
    out.bytes = to_bytes(scratch);
    return true;
  }
};

/// Protocol::file of a protocol whose transactions hold files of this room.
template <FileAt At>
CarriedFile* carried(Transaction& tx, Direction direction, uint32_t index) {
  return const_cast<File*>(At(tx, direction, index));
}

/// Stages of a direction: when the names of its files are known, enough for libmagic is there, and the files are over.
struct FileStages {
  uint8_t named = 0, head = 0, over = 0;
};

template <FileAt At>
constexpr auto fields(FileStages stages) {
  using G = Getters<At>;
  constexpr auto bytes = FieldKind::bytes;
  constexpr auto both = Side::both;
  const uint8_t over = stages.over;
  return std::array{
      Field{"file.name", bytes, both, stages.named, &G::name, "name of the file", true},
      Field{"file.magic", bytes, both, stages.head, &G::magic, "libmagic's verdict on the file", true},
      // Rules ask for these in keywords of the same name.
      Field{"filemd5", bytes, both, over, &G::template digest<Algorithm::md5>, "MD5 of the whole file, hex", true},
      Field{"filesha1", bytes, both, over, &G::template digest<Algorithm::sha1>, "SHA-1 of the whole file, hex", true},
      Field{"filesha256", bytes, both, over, &G::template digest<Algorithm::sha256>, "SHA-256 of the whole file, hex",
            true},
      Field{"filesize", FieldKind::integer, both, over, &G::size, "size of the file in bytes", true},
  };
}

}  // namespace lapwing::file
