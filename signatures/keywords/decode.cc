// Transforms that undo an encoding, and those over domain names.
#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <new>

#include "sensor/base/base64.h"
#include "sensor/base/domain.h"
#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

constexpr uint32_t kMaxInflated = 64 * 1024;  // bytes that max-size may ask for
constexpr uint32_t kDefaultInflated = 1024;

/// What cannot be decoded stays as it is.
class FromBase64 : public Transform {
 public:
  /// rfc4648 ends at a byte that is no base64, rfc2045 passes over it, strict refuses the buffer.
  enum class Mode : uint8_t { rfc4648, rfc2045, strict };

  Bytes apply(Bytes in, std::string& out) const override {
    if (offset > in.size()) return in;
    Bytes text = in.subspan(offset);
    if (bytes > text.size()) return in;
    if (bytes > 0) text = text.first(bytes);
    out.clear();
    uint32_t bits = 0;
    int have = 0;
    size_t digits = 0, padding = 0;
    for (uint8_t c : text) {
      const int value = base64_value(c);
      if (value < 0 || padding > 0) {
        if (mode == Mode::rfc2045 && c != '=') continue;
        if (mode != Mode::strict) break;
        if (c != '=') return in;
        padding++;
        continue;
      }
      digits++;
      bits = bits << 6 | static_cast<uint32_t>(value);
      have += 6;
      if (have < 8) continue;
      have -= 8;
      out += static_cast<char>(bits >> have & 0xff);
    }
    if (mode == Mode::strict && ((digits + padding) % 4 != 0 || padding > 2)) return in;
    return out.empty() ? in : to_bytes(out);
  }

  size_t offset = 0, bytes = 0;  // bytes 0: to the end
  Mode mode = Mode::rfc4648;
};

void from_base64(RuleBuilder& rule, const RuleOption& option) {
  auto transform = std::make_shared<FromBase64>();
  std::string identity = "from_base64";
  if (option.has_value && !trim(option.value).empty()) {
    for (const std::string& word : parts(rule.text(option), ',')) {
      size_t blank = word.find(' ');
      std::string_view name = std::string_view(word).substr(0, blank);
      std::string_view value = blank == std::string::npos ? "" : trim(std::string_view(word).substr(blank));
      if (name == "bytes")
        transform->bytes = static_cast<size_t>(read_integer(rule, option, value, 1, UINT16_MAX));
      else if (name == "offset")
        transform->offset = static_cast<size_t>(read_integer(rule, option, value, 0, UINT16_MAX));
      else if (name == "mode" && value == "rfc4648")
        transform->mode = FromBase64::Mode::rfc4648;
      else if (name == "mode" && value == "rfc2045")
        transform->mode = FromBase64::Mode::rfc2045;
      else if (name == "mode" && value == "strict")
        transform->mode = FromBase64::Mode::strict;
      else
        rule.fail(option, "'" + word + "' is none of bytes <n>, offset <n>, mode <rfc4648|rfc2045|strict>");
      identity += ":" + word;
    }
  }
  rule.add_transform(option, std::move(transform), identity);
}

class Inflate : public Transform {
 public:
  Inflate(int window, size_t limit) : window_(window), limit_(limit) {}
  Bytes apply(Bytes in, std::string& out) const override {
    z_stream stream{};
    out.resize(limit_);
    if (inflateInit2(&stream, window_) != Z_OK) throw std::bad_alloc();
    stream.next_in = const_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(limit_);
    const int code = inflate(&stream, Z_SYNC_FLUSH);
    out.resize(limit_ - stream.avail_out);
    inflateEnd(&stream);
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    return out.empty() ? in : to_bytes(out);
  }

 private:
  const int window_;
  const size_t limit_;
};

/// What deflate's window means to zlib: 15 bits, and 16 more for gzip's header.
template <int window>
void inflate_keyword(RuleBuilder& rule, const RuleOption& option) {
  uint32_t limit = kDefaultInflated;
  if (option.has_value && !trim(option.value).empty()) {
    const std::string value(rule.text(option));
    if (!value.starts_with("max-size ")) rule.fail(option, "takes nothing, or 'max-size <bytes>'");
    limit = static_cast<uint32_t>(read_integer(rule, option, trim(std::string_view(value).substr(9)), 1, kMaxInflated));
  }
  rule.add_transform(option, std::make_shared<Inflate>(window, limit),
                     std::string(option.name) + ":" + std::to_string(limit));
}

template <std::string_view (*part)(std::string_view)>
class DomainPart : public Transform {
 public:
  Bytes apply(Bytes in, std::string& out) const override {
    out = to_lower(to_text(in));
    const std::string_view found = part(out);
    return found.empty() ? in.first(0) : in.last(found.size());
  }
};

template <std::string_view (*part)(std::string_view)>
void domain_keyword(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.add_transform(option, std::make_shared<DomainPart<part>>(), std::string(option.name));
}

constexpr Keyword kDecodeKeywords[] = {
    {"from_base64", "", &from_base64, "base64 decoded"},
    {"zlib_deflate", "", &inflate_keyword<15>, "zlib data (RFC 1950) inflated"},
    {"gunzip", "", &inflate_keyword<15 + 16>, "gzip data (RFC 1952) inflated"},
    {"domain", "", &domain_keyword<&registrable_domain>, "the domain below the public suffix"},
    {"tld", "", &domain_keyword<&public_suffix>, "the public suffix"},
};

}  // namespace

const KeywordFamily kDecodeFamily{"decode", kDecodeKeywords};

}  // namespace lapwing::rules
