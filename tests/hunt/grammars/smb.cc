// SMB (MS-CIFS, MS-SMB2): sessions whose answers do not fit what was asked, files that are read and written anywhere,
// handles that nobody opened, compounds and chains that lead astray, and pipes with calls in pieces.
#include "tests/dissectors/smb/smb_wire.h"
#include "tests/hunt/dialogue.h"

namespace lapwing::hunt {
namespace {

using namespace test::smb;

std::string file_of(Random& random) {
  return random.chance(15) ? kFileBefore : file_id(random.below(4));
}
uint64_t offset_of(Random& random) {
  return random.chance(70)   ? 10 * random.below(6)
         : random.chance(50) ? random.below(1 << 20)
                             : uint64_t{1} << random.below(64);
}
std::string bytes_of(Random& random) {
  switch (random.below(5)) {
    case 0: return rpc_bind(static_cast<uint32_t>(random.below(4)));
    case 1: return rpc_bound(static_cast<uint32_t>(random.below(4)));
    case 2: return rpc_request(static_cast<uint32_t>(random.below(4)), 15, random.bytes(random.length(9000)));
    case 3: return piped_response(static_cast<uint32_t>(random.below(4)), random.bytes(random.length(9000)));
    default: return random.bytes(random.length(20'000));
  }
}
uint32_t status_of(Random& random) {
  const uint32_t statuses[] = {0x80000005, kEndOfFile, kPending, kMoreProcessing, kLogonFailure, 0xc0000022};
  return random.chance(80) ? 0 : statuses[random.below(6)];
}

struct Exchange {
  uint16_t command;
  std::string request, response;
};
Exchange exchange2(Random& random) {
  const std::string file = file_of(random), data = bytes_of(random);
  const std::string name = random.letters(random.below(9));
  switch (random.below(12)) {
    case 0: return {0, negotiate2({0x202, 0x2ff, 0x311}), negotiated2(random.chance(50) ? 0x311 : 0x210)};
    case 1: return {1, session_setup2(ntlm_negotiate()), session2(ntlm_challenge())};
    case 2:
      return {1, session_setup2(ntlm_authenticate("D", name, "PC")),
              session2("", static_cast<uint16_t>(random.below(8)))};
    case 3: return {3, tree_connect2("\\\\s\\" + name), tree2(static_cast<uint8_t>(random.below(4)))};
    case 4: return {5, create2(name, random.chance(20) ? 0x1001 : 0), created2(file, random.below(9))};
    case 5: return {6, close2(file), closed2()};
    case 6: return {8, read2(file, 1 << 16, offset_of(random)), data2(data)};
    case 7: return {9, write2(file, offset_of(random), data), written2()};
    case 8:
      return {11, ioctl2(random.chance(80) ? kTransceive : 0x140204, file, data), controlled2(kTransceive, file, data)};
    case 9:
      return {17, set_info2(file, random.chance(50) ? 10 : 13, random.chance(50) ? rename_info2(name) : le(1, 1)),
              le(2, 2)};
    case 10:
      return {static_cast<uint16_t>(random.below(20)), random.bytes(random.below(80)), random.bytes(random.below(80))};
    default: return {13, zeros(4), zeros(4)};
  }
}

void speak_version2(Random& random, Dialogue& out) {
  uint64_t message = 0;
  for (size_t turns = random.between(1, 25); turns > 0; --turns) {
    std::vector<std::string> asked, answered;
    for (size_t size = random.chance(80) ? 1 : random.between(2, 4); size > 0; --size) {
      const Exchange one = exchange2(random);
      Head2 head{.message = random.chance(90) ? ++message : random.below(8),
                 .session = random.below(3),
                 .tree = static_cast<uint32_t>(random.below(3)),
                 .flags = !asked.empty() && random.chance(80) ? kRelated : 0};
      asked.push_back(message2(one.command, head, one.request));
      head.status = status_of(random);
      head.flags |= kResponse | (head.status == kPending ? kAsync : 0);
      answered.push_back(message2(one.command, head, one.response));
    }
    out.push_back({Direction::to_server, compound(asked)});
    if (random.chance(90)) out.push_back({Direction::to_client, compound(answered)});
  }
}

Exchange exchange1(Random& random) {
  const auto file = static_cast<uint16_t>(random.below(3));
  const std::string data = bytes_of(random), name = "\\" + random.letters(random.below(6));
  const std::string none = block1("", "");
  switch (random.below(9)) {
    case 0:
      return {0x75, tree_connect1("\\\\s\\" + name, "?????"),
              block1(kNoAndx + zeros(2), random.chance(50) ? "IPC" + zeros(1) : "A:" + zeros(1))};
    case 1: return {0xa2, nt_create1(name), nt_created1(file)};
    case 2: return {0x2f, write_andx1(file, offset_of(random), data), none};
    case 3: return {0x2e, read_andx1(file, offset_of(random), 60'000), read_data1(data)};
    case 4: return {0x25, transact1(file, data), transacted1(data)};
    case 5: return {0x04, block1(le(file, 2) + zeros(4), ""), none};
    case 6:
      return {0x72, block1("", std::string("\2NT LM 0.12\0", 12)), block1(le(random.below(3), 2) + zeros(32), "")};
    case 7: return {0x74, block1(andx(0x2f, random.below(80)), "") + write_andx1(file, 0, data, 39), none};
    default:
      return {static_cast<uint16_t>(random.below(256)), random.bytes(random.below(60)), random.bytes(random.below(60))};
  }
}

void speak_version1(Random& random, Dialogue& out) {
  for (size_t turns = random.between(1, 25); turns > 0; --turns) {
    const Exchange one = exchange1(random);
    Head1 head{.multiplex = static_cast<uint16_t>(random.below(30)), .unicode = random.chance(80)};
    out.push_back({Direction::to_server, packet(head1(static_cast<uint8_t>(one.command), head) + one.request)});
    head.response = true;
    head.status = status_of(random);
    if (random.chance(90))
      out.push_back({Direction::to_client, packet(head1(static_cast<uint8_t>(one.command), head) + one.response)});
  }
}

}  // namespace

Dialogue speak_smb(Random& random) {
  Dialogue out;
  if (random.chance(10)) {
    const std::string name = "\x20" + std::string(32, 'C') + zeros(1);
    out.push_back({Direction::to_server, "\x81" + be(68, 3) + name + name});
    out.push_back({Direction::to_client, "\x82" + zeros(3)});
  }
  random.chance(70) ? speak_version2(random, out) : speak_version1(random, out);
  if (random.chance(10)) out.push_back({Direction::to_server, packet("\xfdSMB" + random.bytes(random.length(3000)))});
  return out;
}

}  // namespace lapwing::hunt
