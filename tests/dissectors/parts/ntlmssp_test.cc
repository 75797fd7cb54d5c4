// What NTLMSSP's three messages say.
#include "dissectors/parts/gss/ntlmssp.h"

#include <gtest/gtest.h>

#include "tests/dissectors/parts/ntlmssp_wire.h"
#include "tests/support/cost.h"

namespace lapwing::ntlmssp {
namespace {

using namespace std::string_literals;
using namespace test;

Exchange heard(const std::string& message, bool sound = true) {
  Exchange out;
  EXPECT_EQ(read(to_bytes(message), out), sound);
  return out;
}

TEST(Ntlmssp, AChallengeTellsTheServersNames) {
  const Exchange e = heard(ntlm_challenge(wide("LAB"), ntlm_server_pairs()));
  EXPECT_TRUE(e.challenged);
  EXPECT_EQ(e.target, "LAB");
  EXPECT_EQ(e.server_name, "DC1");
  EXPECT_EQ(e.server_domain, "LAB");
  EXPECT_EQ(e.server_dns_name, "dc1.lab.example");
  EXPECT_EQ(e.server_dns_domain, "lab.example");
  EXPECT_EQ(e.server_dns_forest, "example");
  EXPECT_EQ(e.server_time, 1714557600);
  ASSERT_TRUE(e.server_version);
  EXPECT_EQ(to_string(*e.server_version), "10.0 build 17763 rev 15");
  EXPECT_EQ(heard(ntlm_challenge("OEM", "", 0x2)).target, "OEM");
  EXPECT_FALSE(heard(ntlm_challenge("OEM", "", 0x2)).server_version);
}

TEST(Ntlmssp, WhoLogsInIsFoundByOffsets) {
  for (const bool host_first : {false, true}) {
    const Exchange e = heard(ntlm_authenticate({.host_first = host_first}));
    EXPECT_TRUE(e.authenticated);
    EXPECT_EQ(e.domain, "LAB");
    EXPECT_EQ(e.user, "ann");
    EXPECT_EQ(e.host, "WS1");
    EXPECT_EQ(e.unusual, host_first);
    EXPECT_FALSE(e.anonymous);
    ASSERT_TRUE(e.version);
    EXPECT_EQ(to_string(*e.version), "10.0 build 17763 rev 15");
  }
}

TEST(Ntlmssp, TextsAreOfUtf16OrOfBytesAsTheFlagsSay) {
  const Exchange e = heard(ntlm_authenticate({.domain = "LAB", .user = "ann", .host = "WS1", .flags = 0x2}));
  EXPECT_EQ(e.user, "ann");
  EXPECT_FALSE(e.version);
  EXPECT_EQ(heard(ntlm_authenticate({.user = "j\0\xf6\0"s + wide("rg")})).user, "j\xc3\xb6rg");
}

TEST(Ntlmssp, TheResponseTellsTheVersion) {
  EXPECT_EQ(heard(ntlm_authenticate()).ntlm, 1);
  EXPECT_EQ(heard(ntlm_authenticate({.nt = ""})).ntlm, 1);
  const std::string pairs = ntlm_pair(6, le32(2)) + ntlm_pair(9, wide("cifs/files")) + ntlm_pair(0, "");
  const Exchange e = heard(ntlm_authenticate({.nt = ntlm_v2_response(pairs)}));
  EXPECT_EQ(e.ntlm, 2);
  EXPECT_TRUE(e.mic);
  EXPECT_EQ(e.service, "cifs/files");
  EXPECT_FALSE(heard(ntlm_authenticate({.nt = ntlm_v2_response(ntlm_pair(6, le32(1)))})).mic);
  for (const std::string& lm : {std::string(), std::string(1, '\0')}) {
    const Exchange nobody = heard(ntlm_authenticate({.lm = lm, .nt = "", .domain = "", .user = "", .host = ""}));
    EXPECT_TRUE(nobody.anonymous);
    EXPECT_EQ(nobody.ntlm, 0);
  }
}

TEST(Ntlmssp, TheOldestClientsSayNoFlags) {
  // Names begin where others have the session key; texts are as the server asked for them.
  const std::string empty = le32(0) + le32(52);
  const std::string old =
      kNtlmSignature + le32(3) + empty + empty + empty + le16(3) + le16(3) + le32(52) + empty + "ann";
  EXPECT_EQ(heard(old).user, "ann");
  Exchange e = heard(ntlm_challenge("LAB", ""));
  ASSERT_TRUE(read(to_bytes(old.substr(0, 36) + le16(4) + le16(4) + old.substr(40, 12) + wide("an")), e));
  EXPECT_EQ(e.user, "an");
}

TEST(Ntlmssp, AVersionIsThereWhereNoPayloadLies) {
  EXPECT_FALSE(heard(ntlm_negotiate_at_once()).client_version);
  const uint32_t flags = kNtlmUnicode | kNtlmTargetInfo | kNtlmVersion;
  EXPECT_FALSE(heard(ntlm_challenge(wide("LAB"), ntlm_server_pairs(), flags, "")).server_version);
  EXPECT_FALSE(heard(ntlm_challenge("", ntlm_server_pairs(), flags, "")).server_version);
  const Exchange e = heard(ntlm_authenticate({.system = ""}));
  EXPECT_FALSE(e.version);
  EXPECT_EQ(e.user, "ann");
  EXPECT_FALSE(
      heard(ntlm_authenticate(
                {.lm = "", .nt = "", .domain = "", .user = "", .host = "", .system = "", .key = "0123456789abcdef"}))
          .version);
}

TEST(Ntlmssp, ANegotiateBeginsAnew) {
  Exchange e = heard(ntlm_authenticate());
  ASSERT_TRUE(read(to_bytes(ntlm_negotiate()), e));
  EXPECT_FALSE(e.authenticated);
  EXPECT_EQ(e.user, "");
  ASSERT_TRUE(e.client_version);
  EXPECT_EQ(e.client_version->build, 17763);
  // Without a version, and without what it would stand behind.
  EXPECT_FALSE(heard(ntlm_negotiate(kNtlmUnicode)).client_version);
  EXPECT_TRUE(heard(ntlm_negotiate().substr(0, 16)).negotiated);
}

TEST(Ntlmssp, WhatPointsOutsideIsMalformed) {
  const std::string whole = ntlm_authenticate();
  for (const size_t field : {12, 20, 28, 36, 44}) {
    for (const std::string& wrong : {le16(24) + le16(24) + le32(0xffffffff), le16(0xffff) + le16(1) + le32(72),
                                     le16(1) + le16(1) + le32(static_cast<uint32_t>(whole.size()))}) {
      std::string message = whole;
      message.replace(field, 8, wrong);
      EXPECT_FALSE(heard(message, false).authenticated) << field;
    }
    std::string message = whole;
    message.replace(field, 8, le32(0) + le32(0xffffffff));  // nothing lies nowhere
    EXPECT_TRUE(heard(message).authenticated);
  }
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(heard(whole.substr(0, size), false).authenticated);
  EXPECT_EQ(heard(ntlm_challenge(wide("LAB"), ntlm_pair(1, wide("DC1"))), false).server_name, "DC1");
  std::string challenge = ntlm_challenge(wide("LAB"), ntlm_server_pairs());
  challenge.replace(44, 4, le32(1u << 31));
  EXPECT_FALSE(heard(challenge, false).challenged);
  EXPECT_FALSE(heard(kNtlmSignature + le32(4), false).negotiated);
  EXPECT_FALSE(heard("NTLMSSP", false).negotiated);
}

TEST(Ntlmssp, PairsCostNoMoreThanTheirBytes) {
  const auto pairs = [](size_t count) {
    const std::string list = repeated(count, [](size_t) { return ntlm_pair(3, wide("dc1")); }) + ntlm_pair(0, "");
    return [message = ntlm_challenge("", list)] {
      Exchange out;
      EXPECT_TRUE(read(to_bytes(message), out));
    };
  };
  EXPECT_LT(growth(pairs, 2'000), kDoubled);
}

}  // namespace
}  // namespace lapwing::ntlmssp
