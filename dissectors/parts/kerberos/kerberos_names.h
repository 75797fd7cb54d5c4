// What numbers of Kerberos are called.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/parts/kerberos/kerberos.h"

namespace lapwing::kerberos {

// Of a number without a name they give one made of it, in `scratch`.
std::string_view message_name(uint32_t type, std::string& scratch);           // "KRB_AS_REQ"
std::string_view encryption_name(int32_t type, std::string& scratch);         // "aes256-cts-hmac-sha1-96" (RFC 3961 8)
std::string_view error_name(int32_t code, std::string& scratch);              // "KDC_ERR_PREAUTH_FAILED"
std::string_view preauthentication_name(int32_t type, std::string& scratch);  // "PA-ENC-TIMESTAMP"

/// By its name, as encryption_name writes it.
std::optional<int32_t> encryption_type(std::string_view name);

/// None of AES and Camellia: DES is broken, RC4 is keyed by the password's hash (RFC 8429).
bool weak_encryption(int32_t type);

/// Names of the options that are set, in the order of their bits.
std::vector<std::string_view> option_names(uint32_t options);

}  // namespace lapwing::kerberos
