// Transforms: what follows sees the buffer changed.
#include <algorithm>

#include "sensor/base/openssl.h"
#include "sensor/base/per_thread.h"
#include "sensor/base/text.h"
#include "signatures/keywords/families.h"
#include "signatures/match/match_context.h"
#include "signatures/program/pcre.h"

namespace lapwing::rules {

namespace {

using Function = Bytes (*)(Bytes in, std::string& out);
using BoundsFunction = Bounds (*)(const Bounds& in);

Bounds unknown(const Bounds&) {
  return {};
}

Bounds of_any_bytes(const Bounds& in) {
  return {Bounds().bytes, in.shortest, in.longest};
}

template <uint64_t size>
Bounds of_size(const Bounds&) {
  return {Bounds().bytes, size, size};
}

bool is_space(uint8_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

Bytes dotprefix(Bytes in, std::string& out) {
  out.assign(1, '.');
  out.append(to_text(in));
  return to_bytes(out);
}

Bounds with_dot(const Bounds& in) {
  Bounds out{in.bytes, in.shortest + 1, in.longest == UINT64_MAX ? in.longest : in.longest + 1};
  out.bytes.set('.');
  return out;
}

Bytes strip_whitespace(Bytes in, std::string& out) {
  out.clear();
  std::copy_if(in.begin(), in.end(), std::back_inserter(out), [](uint8_t c) { return !is_space(c); });
  return to_bytes(out);
}

Bounds without_whitespace(const Bounds& in) {
  Bounds out{in.bytes, 0, in.longest};
  for (unsigned c = 0; c < 256; c++) {
    if (is_space(static_cast<uint8_t>(c))) out.bytes.reset(c);
  }
  return out;
}

/// Runs of whitespace become their first byte.
Bytes compress_whitespace(Bytes in, std::string& out) {
  out.clear();
  bool space = false;
  for (uint8_t c : in) {
    if (!space || !is_space(c)) out += static_cast<char>(c);
    space = is_space(c);
  }
  return to_bytes(out);
}

Bounds no_longer(const Bounds& in) {
  return {in.bytes, 0, in.longest};
}

Bytes to_lowercase(Bytes in, std::string& out) {
  out.clear();
  for (uint8_t c : in) out += static_cast<char>(lower(c));
  return to_bytes(out);
}

template <char from, char to>
Bounds in_case(const Bounds& in) {
  Bounds out = in;
  for (int i = 0; i < 26; i++) {
    if (in.bytes.test(static_cast<size_t>(from + i))) out.bytes.set(static_cast<size_t>(to + i));
    out.bytes.reset(static_cast<size_t>(from + i));
  }
  return out;
}

Bytes to_uppercase(Bytes in, std::string& out) {
  out.clear();
  for (uint8_t c : in) out += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return to_bytes(out);
}

int hex_value(uint8_t c) {
  c = lower(c);
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

Bytes url_decode(Bytes in, std::string& out) {
  out.clear();
  for (size_t i = 0; i < in.size(); i++) {
    int high = i + 2 < in.size() ? hex_value(in[i + 1]) : -1;
    int low = i + 2 < in.size() ? hex_value(in[i + 2]) : -1;
    if (in[i] == '%' && high >= 0 && low >= 0) {
      out += static_cast<char>(high << 4 | low);
      i += 2;
    } else {
      out += in[i] == '+' ? ' ' : static_cast<char>(in[i]);
    }
  }
  return to_bytes(out);
}

/// Names of "Name: value" lines in lower case.
Bytes header_lowercase(Bytes in, std::string& out) {
  out.clear();
  bool name = true;
  for (uint8_t c : in) {
    if (c == ':')
      name = false;
    else if (c == '\n')
      name = true;
    out += static_cast<char>(name ? lower(c) : c);
  }
  return to_bytes(out);
}

/// HTTP/2 lines whose name begins with ':' are left out.
Bytes strip_pseudo_headers(Bytes in, std::string& out) {
  out.clear();
  size_t at = 0;
  while (at < in.size()) {
    auto newline = std::find(in.begin() + static_cast<ptrdiff_t>(at), in.end(), uint8_t{'\n'});
    size_t next = newline == in.end() ? in.size() : static_cast<size_t>(newline - in.begin()) + 1;
    if (in[at] != ':') out.append(to_text(in.subspan(at, next - at)));
    at = next;
  }
  return to_bytes(out);
}

Bytes digest(DigestAlgorithm& algorithm, Bytes in, std::string& out) {
  unsigned size = 0;
  out.resize(EVP_MAX_MD_SIZE);
  const EVP_MD* md = algorithm.get();
  if (md && !EVP_Digest(in.data(), in.size(), reinterpret_cast<uint8_t*>(out.data()), &size, md, nullptr)) {
    openssl_out_of_memory();
  }
  out.resize(size);
  return to_bytes(out);
}

Bytes to_md5(Bytes in, std::string& out) {
  static constinit DigestAlgorithm algorithm("MD5");
  return digest(algorithm, in, out);
}
Bytes to_sha1(Bytes in, std::string& out) {
  static constinit DigestAlgorithm algorithm("SHA1");
  return digest(algorithm, in, out);
}
Bytes to_sha256(Bytes in, std::string& out) {
  static constinit DigestAlgorithm algorithm("SHA256");
  return digest(algorithm, in, out);
}

class FunctionTransform : public Transform {
 public:
  FunctionTransform(Function function, BoundsFunction known) : function_(function), bounds_(known) {}
  Bytes apply(Bytes in, std::string& out) const override { return function_(in, out); }
  Bounds bounds(const Bounds& in) const override { return bounds_(in); }

 private:
  Function function_;
  BoundsFunction bounds_;
};

template <Function function, BoundsFunction known>
void plain(RuleBuilder& rule, const RuleOption& option) {
  rule.no_value(option);
  rule.add_transform(option, std::make_shared<FunctionTransform>(function, known), std::string(option.name));
}

class Xor : public Transform {
 public:
  explicit Xor(std::string key) : key_(std::move(key)) {}
  Bounds bounds(const Bounds& in) const override { return of_any_bytes(in); }
  Bytes apply(Bytes in, std::string& out) const override {
    out.clear();
    for (size_t i = 0; i < in.size(); i++)
      out += static_cast<char>(in[i] ^ static_cast<uint8_t>(key_[i % key_.size()]));
    return to_bytes(out);
  }

 private:
  std::string key_;
};

void xor_keyword(RuleBuilder& rule, const RuleOption& option) {
  const std::string text(rule.text(option));
  std::string key;
  if (text.size() % 2 != 0) rule.fail(option, "the key needs two hex digits a byte");
  for (size_t i = 0; i < text.size(); i += 2) {
    int high = hex_value(static_cast<uint8_t>(text[i])), low = hex_value(static_cast<uint8_t>(text[i + 1]));
    if (high < 0 || low < 0) rule.fail(option, "the key is written in hex digits");
    key += static_cast<char>(high << 4 | low);
  }
  rule.add_transform(option, std::make_shared<Xor>(std::move(key)), "xor:" + text);
}

/// The first group of an expression; without a match the buffer stays as it is.
class PcreTransform : public Transform {
 public:
  explicit PcreTransform(std::shared_ptr<const Regex> regex) : regex_(std::move(regex)) {}
  Bytes apply(Bytes in, std::string& out) const override {
    PcreScratch& scratch = per_thread([] { return PcreScratch(); });
    thread_local MatchCounters ignored;
    Regex::Match match;
    if (!regex_->search(in, 0, scratch, ignored, match)) return in;
    out.assign(to_text(Regex::first_group(in, scratch)));
    return to_bytes(out);
  }

 private:
  std::shared_ptr<const Regex> regex_;
};

void pcrexform(RuleBuilder& rule, const RuleOption& option) {
  const std::string expression(rule.text(option));
  if (expression.find('(') == std::string::npos) rule.fail(option, "needs an expression with one group");
  try {
    auto regex = rule.expressions().get(expression, {});
    rule.add_transform(option, std::make_shared<PcreTransform>(std::move(regex)), "pcrexform:" + expression);
  } catch (const std::invalid_argument& error) {
    rule.fail(option, error.what());
  }
}

constexpr Keyword kTransformKeywords[] = {
    {"dotprefix", "", &plain<&dotprefix, &with_dot>, "a dot before the buffer"},
    {"strip_whitespace", "", &plain<&strip_whitespace, &without_whitespace>, "the buffer without whitespace"},
    {"compress_whitespace", "", &plain<&compress_whitespace, &no_longer>, "runs of whitespace as one"},
    {"to_lowercase", "", &plain<&to_lowercase, &in_case<'A', 'a'>>, "ASCII letters in lower case"},
    {"to_uppercase", "", &plain<&to_uppercase, &in_case<'a', 'A'>>, "ASCII letters in upper case"},
    {"url_decode", "", &plain<&url_decode, &unknown>, "%xx and + decoded"},
    {"header_lowercase", "", &plain<&header_lowercase, &of_any_bytes>, "header names in lower case"},
    {"strip_pseudo_headers", "", &plain<&strip_pseudo_headers, &no_longer>, "without HTTP/2 pseudo headers"},
    {"to_md5", "", &plain<&to_md5, &of_size<16>>, "the buffer's MD5, 16 bytes"},
    {"to_sha1", "", &plain<&to_sha1, &of_size<20>>, "the buffer's SHA-1, 20 bytes"},
    {"to_sha256", "", &plain<&to_sha256, &of_size<32>>, "the buffer's SHA-256, 32 bytes"},
    {"xor", "", &xor_keyword, "the buffer combined with a repeated key"},
    {"pcrexform", "", &pcrexform, "the first group of an expression"},
};

}  // namespace

const KeywordFamily kTransformFamily{"transform", kTransformKeywords};

}  // namespace lapwing::rules
