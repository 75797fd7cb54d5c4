// Makers of words that test a transaction.
#pragma once

#include <memory>

#include "sensor/event/event.h"
#include "sensor/event/word.h"

namespace lapwing::words {

/// The value of a word without text.
struct Nothing {};
inline Nothing nothing(const WordText& text) {
  if (!text.text.empty()) text.fail("takes no value");
  return {};
}
inline std::string describe(const Nothing&) {
  return {};
}

namespace made {

template <class Test>
struct Of;
template <class Tx, class V>
struct Of<bool (*)(const Tx&, const Moment&, const V&)> {
  using Transaction = Tx;
  using Value = V;
};

}  // namespace made

/// `Parse(text)` gives the value, for which there is describe(value); `Test(tx, moment, value)` tries a transaction.
template <auto Parse, auto Test>
constexpr Word tested(Word row) {
  using Tx = typename made::Of<decltype(Test)>::Transaction;
  using Value = typename made::Of<decltype(Test)>::Value;
  row.parse = [](const WordText& text) -> Asked { return Tested{std::make_shared<const Value>(Parse(text))}; };
  row.test = [](const Transaction& tx, const Moment& at, const void* value) {
    return Test(static_cast<const Tx&>(tx), at, *static_cast<const Value*>(value));
  };
  row.describe = [](const void* value) { return std::string(describe(*static_cast<const Value*>(value))); };
  return row;
}

}  // namespace lapwing::words
