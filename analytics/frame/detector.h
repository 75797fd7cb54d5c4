// The contract of a detector: two plain classes and a sum.
//
// Local [W] turns what it is shown of one second into a Delta. Deltas add up in any order and any grouping: integers,
// by +, min, max, |, and sets that keep their least members; nothing that depends on who came first. Global [G] takes
// the sum of all workers' deltas of each second of packet time, and holds all memory. So the findings of N workers are
// those of one, and where Global is late, seconds are added together and nothing is lost. A Delta's seal() is the last
// that is done on its worker: what it sorts there, the analyst need not. A spent one goes back to its worker by
// clear(), which keeps memory.
//
//   struct Scan {
//     static constexpr About about = {...};
//     struct Config {...};
//     static std::span<const OptionRow<Config>> options();
//     struct Delta { void operator+=(Delta&&); bool empty() const; };
//     struct Local { Local(const Config&, const Surroundings&); void flow(const FlowUpdate&, Delta&); ... };
//     struct Global { Global(const Config&, const Surroundings&); void take(Second, Delta&, Findings&);
//                     void expire(Second, Findings&); StateUse use() const; };
//   };
//
// What a Global remembers survives a restart where it has `static constexpr uint32_t kState`, the version of its bytes,
// `void save(StateWriter&)` and `bool load(StateReader&)`, which is false for bytes that it could not have saved.
//
// What a detector has beyond that, where it needs it:
//
//   Delta(const Surroundings&);                         // of the run; it has clear() then
//   static Config read(const OptionSource&);            // throws SettingError; instead of its options alone
//   static std::vector<OptionInfo> described();         // of options that are no rows
//   static bool wanted(const Config&);                  // false: it has nothing to do, and is left out
//   static Reread reread(const Config&, const OptionSource&);  // what its configuration names, read anew
//   static std::span<const CounterRow<Counters>> counter_rows();  // of `const Counters& Global::counters() const`
//   static void list_counters(CounterSet&);             // or else those that Global::add_counters(CounterSet&) adds
//   void Local::advance();                              // once a second, whether anything is seen or not
//
// It becomes one by its line in analytics/registry.cc.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "analytics/frame/alerts.h"
#include "analytics/frame/evidence.h"
#include "analytics/frame/findings.h"
#include "analytics/frame/readings.h"
#include "analytics/frame/roles.h"
#include "analytics/frame/surroundings.h"
#include "analytics/shape/state.h"
#include "sensor/base/counters.h"
#include "sensor/base/options.h"
#include "sensor/event/behaviour.h"
#include "sensor/event/event.h"
#include "sensor/event/flow_update.h"

namespace lapwing::analytics {

/// Of packet time since 1970.
using Second = int64_t;

/// [S] What the outside needs to know of a detector.
struct About {
  std::string_view name;                             // behaviour.name, "analytics.<name>.*"
  std::span<const Technique> techniques;             // at most 32: reports name them by position
  bool logins = false;                               // it is shown them, whatever the protocol
  bool alerts = false;                               // of rules; where there can be none it is shown nothing
  bool bindings = false, software = false;           // likewise
  bool operations = false;                           // that clients have servers do
  uint32_t moments = 0;                              // bits of the moments it is shown, and no others
  std::span<const std::string_view> protocols = {};  // whose events it is shown
  bool only_due = false;  // of them only those whose record is due, and those that are a message each
  std::span<const std::string_view> fields = {};  // of them that it reads, by their names in records
  int64_t idle = 600;                             // seconds without news after which a finding is over
  RoleMask explained_by = 0;                      // roles of the subject that make its findings what is to be expected,
  RoleMask explained_at = 0;                      // and roles that all of its objects have then
  bool silence = false;  // it rests on what stays unanswered, so not where interfaces show one side alone
  std::string_view help;
};

/// [W] An event, and where it came from.
struct Observed {
  const Event& event;
  const FlowRef* flow;  // null: of a packet that is of no flow
  Timestamp time;
  IpAddress src, dest;  // of the packet, or of the flow's client and server
  uint16_t vlan = 0;    // the outermost, or 0
  Station station{};    // that sent the frame which brought it, or zeros
  mutable Readings readings{};

