#include "dissectors/protocols/ldap/ldap_message.h"

#include <algorithm>

#include "sensor/base/ber.h"

namespace lapwing::ldap {

namespace {

/// What does not fit is as large as can be told.
uint32_t number(Bytes content) {
  const int64_t value = ber::integer(content).value_or(UINT32_MAX);
  return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, UINT32_MAX));
}
bool flag(Bytes content) {
  return !content.empty() && content[0] != 0;
}

bool is_token(Item item) {
  return item == Item::credentials || item == Item::negotiation;
}

/// A response that ends others says how, whatever was kept of those.
constexpr size_t kForTheEnd = 16384;

}  // namespace

void Reader::begin(const Head& head, Direction side, Contents* into) {
  message_ = {};
  message_.side = side;
  message_.operation = head.operation;
  message_.id = head.id;
  message_.size = head.size();
  into_ = into;
  if (into) {
    message_.attributes.first = static_cast<uint32_t>(into->attributes.size());
    message_.uris.first = static_cast<uint32_t>(into->values.size());
    message_.controls.first = static_cast<uint32_t>(into->controls.size());
  }
  filter_.clear();
  token_.clear();
  change_.reset();
  sound_ = true;
  left_ = head.content + head.behind;
  walker_.begin(head, *this);
  if (left_ == 0) take({});
}

size_t Reader::take(Bytes bytes) {
  bytes = bytes.first(static_cast<size_t>(std::min<uint64_t>(bytes.size(), left_)));
  left_ -= bytes.size();
  // Behind what is broken only the length of the whole still holds.
  sound_ = sound_ && walker_.take(bytes, *this);
  if (left_ == 0) end_message();
  return bytes.size();
}

void Reader::lose() {
  message_.lost = true;
  left_ = 0;
  end_message();
}

void Reader::end_message() {
  message_.broken = !message_.lost && (!sound_ || !walker_.over());
  walker_.stop();
  if (filter_.cut()) message_.long_filters = 1;
  if (!filter_.text().empty()) message_.filter = keep(to_bytes(filter_.text()));
}

void Reader::begin(Item item) {
  if (of_filter(item)) return filter_.begin(item);
  if (item == Item::attribute) attribute_kept_ = false;
  if (item != Item::control) return;
  control_kept_ = into_ && fits(sizeof(Control));
  if (!control_kept_) return;
  into_->controls.push_back({.side = message_.side});
  ++message_.controls.count;
}

void Reader::end(Item item) {
  if (of_filter(item)) filter_.end(item);
  if (item == Item::attribute) change_.reset();
}

size_t Reader::room(Item item) const {
  return is_token(item) ? limits_.token : limits_.value;
}

void Reader::too_deep(Item item) {
  ++message_.deep;
  if (of_filter(item)) filter_.leave_out();
}

void Reader::value(Item item, Bytes head, uint64_t size) {
  if (head.size() < size) ++(is_token(item) ? message_.long_tokens : message_.long_values);
  if (of_filter(item)) return filter_.value(item, head);
  switch (item) {
    case Item::version: message_.version = number(head); break;
    case Item::dn: message_.dn = keep(head); break;
    case Item::password:
      message_.proof = Proof::simple;
      message_.proved = size > 0;
      if (limits_.passwords) message_.password = keep(head);
      break;
    case Item::mechanism:
      message_.proof = Proof::sasl;
      message_.mechanism = keep(head);
      break;
    case Item::negotiation: message_.proof = Proof::negotiation; [[fallthrough]];
    case Item::credentials:
      message_.proved = true;
      if (head.size() == size) token_ = to_text(head);
      message_.credentials = keep(head);
      break;
    case Item::scope: message_.scope = number(head); break;
    case Item::aliases: message_.aliases = number(head); break;
    case Item::size_limit: message_.size_limit = number(head); break;
    case Item::time_limit: message_.time_limit = number(head); break;
    case Item::types_only: message_.types_only = flag(head); break;
    case Item::asked:
    case Item::attribute_type: add_attribute(head); break;
    case Item::attribute_value: add_value(head); break;
    case Item::change: change_ = static_cast<uint8_t>(std::min<uint32_t>(number(head), UINT8_MAX)); break;
    case Item::new_rdn: message_.new_rdn = keep(head); break;
    case Item::delete_old: message_.delete_old = flag(head); break;
    case Item::new_superior: message_.new_superior = keep(head); break;
    case Item::result: message_.result = number(head); break;
    case Item::message: message_.message = keep(head); break;
    case Item::uri:
      if (into_ && fits(sizeof(Text) + head.size())) {
        into_->values.push_back(keep(head));
        ++message_.uris.count;
      }
      break;
    case Item::name: message_.name = keep(head); break;
    case Item::value: message_.value = keep(head); break;
    case Item::abandoned: message_.abandoned = number(head); break;
    case Item::control_type:
      if (control_kept_) into_->controls.back().type = keep(head);
      break;
    case Item::criticality:
      if (control_kept_) into_->controls.back().critical = flag(head);
      break;
    case Item::control_value:
      if (control_kept_) into_->controls.back().value = keep(head);
      break;
    default: break;
  }
}

bool Reader::fits(size_t bytes) {
  const size_t limit = limits_.all + (is_final(message_.operation) ? kForTheEnd : 0);
  if (into_->size() + bytes <= limit) return true;
  ++message_.unkept;
  return false;
}

Text Reader::keep(Bytes bytes) {
  if (!into_ || !fits(bytes.size())) return {};
  const auto at = static_cast<uint32_t>(into_->text.size());
  into_->text.append(to_text(bytes));
  return {at, static_cast<uint32_t>(bytes.size())};
}

void Reader::add_attribute(Bytes type) {
  attribute_kept_ = into_ && fits(sizeof(Attribute) + type.size());
  if (!attribute_kept_) return;
  into_->attributes.push_back({.type = keep(type),
                               .values = {.first = static_cast<uint32_t>(into_->values.size())},
                               .side = message_.side,
                               .change = change_,
                               .secret = is_secret(to_text(type))});
  ++message_.attributes.count;
}

void Reader::add_value(Bytes value) {
  if (!attribute_kept_ || !fits(sizeof(Text) + value.size())) return;
  into_->values.push_back(keep(value));
  ++into_->attributes.back().values.count;
}

}  // namespace lapwing::ldap
