// Rules drawn from bytes: numbers of the payload in variables, and variables wherever a place or a length may be one.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "sensor/base/bytes.h"

namespace lapwing {

/// Every byte decides something; beyond the last all decisions are the first choice.
class DrawnRules {
 public:
  explicit DrawnRules(Bytes choices) : choices_(choices) {}

  std::string text() {
    std::string out;
    const size_t rules = 1 + below(3);
    for (size_t i = 0; i < rules; ++i) out += rule(i + 1);
    return out;
  }

 private:
  size_t below(size_t n) { return choices_.has(1) ? choices_.u8() % n : 0; }
  std::string pick(std::initializer_list<std::string_view> list) {
    return std::string(*(list.begin() + below(list.size())));
  }
  /// Now and then.
  std::string maybe(std::initializer_list<std::string_view> list) { return below(3) == 1 ? pick(list) : std::string(); }

  std::string content() { return "content:\"" + pick({"AAAA", "A", "|00|", "|ff|", "|7f|", "VAL", "0"}) + "\"; "; }
  std::string place() { return pick({"v", "w", "0", "1", "4", "-1", "100", "65535"}); }
  std::string number() { return pick({"v", "w", "0", "1", "255", "4294967295", "0x7fffffff"}); }

  std::string extract(const char* name) {
    const bool text = below(4) == 1;
    std::string out = "byte_extract:" + (text ? pick({"1", "2", "10", "20", "23"}) : pick({"8", "4", "2", "1", "3"})) +
                      "," + pick({"0", "1", "4", "-4", "2000", "65535"}) + "," + name;
    if (text) out += ",string," + pick({"dec", "hex", "oct"});
    if (!text) out += maybe({",little", ",big"});
    return out + maybe({",relative"}) + maybe({",multiplier 65535", ",multiplier 2"}) +
           maybe({",align 4", ",align 2"}) + "; ";
  }
  std::string math(const char* name) {
    return "byte_math:bytes " + pick({"4", "2", "1", "10"}) + ",offset " + pick({"0", "1", "-1", "4", "65535"}) +
           ",oper " + pick({"+", "-", "*", "/", "<<", ">>"}) + ",rvalue " +
           pick({"1", "4294967295", "65536", "0", "31", "v"}) + ",result " + name + maybe({",relative"}) +
           maybe({",string dec", ",string hex", ",endian little"}) + maybe({",bitmask 0xff00"}) + "; ";
  }
  std::string use() {
    switch (below(7)) {
      case 0:
        return "byte_test:" + pick({"4", "1", "2", "8", "v"}) + "," + pick({">", "<", "=", "!", "&", "^", "<=", ">="}) +
               "," + number() + "," + place() + maybe({",relative"}) +
               maybe({",little", ",string,dec", ",string,hex"}) + "; ";
      case 1:
        return "byte_jump:" + pick({"4", "1", "2", "8", "0", "v"}) + "," + place() + maybe({",relative"}) +
               maybe({",from_beginning", ",from_end"}) + maybe({",multiplier 65535", ",multiplier 3"}) +
               maybe({",align"}) + maybe({",post_offset -65535", ",post_offset 65535", ",post_offset v"}) +
               maybe({",little", ",string,dec"}) + "; ";
      case 2: return content() + "offset:" + place() + "; " + (below(2) ? "depth:" + place() + "; " : "");
      case 3: return content() + "distance:" + place() + "; " + (below(2) ? "within:" + place() + "; " : "");
      case 4: return "isdataat:" + maybe({"!"}) + place() + maybe({",relative"}) + "; ";
      case 5: return content();
      default: return "pcre:\"" + pick({"/A+/R", "/^./", "/\\x00/R"}) + "\"; ";
    }
  }

  std::string rule(size_t sid) {
    std::string out =
        "alert " + pick({"udp", "tcp", "ip"}) + " any any -> any any (" + pick({"", "", "f.text; ", "f.item; "});
    if (below(2)) out += content();
    out += below(3) == 1 ? math("v") : extract("v");
    if (below(3) == 1) out += below(2) ? math("w") : extract("w");
    const size_t uses = 1 + below(4);
    for (size_t i = 0; i < uses; ++i) out += use();
    return out + "sid:" + std::to_string(sid) + ";)\n";
  }

  ByteReader choices_;
};

}  // namespace lapwing
