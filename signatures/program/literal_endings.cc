#include "signatures/program/literal_endings.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "sensor/base/text.h"

namespace lapwing::rules {

namespace {

constexpr size_t kTail = 8;     // bytes that literals are told apart by
constexpr size_t kAlike = 500;  // literals of one tail that cost next to nothing
constexpr size_t kKept = 4;     // bytes of a common ending that stay: without them a short name would be everywhere
constexpr size_t kLeast = 6;    // bytes of a literal that has lost its ending

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

size_t common_ending(std::string_view a, std::string_view b) {
  size_t size = 0;
  while (size < std::min(a.size(), b.size()) && lower(a[a.size() - size - 1]) == lower(b[b.size() - size - 1])) ++size;
  return size;
}

}  // namespace

void part_common_endings(const std::vector<std::string*>& literals) {
  // Each round takes kTail - kKept bytes at least from what goes on to the next.
  for (std::vector<std::string*> left = literals; left.size() > kAlike;) {
    std::unordered_map<std::string, std::vector<std::string*>> by_tail;
    for (std::string* literal : left) {
      if (literal->size() > kTail) by_tail[to_lower(literal->substr(literal->size() - kTail))].push_back(literal);
    }
    left.clear();
    for (const auto& [tail, alike] : by_tail) {
      if (alike.size() <= kAlike) continue;
      size_t common = alike.front()->size();
      for (const std::string* literal : alike) {
        common = std::min(common, common_ending(*alike.front(), *literal));
      }
      for (std::string* literal : alike) {
        const size_t rest = literal->size() - common + kKept;
        if (literal->size() == common || rest < kLeast) continue;
        literal->resize(rest);
        left.push_back(literal);
      }
    }
  }
}

}  // namespace lapwing::rules
