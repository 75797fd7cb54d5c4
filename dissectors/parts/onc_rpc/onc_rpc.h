// The part `onc_rpc`: remote procedure calls (RFC 5531), as far as every program has them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dissectors/contract/likelihood.h"
#include "dissectors/parts/onc_rpc/xdr.h"
#include "sensor/event/chunk.h"

namespace lapwing::onc_rpc {

/// How somebody shows who he is (RFC 5531 8.2, RFC 2203).
namespace flavor {
inline constexpr uint32_t none = 0, sys = 1, gss = 6;
}

/// What RPCSEC_GSS does to the body of a message (RFC 2203 5.2.2).
enum class GssService : uint32_t { unknown, none, integrity, privacy };

/// Credentials of RPCSEC_GSS. Those of procedure 0 come with a body that its service protects, others set up or end a
/// context.
struct Gss {
  uint32_t procedure = 0;  // RFC 2203 5.2.2
  GssService service = GssService::unknown;

  bool begins_login() const { return procedure == 1; }
  bool logs_in() const { return procedure == 1 || procedure == 2; }
};

/// What sets up a context (RFC 2203 5.2.3.1), instead of results.
struct GssAnswer {
  std::string_view context;
  uint32_t major = 0;  // RFC 2743 1.2.1.1
  Bytes token;

  bool complete() const { return major == 0; }
  bool goes_on() const { return major == 1; }
};

/// Head of a call; views the message.
struct Call {
  uint32_t xid = 0, program = 0, version = 0, procedure = 0;
  uint32_t flavor = flavor::none;
  size_t credentials = 0;  // bytes of them, without flavor and length
  // Of AUTH_SYS (RFC 5531 appendix A).
  std::string_view machine;
  uint32_t uid = 0, gid = 0;
  Bytes groups;  // four bytes each
  std::optional<Gss> gss;
  std::string_view gss_context;  // by which the server knows it; empty while it has given none
};

/// RFC 5531 9.
enum class Accepted : uint32_t {
  success,
  program_unavailable,
  program_mismatch,
  procedure_unavailable,
  garbage,
  error
};
enum class Denied : uint32_t { rpc_mismatch, auth_error };

/// Head of an answer.
struct Reply {
  uint32_t xid = 0;
  bool denied = false;
  uint32_t state = 0;                // of Accepted, or of Denied
  uint32_t why = 0;                  // of Denied::auth_error
  uint32_t verifier = flavor::none;  // its flavor
  uint32_t lowest = 0, highest = 0;  // versions, where one does not fit

  /// What the procedure says follows.
  bool has_results() const { return !denied && state == static_cast<uint32_t>(Accepted::success); }
};

/// Bytes of credentials or of a verifier at most (RFC 5531 8.2).
inline constexpr uint32_t kMostAuth = 400;
/// Bytes of a record over TCP at most; servers take some MiB (FSINFO's wtmax, RFC 1813 3.3.19).
inline constexpr uint32_t kMostRecord = 32 << 20;

enum class Kind : uint32_t { call, reply };

/// Read one off the front; whoever gives them asks for whole(). No call of another version than 2 passes.
Call read_call(XdrReader& message);
Reply read_reply(XdrReader& message);
/// Bytes of a token of GSS-API at most, of a call that sets up a context or its answer.
inline constexpr uint32_t kMostToken = 64 << 10;
GssAnswer read_gss_answer(XdrReader& body);

/// Whether the bytes are the beginning of a call of `program`, or of an answer, which does not say whose it is: then
/// it is maybe at best. `marked`: with a record mark before it (RFC 5531 11).
Likelihood judge(Bytes bytes, uint32_t program, bool marked);

/// The same of the first bytes of a side: clients call, servers answer. Calls of the program `beside`, if there is one,
/// may come before those of `program` on its connections.
Likelihood probe(const Chunk& first, uint32_t program, uint32_t beside = 0);

/// A program whose protocol has a dissector of its own.
struct Neighbour {
  uint32_t program;
  std::string_view protocol;
};

/// Whether the bytes at which a record begins, or the datagram, are a call of one of them, and of which: sure, more or
/// no.
struct Owner {
  Likelihood verdict = Likelihood::no;
  const Neighbour* neighbour = nullptr;  // where it is sure
};
/// Bytes of a record, with the marks of its fragments, after which nothing more is waited for: nobody sends fragments
/// so small, and each byte that is waited for has all before it looked at again.
inline constexpr size_t kMostBeginning = 256;
Owner owner(Bytes bytes, std::span<const Neighbour> neighbours, bool datagram);

/// Credentials as long as the transaction that came with them [W].
struct Identity {
  uint32_t flavor = flavor::none;
  std::string machine;
  uint32_t uid = 0, gid = 0;
  std::vector<uint32_t> groups;
  std::optional<Gss> gss;

  void take(const Call& call);
  void reset();
};

/// A call and its answer, as far as the heads say it [W].
struct Heads {
  uint32_t xid = 0, program = 0, version = 0, procedure = 0;
  Identity identity;
  std::optional<Reply> reply;  // nothing: none came

  void take(const Call& call);
  void reset();
  /// The body of both is nobody's to read but theirs.
  bool is_private() const;
};

/// EVE's word for it; `scratch` is for what has none.
std::string_view flavor_name(uint32_t flavor, std::string& scratch);

}  // namespace lapwing::onc_rpc
