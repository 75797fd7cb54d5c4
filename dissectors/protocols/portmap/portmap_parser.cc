#include "dissectors/protocols/portmap/portmap_parser.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::portmap {

namespace {

constexpr uint32_t kMostText = 1024;

struct Program {
  uint32_t number;
  std::string_view name;
};
constexpr Program kPrograms[] = {
#include "dissectors/protocols/portmap/programs.inc"
};
static_assert(std::ranges::is_sorted(kPrograms, {}, &Program::number));

}  // namespace

Mapping read_mapping(XdrReader& body) {
  Mapping out{.program = body.u32()};
  out.version = body.u32();
  out.protocol = body.u32();
  out.port = body.u32();
  return out;
}

Mapping read_binding(XdrReader& body) {
  Mapping out{.program = body.u32()};
  out.version = body.u32();
  out.transport = body.text(kMostText);
  out.address = body.text(kMostText);
  out.owner = body.text(kMostText);
  return out;
}

Mapping read_address(XdrReader& body) {
  Mapping out;
  out.address = body.text(kMostText);
  out.transport = body.text(kMostText);
  body.u32();            // semantics
  body.text(kMostText);  // family
  body.text(kMostText);  // protocol
  return out;
}

std::optional<uint16_t> port_of(std::string_view address) {
  uint64_t port = 0;
  for (uint64_t factor : {uint64_t{1}, uint64_t{256}}) {
    const size_t dot = address.rfind('.');
    if (dot == std::string_view::npos) return {};
    const auto number = parse_unsigned(address.substr(dot + 1));
    if (!number || *number > 255) return {};
    port += *number * factor;
    address = address.substr(0, dot);
  }
  return static_cast<uint16_t>(port);
}

std::string_view program_name(uint32_t program) {
  const auto row = std::ranges::lower_bound(kPrograms, program, {}, &Program::number);
  return row != std::end(kPrograms) && row->number == program ? row->name : std::string_view();
}

std::string_view procedure_name(uint32_t version, uint32_t number, std::string& scratch) {
  constexpr std::string_view kPortmap[] = {"NULL", "SET", "UNSET", "GETPORT", "DUMP", "CALLIT"};
  constexpr std::string_view kRpcbind[] = {"NULL",     "SET",         "UNSET",       "GETADDR",     "DUMP",
                                           "CALLIT",   "GETTIME",     "UADDR2TADDR", "TADDR2UADDR", "GETVERSADDR",
                                           "INDIRECT", "GETADDRLIST", "GETSTAT"};
  if (version <= 2 && number < std::size(kPortmap)) return kPortmap[number];
  if (version > 3 && number == procedure::callit) return "BCAST";
  if (version > 2 && number < std::size(kRpcbind)) return kRpcbind[number];
  return scratch = std::to_string(number);
}

}  // namespace lapwing::portmap
