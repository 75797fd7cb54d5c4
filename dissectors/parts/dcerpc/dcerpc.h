// The part `dcerpc`: remote procedure calls (DCE 1.1 RPC, C706; MS-RPCE) as a connection carries them, be it of TCP or
// a pipe of SMB. Fragments become calls, whose interfaces and operations have names.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "dissectors/contract/out.h"
#include "dissectors/parts/dcerpc/calls.h"
#include "dissectors/parts/dcerpc/interfaces.h"
#include "dissectors/parts/dcerpc/pdu.h"
#include "dissectors/parts/gss/gss.h"
#include "sensor/base/ip_address.h"
#include "sensor/event/event.h"
#include "sensor/event/expectation.h"

namespace lapwing::dcerpc {

/// The rows of the part.
struct Rpc {
  enum class Anomaly : uint8_t { malformed_pdu, refused_context, too_many_contexts };
  enum class Cap : uint8_t { calls, contexts, endpoints, stub, early };
  static constexpr lapwing::Cap kCaps[] = {
      {"calls", 1024, "calls of a connection that wait for their end; the oldest is given up"},
      {"contexts", 1024, "contexts of a connection that are known at once; what is offered beyond them is not"},
      {"endpoints", 64, "endpoints of one answer of the mapper that are kept and expected"},
      {"stub", 1 << 20, "bytes of the stub data of one side of a call that are kept"},
      {"early", 32, "datagrams of a flow that wait for fragments before theirs; behind them those are lost"},
  };
  static const Part part;
};

/// Frames, where a carrier tells them.
enum class Pdu : uint8_t { pdu, hdr, data };

/// An interface that the client asked for (C706 12.6.3.1).
struct Context {
  uint16_t id = 0;
  Uuid uuid = {};
  uint16_t major = 0, minor = 0;
  std::optional<uint16_t> result, reason;  // the server's; 0: accepted
  bool wide = false;                       // its data is in NDR64 (MS-RPCE 2.2.5)
  const Interface* interface = nullptr;    // null: unknown

  bool refused() const { return result && *result != 0; }
};

/// [W] The last bytes of stub data.
class StubEnd {
 public:
  using Last = std::array<uint8_t, 4>;
  void add(Bytes bytes);
  /// So many of the bytes that were added last are none of it.
  void drop(size_t count) { size_ -= std::min(count, size_); }
  void reset() { size_ = 0; }
  /// Nothing where there are not so many, or what was dropped was longer than any padding.
  std::optional<Last> last() const;

 private:
  static constexpr size_t kPadding = 16;  // bytes by which a verifier is aligned at most (MS-RPCE 2.2.2.11)
  std::array<uint8_t, std::tuple_size_v<Last> + kPadding> bytes_ = {};
  size_t size_ = 0;
};

/// [W] One side of a call: its fragments.
struct Side {
  Type type = Type::request;
  bool seen = false, whole = false;
  bool lost = false;  // bytes of it, or its first fragment
  uint32_t fragments = 0;
  uint64_t begin = 0;  // of the first that was seen, counted as Carrier::frame's
  /// Bytes of the fragments behind what all of them begin with and, of a request, the context and the operation: the 8
  /// before a response's stub data, and verifiers, are among them.
  uint64_t size = 0;
  /// Those of `size` where a single fragment has them all; of several the first up to its verifier, and of the others
  /// the stub data alone, so that it is in one piece. Ends before what was lost, and where nothing more is kept.
  std::string stub;
  StubEnd end;  // however much of it is kept
  /// Fragments by datagrams that came before others that they follow.
  struct Early {
    uint16_t number = 0;
    bool last = false;
    std::string body;
  };
  std::vector<Early> early;

  // Owned by the association:
  bool full = false;     // nothing more is kept
  bool reached = false;  // the carrier was told

