#include "dissectors/parts/dcerpc/dcerpc_columns.h"

#include "dissectors/protocols/dcerpc/protocol.h"

namespace lapwing::dcerpc {

namespace {

constexpr Column kRecord[] = {columns::object<&call_of>("dcerpc", kColumns<kComplete>, "a call")};
constexpr Table kShapes[] = {kRecord};
constexpr RecordRow kRecords[] = {
    {.type = "dcerpc", .help = "one remote procedure call, or what sets up its connection", .shapes = kShapes}};

}  // namespace

Table columns() {
  return kRecord;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::dcerpc
