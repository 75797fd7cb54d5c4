#include "tests/dissectors/dialogue_file.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "sensor/base/text.h"

namespace lapwing::test {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  DialogueFile read() {
    std::ifstream file(path_);
    if (!file) fail("cannot be read");
    for (std::string text; std::getline(file, text);) {
      ++number_;
      line(text);
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(path_ + ":" + std::to_string(number_) + ": " + what);
  }

  /// Takes the word up to the next blank off `rest`.
  static std::string_view word(std::string_view& rest) {
    const size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view out = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    return out;
  }
  uint64_t integer(std::string_view text) const {
    const auto value = parse_unsigned(text);
    if (!value) fail("'" + std::string(text) + "' is no number");
    return *value;
  }
  Direction side(std::string_view text) const {
    if (text != "C" && text != "S") fail("'" + std::string(text) + "' is no side: C or S");
    return text == "C" ? Direction::to_server : Direction::to_client;
  }

  std::string unescaped(std::string_view text) const {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\') {
        out += text[i];
        continue;
      }
      const char escape = ++i < text.size() ? text[i] : '\0';
      switch (escape) {
        case 'r': out += '\r'; break;
        case 'n': out += '\n'; break;
        case 't': out += '\t'; break;
        case '\\': out += '\\'; break;
        case 'x': {
          const std::string hex(text.substr(std::min(i + 1, text.size()), 2));
          if (hex.size() < 2 || hex.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) fail("\\xHH");
          out += static_cast<char>(std::stoi(hex, nullptr, 16));
          i += 2;
          break;
        }
        default: fail("an escape is one of \\r \\n \\t \\\\ \\xHH");
      }
    }
    return out;
  }

  void line(std::string_view text) {
    if (text.empty() || text[0] == '#') return;
    if (text[0] == ' ') return more(trim(text));
    std::string_view rest = text;
    if (const std::string_view first = word(rest); first == "=") {
      expectation(word(rest), rest);
    } else if (first == "OPTION") {
      const std::string key(word(rest));
      out_.settings.emplace_back(key, rest);
    } else if (first == "PORT") {
      out_.port = static_cast<uint16_t>(integer(rest));
    } else if (first == "GAP") {
      const Direction from = side(word(rest));
      out_.moves.push_back({DialogueMove::Kind::gap, from, {}, integer(rest)});
    } else if (first == "END") {
      out_.moves.push_back({DialogueMove::Kind::end, side(rest)});
    } else if (first == "CHANGE") {
      out_.moves.push_back({DialogueMove::Kind::change, Direction::to_server, std::string(rest)});
    } else if (first == "DATAGRAM") {
      const std::string_view who = word(rest);
      speech(DialogueMove::Kind::datagram, who, rest);
    } else {
      speech(DialogueMove::Kind::say, first, rest);
    }
  }

  /// `who`: "C:", or "C*70:" to say it seventy times.
  void speech(DialogueMove::Kind kind, std::string_view who, std::string_view text) {
    if (!who.ends_with(':')) fail("no line of a dialogue begins with '" + std::string(who) + "'");
    who.remove_suffix(1);
    const size_t times = who.find('*');
    const uint64_t count = times == who.npos ? 1 : integer(who.substr(times + 1));
    out_.moves.push_back({kind, side(who.substr(0, times)), unescaped(text), count});
  }

  void more(std::string_view text) {
    if (!text.starts_with(':') || out_.moves.empty()) fail("what goes on begins with ' : '");
    text.remove_prefix(std::min<size_t>(text.size(), 2));
    out_.moves.back().text += unescaped(text);
  }

  void expectation(std::string_view what, std::string_view rest) {
    if (what == "record") {
      out_.records.emplace_back(rest);
    } else if (what == "anomaly") {
      out_.anomalies.emplace_back(rest);
    } else if (what == "field") {
      out_.fields.push_back(unescaped(rest));
    } else if (what == "frame") {
      out_.frames.emplace_back(rest);
    } else if (what == "capped") {
      const std::string name(word(rest));
      out_.capped.emplace_back(name, integer(rest));
    } else if (what == "fails") {
      out_.fails = true;
    } else {
      fail("no expectation is called '" + std::string(what) + "'");
    }
  }

  const std::string path_;
  size_t number_ = 0;
  DialogueFile out_;
};

}  // namespace

DialogueFile DialogueFile::read(const std::string& path) {
  return Reader(path).read();
}

}  // namespace lapwing::test
