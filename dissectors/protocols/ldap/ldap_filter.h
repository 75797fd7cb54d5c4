// FilterText: a search filter as people write it (RFC 4515), put together as its elements come.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "dissectors/protocols/ldap/ldap_grammar.h"
#include "sensor/base/bytes.h"

namespace lapwing::ldap {

/// [W]
class FilterText {
 public:
  /// Keeps what it has grown.
  void clear();
  void begin(Item item);
  void end(Item item);
  void value(Item item, Bytes bytes);
  /// Something of it is left out.
  void leave_out() { cut_ = true; }

  const std::string& text() const { return text_; }
  bool cut() const { return cut_; }

  static constexpr size_t kLongest = 8192;  // bytes; the rest is left out

 private:
  void add(std::string_view text);
  void add_escaped(Bytes value);

  std::string text_;
  std::string attribute_, rule_, value_;  // of the comparison under way
  bool dn_ = false;                       // of it: attributes of the name count
  bool finished_ = false;                 // its last piece is the end of the value
  bool cut_ = false;
};

}  // namespace lapwing::ldap
