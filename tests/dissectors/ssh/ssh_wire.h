// Writes SSH octet by octet for tests.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace lapwing::test {

/// A record in the clear with 4 bytes of padding: a type and what follows it.
std::string ssh_record(unsigned type, std::string_view payload = "");
/// In blocks of 8 bytes, as all are that are in the clear.
std::string ssh_new_keys();
/// The order of RFC 4253 7.1: key exchange, host key, then ciphers, MACs and compressions of either direction.
using SshLists = std::array<std::string, 8>;
inline const SshLists kSshLists = {"kex-a,kex-b", "ssh-ed25519", "aes128-ctr", "aes256-ctr",
                                   "hmac-sha1",   "hmac-md5",    "none,zlib",  "none"};
std::string ssh_kex_init(const SshLists& lists = kSshLists);
/// The server's answer of a key exchange, with its key.
std::string ssh_kex_reply(std::string_view key_type = "ssh-ed25519", std::string_view key = "key", unsigned type = 31);

}  // namespace lapwing::test
