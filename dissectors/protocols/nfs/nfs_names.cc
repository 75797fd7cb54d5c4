// Names of procedures, operations, errors and kinds of files.
#include <algorithm>

#include "dissectors/protocols/nfs/nfs_parser.h"
#include "sensor/base/text.h"

namespace lapwing::nfs {

namespace {

// RFC 1094 2.2.
constexpr std::string_view kV2[] = {"NULL", "GETATTR",    "SETATTR", "ROOT",   "LOOKUP",  "READLINK",
                                    "READ", "WRITECACHE", "WRITE",   "CREATE", "REMOVE",  "RENAME",
                                    "LINK", "SYMLINK",    "MKDIR",   "RMDIR",  "READDIR", "STATFS"};
// RFC 1813 3.3.
constexpr std::string_view kV3[] = {"NULL",   "GETATTR", "SETATTR",  "LOOKUP", "ACCESS",  "READLINK",
                                    "READ",   "WRITE",   "CREATE",   "MKDIR",  "SYMLINK", "MKNOD",
                                    "REMOVE", "RMDIR",   "RENAME",   "LINK",   "READDIR", "READDIRPLUS",
                                    "FSSTAT", "FSINFO",  "PATHCONF", "COMMIT"};
// Procedures 0 and 1, and operations: RFC 7530 16, RFC 8881 18, RFC 7862 15, RFC 8276 8.4.
constexpr std::string_view kV4[] = {"NULL",
                                    "COMPOUND",
                                    "",
                                    "ACCESS",
                                    "CLOSE",
                                    "COMMIT",
                                    "CREATE",
                                    "DELEGPURGE",
                                    "DELEGRETURN",
                                    "GETATTR",
                                    "GETFH",
                                    "LINK",
                                    "LOCK",
                                    "LOCKT",
                                    "LOCKU",
                                    "LOOKUP",
                                    "LOOKUPP",
                                    "NVERIFY",
                                    "OPEN",
                                    "OPENATTR",
                                    "OPEN_CONFIRM",
                                    "OPEN_DOWNGRADE",
                                    "PUTFH",
                                    "PUTPUBFH",
                                    "PUTROOTFH",
                                    "READ",
                                    "READDIR",
                                    "READLINK",
                                    "REMOVE",
                                    "RENAME",
                                    "RENEW",
                                    "RESTOREFH",
                                    "SAVEFH",
                                    "SECINFO",
                                    "SETATTR",
                                    "SETCLIENTID",
                                    "SETCLIENTID_CONFIRM",
                                    "VERIFY",
                                    "WRITE",
                                    "RELEASE_LOCKOWNER",
                                    "BACKCHANNEL_CTL",
                                    "BIND_CONN_TO_SESSION",
                                    "EXCHANGE_ID",
                                    "CREATE_SESSION",
                                    "DESTROY_SESSION",
                                    "FREE_STATEID",
                                    "GET_DIR_DELEGATION",
                                    "GETDEVICEINFO",
                                    "GETDEVICELIST",
                                    "LAYOUTCOMMIT",
                                    "LAYOUTGET",
                                    "LAYOUTRETURN",
                                    "SECINFO_NO_NAME",
                                    "SEQUENCE",
                                    "SET_SSV",
                                    "TEST_STATEID",
                                    "WANT_DELEGATION",
                                    "DESTROY_CLIENTID",
                                    "RECLAIM_COMPLETE",
                                    "ALLOCATE",
                                    "COPY",
                                    "COPY_NOTIFY",
                                    "DEALLOCATE",
                                    "IO_ADVISE",
                                    "LAYOUTERROR",
                                    "LAYOUTSTATS",
                                    "OFFLOAD_CANCEL",
                                    "OFFLOAD_STATUS",
                                    "READ_PLUS",
                                    "SEEK",
                                    "WRITE_SAME",
                                    "CLONE",
                                    "GETXATTR",
                                    "SETXATTR",
                                    "LISTXATTRS",
                                    "REMOVEXATTR"};

// RFC 1813 2.6, RFC 8881 15.1, RFC 7862 11.
constexpr NamedValue kErrors[] = {
    {"OK", 0},
    {"ERR_PERM", 1},
    {"ERR_NOENT", 2},
    {"ERR_IO", 5},
    {"ERR_NXIO", 6},
    {"ERR_ACCES", 13},
    {"ERR_EXIST", 17},
    {"ERR_XDEV", 18},
    {"ERR_NODEV", 19},
    {"ERR_NOTDIR", 20},
    {"ERR_ISDIR", 21},
    {"ERR_INVAL", 22},
    {"ERR_FBIG", 27},
    {"ERR_NOSPC", 28},
    {"ERR_ROFS", 30},
    {"ERR_MLINK", 31},
    {"ERR_NAMETOOLONG", 63},
    {"ERR_NOTEMPTY", 66},
    {"ERR_DQUOT", 69},
    {"ERR_STALE", 70},
    {"ERR_REMOTE", 71},
    {"ERR_WFLUSH", 99},
    {"ERR_BADHANDLE", 10001},
    {"ERR_NOT_SYNC", 10002},
    {"ERR_BAD_COOKIE", 10003},
    {"ERR_NOTSUPP", 10004},
    {"ERR_TOOSMALL", 10005},
    {"ERR_SERVERFAULT", 10006},
    {"ERR_BADTYPE", 10007},
    {"ERR_JUKEBOX", 10008},
    {"ERR_SAME", 10009},
    {"ERR_DENIED", 10010},
    {"ERR_EXPIRED", 10011},
    {"ERR_LOCKED", 10012},
    {"ERR_GRACE", 10013},
    {"ERR_FHEXPIRED", 10014},
    {"ERR_SHARE_DENIED", 10015},
    {"ERR_WRONGSEC", 10016},
    {"ERR_CLID_INUSE", 10017},
    {"ERR_RESOURCE", 10018},
    {"ERR_MOVED", 10019},
    {"ERR_NOFILEHANDLE", 10020},
    {"ERR_MINOR_VERS_MISMATCH", 10021},
    {"ERR_STALE_CLIENTID", 10022},
    {"ERR_STALE_STATEID", 10023},
    {"ERR_OLD_STATEID", 10024},
    {"ERR_BAD_STATEID", 10025},
    {"ERR_BAD_SEQID", 10026},
    {"ERR_NOT_SAME", 10027},
    {"ERR_LOCK_RANGE", 10028},
    {"ERR_SYMLINK", 10029},
    {"ERR_RESTOREFH", 10030},
    {"ERR_LEASE_MOVED", 10031},
    {"ERR_ATTRNOTSUPP", 10032},
    {"ERR_NO_GRACE", 10033},
    {"ERR_RECLAIM_BAD", 10034},
    {"ERR_RECLAIM_CONFLICT", 10035},
    {"ERR_BADXDR", 10036},
    {"ERR_LOCKS_HELD", 10037},
    {"ERR_OPENMODE", 10038},
    {"ERR_BADOWNER", 10039},
    {"ERR_BADCHAR", 10040},
    {"ERR_BADNAME", 10041},
    {"ERR_BAD_RANGE", 10042},
    {"ERR_LOCK_NOTSUPP", 10043},
    {"ERR_OP_ILLEGAL", 10044},
    {"ERR_DEADLOCK", 10045},
    {"ERR_FILE_OPEN", 10046},
    {"ERR_ADMIN_REVOKED", 10047},
    {"ERR_CB_PATH_DOWN", 10048},
    {"ERR_BADIOMODE", 10049},
    {"ERR_BADLAYOUT", 10050},
    {"ERR_BAD_SESSION_DIGEST", 10051},
    {"ERR_BADSESSION", 10052},
    {"ERR_BADSLOT", 10053},
    {"ERR_COMPLETE_ALREADY", 10054},
    {"ERR_CONN_NOT_BOUND_TO_SESSION", 10055},
    {"ERR_DELEG_ALREADY_WANTED", 10056},
    {"ERR_BACK_CHAN_BUSY", 10057},
    {"ERR_LAYOUTTRYLATER", 10058},
    {"ERR_LAYOUTUNAVAILABLE", 10059},
    {"ERR_NOMATCHING_LAYOUT", 10060},
    {"ERR_RECALLCONFLICT", 10061},
    {"ERR_UNKNOWN_LAYOUTTYPE", 10062},
    {"ERR_SEQ_MISORDERED", 10063},
    {"ERR_SEQUENCE_POS", 10064},
    {"ERR_REQ_TOO_BIG", 10065},
    {"ERR_REP_TOO_BIG", 10066},
    {"ERR_REP_TOO_BIG_TO_CACHE", 10067},
    {"ERR_RETRY_UNCACHED_REP", 10068},
    {"ERR_UNSAFE_COMPOUND", 10069},
    {"ERR_TOO_MANY_OPS", 10070},
    {"ERR_OP_NOT_IN_SESSION", 10071},
    {"ERR_HASH_ALG_UNSUPP", 10072},
    {"ERR_CLIENTID_BUSY", 10074},
    {"ERR_PNFS_IO_HOLE", 10075},
    {"ERR_SEQ_FALSE_RETRY", 10076},
    {"ERR_BAD_HIGH_SLOT", 10077},
    {"ERR_DEADSESSION", 10078},
    {"ERR_ENCR_ALG_UNSUPP", 10079},
    {"ERR_PNFS_NO_LAYOUT", 10080},
    {"ERR_NOT_ONLY_OP", 10081},
    {"ERR_WRONG_CRED", 10082},
    {"ERR_WRONG_TYPE", 10083},
    {"ERR_DIRDELEG_UNAVAIL", 10084},
    {"ERR_REJECT_DELEG", 10085},
    {"ERR_RETURNCONFLICT", 10086},
    {"ERR_DELEG_REVOKED", 10087},
    {"ERR_PARTNER_NOTSUPP", 10088},
    {"ERR_PARTNER_NO_AUTH", 10089},
    {"ERR_UNION_NOTSUPP", 10090},
    {"ERR_OFFLOAD_DENIED", 10091},
    {"ERR_WRONG_LFS", 10092},
    {"ERR_BADLABEL", 10093},
    {"ERR_OFFLOAD_NO_REQS", 10094},
    {"ERR_NOXATTR", 10095},
    {"ERR_XATTR2BIG", 10096},
};
static_assert(std::ranges::is_sorted(kErrors, {}, &NamedValue::value));

}  // namespace

std::span<const std::string_view> procedure_names(uint32_t version) {
  if (version == 2) return kV2;
  if (version == 3) return kV3;
  return kV4;
}

std::string_view procedure_name(uint32_t version, uint32_t procedure, std::string& scratch) {
  const auto all = procedure_names(version);
  if (procedure < all.size() && !all[procedure].empty()) return all[procedure];
  return scratch = std::to_string(procedure);
}

std::optional<uint32_t> procedure_number(uint32_t version, std::string_view name) {
  const auto all = procedure_names(version);
  const auto row =
      std::ranges::find_if(all, [&](std::string_view one) { return !one.empty() && equal_nocase(one, name); });
  if (row == all.end()) return {};
  return static_cast<uint32_t>(row - all.begin());
}

std::string_view status_name(uint32_t status, std::string& scratch) {
  const auto row = std::ranges::lower_bound(kErrors, status, {}, &NamedValue::value);
  if (row != std::end(kErrors) && row->value == status) return row->name;
  return scratch = std::to_string(status);
}

/// RFC 1813 2.5.5, RFC 8881 5.8.1.2.
std::string_view type_name(uint32_t type) {
  constexpr std::string_view kTypes[] = {"",        "file",   "directory", "block device",        "character device",
                                         "symlink", "socket", "fifo",      "attribute directory", "named attribute"};
  return type < std::size(kTypes) ? kTypes[type] : std::string_view();
}

}  // namespace lapwing::nfs