  /// Who said it, and to whom.
  const IpAddress& sender() const { return event.direction == Direction::to_server ? src : dest; }
  const IpAddress& receiver() const { return event.direction == Direction::to_server ? dest : src; }
};

/// [W] A login, and whose flow it came in.
struct LoginOf {
  const LoginSeen& login;
  const FlowRef& flow;
  Timestamp time;
};

/// [W] A name or station, and whose it is.
struct BindingOf {
  const BindingSeen& binding;
  IpAddress address;
  uint16_t vlan;
  Timestamp time;
};

/// [W] Software, and whose it is.
struct SoftwareOf {
  const SoftwareSeen& software;
  const FlowRef& flow;
  Timestamp time;
  IpAddress address() const { return software.side == Side::client ? flow.client : flow.server; }
};

/// [W] What a client had its server do, and in which flow.
struct OperationOf {
  const OperationSeen& operation;
  const FlowRef& flow;
  Timestamp time;
};

/// Of a Global's tables.
struct StateUse {
  uint64_t keys = 0, bytes = 0, evicted = 0;
  uint64_t overflow = 0;  // observations beyond what a second may bring
  uint64_t learning = 0;  // seconds of packet time that it lacks to tell what is new
};

/// What a detector read anew while it works. Nothing of it is in force before `adopt` is called.
struct Reread {
  std::function<void()> adopt;      // may be empty; safe from any one thread
  std::vector<std::string> faults;  // what stays as it was, and why: "file: what is wrong"
};

template <class D>
concept SeesFlows = requires(typename D::Local local, typename D::Delta delta, const FlowUpdate& update) {
  local.flow(update, delta);
};
template <class D>
concept SeesEvents = requires(typename D::Local local, typename D::Delta delta, const Observed& observed) {
  local.event(observed, delta);
};

template <class D>
concept SeesLogins = requires(typename D::Local local, typename D::Delta delta, const LoginOf& login) {
  local.login(login, delta);
};

template <class D>
concept SeesAlerts = requires(typename D::Local local, typename D::Delta delta, const AlertSeen& alert) {
  local.alert(alert, delta);
};
template <class D>
concept SeesBindings = requires(typename D::Local local, typename D::Delta delta, const BindingOf& binding) {
  local.binding(binding, delta);
};
template <class D>
concept SeesSoftware = requires(typename D::Local local, typename D::Delta delta, const SoftwareOf& software) {
  local.software(software, delta);
};
template <class D>
concept SeesOperations = requires(typename D::Local local, typename D::Delta delta, const OperationOf& operation) {
  local.operation(operation, delta);
};

template <class D>
concept Detector = (SeesFlows<D> || SeesEvents<D> || SeesLogins<D> || SeesAlerts<D> || SeesBindings<D> ||
                    SeesSoftware<D> || SeesOperations<D>)&&requires(typename D::Delta delta, typename D::Global global,
                                                                    const typename D::Global& idle, Second second,
                                                                    Findings& findings) {
  { D::about } -> std::convertible_to<About>;
  { D::options() } -> std::convertible_to<std::span<const OptionRow<typename D::Config>>>;
  delta += std::move(delta);
  { delta.empty() } -> std::same_as<bool>;
  global.take(second, delta, findings);
  global.expire(second, findings);
  { idle.use() } -> std::same_as<StateUse>;
};

/// What it learned is worth keeping.
template <class D>
concept Remembers = requires(typename D::Global global, StateWriter& out, StateReader& in) {
  { D::Global::kState } -> std::convertible_to<uint32_t>;
  global.save(out);
  { global.load(in) } -> std::same_as<bool>;
};

// A detector as the frame runs it, whatever its types.

class AnyDelta {
 public:
  virtual ~AnyDelta() = default;
  /// `other` is of the same detector, and spent.
  virtual void add(AnyDelta& other) = 0;
  /// It is spent: as new, but for the memory that it keeps.
  virtual void clear() = 0;
};

class AnyLocal {
 public:
  virtual ~AnyLocal() = default;
  virtual void flow(const FlowUpdate& update) = 0;
  virtual void event(const Observed& observed) = 0;
  virtual void login(const LoginOf& login) = 0;
  virtual void binding(const BindingOf& binding) = 0;
  virtual void software(const SoftwareOf& software) = 0;
  virtual void operation(const OperationOf& operation) = 0;
  virtual void alert(const AlertSeen& alert) = 0;
  /// Puts into `slot` what it was shown since the last call, and takes the cleared delta there for what comes; null
  /// does as well. False, and nothing changes, where that came to nothing.
  virtual bool seal(std::unique_ptr<AnyDelta>& slot) = 0;
};

class AnyGlobal {
 public:
  virtual ~AnyGlobal() = default;
  virtual void take(Second second, AnyDelta& delta, Findings& findings) = 0;
  virtual void expire(Second second, Findings& findings) = 0;
  /// Nothing more comes.
  virtual void finish(Findings& findings) = 0;
  virtual StateUse use() const = 0;
  virtual void add_counters(CounterSet& set) const = 0;
  virtual void save(StateWriter& out) = 0;
  virtual bool load(StateReader& in) = 0;
};

/// [S] A detector with its options as read.
class AnyDetector {
 public:
  virtual ~AnyDetector() = default;
  virtual const About& about() const = 0;
  /// Version of what its Global saves, or 0: it saves nothing.
  virtual uint32_t state() const = 0;
  /// False: as it is configured, there is nothing for it to do.
  virtual bool wanted() const = 0;
  /// Throws SettingError. One thread at a time.
  virtual Reread reread(const OptionSource& source) const = 0;
  virtual std::unique_ptr<AnyLocal> local(const Surroundings& surroundings) const = 0;
  virtual std::unique_ptr<AnyGlobal> global(const Surroundings& surroundings) const = 0;
};

/// [S] A row of the table of detectors.
struct DetectorRow {
  const About& about;
  std::vector<OptionInfo> (*options)();
  /// Throws SettingError.
  std::unique_ptr<const AnyDetector> (*read)(const OptionSource& source);
  void (*list_counters)(CounterSet& set) = nullptr;
};

namespace made {

template <Detector D>
struct DeltaOf final : AnyDelta {
  explicit DeltaOf(const Surroundings& surroundings) : sum(make(surroundings)) {}
  void add(AnyDelta& other) override { sum += std::move(static_cast<DeltaOf&>(other).sum); }
  void clear() override {
    if constexpr (requires { sum.clear(); }) {
      sum.clear();
    } else {
      static_assert(!std::is_constructible_v<typename D::Delta, const Surroundings&>, "what knows the run has clear()");
      sum = {};
    }
  }
  static typename D::Delta make(const Surroundings& surroundings) {
    if constexpr (std::is_constructible_v<typename D::Delta, const Surroundings&>) {
      return typename D::Delta(surroundings);
    } else {
      return {};
    }
  }
  typename D::Delta sum;
};

template <Detector D>
class LocalOf final : public AnyLocal {
 public:
  LocalOf(const typename D::Config& config, const Surroundings& surroundings)
      : surroundings_(surroundings), local_(config, surroundings) {}
  void flow(const FlowUpdate& update) override {
    if constexpr (SeesFlows<D>) local_.flow(update, delta_->sum);
  }
  void event(const Observed& observed) override {
    if constexpr (SeesEvents<D>) local_.event(observed, delta_->sum);
  }
  void login(const LoginOf& login) override {
    if constexpr (SeesLogins<D>) local_.login(login, delta_->sum);
  }
  void alert(const AlertSeen& alert) override {
    if constexpr (SeesAlerts<D>) local_.alert(alert, delta_->sum);
  }
  void binding(const BindingOf& binding) override {
    if constexpr (SeesBindings<D>) local_.binding(binding, delta_->sum);
  }
  void software(const SoftwareOf& software) override {
    if constexpr (SeesSoftware<D>) local_.software(software, delta_->sum);
  }
  void operation(const OperationOf& operation) override {
    if constexpr (SeesOperations<D>) local_.operation(operation, delta_->sum);
  }
  bool seal(std::unique_ptr<AnyDelta>& slot) override {
    if constexpr (requires { local_.advance(); }) local_.advance();
    if (delta_->sum.empty()) return false;
    if constexpr (requires { delta_->sum.seal(); }) delta_->sum.seal();
    auto next = slot ? std::unique_ptr<DeltaOf<D>>(static_cast<DeltaOf<D>*>(slot.release()))
                     : std::make_unique<DeltaOf<D>>(surroundings_);
    slot = std::exchange(delta_, std::move(next));
    return true;
  }

