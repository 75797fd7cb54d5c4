// What records and alerts show of a certificate, whoever carries it.
#pragma once

#include <optional>

#include "dissectors/contract/columns.h"
#include "dissectors/parts/x509/x509.h"

namespace lapwing::x509 {

namespace read {

/// An empty name is one, where all up to the subject could be read.
template <std::string Certificate::*Name>
std::optional<Bytes> name(const Certificate& certificate) {
  if (!certificate.readable && (certificate.*Name).empty()) return {};
  return to_bytes(certificate.*Name);
}
template <std::string Certificate::*Text>
std::optional<uint64_t> date(const Certificate& certificate) {
  return seconds_of(certificate.*Text);
}

}  // namespace read

// Each under the member that EVE has for it.
inline constexpr Column kSubject =
    columns::text<&read::name<&Certificate::subject>>("subject", "subject of the certificate, on one line");
inline constexpr Column kIssuer =
    columns::text<&read::name<&Certificate::issuer>>("issuerdn", "issuer of the certificate, on one line");
inline constexpr Column kSerial =
    columns::text<&Certificate::serial>("serial", "serial number in upper-case hex with colons");
inline constexpr Column kFingerprint =
    columns::text<&Certificate::fingerprint>("fingerprint", "SHA-1 of the certificate in lower-case hex with colons");
inline constexpr Column kNotBefore =
    columns::text<&Certificate::not_before>("notbefore", "beginning of the certificate's time");
inline constexpr Column kNotAfter = columns::text<&Certificate::not_after>("notafter", "end of the certificate's time");
inline constexpr Column kNames =
    columns::each<&Certificate::names>("subjectaltname", "each subject alternative name of the certificate");

/// What Suricata's records do not say of it.
inline constexpr Column kKey[] = {
    columns::text<&Certificate::key>("key", "algorithm of the key: rsaEncryption, id-ecPublicKey"),
    columns::integer<&Certificate::key_bits>("key_bits", "length of an RSA key, 0 of others"),
    columns::text<&Certificate::key_hash>("key_hash", "SHA-256 of the SubjectPublicKeyInfo in lower-case hex"),
    columns::text<&Certificate::signature>("signature", "algorithm of the signature: RSA-SHA256, ecdsa-with-SHA256"),
    columns::text<&Certificate::digest>("digest", "of the signature: SHA256"),
    columns::integer<&read::date<&Certificate::not_before>>("valid_from",
                                                            "beginning of its time, in seconds since 1970"),
    columns::integer<&read::date<&Certificate::not_after>>("valid_to", "end of its time, in seconds since 1970"),
    columns::flag<&Certificate::self_issued>("self_issued", "issuer and subject are the same"),
    columns::flag<&Certificate::public_policy>("public_policy", "it claims a policy of the CA/Browser Forum"),
};

}  // namespace lapwing::x509
