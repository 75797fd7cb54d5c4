#include "dissectors/parts/x509/x509.h"

#include <gtest/gtest.h>

#include "tests/dissectors/tls/tls_wire.h"

namespace lapwing::x509 {
namespace {

test::CertificateParts parts(std::string subject, std::string issuer) {
  return {.subject = {{"CN", std::move(subject)}},
          .issuer = {{"CN", std::move(issuer)}},
          .serial_hex = "0A",
          .not_before = "20240101000000Z",
          .not_after = "20240401000000Z"};
}

TEST(X509Test, KeyAndSignature) {
  const auto own = read_certificate(to_bytes(test::make_certificate(parts("a.example", "a.example"))));
  EXPECT_EQ(own->key, "id-ecPublicKey");
  EXPECT_EQ(own->key_bits, 0u);
  EXPECT_EQ(own->signature, "ecdsa-with-SHA256");
  EXPECT_EQ(own->digest, "SHA256");
  EXPECT_EQ(own->key_hash.size(), 64u);
  EXPECT_TRUE(own->self_issued);
  EXPECT_FALSE(own->public_policy);

  auto old = parts("a.example", "b.example");
  old.rsa_bits = 1024;
  old.sha1 = true;
  old.policies = "1.2.3.4,2.23.140.1.2.1";
  const auto other = read_certificate(to_bytes(test::make_certificate(old)));
  EXPECT_EQ(other->key, "rsaEncryption");
  EXPECT_EQ(other->key_bits, 1024u);
  EXPECT_EQ(other->digest, "SHA1");
  EXPECT_FALSE(other->self_issued);
  EXPECT_TRUE(other->public_policy);
  EXPECT_NE(other->key_hash, own->key_hash);
}

TEST(X509Test, PoliciesOfOthersAreNotPublic) {
  auto own = parts("a.example", "b.example");
  own.policies = "2.23.140.2.1,2.5.29.32.0";
  EXPECT_FALSE(read_certificate(to_bytes(test::make_certificate(own)))->public_policy);
}

TEST(X509Test, ItIsForItsFirstNameOrElseForItsSubject) {
  auto made = parts("a.example", "b.example");
  EXPECT_EQ(name_of(*read_certificate(to_bytes(test::make_certificate(made)))), "a.example");
  made.alternative_names = "DNS:c.example,DNS:d.example";
  EXPECT_EQ(name_of(*read_certificate(to_bytes(test::make_certificate(made)))), "c.example");
  EXPECT_EQ(name_of({.subject = "O=Example"}), "");
}

TEST(X509Test, TheCommonNameIsWhatTheSubjectSaysItIs) {
  auto made = parts("a.example", "b.example");
  made.subject.push_back({"O", "for CN=c.example"});
  EXPECT_EQ(name_of(*read_certificate(to_bytes(test::make_certificate(made)))), "a.example");
  made.subject.push_back({"CN", "d.example"});
  EXPECT_EQ(name_of(*read_certificate(to_bytes(test::make_certificate(made)))), "d.example");
}

TEST(X509Test, NothingIsHiddenBehindManyNamesOrInALongNumber) {
  constexpr int kNames = 3000;
  auto made = parts("a.example", "b.example");
  for (int i = 0; i < kNames; ++i) made.alternative_names += "DNS:a" + std::to_string(i) + ",";
  made.alternative_names += "DNS:last.example";
  for (int i = 0; i < 200; ++i) made.serial_hex += "AB";
  const auto read = read_certificate(to_bytes(test::make_certificate(made)));
  ASSERT_EQ(read->names.size(), kNames + 1u);
  EXPECT_EQ(read->names.back(), "last.example");
  EXPECT_EQ(read->serial.size(), 3 * 201u - 1);
}

/// Whatever is cut off, what remains is read without harm.
TEST(X509Test, Cut) {
  auto made = parts("a.example", "a.example");
  made.policies = "2.23.140.1.2.1";
  made.rsa_bits = 1024;
  const std::string der = test::make_certificate(made);
  for (size_t size = 0; size < der.size(); ++size) {
    const auto read = read_certificate(to_bytes(std::string_view(der).substr(0, size)));
    EXPECT_TRUE(read->key_bits == 0 || read->key_bits <= 1024u);
  }
}

}  // namespace
}  // namespace lapwing::x509
