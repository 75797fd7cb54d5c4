#include "dissectors/protocols/ldap/ldap_filter.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::ldap {

namespace {

/// Between attribute and value.
std::string_view sign(Item item) {
  switch (item) {
    case Item::filter_greater: return ">=";
    case Item::filter_less: return "<=";
    case Item::filter_approximate: return "~=";
    case Item::filter_extensible: return ":=";
    default: return "=";
  }
}

/// Whether there is nothing but characters that one can read: letters beyond ASCII, as UTF-8 has them, among them.
bool is_readable(Bytes bytes) {
  while (!bytes.empty()) {
    const uint8_t first = bytes[0];
    const size_t more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : 3;
    if (first < 0x20 || first == 0x7f || first > 0xf4 || (first >= 0x80 && first < 0xc2)) return false;
    if (more >= bytes.size()) return false;
    const auto follows = [](uint8_t byte) { return (byte & 0xc0) == 0x80; };
    if (!std::ranges::all_of(bytes.subspan(1, more), follows)) return false;
    bytes = bytes.subspan(1 + more);
  }
  return true;
}

}  // namespace

void FilterText::clear() {
  text_.clear();
  cut_ = false;
}

void FilterText::begin(Item item) {
  switch (item) {
    case Item::filter_and: return add("(&");
    case Item::filter_or: return add("(|");
    case Item::filter_not: return add("(!");
    default:
      attribute_.clear();
      rule_.clear();
      value_.clear();
      dn_ = finished_ = false;
  }
}

void FilterText::end(Item item) {
  switch (item) {
    case Item::filter_and:
    case Item::filter_or:
    case Item::filter_not: break;
    case Item::filter_substrings:
      if (!finished_) add("*");
      break;
    default:
      add("(");
      add(attribute_);
      if (dn_) add(":dn");
      if (!rule_.empty()) {
        add(":");
        add(rule_);
      }
      add(sign(item));
      add_escaped(to_bytes(value_));
  }
  add(")");
}

void FilterText::value(Item item, Bytes bytes) {
  switch (item) {
    case Item::filter_attribute: attribute_ = to_text(bytes); return;
    case Item::filter_rule: rule_ = to_text(bytes); return;
    case Item::filter_value: value_ = to_text(bytes); return;
    case Item::filter_dn: dn_ = !bytes.empty() && bytes[0] != 0; return;
    case Item::filter_present:
      add("(");
      add(to_text(bytes));
      return add("=*)");
    case Item::filter_undefined: return add("(?=undefined)");  // as OpenLDAP writes it
    default: break;
  }
  // A piece of a value, of which any other stands before.
  if (!attribute_.empty()) {
    add("(");
    add(attribute_);
    add("=");
    attribute_.clear();
  }
  if (item != Item::filter_initial) add("*");
  finished_ = item == Item::filter_final;
  add_escaped(bytes);
}

void FilterText::add(std::string_view text) {
  if (cut_) return;
  const size_t room = kLongest - text_.size();
  cut_ = text.size() > room;
  text_.append(text.substr(0, room));
}

/// RFC 4515 3: what means something else in a filter, and what is no text.
void FilterText::add_escaped(Bytes value) {
  const bool readable = is_readable(value);
  const auto plain = [&](uint8_t byte) {
    if (byte == '*' || byte == '(' || byte == ')' || byte == '\\') return false;
    return byte >= 0x80 ? readable : byte >= 0x20 && byte != 0x7f;
  };
  while (!value.empty() && !cut_) {
    const auto size = static_cast<size_t>(std::ranges::find_if_not(value, plain) - value.begin());
    add(to_text(value.first(size)));
    value = value.subspan(size);
    if (value.empty()) return;
    add("\\");
    add(to_hex(value.first(1)));
    value = value.subspan(1);
  }
}

}  // namespace lapwing::ldap
