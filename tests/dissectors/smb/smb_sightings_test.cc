// What is told of what clients do to shares, and by pipes.
#include <gmock/gmock.h>

#include <string>

#include "tests/dissectors/dialogue.h"
#include "tests/dissectors/smb/smb_wire.h"

namespace lapwing {
namespace {

using namespace test;
using namespace test::smb;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uint32_t kAccessDenied = 0xc0000022, kOverwrite = 5, kDeleteOnClose = 0x1000;
constexpr uint8_t kDisk = 1, kPipe = 2;

class Session {
 public:
  explicit Session(const Settings& settings = {}) : dialogue_(dissector("smb"), settings) {}
  Session& exchange(uint16_t command, const std::string& request, const std::string& response, uint32_t status = 0) {
    dialogue_.client(packet(message2(command, {.message = ++message_}, request)));
    dialogue_.server(packet(
        message2(command, {.message = message_, .status = status, .flags = kResponse}, status ? zeros(9) : response)));
    return *this;
  }
  Session& tree(std::string_view path, uint8_t type) { return exchange(3, tree_connect2(path), tree2(type)); }
  Session& open(uint64_t file, std::string_view name, uint32_t options = 0, uint32_t disposition = 1,
                uint32_t status = 0) {
    return exchange(5, create2(name, options, disposition), created2(file_id(file)), status);
  }
  Session& close(uint64_t file) { return exchange(6, close2(file_id(file)), closed2()); }
  std::vector<std::string> operations() {
    dialogue_.finish();
    return dialogue_.operations;
  }
  const Heard& heard() const { return dialogue_; }

 private:
  Dialogue dialogue_;
  uint64_t message_ = 0;
};

TEST(SmbSightings, WhatIsDoneToFiles) {
  Session talk;
  talk.tree("\\\\10.0.0.9\\ADMIN$", kDisk).open(1, "x.exe");
  for (int i = 0; i < 3; ++i) {
    talk.exchange(9, write2(file_id(1), static_cast<uint64_t>(4 * i), "MZxx"), written2());
  }
  talk.close(1).open(2, "__output").exchange(8, read2(file_id(2), 65'536, 0), data2("hello")).close(2);
  talk.open(3, "__output").exchange(17, set_info2(file_id(3), 13, le(1, 1)), le(2, 2)).close(3);
  EXPECT_THAT(talk.operations(),
              ElementsAre("smb 3 tree_connect ADMIN$ success", "smb 5 open ADMIN$\\x.exe success",
                          "smb 9 write ADMIN$\\x.exe success", "smb 5 open ADMIN$\\__output success",
                          "smb 8 read ADMIN$\\__output success", "smb 5 open ADMIN$\\__output success",
                          "smb 17 delete ADMIN$\\__output success"));
}

/// Or each short request about it would cost as much as the one that named it.
TEST(SmbSightings, OfALongNameTheEndIsTold) {
  Session talk;
  talk.tree("\\\\s\\" + std::string(30'000, 'S'), kDisk).open(1, std::string(30'000, 'd') + "\\x.exe");
  talk.exchange(17, set_info2(file_id(1), 13, le(1, 1)), le(2, 2));
  const std::vector<std::string> operations = talk.operations();
  for (const std::string& told : operations) EXPECT_LT(told.size(), 1'200) << told;
  EXPECT_THAT(operations, Contains(testing::EndsWith("\\x.exe success")).Times(2));
}

TEST(SmbSightings, WhatIsRefusedIsToldAsFailed) {
  EXPECT_THAT(Session().tree("\\\\s\\C$", kDisk).open(1, "x.exe", 0, kOverwrite, kAccessDenied).operations(),
              Contains("smb 5 create C$\\x.exe failure"));
}

TEST(SmbSightings, AFileThatIsOpenedToBeDeletedIs) {
  EXPECT_THAT(Session().tree("\\\\s\\C$", kDisk).open(1, "x.tmp", kDeleteOnClose).close(1).operations(),
              Contains("smb 5 delete C$\\x.tmp success"));
}

TEST(SmbSightings, CallsByPipesAreTold) {
  const std::string name = le(9, 4) + le(0, 4) + le(9, 4) + wide("PSEXESVC") + zeros(2) + zeros(2);
  Session talk;
  talk.tree("\\\\s\\IPC$", kPipe).open(1, "svcctl");
  talk.exchange(9, write2(file_id(1), 0, rpc_bind(1)), written2());
  talk.exchange(8, read2(file_id(1), 1024, 0), data2(rpc_bound(1)));
  talk.exchange(11, ioctl2(kTransceive, file_id(1), rpc_request(2, 12, zeros(20) + name)),
                controlled2(kTransceive, file_id(1), piped_response(2, zeros(24) + le(0, 4))));
  talk.exchange(11, ioctl2(kTransceive, file_id(1), rpc_request(3, 19, zeros(20))),
                controlled2(kTransceive, file_id(1), piped_response(3, le(5, 4))));
  const auto operations = talk.close(1).operations();
  EXPECT_THAT(operations, Contains("svcctl 65535 bind - success"));
  EXPECT_THAT(operations, Contains("svcctl 12 RCreateServiceW PSEXESVC success"));
  EXPECT_THAT(operations, Contains("svcctl 19 RStartServiceW - failure"));
}

/// What is done, and who logs in, whatever has records.
TEST(SmbSightings, AreToldWithoutRecords) {
  const auto talk = [](const Settings& settings) {
    Session out(settings);
    out.exchange(1, session_setup2(ntlm_authenticate("DOM", "ann", "PC")), session2(""));
    out.tree("\\\\s\\IPC$", kPipe).open(1, "svcctl");
    out.exchange(11, ioctl2(kTransceive, file_id(1), rpc_bind(1)), controlled2(kTransceive, file_id(1), rpc_bound(1)));
    out.exchange(11, ioctl2(kTransceive, file_id(1), rpc_request(2, 19, zeros(20))),
                 controlled2(kTransceive, file_id(1), piped_response(2, le(0, 4))));
    out.close(1).operations();
    return out.heard();
  };
  const Heard all = talk({}), none = talk({{"app-layer.protocols.smb.record.types", "rename"}});
  EXPECT_THAT(none.records, IsEmpty());
  EXPECT_THAT(all.operations, Contains("svcctl 19 RStartServiceW - success"));
  EXPECT_EQ(none.operations, all.operations);
  EXPECT_THAT(all.logins, SizeIs(1));
  EXPECT_EQ(none.logins, all.logins);
}

}  // namespace
}  // namespace lapwing
