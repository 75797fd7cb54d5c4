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

/// The part of a file name behind its last dot; empty without one.
inline std::string_view extension(std::string_view name) {
  size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

template <FileAt At>
struct Getters {
  static bool name(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
    const File* file = At(tx, d, index);
    if (!file) return false;
    out.bytes = to_bytes(file->name);
    return true;
  }
  static bool ext(const Transaction& tx, Direction d, uint32_t index, std::string&, Value& out) {
    const File* file = At(tx, d, index);
    if (!file) return false;
    out.bytes = to_bytes(extension(file->name));
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

/// `stage`: when a direction's files are final.
template <FileAt At>
constexpr auto fields(uint8_t stage) {
  using G = Getters<At>;
  constexpr auto bytes = FieldKind::bytes;
  constexpr auto both = Side::both;
  return std::array{
      Field{"file.name", bytes, both, stage, &G::name, "name of the file", true},
      Field{"filename", bytes, both, stage, &G::name, "name of the file (older keyword)", true},
      Field{"fileext", bytes, both, stage, &G::ext, "the file name's part behind its last dot", true},
      Field{"file.magic", bytes, both, stage, &G::magic, "libmagic's verdict on the file", true},
      Field{"filemagic", bytes, both, stage, &G::magic, "libmagic's verdict on the file (older keyword)", true},
      Field{"filemd5", bytes, both, stage, &G::template digest<Algorithm::md5>, "MD5 of the whole file, hex", true},
      Field{"filesha1", bytes, both, stage, &G::template digest<Algorithm::sha1>, "SHA-1 of the whole file, hex", true},
      Field{"filesha256", bytes, both, stage, &G::template digest<Algorithm::sha256>, "SHA-256 of the whole file, hex",
            true},
      Field{"filesize", FieldKind::integer, both, stage, &G::size, "size of the file in bytes", true},
  };
}

}  // namespace lapwing::file
