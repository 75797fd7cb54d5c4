// TCP header.
#include "sensor/base/text.h"
#include "signatures/keywords/families.h"

namespace lapwing::rules {

namespace {

template <auto get, uint64_t max>
void tcp_number(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  add_condition(rule, Needs::packet, parse_integer_test(rule.text(option), option.value_mark, max),
                [](const Scene& scene, const IntegerTest& test) {
                  uint64_t value = 0;
                  return scene.packet && scene.packet->is_tcp() && get(*scene.packet, value) && test.matches(value);
                });
}

constexpr auto kTcpSeq = [](const Packet& p, uint64_t& out) {
  out = p.seq;
  return true;
};
constexpr auto kAck = [](const Packet& p, uint64_t& out) {
  out = p.ack;
  return true;
};
constexpr auto kWindow = [](const Packet& p, uint64_t& out) {
  out = p.window;
  return true;
};
constexpr auto kMss = [](const Packet& p, uint64_t& out) {
  out = p.tcp.mss;
  return p.tcp.has_mss;
};
constexpr auto kWscale = [](const Packet& p, uint64_t& out) {
  out = p.tcp.wscale;
  return p.tcp.has_wscale;
};

struct TcpFlagTest {
  uint8_t bits = 0, ignored = 0;
  char how = '=';  // = exactly, + all, * any, ! not these
};

std::string words(const TcpFlagTest& test) {
  auto letters = [](uint8_t bits) {
    std::string out;
    for (auto [bit, letter] : {std::pair(tcp_flag::fin, 'F'),
                               {tcp_flag::syn, 'S'},
                               {tcp_flag::rst, 'R'},
                               {tcp_flag::psh, 'P'},
                               {tcp_flag::ack, 'A'},
                               {tcp_flag::urg, 'U'},
                               {tcp_flag::ece, 'E'},
                               {tcp_flag::cwr, 'C'}}) {
      if (bits & bit) out += letter;
    }
    return out.empty() ? std::string("0") : out;
  };
  const char* how = test.how == '+'   ? "all of "
                    : test.how == '*' ? "any of "
                    : test.how == '!' ? "not all of "
                                      : "exactly ";
  return how + letters(test.bits) + (test.ignored ? ", whatever " + letters(test.ignored) : "");
}

uint8_t flag_bit(char c) {
  switch (c) {
    case 'F':
    case 'f': return tcp_flag::fin;
    case 'S':
    case 's': return tcp_flag::syn;
    case 'R':
    case 'r': return tcp_flag::rst;
    case 'P':
    case 'p': return tcp_flag::psh;
    case 'A':
    case 'a': return tcp_flag::ack;
    case 'U':
    case 'u': return tcp_flag::urg;
    case 'C':
    case 'c':
    case '1': return tcp_flag::cwr;
    case 'E':
    case 'e':
    case '2': return tcp_flag::ece;
    default: return 0;
  }
}

void flags(RuleBuilder& rule, const RuleOption& option) {
  rule.require_packet(option);
  auto part = parts(rule.text(option), ',');
  if (part.size() > 2) rule.fail(option, "is written '[+|*|!]<flags>[,<flags to ignore>]'");
  TcpFlagTest test;
  bool none = false;
  for (char c : part[0]) {
    if (c == '+' || c == '*' || c == '!')
      test.how = c;
    else if (c == '0')
      none = true;
    else if (uint8_t bit = flag_bit(c))
      test.bits |= bit;
    else if (c != ' ' && c != '=')
      rule.fail(option, std::string("'") + c + "' is no TCP flag; they are F S R P A U C E, or 0 for none");
  }
  if (test.bits == 0 && !none) rule.fail(option, "names no flag");
  if (part.size() == 2) {
    for (char c : part[1]) {
      if (uint8_t bit = flag_bit(c))
        test.ignored |= bit;
      else if (c != ' ' && c != '!' && c != '+' && c != '*')
        rule.fail(option, std::string("'") + c + "' is no TCP flag");
    }
  }
  add_condition(rule, Needs::packet, test, [](const Scene& scene, const TcpFlagTest& t) {
    if (!scene.packet || !scene.packet->is_tcp()) return false;
    auto value = static_cast<uint8_t>(scene.packet->tcp_flags & ~t.ignored);
    switch (t.how) {
      case '+': return (value & t.bits) == t.bits;
      case '*': return (value & t.bits) != 0;
      case '!': return (value & t.bits) != t.bits;
      default: return value == t.bits;
    }
  });
}

constexpr Keyword kTcpKeywords[] = {
    {"tcp.flags", "flags", &flags, "TCP flags"},
    {"tcp.seq", "seq", &tcp_number<kTcpSeq, UINT32_MAX>, "TCP sequence number"},
    {"tcp.ack", "ack", &tcp_number<kAck, UINT32_MAX>, "TCP acknowledgement number"},
    {"tcp.window", "window", &tcp_number<kWindow, UINT16_MAX>, "TCP window as sent"},
    {"tcp.mss", "", &tcp_number<kMss, UINT16_MAX>, "TCP maximum segment size option"},
    {"tcp.wscale", "", &tcp_number<kWscale, UINT8_MAX>, "TCP window scale option"},
};

}  // namespace

const KeywordFamily kTcpFamily{"tcp", kTcpKeywords};

}  // namespace lapwing::rules
