// What a handshake tells of the application, and what nDPI 4.2 holds to be a risk about it.
#include <algorithm>
#include <array>
#include <cctype>

#include "dissectors/protocols/tls/tls.h"
#include "sensor/event/facts.h"

namespace lapwing::tls {
namespace {

constexpr uint64_t kDay = 86'400;
constexpr uint64_t kShorterLives = 1'598'918'400;  // 2020-09-01, since when browsers want certificates of 398 days
constexpr uint64_t kLongestLife = 398 * kDay;
constexpr uint64_t kLastDays = 30 * kDay;  // before a certificate ends

constexpr uint16_t kEncryptedSni = 65486;  // draft-ietf-tls-esni-06
constexpr uint16_t kLastAssigned = 59, kRenegotiationInfo = 65281, kDtlsOnly[] = {53, 54};
/// Beyond what IANA had assigned, and the values of RFC 8701.
constexpr uint16_t kKnownExtensions[] = {102,   129,   1035,  13172, 16696, 17513, 30032,
                                         52243, 52244, 57363, 65279, 65413, 65445, 65486};

bool suspicious(uint16_t extension) {
  if (std::ranges::find(kDtlsOnly, extension) != std::end(kDtlsOnly)) return true;
  if (extension <= kLastAssigned || extension == kRenegotiationInfo || is_grease(extension)) return false;
  return !std::ranges::binary_search(kKnownExtensions, extension);
}

/// True where it has this extension too.
bool look_at_extensions(Bytes rest, uint16_t wanted, Facts& facts) {
  bool found = false;
  for (Extension extension; next_extension(rest, extension);) {
    if (suspicious(extension.type)) facts.risk(Risk::tls_suspicious_extension);
    found |= extension.type == wanted;
  }
  if (!rest.empty()) facts.risk(Risk::tls_suspicious_extension);
  return found;
}

void client_hello(const Handshake& tx, Facts& facts) {
  const Hello& hello = tx.client().hello;
  facts.host = tx.sni;
  if (!std::ranges::all_of(tx.sni, [](unsigned char c) { return std::isprint(c) != 0; })) {
    facts.risk(Risk::invalid_characters);
  }
  if (hello.legacy_version < kTls12) facts.risk(Risk::tls_obsolete_version);
  const bool encrypted_sni = look_at_extensions(hello.extensions, kEncryptedSni, facts);
  if (hello.extensions.empty()) return;
  if (hello.legacy_version >= kTls12 && hello.alpn.empty()) facts.risk(Risk::tls_not_carrying_https);
  if (encrypted_sni && !tx.sni.empty()) facts.risk(Risk::tls_suspicious_esni_usage);
  if (!encrypted_sni && tx.sni.empty() && hello.legacy_version >= kTls11) facts.risk(Risk::tls_missing_sni);
}

void server_hello(const Handshake& tx, Facts& facts) {
  const Hello& hello = tx.server().hello;
  if (hello.ciphers.size() > 0) facts.cipher = hello.ciphers[0];
  look_at_extensions(hello.extensions, ext::alpn, facts);
  if (!hello.alpn.empty()) {
    Bytes rest = to_bytes(tx.client().alpns.empty() ? tx.server().alpns : tx.client().alpns);
    for (Bytes alpn; next_alpn(rest, alpn);) facts.alpns.push_back(to_text(alpn));
  }
  facts.complete = is_tls13(hello.version);  // certificates are encrypted
}

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

/// RFC 6125 6.4.3, of which nDPI asks that the wildcard stands for all before the host's first dot.
bool covers(std::string_view name, std::string_view host) {
  if (!name.starts_with('*')) return std::ranges::equal(name, host, same_letter);
  name.remove_prefix(1);
  const size_t dot = host.find('.');
  return !name.empty() && dot != std::string_view::npos && std::ranges::equal(name, host.substr(dot), same_letter);
}

void certificate(const Handshake& tx, Facts& facts) {
  const x509::Certificate& shown = *tx.server().certificate;
  facts.names.assign(shown.names.begin(), shown.names.end());
  facts.subject = shown.subject;
  facts.complete = true;
  if (!shown.subject.empty() && shown.subject == shown.issuer) facts.risk(Risk::tls_selfsigned_certificate);
  if (!tx.sni.empty() && !shown.names.empty() &&
      std::ranges::none_of(shown.names, [&](const std::string& name) { return covers(name, tx.sni); })) {
    facts.risk(Risk::tls_certificate_mismatch);
  }
  const auto begin = x509::seconds_of(shown.not_before), end = x509::seconds_of(shown.not_after);
  if (!begin || !end) return;
  const auto now = static_cast<uint64_t>(std::max<int64_t>(facts.time.seconds(), 0));
  if (*begin > kShorterLives && *end > *begin && *end - *begin > kLongestLife) {
    facts.risk(Risk::tls_certificate_validity_too_long);
  }
  if (now < *begin || now > *end) {
    facts.risk(Risk::tls_certificate_expired);
  } else if (now + kLastDays > *end) {
    facts.risk(Risk::tls_certificate_about_to_expire);
  }
}

}  // namespace

void facts(const Event& event, Facts& out) {
  const auto& tx = static_cast<const Handshake&>(*event.tx);
  if (tx.fatal_alert) out.risk(Risk::tls_fatal_alert);
  const uint8_t stage = tx.progress[index(event.direction)];
  if (event.direction == Direction::to_server) {
    if (stage == kHelloDone) client_hello(tx, out);
  } else if (stage == kHelloDone) {
    server_hello(tx, out);
  } else if (stage == kCertificateDone && tx.server().certificate) {
    certificate(tx, out);
  }
}

}  // namespace lapwing::tls
