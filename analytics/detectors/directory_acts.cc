// What is seen on workers: which acts operations and messages of Kerberos are.
#include <algorithm>
#include <string>

#include "analytics/detectors/directory_attack.h"
#include "analytics/detectors/directory_query.h"
#include "analytics/detectors/machine_login.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using D = DirectoryAttack;
// MS-DRSR 4.1, MS-RPRN 3.1.4, MS-EFSR 3.1.4.2, MS-DFSNM 3.1.4, MS-FSRVP 3.1.4, MS-SAMR 3.1.5,
// MS-LSAD 3.1.4, MS-RRP 3.1.5, MS-PAR 3.1.4, MS-EVEN 3.1.4, MS-EVEN6 3.1.4, MS-BKRP 3.1.4.
constexpr Few kActs(std::to_array<ActRow>({
    {"IRemoteWinspool", 39, D::print_driver},  // RpcAsyncAddPrinterDriver
    {"bkrp", 0, D::key_backup},
    {"drsuapi", 2, D::replicate_manage},    // DRSReplicaSync
    {"drsuapi", 3, D::replicate},           // DRSGetNCChanges
    {"drsuapi", 4, D::replicate_manage},    // DRSUpdateRefs
    {"drsuapi", 5, D::replica_add},         // DRSReplicaAdd
    {"drsuapi", 12, D::replicate_prepare},  // DRSCrackNames
    {"drsuapi", 16, D::replicate_prepare},  // DRSDomainControllerInfo
    {"drsuapi", 17, D::replica_add},        // DRSAddEntry
    {"efs", 0, D::coerce_files},            // EfsRpcOpenFileRaw
    {"efs", 4, D::coerce_files},            // EfsRpcEncryptFileSrv
    {"efs", 5, D::coerce_files},            // EfsRpcDecryptFileSrv
    {"efs", 6, D::coerce_files},            // EfsRpcQueryUsersOnFile
    {"efs", 7, D::coerce_files},            // EfsRpcQueryRecoveryAgents
    {"efs", 8, D::coerce_files},            // EfsRpcRemoveUsersFromFile
    {"efs", 9, D::coerce_files},            // EfsRpcAddUsersToFile
    {"efs", 12, D::coerce_files},           // EfsRpcFileKeyInfo
    {"efs", 13, D::coerce_files},           // EfsRpcDuplicateEncryptionInfoFile
    {"efs", 15, D::coerce_files},           // EfsRpcAddUsersToFileEx
    {"even6", 6, D::log_clear},             // EvtRpcClearLog
    {"eventlog", 0, D::log_clear},          // ElfrClearELFW
    {"eventlog", 8, D::log_write},          // ElfrRegisterEventSourceW
    {"eventlog", 9, D::coerce_files},       // ElfrOpenBELW
    {"eventlog", 12, D::log_clear},         // ElfrClearELFA
    {"eventlog", 16, D::coerce_files},      // ElfrOpenBELA
    {"fsrvp", 8, D::coerce_files},          // IsPathSupported
    {"fsrvp", 9, D::coerce_files},          // IsPathShadowCopied
    {"lsarpc", 29, D::account_change},      // LsarSetSecret
    {"lsarpc", 30, D::secret_read},         // LsarQuerySecret
    {"lsarpc", 42, D::account_change},      // LsarStorePrivateData
    {"lsarpc", 43, D::secret_read},         // LsarRetrievePrivateData
    {"netdfs", 12, D::coerce_files},        // NetrDfsAddStdRoot
    {"netdfs", 13, D::coerce_files},        // NetrDfsRemoveStdRoot
    {"samr", 22, D::member_add},            // SamrAddMemberToGroup
    {"samr", 31, D::member_add},            // SamrAddMemberToAlias
    {"samr", 37, D::account_change},        // SamrSetInformationUser
    {"samr", 58, D::account_change},        // SamrSetInformationUser2
    {"spoolss", 62, D::coerce_print},       // RpcRemoteFindFirstPrinterChangeNotification
    {"spoolss", 65, D::coerce_print},       // RpcRemoteFindFirstPrinterChangeNotificationEx
    {"spoolss", 89, D::print_driver},       // RpcAddPrinterDriverEx
    {"winreg", 20, D::hive_save},           // BaseRegSaveKey
    {"winreg", 31, D::hive_save},           // BaseRegSaveKeyEx
}));

