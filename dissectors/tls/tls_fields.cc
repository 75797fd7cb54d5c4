#include <algorithm>
#include <array>
#include <ctime>

#include "dissectors/tls/tls.h"

namespace lapwing::tls {

namespace {

const Handshake& handshake_of(const Transaction& tx) {
  return static_cast<const Handshake&>(tx);
}
const Party& party_of(const Transaction& tx, Direction direction) {
  return handshake_of(tx).parties[index(direction)];
}

template <std::string Handshake::*Member>
bool get_text(const Transaction& tx, Direction, uint32_t index, std::string&, Value& out) {
  const std::string& text = handshake_of(tx).*Member;
  if (index > 0 || text.empty()) return false;
  out.bytes = to_bytes(text);
  return true;
}

template <std::string Certificate::*Member>
bool get_certificate_text(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const auto& certificate = party_of(tx, direction).certificate;
  if (index > 0 || !certificate || (certificate.get()->*Member).empty()) return false;
  out.bytes = to_bytes(certificate.get()->*Member);
  return true;
}

bool get_alternative_name(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const auto& certificate = party_of(tx, direction).certificate;
  if (!certificate || index >= certificate->names.size()) return false;
  out.bytes = to_bytes(certificate->names[index]);
  return true;
}

bool get_certificate(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const auto& chain = party_of(tx, direction).chain;
  if (index >= chain.size()) return false;
  out.bytes = to_bytes(chain[index]);
  return true;
}

/// Seconds since 1970 of a certificate's date.
template <std::string Certificate::*Member>
bool get_date(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const auto& certificate = party_of(tx, direction).certificate;
  std::tm parts{};
  if (index > 0 || !certificate || !strptime((certificate.get()->*Member).c_str(), "%Y-%m-%dT%H:%M:%S", &parts)) {
    return false;
  }
  out.integer = static_cast<uint64_t>(std::max<time_t>(timegm(&parts), 0));
  return true;
}

bool get_chain_length(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const auto& chain = party_of(tx, direction).chain;
  if (index > 0 || chain.empty()) return false;
  out.integer = chain.size();
  return true;
}

bool get_alpn(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  return party_of(tx, direction).alpns.get(index, out.bytes);
}

/// Bytes `from` to `to` of a hello's random.
template <size_t From, size_t To>
bool get_random(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const Bytes random = party_of(tx, direction).hello.random;
  if (index > 0 || random.size() < To) return false;
  out.bytes = random.subspan(From, To - From);
  return true;
}

bool get_version(const Transaction& tx, Direction direction, uint32_t index, std::string&, Value& out) {
  const Party& party = party_of(tx, direction);
  if (index > 0 || !party.greeted) return false;
  out.integer = party.version;
  return true;
}

constexpr FieldName kVersions[] = {{"1.0", kTls10}, {"1.1", 0x0302}, {"1.2", kTls12}, {"1.3", kTls13}};

}  // namespace

std::span<const Field> fields() {
  static const std::array kFields = {
      Field{.name = "tls.sni",
            .side = Side::to_server,
            .stage = kHelloDone,
            .get = &get_text<&Handshake::sni>,
            .help = "server name the client asks for",
            .sticky_aliases = {"tls_sni"}},
      Field{.name = "tls.cert_subject",
            .side = Side::both,
            .stage = kCertificateDone,
            .get = &get_certificate_text<&Certificate::subject>,
            .help = "subject of the certificate, on one line",
            .sticky_aliases = {"tls_cert_subject"}},
      Field{.name = "tls.cert_issuer",
            .side = Side::both,
            .stage = kCertificateDone,
            .get = &get_certificate_text<&Certificate::issuer>,
            .help = "issuer of the certificate, on one line",
            .sticky_aliases = {"tls_cert_issuer"}},
      Field{.name = "tls.cert_serial",
            .side = Side::both,
            .stage = kCertificateDone,
            .get = &get_certificate_text<&Certificate::serial>,
            .help = "serial number in upper-case hex with colons",
            .sticky_aliases = {"tls_cert_serial"}},
      Field{.name = "tls.cert_fingerprint",
            .side = Side::both,
            .stage = kCertificateDone,
            .get = &get_certificate_text<&Certificate::fingerprint>,
            .help = "SHA-1 of the certificate in lower-case hex with colons",
            .sticky_aliases = {"tls_cert_fingerprint"}},
      Field{.name = "tls.subjectaltname",
            .side = Side::both,
            .stage = kCertificateDone,
            .get = &get_alternative_name,
            .help = "each subject alternative name of the certificate",
            .many = true},
      Field{.name = "tls.certs",
            .side = Side::both,
            .stage = kCertificateDone,
            .get = &get_certificate,
            .help = "each certificate of the chain, in DER",
            .many = true},
      Field{.name = "tls.cert_chain_len",
            .kind = FieldKind::integer,
            .side = Side::both,
            .stage = kCertificateDone,
            .get = &get_chain_length,
            .help = "certificates in the chain"},
      Field{.name = "tls_cert_notbefore",
            .kind = FieldKind::date,
            .side = Side::to_client,
            .stage = kCertificateDone,
            .get = &get_date<&Certificate::not_before>,
            .help = "beginning of the certificate's time"},
      Field{.name = "tls_cert_notafter",
            .kind = FieldKind::date,
            .side = Side::to_client,
            .stage = kCertificateDone,
            .get = &get_date<&Certificate::not_after>,
            .help = "end of the certificate's time"},
      Field{.name = "tls.alpn",
            .side = Side::both,
            .stage = kHelloDone,
            .get = &get_alpn,
            .help = "each application protocol the client offers, or the server chose",
            .many = true},
      Field{.name = "tls.random",
            .side = Side::both,
            .stage = kHelloDone,
            .get = &get_random<0, 32>,
            .help = "random of the hello, 32 bytes"},
      Field{.name = "tls.random_time",
            .side = Side::both,
            .stage = kHelloDone,
            .get = &get_random<0, 4>,
            .help = "first 4 bytes of the hello's random"},
      Field{.name = "tls.random_bytes",
            .side = Side::both,
            .stage = kHelloDone,
            .get = &get_random<4, 32>,
            .help = "last 28 bytes of the hello's random"},
      Field{.name = "tls.version",
            .kind = FieldKind::integer,
            .side = Side::both,
            .stage = kHelloDone,
            .get = &get_version,
            .help = "version offered by the client, or chosen by the server",
            .names = kVersions},
      Field{.name = "ja3.hash",
            .side = Side::to_server,
            .stage = kHelloDone,
            .get = &get_text<&Handshake::ja3_hash>,
            .help = "JA3 fingerprint of the client, MD5 in hex",
            .lowercased = true,
            .sticky_aliases = {"ja3_hash"}},
      Field{.name = "ja3.string",
            .side = Side::to_server,
            .stage = kHelloDone,
            .get = &get_text<&Handshake::ja3>,
            .help = "JA3 fingerprint of the client before hashing",
            .sticky_aliases = {"ja3_string"}},
      Field{.name = "ja3s.hash",
            .side = Side::to_client,
            .stage = kHelloDone,
            .get = &get_text<&Handshake::ja3s_hash>,
            .help = "JA3S fingerprint of the server, MD5 in hex",
            .lowercased = true},
      Field{.name = "ja3s.string",
            .side = Side::to_client,
            .stage = kHelloDone,
            .get = &get_text<&Handshake::ja3s>,
            .help = "JA3S fingerprint of the server before hashing"},
      Field{.name = "ja4.hash",
            .side = Side::to_server,
            .stage = kHelloDone,
            .get = &get_text<&Handshake::ja4>,
            .help = "JA4 fingerprint of the client",
            .sticky_aliases = {"ja4_hash"}},
  };
  return kFields;
}

}  // namespace lapwing::tls
