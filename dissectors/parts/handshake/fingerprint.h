// JA3 and JA3S (Salesforce), JA4 (FoxIO): fingerprints of hellos.
#pragma once

#include <string>

#include "dissectors/parts/handshake/handshake.h"

namespace lapwing::tls {

std::string ja3_string(const Hello& client);
std::string ja3s_string(const Hello& server);
/// The hash form of both: MD5 in lower-case hex.
std::string md5_hex(std::string_view text);
/// Of a hello over TCP.
std::string ja4(const Hello& client);

}  // namespace lapwing::tls
