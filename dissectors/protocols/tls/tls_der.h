// Elements of DER (X.690), one after the other, as far as they are sound.
#pragma once

#include <cstdint>

#include "sensor/base/bytes.h"

namespace lapwing::tls {

/// Universal and context-specific tags, as they are written.
namespace der {
inline constexpr uint8_t kBoolean = 0x01, kInteger = 0x02, kBits = 0x03, kOctets = 0x04, kOid = 0x06, kUtf8 = 0x0c,
                         kNumeric = 0x12, kPrintable = 0x13, kT61 = 0x14, kIa5 = 0x16, kUtcTime = 0x17,
                         kGeneralizedTime = 0x18, kVisible = 0x1a, kUniversal = 0x1c, kBmp = 0x1e, kSequence = 0x30,
                         kSet = 0x31;
constexpr uint8_t context(uint8_t number, bool constructed) {
  return static_cast<uint8_t>(0x80 | (constructed ? 0x20 : 0) | number);
}
}  // namespace der

struct Element {
  uint8_t tag = 0;
  Bytes content;
  Bytes whole;       // with tag and length
  bool cut = false;  // it says that it is longer than what is there
};

/// Takes the next element off `rest`. Lengths that the end marks (X.690 8.1.3.6) are read too, since OpenSSL does.
/// False when there is none; what is cut is taken as far as it goes.
bool next_element(Bytes& rest, Element& out);

/// The same where the element must be of that kind and whole; otherwise `rest` stays.
bool next_element(Bytes& rest, uint8_t tag, Element& out);

/// Whether the bytes end within the head of the next element.
bool ends_in_head(Bytes rest);

}  // namespace lapwing::tls
