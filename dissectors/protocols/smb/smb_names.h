// How commands, dialects, status codes and controls of SMB are called.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lapwing::smb {

// Of a number without a name they give the number, in `scratch`.
std::string_view command_name(uint8_t version, uint16_t command, std::string& scratch);  // "SMB2_COMMAND_CREATE"
std::string_view dialect_name(uint16_t dialect, std::string& scratch);                   // "3.11"
std::string_view status_name(uint32_t status, std::string& scratch);     // "STATUS_SUCCESS" (MS-ERREF 2.3.1)
std::string_view control_name(uint32_t function, std::string& scratch);  // "FSCTL_PIPE_TRANSCEIVE" (MS-FSCC 2.3)
std::string_view disposition_name(uint32_t disposition);                 // MS-SMB2 2.2.13

/// An error of SMB 1 in the form of DOS and OS/2 (MS-CIFS 2.2.2.4).
std::string_view dos_error_name(uint8_t error_class, uint16_t code, std::string& scratch);

// What SMB 3.1.1 negotiates (MS-SMB2 2.2.3.1); empty where the number has no name.
std::string_view cipher_name(uint16_t cipher);
std::string_view signing_name(uint16_t algorithm);
std::string_view compression_name(uint16_t algorithm);

}  // namespace lapwing::smb
