// NamePoisoning: a host answers for names of the own link that are not its own, so that who asks logs in to it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/detectors/heard.h"
#include "analytics/frame/detector.h"
#include "analytics/frame/fields.h"
#include "analytics/shape/table.h"

namespace lapwing::analytics {

/// LLMNR (RFC 4795), multicast DNS (RFC 6762) and NetBIOS names are asked of everybody, and anybody may answer. A host
/// has few names, and says which (RFC 6762 section 8.3, RFC 1002 section 4.2.2); a poisoner answers for whatever is
/// asked.
struct NamePoisoning {
  static constexpr Technique kTechniques[] = {{"T1557.001", "TA0006"}};
  static constexpr std::string_view kProtocols[] = {"local_names", "dns"};
  static constexpr About about = {.name = "name-poisoning",
                                  .techniques = kTechniques,
                                  .logins = true,
                                  .bindings = true,
                                  .protocols = kProtocols,
                                  .idle = 1800,
                                  .help = "a host answers for names of others, by LLMNR, NetBIOS or multicast DNS"};

  struct Config {
    uint64_t names = 0, absent = 0, login = 0;
  };
  static std::span<const OptionRow<Config>> options();

  struct Counters {
    uint64_t text_max = 0;   // messages that were read in part
    uint64_t names_max = 0;  // answers and announcements that are not judged: their host has as many names as may be
  };
  static std::span<const CounterRow<Counters>> counter_rows();

  /// named: by others. called: by itself, to who logs in. cut: a message that was read in part.
  enum class Kind : uint8_t { question, answer, announcement, named, called, absent, login, cut };
  enum class Service : uint8_t { none, llmnr, nbns, mdns };
  /// The first label, in lower case, as far as NetBIOS has room for it: whoever is asked by several services, and with
  /// the domains of a resolver, is asked for the same.
  using Name = std::array<char, 15>;
  /// A key: no padding.
  struct Message {
    Kind kind = Kind::question;
    Service service = Service::none;
    IpAddress speaker, other;  // who says it, and to whom; other: none, of what everybody is told
    IpAddress address;         // whose the name is said to be
    Name name{};
    uint16_t vlan = 0;
  };
  using Delta = HeardMessages<Message, 16'384>;

  /// [W]
  class Local {
   public:
    Local(const Config&, const Surroundings& surroundings) : surroundings_(surroundings) {}
    void event(const Observed& observed, Delta& delta);
    void login(const LoginOf& login, Delta& delta) const;
    void binding(const BindingOf& binding, Delta& delta) const;

   private:
    void missing(const Observed& observed, Delta& delta);

    const Surroundings surroundings_;
    FieldReader service_{"local_names.service"}, kind_{"local_names.kind"}, broadcast_{"local_names.broadcast"},
        cut_{"local_names.cut"}, question_{"local_names.questions.name"}, answer_{"local_names.answers.name"},
        address_{"local_names.answers.address"};
    FieldReader response_{"dns.qr"}, rcode_{"dns.rcode"}, asked_{"dns.queries.rrname"};
    std::vector<Name> names_;
  };

  class Global;
};

/// [G]
class NamePoisoning::Global {
 public:
  static constexpr uint32_t kMostHosts = 16'384, kMostQuestions = 16'384, kMostAbsent = 16'384, kMostTold = 16'384;

  Global(const Config& config, const Surroundings& surroundings);
  void take(Second second, Delta& delta, Findings& findings);
  void expire(Second second, Findings& findings);
  StateUse use() const;
  const Counters& counters() const { return counters_; }

 private:
  // Keys: no padding.
  struct HostKey {
    IpAddress address;
    uint8_t none = 0;
    uint16_t vlan = 0;
  };
  struct Question {
    IpAddress asker;
    Service service = Service::none;
    Name name{};
  };
  struct Missing {
    IpAddress asker;
    Name name{};
  };
  struct Pair {
    IpAddress client, server;
  };
  struct Asked {
    Timestamp time;
    IpAddress asker;
  };
  struct Told {
    Timestamp first, last;
    HostKey by;
  };
  struct Answered {
    Name name{};
    IpAddress address;
    uint8_t services = 0;  // bits
    bool absent = false;   // a resolver had said that there is no such name
    auto operator<=>(const Answered&) const = default;
  };
  struct Host {
    static constexpr size_t kMostNames = 32, kMostShown = 16;
    std::vector<Name> own;
    std::vector<Answered> answered;
    std::vector<IpAddress> victims;
    Timestamp first, last;
    uint64_t answers = 0, logins = 0;
    Name called{};
    bool due = false;  // to be judged
  };

  void add(const Message& message, Timestamp time, uint64_t count);
  void answer(const Message& message, Timestamp time, uint64_t count);
  void touch(const HostKey& key, Host& host);
  void announce(const HostKey& key, const Name& name);
  void judge(const HostKey& key, const Host& host, Findings& findings) const;
  bool within(Timestamp before, Timestamp after, uint64_t seconds) const;

  const Config config_;
  Table<HostKey, Host> hosts_;
  Table<Question, Asked> questions_;
  Table<Missing, Timestamp> absent_;
  Table<Pair, Told> told_;
  std::vector<HostKey> due_;
  uint32_t now_ = 0;
  uint64_t overflow_ = 0;
  Counters counters_;
};

}  // namespace lapwing::analytics
