// Makers of words that test a transaction, or the object of a part.
#pragma once

#include <concepts>
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
template <class O, class V>
struct Of<bool (*)(const O&, const Moment&, const V&)> {
  using Object = O;
  using Value = V;
};

}  // namespace made

/// `Parse(text)` gives the value, for which there is describe(value); `Test(object, moment, value)` tries one.
template <auto Parse, auto Test>
constexpr Word tested(Word row) {
  using Object = typename made::Of<decltype(Test)>::Object;
  using Value = typename made::Of<decltype(Test)>::Value;
  row.parse = [](const WordText& text) -> Asked { return Tested{std::make_shared<const Value>(Parse(text))}; };
  row.test = [](const Place& at, const Moment& moment, const void* value) {
    if constexpr (std::derived_from<Object, Transaction>) {
      return Test(static_cast<const Object&>(*at.tx), moment, *static_cast<const Value*>(value));
    } else {
      return Test(*static_cast<const Object*>(at.self), moment, *static_cast<const Value*>(value));
    }
  };
  row.describe = [](const void* value) { return std::string(describe(*static_cast<const Value*>(value))); };
  return row;
}

}  // namespace lapwing::words
