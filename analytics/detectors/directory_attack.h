// DirectoryAttack: a directory, its keys or the accounts in it are got at by operations that its own servers use, or
// few administrators.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>

#include "analytics/detectors/acts.h"
#include "analytics/frame/fields.h"

namespace lapwing::analytics {

struct DirectoryCase;
struct DirectoryVerdict;

/// One finding for a client, a server and a verdict.
struct DirectoryAttack {
  static constexpr Technique kTechniques[] = {{"T1003.006", "TA0006"}, {"T1207", "TA0005"},     {"T1210", "TA0008"},
                                              {"T1558.003", "TA0006"}, {"T1558.004", "TA0006"}, {"T1550.002", "TA0008"},
                                              {"T1187", "TA0006"},     {"T1098", "TA0003"},     {"T1003.004", "TA0006"},
                                              {"T1003.002", "TA0006"}, {"T1070.001", "TA0005"}, {"T1555", "TA0006"},
                                              {"T1087.002", "TA0007"}};
  static constexpr std::string_view kProtocols[] = {"krb5"};
  static constexpr std::string_view kFields[] = {"krb5.msg_type",
                                                 "krb5.client",
                                                 "krb5.sname",
                                                 "krb5.encryption",
                                                 "krb5.ticket_encryption",
                                                 "krb5.error_code",
                                                 "krb5.requested_encryption",
                                                 "krb5.preauthentication"};
  static constexpr About about = {
      .name = "directory-attack",
      .techniques = kTechniques,
      .operations = true,
      .moments = bit(FlowMoment::answered),
      .protocols = kProtocols,
      .only_due = true,
      .fields = kFields,
      .idle = 3600,
      .explained_by = bit(Role::scanner),
      .help =
          "secrets are replicated to a host that is no domain controller, or one is forged; tickets are gathered whose "
          "passwords can be guessed; a server is made to log in to who "
          "asks it; accounts, hives, print drivers or logs are changed from afar"};

  struct Config {
    uint64_t services = 0, accounts = 0, listed = 0, window = 0;
  };
  static std::span<const OptionRow<Config>> options();

  enum Kind : uint8_t {
    replicate,          // DRSGetNCChanges
    replicate_prepare,  // what tools ask for before it
    replicate_manage,   // what domain controllers ask of each other beside it
    replica_add,
    coerce_print,
    coerce_files,
    session_back,  // the server connects to the client
    account_change,
    member_add,
    secret_read,
    hive_save,
    print_driver,
    log_clear,
    log_write,
    key_backup,
    ticket_rc4,        // for a service that is no machine's own
    ticket_rc4_asked,  // the client would like it that weak
    ticket_account,    // for an account by its own name, however strong
    granted_aes,
    bare_rc4,      // a reply that anybody may have, with what a password can be guessed by
    bare_refused,  // the account must prove itself first
    login_rc4,     // by a client that offers nothing better, where better is there
    bare_aes,
    login_granted,
    account_key,  // an entry is told who else may log in as it, or act for others at it
    kKinds
  };

  /// The first connection of a pair.
  struct Session {
    Timestamp first{std::numeric_limits<int64_t>::max()};
    FlowName flow;

    void merge(const Session& other) { keep_first(first, flow, other.first, other.flow); }
  };
  struct Delta {
    static constexpr uint32_t kMostServers = 4'096, kMostSessions = 8'192;
    Delta() = default;
    explicit Delta(const Surroundings& surroundings)
        : acts(surroundings),
          sessions(surroundings.hash_seed, kMostSessions),
          controllers(surroundings.hash_seed, kMostServers) {}
    void operator+=(Delta&& other);
    void seal();
    void clear();
    bool empty() const { return acts.empty() && sessions.empty() && controllers.empty(); }

    Acts acts;
    DeltaTable<PairOf, Session> sessions;    // of SMB and the web
    DeltaTable<IpAddress, Fan> controllers;  // by their clients
  };

  class Local;
  class Global;
};

/// [W]
class DirectoryAttack::Local {
 public:
  Local(const Config&, const Surroundings& surroundings) : surroundings_(surroundings), seed_(surroundings.hash_seed) {}
  void operation(const OperationOf& operation, Delta& delta) const;
  void flow(const FlowUpdate& update, Delta& delta) const;
  void event(const Observed& observed, Delta& delta);

 private:
  void add(const Observed& observed, Kind kind, std::string_view object, Delta& delta) const;
  void take_ticket(const Observed& observed, Delta& delta);
  void take_login(const Observed& observed, Delta& delta);
  /// What the request asked for; false where it was not seen.
  struct Asked {
    bool aes = false, rc4_first = false, proven = false;
  };
  bool asked(const Event& event, Asked& out);
  enum class Strength : uint8_t { unknown, rc4, aes };
  Strength ticket(const Event& event);
  void serve(const IpAddress& server, const IpAddress& client, Delta& delta) const;

  const Surroundings& surroundings_;
  uint64_t seed_;
  FieldReader type_{kFields[0]}, client_{kFields[1]}, service_{kFields[2]}, encryption_{kFields[3]},
      ticket_{kFields[4]}, error_{kFields[5]}, requested_{kFields[6]}, proof_{kFields[7]};
};

/// [G]
class DirectoryAttack::Global {
 public:
  static constexpr uint32_t kMostActs = 12'288, kMostServers = 4'096, kMostSessions = 4'096;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;

 private:
  struct Touched {
    ActSet acts = 0;
    Timestamp time{std::numeric_limits<int64_t>::min()};
  };

  void add(const ActOf& key, const Act& act, Timestamp time);
  void link(const PairOf& asked);
  void judge(const PairOf& pair, const Touched& touched, Findings& findings);
  void report(const DirectoryCase& of, const DirectoryVerdict& verdict, Findings& findings) const;

  const Config config_;
  const Surroundings& surroundings_;
  ActMemory acts_;
  Table<IpAddress, Fan> controllers_;
  Table<PairOf, Session> sessions_;    // the latest of each pair
  std::map<PairOf, Touched> touched_;  // in the second that is judged
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
};

}  // namespace lapwing::analytics
