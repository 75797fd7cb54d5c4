#include "dissectors/protocols/ldap/ldap_names.h"

#include <algorithm>

#include "sensor/base/text.h"

namespace lapwing::ldap {

namespace {

// Sorted by number.
constexpr NamedValue kOperations[] = {
    {"bind_request", Operation::bind_request},
    {"bind_response", Operation::bind_response},
    {"unbind_request", Operation::unbind_request},
    {"search_request", Operation::search_request},
    {"search_result_entry", Operation::search_result_entry},
    {"search_result_done", Operation::search_result_done},
    {"modify_request", Operation::modify_request},
    {"modify_response", Operation::modify_response},
    {"add_request", Operation::add_request},
    {"add_response", Operation::add_response},
    {"del_request", Operation::del_request},
    {"del_response", Operation::del_response},
    {"mod_dn_request", Operation::mod_dn_request},
    {"mod_dn_response", Operation::mod_dn_response},
    {"compare_request", Operation::compare_request},
    {"compare_response", Operation::compare_response},
    {"abandon_request", Operation::abandon_request},
    {"search_result_reference", Operation::search_result_reference},
    {"extended_request", Operation::extended_request},
    {"extended_response", Operation::extended_response},
    {"intermediate_response", Operation::intermediate_response},
};

// Sorted by number. From 81 to 101 those of draft-ietf-ldapext-ldap-c-api, 118 to 122 RFC 3909 and RFC 4528, 4096
// RFC 4533, 16654 draft-zeilenga-ldap-noop.
constexpr NamedValue kResults[] = {
    {"success", 0},
    {"operations_error", 1},
    {"protocol_error", 2},
    {"time_limit_exceeded", 3},
    {"size_limit_exceeded", 4},
    {"compare_false", 5},
    {"compare_true", 6},
    {"auth_method_not_supported", 7},
    {"stronger_auth_required", 8},
    {"referral", 10},
    {"admin_limit_exceeded", 11},
    {"unavailable_critical_extension", 12},
    {"confidentiality_required", 13},
    {"sasl_bind_in_progress", 14},
    {"no_such_attribute", 16},
    {"undefined_attribute_type", 17},
    {"inappropriate_matching", 18},
    {"constraint_violation", 19},
    {"attribute_or_value_exists", 20},
    {"invalid_attribute_syntax", 21},
    {"no_such_object", 32},
    {"alias_problem", 33},
    {"invalid_dns_syntax", 34},
    {"is_leaf", 35},
    {"alias_dereferencing_problem", 36},
    {"inappropriate_authentication", 48},
    {"invalid_credentials", 49},
    {"insufficient_access_rights", 50},
    {"busy", 51},
    {"unavailable", 52},
    {"unwilling_to_perform", 53},
    {"loop_detect", 54},
    {"sort_control_missing", 60},
    {"offset_range_error", 61},
    {"naming_violation", 64},
    {"object_class_violation", 65},
    {"not_allowed_on_non_leaf", 66},
    {"not_allowed_on_rdn", 67},
    {"entry_already_exists", 68},
    {"object_class_mods_prohibited", 69},
    {"results_too_large", 70},
    {"affects_multiple_dsas", 71},
    {"control_error", 76},
    {"other", 80},
    {"server_down", 81},
    {"local_error", 82},
    {"encoding_error", 83},
    {"decoding_error", 84},
    {"timeout", 85},
    {"auth_unknown", 86},
    {"filter_error", 87},
    {"user_canceled", 88},
    {"param_error", 89},
    {"no_memory", 90},
    {"connect_error", 91},
    {"not_supported", 92},
    {"control_not_found", 93},
    {"no_results_returned", 94},
    {"more_results_to_return", 95},
    {"client_loop", 96},
    {"referral_limit_exceeded", 97},
    {"invalid_response", 100},
    {"ambiguous_response", 101},
    {"tls_not_supported", 112},
    {"intermediate_response", 113},
    {"unknown_type", 114},
    {"canceled", 118},
    {"no_such_operation", 119},
    {"too_late", 120},
    {"cannot_cancel", 121},
    {"assertion_failed", 122},
    {"authorization_denied", 123},
    {"e_sync_refresh_required", 4096},
    {"no_operation", 16654},
};

constexpr NamedValue kChanges[] = {{"add", 0}, {"delete", 1}, {"replace", 2}, {"increment", 3}};

// Sorted by number.
constexpr NamedValue kRefusals[] = {
    {"no_such_user", 0x525},         {"logon_failure", 0x52e},        {"account_restriction", 0x52f},
    {"invalid_logon_hours", 0x530},  {"invalid_workstation", 0x531},  {"password_expired", 0x532},
    {"account_disabled", 0x533},     {"too_many_context_ids", 0x568}, {"account_expired", 0x701},
    {"password_must_change", 0x773}, {"account_locked_out", 0x775},
};

struct NamedOid {
  std::string_view oid, name;
};

constexpr NamedOid kExtensions[] = {
    {kStartTls, "start_tls"},
    {kPasswordModify, "password_modify"},
    {"1.3.6.1.4.1.1466.20036", "notice_of_disconnection"},  // RFC 4511 4.4.1
    {"1.3.6.1.4.1.4203.1.11.3", "who_am_i"},                // RFC 4532
    {"1.3.6.1.1.8", "cancel"},                              // RFC 3909
    {"1.3.6.1.1.17.1", "turn"},                             // RFC 4531
    {"1.3.6.1.1.21.1", "start_transaction"},                // RFC 5805
    {"1.3.6.1.1.21.3", "end_transaction"},
    {"1.3.6.1.1.21.4", "aborted_transaction"},
    {"1.3.6.1.4.1.1466.101.119.1", "dynamic_refresh"},  // RFC 2589
    {"1.2.840.113556.1.4.1781", "fast_bind"},           // MS-ADTS 3.1.1.3.4.2
    {"1.2.840.113556.1.4.2212", "batch_request"},
    {"1.3.6.1.4.1.4203.1.9.1.4", "sync_info"},  // RFC 4533 2.5
};

// RFC 2649, 2696, 2891, 3062, 3296, 3672, 3829, 3876, 4370, 4527, 4528, 4533, 6171; MS-ADTS 3.1.1.3.4.1 for those below
// 1.2.840.113556; the rest are drafts that servers implement.
constexpr NamedOid kControls[] = {
    {"1.2.840.113556.1.4.319", "paged_results"},
    {"1.2.840.113556.1.4.417", "show_deleted"},
    {"1.2.840.113556.1.4.473", "server_sort"},
    {"1.2.840.113556.1.4.474", "server_sort_response"},
    {"1.2.840.113556.1.4.521", "crossdom_move_target"},
    {"1.2.840.113556.1.4.528", "notification"},
    {"1.2.840.113556.1.4.529", "extended_dn"},
    {"1.2.840.113556.1.4.619", "lazy_commit"},
    {"1.2.840.113556.1.4.801", "sd_flags"},
    {"1.2.840.113556.1.4.802", "range_option"},
    {"1.2.840.113556.1.4.805", "tree_delete"},
    {"1.2.840.113556.1.4.841", "dir_sync"},
    {"1.2.840.113556.1.4.970", "get_stats"},
    {"1.2.840.113556.1.4.1338", "verify_name"},
    {"1.2.840.113556.1.4.1339", "domain_scope"},
    {"1.2.840.113556.1.4.1340", "search_options"},
    {"1.2.840.113556.1.4.1341", "rodc_dcpromo"},
    {"1.2.840.113556.1.4.1413", "permissive_modify"},
    {"1.2.840.113556.1.4.1504", "attribute_scoped_query"},
    {"1.2.840.113556.1.4.1852", "quota_control"},
    {"1.2.840.113556.1.4.1948", "range_retrieval_no_error"},
    {"1.2.840.113556.1.4.1974", "force_update"},
    {"1.2.840.113556.1.4.2026", "input_dn"},
    {"1.2.840.113556.1.4.2064", "show_recycled"},
    {"1.2.840.113556.1.4.2065", "show_deactivated_link"},
    {"1.2.840.113556.1.4.2066", "policy_hints_deprecated"},
    {"1.2.840.113556.1.4.2090", "dir_sync_ex"},
    {"1.2.840.113556.1.4.2204", "tree_delete_ex"},
    {"1.2.840.113556.1.4.2205", "update_stats"},
    {"1.2.840.113556.1.4.2206", "search_hints"},
    {"1.2.840.113556.1.4.2211", "expected_entry_count"},
    {"1.2.840.113556.1.4.2239", "policy_hints"},
    {"1.2.840.113556.1.4.2255", "set_owner"},
    {"1.2.840.113556.1.4.2256", "bypass_quota"},
    {"1.2.840.113556.1.4.2309", "link_ttl"},
    {"1.3.6.1.1.12", "assertion"},
    {"1.3.6.1.1.13.1", "pre_read"},
    {"1.3.6.1.1.13.2", "post_read"},
    {"1.3.6.1.1.21.2", "transaction"},
    {"1.3.6.1.1.22", "do_not_use_copy"},
    {"1.3.6.1.4.1.42.2.27.8.5.1", "password_policy"},
    {"1.3.6.1.4.1.4203.1.9.1.1", "sync_request"},
    {"1.3.6.1.4.1.4203.1.9.1.2", "sync_state"},
    {"1.3.6.1.4.1.4203.1.9.1.3", "sync_done"},
    {"1.3.6.1.4.1.4203.1.10.1", "subentries"},
    {"1.3.6.1.4.1.4203.1.10.2", "no_op"},
    {"1.2.826.0.1.3344810.2.3", "matched_values"},
    {"2.16.840.1.113730.3.4.2", "manage_dsa_it"},
    {"2.16.840.1.113730.3.4.3", "persistent_search"},
    {"2.16.840.1.113730.3.4.4", "password_expired"},
    {"2.16.840.1.113730.3.4.5", "password_expiring"},
    {"2.16.840.1.113730.3.4.7", "entry_change_notification"},
    {"2.16.840.1.113730.3.4.9", "virtual_list_view"},
    {"2.16.840.1.113730.3.4.10", "virtual_list_view_response"},
    {"2.16.840.1.113730.3.4.15", "authorization_identity_response"},
    {"2.16.840.1.113730.3.4.16", "authorization_identity_request"},
    {"2.16.840.1.113730.3.4.18", "proxied_authorization"},
};

// RFC 4519 2.41, RFC 3112; MS-ADA1 to MS-ADA3 for Active Directory's; LAPS's; Samba's and FreeIPA's.
constexpr std::string_view kSecrets[] = {
    "userPassword",
    "authPassword",
    "unicodePwd",
    "dBCSPwd",
    "lmPwdHistory",
    "ntPwdHistory",
    "supplementalCredentials",
    "ms-Mcs-AdmPwd",
    "msLAPS-Password",
    "unixUserPassword",
    "msSFU30Password",
    "sambaNTPassword",
    "sambaLMPassword",
    "clearTextPassword",
    "krbPrincipalKey",
    "msDS-ManagedPassword",
    "initialAuthIncoming",
    "initialAuthOutgoing",
    "trustAuthIncoming",
    "trustAuthOutgoing",
    "ipaNTHash",
};

std::string_view name_in(std::span<const NamedValue> table, uint64_t number, std::string& scratch) {
  const auto row = std::ranges::lower_bound(table, number, {}, &NamedValue::value);
  if (row != table.end() && row->value == number) return row->name;
  return scratch = std::to_string(number);
}

std::string_view name_in(std::span<const NamedOid> table, std::string_view oid) {
  const auto row = std::ranges::find(table, oid, &NamedOid::oid);
  return row == table.end() ? std::string_view() : row->name;
}

}  // namespace

std::span<const NamedValue> operation_names() {
  return kOperations;
}
std::string_view operation_name(uint64_t operation, std::string& scratch) {
  return name_in(kOperations, operation, scratch);
}
std::span<const NamedValue> result_names() {
  return kResults;
}
std::string_view result_name(uint64_t code, std::string& scratch) {
  return name_in(kResults, code, scratch);
}
std::string_view change_name(uint64_t change, std::string& scratch) {
  return name_in(kChanges, change, scratch);
}
std::span<const NamedValue> refusal_names() {
  return kRefusals;
}
std::string_view refusal_name(uint64_t code, std::string& scratch) {
  return name_in(kRefusals, code, scratch);
}
std::string_view extension_name(std::string_view oid) {
  return name_in(kExtensions, oid);
}
std::string_view control_name(std::string_view oid) {
  return name_in(kControls, oid);
}

bool is_secret(std::string_view attribute) {
  const std::string_view type = attribute.substr(0, attribute.find(';'));  // before its options (RFC 4512 2.5)
  return std::ranges::any_of(kSecrets, [&](std::string_view secret) { return equal_nocase(type, secret); });
}

}  // namespace lapwing::ldap
