#include "dissectors/parts/onc_rpc/rpc_columns.h"

namespace lapwing::onc_rpc::read {

namespace {

constexpr std::string_view kAccepted[] = {"",          "PROG_UNAVAIL", "PROG_MISMATCH", "PROC_UNAVAIL", "GARBAGE_ARGS",
                                          "SYSTEM_ERR"};
// Why credentials or a verifier are refused (RFC 5531 9, and IANA's rpc-authentication-numbers).
constexpr std::string_view kRefused[] = {"OK",           "BADCRED",         "REJECTEDCRED",  "BADVERF",
                                         "REJECTEDVERF", "TOOWEAK",         "INVALIDRESP",   "FAILED",
                                         "KERB_GENERIC", "TIMEEXPIRE",      "TKT_FILE",      "DECODE",
                                         "NET_ADDR",     "GSS_CREDPROBLEM", "GSS_CTXPROBLEM"};

}  // namespace

std::string_view status(const Heads& heads) {
  if (!heads.reply) return {};
  return heads.reply->denied ? "DENIED" : "ACCEPTED";
}

std::string_view auth_type(const Heads& heads, std::string& scratch) {
  return flavor_name(heads.identity.flavor, scratch);
}

std::string_view reason(const Heads& heads, std::string& scratch) {
  if (!heads.reply) return {};
  const Reply& reply = *heads.reply;
  if (!reply.denied) return kAccepted[reply.state];
  if (reply.state == static_cast<uint32_t>(Denied::rpc_mismatch)) return "RPC_MISMATCH";
  if (reply.why < std::size(kRefused)) return kRefused[reply.why];
  return scratch = std::to_string(reply.why);
}

const Identity* creds(const Heads& heads) {
  return heads.identity.flavor == flavor::sys ? &heads.identity : nullptr;
}

std::string_view service(const Heads& heads) {
  if (!heads.identity.gss) return {};
  constexpr std::string_view kNames[] = {"", "none", "integrity", "privacy"};
  return kNames[static_cast<size_t>(heads.identity.gss->service)];
}

}  // namespace lapwing::onc_rpc::read
