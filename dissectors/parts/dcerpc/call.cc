#include <algorithm>

#include "dissectors/parts/dcerpc/dcerpc.h"
#include "dissectors/parts/dcerpc/dcerpc_sightings.h"

namespace lapwing::dcerpc {

uint64_t Limits::kept(bool mapped) const {
  constexpr uint64_t kMostMapped = 64 << 10;  // bytes of a mapper's answer that are read where nobody else reads it
  if (contents) return mapped ? std::max(stub, kMostMapped) : stub;
  return mapped ? kMostMapped : std::min<uint64_t>(stub, kShownStub);
}

void StubEnd::add(Bytes bytes) {
  bytes = bytes.last(std::min(bytes.size(), bytes_.size()));
  const size_t kept = std::min(size_, bytes_.size() - bytes.size());
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(size_ - kept), kept, bytes_.begin());
  std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(kept));
  size_ = kept + bytes.size();
}

std::optional<StubEnd::Last> StubEnd::last() const {
  Last out = {};
  if (size_ < out.size()) return {};
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(size_ - out.size()), out.size(), out.begin());
  return out;
}

void Side::add_stub(Bytes bytes, uint64_t limit) {
  if (full) return;
  const uint64_t room = limit - std::min<uint64_t>(limit, stub.size());
  const auto more = static_cast<size_t>(std::min<uint64_t>(bytes.size(), room));
  stub.append(to_text(bytes.first(more)));
  full = more < bytes.size();
}

void Side::reset() {
  type = Type::request;
  seen = whole = lost = full = reached = false;
  fragments = 0;
  begin = size = 0;
  stub.clear();
  end.reset();
  early.clear();
}

Expectation Endpoint::expectation() const {
  Expectation out{.listener = Sender::server, .port = port, .datagrams = datagrams, .protocol = "dcerpc"};
  if (uuid != Uuid()) {
    out.context = std::make_shared<const Announced>(
        Context{.uuid = uuid, .major = major, .minor = minor, .interface = interface});
  }
  return out;
}

const Interface* Call::interface() const {
  return contexts.size() == 1 ? contexts.front().interface : nullptr;
}

std::string_view Call::operation_name() const {
  const Interface* const found = request().seen && request().type == Type::request ? interface() : nullptr;
  return found ? dcerpc::operation_name(*found, operation) : std::string_view();
}

void Call::reset() {
  tx = nullptr;
  id = 0;
  minor = 0;
  activity.reset();
  for (Side& side : sides) side.reset();
  context = operation = 0;
  contexts.clear();
  object.reset();
  security.reset();
  status.reset();
  refusal.reset();
  endpoints.clear();
  login.reset();
  outcome.reset();
  maybe = cancelled = orphaned = false;
  key = 0;
}

}  // namespace lapwing::dcerpc
