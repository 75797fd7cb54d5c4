#include "dissectors/protocols/krb5/krb5_requests.h"

#include <algorithm>
#include <utility>

namespace lapwing::krb5 {

namespace {

/// A request of the kind that is answered so.
bool fits(const Message& request, const Message& answer) {
  if (answer.type == Type::error) return true;
  return (request.type == Type::as_request) == (answer.type == Type::as_reply);
}

/// It names whom the request named: a client in what logs in, a service in all others. An error need not name a client.
bool names(const Message& request, const Message& answer) {
  const bool by_client = request.type == Type::as_request && !answer.client.empty();
  return by_client ? request.client.text == answer.client.text : request.service.text == answer.service.text;
}

}  // namespace

Requests::Slot& Requests::free_slot(bool& pushed) {
  const auto oldest =
      std::ranges::min_element(slots_, {}, [&](const Slot& slot) { return std::pair(slot.waiting, slot.turn); });
  const bool room = slots_.size() < kWaiting;
  if (oldest == slots_.end() || (room && (oldest->waiting || oldest->turn + 1 == turns_))) {
    if (slots_.empty()) slots_.reserve(2);  // as many as who waits for each answer needs
    return slots_.emplace_back();
  }
  pushed = oldest->waiting;
  return *oldest;
}

bool Requests::add(Message& request, uint64_t mark) {
  if (std::ranges::find(slots_, mark, &Slot::mark) != slots_.end()) return true;
  bool pushed = false;
  Slot& slot = free_slot(pushed);
  std::swap(slot.message, request);
  slot.mark = mark;
  slot.turn = turns_++;
  slot.waiting = true;
  return !pushed;
}

const Message* Requests::answered(const Message& answer) {
  Slot *named = nullptr, *next = nullptr;
  for (Slot& slot : slots_) {
    if (!slot.waiting || !fits(slot.message, answer)) continue;
    if (!next || slot.turn < next->turn) next = &slot;
    if (names(slot.message, answer) && (!named || slot.turn < named->turn)) named = &slot;
  }
  // KDCs may call things by other names than they were asked by (RFC 6806).
  Slot* const found = named ? named : lost_ ? nullptr : next;
  if (!found) return nullptr;
  found->waiting = false;
  return &found->message;
}

}  // namespace lapwing::krb5
