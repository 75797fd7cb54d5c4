// What a message costs grows with its size: twice the elements of a list that the sender counts, at most 2.5 times the
// CPU; and no packet takes a millisecond.
#include <gmock/gmock.h>

#include <functional>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/dns/dns_wire.h"
#include "tests/dissectors/ssh/ssh_wire.h"
#include "tests/dissectors/tls/tls_wire.h"
#include "tests/support/cost.h"

namespace lapwing {
namespace {

using namespace test;

constexpr unsigned kHandshake = 22;

struct Input {
  std::string_view name;
  size_t n;  // elements; 2 n of them are one message still
  std::string (*make)(size_t n);
};

unsigned count(size_t n) {
  return static_cast<unsigned>(n);
}

std::string answers(size_t n, const std::string& name, const std::function<std::string(size_t)>& record) {
  return dns_header(7, 0x8180, 1, count(n)) + dns_question(name, 1) + repeated(n, record);
}

std::string long_name() {
  return repeated(4, [](size_t) { return std::string("\x3c") + std::string(60, '\1'); }) + '\0';
}

std::string txt(const std::string& strings) {
  return dns_header(7, 0x8180, 0, 1) + dns_record(long_name(), 16, strings);
}

const std::string kAddress = "\1\2\3\4";

constexpr Input kDns[] = {
    {"names by pointer", 2000,
     [](size_t n) { return answers(n, long_name(), [](size_t) { return dns_record(dns_pointer(12), 1, kAddress); }); }},
    {"names with a label before the pointer", 1500,
     [](size_t n) {
       return answers(n, long_name(), [](size_t i) {
         return dns_record("\1" + std::string(1, static_cast<char>('a' + i % 26)) + dns_pointer(12), 5,
                           dns_pointer(12));
       });
     }},
    {"names that point at the one before", 1000,
     [](size_t n) {
       size_t at = 12;
       return answers(n, dns_name("x"), [&](size_t i) {
         const auto target = count(at);
         at = i == 0 ? 19 : at + 14 + 4;
         return dns_record(std::string("\1a") + dns_pointer(target & 0x3fff), 1, kAddress);
       });
     }},
    {"names in a loop", 2000,
     [](size_t n) {
       return answers(n, dns_name("x"),
                      [](size_t i) { return dns_record(dns_pointer(count(20 + i % 64)), 1, "\xc0\x15\xc0\x14"); });
     }},
    {"questions", 6000,
     [](size_t n) {
       return dns_header(7, 0x0100, count(n)) +
              repeated(n, [](size_t i) { return dns_question(dns_name(""), count(i % 3)); });
     }},
    {"questions by pointer", 5000,
     [](size_t n) {
       return dns_header(7, 0x0100, count(n + 1)) + dns_question(long_name(), 1) +
              repeated(n, [](size_t) { return dns_question(dns_pointer(12), 1); });
     }},
    {"empty strings", 30'000, [](size_t n) { return txt(std::string(n, '\0')); }},
    {"strings", 10'000, [](size_t n) { return txt(repeated(n, [](size_t) { return std::string("\0\1x", 3); })); }},
    {"EDNS options", 7000,
     [](size_t n) {
       return dns_header(7, 0x0100, 0, 0, 0, 1) +
              dns_record(dns_name(""), 41, repeated(n, [](size_t i) { return be16(count(i)) + be16(0); }));
     }},
    {"SVCB records", 1000,
     [](size_t n) {
       return answers(n, long_name(), [](size_t i) {
         return dns_record(dns_pointer(12), 65, be16(count(i)) + dns_pointer(12) + be16(1) + be16(3) + "\2h2");
       });
     }},
};

std::string client_hello(const HelloParts& parts) {
  const std::string message = tls_message(1, tls_client_hello(parts));
  std::string out;
  for (size_t at = 0; at < message.size(); at += 16'000) out += tls_record(kHandshake, message.substr(at, 16'000));
  return out;
}

std::string server_flight(const std::string& certificate) {
  const std::string messages = tls_message(2, tls_server_hello({.random = std::string(32, 'S')})) +
                               tls_message(11, certificate) + tls_message(14, "");
  std::string out;
  for (size_t at = 0; at < messages.size(); at += 16'000) out += tls_record(kHandshake, messages.substr(at, 16'000));
  return out;
}

constexpr Input kTlsClient[] = {
    {"extensions", 8000,
     [](size_t n) {
       return client_hello({.extensions = repeated(n, [](size_t i) { return tls_extension(count(i) | 0x4000, ""); })});
     }},
    {"ALPN names", 15'000,
     [](size_t n) {
       return client_hello({.extensions = tls_extension(16, tls_sized(repeated(n, [](size_t) { return "\1a"; }), 2))});
     }},
    {"empty ALPN names", 30'000,
     [](size_t n) { return client_hello({.extensions = tls_extension(16, tls_sized(std::string(n, '\0'), 2))}); }},
    {"ciphers", 15'000,
     [](size_t n) {
       HelloParts parts;
       for (size_t i = 0; i < n; ++i) parts.ciphers.push_back(count(i * 7919) & 0xffff);
       return client_hello(parts);
     }},
    {"records of one byte", 10'000,
     [](size_t n) {
       const std::string message =
           tls_message(1, tls_client_hello({.extensions = tls_extension(21, std::string(n, 'p'))}));
       return repeated(message.size(), [&](size_t i) { return tls_record(kHandshake, message.substr(i, 1)); });
     }},
    {"empty records", 10'000,
     [](size_t n) { return repeated(n, [](size_t) { return tls_record(kHandshake, ""); }) + client_hello({}); }},
};

constexpr Input kTlsServer[] = {
    {"certificates", 10'000, [](size_t n) { return server_flight(tls_certificate(std::vector<std::string>(n, "x"))); }},
    {"names of a certificate", 500,
     [](size_t n) {
       return server_flight(
           tls_certificate({make_certificate({.subject = {{"CN", "x"}},
                                              .issuer = {{"CN", "y"}},
                                              .serial_hex = "01",
                                              .not_before = "20240101000000Z",
                                              .not_after = "20340101000000Z",
                                              .alternative_names = "DNS:x" + repeated(n, [](size_t i) {
                                                                     return ",DNS:n" + std::to_string(i) +
                                                                            ".of-a-longer-host-name.example";
                                                                   })})}));
     }},
    {"messages", 10'000,
     [](size_t n) {
       std::string out;
       for (size_t i = 0; i < n; i += 1000)
         out += tls_record(kHandshake, repeated(1000, [](size_t) { return tls_message(12, ""); }));
       return out;
     }},
};

constexpr Input kSsh[] = {
    {"greetings", 32,
     [](size_t n) { return repeated(n, [](size_t i) { return std::string(i % 250, 'x') + "\r\n"; }); }},
    {"a greeting without end", 40'000, [](size_t n) { return std::string(n, 'x'); }},
    {"a banner without end", 40'000, [](size_t n) { return "SSH-2.0-" + std::string(n, 'x'); }},
    {"names of a key exchange", 10'000,
     [](size_t n) {
       const std::string names =
           repeated(n, [](size_t i) { return static_cast<char>('a' + i % 26) + std::string(","); });
       return "SSH-2.0-x\r\n" + ssh_kex_init({names});
     }},
    {"records", 5000, [](size_t n) { return "SSH-2.0-x\r\n" + repeated(n, [](size_t) { return ssh_record(2); }); }},
    {"keys that are none", 5000,
     [](size_t n) { return "SSH-2.0-x\r\n" + repeated(n, [](size_t) { return ssh_record(31); }); }},
};

constexpr Input kTelnet[] = {
    {"commands", 20'000, [](size_t n) { return repeated(n, [](size_t) { return "\xff\xf1"; }); }},
    {"negotiations", 10'000, [](size_t n) { return repeated(n, [](size_t) { return "\xff\xfb\x18"; }); }},
    {"subnegotiations", 5000, [](size_t n) { return repeated(n, [](size_t) { return "\xff\xfa\x18x\xff\xf0"; }); }},
    {"subnegotiations within others", 10'000,
     [](size_t n) { return repeated(n, [](size_t) { return "\xff\xfa\x18x"; }); }},
    {"a subnegotiation without end", 20'000,
     [](size_t n) { return "\xff\xfa\x18" + repeated(n, [](size_t) { return "\xff\xff"; }); }},
    {"environments", 300,
     [](size_t n) {
       return repeated(
           n, [](size_t) { return "\xff\xfa\x27" + std::string(1, '\0') + std::string(200, '\0') + "\xff\xf0"; });
     }},
    {"prompts", 5000, [](size_t n) { return repeated(n, [](size_t) { return "login:"; }); }},
    {"logins", 2000, [](size_t n) { return repeated(n, [](size_t) { return "login: \r\nPassword: \r\n"; }); }},
};

std::function<void()> run(std::string_view protocol, Direction direction, const std::string& wire) {
  return [=] {
    Dialogue d(dissector(protocol));
    if (protocol == "dns") {
      d.datagram(direction, wire);
    } else {
      if (protocol == "tls" && direction == Direction::to_client) d.client(client_hello({}));
      d.say(direction, wire);
    }
    d.finish();
  };
}

void expect_linear(std::string_view protocol, Direction direction, std::span<const Input> shapes) {
  for (const Input& shape : shapes) {
    const double grown = growth([&](size_t n) { return run(protocol, direction, shape.make(n)); }, shape.n);
    EXPECT_LT(grown, kDoubled) << protocol << ": " << shape.name;
    testing::Test::RecordProperty(std::string(protocol) + " " + std::string(shape.name), std::to_string(grown));
  }
}

void expect_fast_packets(std::string_view protocol, Direction direction, std::span<const Input> shapes) {
  constexpr size_t kPacket = 1460;
  for (const Input& shape : shapes) {
    size_t n = 1;
    while (shape.make(n + 1).size() <= kPacket && n < kPacket) ++n;
    const double seconds = cost(run(protocol, direction, shape.make(n).substr(0, kPacket)));
    testing::Test::RecordProperty(std::string(protocol) + " " + std::string(shape.name),
                                  std::to_string(seconds * 1e6) + " us");
    EXPECT_LT(seconds, 1e-3 * kSlower) << protocol << ": " << n << " x " << shape.name;
  }
}

/// What is behind a gap, and may be a message wherever one looks, or nearly.
constexpr Input kBehindAGap[] = {
    {"junk", 40'000, [](size_t n) { return std::string(n, '\0'); }},
    {"headers", 3000,
     [](size_t n) { return repeated(n, [](size_t) { return be16(0x1ff) + dns_header(7, 0x0100, 1); }); }},
    // The labels of each name reach over the messages behind it, and never end.
    {"names without end", 3000,
     [](size_t n) { return repeated(n, [](size_t) { return be16(0x1ff) + dns_header(7, 0x0100, 1) + "\x3fx"; }); }},
};

TEST(Cost, OfTheSearchBehindAGapGrowsWithTheBytes) {
  for (const Input& shape : kBehindAGap) {
    for (size_t piece : {0, 1, 1460}) {
      const double grown = growth(
          [&](size_t n) {
            return [wire = shape.make(n), piece] {
              Dialogue d(dissector("dns"));
              d.gap(Direction::to_server, 40).client(wire, piece).finish();
            };
          },
          shape.n);
      EXPECT_LT(grown, kDoubled) << shape.name << " in pieces of " << piece;
    }
  }
}

TEST(Cost, OfDnsGrowsWithTheMessage) {
  expect_linear("dns", Direction::to_client, kDns);
}
TEST(Cost, OfAHelloGrowsWithIt) {
  expect_linear("tls", Direction::to_server, kTlsClient);
}
TEST(Cost, OfCertificatesGrowsWithThem) {
  expect_linear("tls", Direction::to_client, kTlsServer);
}
TEST(Cost, OfShellsGrowsWithWhatIsSaid) {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    expect_linear("ssh", direction, kSsh);
    expect_linear("telnet", direction, kTelnet);
  }
}
TEST(Cost, OfAPacketIsBelowAMillisecond) {
  expect_fast_packets("ssh", Direction::to_server, kSsh);
  expect_fast_packets("telnet", Direction::to_server, kTelnet);
  expect_fast_packets("dns", Direction::to_client, kDns);
  expect_fast_packets("tls", Direction::to_server, kTlsClient);
}

}  // namespace
}  // namespace lapwing
