// Lateral: a host is worked on from another, by the ways in which Windows and Unix are administered.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>

#include "analytics/detectors/acts.h"
#include "analytics/detectors/edges.h"
#include "analytics/frame/fields.h"

namespace lapwing::analytics {

/// One finding for a client and a server, of the gravest that their acts come to; and one of a client for all its
/// servers, where they are many. Calls that are sealed count as others do: interface and operation show.
struct Lateral {
  static constexpr Technique kTechniques[] = {{"T1021.002", "TA0008"}, {"T1569.002", "TA0002"}, {"T1543.003", "TA0003"},
                                              {"T1053.005", "TA0002"}, {"T1047", "TA0002"},     {"T1021.003", "TA0008"},
                                              {"T1021.006", "TA0008"}, {"T1021.001", "TA0008"}, {"T1021.004", "TA0008"},
                                              {"T1570", "TA0008"}};
  static constexpr std::string_view kProtocols[] = {"http"};
  static constexpr std::string_view kFields[] = {"http.url", "http.status"};
  static constexpr About about = {
      .name = "lateral",
      .techniques = kTechniques,
      .logins = true,
      .operations = true,
      .moments = bit(FlowMoment::tick) | bit(FlowMoment::closed),
      .protocols = kProtocols,
      .only_due = true,
      .fields = kFields,
      .idle = 3600,
      .explained_by = bit(Role::admin) | bit(Role::backup) | bit(Role::scanner),
      .help =
          "one host has another run something: a program on an administrative share, a service, a task, WMI, DCOM, "
          "WinRM, output that is fetched from a file; or it does so to many; or it logs in to many that nobody else "
          "logs in to; RDP and SSH between hosts that never spoke them (analytics.learn)"};

  struct Config {
    uint64_t window = 0, servers = 0, fan_window = 0, reads = 0, series = 0, logins = 0;
  };
  static std::span<const OptionRow<Config>> options();

  enum Kind : uint8_t {
    admin_write,    // to ADMIN$ or the share of a drive
    program_write,  // to any share
    service_change,
    service_start,
    service_delete,
    task_register,
    task_run,
    wmi_use,
    wmi_method,
    dcom_create,
    dcom_call,
    winrm,
    rdp,
    ssh,
    fetch_output,
    login,  // by SMB, RPC or WinRM
    kKinds
  };

  /// A key. A file of an administrative share.
  struct FileOf {
    PairOf pair;
    std::array<uint8_t, 8> hash{};
  };
  /// What the client does to it.
  struct FileUse {
    uint64_t opens = 0, reads = 0, writes = 0, deletes = 0;
    Act at;  // reads and deletes

    void merge(const FileUse& other);
    /// However many parts it is read in: it is opened once for all of them.
    uint64_t fetches() const { return std::min(opens, reads); }
  };
  /// Who is logged in, by the latest login.
  struct Account {
    Timestamp last{std::numeric_limits<int64_t>::min()};
    uint64_t hash = 0;  // of those of one time the largest, which `name` is
    std::array<char, 48> name{};
    FlowName flow;  // of the latest login of that name

    void merge(const Account& other);
  };
  struct Delta {
    static constexpr uint32_t kMostFiles = 8'192, kMostAccounts = 8'192;
    Delta() = default;
    explicit Delta(const Surroundings& surroundings)
        : acts(surroundings),
          files(surroundings.hash_seed, kMostFiles),
          accounts(surroundings.hash_seed, kMostAccounts) {}
    void operator+=(Delta&& other);
    void seal();
    void clear();
    bool empty() const { return acts.empty() && files.empty() && accounts.empty(); }

    Acts acts;
    DeltaTable<FileOf, FileUse> files;
    DeltaTable<PairOf, Account> accounts;
  };

  class Local;
  class Global;
};

/// [W]
class Lateral::Local {
 public:
  Local(const Config&, const Surroundings& surroundings) : surroundings_(surroundings), seed_(surroundings.hash_seed) {}
  void operation(const OperationOf& operation, Delta& delta) const;
  void login(const LoginOf& login, Delta& delta) const;
  void flow(const FlowUpdate& update, Delta& delta) const;
  void event(const Observed& observed, Delta& delta);

 private:
  void on_share(const OperationOf& operation, Delta& delta) const;
  bool within(const FlowRef& flow) const;

  const Surroundings& surroundings_;
  uint64_t seed_;
  FieldReader url_{kFields[0]}, status_{kFields[1]};
};

/// [G]
class Lateral::Global {
 public:
  static constexpr uint32_t kMostActs = 12'288, kMostFiles = 4'096, kMostPairs = 4'096, kMostClients = 2'048,
                            kMostServers = 8'192, kMostAccounts = 8'192;
  static constexpr uint32_t kState = 1;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  void save(StateWriter& out) { edges_.save(out); }
  bool load(StateReader& in) { return edges_.load(in); }

 private:
  struct Found {
    ActSet acts = 0;
    uint32_t techniques = 0;
    uint8_t verdict = UINT8_MAX;  // the gravest
    Timestamp first;
  };
  /// Servers that a client worked on of late; the oldest gives way.
  struct Reached {
    struct Server {
      IpAddress address;
      Timestamp last;
      bool strong = false;
    };
    std::array<Server, 16> servers{};
    uint64_t count = 0;
  };
  /// A client, and the account or the act by which it gets in. A key: no padding.
  struct Way {
    IpAddress client;
    std::array<uint8_t, 8> by{};
  };
  struct Hosts {
    Fan servers;
    uint32_t hour = 0;
  };

  void add_act(const ActOf& key, const Act& act);
  void add_output(const FileOf& key, const FileUse& use);
  void judge(const PairOf& pair, Timestamp time, Findings& findings);
  void report(const PairOf& pair, const Found& found, Timestamp time, Findings& findings);
  void spread(const PairOf& pair, bool strong, const FlowName& flow, Timestamp time, Findings& findings);
  /// Keeps the latest, and says whether the server is new among them.
  static bool keep(Reached& reached, const IpAddress& server, Timestamp time, bool strong);
  void log_in(const ActOf& key, uint64_t by, std::string_view account, const FlowName& flow, Timestamp time,
              Findings& findings);
  uint32_t hosts_of(const PairOf& pair, std::string_view& name);

  const Config config_;
  const Surroundings& surroundings_;
  ActMemory acts_;
  Edges edges_;
  Table<FileOf, FileUse> files_;
  Table<PairOf, Account> accounts_;
  Table<uint64_t, Hosts> hosts_;  // of an account, in this hour
  Table<PairOf, Found> found_;
  Table<IpAddress, Reached> reached_;
  Table<Way, Reached> logins_;
  Table<IpAddress, SmallFan> clients_;   // that log in to a server
  std::map<PairOf, Timestamp> touched_;  // in the second that is judged
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
};

}  // namespace lapwing::analytics