/// Keys of machines are random, whatever the encryption: only passwords that people chose can be guessed. These are the
/// classes of services that Windows runs as the machine itself, and Kerberos's own.
bool is_of_machine(std::string_view service) {
  constexpr std::string_view kClasses[] = {"krbtgt",
                                           "kadmin",
                                           "host",
                                           "cifs",
                                           "ldap",
                                           "gc",
                                           "restrictedkrbhost",
                                           "termsrv",
                                           "wsman",
                                           "dns",
                                           "rpcss",
                                           "rpc",
                                           "dfsr-12f9a27c-bf97-4787-9364-d31b6c55eb04",
                                           "nfs",
                                           "protectedstorage"};
  const std::string_view name = service.substr(0, service.find('/'));
  return name.empty() || service.ends_with('$') ||
         std::ranges::any_of(kClasses, [&](std::string_view of) { return equal_nocase(name, of); });
}

/// "anna" of "anna@EXAMPLE.COM".
std::string_view without_realm(std::string_view client) {
  return client.substr(0, client.rfind('@'));
}

/// Of LDAP (MS-ADTS 6.1.1.2.2.1.2.1.1, MS-ADA2 2.346, 2.480).
std::optional<uint8_t> act_on_entry(const OperationSeen& seen) {
  constexpr std::string_view kKeys[] = {"msds-keycredentiallink", "msds-allowedtoactonbehalfofotheridentity"};
  const DirectoryObject object = directory_object(seen.object);
  if (seen.operation == "add") {
    return to_lower(object.name).starts_with("cn=ntds settings,") ? std::optional<uint8_t>(D::replica_add)
                                                                  : std::nullopt;
  }
  if (seen.operation != "modify") return {};
  for (const std::string_view attribute : split(object.attributes, ',')) {
    for (const std::string_view key : kKeys) {
      if (equal_nocase(attribute, key)) return D::account_key;
    }
  }
  return {};
}

}  // namespace

void DirectoryAttack::Delta::operator+=(Delta&& other) {
  acts += std::move(other.acts);
  sessions.merge(other.sessions);
  controllers.merge(other.controllers);
}

void DirectoryAttack::Delta::seal() {
  acts.seal();
  sessions.seal();
  controllers.seal();
}

void DirectoryAttack::Delta::clear() {
  acts.clear();
  sessions.clear();
  controllers.clear();
}

void DirectoryAttack::Local::serve(const IpAddress& server, const IpAddress& client, Delta& delta) const {
  delta.controllers.at(server).add(keyed_hash(client.bytes, seed_));
}

void DirectoryAttack::Local::operation(const OperationOf& operation, Delta& delta) const {
  const OperationSeen& seen = operation.operation;
  const FlowRef& flow = operation.flow;
  if (!surroundings_.inside(flow.server)) return;
  if (logs_machine_in(seen) && seen.outcome == Outcome::success) serve(flow.server, flow.client, delta);
  const auto act = seen.interface == "ldap" ? act_on_entry(seen) : act_of(kActs, seen);
  if (act) delta.acts.acts.at({{flow.client, flow.server}, *act}).merge(Act::of(operation, seen.object, seed_));
}

/// Where a server that was made to log in goes: SMB, or the web (WebDAV).
void DirectoryAttack::Local::flow(const FlowUpdate& update, Delta& delta) const {
  constexpr uint16_t kPorts[] = {80, 139, 445};
  constexpr uint8_t kTcp = 6;
  const FlowRef& flow = *update.flow;
  if (flow.proto != kTcp || flow.midstream || std::ranges::find(kPorts, flow.server_port) == std::end(kPorts)) return;
  if (!surroundings_.inside(flow.client) || !surroundings_.inside(flow.server)) return;
  delta.sessions.at({flow.client, flow.server}).merge({flow.start, name_of(flow)});
}

