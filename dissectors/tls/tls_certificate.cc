#include "dissectors/tls/tls_certificate.h"

#include <arpa/inet.h>
#include <openssl/provider.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <vector>

#include "sensor/base/hash.h"
#include "sensor/base/openssl.h"
#include "sensor/base/per_thread.h"
#include "sensor/base/text.h"

namespace lapwing::tls {

namespace {

/// Certificates are kept by hash; in each set a newer one takes the place of the oldest.
constexpr size_t kCacheSets = 256, kCacheWays = 4;
/// Bytes of the longest that is kept: hostile ones may be as long as a handshake message, real ones are shorter.
constexpr size_t kMaxKept = 8 << 10;
/// Longer lists are cut: a certificate may name thousands.
constexpr size_t kMaxNames = 1024;

struct Free {
  void operator()(X509* p) const { X509_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
  void operator()(unsigned char* p) const { OPENSSL_free(p); }
};

Bytes bytes_of(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<size_t>(ASN1_STRING_length(text))};
}

/// The value of a name's attribute as UTF-8; the hex of its bytes for types that are no text.
std::string attribute_text(const ASN1_STRING* value) {
  switch (ASN1_STRING_type(value)) {
    case V_ASN1_BMPSTRING:
    case V_ASN1_UNIVERSALSTRING: {
      unsigned char* utf8 = nullptr;
      const int size = ASN1_STRING_to_UTF8(&utf8, value);
      std::unique_ptr<unsigned char, Free> owner(utf8);
      if (size >= 0) return std::string(reinterpret_cast<char*>(utf8), static_cast<size_t>(size));
      break;
    }
    case V_ASN1_UTF8STRING:
    case V_ASN1_PRINTABLESTRING:
    case V_ASN1_IA5STRING:
    case V_ASN1_NUMERICSTRING:
    case V_ASN1_VISIBLESTRING:
    case V_ASN1_T61STRING: return std::string(to_text(bytes_of(value)));
    default: break;
  }
  return to_hex(bytes_of(value));
}

/// The name EVE records use for an attribute: rules match on it, so these are Suricata's. "OID(2.5.4.97)" for others.
std::string attribute_type(const ASN1_OBJECT* type) {
  switch (OBJ_obj2nid(type)) {
    case NID_commonName: return "CN";
    case NID_countryName: return "C";
    case NID_stateOrProvinceName: return "ST";
    case NID_localityName: return "L";
    case NID_organizationName: return "O";
    case NID_organizationalUnitName: return "OU";
    case NID_domainComponent: return "DC";
    case NID_pkcs9_emailAddress: return "Email";
    case NID_serialNumber: return "serialNumber";
    case NID_businessCategory: return "businessCategory";
    case NID_jurisdictionCountryName: return "msJurisdictionCountry";
    case NID_jurisdictionStateOrProvinceName: return "msJurisdictionStateOrProvince";
    case NID_jurisdictionLocalityName: return "msJurisdictionLocality";
    case NID_streetAddress: return "streetAddress";
    case NID_postalCode: return "postalCode";
    case NID_userId: return "uid";
    case NID_givenName: return "givenName";
    case NID_surname: return "surname";
    case NID_title: return "title";
    case NID_initials: return "initials";
    case NID_name: return "name";
    case NID_description: return "description";
    case NID_dnQualifier: return "dnQualifier";
    case NID_generationQualifier: return "generationQualifier";
    case NID_x500UniqueIdentifier: return "uniqueIdentifier";
    case NID_subject_alt_name: return "subjectAltName";
    case NID_pkcs9_unstructuredName: return "unstructuredName";
    default: break;
  }
  char text[80];
  const int size = OBJ_obj2txt(text, sizeof text, type, 1);
  const size_t length = size > 0 ? std::min<size_t>(static_cast<size_t>(size), sizeof text - 1) : 0;
  return "OID(" + std::string(text, length) + ")";
}

std::string distinguished_name(const X509_NAME* name) {
  std::string out;
  int last_set = -1;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const int set = X509_NAME_ENTRY_set(entry);
    if (i > 0) out += set == last_set ? " + " : ", ";
    last_set = set;
    out += attribute_type(X509_NAME_ENTRY_get_object(entry));
    out += '=';
    out += attribute_text(X509_NAME_ENTRY_get_data(entry));
  }
  return out;
}

/// The content octets of the DER integer: with the leading 00 that keeps a number positive.
std::string serial_text(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &der);
  std::unique_ptr<unsigned char, Free> owner(der);
  constexpr int kTagAndLength = 2;
  if (size <= kTagAndLength || der[1] >= 0x80) return {};
  return to_hex(Bytes(der + kTagAndLength, static_cast<size_t>(size - kTagAndLength)), ':', true);
}

std::string time_text(const ASN1_TIME* time) {
  tm parts{};
  if (!time || !ASN1_TIME_to_tm(time, &parts)) return {};
  char text[80];
  const int size = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900,
                                 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return std::string(text, static_cast<size_t>(size));
}

