#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>

#include "dissectors/contract/columns.h"
#include "dissectors/parts/dcerpc/dcerpc_columns.h"
#include "dissectors/parts/file/file_columns.h"
#include "dissectors/parts/gss/gss_columns.h"
#include "dissectors/protocols/smb/smb.h"
#include "dissectors/protocols/smb/smb_names.h"

namespace lapwing::smb {

namespace {

using namespace columns;

template <class D>
const D* detail(const Operation& operation) {
  return operation.as<D>();
}

// Of every operation.
uint64_t id(const Operation& operation) {
  return operation.number + 1;
}
std::string_view dialect(const Operation& operation, std::string& scratch) {
  const Agreement& agreed = *operation.agreed;
  if (agreed.dialect) return dialect_name(*agreed.dialect, scratch);
  return agreed.dialect1.empty() ? std::string_view("unknown") : std::string_view(agreed.dialect1);
}
std::string_view command(const Operation& operation, std::string& scratch) {
  return command_name(operation.version, operation.command, scratch);
}
std::string_view status(const Operation& operation, std::string& scratch) {
  if (!operation.status) return {};
  const auto [code, dos] = *operation.status;
  if (!dos) return status_name(code, scratch);
  return dos_error_name(static_cast<uint8_t>(code), static_cast<uint16_t>(code >> 16), scratch);
}
std::string status_code(const Operation& operation) {
  if (!operation.status) return {};
  const auto [code, dos] = *operation.status;
  char text[16];
  if (dos) {
    std::snprintf(text, sizeof text, "0x%04x", code >> 16);
    return text;
  }
  return {text, std::to_chars(std::copy_n("0x", 2, text), std::end(text), code, 16).ptr};
}

// Of NEGOTIATE.
std::optional<uint32_t> positive(uint32_t number) {
  return number > 0 ? std::optional(number) : std::nullopt;
}
const std::vector<std::string>& dialects(const Negotiation& negotiation) {
  return negotiation.dialects;
}
std::optional<std::string_view> server_guid(const Negotiation& negotiation) {
  return negotiation.server_guid;
}
std::optional<uint32_t> max_read(const Negotiation&, const lapwing::Transaction& tx) {
  return positive(static_cast<const Operation&>(tx).agreed->max_read);
}
std::optional<uint32_t> max_write(const Negotiation&, const lapwing::Transaction& tx) {
  return positive(static_cast<const Operation&>(tx).agreed->max_write);
}
const Negotiation* security(const Negotiation& negotiation) {
  return negotiation.signing_required ? &negotiation : nullptr;
}
std::string_view signing(const Negotiation& negotiation) {
  return *negotiation.signing_required ? "required" : "enabled";
}
std::string_view cipher(const Negotiation& negotiation) {
  return negotiation.cipher ? cipher_name(*negotiation.cipher) : std::string_view();
}
const std::vector<std::string>& compressions(const Negotiation& negotiation) {
  return negotiation.compressions;
}
std::string_view signing_algorithm(const Negotiation& negotiation) {
  return negotiation.signing ? signing_name(*negotiation.signing) : std::string_view();
}

// Of SESSION_SETUP. Names are shown by the leg that tells them.
const ntlmssp::Exchange* ntlmssp_of(const Setup& setup) {
  return setup.own && setup.login ? setup.login->ntlmssp() : nullptr;
}
const kerberos::Ticket* kerberos_of(const Setup& setup) {
  return setup.own && setup.login ? setup.login->kerberos() : nullptr;
}
const v1::Native* request_native(const Setup& setup) {
  return setup.request ? &*setup.request : nullptr;
}
const v1::Native* response_native(const Setup& setup) {
  return setup.response ? &*setup.response : nullptr;
}
std::optional<std::string_view> native_os(const v1::Native& native) {
  return native.os;
}
std::optional<std::string_view> native_lm(const v1::Native& native) {
  return native.lm;
}
const Setup* plain_login(const Setup& setup) {
  return setup.own && !setup.login ? &setup : nullptr;
}
std::string_view mechanism(const Setup& setup) {
  return setup.login ? setup.login->mechanism() : std::string_view();
}
const Setup* granted(const Setup& setup) {
  const bool any =
      setup.guest || setup.anonymous || setup.encryption || !mechanism(setup).empty() || plain_login(setup);
  return any ? &setup : nullptr;
}

// Of TREE_CONNECT.
std::optional<std::string_view> share(const Connect& connect) {
  return connect.tree->pipes == true ? std::nullopt : std::optional<std::string_view>(connect.tree->path);
}
std::optional<std::string_view> named_pipe(const Connect& connect) {
  return connect.tree->pipes == true ? std::optional<std::string_view>(connect.tree->path) : std::nullopt;
}
std::string_view share_type(const Connect& connect, const lapwing::Transaction& tx) {
  constexpr std::string_view kTypes[] = {"UNKNOWN", "FILE", "PIPE", "PRINT"};
  if (static_cast<const Operation&>(tx).version == 1) return {};
  return connect.type < std::size(kTypes) ? kTypes[connect.type] : kTypes[0];
}
const Connect* service(const Connect& connect) {
  return connect.asked || connect.given ? &connect : nullptr;
}
const Connect* encrypted_share(const Connect& connect) {
  return connect.encryption ? &connect : nullptr;
}

// Of CREATE, and what sets names.
std::string_view or_root(std::string_view name) {
  return name.empty() ? std::string_view("<share_root>") : name;
}
std::string_view created_file(const Creation& creation) {
  const std::string_view name = text_of(creation.opened->name);
  return creation.directory && !name.empty() ? std::string_view() : or_root(name);
}
std::string_view created_directory(const Creation& creation) {
  return creation.directory ? text_of(creation.opened->name) : std::string_view();
}
std::string_view disposition(const Creation& creation) {
  return disposition_name(creation.disposition);
}
std::string_view access_of(bool removed) {
  return removed ? "delete on close" : "normal";
}
std::string_view access(const Creation& creation) {
  return access_of(creation.delete_on_close);
}
std::optional<std::string_view> created_fuid(const Creation& creation) {
  return creation.opened->fuid;
}
std::string_view action(const Creation& creation) {
  constexpr std::string_view kActions[] = {"superseded", "opened", "created", "overwritten"};  // MS-SMB2 2.2.14
  return creation.action && *creation.action < std::size(kActions) ? kActions[*creation.action] : std::string_view();
}
std::string access_mask(const Creation& creation) {
  if (!creation.access) return {};
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", *creation.access);
  return text;
}
std::optional<std::string_view> transferred_name(const Transferred& file) {
  return file.name;
}
std::optional<std::string_view> transferred_share(const Transferred& file) {
  return file.share;
}
std::optional<std::string_view> transferred_fuid(const Transferred& file) {
  return file.opened->fuid;
}
std::optional<std::string_view> old_name(const Renaming& renaming) {
  return text_of(renaming.from);
}
std::optional<std::string_view> new_name(const Renaming& renaming) {
  return text_of(renaming.to);
}
/// Of a compound it is not known before the answer.
template <class D>
std::optional<std::string_view> fuid_of(const D& detail) {
  return detail.opened ? std::string_view(detail.opened->fuid) : std::string_view();
}
/// SET_INFO of version 2, by which it came.
template <class D>
const D* set_info(const D& changed, const lapwing::Transaction& tx) {
  return static_cast<const Operation&>(tx).version == 2 ? &changed : nullptr;
}
template <class D>
std::string_view set_info_class(const D&) {
  return "FILE_INFO";
}
std::string_view rename_level(const Renaming&) {
  return "SMB2_FILE_RENAME_INFO";
}
std::string_view disposal_level(const Disposal&) {
  return "SMB2_FILE_DISPOSITION_INFO";
}
std::string_view disposed_name(const Disposal& disposal) {
  return or_root(text_of(disposal.name));
}
std::string_view disposed_access(const Disposal& disposal) {
  return access_of(disposal.removed);
}
std::string_view subcommand(const Disposal& disposal) {
  if (disposal.subcommand == v1::kSetFileInfo) return "SET_FILE_INFO";
  return disposal.subcommand == v1::kSetPathInfo ? "SET_PATH_INFO" : std::string_view();
}
std::string_view level_of_interest(const Disposal& disposal) {
  return disposal.level == v1::kDispositionInfo ? "Set Disposition Information" : std::string_view();
}
std::string_view path(const Named& named) {
  return text_of(named.path);
}
std::string_view function(const Control& control, std::string& scratch) {
  return control_name(control.function, scratch);
}

std::span<const file::File> files_at_hand(const Operation& operation, const Place& at) {
  const Transferred* const file = operation.as<Transferred>();
  if (!file || at.direction != file->direction) return {};
  return file::shown({&file->transfer->file(), 1}, at);
}
const file::File* file_of_record(const Operation&, const Place& at) {
  return static_cast<const file::File*>(at.detail);
}

constexpr Column kNegotiated[] = {
    text<&signing>("signing", "of messages: required or enabled"),
    text<&signing_algorithm>("signing_algorithm", "that 3.1.1 agreed on"),
    flag<&Negotiation::encryption>("encryption", "the server can do it"),
    text<&cipher>("cipher", "that 3.1.1 agreed on"),
    each<&compressions>("compression", "of messages: what both sides of 3.1.1 can do"),
};
constexpr Column kNegotiation[] = {
    each<&dialects>("client_dialects", "that the client offers"),
    text<&Negotiation::client_guid>("client_guid", "of the client"),
    text<&server_guid>("server_guid", "of the server"),
    integer<&max_read>("max_read_size", "bytes that the server reads at once"),
    integer<&max_write>("max_write_size", "bytes that the server writes at once"),
    object<&security>("security", kNegotiated, "what is agreed on of signatures, encryption and compression"),
};
constexpr Column kNative[] = {
    text<&native_os>("native_os", "operating system"),
    text<&native_lm>("native_lm", "LAN manager: the software"),
};
constexpr Column kNtlmssp[] = {
    text<&gss::read::user>("", "who logs in by NTLMSSP").rule({.name = "smb.ntlmssp_user", .stage = kComplete}),
    text<&gss::read::domain>("", "domain of who logs in by NTLMSSP")
        .rule({.name = "smb.ntlmssp_domain", .stage = kComplete}),
};
constexpr Column kLogin[] = {
    text<&mechanism>("mechanism", "of GSS-API by which the client logs in"),
    text<&Setup::user>("user", "who logs in without GSS-API"),
    text<&Setup::domain>("domain", "of that"),
    flag<&Setup::clear>("clear", "the password is not hashed"),
    flag<&Setup::guest>("guest", "the server takes the client for a guest"),
    flag<&Setup::anonymous>("anonymous", "nobody logs in"),
    flag<&Setup::encryption>("encryption", "messages of the session are to be encrypted"),
};
constexpr Column kSetup[] = {
    object<&ntlmssp_of>("ntlmssp", gss::kNtlmsspColumns, "a login by NTLMSSP (MS-NLMP)"),
    object<&ntlmssp_of>("", kNtlmssp, "what rules see of it"),
    object<&kerberos_of>("kerberos", gss::kKerberosColumns, "a login by Kerberos"),
    object<&request_native>("request", kNative, "what a client of version 1 says of itself"),
    object<&response_native>("response", kNative, "what a server of version 1 says of itself"),
    object<&granted>("login", kLogin, "by what, and as whom"),
};
constexpr Column kService[] = {
    text<&Connect::asked>("request", "that the client asks for"),
    text<&Connect::given>("response", "that it gets"),
};
constexpr Column kEncryptedShare[] = {flag<&Connect::encryption>("encryption", "of all that has to do with the share")};
constexpr Column kConnect[] = {
    text<&share>("share", "path of the share")
        .rule({.name = "smb.share", .stage = kComplete, .aliases = {"smb_share"}}),
    text<&named_pipe>("named_pipe", "path of the share for pipes")
        .rule({.name = "smb.named_pipe", .stage = kComplete, .aliases = {"smb_named_pipe"}}),
    object<&service>("service", kService, "kind of the share in version 1"),
    text<&share_type>("share_type", "FILE, PIPE or PRINT in version 2"),
    object<&encrypted_share>("security", kEncryptedShare, "what the share wants"),
};
constexpr Column kCreated[] = {
    text<&action>("action", "what the server did: opened, created, overwritten or superseded"),
    text<&access_mask>("access_mask", "rights that are asked for (MS-SMB2 2.2.13.1)"),
};
constexpr Column kCreation[] = {
    text<&created_file>("filename", "what is opened"),
    text<&created_directory>("directory", "the same, of a directory"),
    text<&disposition>("disposition", "what to do where it is there, or not"),
    text<&access>("access", "normal, or delete on close"),
    integer<&Creation::created>("created", "when (seconds since 1970)"),
    integer<&Creation::accessed>("accessed", "when last (seconds since 1970)"),
    integer<&Creation::modified>("modified", "when last written to (seconds since 1970)"),
    integer<&Creation::changed>("changed", "when last written to, or given other attributes (seconds since 1970)"),
    integer<&Creation::size>("size", "bytes"),
    text<&created_fuid>("fuid", "number of what is open"),
    object<&self<Creation>>("create", kCreated, "what else is asked for and answered"),
};
constexpr Column kTransferred[] = {
    text<&transferred_name>("filename", "the file"),
    text<&transferred_share>("share", "in which it is"),
    text<&transferred_fuid>("fuid", "number of the open file"),
};
constexpr Column kRenames[] = {
    text<&old_name>("from", "old name"),
    text<&new_name>("to", "new name"),
};
constexpr Column kRenameInfo[] = {
    text<&set_info_class<Renaming>>("class", "of what is set"),
    text<&rename_level>("info_level", "what is set"),
};
constexpr Column kRenaming[] = {
    object<&set_info<Renaming>>("set_info", kRenameInfo, "how it is asked for in version 2"),
    object<&self<Renaming>>("rename", kRenames, "a file gets another name"),
    text<&fuid_of<Renaming>>("fuid", "number of the open file"),
};
constexpr Column kDisposalInfo[] = {
    text<&set_info_class<Disposal>>("class", "of what is set"),
    text<&disposal_level>("info_level", "what is set"),
};
constexpr Column kDisposal[] = {
    text<&disposed_name>("filename", "file or directory"),
    text<&disposed_access>("access", "delete on close, or normal: no more of that"),
    object<&set_info<Disposal>>("set_info", kDisposalInfo, "how it is asked for in version 2"),
    text<&subcommand>("subcmd", "of TRANS2"),
    text<&level_of_interest>("level_of_interest", "what TRANS2 sets"),
    text<&fuid_of<Disposal>>("fuid", "number of the open file"),
};
constexpr Column kControl[] = {text<&function>("function", "that is called (MS-FSCC 2.3)")};
constexpr Column kNamed[] = {text<&path>("filename", "file or directory")};

constexpr Column kOperation[] = {
    integer<&id>("id", "counted from 1 within the flow"),
    text<&dialect>("dialect", "that was agreed on, or unknown"),
    integer<&Operation::version>("", "version: 1, or 2 for 2 and 3")
        .rule({.name = "smb.version", .sender = Sender::either, .stage = kComplete}),
    text<&command>("command", "of the request"),
    text<&status>("status", "how it went (MS-ERREF 2.3.1)"),
    text<&status_code>("status_code", "the same as a number"),
    integer<&Operation::session>("session_id", "number of the login"),
    integer<&Operation::tree_number>("tree_id", "number of the share"),
    object<&detail<Negotiation>>("", kNegotiation, "NEGOTIATE"),
    object<&detail<Setup>>("", kSetup, "SESSION_SETUP"),
    object<&detail<Connect>>("", kConnect, "TREE_CONNECT"),
    object<&detail<Creation>>("", kCreation, "CREATE"),
    object<&detail<Transferred>>("", kTransferred, "a file that is read or written"),
    object<&detail<Renaming>>("", kRenaming, "a file is renamed"),
    object<&detail<Disposal>>("", kDisposal, "a file is to be deleted"),
    object<&detail<Control>>("", kControl, "IOCTL"),
    object<&detail<Named>>("", kNamed, "a command about a path"),
    object<&detail<dcerpc::Call>>("dcerpc", dcerpc::kCarriedColumns<kComplete>, "a call of DCERPC by a pipe"),
};
constexpr Column kRecord[] = {object<&self<Operation>>("smb", kOperation, "a request and its response")};
constexpr Column kFileRecord[] = {
    object<&self<Operation>>("smb", kOperation, "what carried it"),
    object<&file_of_record>("fileinfo", file::kColumns, "a file"),
};
constexpr Column kInAlert[] = {
    object<&self<Operation>>("smb", kOperation, "a request and its response"),
    objects<&files_at_hand>("files", file::kColumns, "the file that is transferred"),
    objects<&files_at_hand>("", file::kContent, "the file that is transferred"),
};
constexpr Table kShapes[] = {kRecord}, kFileShapes[] = {kFileRecord};
constexpr RecordRow kRecords[] = {
    {.type = "smb", .help = "a request of SMB and its response", .shapes = kShapes},
    {.type = "fileinfo", .help = "one file that SMB carried", .shapes = kFileShapes},
};

}  // namespace

CarriedFile* carried_file(lapwing::Transaction& tx, Direction direction, uint32_t number) {
  Transferred* const file = static_cast<Operation&>(tx).as<Transferred>();
  return file && file->direction == direction && number == 0 ? &file->transfer->file() : nullptr;
}

Table columns() {
  return kInAlert;
}

std::span<const RecordRow> records() {
  return kRecords;
}

}  // namespace lapwing::smb
