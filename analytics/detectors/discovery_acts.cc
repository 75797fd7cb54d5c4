// What is seen on workers: what operations and answers of name servers ask for.
#include "analytics/detectors/directory_query.h"
#include "analytics/detectors/discovery.h"

namespace lapwing::analytics {
namespace {

using D = Discovery;
// MS-SAMR 3.1.5, MS-SRVS 3.1.4, MS-WKST 3.2.4, MS-LSAD 3.1.4, MS-LSAT 3.1.4, MS-RRP 3.1.5, MS-SCMR 3.1.4,
// MS-TSCH 3.2.5, MS-NRPC 3.5.4, MS-DNSP 3.1.4; the endpoint mapper of C706 appendix O.
constexpr Few kActs(std::to_array<ActRow>({
    {"ITaskSchedulerService", 6, D::tasks},  // SchRpcEnumFolders
    {"ITaskSchedulerService", 7, D::tasks},  // SchRpcEnumTasks
    {"atsvc", 2, D::tasks},                  // NetrJobEnum
    {"dnsserver", 3, D::dns_records},        // R_DnssrvEnumRecords
    {"dnsserver", 8, D::dns_records},        // R_DnssrvEnumRecords2
    {"epmapper", 2, D::endpoints},           // ept_lookup
    {"lsarpc", 11, D::rights},               // LsarEnumerateAccounts
    {"lsarpc", 13, D::trusts},               // LsarEnumerateTrustedDomains
    {"lsarpc", 14, D::names},
    {"lsarpc", 15, D::names},
    {"lsarpc", 35, D::rights},  // LsarEnumerateAccountsWithUserRight
    {"lsarpc", 50, D::trusts},  // LsarEnumerateTrustedDomainsEx
    {"lsarpc", 57, D::names},
    {"lsarpc", 58, D::names},
    {"lsarpc", 68, D::names},
    {"netlogon", 36, D::trusts},  // NetrEnumerateTrustedDomainsEx
    {"netlogon", 40, D::trusts},  // DsrEnumerateDomainTrusts
    {"samr", 11, D::groups},      // SamrEnumerateGroupsInDomain
    {"samr", 13, D::users},       // SamrEnumerateUsersInDomain
    {"samr", 15, D::groups},      // SamrEnumerateAliasesInDomain
    {"samr", 17, D::names},
    {"samr", 18, D::names},
    {"samr", 25, D::members},  // SamrGetMembersInGroup
    {"samr", 33, D::members},  // SamrGetMembersInAlias
    {"samr", 36, D::user_details},
    {"samr", 39, D::user_details},  // SamrGetGroupsForUser
    {"samr", 40, D::users},         // SamrQueryDisplayInformation
    {"samr", 47, D::user_details},
    {"samr", 48, D::users},
    {"samr", 51, D::users},
    {"srvsvc", 8, D::sessions},    // NetrConnectionEnum
    {"srvsvc", 9, D::open_files},  // NetrFileEnum
    {"srvsvc", 12, D::sessions},   // NetrSessionEnum
    {"srvsvc", 15, D::shares},     // NetrShareEnum
    {"srvsvc", 21, D::server},     // NetrServerGetInfo
    {"srvsvc", 36, D::shares},
    {"svcctl", 14, D::services},  // REnumServicesStatusW
    {"svcctl", 26, D::services},
    {"svcctl", 41, D::services},
    {"svcctl", 42, D::services},          // REnumServicesStatusExW
    {"winreg", 9, D::registry},           // BaseRegEnumKey
    {"winreg", 10, D::registry},          // BaseRegEnumValue
    {"wkssvc", 0, D::workstation},        // NetrWkstaGetInfo
    {"wkssvc", 2, D::workstation_users},  // NetrWkstaUserEnum
}));

std::optional<uint8_t> kind_of(const OperationSeen& seen) {
  if (seen.interface != "ldap") return act_of(kActs, seen);
  if (seen.operation != "search") return {};
  switch (query_of(seen.object)) {
    case DirectoryQuery::none: return {};
    case DirectoryQuery::services: return D::ldap_services;
    case DirectoryQuery::privileged: return D::ldap_privileged;
    case DirectoryQuery::unprotected: return D::ldap_unprotected;
    case DirectoryQuery::users: return D::ldap_users;
    case DirectoryQuery::groups: return D::ldap_groups;
    case DirectoryQuery::computers: return D::ldap_computers;
    case DirectoryQuery::trusts: return D::trusts;
    case DirectoryQuery::all: return D::ldap_all;
  }
  return {};
}

}  // namespace

void Discovery::Local::operation(const OperationOf& operation, Delta& delta) const {
  const FlowRef& flow = operation.flow;
  if (!surroundings_.inside(flow.server)) return;
  const auto kind = kind_of(operation.operation);
  if (!kind) return;
  const uint32_t asked = operation.operation.asked;
  const Act one = Act::of(operation, operation.operation.object, seed_);
  delta.acts.at({{flow.client, flow.server}, *kind}).merge(one);
  if (asked > 0 && asked >= config_.guesses) delta.acts.at({{flow.client, flow.server}, sids}).merge(one);
}

/// Who fetches a zone (RFC 5936) has all the names in it.
void Discovery::Local::event(const Observed& observed, Delta& delta) {
  const Event& event = observed.event;
  if (!event.record || !observed.flow || event.direction != Direction::to_client) return;
  constexpr uint64_t kAxfr = 252;
  const auto type = type_.first(observed);
  if (!surroundings_.inside(observed.flow->server) || !type || type->integer != kAxfr) return;
  const FlowRef& flow = *observed.flow;
  delta.acts.at({{flow.client, flow.server}, zone}).merge(Act::of(flow, observed.time, name_.text(observed), seed_));
}

}  // namespace lapwing::analytics