std::string address_text(Bytes address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.size() == 4) inet_ntop(AF_INET, address.data(), text, sizeof text);
  if (address.size() == 16) inet_ntop(AF_INET6, address.data(), text, sizeof text);
  return text[0] ? text : to_hex(address);
}

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> out;
  std::unique_ptr<GENERAL_NAMES, Free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return out;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && out.size() < kMaxNames; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS:
      case GEN_EMAIL:
      case GEN_URI: out.emplace_back(to_text(bytes_of(name->d.ia5))); break;
      case GEN_IPADD: out.push_back(address_text(bytes_of(name->d.iPAddress))); break;
      case GEN_DIRNAME: out.push_back(distinguished_name(name->d.directoryName)); break;
      default: break;
    }
  }
  return out;
}

using Sha1 = std::array<uint8_t, 20>;

Sha1 sha1(Bytes data) {
  static constinit DigestAlgorithm algorithm("SHA1");
  const DigestContext& context = per_thread([] { return make_digest_context(); });
  Sha1 out{};
  const EVP_MD* md = algorithm.get();
  if (md && !(EVP_DigestInit_ex2(context.get(), md, nullptr) &&
              EVP_DigestUpdate(context.get(), data.data(), data.size()) &&
              EVP_DigestFinal_ex(context.get(), out.data(), nullptr))) {
    openssl_out_of_memory();
  }
  return out;
}

/// OpenSSL names the ASN.1 fields on the way to what it could not read, innermost first (asn1_template_ex_d2i). Throws
/// std::bad_alloc where it could have read them with more memory.
CertificateFault fault_of_last_error() {
  constexpr std::pair<std::string_view, CertificateFault> kFields[] = {
      {"version", CertificateFault::version},      {"serialNumber", CertificateFault::serial},
      {"signature", CertificateFault::algorithm},  {"sig_alg", CertificateFault::algorithm},
      {"algorithm", CertificateFault::algorithm},  {"issuer", CertificateFault::name},
      {"subject", CertificateFault::name},         {"validity", CertificateFault::date},
      {"notBefore", CertificateFault::date},       {"notAfter", CertificateFault::date},
      {"extensions", CertificateFault::extensions}};
  CertificateFault fault = CertificateFault::der;
  const char* text = nullptr;
  int flags = 0;
  while (const unsigned long error = ERR_get_error_all(nullptr, nullptr, nullptr, &text, &flags)) {
    if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) {
      ERR_clear_error();
      throw std::bad_alloc();
    }
    std::string_view field(flags & ERR_TXT_STRING ? text : "");
    if (fault != CertificateFault::der || !field.starts_with("Field=")) continue;
    field = field.substr(6, field.find(',') - 6);
    for (const auto& [name, meaning] : kFields) {
      if (name == field) fault = meaning;
    }
  }
  return fault;
}

/// A library context that can decode no public key: OpenSSL would decode each certificate's, at ten times the cost of
/// all the rest, and nobody asks for it. Lives as long as the process.
OSSL_LIB_CTX* without_keys() {
  static OSSL_LIB_CTX* const context = [] {
    OSSL_LIB_CTX* made = OSSL_LIB_CTX_new();
    if (made && OSSL_PROVIDER_load(made, "null")) return made;
    OSSL_LIB_CTX_free(made);
    throw std::bad_alloc();
  }();
  return context;
}

std::shared_ptr<const Certificate> read(Bytes der) {
  auto out = std::make_shared<Certificate>();
  out->fingerprint = to_hex(sha1(der), ':');
  const unsigned char* place = der.data();
  X509* made = X509_new_ex(without_keys(), nullptr);
  if (!made) throw std::bad_alloc();
  ERR_clear_error();
  // On failure it frees what it was given.
  std::unique_ptr<X509, Free> certificate(d2i_X509(&made, &place, static_cast<long>(der.size())));
  if (!certificate) {
    out->fault = fault_of_last_error();
    return out;
  }
  out->readable = true;
  out->subject = distinguished_name(X509_get_subject_name(certificate.get()));
  out->issuer = distinguished_name(X509_get_issuer_name(certificate.get()));
  out->serial = serial_text(certificate.get());
  out->not_before = time_text(X509_get0_notBefore(certificate.get()));
  out->not_after = time_text(X509_get0_notAfter(certificate.get()));
  out->names = alternative_names(certificate.get());
  // What it lacked memory for reads as if it were not there.
  throw_openssl_lack_of_memory();
  if (out->subject.find('\0') != std::string::npos) out->fault = CertificateFault::subject;
  if (out->issuer.find('\0') != std::string::npos) out->fault = CertificateFault::issuer;
  if (out->not_before.empty() || out->not_after.empty()) out->fault = CertificateFault::validity;
  return out;
}

}  // namespace

std::shared_ptr<const Certificate> read_certificate(Bytes der) {
  struct Kept {
    uint64_t hash = 0;
    std::string der;  // compared whole: hashes can be made to collide
    std::shared_ptr<const Certificate> certificate;
  };
  struct Set {
    std::array<Kept, kCacheWays> ways;
    size_t oldest = 0;
  };
  auto& cache = per_thread([] { return std::vector<Set>(kCacheSets); });
  if (der.size() > kMaxKept) return read(der);
  const uint64_t hash = keyed_hash(der, kReplaySeed);
  Set& set = cache[hash % kCacheSets];
  for (const Kept& kept : set.ways) {
    if (kept.certificate && kept.hash == hash && kept.der == to_text(der)) return kept.certificate;
  }
  Kept& kept = set.ways[set.oldest++ % kCacheWays];
  kept = {hash, std::string(to_text(der)), read(der)};
  return kept.certificate;
}

}  // namespace lapwing::tls
