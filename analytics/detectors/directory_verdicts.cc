#include "analytics/detectors/directory_verdicts.h"

namespace lapwing::analytics {
namespace {

using D = DirectoryAttack;

constexpr uint32_t kRefusals = 3;          // accounts that had to prove themselves, beside one that had not
constexpr uint8_t kAmongControllers = 15;  // severity of what domain controllers do

/// A server tells those that replicate from it what is new (MS-DRSR 4.1.23), and replicates from them as well: so it
/// does to nobody that it does not know. Who forges a controller is known too.
bool replicates_both_ways(const DirectoryCase& of) {
  return (of.back(D::replicate_manage) || of.back(D::replicate)) && !of.find(D::replica_add);
}

constexpr DirectoryVerdict kVerdicts[] = {
    {"dcsync", D::replicate, act_bits({D::replicate_prepare, D::replicate_manage}), 95, 1 << 0,
     [](const DirectoryCase& of, uint8_t& severity) {
       if (of.from_controller || replicates_both_ways(of)) severity = kAmongControllers;
       return 75 + (of.find(D::replicate_prepare) ? 15 : 0) - (of.find(D::replicate_manage) ? 30 : 0);
     },
     bit(Role::dc) | bit(Role::backup)},
    {"dcshadow", D::replica_add, 0, 95, 1 << 1,
     [](const DirectoryCase& of, uint8_t& severity) {
       if (of.from_controller) severity = kAmongControllers;
       return of.back(D::replicate) ? 90 : 75;
     },
     bit(Role::dc)},
    {"kerberoast", D::ticket_rc4, act_bits({D::ticket_rc4_asked}), 75, 1 << 3,
     [](const DirectoryCase& of, uint8_t&) {
       const bool better = of.find(D::granted_aes) != nullptr, asked = of.find(D::ticket_rc4_asked) != nullptr;
       const uint64_t services = of.act.objects.count();
       if (services >= of.config.services * (better ? 1 : 2)) return 50 + (better ? 10 : 0) + (asked ? 20 : 0);
       return better && asked ? 40 : 0;
     }},
    {"kerberoast-strong", D::ticket_account, 0, 75, 1 << 3,
     [](const DirectoryCase& of, uint8_t&) { return of.act.objects.count() >= of.config.services ? 60 : 0; }},
    {"asrep-roast", D::bare_rc4, act_bits({D::bare_refused}), 75, 1 << 4,
     [](const DirectoryCase& of, uint8_t&) {
       const Act* refused = of.find(D::bare_refused);
       const bool many = refused && refused->objects.count() >= kRefusals;
       if (of.act.objects.count() >= of.config.accounts) return many ? 80 : 65;
       return many ? 50 : 0;
     }},
    {"asrep-roast-strong", D::bare_aes, act_bits({D::bare_refused}), 75, 1 << 4,
     [](const DirectoryCase& of, uint8_t&) {
       const Act* refused = of.find(D::bare_refused);
       const bool many = refused && refused->objects.count() >= kRefusals;
       return many && of.act.objects.count() >= of.config.accounts ? 60 : 0;
     }},
    // Whoever is asked to prove who he is does so, with few exceptions.
    {"account-listing", D::bare_refused, 0, 60, 1 << 12,
     [](const DirectoryCase& of, uint8_t&) {
       const Act* granted = of.find(D::login_granted);
       const uint64_t asked = of.act.objects.count(), in = granted ? granted->objects.count() : 0;
       return asked >= of.config.listed && 4 * in <= asked ? 60 + (in == 0 ? 10 : 0) : 0;
     }},
    {"overpass", D::login_rc4, 0, 65, 1 << 5, [](const DirectoryCase&, uint8_t&) { return 55; }},
    {"forced-auth", D::coerce_files, act_bits({D::session_back}), 80, 1 << 6,
     [](const DirectoryCase& of, uint8_t&) {
       if (of.back(D::session_back)) return 85;
       return of.at_controller ? 60 : 50;
     },
     0, true},
    {"forced-auth-print", D::coerce_print, act_bits({D::session_back}), 80, 1 << 6,
     [](const DirectoryCase& of, uint8_t&) {
       if (of.back(D::session_back)) return of.at_controller ? 75 : 45;
       return of.at_controller ? 40 : 0;
     },
     bit(Role::printer), true},
    {"account-change", D::account_change, 0, 50, 1 << 7, [](const DirectoryCase&, uint8_t&) { return 50; },
     bit(Role::admin)},
    {"member-add", D::member_add, 0, 55, 1 << 7, [](const DirectoryCase&, uint8_t&) { return 50; }, bit(Role::admin)},
    {"account-key", D::account_key, 0, 75, 1 << 7, [](const DirectoryCase&, uint8_t&) { return 60; }, bit(Role::admin)},
    {"secret-read", D::secret_read, 0, 70, 1 << 8, [](const DirectoryCase&, uint8_t&) { return 60; }, bit(Role::admin)},
    {"hive-save", D::hive_save, 0, 80, 1 << 9, [](const DirectoryCase&, uint8_t&) { return 75; },
     bit(Role::admin) | bit(Role::backup)},
    {"print-driver", D::print_driver, 0, 75, 1 << 2, [](const DirectoryCase&, uint8_t&) { return 50; },
     bit(Role::admin)},
    {"log-clear", D::log_clear, 0, 70, 1 << 10, [](const DirectoryCase&, uint8_t&) { return 80; }, bit(Role::admin)},
    {"log-write", D::log_write, 0, 35, 1 << 10, [](const DirectoryCase&, uint8_t&) { return 50; },
     bit(Role::admin) | bit(Role::monitor)},
    {"key-backup", D::key_backup, 0, 25, 1 << 11, [](const DirectoryCase&, uint8_t&) { return 60; }},
};

}  // namespace

std::span<const DirectoryVerdict> directory_verdicts() {
  return kVerdicts;
}

std::string_view name_of_act(DirectoryAttack::Kind kind) {
  switch (kind) {
    case DirectoryAttack::replicate_prepare: return "crack-names";
    case DirectoryAttack::replicate_manage: return "replica-sync";
    case DirectoryAttack::session_back: return "session-back";
    case DirectoryAttack::ticket_rc4_asked: return "rc4-asked";
    case DirectoryAttack::bare_refused: return "proof-required";
    default: return "";
  }
}

}  // namespace lapwing::analytics
