// Administration: files on shares, and calls of the interfaces by which hosts are asked for what they know and made to
// run something, over pipes and bare; logins of machines.
#include "tests/dissectors/smb/smb_wire.h"
#include "tests/hunt/campaign.h"

namespace lapwing::hunt {
namespace {

using namespace test::smb;

constexpr std::string_view kNetlogon = "12345678-1234-abcd-ef00-01234567cffb";
constexpr std::string_view kInterfaces[] = {
    "367abb81-9844-35f1-ad32-98f038001003",  // svcctl
    "12345778-1234-abcd-ef00-0123456789ac",  // samr
    "12345778-1234-abcd-ef00-0123456789ab",  // lsarpc
    "e3514235-4b06-11d1-ab04-00c04fc2dcd2",  // drsuapi
    kNetlogon,
    "12345678-1234-abcd-ef00-0123456789ab",  // spoolss
    "4b324fc8-1670-01d3-1278-5a47bf6ee188",  // srvsvc
    "6bffd098-a112-3610-9833-46c3f87e345a",  // wkssvc
    "1ff70682-0a51-30e8-076d-740be8cee98b",  // atsvc
    "86d35949-83c9-4044-b424-db363231fd0c",  // ITaskSchedulerService
    "338cd001-2244-31f1-aaaa-900038001003",  // winreg
    "c681d488-d850-11d0-8c52-00c04fd90f7e",  // efsrpc
    "000001a0-0000-0000-c000-000000000046",  // IRemoteSCMActivator
    "9556dc99-828c-11cf-a37e-00aa003240c7",  // IWbemServices
    "e1af8308-5d1f-11c9-91a4-08002b14a0fa",  // epmapper
};

/// As it is sent (C706 appendix A): its first three fields turned.
std::string uuid_of(std::string_view text) {
  const auto read =
      test::from_hex(std::string(text.substr(0, 8)) + std::string(text.substr(9, 4)) + std::string(text.substr(14, 4)) +
                     std::string(text.substr(19, 4)) + std::string(text.substr(24)));
  constexpr size_t kOrder[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  std::string out;
  for (const size_t at : kOrder) out += static_cast<char>(read[at]);
  return out;
}
const std::string kTransfer("\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60", 16);

std::string bind_to(std::string_view interface) {
  return rpc(11, 1,
             le(4280, 2) + le(4280, 2) + zeros(4) + le(1, 4) + le(0, 2) + le(1, 2) + uuid_of(interface) + le(1, 4) +
                 kTransfer + le(2, 4));
}
std::string fault(uint32_t call) {
  return rpc(3, call, le(32, 4) + zeros(4) + le(5, 4) + zeros(4));
}

/// Requests of one interface and their answers, without what carries them.
Dialogue calls_of(Random& random) {
  const std::string_view interface = random.pick(kInterfaces);
  Dialogue out{{Direction::to_server, bind_to(interface)}, {Direction::to_client, rpc_bound(1)}};
  const bool same = random.chance(40), refused = random.chance(30);
  const auto usual = static_cast<uint16_t>(random.below(64));
  uint32_t call = 1;
  for (size_t count = random.between(1, 8); count > 0; --count) {
    const auto operation = same ? usual : static_cast<uint16_t>(random.below(64));
    out.push_back({Direction::to_server, rpc_request(++call, operation, random.bytes(random.length(300)))});
    out.push_back({Direction::to_client,
                   refused ? fault(call) : piped_response(call, random.bytes(random.length(60)) + zeros(4))});
  }
  return out;
}

/// Logins of a machine at a domain controller, which succeed or not, and its password that is set then.
Dialogue machine_logins(Random& random) {
  constexpr uint16_t kChallenge = 4, kAuthenticate[] = {5, 15, 26}, kPasswordSet[] = {6, 30};
  constexpr uint32_t kDenied = 0xC0000022;
  Dialogue out{{Direction::to_server, bind_to(kNetlogon)}, {Direction::to_client, rpc_bound(1)}};
  uint32_t call = 1;
  const auto ask = [&](uint16_t operation, uint32_t status) {
    out.push_back({Direction::to_server, rpc_request(++call, operation, random.bytes(random.between(20, 120)))});
    out.push_back({Direction::to_client, piped_response(call, zeros(16) + le(status, 4))});
  };
  const uint16_t authenticate = random.pick(kAuthenticate);
  for (size_t count = random.between(1, 12); count > 0; --count) {
    ask(kChallenge, 0);
    ask(authenticate, random.chance(85) ? kDenied : 0);
  }
  if (random.chance(30)) ask(random.pick(kPasswordSet), 0);
  return out;
}

/// A session of a user in which files are used and a pipe is called.
class Session {
 public:
  explicit Session(Random& random) : random_(random) {
    exchange(0, negotiate2({0x202, 0x311}), negotiated2(0x210));
    exchange(1, session_setup2(ntlm_negotiate()), session2(ntlm_challenge()), kMoreProcessing);
    exchange(1, session_setup2(ntlm_authenticate("LAB", random.letters(3), "PC")), session2(""));
  }
  void use_files() {
    const std::string share(random_.pick({"ADMIN$", "C$", "public", "SYSVOL"}));
    exchange(3, tree_connect2("\\\\s\\" + share), tree2(1));
    for (size_t count = random_.between(1, 5); count > 0; --count) {
      const std::string name = random_.letters(4) + std::string(random_.pick({".exe", ".txt", ".bat", ".tmp"}));
      const std::string file = file_id(++files_), data = random_.bytes(random_.length(2000));
      exchange(5, create2("Temp\\" + name, random_.chance(20) ? 0x1000 : 0, random_.chance(50) ? 2 : 1),
               created2(file, data.size()));
      random_.chance(50) ? exchange(9, write2(file, 0, data), written2())
                         : exchange(8, read2(file, 1 << 16, 0), data2(data));
      exchange(6, close2(file), closed2());
    }
  }
  void use_pipe() {
    exchange(3, tree_connect2("\\\\s\\IPC$"), tree2(2));
    const std::string pipe = file_id(++files_);
    exchange(5,
             create2(random_.pick(
                 {"svcctl", "samr", "lsarpc", "netlogon", "srvsvc", "winreg", "atsvc", "efsrpc", "spoolss"})),
             created2(pipe));
    const Dialogue calls = calls_of(random_);
    for (size_t i = 0; i + 1 < calls.size(); i += 2) {
      exchange(11, ioctl2(kTransceive, pipe, calls[i].bytes), controlled2(kTransceive, pipe, calls[i + 1].bytes));
    }
    exchange(6, close2(pipe), closed2());
  }
  Dialogue take() { return std::move(out_); }

 private:
  void exchange(uint16_t command, const std::string& request, const std::string& response, uint32_t status = 0) {
    head_.flags = head_.status = 0;
    out_.push_back({Direction::to_server, packet(message2(command, head_, request))});
    head_.flags = kResponse;
    head_.status = status;
    out_.push_back({Direction::to_client, packet(message2(command, head_, response))});
    ++head_.message;
  }

  Random& random_;
  Head2 head_{.message = 0};
  uint64_t files_ = 0;
  Dialogue out_;
};

}  // namespace

void play_administration(Random& random, const Network& network, int64_t begin, Timeline& out) {
  const bool bare = random.chance(40), many = random.chance(50), again = random.chance(50);
  Ends ends = network.ends(random, bare ? 49'668 : 445);
  if (random.chance(80)) {
    ends.client = network.client(random);
    ends.server = network.server(random);
  }
  const int64_t pause = beat(random);
  Dialogue usual;
  for (size_t count = random.between(1, 25); count > 0 && !out.full(); --count, begin += pause) {
    if (!again || usual.empty()) {
      Session session(random);
      if (random.chance(60)) session.use_files();
      if (random.chance(70)) session.use_pipe();
      usual = bare ? calls_of(random) : session.take();
    }
    if (many) ends.server = network.server(random);
    ends.client_port = static_cast<uint16_t>(1024 + random.below(60'000));
    out.add(random, begin, kMillisecond, ends, usual, false);
  }
}

void play_machines(Random& random, const Network& network, int64_t begin, Timeline& out) {
  Ends ends = network.ends(random, 49'668);
  if (random.chance(80)) {
    ends.client = network.client(random);
    ends.server = network.server(random);
  }
  const int64_t pause = random.chance(50) ? kSecond : beat(random);
  for (size_t count = random.between(1, 12); count > 0 && !out.full(); --count, begin += pause) {
    ends.client_port = static_cast<uint16_t>(1024 + random.below(60'000));
    out.add(random, begin, kMillisecond, ends, machine_logins(random), false);
  }
}

}  // namespace lapwing::hunt
