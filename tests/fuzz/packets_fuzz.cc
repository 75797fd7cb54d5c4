// All packet dissectors over any bytes; the first says which, and of which version of IP.
#include <cstdlib>
#include <string>

#include "tests/dissectors/packets/packet_record.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lapwing;
  if (size == 0) return 0;
  const auto rows = packet_dissectors();
  const PacketDissectorRow& row = *rows[(data[0] >> 1) % rows.size()];
  const std::string record = test::packet_record(row, {data + 1, size - 1}, data[0] & 1 ? 6 : 4);
  // What lists may show, and what stands beside them.
  if (record.size() > 4096 + 16 * size) std::abort();
  return 0;
}
