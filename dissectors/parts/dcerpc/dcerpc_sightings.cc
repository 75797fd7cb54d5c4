#include "dissectors/parts/dcerpc/dcerpc_sightings.h"

#include <algorithm>
#include <string>

#include "sensor/base/little_endian.h"
#include "sensor/base/utf16.h"

namespace lapwing::dcerpc {

namespace {

constexpr uint16_t kBound = 0xffff;

std::string_view interface_text(const Context& context, std::string& scratch) {
  return context.interface ? context.interface->name : uuid_text(context.uuid, scratch);
}

/// The first text among the parameters: a conformant and varying array of UTF-16 (C706 14.3.3.4) whose count and bytes
/// fit each other. Empty where there is none near their beginning. Blanks alone are room for an answer.
std::string first_text(Bytes stub) {
  constexpr size_t kLook = 256, kHead = 12, kLongest = 260;  // bytes, but for the longest: characters of a path
  static_assert(kLook + kHead + 2 * kLongest <= kShownStub);
  for (size_t at = 0; at + kHead < stub.size() && at <= kLook; at += 4) {
    LittleReader reader(stub.subspan(at));
    const uint32_t room = reader.u32(), offset = reader.u32(), count = reader.u32();
    if (offset != 0 || count < 2 || count > room || room > kLongest || reader.left() < size_t{2} * count) continue;
    Bytes text = stub.subspan(at + kHead, size_t{2} * count);
    if (text[text.size() - 2] == 0 && text[text.size() - 1] == 0) text = text.first(text.size() - 2);
    bool shown = true, blank = true;
    for (size_t i = 0; i < text.size(); i += 2) {
      shown &= text[i] >= ' ' || text[i + 1] != 0;
      blank &= text[i] == ' ' && text[i + 1] == 0;
    }
    if (shown && !blank) return utf16_to_utf8(text);
  }
  return {};
}

/// How many SIDs LsarLookupSids, or its second version, are to find names for: behind the handle of 20 bytes (MS-LSAT
/// 3.1.4.10, 3.1.4.11).
uint32_t asked(const Call& call, Bytes stub) {
  constexpr size_t kHandle = 20;
  constexpr uint16_t kLookupSids = 15, kLookupSids2 = 57;
  const Interface* of = call.contexts.front().interface;
  if (!of || of->name != "lsarpc" || (call.operation != kLookupSids && call.operation != kLookupSids2)) return 0;
  return stub.size() < kHandle ? 0 : OrderedReader(stub.subspan(kHandle), call.tx->little_endian).u32();
}

/// Operations end with what they return (MS-RPCE 3.1.1.5.3.1): NTSTATUS, HRESULT or an error of Windows, all of which
/// are 0 where it went well. Of lists the beginning is told by an error of its own, or by what NTSTATUS has from 0x101
/// on; a service that was to be started runs already (MS-SCMR 3.1.4.19). Of what is sealed a fault alone shows.
Outcome outcome(const Call& call, bool sealed) {
  constexpr uint32_t kMoreData = 234, kAlreadyRunning = 1056, kFirstStatus = 0x101, kLastStatus = 0x1ff;
  if (call.status) return Outcome::failure;
  const Side& answer = call.response();
  if (!answer.seen || !answer.whole || answer.lost || answer.type != Type::response || sealed) return Outcome::unknown;
  const auto end = answer.end.last();
  if (!end) return Outcome::unknown;
  const uint32_t value = OrderedReader(*end, call.tx->little_endian).u32();
  const bool listed = value == kMoreData || (value >= kFirstStatus && value <= kLastStatus);
  return value == 0 || listed || value == kAlreadyRunning ? Outcome::success : Outcome::failure;
}

void tell_bound(const Call& call, bool by_pipe, SightingSink& sink) {
  std::string scratch;
  const Outcome bound = call.refusal ? Outcome::failure : Outcome::success;
  for (const Context& context : call.contexts) {
    if (context.refused()) continue;
    sink.operation({.interface = interface_text(context, scratch),
                    .operation = "bind",
                    .number = kBound,
                    .outcome = call.response().seen ? bound : Outcome::unknown,
                    .by_pipe = by_pipe});
  }
}

}  // namespace

void tell_operations(const Call& call, bool by_pipe, SightingSink& sink) {
  const Side& request = call.request();
  if (!request.seen) return;
  if (request.type == Type::bind || request.type == Type::alter_context) return tell_bound(call, by_pipe, sink);
  if (request.type != Type::request || call.contexts.size() != 1) return;
  std::string scratch;
  const bool sealed = call.security && call.security->seals();
  const Bytes stub = sealed ? Bytes() : to_bytes(request.stub);
  const std::string object = first_text(stub);
  sink.operation({.interface = interface_text(call.contexts.front(), scratch),
                  .operation = call.operation_name(),
                  .object = object,
                  .number = call.operation,
                  .asked = asked(call, stub),
                  .outcome = outcome(call, sealed),
                  .sealed = sealed,
                  .by_pipe = by_pipe});
}

}  // namespace lapwing::dcerpc
