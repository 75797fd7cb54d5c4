// Elements of BER and DER (X.690), one after the other, as far as they are sound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sensor/base/bytes.h"

namespace lapwing::ber {

// Universal tags, as they are written.
inline constexpr uint8_t kBoolean = 0x01, kInteger = 0x02, kBits = 0x03, kOctets = 0x04, kOid = 0x06,
                         kEnumerated = 0x0a, kUtf8 = 0x0c, kNumeric = 0x12, kPrintable = 0x13, kT61 = 0x14, kIa5 = 0x16,
                         kUtcTime = 0x17, kGeneralizedTime = 0x18, kVisible = 0x1a, kGeneral = 0x1b, kUniversal = 0x1c,
                         kBmp = 0x1e, kSequence = 0x30, kSet = 0x31;
constexpr uint8_t context(uint8_t number, bool constructed) {
  return static_cast<uint8_t>(0x80 | (constructed ? 0x20 : 0) | number);
}
constexpr uint8_t application(uint8_t number, bool constructed) {
  return static_cast<uint8_t>(0x40 | (constructed ? 0x20 : 0) | number);
}

struct Element {
  uint8_t tag = 0;
  Bytes content;
  Bytes whole;       // with tag and length
  bool cut = false;  // it says that it is longer than what is there
};

/// Takes the next element off `rest`. Lengths that the end marks (X.690 8.1.3.6) are read too, since OpenSSL does: that
/// looks at each byte within once, so whoever descends bounds the depth. False when there is none, or its tag is beyond
/// 30; what is cut is taken as far as it goes.
bool next(Bytes& rest, Element& out);

/// The same where the element must be of that kind and whole; otherwise `rest` stays.
bool next(Bytes& rest, uint8_t tag, Element& out);

/// Whether the bytes end within the head of the next element.
bool ends_in_head(Bytes rest);

/// How many bytes the element at the front takes, whether they are there or not. Nothing while its head is not, and for
/// an element that next() refuses or whose end a mark tells.
std::optional<uint64_t> extent(Bytes front);

/// The content of an INTEGER or ENUMERATED, where 64 bits hold it.
std::optional<int64_t> integer(Bytes content);

/// The content of an OBJECT IDENTIFIER as "1.3.6.1"; empty where it is none, or a number of it is beyond 64 bits.
std::string oid(Bytes content);

}  // namespace lapwing::ber
