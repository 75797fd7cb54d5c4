// Digests of files, and libmagic's verdict on their type.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "sensor/base/bytes.h"

namespace lapwing::file {

enum class Algorithm : uint8_t { md5, sha1, sha256 };
inline constexpr Algorithm kAlgorithms[] = {Algorithm::md5, Algorithm::sha1, Algorithm::sha256};
constexpr uint8_t bit(Algorithm algorithm) {
  return static_cast<uint8_t>(1U << static_cast<unsigned>(algorithm));
}

struct Digest {
  std::array<uint8_t, 32> bytes{};
  uint8_t size = 0;  // 0 where there is none: OpenSSL refused, or nobody asked for it in time

  Bytes view() const { return {bytes.data(), size}; }
};

Digest digest(Algorithm algorithm, Bytes content);

/// Digests of bytes that are not kept [W]: those of `algorithms`, bits by Algorithm.
class Hasher {
 public:
  explicit Hasher(uint8_t algorithms);
  ~Hasher();
  void update(Bytes bytes);
  /// None of what was not asked for.
  Digest finish(Algorithm algorithm) const;

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

/// libmagic's own limit is 1 MiB of input and far more work than the verdict is worth.
inline constexpr size_t kMagicBytes = 64 * 1024;

/// What libmagic says of the first bytes of a file; empty when it is not usable.
std::string magic(Bytes content);

}  // namespace lapwing::file
