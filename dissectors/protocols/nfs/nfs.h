// NFS 2, 3 and 4 over TCP and UDP: a call and its answer are a transaction, and so is all that is read or written of a
// file in however many calls.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/contract/open.h"
#include "dissectors/parts/file/transfer.h"
#include "dissectors/parts/gss/gss.h"
#include "dissectors/parts/onc_rpc/messages.h"
#include "dissectors/parts/onc_rpc/rpc_part.h"
#include "dissectors/protocols/nfs/nfs4_parser.h"
#include "dissectors/protocols/nfs/nfs_recent.h"

namespace lapwing::nfs {

struct Config {
  uint64_t max_tx = 0;
  uint64_t inspected = 0;   // bytes of a file
  uint64_t operations = 0;  // bits of Recorded
  bool extended = false;
  bool version2_writes = false;  // are files
};

/// Operations of version 4 that may have transactions of their own, beside those of files.
enum Recorded : uint64_t { kCreate = 1, kRemove = 2, kRename = 4, kLink = 8, kOpen = 16, kLookup = 32, kSetattr = 64 };

/// Where a compound looks a file up, its handle stands in no call: what it is known by then is longer than any.
inline bool stands_in(std::string_view handle) {
  return handle.size() > kMostHandle;
}

class Nfs;

/// The call is known, of a file at least the first.
inline constexpr uint8_t kCall = 1;

/// [W] A call, an operation of a compound, or a file.
struct Exchange : Transaction {
  onc_rpc::Heads rpc;
  Direction asked_by = Direction::to_server;  // whose bytes had the call
  uint64_t count = 0;                         // of those of the flow that have records, from 1
  uint32_t procedure = 0;                     // of version 4: the operation
  uint32_t commit = 0;                        // procedure that ended a file: COMMIT, or 0
  uint32_t minor = 0;                         // of version 4
  std::string handle;                         // or what stands in for it
  std::string name, to;
  std::optional<uint32_t> status;
  std::optional<Attributes> attributes;
  std::string software;  // EXCHANGE_ID: of the client and, behind a line end, of the server
  // Of a call that sets up a context of RPCSEC_GSS.
  std::shared_ptr<gss::Login> login;
  std::optional<Outcome> outcome;  // of that, where this is its end

  // Of a file.
  bool is_file = false;
  Direction direction = Direction::to_server;  // of its bytes
  bool last = false;                           // its end came
  uint32_t chunks = 0, last_xid = 0;           // calls that carried it; the one that ended it
  uint32_t unanswered = 0;                     // READs of it
  bool told = false;                           // its fileinfo is written
  std::optional<file::Transfer<Nfs>> transfer;

  void reset();
};

/// [W] A call that waits for its answer, whether it has a transaction of its own or not.
struct Waiting {
  Exchange exchange;
  bool opened = false;  // it has one
  uint64_t digest = 0;  // of its datagram
  Arguments arguments;  // but for the texts, which are gone
  // Of a compound, in its order.
  struct Access {  // READ or WRITE
    std::string handle;
    uint64_t offset = 0;
    bool write = false;
    bool last = false;  // of the file, as far as the call tells
  };
  std::vector<std::string> names;  // of LOOKUP, OPEN and CREATE
  std::vector<Access> accesses;
  std::vector<std::string> asked;                         // by GETFH: what stands in for the handle, or nothing
  std::vector<std::unique_ptr<Exchange>> operations;      // that have transactions
  size_t named = 0, accessed = 0, got = 0, answered = 0;  // of those how many were answered
  bool compound = false;                                  // its operations are read
  std::vector<std::unique_ptr<Exchange>> ended;           // files that it ended, which have no record yet

  void reset();
};

enum class Anomaly : uint8_t { malformed_data, too_many_transactions };

// What nfs_columns.cc and nfs_words.cc bring.
Table columns();
std::span<const RecordRow> records();
CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t index);
void sightings(const Event& event, SightingSink& sink);
bool told_login(const Event& event, LoginSeen& login);
std::span<const Word> rule_words();
RecordExtent record_extent(const void* config, std::string_view record);

