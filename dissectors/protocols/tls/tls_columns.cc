#include "dissectors/contract/columns.h"
#include "dissectors/parts/x509/x509_columns.h"
#include "dissectors/protocols/tls/tls.h"

namespace lapwing::tls {

namespace {

using namespace columns;

const Party& party(const Handshake& tx, const Place& at) {
  return tx.parties[index(at.direction)];
}

// Certificates.

const x509::Certificate* server_certificate(const Handshake& tx) {
  return tx.server().certificate.get();
}
const x509::Certificate* client_certificate(const Handshake& tx) {
  return tx.client().certificate.get();
}

constexpr Column kCertificate[] = {
    x509::kSubject.rule({.name = "tls.cert_subject",
                         .sender = Sender::either,
                         .stage = kCertificateDone,
                         .aliases = {"tls_cert_subject"}}),
    x509::kIssuer.option("issuer").rule({.name = "tls.cert_issuer",
                                         .sender = Sender::either,
                                         .stage = kCertificateDone,
                                         .aliases = {"tls_cert_issuer"}}),
    x509::kSerial.extended().rule({.name = "tls.cert_serial",
                                   .sender = Sender::either,
                                   .stage = kCertificateDone,
                                   .aliases = {"tls_cert_serial"}}),
    x509::kFingerprint.extended().rule({.name = "tls.cert_fingerprint",
                                        .sender = Sender::either,
                                        .stage = kCertificateDone,
                                        .aliases = {"tls_cert_fingerprint"}}),
    x509::kNotBefore.extended().option("not_before"),
    x509::kNotAfter.extended().option("not_after"),
    x509::kNames.extended().rule({.name = "tls.subjectaltname", .sender = Sender::either, .stage = kCertificateDone}),
    columns::date<&x509::read::date<&x509::Certificate::not_before>>("beginning of the certificate's time")
        .rule({.name = "tls_cert_notbefore", .sender = Sender::server, .stage = kCertificateDone}),
    columns::date<&x509::read::date<&x509::Certificate::not_after>>("end of the certificate's time")
        .rule({.name = "tls_cert_notafter", .sender = Sender::server, .stage = kCertificateDone}),
};

template <Direction Whose>
const std::string* own_der(const Handshake& tx) {
  const auto& chain = tx.parties[index(Whose)].chain;
  return chain.empty() ? nullptr : &chain.front();
}
template <Direction Whose>
const std::vector<std::string>& chain(const Handshake& tx) {
  return tx.parties[index(Whose)].chain;
}
constexpr Direction kClient = Direction::to_server, kServer = Direction::to_client;

constexpr Column kClientCertificate[] = {
    object<&client_certificate>("", kCertificate, ""),
    base64<&own_der<kClient>>("certificate", "in DER").on_request().option("client_certificate"),
    each<&chain<kClient>, Shape::base64>("chain", "each certificate in DER").on_request().option("client_chain"),
};
const Handshake* with_client_certificate(const Handshake& tx) {
  return tx.client().certificate ? &tx : nullptr;
}

// Fingerprints.

template <std::string Handshake::*Hash>
const Handshake* with(const Handshake& tx) {
  return (tx.*Hash).empty() ? nullptr : &tx;
}
constexpr Column kJa3[] = {
    text<&Handshake::ja3_hash>("hash", "JA3 fingerprint of the client, MD5 in hex")
        .rule({.name = "ja3.hash", .stage = kHelloDone, .aliases = {"ja3_hash"}, .lowercased = true}),
    text<&Handshake::ja3>("string", "JA3 fingerprint of the client before hashing")
        .rule({.name = "ja3.string", .stage = kHelloDone, .aliases = {"ja3_string"}}),
};
constexpr Column kJa3s[] = {
    text<&Handshake::ja3s_hash>("hash", "JA3S fingerprint of the server, MD5 in hex")
        .rule({.name = "ja3s.hash", .sender = Sender::server, .stage = kHelloDone, .lowercased = true}),
    text<&Handshake::ja3s>("string", "JA3S fingerprint of the server before hashing")
        .rule({.name = "ja3s.string", .sender = Sender::server, .stage = kHelloDone}),
};

// Hellos. Values of GREASE (RFC 8701) say nothing of whom they come from.

bool next_value(Bytes& rest, uint16_t& value) {
  do {
    if (rest.size() < 2) return false;
    value = load_be16(rest.data());
    rest = rest.subspan(2);
  } while (is_grease(value));
  return true;
}
using Values = Taken<uint16_t, &next_value>;
Values ciphers(const Party& party) {
  return Values(party.hello.ciphers.bytes());
}
Values signatures(const Party& party) {
  return Values(party.hello.signatures.bytes());
}
std::optional<uint16_t> chosen_cipher(const Party& party) {
  if (party.hello.ciphers.size() == 0) return {};
  return party.hello.ciphers[0];
}
bool next_extension_type(Bytes& rest, uint16_t& type) {
  Extension extension;
  do {
    if (!next_extension(rest, extension)) return false;
  } while (is_grease(extension.type));
  type = extension.type;
  return true;
}
auto extensions(const Party& party) {
  return Taken<uint16_t, &next_extension_type>(party.hello.extensions);
}
constexpr NamedValue kVersions[] = {{"1.0", kTls10}, {"1.1", kTls11}, {"1.2", kTls12}, {"1.3", kTls13}};
std::span<const NamedValue> versions() {
  return kVersions;
}

constexpr Column kClientHello[] = {
    choice<&Party::version, &version_name, &versions>("version", "highest that the client offers"),
    each<&ciphers, Shape::integer>("ciphers", "that the client offers"),
    each<&extensions, Shape::integer>("exts", "types of the extensions"),
    each<&signatures, Shape::integer>("sig_algs", "signature algorithms that the client takes"),
};
constexpr Column kServerHello[] = {
    choice<&Party::version, &version_name, &versions>("version", "that the server chose"),
    integer<&chosen_cipher>("cipher", "that the server chose"),
    each<&extensions, Shape::integer>("exts", "types of the extensions"),
};
template <Direction Whose>
const Party* greeted(const Handshake& tx) {
  const Party& party = tx.parties[index(Whose)];
  return party.greeted ? &party : nullptr;
}

using Alpns = Taken<Bytes, &next_alpn>;
template <Direction Whose>
Alpns alpns(const Handshake& tx) {
  return Alpns(to_bytes(tx.parties[index(Whose)].alpns));
}
/// Before the server has chosen, what the client offers is all there is.
uint16_t version(const Handshake& tx) {
  return tx.server().version ? tx.server().version : tx.client().version;
}

// What rules read of the side that they look at.

std::optional<uint64_t> chain_length(const Handshake& tx, const Place& at) {
  const auto& chain = party(tx, at).chain;
  return chain.empty() ? std::nullopt : std::optional<uint64_t>(chain.size());
}
const std::vector<std::string>& chain_at_hand(const Handshake& tx, const Place& at) {
  return party(tx, at).chain;
}
std::optional<uint16_t> version_at_hand(const Handshake& tx, const Place& at) {
  return party(tx, at).greeted ? std::optional(party(tx, at).version) : std::nullopt;
}
/// Bytes `From` to `To` of a hello's random.
template <size_t From, size_t To>
std::optional<Bytes> random_bytes(const Handshake& tx, const Place& at) {
  const Bytes random = party(tx, at).hello.random;
  if (random.size() < To) return {};
  return random.subspan(From, To - From);
}

constexpr Column kHandshake[] = {
    flag<&Handshake::resumed>("session_resumed", "the client takes up an earlier session"),
    object<&server_certificate>("", kCertificate, "").of(Sender::server),
    text<&Handshake::sni>("sni", "server name the client asks for")
        .extended()
        .rule({.name = "tls.sni", .stage = kHelloDone, .aliases = {"tls_sni"}}),
    choice<&version, &version_name, &versions>("version", "version offered by the client, or chosen by the server")
        .extended(),
    text<&Handshake::from>("from_proto", "protocol that the flow spoke before"),
    base64<&own_der<kServer>>("certificate", "of the server, in DER").on_request(),
    each<&chain<kServer>, Shape::base64>("chain", "each certificate of the server, in DER").on_request(),
    object<&server_certificate>("x509", x509::kKey, "key and signature of the server's certificate")
        .on_request()
        .of(Sender::server),
    object<&with<&Handshake::ja3_hash>>("ja3", kJa3, "JA3 fingerprint of the client").extended(),
    object<&with<&Handshake::ja3s_hash>>("ja3s", kJa3s, "JA3S fingerprint of the server").extended(),
    text<&Handshake::ja4>("ja4", "JA4 fingerprint of the client")
        .extended()
        .rule({.name = "ja4.hash", .stage = kHelloDone, .aliases = {"ja4_hash"}}),
    object<&with_client_certificate>("client", kClientCertificate, "certificate of the client")
        .extended()
        .of(Sender::client),
    each<&alpns<kClient>>("client_alpns", "application protocols that the client offers")
        .extended()
        .rule({.name = "tls.alpn",
               .stage = kHelloDone,
               .help = "each application protocol the client offers, or the server chose"}),
    each<&alpns<kServer>>("server_alpns", "application protocol that the server chose")
        .extended()
        .rule({.name = "tls.alpn", .sender = Sender::server, .stage = kHelloDone}),
    object<&greeted<kClient>>("client_handshake", kClientHello, "hello of the client").on_request(),
    object<&greeted<kServer>>("server_handshake", kServerHello, "hello of the server").on_request(),

    each<&chain_at_hand>("", "each certificate of the chain, in DER")
        .rule({.name = "tls.certs", .sender = Sender::either, .stage = kCertificateDone}),
    integer<&chain_length>("", "certificates in the chain")
        .rule({.name = "tls.cert_chain_len", .sender = Sender::either, .stage = kCertificateDone}),
    text<&random_bytes<0, 32>>("", "random of the hello, 32 bytes")
        .rule({.name = "tls.random", .sender = Sender::either, .stage = kHelloDone}),
    text<&random_bytes<0, 4>>("", "first 4 bytes of the hello's random")
        .rule({.name = "tls.random_time", .sender = Sender::either, .stage = kHelloDone}),
    text<&random_bytes<4, 32>>("", "last 28 bytes of the hello's random")
        .rule({.name = "tls.random_bytes", .sender = Sender::either, .stage = kHelloDone}),
    integer<&version_at_hand>("", "version offered by the client, or chosen by the server")
        .named(&versions)
        .rule({.name = "tls.version", .sender = Sender::either, .stage = kHelloDone}),
};

constexpr Column kRecord[] = {object<&self<Handshake>>("tls", kHandshake, "a handshake")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {{.type = "tls", .help = "a TLS handshake", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

RecordExtent record_extent(const void* config, std::string_view record) {
  if (record.empty()) return {};
  const auto& options = *static_cast<const Config*>(config);
  RecordExtent out{.extended = options.extended, .only = !options.custom.empty(), .names = options.custom};
  out.names.emplace_back("from_proto");
  return out;
}

}  // namespace lapwing::tls