void DirectoryAttack::Local::add(const Observed& observed, Kind kind, std::string_view object, Delta& delta) const {
  const FlowRef& flow = *observed.flow;
  delta.acts.acts.at({{flow.client, flow.server}, kind}).merge(Act::of(flow, observed.time, object, seed_));
}

bool DirectoryAttack::Local::asked(const Event& event, Asked& out) {
  bool seen = false;
  requested_.for_each(event, [&](const Value& value) {
    const std::string_view name = to_text(value.bytes);
    if (!seen) out.rc4_first = name.starts_with("rc4");
    out.aes |= name.starts_with("aes");
    return seen = true;
  });
  proof_.for_each(event, [&](const Value& value) {
    constexpr std::string_view kProofs[] = {"PA-ENC-TIMESTAMP",       "PA-PK-AS-REQ", "PA-PK-AS-REQ-OLD", "PA-FX-FAST",
                                            "PA-ENCRYPTED-CHALLENGE", "PA-SPAKE",     "PA-OTP-REQUEST"};
    out.proven |= std::ranges::find(kProofs, to_text(value.bytes)) != std::end(kProofs);
    return true;
  });
  return seen;
}

/// A message of a KDC (RFC 4120 5.4.2, 5.9.1).
void DirectoryAttack::Local::event(const Observed& observed, Delta& delta) {
  constexpr uint64_t kAsReply = 11, kTgsReply = 13, kError = 30, kProofRequired = 25;
  const Event& event = observed.event;
  if (!event.record || !observed.flow || !surroundings_.inside(observed.flow->server)) return;
  const auto type = type_.first(event);
  if (!type) return;
  if (type->integer == kTgsReply) return take_ticket(observed, delta);
  if (type->integer == kAsReply) return take_login(observed, delta);
  if (type->integer != kError) return;
  const auto error = error_.first(event);
  if (error && error->integer == kProofRequired) {
    add(observed, bare_refused, without_realm(client_.text(event)), delta);
  }
}

/// Of the ticket's encryption (RFC 3961 8, RFC 3962 7, RFC 8009 5, RFC 4757 5).
DirectoryAttack::Local::Strength DirectoryAttack::Local::ticket(const Event& event) {
  constexpr uint64_t kAes = 17, kLastAes = 20, kRc4 = 23, kRc4Export = 24;
  const auto type = ticket_.first(event);
  if (!type) return Strength::unknown;
  if (type->integer >= kAes && type->integer <= kLastAes) return Strength::aes;
  return type->integer == kRc4 || type->integer == kRc4Export ? Strength::rc4 : Strength::unknown;
}

void DirectoryAttack::Local::take_ticket(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  serve(observed.flow->server, observed.flow->client, delta);
  const Strength strength = ticket(event);
  const std::string_view service = service_.text(event);
  if (strength == Strength::aes) {
    add(observed, granted_aes, {}, delta);
    // Clients ask for services; an account by its name, as in "DOMAIN\name", is what tools have from a directory.
    if (!is_of_machine(service) && service.find('/') == std::string_view::npos) {
      add(observed, ticket_account, service, delta);
    }
    return;
  }
  if (strength != Strength::rc4 || is_of_machine(service)) return;
  add(observed, ticket_rc4, service, delta);
  Asked request;
  if (asked(event, request) && (request.rc4_first || !request.aes)) add(observed, ticket_rc4_asked, service, delta);
}

void DirectoryAttack::Local::take_login(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  serve(observed.flow->server, observed.flow->client, delta);
  const bool aes = ticket(event) == Strength::aes;
  if (aes) add(observed, granted_aes, {}, delta);
  const std::string client(without_realm(client_.text(event)));
  add(observed, login_granted, client, delta);
  Asked request;
  if (!asked(event, request)) return;
  const std::string_view encryption = encryption_.text(event);
  if (encryption.starts_with("aes") && !request.proven) return add(observed, bare_aes, client, delta);
  if (!encryption.starts_with("rc4")) return;
  if (!request.proven) return add(observed, bare_rc4, client, delta);
  if (aes && !request.aes) add(observed, login_rc4, client, delta);
}

}  // namespace lapwing::analytics
