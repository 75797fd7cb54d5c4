// What LDAP's messages are made of (RFC 4511 B): tables of elements, by which a Walker goes.
#pragma once

#include <cstdint>
#include <span>

#include "dissectors/protocols/ldap/ldap_names.h"

namespace lapwing::ldap {

/// What an element says. `structure`: only what is within says something.
enum class Item : uint8_t {
  nothing,
  structure,
  // of operations
  version,
  dn,
  password,
  mechanism,
  credentials,
  negotiation,  // MS-ADTS 5.1.1.1.3: a login without SASL
  scope,
  aliases,
  size_limit,
  time_limit,
  types_only,
  asked,
  change,
  attribute,
  attribute_type,
  attribute_value,
  new_rdn,
  delete_old,
  new_superior,
  result,
  message,
  uri,
  name,
  value,
  abandoned,
  // of controls
  control,
  control_type,
  criticality,
  control_value,
  // of filters
  filter_and,
  filter_or,
  filter_not,
  filter_equal,
  filter_substrings,
  filter_greater,
  filter_less,
  filter_present,
  filter_approximate,
  filter_extensible,
  filter_attribute,
  filter_value,
  filter_initial,
  filter_any,
  filter_final,
  filter_rule,
  filter_dn,
  filter_undefined,
};
constexpr bool of_filter(Item item) {
  return item >= Item::filter_and;
}

struct Shape;

/// An element.
struct Row {
  uint8_t tag = 0;
  Item item = Item::nothing;
  const Shape* inside = nullptr;  // null: a value
  bool optional = false;
  const Shape* one_of = nullptr;  // instead of all that: any row of it
};

/// What is within an element: each row once, in their order, or where `any` is set any number of any of them. What
/// stands behind the last row is passed over (RFC 4511 4).
struct Shape {
  std::span<const Row> rows;
  bool any = false;
  const Row* later = nullptr;  // stands for what later versions of the protocol may have beside the rows
};

/// By the tag of a message's operation; null: there is none.
const Row* operation_row(uint8_t tag);
inline constexpr Operation operation_of(uint8_t tag) {
  return static_cast<Operation>(tag & 0x1f);
}
bool is_request(Operation operation);
/// Nothing of that message's id comes behind it.
bool is_final(Operation operation);

/// What stands behind the operation in a message.
extern const Shape kBehindOperation;

}  // namespace lapwing::ldap
