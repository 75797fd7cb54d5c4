// What is seen on workers: which acts operations, requests and flows are.
#include <algorithm>
#include <cstring>
#include <string>
#include <tuple>

#include "analytics/detectors/lateral.h"
#include "sensor/base/hash.h"
#include "sensor/base/text.h"

namespace lapwing::analytics {
namespace {

using L = Lateral;
// MS-SCMR 3.1.4, MS-TSCH 3.2.5, MS-WMI 3.1.4, MS-DCOM 3.1.2.5.2.3; IDispatch of MS-OAUT 3.1.4.
constexpr Few kActs(std::to_array<ActRow>({
    {"IActivation", 0, L::dcom_create},          // RemoteActivation
    {"IDispatch", 6, L::dcom_call},              // Invoke
    {"IRemoteSCMActivator", 4, L::dcom_create},  // RemoteCreateInstance
    {"ITaskSchedulerService", 1, L::task_register},
    {"ITaskSchedulerService", 12, L::task_run},
    {"IWbemLevel1Login", 6, L::wmi_use},  // NTLMLogin
    {"IWbemLevel1Login", kBound, L::wmi_use},
    {"IWbemServices", 14, L::wmi_method},  // PutInstance
    {"IWbemServices", 15, L::wmi_method},
    {"IWbemServices", 20, L::wmi_use},     // ExecQuery
    {"IWbemServices", 24, L::wmi_method},  // ExecMethod
    {"IWbemServices", 25, L::wmi_method},
    {"IWbemServices", kBound, L::wmi_use},
    {"atsvc", 0, L::task_register},
    {"svcctl", 2, L::service_delete},
    {"svcctl", 11, L::service_change},  // ChangeServiceConfigW
    {"svcctl", 12, L::service_change},  // CreateServiceW
    {"svcctl", 19, L::service_start},
    {"svcctl", 23, L::service_change},  // ChangeServiceConfigA
    {"svcctl", 24, L::service_change},  // CreateServiceA
    {"svcctl", 31, L::service_start},
    {"svcctl", 44, L::service_change},  // CreateServiceWOW64A
    {"svcctl", 45, L::service_change},  // CreateServiceWOW64W
    {"svcctl", 60, L::service_change},  // CreateWowService
}));

struct Path {
  std::string_view share, file;
};
/// Of "SHARE\path".
Path path_of(std::string_view object) {
  const size_t end = object.find('\\');
  if (end == std::string_view::npos) return {object, {}};
  return {object.substr(0, end), object.substr(end + 1)};
}
/// Windows makes them for its administrators: ADMIN$ and one for each drive.
bool is_administrative(std::string_view share) {
  const bool drive = share.size() == 2 && share[1] == '$' && lower(static_cast<uint8_t>(share[0])) >= 'a' &&
                     lower(static_cast<uint8_t>(share[0])) <= 'z';
  return drive || equal_nocase(share, "ADMIN$");
}
/// By its name.
bool is_program(std::string_view file) {
  constexpr std::string_view kEndings[] = {".exe", ".dll", ".bat", ".cmd", ".com", ".hta", ".js", ".jse",
                                           ".msi", ".ps1", ".scr", ".sys", ".vbe", ".vbs", ".wsf"};
  const size_t dot = file.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view ending = file.substr(dot);
  return std::ranges::any_of(kEndings, [&](std::string_view of) { return equal_nocase(ending, of); });
}
bool is_one_of(std::span<const std::string_view> texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

}  // namespace

void Lateral::FileUse::merge(const FileUse& other) {
  opens += other.opens;
  reads += other.reads;
  writes += other.writes;
  deletes += other.deletes;
  at.merge(other.at);
}

void Lateral::Account::merge(const Account& other) {
  if (std::tie(last, hash, flow.id) < std::tie(other.last, other.hash, other.flow.id)) *this = other;
}

void Lateral::Delta::operator+=(Delta&& other) {
  acts += std::move(other.acts);
  files.merge(other.files);
  accounts.merge(other.accounts);
}

void Lateral::Delta::seal() {
  acts.seal();
  files.seal();
  accounts.seal();
}

void Lateral::Delta::clear() {
  acts.clear();
  files.clear();
  accounts.clear();
}

bool Lateral::Local::within(const FlowRef& flow) const {
  return surroundings_.inside(flow.client) && surroundings_.inside(flow.server);
}

void Lateral::Local::operation(const OperationOf& operation, Delta& delta) const {
  const FlowRef& flow = operation.flow;
  if (!surroundings_.inside(flow.server)) return;
  if (operation.operation.interface == "smb") return on_share(operation, delta);
  const auto act = act_of(kActs, operation.operation);
  if (!act) return;
  delta.acts.acts.at({{flow.client, flow.server}, *act}).merge(Act::of(operation, operation.operation.object, seed_));
}

/// What is written is an act; of what lies on administrative shares it counts, too, what is read and deleted.
void Lateral::Local::on_share(const OperationOf& operation, Delta& delta) const {
  const OperationSeen& seen = operation.operation;
  const PairOf pair{operation.flow.client, operation.flow.server};
  const auto [share, file] = path_of(seen.object);
  constexpr std::string_view kWrites[] = {"create", "write", "rename"};
  const bool writes = is_one_of(kWrites, seen.operation);
  const bool opens = seen.operation == "open", reads = seen.operation == "read", deletes = seen.operation == "delete";
  if (file.empty() || !(writes || opens || reads || deletes)) return;
  const bool administrative = is_administrative(share);
  const bool program = writes && is_program(file);
  if (!administrative && !program) return;
  const Act one = Act::of(operation, seen.object, seed_);
  if (writes && administrative) delta.acts.acts.at({pair, admin_write}).merge(one);
  if (program) delta.acts.acts.at({pair, program_write}).merge(one);
  if (!administrative || seen.outcome == Outcome::failure) return;
  FileOf key{pair};
  const uint64_t hash = keyed_hash(to_bytes(to_lower(seen.object)), seed_);  // names of files know no case there
  std::memcpy(key.hash.data(), &hash, sizeof hash);
  FileUse use{.opens = opens, .reads = reads, .writes = writes, .deletes = deletes};
  if (reads || deletes) use.at = one;
  delta.files.at(key).merge(use);
}

void Lateral::Local::login(const LoginOf& login, Delta& delta) const {
  constexpr std::string_view kServices[] = {"smb", "dcerpc", "http", "ssh", "rdp"};
  if (login.login.outcome != Outcome::success || login.login.user.empty()) return;
  if (!is_one_of(kServices, login.flow.protocol) || !surroundings_.inside(login.flow.server)) return;
  const std::string name = to_lower(login.login.user);
  Account one{.last = login.time, .hash = keyed_hash(to_bytes(name), seed_), .flow = name_of(login.flow)};
  std::copy_n(name.begin(), std::min(one.name.size(), name.size()), one.name.begin());
  delta.accounts.at({login.flow.client, login.flow.server}).merge(one);
}

/// A session is one in which both sides say more than it takes to fail.
void Lateral::Local::flow(const FlowUpdate& update, Delta& delta) const {
  constexpr uint64_t kSession = 4096;  // bytes
  const FlowRef& flow = *update.flow;
  const bool by_ssh = flow.protocol == "ssh", by_rdp = flow.protocol == "rdp" || flow.application.starts_with("RDP");
  if (!(by_ssh || by_rdp) || flow.midstream || !within(flow)) return;
  if (std::ranges::min(update.bytes) < kSession) return;
  delta.acts.acts.at({{flow.client, flow.server}, by_ssh ? ssh : rdp}).merge(Act::of(flow, update.time, {}, seed_));
}

/// WS-Management (DSP0226; MS-WSMV 2.1): its own URI alone, as events are collected under others of its folder. Whoever
/// is not known is answered 401, and one whose request is at fault 500.
void Lateral::Local::event(const Observed& observed, Delta& delta) {
  constexpr uint64_t kRedirected = 300, kServerError = 500;
  const Event& event = observed.event;
  if (event.file || !observed.flow || !within(*observed.flow)) return;
  const std::string_view url = url_.text(event);
  if (url.substr(0, url.find('?')) != "/wsman") return;
  const FlowRef& flow = *observed.flow;
  const auto status = status_.first(event);
  Act one = Act::of(flow, observed.time, {}, seed_);
  one.failed = status && status->integer >= kRedirected && status->integer < kServerError;
  delta.acts.acts.at({{flow.client, flow.server}, winrm}).merge(one);
}

}  // namespace lapwing::analytics
