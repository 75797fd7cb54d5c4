#include "analytics/detectors/lateral_verdicts.h"

#include <algorithm>

namespace lapwing::analytics {
namespace {

using L = Lateral;
constexpr std::string_view kStages[] = {"admin-share-write",
                                        "program-write",
                                        "service-change",
                                        "service-start",
                                        "service-delete",
                                        "task-register",
                                        "task-run",
                                        "wmi",
                                        "wmi-method",
                                        "dcom-create",
                                        "dcom-call",
                                        "winrm",
                                        "rdp",
                                        "ssh",
                                        "output-read",
                                        "login"};
static_assert(std::size(kStages) == L::kKinds);

constexpr ActSet kWmi = act_bits({L::wmi_use, L::wmi_method}), kDcom = act_bits({L::dcom_create, L::dcom_call});
constexpr uint32_t kShare = 1, kService = 2 | 4, kTask = 8, kByWmi = 16, kByDcom = 32, kWinrm = 64, kRdp = 128,
                   kSsh = 256, kTool = 512;

constexpr LateralVerdict kVerdicts[] = {
    {"psexec", act_bits({L::service_change}), act_bits({L::admin_write, L::program_write}), 0, 90, 60,
     kShare | kService | kTool},
    {"service-output", act_bits({L::service_change, L::fetch_output}), 0, 0, 90, 70, kShare | kService},
    {"task-output", act_bits({L::task_register, L::fetch_output}), 0, 0, 90, 70, kShare | kTask},
    {"wmi-output", act_bits({L::fetch_output}), kWmi, 0, 90, 70, kShare | kByWmi},
    {"service-series", act_bits({kServiceSeries}), 0, 0, 90, 60, kService},
    {"dcom-output", act_bits({L::fetch_output}), kDcom, kWmi, 85, 65, kShare | kByDcom},
    {"task", act_bits({L::task_register}), 0, 0, 80, 60, kTask},
    {"service", act_bits({L::service_change}), 0, 0, 75, 60, kService},
    // One that was there before is used again: it cannot be made anew.
    {"service-again", act_bits({L::service_start}), 0, 0, 75, 55, kService, false, 0, act_bits({L::service_change})},
    {"dcom-call", act_bits({L::dcom_call}), 0, kWmi, 75, 55, kByDcom},
    {"wmi", act_bits({L::wmi_method}), 0, 0, 65, 60, kByWmi},
    {"output", act_bits({L::fetch_output}), 0, 0, 60, 55, kShare},
    {"task-run", act_bits({L::task_run}), 0, 0, 55, 55, kTask},
    {"dcom", act_bits({L::dcom_create}), 0, kWmi, 55, 45, kByDcom, true},
    {"winrm", act_bits({L::winrm}), 0, 0, 45, 60, kWinrm},
    {"rdp", act_bits({L::rdp}), 0, 0, 45, 40, kRdp, true},
    {"ssh", act_bits({L::ssh}), 0, 0, 45, 40, kSsh, true},
    {"wmi-query", act_bits({L::wmi_use}), 0, 0, 35, 50, kByWmi, false, bit(Role::monitor)},
    {"service-start", act_bits({L::service_start}), 0, 0, 35, 50, 2, false, bit(Role::monitor)},
    {"admin-share-write", act_bits({L::admin_write}), 0, 0, 35, 50, kShare | kTool},
};
static_assert(std::ranges::is_sorted(kVerdicts, std::ranges::greater(), &LateralVerdict::severity));

}  // namespace

std::span<const LateralVerdict> lateral_verdicts() {
  return kVerdicts;
}

std::string_view stage_name(uint8_t kind) {
  return kStages[kind];
}

}  // namespace lapwing::analytics
