// CURVE keys: files that hold them, and the list of clients that may read.
#pragma once

#include <set>
#include <string>

namespace lapwing {

/// Z85 text of 40 characters each.
struct CurveKeys {
  std::string public_key, secret_key;
};

/// Writes a new secret key to `path` (mode 0600) and its public key to `path`.pub. Neither file may be there yet.
/// Throws SettingError.
CurveKeys write_new_keys(const std::string& path);
/// Of a file that only its owner may read. Throws SettingError.
CurveKeys read_secret_key(const std::string& path);
/// Of a file with one public key. Throws SettingError.
std::string read_public_key(const std::string& path);
/// One public key a line, whatever follows it after a space; '#' and a space begin a comment: '#' alone may begin a
/// key. Throws SettingError with the place.
std::set<std::string, std::less<>> read_client_keys(const std::string& path);

}  // namespace lapwing
