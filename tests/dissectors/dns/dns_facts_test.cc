// What DNS tells of the application, and of risks.
#include <gmock/gmock.h>

#include "dissectors/protocols/dns/dns_parser.h"
#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/dissectors/facts.h"

namespace lapwing::test {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr unsigned kQuery = 0x0100, kResponse = 0x8180;
std::string question(std::string_view name = "www.example.org", unsigned type = dns::kA) {
  return dns_question(dns_name(name), type);
}
std::string query_asking(const std::string& asked = question()) {
  return dns_header(7, kQuery, 1) + asked;
}
/// Answers of these types.
std::string response(const std::vector<unsigned>& types) {
  std::string out = dns_header(7, kResponse, 1, static_cast<unsigned>(types.size())) + question();
  for (unsigned type : types) {
    out +=
        dns_record(dns_pointer(12), type, type == dns::kCname ? dns_name("a.example") : std::string("\xc0\0\2\1", 4));
  }
  return out;
}

std::vector<HeardFacts> told(Direction direction, const std::string& message) {
  Dialogue talk(dissector("dns"));
  talk.datagram(direction, message);
  return talk.facts;
}
std::vector<HeardFacts> asked(const std::string& message) {
  return told(Direction::to_server, message);
}
std::vector<HeardFacts> answered(const std::string& message) {
  return told(Direction::to_client, message);
}

TEST(DnsFacts, TheQuestionTellsTheHostAndAnAnswerIsAll) {
  const auto before = asked(query_asking(question("WWW.Example-1.org")));
  ASSERT_THAT(before, SizeIs(1));
  EXPECT_EQ(before[0].host, "www.example-1.org");
  EXPECT_EQ(before[0].risks, 0);
  EXPECT_FALSE(before[0].complete);

  const auto after = answered(response({dns::kA}));
  ASSERT_THAT(after, SizeIs(1));
  EXPECT_EQ(after[0].host, "www.example.org");
  EXPECT_EQ(after[0].risks, 0);
  EXPECT_TRUE(after[0].complete);
  EXPECT_FALSE(answered(response({}))[0].complete);
}

TEST(DnsFacts, NamesAreToldAsHostsAreWritten) {
  EXPECT_EQ(asked(query_asking(question("a b$c_d")))[0].host, "a_b_c_d");
  EXPECT_EQ(risks_of(asked(query_asking(question("a b$c_d")))), 0);
  const auto odd = asked(query_asking(question("a\x01\xe9z")));
  EXPECT_EQ(odd[0].host, "a??z");
  EXPECT_EQ(odd[0].risks, bits({Risk::invalid_characters}));
}

TEST(DnsFacts, AnswersOfTypesThatHostsSeldomAskForAreSuspicious) {
  const uint64_t suspicious = bits({Risk::dns_suspicious_traffic});
  EXPECT_EQ(risks_of(answered(response({dns::kNull}))), suspicious);
  EXPECT_EQ(risks_of(answered(response({dns::kCname, dns::kNull}))), suspicious);
  EXPECT_EQ(risks_of(answered(response({dns::kA, dns::kNull}))), 0) << "behind the first";
  EXPECT_EQ(risks_of(asked(query_asking(question("www.example.org", dns::kNull)))), 0);
}

TEST(DnsFacts, LargeMessagesAreARiskInDatagrams) {
  const std::string large = response(std::vector<unsigned>(40, dns::kA));
  ASSERT_GT(large.size(), 512);
  EXPECT_EQ(risks_of(answered(large)), bits({Risk::dns_large_packet}));
  Dialogue stream(dissector("dns"));
  stream.client(dns_over_tcp(query_asking())).server(dns_over_tcp(large));
  EXPECT_EQ(risks_of(stream.facts), 0);
}

TEST(DnsFacts, QueriesThatNoClientSendsAreMalformed) {
  const uint64_t malformed = bits({Risk::malformed_packet});
  EXPECT_EQ(risks_of(asked(query_asking(question("www.example.org", 0)))), malformed);
  std::string many = dns_header(7, kQuery, 17);
  for (int i = 0; i < 17; ++i) many += question();
  EXPECT_EQ(risks_of(asked(many)), malformed);
  const std::string record = dns_record(dns_name("a.example"), dns::kA, "abcd");
  EXPECT_EQ(risks_of(asked(dns_header(7, 0x0400, 1, 1) + question() + record)), malformed);
  EXPECT_EQ(risks_of(asked(dns_header(7, 0x2800, 1, 1) + question() + record)), 0) << "an update";
}

TEST(DnsFacts, AMessageWithoutQuestionTellsNoHost) {
  EXPECT_THAT(asked(dns_header(7, kQuery, 0)), IsEmpty());
}

}  // namespace
}  // namespace lapwing::test
