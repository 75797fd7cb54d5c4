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

struct Digest {
  std::array<uint8_t, 32> bytes{};
  uint8_t size = 0;  // 0 when OpenSSL refused

  Bytes view() const { return {bytes.data(), size}; }
};

Digest digest(Algorithm algorithm, Bytes content);

/// All three digests of bytes that are not kept [W].
class Hasher {
 public:
  Hasher();
  ~Hasher();
  void update(Bytes bytes);
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