 private:
  const Surroundings surroundings_;
  typename D::Local local_;
  std::unique_ptr<DeltaOf<D>> delta_ = std::make_unique<DeltaOf<D>>(surroundings_);
};

template <Detector D>
class GlobalOf final : public AnyGlobal {
 public:
  GlobalOf(const typename D::Config& config, const Surroundings& surroundings) : global_(config, surroundings) {}
  void take(Second second, AnyDelta& delta, Findings& findings) override {
    global_.take(second, static_cast<DeltaOf<D>&>(delta).sum, findings);
  }
  void expire(Second second, Findings& findings) override { global_.expire(second, findings); }
  void finish(Findings& findings) override {
    if constexpr (requires { global_.finish(findings); }) global_.finish(findings);
  }
  StateUse use() const override { return global_.use(); }
  void add_counters(CounterSet& set) const override {
    if constexpr (requires { D::counter_rows(); }) set.add(global_.counters(), D::counter_rows());
    if constexpr (requires { global_.add_counters(set); }) global_.add_counters(set);
  }
  void save(StateWriter& out) override {
    if constexpr (Remembers<D>) global_.save(out);
  }
  bool load(StateReader& in) override {
    if constexpr (Remembers<D>) return global_.load(in);
    return in.done();
  }

 private:
  typename D::Global global_;
};

/// What D reads itself, or its options.
template <Detector D>
typename D::Config config_of(const OptionSource& source) {
  if constexpr (requires { D::read(source); }) {
    return D::read(source);
  } else {
    return read_options(source, D::options());
  }
}

template <Detector D>
class DetectorOf final : public AnyDetector {
 public:
  explicit DetectorOf(const OptionSource& source) : config_(config_of<D>(source)) {}
  const About& about() const override { return D::about; }
  uint32_t state() const override {
    if constexpr (Remembers<D>) return D::Global::kState;
    return 0;
  }
  bool wanted() const override {
    if constexpr (requires { D::wanted(config_); }) return D::wanted(config_);
    return true;
  }
  Reread reread(const OptionSource& source) const override {
    if constexpr (requires { D::reread(config_, source); }) return D::reread(config_, source);
    return {};
  }
  std::unique_ptr<AnyLocal> local(const Surroundings& surroundings) const override {
    return std::make_unique<LocalOf<D>>(config_, surroundings);
  }
  std::unique_ptr<AnyGlobal> global(const Surroundings& surroundings) const override {
    return std::make_unique<GlobalOf<D>>(config_, surroundings);
  }

 private:
  const typename D::Config config_;
};

}  // namespace made

template <Detector D>
constexpr DetectorRow detector() {
  DetectorRow out{D::about,
                  [] {
                    std::vector<OptionInfo> options = describe_options(D::options());
                    if constexpr (requires { D::described(); }) {
                      for (OptionInfo& option : D::described()) options.push_back(std::move(option));
                    }
                    return options;
                  },
                  [](const OptionSource& source) -> std::unique_ptr<const AnyDetector> {
                    return std::make_unique<made::DetectorOf<D>>(source);
                  }};
  if constexpr (requires { D::counter_rows(); }) {
    out.list_counters = [](CounterSet& set) { set.add(typename D::Counters{}, D::counter_rows()); };
  } else if constexpr (requires(CounterSet & set) { D::list_counters(set); }) {
    out.list_counters = &D::list_counters;
  }
  return out;
}

}  // namespace lapwing::analytics
