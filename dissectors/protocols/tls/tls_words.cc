// Keywords of TLS that are no buffers: older ones over certificates and versions, and the messages of the handshake.
#include <algorithm>

#include "dissectors/contract/words.h"
#include "dissectors/protocols/tls/tls.h"
#include "sensor/base/sentence.h"
#include "sensor/base/text.h"

namespace lapwing::tls {

namespace {

constexpr int64_t kSecond = 1'000'000'000;  // ns

Asked in_subject(const WordText& text) {
  return text_in("tls.cert_subject", text);
}
Asked in_issuer(const WordText& text) {
  return text_in("tls.cert_issuer", text);
}
Asked is_fingerprint(const WordText& text) {
  TextIn out = text_in("tls.cert_fingerprint", text);
  out.text = to_lower(out.text);
  out.whole = true;
  return out;
}

/// Of the server's certificate.
template <std::string x509::Certificate::*Date>
std::optional<uint64_t> date(const Handshake& tx) {
  const auto& certificate = tx.server().certificate;
  return certificate ? x509::seconds_of((*certificate).*Date) : std::nullopt;
}
uint64_t seconds(const Moment& at) {
  return static_cast<uint64_t>(at.time.ns / kSecond);
}

bool is_expired(const Handshake& tx, const Moment& at, const words::Nothing&) {
  const auto end = date<&x509::Certificate::not_after>(tx);
  return end && *end < seconds(at);
}
bool is_valid(const Handshake& tx, const Moment& at, const words::Nothing&) {
  const auto begin = date<&x509::Certificate::not_before>(tx), end = date<&x509::Certificate::not_after>(tx);
  return begin && end && *begin <= seconds(at) && seconds(at) <= *end;
}

constexpr NamedValue kVersions[] = {{"sslv2", kSsl2},   {"sslv3", kSsl3},   {"tls1.0", kTls10},
                                    {"tls1.1", kTls11}, {"tls1.2", kTls12}, {"tls1.3", kTls13}};

struct Versions {
  std::vector<NamedValue> named;
  bool negated = false;
};

std::string describe(const Versions& versions) {
  Sentence out;
  out.add_if(versions.negated, "none of");
  for (const NamedValue& version : versions.named) out.add(version.name);
  return out.text();
}

/// "[!]sslv3,tls1.0", also with blanks in between.
Versions versions(const WordText& text) {
  Versions out;
  std::string list(text.value());
  std::replace(list.begin(), list.end(), ' ', ',');
  for (std::string_view word : split(list, ',')) {
    if (word.empty()) continue;
    std::string_view name = word;
    if (name.starts_with('!')) {
      if (!out.named.empty() && !out.negated) text.fail("'!' belongs before the first version: it is for all");
      out.negated = true;
      name.remove_prefix(1);
    }
    if (name.empty()) continue;
    auto found = std::ranges::find_if(kVersions, [&](const auto& v) { return equal_nocase(v.name, name); });
    if (found == std::end(kVersions))
      text.fail("'" + std::string(word) + "' is none of sslv2, sslv3, tls1.0, tls1.1, tls1.2, tls1.3");
    out.named.push_back(*found);
  }
  return out;
}

bool speaks(const Handshake& tx, const Moment& at, const Versions& versions) {
  const Party& party = tx.parties[index(at.direction)];
  const bool listed = std::ranges::find(versions.named, party.version, &NamedValue::value) != versions.named.end();
  return party.greeted && listed != versions.negated;
}

constexpr std::pair<std::string_view, std::string_view> kMessages[] = {{"client_hello", "client_hello_done"},
                                                                       {"server_hello", "server_hello_done"},
                                                                       {"client_keyx", "client_key_exchange_done"},
                                                                       {"server_keyx", "server_key_exchange_done"}};

/// "client_hello|server_hello"
Asked messages(const WordText& text) {
  Reached out;
  std::string list(text.value());
  std::replace(list.begin(), list.end(), ',', '|');
  for (std::string_view word : split(list, '|')) {
    word = trim(word);
    auto found = std::ranges::find(kMessages, word, &std::pair<std::string_view, std::string_view>::first);
    if (found == std::end(kMessages))
      text.fail("'" + std::string(word) + "' is none of client_hello, server_hello, client_keyx, server_keyx");
    out.states.push_back(found->second);
  }
  return out;
}

constexpr Word kWords[] = {
    {.name = "tls.subject",
     .parse = &in_subject,
     .help = "text in the subject of the certificate, or with ! not in it"},
    {.name = "tls.issuerdn", .parse = &in_issuer, .help = "text in the issuer of the certificate, or with ! not in it"},
    {.name = "tls.fingerprint", .parse = &is_fingerprint, .help = "SHA-1 of the certificate in hex with colons"},
    words::tested<&words::nothing, &is_expired>({.name = "tls_cert_expired",
                                                 .sender = Sender::server,
                                                 .stage = kCertificateDone,
                                                 .help = "the certificate's time is over"}),
    words::tested<&words::nothing, &is_valid>({.name = "tls_cert_valid",
                                               .sender = Sender::server,
                                               .stage = kCertificateDone,
                                               .help = "the certificate's time has begun and is not over"}),
    words::tested<&versions, &speaks>(
        {.name = "ssl_version",
         .sender = Sender::either,
         .stage = kHelloDone,
         .help = "one of these versions of SSL or TLS was offered or chosen, or with ! none of them"}),
    {.name = "ssl_state", .parse = &messages, .help = "one of these messages of the handshake was seen"},
};

}  // namespace

std::span<const Word> rule_words() {
  return kWords;
}

}  // namespace lapwing::tls