class Nfs : private onc_rpc::Carrier {
 public:
  using Config = nfs::Config;
  using Anomaly = nfs::Anomaly;
  enum class Pdu : uint8_t { rpc_pdu, rpc_hdr, rpc_data, rpc_creds, pdu, status, pdu4, hdr4, ops4, status4 };
  enum class Cap : uint8_t { tx, names, handles, files, operations };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 0, "calls without answer, by max-tx; the oldest is recorded as it is"},
      {"names", 4096, "names of handles of a flow; the one that was not used longest is forgotten"},
      {"handles", 1024,
       "handles of a flow that are known by where compounds looked them up; the one that was not used longest is "
       "forgotten"},
      {"files", 256, "files of a flow that are read or written; the one that was not used longest is over"},
      {"operations", 64,
       "operations of one compound that have a name, read, or have a transaction; others are passed over"},
  };
  static constexpr Carried kParts[] = {{&file::Files::part}, {&onc_rpc::Rpc::part}, {&gss::Gss::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Nfs(const Config& config, const Out<Nfs>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost) { return messages_.gap(direction, lost); }
  void finish();

 private:
  /// What of a message is read next.
  enum class Next : uint8_t {
    nothing,
    arguments,
    results,
    call_head,
    operation,
    reply_head,
    outcome,
    entry,
    entry4,
    token,
    token_answer,
  };
  /// [W] The message of one direction that is being read.
  struct Reading {
    Next next = Next::nothing;
    bool reply = false, wrapped = false;
    Waiting* waiting = nullptr;       // null: nobody asked, or it is over
    uint32_t left = 0;                // operations
    uint64_t bulk = 0;                // bytes of a file that follow,
    uint32_t padding = 0;             // and behind them
    uint64_t offset = 0;              // of them in the file
    Exchange* file = nullptr;         // null: nobody's
    std::string handle, saved, name;  // current and saved handle of a compound, and the name that was last looked up
    std::string place;                // what stood in for the current handle as it was looked up
  };

  // Carrier.
  void call(const onc_rpc::Call& head, const onc_rpc::Span& span, Direction direction) override;
  void reply(const onc_rpc::Reply& head, const onc_rpc::Span& span, Direction direction) override;
  Taken body(Bytes bytes, bool whole, Direction direction) override;
  bool lose(uint64_t count, Direction direction) override;
  void end(bool whole, Direction direction) override;
  void end_call(Waiting& waiting, bool whole);
  void fault(Fault fault, Direction direction) override;
  Likelihood begins(Bytes bytes, Direction direction) override;
  void record(const onc_rpc::Span& span, Direction direction) override;
  void record_over(uint64_t end, Direction direction) override;

  // nfs.cc
  static uint64_t key(uint32_t xid, Direction asked_by) { return uint64_t{index(asked_by)} << 32 | xid; }
  bool is_write(const Exchange& call) const;
  Reading& begin(bool reply, Direction direction);
  void frames(const Waiting& waiting, const onc_rpc::Span& span, bool reply, Direction direction);
  /// Reads the next unit, and does what it says, unless bytes of it are missing.
  void unit(Reading& reading, XdrReader& body, Direction direction);
  void arguments(Reading& reading, XdrReader& body, Direction direction);
  void results(Reading& reading, XdrReader& body, Direction direction);
  void entry(Reading& reading, XdrReader& body);
  void token(Reading& reading, XdrReader& body, Direction direction);
  void token_answer(Reading& reading, XdrReader& body, Direction direction);
  void open(Exchange& exchange);
  void open(Waiting& waiting);
  /// Its answer came, or never will.
  void answered(Exchange& exchange);
  void close(Waiting& waiting);
  void give_up_oldest();
  void malformed(Reading& reading, Direction direction);
  void record(Exchange& exchange);
  void name(Bytes handle, std::string_view name);

  // nfs4_compound.cc
  void operation(Reading& reading, XdrReader& body, Direction direction);
  void outcome(Reading& reading, XdrReader& body, Direction direction);
  void track(Reading& reading, const Operation& operation);
  void look_up(Reading& reading, std::string_view name);
  /// A name in that directory is another file's now, or nobody's.
  void forget(std::string_view directory, std::string_view name);
  /// What was looked up has that handle: what is read and written of it by either is one file.
  void learn(Waiting& waiting, const std::string& place, Bytes handle);
  /// The handle that something stands in for, where it is known.
  std::string_view known(std::string_view handle);
  /// Before its file is read or written.
  void name_stand_in(const Reading& reading);
  /// The operation has a transaction, if such have any.
  void note(const Reading& reading, const Operation& operation);
  /// False where there are too many of them in the compound.
  bool remembers(size_t size) { return out_.within(Cap::operations, size + 1); }
  uint64_t recorded(uint32_t operation) const;

  // nfs_files.cc
  Exchange* find_file(std::string_view handle, Direction direction);
  Exchange& file(std::string_view handle, Direction direction, const Waiting& waiting);
  /// So many bytes of it follow in the message.
  void expect_data(Reading& reading, Exchange* file, uint64_t offset, uint32_t size, Direction direction);
  size_t take_data(Reading& reading, Bytes bytes);
  void write(Reading& reading, std::string_view handle, uint64_t offset, uint32_t size, Direction direction);
  /// The file of that handle that the call writes, or has just ended; null where there is none.
  Exchange* written_file(Waiting& waiting, std::string_view handle);
  /// It is over, and has its record when the call is answered.
  void end_file(Waiting& waiting, Exchange& file, file::State state);
  void written(Waiting& waiting, uint32_t status, const std::optional<Attributes>& attributes);
  void read(Reading& reading, std::string_view handle, uint64_t offset, const Results& results, Direction direction);
  /// A READ of it was answered, or never will be.
  void read_over(std::string_view handle, Direction direction);
  /// Who writes synchronously commits nothing: a page that is not full is the last.
  static bool ends(bool synced, uint32_t size) { return synced && size % 4096 != 0; }
  /// The call at hand says that nothing more of it will be written.
  void end_writing(Waiting& waiting, std::string_view handle, uint32_t procedure);
  /// CLOSE: nothing more of it will be read.
  void end_reading(Waiting& waiting, std::string_view handle);
  void close_transfer(Exchange& file, file::State state);
  void finish_file(std::unique_ptr<Exchange> file, file::State state);
  std::unique_ptr<Exchange> take_file(Exchange& file);
  static std::string file_key(std::string_view handle, Direction direction);

  const Config& config_;
  Out<Nfs> out_;
  onc_rpc::Messages messages_;
  Open<Waiting, uint64_t> calls_;
  std::array<Reading, 2> readings_;  // by Direction
  Recent<std::string> names_;        // by handle
  Recent<std::string> handles_;      // by what stands in for them
  Recent<std::unique_ptr<Exchange>> files_;
  std::shared_ptr<gss::Login> login_;  // the latest that takes more than one call,
  std::string login_context_;          // and by what the server knows it
  uint64_t digest_ = 0;                // of the datagram at hand
  uint64_t recorded_ = 0;
  bool told_malformed_ = false, told_max_tx_ = false;
};

}  // namespace lapwing::nfs