  /// Bytes of `stub` that follow those before: of them so many are kept, or all; `full` says so.
  void add_stub(Bytes bytes, uint64_t limit);
  void reset();
};

/// [W] What a dissector is handed of a flow that the endpoint mapper announced.
struct Announced : lapwing::Context {
  explicit Announced(const dcerpc::Context& interface) : context(interface) {}
  dcerpc::Context context;
};

/// A port where an interface is to be had, by the endpoint mapper, or objects, by an activator of DCOM.
struct Endpoint {
  Uuid uuid = {};  // zeros: of objects, whose interfaces clients bind there
  uint16_t major = 0, minor = 0;
  const Interface* interface = nullptr;
  bool datagrams = false;  // UDP, else TCP
  uint16_t port = 0;
  std::optional<IpAddress> address;  // none: that of the server

  /// The server says of itself where else it is to be found: what it says of another host is not followed.
  Expectation expectation() const;
};

/// Of calls by datagrams (C706 12.5.2): which of whose calls.
struct Activity {
  Uuid uuid = {};
  uint32_t sequence = 0;

  bool operator==(const Activity&) const = default;
};

/// [W] A request and its answer, or another exchange of a connection: bind, alter_context, auth3, shutdown.
struct Call {
  Transaction* tx = nullptr;  // that holds it: whoever begins one sets it
  uint32_t id = 0;
  uint8_t minor = 0;  // of version 5
  std::optional<Activity> activity;
  std::array<Side, 2> sides;  // by Direction
  uint16_t context = 0, operation = 0;
  std::vector<Context> contexts;  // that are offered; or of a request its own, where it is known
  std::optional<Uuid> object;
  std::optional<Security> security;         // of the latest fragment that has a verifier
  std::optional<uint32_t> status;           // of a fault
  std::optional<uint16_t> refusal;          // of a bind
  std::vector<Endpoint> endpoints;          // that its answer names
  std::shared_ptr<const gss::Login> login;  // whose token it brings, or whose end its answer shows
  std::optional<Outcome> outcome;           // of that
  bool maybe = false;                       // no answer is asked for
  bool cancelled = false, orphaned = false;
  uint64_t key = 0;  // owned by the association

  const Side& request() const { return sides[0]; }
  const Side& response() const { return sides[1]; }
  /// Null where the context, or its interface, is unknown.
  const Interface* interface() const;
  std::string_view operation_name() const;
  /// Keeps capacities.
  void reset();
};

/// Takes what an Association finds. It outlives the association, and its calls live until they end.
class Carrier {
 public:
  virtual ~Carrier() = default;
  /// A call begins with a fragment of that direction. The transaction that holds it is the carrier's to open, and its
  /// order of bytes the association's to set.
  virtual Call& begin(uint32_t call_id, Direction direction) = 0;
  /// One side of the call is final but for its numbers of bytes and fragments: told once of each that is.
  virtual void reached(Call& call, Direction direction) = 0;
  /// It was answered, needs no answer, or was given up; of its sides those are whole that ended.
  virtual void end(Call& call) = 0;
  /// `offset`: counted as the bytes that the association took of the direction, and lost. A frame is told as the bytes
  /// that complete its header are taken.
  virtual void frame(Pdu, Direction, uint64_t /*offset*/, uint64_t /*size*/) {}
  /// The call's answer says where an interface is to be had, or objects: told once of each port.
  virtual void endpoint(const Endpoint&) {}
};

/// What a carrier's options say.
struct Limits {
  uint64_t calls = Rpc::kCaps[static_cast<size_t>(Rpc::Cap::calls)].limit;
  uint64_t stub = Rpc::kCaps[static_cast<size_t>(Rpc::Cap::stub)].limit;
  bool contents = true;  // as Out::contents; else no more stub data is kept than sightings show
  bool bare = false;     // of responses the data alone, without what stands before it: Suricata has it so of pipes

  /// Bytes of a side's stub data. `mapped`: it says where interfaces are to be had.
  uint64_t kept(bool mapped) const;
};

/// [W] One connection of TCP, or one open pipe of SMB. What it tells depends on the bytes alone, not on how they are
/// cut.
class Association {
 public:
  /// All outlive it.
  Association(PartOut<Rpc> out, PartOut<gss::Gss> login_out, Carrier& carrier, const Limits& limits);
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;

