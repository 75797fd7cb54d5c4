#include <gmock/gmock.h>

#include <random>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/dns/dns_wire.h"

namespace lapwing {
namespace {

using namespace test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr Direction kUp = Direction::to_server, kDown = Direction::to_client;

const DissectorRow& row() {
  return dissector("dns");
}

std::string query(unsigned id = 7, std::string_view name = "www.example.org", unsigned type = 1) {
  return dns_header(id, 0x0100, 1) + dns_question(dns_name(name), type);
}

std::string answer(unsigned id = 7) {
  return dns_header(id, 0x8180, 1, 2, 1, 1) + dns_question(dns_name("www.example.org"), 1) +
         dns_record(dns_pointer(12), 5, dns_name("host.example.org"), 300) +
         dns_record(dns_name("host.example.org"), 1, std::string("\xc0\0\2\1", 4), 60) +
         dns_record(dns_name("example.org"), 2, dns_name("ns.example.org"), 900) +
         dns_record(dns_name(""), 41, be16(10) + be16(2) + "\xab\xcd", 0);
}

TEST(Dns, RequestAndResponseAreRecordsOfTheirOwn) {
  Dialogue d(row());
  d.datagram(kUp, query()).datagram(kDown, answer());
  EXPECT_THAT(
      d.records,
      ElementsAre(R"({"dns":{"version":3,"type":"request","tx_id":0,"id":7,"flags":"100","rd":true,"opcode":0,)"
                  R"("rcode":"NOERROR","queries":[{"rrname":"www.example.org","rrtype":"A"}]}})",
                  R"({"dns":{"version":3,"type":"response","tx_id":1,"id":7,"flags":"8180","qr":true,"rd":true,)"
                  R"("ra":true,"opcode":0,"rcode":"NOERROR","queries":[{"rrname":"www.example.org","rrtype":"A"}],)"
                  R"("answers":[{"rrname":"www.example.org","rrtype":"CNAME","ttl":300,"rdata":"host.example.org"},)"
                  R"({"rrname":"host.example.org","rrtype":"A","ttl":60,"rdata":"192.0.2.1"}],)"
                  R"("grouped":{"CNAME":["host.example.org"],"A":["192.0.2.1"]},)"
                  R"("authorities":[{"rrname":"example.org","rrtype":"NS","ttl":900,"rdata":"ns.example.org"}],)"
                  R"("additionals":[{"rrname":"","rrtype":"OPT","ttl":0,"opt":[{"code":10,"data":"abcd"}]}]}})"));
  EXPECT_THAT(d.reversed, ElementsAre(false, true));
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(d.alerts[1], Not(HasSubstr("grouped")));
}

TEST(Dns, FieldsAreReadInTheirDirection) {
  Dialogue d(row());
  d.datagram(kUp, query()).datagram(kDown, answer());
  EXPECT_THAT(d.values("dns.query"), ElementsAre("www.example.org"));
  EXPECT_THAT(d.values("dns.queries.rrname"), ElementsAre("www.example.org", "www.example.org"));
  EXPECT_THAT(d.values("dns.answers.rrname"), ElementsAre("www.example.org", "host.example.org"));
  EXPECT_THAT(d.values("dns.authorities.rrname"), ElementsAre("example.org"));
  EXPECT_THAT(d.values("dns.additionals.rrname"), ElementsAre(""));
  EXPECT_THAT(d.values("dns.response.rrname"), ElementsAre("www.example.org", "www.example.org", "host.example.org",
                                                           "host.example.org", "example.org", "ns.example.org", ""));
  EXPECT_THAT(d.values("dns.rrtype"), ElementsAre("1", "5", "1"));
  EXPECT_THAT(d.values("dns.rcode"), ElementsAre("0", "0"));
  EXPECT_THAT(d.values("dns.opcode"), ElementsAre("0", "0"));
}

TEST(Dns, StreamsMeanTheSameInPiecesOfAnySize) {
  const std::string up = dns_over_tcp(query(1)) + be16(0) + dns_over_tcp(query(2)) + dns_over_tcp(query(3));
  const std::string down = dns_over_tcp(answer(1)) + dns_over_tcp(answer(2)) + dns_over_tcp(answer(3));
  Dialogue whole(row());
  whole.client(up).server(down);
  EXPECT_THAT(whole.records, SizeIs(6));
  for (size_t piece : {1, 2, 3, 17, 64}) {
    Dialogue cut(row());
    cut.client(up, piece).server(down, piece);
    EXPECT_EQ(cut.records, whole.records) << piece;
    EXPECT_EQ(cut.fields, whole.fields) << piece;
  }
}

TEST(Dns, AsksForExactlyTheBytesThatAreMissing) {
  Dialogue d(row());
  const std::string wire = dns_over_tcp(query());
  d.client(wire.substr(0, 1));
  EXPECT_EQ(d.need, 1u);
  d.client(wire.substr(1, 9));
  EXPECT_EQ(d.need, wire.size() - 10);
}

TEST(Dns, ReadingGoesOnBehindAGap) {
  Dialogue d(row());
  d.client(dns_over_tcp(query(1))).gap(kUp, 40).client("the middle of something").client(dns_over_tcp(query(3)));
  EXPECT_THAT(d.records, SizeIs(2));
  EXPECT_THAT(d.records[1], HasSubstr("\"id\":3"));
  EXPECT_FALSE(d.failed);
}

TEST(Dns, Version2HasARecordForEachQuestion) {
  Dialogue d(row(), {{"app-layer.protocols.dns.record.version", "2"}});
  const std::string two =
      dns_header(7, 0x0140, 2) + dns_question(dns_name("a.x"), 1) + dns_question(dns_name("b.x"), 28);
  d.datagram(kUp, two).datagram(kDown, answer());
  EXPECT_THAT(
      d.records,
      ElementsAre(
          R"({"dns":{"version":2,"type":"query","id":7,"rrname":"a.x","rrtype":"A","tx_id":0,"z":true,"opcode":0}})",
          R"({"dns":{"version":2,"type":"query","id":7,"rrname":"b.x","rrtype":"AAAA","tx_id":0,"z":true,"opcode":0}})",
          HasSubstr(R"("type":"answer","id":7,"flags":"8180","qr":true,"rd":true,"ra":true,"opcode":0,)"
                    R"("rrname":"www.example.org","rrtype":"A","rcode":"NOERROR","answers":[)")));
  EXPECT_THAT(d.reversed, ElementsAre(false, false, false));
  EXPECT_THAT(d.values("dns.query"), ElementsAre("a.x", "b.x"));
}

TEST(Dns, RecordsCanBeChosen) {
  const std::string key = "app-layer.protocols.dns.record.";
  Dialogue no_requests(row(), {{key + "requests", "no"}, {key + "formats", "grouped"}});
  no_requests.datagram(kUp, query()).datagram(kDown, answer());
  ASSERT_THAT(no_requests.records, SizeIs(1));
  EXPECT_THAT(no_requests.records[0], Not(HasSubstr("\"answers\"")));
  EXPECT_THAT(no_requests.records[0], HasSubstr("grouped"));
  Dialogue only_mx(row(), {{key + "types", "mx,https"}});
  only_mx.datagram(kUp, query())
      .datagram(kUp, query(8, "x", 15))
      .datagram(kUp, query(9, "x", 65))
      .datagram(kDown, answer());
  EXPECT_THAT(only_mx.records, SizeIs(2));
  EXPECT_THAT(only_mx.values("dns.query"), ElementsAre("www.example.org", "x", "x")) << "rules see all of them";
  EXPECT_THROW(Dialogue(row(), {{key + "version", "4"}}).finish(), SettingError);
}

TEST(Dns, AnomaliesCarrySuricatasNames) {
  Dialogue d(row());
  d.datagram(kUp, query());
  d.datagram(kUp, dns_header(8, 0x0140, 1) + dns_question(dns_name("z"), 1));
  d.datagram(kUp, dns_header(9, 0x3800, 1) + dns_question(dns_name("o"), 1));
  d.datagram(kUp, answer());
  d.datagram(kDown, query());
  d.datagram(kUp, "short");
  d.datagram(kDown, answer().substr(0, answer().size() - 1));
  EXPECT_THAT(d.anomalies, ElementsAre("z_flag_set@1", "invalid_opcode@2", "not_request@3", "not_response@4",
                                       "malformed_data", "invalid_additionals@6"));
}

TEST(Dns, AFlowThatBeginsWithAnAnswerIsReadTheOtherWayRound) {
  Dialogue d(row());
  d.datagram(kUp, answer()).datagram(kDown, query(8));
  EXPECT_THAT(d.anomalies, IsEmpty());
  EXPECT_THAT(d.records, ElementsAre(HasSubstr("response"), HasSubstr("request")));
  EXPECT_THAT(d.reversed, ElementsAre(false, true)) << "the record's source is whoever sent the message";
}

TEST(Dns, EveryMessageSaysItselfWhichWayItGoes) {
  // Forged first: an answer from the client, or a request from the server.
  Dialogue up(row());
  up.datagram(kUp, answer(1)).datagram(kUp, query(2)).datagram(kDown, answer(2)).datagram(kUp, query(3));
  EXPECT_THAT(up.records,
              ElementsAre(HasSubstr("\"id\":1"), HasSubstr("\"id\":2"), HasSubstr("\"id\":2"), HasSubstr("\"id\":3")));
  EXPECT_THAT(up.values("dns.query"), SizeIs(2));
  EXPECT_THAT(up.anomalies, IsEmpty());
  Dialogue down(row());
  down.datagram(kUp, query(1)).datagram(kDown, query(2, "hidden.example")).datagram(kUp, answer(2));
  EXPECT_THAT(down.values("dns.query"), ElementsAre("www.example.org", "hidden.example"));
  EXPECT_THAT(down.anomalies, ElementsAre("not_response@1", "not_request@2"));
  EXPECT_THAT(down.records, SizeIs(3));
}

TEST(Dns, JunkInAStreamIsOneAnomalyAMessageAndNoEnd) {
  const std::string junk = dns_over_tcp(std::string(20, 'J'));
  Dialogue d(row());
  d.client(dns_over_tcp(query(1)) + junk + dns_over_tcp("x") + dns_over_tcp(query(2, "hidden.example")));
  EXPECT_THAT(d.values("dns.query"), ElementsAre("www.example.org", "hidden.example"));
  EXPECT_THAT(d.anomalies, ElementsAre("malformed_data", "malformed_data"));
  EXPECT_FALSE(d.failed);
}

TEST(Dns, EqualNeighboursAreOneEntryWithACount) {
  const std::string strings = std::string("\1a\1a\1a\0\0\1b", 10);
  const std::string wire = dns_header(7, 0x8180, 2, 4) + dns_question(dns_name("x.example"), 16) +
                           dns_question(dns_pointer(12), 16) + dns_record(dns_pointer(12), 16, strings) +
                           dns_record(dns_pointer(12), 16, "\1b") + dns_record(dns_pointer(12), 1, "\1\2\3\4") +
                           dns_record(dns_name("x.example"), 1, "\1\2\3\4");
  Dialogue d(row());
  d.datagram(kDown, wire);
  const std::string txt = R"({"rrname":"x.example","rrtype":"TXT","ttl":60,"rdata":)";
  EXPECT_THAT(d.records,
              ElementsAre(HasSubstr(R"("queries":[{"rrname":"x.example","rrtype":"TXT","count":2}],"answers":[)" + txt +
                                    R"("a","count":3},)" + txt + R"("","count":2},)" + txt + R"("b","count":2},)" +
                                    R"({"rrname":"x.example","rrtype":"A","ttl":60,"rdata":"1.2.3.4","count":2}],)" +
                                    R"("grouped":{"TXT":["a","","b"],"A":["1.2.3.4"]})")));
  EXPECT_THAT(d.records[0], Not(HasSubstr("truncated")));
}

TEST(Dns, ARecordIsBoundedByItsMessage) {
  // A long owner name of control characters, and strings that differ from their neighbours.
  std::string label = std::string("\x3c") + std::string(60, '\1'), name = label + label + label + label + '\0';
  std::string strings;
  while (strings.size() + 3 < 1100) strings += std::string("\0\1x", 3);
  const std::string bomb =
      dns_header(7, 0x8180, 1, 1) + dns_question(name, 16) + dns_record(dns_pointer(12), 16, strings);
  Dialogue d(row());
  d.datagram(kDown, bomb);
  ASSERT_THAT(d.records, SizeIs(1));
  EXPECT_THAT(d.records[0], HasSubstr(R"("truncated":true)"));
  EXPECT_LE(d.records[0].size(), 4096 + 10 * bomb.size());
  EXPECT_LE(d.alerts[0].size(), 4096 + 10 * bomb.size());
  EXPECT_EQ(d.messages[0], bomb.size());

  // Short entries end by their number.
  std::string many = dns_header(8, 0x8180, 0, 600);
  for (unsigned i = 0; i < 600; ++i) many += dns_record(dns_name(""), 1, be32(i));
  Dialogue n(row());
  n.datagram(kDown, many);
  size_t entries = 0;
  for (size_t at = 0; (at = n.records[0].find("rrname", at)) != std::string::npos; ++at) ++entries;
  EXPECT_EQ(entries, 256u);
  EXPECT_THAT(n.records[0], HasSubstr(R"("truncated":true)"));
  EXPECT_THAT(n.values("dns.answers.rrname"), SizeIs(600)) << "rules see all of them";
}

TEST(Dns, QuestionsOfVersion2PayForTheirRecords) {
  std::string wire = dns_header(7, 0x0100, 200);
  for (unsigned i = 0; i < 200; ++i) wire += dns_question(dns_name("q" + std::to_string(i)), 1);
  Dialogue d(row(), {{"app-layer.protocols.dns.record.version", "2"}});
  d.datagram(kUp, wire);
  EXPECT_LE(d.records.size(), 4 + wire.size() / 32);
  EXPECT_THAT(d.records.back(), HasSubstr(R"("truncated":true)"));
  EXPECT_THAT(d.records.front(), Not(HasSubstr(R"("truncated")")));
  EXPECT_THAT(d.values("dns.query"), SizeIs(200));
}

TEST(Dns, NamesBehindPointersAreWork) {
  const std::string name = dns_name(std::string(60, 'n') + ".example");
  std::string wire = dns_header(7, 0x8180, 1, 100) + dns_question(name, 1);
  for (int i = 0; i < 100; ++i) wire += dns_record(std::string("\1a") + dns_pointer(12), 1, "\1\2\3\4");
  Dialogue d(row());
  d.datagram(kDown, wire);
  EXPECT_GE(d.worked, 100u * 70);
  Dialogue poor(row());
  poor.work_limit = 1000;
  poor.datagram(kDown, wire);
  EXPECT_TRUE(poor.failed);
}

TEST(DnsProbe, GoesOnBehindAFirstMessageThatIsNone) {
  const std::string junk = dns_over_tcp(std::string(20, 'J')), wire = junk + dns_over_tcp(query());
  for (size_t size = 0; size < wire.size(); ++size) {
    EXPECT_EQ(probe(row(), kUp, wire.substr(0, size)), Likelihood::more) << size;
  }
  EXPECT_EQ(probe(row(), kUp, wire), Likelihood::sure);
  EXPECT_EQ(probe(row(), kUp, junk + wire), Likelihood::no);
}

TEST(DnsProbe, IsSureOnlyOfWholeSaneMessages) {
  EXPECT_EQ(probe(row(), kUp, query(), true), Likelihood::sure);
  EXPECT_EQ(probe(row(), kDown, answer(), true), Likelihood::sure);
  EXPECT_EQ(probe(row(), kDown, query(), true), Likelihood::maybe) << "direction and QR bit disagree";
  EXPECT_EQ(probe(row(), kUp, query() + "tail", true), Likelihood::maybe);
  EXPECT_EQ(probe(row(), kUp, query().substr(0, 20), true), Likelihood::no);
  EXPECT_EQ(probe(row(), kUp, dns_header(1, 0x0100, 0), true), Likelihood::no);
}

TEST(DnsProbe, LeavesRelativesOfDnsToTheirPort) {
  const std::string netbios =
      dns_header(5, 0x0110, 1) + dns_question(dns_name("EKEDFEEIEDCACACACACACACACACACAAA"), 0x20);
  EXPECT_EQ(probe(row(), kUp, netbios, true), Likelihood::no);
  const std::string mdns = dns_header(0, 0, 1) + dns_question(dns_name("_http._tcp.local"), 12);
  EXPECT_EQ(probe(row(), kUp, mdns, true), Likelihood::maybe);
  const std::string llmnr = dns_header(77, 0, 1) + dns_question(dns_name("printer"), 1);
  EXPECT_EQ(probe(row(), kUp, llmnr, true), Likelihood::maybe);
}

TEST(DnsProbe, DecidesEarlyOverTcp) {
  const std::string wire = dns_over_tcp(query());
  for (size_t size = 0; size < wire.size(); ++size) {
    const auto likelihood = probe(row(), kUp, wire.substr(0, size));
    EXPECT_EQ(likelihood, Likelihood::more) << size;
  }
  EXPECT_EQ(probe(row(), kUp, wire), Likelihood::sure);
  EXPECT_EQ(probe(row(), kDown, dns_over_tcp(answer()).substr(0, 60)), Likelihood::sure) << "the question is enough";
  for (std::string_view other : {"GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n", "EHLO a\r\n", "\x16\x03\x01\x02\x01\x01"}) {
    EXPECT_EQ(probe(row(), kUp, other), Likelihood::no) << other;
  }
}

TEST(DnsProbe, SaysTheSameOfAStreamHoweverItWasCut) {
  const std::string name = dns_name("www.example.org"), long_name = dns_name(std::string(60, 'a') + ".example");
  const auto many = [&](unsigned flags, unsigned questions, unsigned count) {
    std::string out = dns_header(1, flags, questions, count);
    for (unsigned i = 0; i < questions; ++i) out += dns_question(name, 1);
    for (unsigned i = 0; i < count; ++i) out += dns_record(long_name, 1, "\1\2\3\4");
    return out;
  };
  const std::string messages[] = {
      query(),
      answer(),
      query() + "tail",
      answer().substr(0, answer().size() - 3),
      dns_header(1, 0x01c0, 1) + dns_question(name, 1),         // the reserved bit
      dns_header(1, 0x0100, 2) + dns_question(name, 1) + "??",  // the second question is broken
      dns_header(1, 0x0100, 2) + dns_question(name, 1) + dns_question(name, 28),
      dns_header(1, 0x0100, 1) + dns_question(name, 1, 0x7f3f),
      dns_header(1, 0x0100, 1) + dns_question(dns_pointer(12), 1),
      dns_header(1, 0x0100, 1) + std::string(30, '\xff'),
      many(0x8180, 0, 3),
      many(0x8180, 0, 30),
      many(0x8180, 3, 30),
      many(0x0100, 1, 30),
  };
  for (const std::string& message : messages) {
    for (const auto& wire : {dns_over_tcp(message), dns_over_tcp(message) + dns_over_tcp(query())}) {
      for (Direction direction : {kUp, kDown}) {
        const Likelihood all = probe(row(), direction, wire);
        for (size_t size = 0; size < wire.size(); ++size) {
          const Likelihood likelihood = probe(row(), direction, wire.substr(0, size));
          EXPECT_TRUE(likelihood == Likelihood::more || likelihood == all)
              << &message - messages << ": " << size << " of " << wire.size() << " bytes";
        }
      }
    }
  }
}

TEST(DnsProbe, RandomBytesNeverPass) {
  std::mt19937 random(1);
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes(12 + random() % 100, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    ASSERT_NE(probe(row(), i % 2 ? kUp : kDown, bytes, true), Likelihood::sure);
  }
}

}  // namespace
}  // namespace lapwing
