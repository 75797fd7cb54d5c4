// DnsScene: answers of name servers, as detectors are shown them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dissectors/protocols/dns/dns.h"
#include "tests/analytics/scene.h"
#include "tests/dissectors/dns/dns_wire.h"

namespace lapwing::test {

struct DnsSaid {
  std::string name;
  unsigned type = dns::kA, rcode = 0;
  std::vector<std::pair<unsigned, std::string>> answers;  // type and data as they lie in the message
  std::string_view client = "10.0.0.5", server = "10.0.0.1";
  bool response = true;
};

class DnsScene : public Scene {
 public:
  DnsScene& at(double seconds) {
    Scene::at(seconds);
    return *this;
  }
  DnsScene& say(const DnsSaid& said) {
    const FlowRef of = flow({std::string(said.client), std::string(said.server), 53, 17});
    std::string wire =
        dns_header(1, (said.response ? 0x8180U : 0x0100U) | said.rcode, 1, static_cast<unsigned>(said.answers.size())) +
        dns_question(dns_name(said.name), said.type);
    for (const auto& [type, data] : said.answers) wire += dns_record(dns_pointer(12), type, data);
    const auto held = std::make_shared<const std::string>(std::move(wire));
    const auto tx = std::make_shared<dns::MessageTransaction>();
    EXPECT_TRUE(dns::parse(to_bytes(*held), tx->message)) << said.name;
    show(pair(of.client, of.server), [of, held, tx, said, time = now()](analytics::AnyLocal& local, uint32_t) {
      const Event event{.protocol = &dns::Dns::protocol,
                        .tx = tx.get(),
                        .direction = said.response ? Direction::to_client : Direction::to_server,
                        .record = &dns::records()[0]};
      local.event({event, &of, time, of.client, of.server});
    });
    return *this;
  }
};

/// One string of TXT.
inline std::pair<unsigned, std::string> txt(std::string_view text) {
  return {dns::kTxt, std::string(1, static_cast<char>(text.size())) + std::string(text)};
}

/// So many characters of `alphabet`.
inline std::string drawn(Dice& dice, size_t size, std::string_view alphabet) {
  std::string out;
  while (out.size() < size) out += alphabet[dice.below(alphabet.size())];
  return out;
}
inline constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz", kHex = "0123456789abcdef",
                                  kBase32 = "abcdefghijklmnopqrstuvwxyz234567";

}  // namespace lapwing::test
