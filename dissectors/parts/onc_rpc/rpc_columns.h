// What records show of a call and its answer, whatever the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dissectors/contract/columns.h"
#include "dissectors/parts/onc_rpc/onc_rpc.h"

namespace lapwing::onc_rpc {

namespace read {

std::string_view status(const Heads& heads);
std::string_view auth_type(const Heads& heads, std::string& scratch);
/// Why there are no results; empty where there are.
std::string_view reason(const Heads& heads, std::string& scratch);
const Identity* creds(const Heads& heads);
std::string_view service(const Heads& heads);
inline std::optional<std::string_view> machine(const Identity& identity) {
  return identity.machine;
}

}  // namespace read

inline constexpr Column kCreds[] = {
    columns::text<&read::machine>("machine_name", "what the client calls itself"),
    columns::integer<&Identity::uid>("uid", "user, as the client says"),
    columns::integer<&Identity::gid>("gid", "group, as the client says"),
    columns::each<&Identity::groups, Shape::integer>("groups", "further groups, as the client says"),
};

/// Columns of Heads.
inline constexpr Column kColumns[] = {
    columns::integer<&Heads::xid>("xid", "number of the call, which its answer repeats"),
    columns::text<&read::status>("status", "ACCEPTED or DENIED, where an answer came"),
    columns::text<&read::reason>("reason", "why the call was not carried out (RFC 5531 9)"),
    columns::text<&read::auth_type>("auth_type", "how the client shows who it is: NULL, UNIX, GSS, ..."),
    columns::text<&read::service>("gss_service", "what RPCSEC_GSS protects: none, integrity or privacy (RFC 2203)"),
    columns::object<&read::creds>("creds", kCreds, "credentials of AUTH_SYS, which anybody may claim"),
};

}  // namespace lapwing::onc_rpc
