#include "analytics/detectors/directory_query.h"

#include <algorithm>
#include <span>
#include <string>

#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using Q = DirectoryQuery;
struct Sign {
  std::string_view text;  // of a filter in lower case
  Q query;
};
/// The first that a filter has says what it is after (MS-ADA1 to 3, MS-ADTS 2.2.16, 3.1.1.3.4.4).
constexpr Sign kSigns[] = {
    {"(serviceprincipalname=*", Q::services},
    {"(admincount=1)", Q::privileged},
    {"cn=domain admins", Q::privileged},
    {"(samaccountname=domain admins)", Q::privileged},
    {"(samaccountname=*admin*)", Q::privileged},
    {":=4194304)", Q::unprotected},   // DONT_REQUIRE_PREAUTH
    {":=524288)", Q::unprotected},    // TRUSTED_FOR_DELEGATION
    {":=16777216)", Q::unprotected},  // TRUSTED_TO_AUTH_FOR_DELEGATION
    {":=32)", Q::unprotected},        // PASSWD_NOTREQD
    {"(msds-allowedtodelegateto=*", Q::unprotected},
    {"(msds-allowedtoactonbehalfofotheridentity=*", Q::unprotected},
    {"(ms-mcs-admpwd", Q::unprotected},
    {"(mslaps-", Q::unprotected},
    {"(objectclass=msds-groupmanagedserviceaccount)", Q::unprotected},
    {"(objectclass=trusteddomain)", Q::trusts},
    {"(objectcategory=trusteddomain)", Q::trusts},
    {"(samaccounttype=805306369)", Q::computers},
    {"(objectcategory=computer)", Q::computers},
    {"(objectclass=computer)", Q::computers},
    {"(samaccounttype=805306368)", Q::users},
    {"(objectcategory=person)", Q::users},
    {"(objectcategory=user)", Q::users},
    {"(objectclass=user)", Q::users},
    {"(objectclass=person)", Q::users},
    {"(samaccounttype=268435456)", Q::groups},
    {"(samaccounttype=536870912)", Q::groups},
    {"(objectclass=group)", Q::groups},
    {"(objectcategory=group)", Q::groups},
};
/// By which one thing is looked up, where no wildcard follows.
constexpr std::string_view kNames[] = {"(samaccountname=",
                                       "(objectguid=",
                                       "(objectsid=",
                                       "(distinguishedname=",
                                       "(cn=",
                                       "(name=",
                                       "(userprincipalname=",
                                       "(dnshostname=",
                                       "(mail=",
                                       "(proxyaddresses=",
                                       "(serviceprincipalname=",
                                       "(uid=",
                                       "(sn=",
                                       "(displayname="};

bool looks_up_one(std::string_view filter) {
  return std::ranges::any_of(kNames, [&](std::string_view name) {
    const size_t at = filter.find(name);
    if (at == std::string_view::npos) return false;
    const std::string_view value = filter.substr(at + name.size());
    return value.substr(0, value.find(')')).find('*') == std::string_view::npos;
  });
}

}  // namespace

DirectoryObject directory_object(std::string_view text) {
  DirectoryObject out;
  for (std::string_view* part : {&out.name, &out.attributes, &out.scope}) {
    const size_t end = text.find('?');
    *part = text.substr(0, end);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
  out.filter = text;
  return out;
}

DirectoryQuery query_of(std::string_view search) {
  const DirectoryObject object = directory_object(search);
  if (object.filter.empty() || object.scope == "base") return Q::none;
  const std::string filter = to_lower(object.filter);
  const auto* sign = std::ranges::find_if(
      kSigns, [&](const Sign& of) { return std::string_view(filter).find(of.text) != std::string_view::npos; });
  if (sign != std::end(kSigns)) {
    const bool kind_alone = sign->query >= Q::users;
    return kind_alone && looks_up_one(filter) ? Q::none : sign->query;
  }
  const bool domain = to_lower(object.name).starts_with("dc=");
  return domain && object.scope == "sub" && filter == "(objectclass=*)" ? Q::all : Q::none;
}

}  // namespace lapwing::analytics
