#include "tests/dissectors/tls/tls_wire.h"

#include <openssl/bn.h>
#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "sensor/base/text.h"
#include "tests/dissectors/dns/dns_wire.h"

namespace lapwing::test {

std::string tls_record(unsigned type, std::string_view payload, unsigned version) {
  return static_cast<char>(type) + be16(version) + be16(static_cast<unsigned>(payload.size())) + std::string(payload);
}

std::string tls_sized(std::string_view data, unsigned prefix) {
  return be32(static_cast<uint32_t>(data.size())).substr(4 - prefix) + std::string(data);
}

std::string tls_message(unsigned type, std::string_view body) {
  return static_cast<char>(type) + tls_sized(body, 3);
}

std::string tls_extension(unsigned type, std::string_view data) {
  return be16(type) + tls_sized(data, 2);
}

std::string tls_sni(std::string_view name, unsigned type) {
  return tls_extension(0, tls_sized(static_cast<char>(type) + tls_sized(name, 2), 2));
}

std::string tls_alpn(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += tls_sized(name, 1);
  return tls_extension(16, tls_sized(list, 2));
}

std::string tls_client_hello(const HelloParts& parts) {
  std::string ciphers;
  for (unsigned cipher : parts.ciphers) ciphers += be16(cipher);
  std::string out = be16(parts.version) + parts.random + tls_sized(parts.session_id, 1) + tls_sized(ciphers, 2) +
                    tls_sized(std::string(1, '\0'), 1);
  if (!parts.extensions.empty()) out += tls_sized(parts.extensions, 2);
  return out;
}

std::string tls_server_hello(const HelloParts& parts) {
  std::string out =
      be16(parts.version) + parts.random + tls_sized(parts.session_id, 1) + be16(parts.ciphers.at(0)) + '\0';
  if (!parts.extensions.empty()) out += tls_sized(parts.extensions, 2);
  return out;
}

std::string tls_certificate(const std::vector<std::string>& chain) {
  std::string list;
  for (const auto& der : chain) list += tls_sized(der, 3);
  return tls_sized(list, 3);
}

std::string make_certificate(const CertificateParts& parts) {
  EVP_PKEY* key = parts.rsa_bits ? EVP_RSA_gen(parts.rsa_bits) : EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, X509_VERSION_3);
  BIGNUM* serial = nullptr;
  BN_hex2bn(&serial, parts.serial_hex.c_str());
  BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
  BN_free(serial);
  ASN1_TIME_set_string(X509_getm_notBefore(certificate), parts.not_before.c_str());
  ASN1_TIME_set_string(X509_getm_notAfter(certificate), parts.not_after.c_str());
  auto fill = [](X509_NAME* name, const std::vector<std::pair<std::string, std::string>>& attributes) {
    for (const auto& [type, value] : attributes) {
      X509_NAME_add_entry_by_txt(name, type.c_str(), MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(value.data()), static_cast<int>(value.size()),
                                 -1, 0);
    }
  };
  fill(X509_get_subject_name(certificate), parts.subject);
  fill(X509_get_issuer_name(certificate), parts.issuer);
  for (const auto& [nid, text] : {std::pair(NID_subject_alt_name, parts.alternative_names),
                                  std::pair(NID_certificate_policies, parts.policies)}) {
    if (text.empty()) continue;
    // Policies are looked for in a file of configuration too, which has to be there.
    CONF* file = NCONF_new(nullptr);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_nconf(&context, file);
    X509_EXTENSION* extension = X509V3_EXT_nconf_nid(file, &context, nid, text.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    NCONF_free(file);
  }
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, parts.sha1 ? EVP_sha1() : EVP_sha256());
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return out;
}

std::string sha1_colons(std::string_view der) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(der.data(), der.size(), digest, &size, EVP_sha1(), nullptr);
  return to_hex(Bytes(digest, size), ':');
}

}  // namespace lapwing::test
