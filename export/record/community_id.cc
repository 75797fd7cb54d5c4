#include "export/record/community_id.h"

#define OPENSSL_SUPPRESS_DEPRECATED  // SHA1_Transform
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "sensor/base/hash.h"

namespace lapwing {
namespace {

struct IcmpPair {
  uint8_t type, answer;
};
// Request and reply types that make one conversation, both ways (RFC 792, RFC 950, RFC 4443, RFC 4861, RFC 2710).
constexpr IcmpPair kIcmp[] = {{8, 0},   {0, 8},   {13, 14}, {14, 13}, {15, 16},
                              {16, 15}, {17, 18}, {18, 17}, {10, 9},  {9, 10}};
constexpr IcmpPair kIcmp6[] = {{128, 129}, {129, 128}, {133, 134}, {134, 133}, {135, 136},
                               {136, 135}, {130, 131}, {131, 130}, {144, 145}, {145, 144}};

template <size_t N>
std::optional<uint8_t> answer_of(const IcmpPair (&pairs)[N], uint8_t type) {
  for (const IcmpPair& pair : pairs) {
    if (pair.type == type) return pair.answer;
  }
  return std::nullopt;
}

}  // namespace

CommunityId::CommunityId(uint16_t seed) : seed_(seed) {}

std::string_view CommunityId::compute(uint8_t proto, const IpAddress& src, const IpAddress& dest, uint16_t src_port,
                                      uint16_t dest_port, uint8_t icmp_type, uint8_t icmp_code) {
  const bool icmp = proto == 1 || proto == 58;
  const bool ports = icmp || proto == 6 || proto == 17 || proto == 132;
  bool one_way = false;
  if (icmp) {
    auto answer = proto == 1 ? answer_of(kIcmp, icmp_type) : answer_of(kIcmp6, icmp_type);
    src_port = icmp_type;
    dest_port = answer ? *answer : icmp_code;
    one_way = !answer;
  }
  const IpAddress *a = &src, *b = &dest;
  int order = std::memcmp(a->bytes.data(), b->bytes.data(), a->size());
  if (!one_way && (order > 0 || (order == 0 && src_port > dest_port))) {
    std::swap(a, b);
    std::swap(src_port, dest_port);
  }
  std::array<uint8_t, kInput> input{};
  size_t size = 0;
  auto put16 = [&](uint16_t v) {
    input[size++] = static_cast<uint8_t>(v >> 8);
    input[size++] = static_cast<uint8_t>(v);
  };
  put16(seed_);
  for (const IpAddress* address : {a, b}) {
    std::memcpy(input.data() + size, address->bytes.data(), address->size());
    size += address->size();
  }
  input[size++] = proto;
  input[size++] = 0;
  if (ports) {
    put16(src_port);
    put16(dest_port);
  }
  Known& known = known_[keyed_hash(input, kReplaySeed) % known_.size()];
  if (known.size != size || known.input != input) {
    known.size = 0;
    write(Bytes(input).first(size), known.text);
    known.input = input;
    known.size = size;
  }
  return {known.text.data(), kText};
}

/// The input fits one block of SHA-1 with what ends it (FIPS 180-4, section 5.1.1): to set up and end a digest of
/// OpenSSL's newer interface costs as much as the block.
void CommunityId::write(Bytes input, Text& text) {
  std::array<uint8_t, SHA_CBLOCK> block{};
  static_assert(kInput + 1 + sizeof(uint64_t) <= block.size());
  std::memcpy(block.data(), input.data(), input.size());
  block[input.size()] = 0x80;
  const size_t bits = input.size() * 8;
  block[block.size() - 2] = static_cast<uint8_t>(bits >> 8);
  block[block.size() - 1] = static_cast<uint8_t>(bits);
  SHA_CTX sha1;
  SHA1_Init(&sha1);
  SHA1_Transform(&sha1, block.data());

  text[0] = '1';
  text[1] = ':';
  const uint32_t words[] = {sha1.h0, sha1.h1, sha1.h2, sha1.h3, sha1.h4};
  uint8_t digest[SHA_DIGEST_LENGTH];
  for (size_t i = 0; i < std::size(words); ++i) {
    const uint32_t word = __builtin_bswap32(words[i]);
    std::memcpy(digest + i * sizeof word, &word, sizeof word);
  }
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data() + 2), digest, sizeof digest);
}

}  // namespace lapwing
