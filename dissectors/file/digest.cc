#include "dissectors/file/digest.h"

#include <magic.h>
#include <openssl/evp.h>

#include <algorithm>

namespace lapwing::file {
namespace {

/// Fetching an algorithm by name on every use costs more than hashing a short text.
const EVP_MD* fetched(Algorithm algorithm) {
  static const std::array<EVP_MD*, 3> kFetched = {EVP_MD_fetch(nullptr, "MD5", nullptr),
                                                  EVP_MD_fetch(nullptr, "SHA1", nullptr),
                                                  EVP_MD_fetch(nullptr, "SHA256", nullptr)};
  return kFetched[static_cast<size_t>(algorithm)];
}

EVP_MD_CTX* context(void* p) {
  return static_cast<EVP_MD_CTX*>(p);
}

/// libmagic's database, loaded by the first thread's first use; a cookie serves one thread.
class Magic {
 public:
  Magic() : cookie_(magic_open(MAGIC_NONE)) {
    if (cookie_ && magic_load(cookie_, nullptr) != 0) {
      magic_close(cookie_);
      cookie_ = nullptr;
    }
  }
  ~Magic() {
    if (cookie_) magic_close(cookie_);
  }
  Magic(const Magic&) = delete;
  Magic& operator=(const Magic&) = delete;

  std::string look(Bytes content) {
    const char* text = cookie_ ? magic_buffer(cookie_, content.data(), content.size()) : nullptr;
    return text ? text : "";
  }

 private:
  magic_t cookie_;
};

}  // namespace

std::string_view algorithm_name(Algorithm algorithm) {
  constexpr std::string_view kNames[] = {"md5", "sha1", "sha256"};
  return kNames[static_cast<size_t>(algorithm)];
}

Digest digest(Algorithm algorithm, Bytes content) {
  Digest out;
  unsigned size = 0;
  const EVP_MD* md = fetched(algorithm);
  if (md && EVP_Digest(content.data(), content.size(), out.bytes.data(), &size, md, nullptr)) {
    out.size = static_cast<uint8_t>(size);
  }
  return out;
}

Hasher::Hasher() {
  for (Algorithm algorithm : kAlgorithms) {
    EVP_MD_CTX* created = EVP_MD_CTX_new();
    const EVP_MD* md = fetched(algorithm);
    if (created && (!md || !EVP_DigestInit_ex(created, md, nullptr))) {
      EVP_MD_CTX_free(created);
      created = nullptr;
    }
    contexts_[static_cast<size_t>(algorithm)] = created;
  }
}

Hasher::~Hasher() {
  for (void* p : contexts_) EVP_MD_CTX_free(context(p));
}

void Hasher::update(Bytes bytes) {
  for (void* p : contexts_) {
    if (p) EVP_DigestUpdate(context(p), bytes.data(), bytes.size());
  }
}

Digest Hasher::finish(Algorithm algorithm) const {
  Digest out;
  EVP_MD_CTX* source = context(contexts_[static_cast<size_t>(algorithm)]);
  EVP_MD_CTX* copy = EVP_MD_CTX_new();
  unsigned size = 0;
  if (source && copy && EVP_MD_CTX_copy_ex(copy, source) && EVP_DigestFinal_ex(copy, out.bytes.data(), &size)) {
    out.size = static_cast<uint8_t>(size);
  }
  EVP_MD_CTX_free(copy);
  return out;
}

std::string magic(Bytes content) {
  static thread_local Magic library;
  return library.look(content.first(std::min(content.size(), kMagicBytes)));
}

}  // namespace lapwing::file