  /// The next bytes of a direction.
  void take(Bytes bytes, Direction direction);
  /// So many bytes of a direction never come.
  void gap(Direction direction, uint64_t lost);
  /// It was under way when it was first seen: what comes first may be the middle of a PDU.
  void pick_up(Direction direction);
  /// Nothing more comes: what waits is given up.
  void finish();
  /// What the other side says goes another way, so that nothing waits for it.
  void alone() { alone_ = true; }
  /// An interface that a context means whose offer was not seen.
  void announce(const Context& context) { announced_ = context; }
  /// Bytes of a direction that were taken and lost so far.
  uint64_t position(Direction direction) const { return lanes_[index(direction)].position; }
  /// As take(), for a carrier whose bytes are offered again: how many were taken. What is left is too short for a
  /// header that may begin there, so that frames do not depend on how bytes are cut.
  size_t read(Bytes bytes, Direction direction);

 private:
  using Anomaly = Rpc::Anomaly;
  using Cap = Rpc::Cap;
  /// One direction, and where in its PDU it is.
  struct Lane {
    uint64_t position = 0;                               // behind what was taken and lost
    std::string held;                                    // of a PDU whose header, head or whole is awaited
    std::optional<Header> header;                        // of the PDU at hand
    uint64_t begin = 0;                                  // of that
    bool passing = false;                                // what comes of it is stub data, or nobody's
    Call* call = nullptr;                                // whose fragment it is; null: nobody's
    Call* unfinished = nullptr;                          // of the last fragment, if others are to follow
    size_t stub_before = 0;                              // what the side had kept before the fragment
    std::array<uint8_t, Security::kSize> security = {};  // of the fragment
    bool searching = false;                              // for the next PDU
    bool told = false;                                   // that a PDU is malformed

    uint64_t end() const { return begin + header->size; }
  };

  // Bytes into PDUs.
  static Bytes search(Lane& lane, Bytes bytes);
  void complain(Lane& lane, Direction direction);
  void mistrust(Lane& lane, Direction direction);
  static bool hold(Lane& lane, Bytes& bytes, size_t size);
  static void leave(Lane& lane);
  void read_header(Lane& lane, Direction direction);
  bool read_head(Lane& lane, Bytes& bytes, Direction direction);
  void pass(Lane& lane, Bytes& bytes, Direction direction);
  void read_whole(const Lane& lane);

  // PDUs into calls.
  void fragment(Lane& lane, Direction direction, uint16_t context, uint16_t operation,
                const std::optional<Uuid>& object);
  void keep(Lane& lane, Bytes bytes, Direction direction);
  void end_fragment(Lane& lane, Direction direction);
  void note(Call& call, Direction direction, Type type);
  void offer(const Header& header, Bytes pdu);
  void answer(const Header& header, Bytes pdu);
  void fault(const Header& header, Bytes pdu);
  void authenticate(const Header& header, Bytes pdu);
  void shut_down(const Header& header);
  void mark(const Header& header);
  void log_in(Call& call, const Header& header, Bytes pdu, Direction direction);
  void judge_login(Call& call);

  // Calls.
  Call& open(uint64_t key, const Header& header, Direction direction);
  Call& begin(const Header& header, Direction direction);
  void resolve(Call& call, uint16_t context);
  void finish_side(Call& call, Direction direction);
  void reach(Call& call, Direction direction);
  void close(Call& call);

  PartOut<Rpc> out_;
  PartOut<gss::Gss> login_out_;
  Carrier& carrier_;
  const Limits limits_;
  std::array<Lane, 2> lanes_;  // by Direction
  Calls<uint64_t> calls_;      // that have not ended
  std::unordered_map<uint16_t, Context> contexts_;
  std::optional<Context> announced_;
  bool alone_ = false;                 // one side is all that comes
  std::shared_ptr<gss::Login> login_;  // null: none is under way
  std::vector<Offer> offers_;          // scratch
  std::vector<Answer> answers_;        // scratch
};

}  // namespace lapwing::dcerpc
