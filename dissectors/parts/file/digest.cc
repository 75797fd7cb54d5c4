#include "dissectors/parts/file/digest.h"

#include <magic.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "sensor/base/openssl.h"
#include "sensor/base/per_thread.h"

namespace lapwing::file {
namespace {

constinit std::array<DigestAlgorithm, 3> algorithms = {DigestAlgorithm("MD5"), DigestAlgorithm("SHA1"),
                                                       DigestAlgorithm("SHA256")};

const EVP_MD* fetched(Algorithm algorithm) {
  return algorithms[static_cast<size_t>(algorithm)].get();
}

/// libmagic's database, loaded by the first thread's first use; a cookie serves one thread.
class Magic {
 public:
  /// Throws std::bad_alloc, so that the next file tries again; without a database no file has a type.
  Magic() : cookie_(magic_open(MAGIC_NONE)) {
    if (!cookie_) throw std::bad_alloc();
    if (magic_load(cookie_, nullptr) == 0) return;
    const bool lacks_memory = magic_errno(cookie_) == ENOMEM;
    magic_close(std::exchange(cookie_, nullptr));
    if (lacks_memory) throw std::bad_alloc();
  }
  ~Magic() {
    if (cookie_) magic_close(cookie_);
  }
  Magic(const Magic&) = delete;
  Magic& operator=(const Magic&) = delete;

  std::string look(Bytes content) {
    if (!cookie_) return "";
    const char* text = magic_buffer(cookie_, content.data(), content.size());
    if (!text && magic_errno(cookie_) == ENOMEM) throw std::bad_alloc();
    return text ? text : "";
  }

 private:
  magic_t cookie_;
};

}  // namespace

Digest digest(Algorithm algorithm, Bytes content) {
  Digest out;
  unsigned size = 0;
  const EVP_MD* md = fetched(algorithm);
  if (!md) return out;
  if (EVP_Digest(content.data(), content.size(), out.bytes.data(), &size, md, nullptr)) {
    out.size = static_cast<uint8_t>(size);
  } else {
    openssl_out_of_memory();
  }
  return out;
}

/// Null for an algorithm that nobody asked for, or that OpenSSL does not have.
struct Hasher::Contexts {
  std::array<DigestContext, 3> of;
};

Hasher::Hasher(uint8_t algorithms) : contexts_(std::make_unique<Contexts>()) {
  for (Algorithm algorithm : kAlgorithms) {
    const EVP_MD* md = algorithms & bit(algorithm) ? fetched(algorithm) : nullptr;
    if (!md) continue;
    DigestContext created = make_digest_context();
    if (EVP_DigestInit_ex(created.get(), md, nullptr)) {
      contexts_->of[static_cast<size_t>(algorithm)] = std::move(created);
    } else {
      openssl_out_of_memory();
    }
  }
}

Hasher::~Hasher() = default;

void Hasher::update(Bytes bytes) {
  for (const DigestContext& context : contexts_->of) {
    if (context) EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  }
}

Digest Hasher::finish(Algorithm algorithm) const {
  Digest out;
  const DigestContext& source = contexts_->of[static_cast<size_t>(algorithm)];
  if (!source) return out;
  const DigestContext copy = make_digest_context();
  unsigned size = 0;
  if (EVP_MD_CTX_copy_ex(copy.get(), source.get()) && EVP_DigestFinal_ex(copy.get(), out.bytes.data(), &size)) {
    out.size = static_cast<uint8_t>(size);
  } else {
    openssl_out_of_memory();
  }
  return out;
}

std::string magic(Bytes content) {
  Magic& library = per_thread([] { return Magic(); });
  return library.look(content.first(std::min(content.size(), kMagicBytes)));
}

}  // namespace lapwing::file
