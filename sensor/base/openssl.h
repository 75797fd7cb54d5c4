// What several rooms ask of OpenSSL: digest algorithms, and whether a call failed for lack of memory.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include "sensor/base/per_thread.h"
#include "sensor/base/text.h"

namespace lapwing {

/// Throws std::bad_alloc when one of the errors of this thread, which are forgotten by it, was a lack of memory.
inline void throw_openssl_lack_of_memory() {
  bool lacking = false;
  while (const unsigned long error = ERR_get_error()) lacking |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
  if (lacking) throw std::bad_alloc();
}

/// Of calls that fail for nothing else, such as digests of an algorithm that is there.
[[noreturn]] inline void openssl_out_of_memory() {
  ERR_clear_error();
  throw std::bad_alloc();
}

/// A digest algorithm by name, fetched at its first use and kept: fetching costs more than a short digest [S].
class DigestAlgorithm {
 public:
  constexpr explicit DigestAlgorithm(const char* name) : name_(name) {}
  /// Null when OpenSSL does not have it. What could not be had for lack of memory is asked for again the next time.
  const EVP_MD* get() {
    EVP_MD* known = kept_.load(std::memory_order_acquire);
    if (known) return known;
    EVP_MD* fetched = EVP_MD_fetch(nullptr, name_, nullptr);
    if (!fetched) throw_openssl_lack_of_memory();
    if (!fetched || kept_.compare_exchange_strong(known, fetched, std::memory_order_acq_rel)) return fetched;
    EVP_MD_free(fetched);
    return known;
  }

 private:
  const char* name_;
  std::atomic<EVP_MD*> kept_ = nullptr;
};

struct FreeDigestContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeDigestContext>;

inline DigestContext make_digest_context() {
  DigestContext context(EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  return context;
}

/// A text's digest, which lies in `out`; empty when the algorithm is not to be had.
inline Bytes digest(DigestAlgorithm& algorithm, std::string_view text, std::span<uint8_t, EVP_MAX_MD_SIZE> out) {
  const DigestContext& context = per_thread([] { return make_digest_context(); });
  const EVP_MD* md = algorithm.get();
  unsigned size = 0;
  if (!md) return {};
  if (!EVP_DigestInit_ex2(context.get(), md, nullptr) || !EVP_DigestUpdate(context.get(), text.data(), text.size()) ||
      !EVP_DigestFinal_ex(context.get(), out.data(), &size)) {
    openssl_out_of_memory();
  }
  return out.first(size);
}

/// Lower-case hex of the first `bytes` bytes of a text's digest; empty when the algorithm is not to be had.
inline std::string digest_hex(DigestAlgorithm& algorithm, std::string_view text, size_t bytes = EVP_MAX_MD_SIZE) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> out;
  const Bytes whole = digest(algorithm, text, out);
  return to_hex(whole.first(std::min(whole.size(), bytes)));
}

}  // namespace lapwing
