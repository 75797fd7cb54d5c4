// Options of mail, which stand beneath the keys of whoever carries it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "sensor/base/options.h"
#include "sensor/event/record_plan.h"

namespace lapwing::mime {

/// [S] A carrier's own derives from it.
struct Config {
  bool decode = true;                           // else nothing is looked for in messages
  bool base64 = true, quoted_printable = true;  // are undone
  uint64_t header_depth = 0;                    // bytes of a header's value that are kept
  bool urls = true;                             // are looked for
  std::vector<std::string> schemes;             // of theirs
  bool log_scheme = false;                      // they are shown with it
  bool body_md5 = false;
  uint64_t content_limit = 0;  // bytes of a file that rules look at

  bool extended = true;              // records show more than addresses, files and URLs
  std::vector<std::string> custom;   // further headers that they show
  std::vector<std::string> digests;  // that they show: of body, of subject
};

namespace made {

template <size_t N>
struct Literal {
  constexpr Literal(const char (&literal)[N]) { std::copy_n(literal, N, text); }  // NOLINT: meant to be made of one
  char text[N];
};
template <Literal prefix, Literal key>
struct Joined {
  static constexpr std::array<char, sizeof(prefix.text) + sizeof(key.text) - 2> kText = [] {
    std::array<char, sizeof(prefix.text) + sizeof(key.text) - 2> out{};
    std::copy_n(key.text, sizeof(key.text) - 1, std::copy_n(prefix.text, sizeof(prefix.text) - 1, out.begin()));
    return out;
  }();
};
template <Literal prefix, Literal key>
constexpr std::string_view kKey(Joined<prefix, key>::kText.data(), Joined<prefix, key>::kText.size());

}  // namespace made

/// `own`, and behind them those of mail: C is the carrier's options, `prefix` what its keys begin with, as
/// "app-layer.protocols.smtp.".
template <class C, made::Literal prefix>
std::vector<OptionRow<C>> with_options(std::vector<OptionRow<C>> own) {
  const OptionRow<C> rows[] = {
      {made::kKey<prefix, "mime.decode-mime">, &C::decode, "yes", "look into messages for headers, files and URLs"},
      {made::kKey<prefix, "mime.decode-base64">, &C::base64, "yes", "undo base64"},
      {made::kKey<prefix, "mime.decode-quoted-printable">, &C::quoted_printable, "yes", "undo quoted-printable"},
      {made::kKey<prefix, "mime.header-value-depth">, &C::header_depth, "2000",
       "bytes of a header's value that are kept"},
      {made::kKey<prefix, "mime.extract-urls">, &C::urls, "yes", "look for URLs in text"},
      {made::kKey<prefix, "mime.extract-urls-schemes">, &C::schemes, "http", "schemes of URLs that are looked for"},
      {made::kKey<prefix, "mime.log-url-scheme">, &C::log_scheme, "no", "records and rules see URLs with their scheme"},
      {made::kKey<prefix, "mime.body-md5">, &C::body_md5, "no", "compute the MD5 of a message's body as it was sent"},
      {made::kKey<prefix, "inspected-tracker.content-limit">, &C::content_limit, "100000",
       "bytes of each file that rules look at", Unit::bytes},
      {made::kKey<prefix, "record.extended">, &C::extended, "yes",
       "records show subject, message id, mailer and blind copies"},
      {made::kKey<prefix, "record.custom">, &C::custom, "[]", "further headers that records show, by name"},
      {made::kKey<prefix, "record.md5">, &C::digests, "[]",
       "records show the MD5 of body (which mime.body-md5 computes) and subject"},
  };
  own.insert(own.end(), std::begin(rows), std::end(rows));
  return own;
}

/// What records show beneath "email": as a carrier's Protocol::extent says it, with its own.
RecordExtent record_extent(const Config& config);

}  // namespace lapwing::mime
