// SMB 1 (MS-CIFS, MS-SMB), 2 and 3 (MS-SMB2), over NetBIOS's session service or what is left of it on port 445. A
// request and its response are a transaction; so is a file that many of them carry, and a call of DCERPC by a named
// pipe.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "dissectors/contract/columns.h"
#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/contract/resync.h"
#include "dissectors/parts/dcerpc/dcerpc.h"
#include "dissectors/parts/file/file_part.h"
#include "dissectors/parts/file/pieces.h"
#include "dissectors/protocols/smb/recent.h"
#include "dissectors/protocols/smb/smb1_messages.h"
#include "dissectors/protocols/smb/smb2_messages.h"
#include "dissectors/protocols/smb/smb_operation.h"

namespace lapwing::smb {

/// Of what one side transfers.
struct TransferLimits {
  uint64_t size = 0;         // bytes of one request; 0: any
  uint64_t queue_size = 0;   // bytes of a file that wait for those before; 0: any
  uint64_t queue_count = 0;  // pieces that do; 0: any
};
struct Config {
  uint64_t max_tx = 0;
  uint64_t inspected = 0;  // bytes of a file
  uint64_t max_read_size = 0, max_read_queue_size = 0, max_read_queue_count = 0;
  uint64_t max_write_size = 0, max_write_queue_size = 0, max_write_queue_count = 0;
  uint64_t handles = 0, reads = 0, trees = 0, sessions = 0, pipes = 0;  // that are known at once
  uint64_t max_stub = 0;                                                // bytes of one side of a call
  uint32_t kinds = 0;                                                   // that have records: bits by Kind

  TransferLimits limits(Direction direction) const {
    if (direction == Direction::to_server) return {max_write_size, max_write_queue_size, max_write_queue_count};
    return {max_read_size, max_read_queue_size, max_read_queue_count};
  }
};

/// What smb_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
/// What smb_sightings.cc brings: what an operation that is over did.
void tell_operations(const Operation& operation, SightingSink& sink);
CarriedFile* carried_file(lapwing::Transaction& tx, Direction direction, uint32_t index);

class Smb {
 public:
  using Config = smb::Config;
  enum class Anomaly : uint8_t {
    malformed_data,
    internal_error,  // never told: Suricata's, where its own count of the bytes that it read is wrong
    record_overflow,
    malformed_ntlmssp_request,
    malformed_ntlmssp_response,
    unusual_ntlmssp_order,
    duplicate_negotiate,
    negotiate_malformed_dialects,
    file_overlap,
    request_to_client,
    response_to_server,
    negotiate_max_read_size_too_large,
    negotiate_max_write_size_too_large,
    read_request_too_large,
    read_response_too_large,
    read_queue_size_exceeded,
    read_queue_cnt_exceeded,
    write_request_too_large,
    write_queue_size_exceeded,
    write_queue_cnt_exceeded,
    too_many_transactions,
  };
  enum class Pdu : uint8_t {
    nbss_pdu,
    nbss_hdr,
    nbss_data,
    smb1_pdu,
    smb1_hdr,
    smb1_data,
    smb2_pdu,
    smb2_hdr,
    smb2_data,
    smb3_pdu,
    smb3_hdr,
    smb3_data,
  };
  enum class Cap : uint8_t { tx, handles, reads, trees, sessions, pipes, transactions, dialects, message, compressed };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 0, "requests of one flow that wait for their response, by max-tx; the oldest is recorded as it is"},
      {"handles", 0, "open files of one flow that are known, by max-guid-cache-size; the longest unused is forgotten"},
      {"reads", 0, "requests to read that wait, by max-read-offset-cache-size; the oldest is forgotten"},
      {"trees", 0, "shares of one flow that are known, by max-tree-cache-size; the longest unused is forgotten"},
      {"sessions", 0, "logins of one flow under way, by max-session-cache-size; the longest unused is forgotten"},
      {"pipes", 0,
       "pipes of one flow that carry DCERPC, by max-dcerpc-frag-cache-size; the longest unused is given up"},
      {"transactions", 16, "transactions of SMB 1 of one flow that wait for their rest; the oldest is forgotten"},
      {"dialects", 64, "dialects of one offer that are kept"},
      {"message", 128 << 10, "bytes of one message that are kept beside what it reads or writes"},
      {"compressed", 8 << 20,
       "bytes of a compressed message of 3.1.1, as it comes and unpacked; of a longer one, of LZ4, or where it is not "
       "sound, what stands before the first compressed byte is read"},
  };
  static constexpr Carried kParts[] = {
      {&file::Files::part},
      {&gss::Gss::part},
      columns::carried<&call_of>(dcerpc::Rpc::part, Sender::either, {kComplete}),
  };
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  static Likelihood probe(const Chunk& first);

  Smb(const Config& config, const Out<Smb>& out);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  friend class Pipe;
  /// What stands in the header of a message.
  struct Origin {
    uint8_t version = 0;
    uint16_t command = 0;
    uint64_t session = 0;
    uint32_t tree = 0;
    Direction direction = Direction::to_server;
    uint32_t status = 0;                          // of a response
    std::shared_ptr<const Tree> connecting = {};  // as that of its side
  };
  /// Bytes of the stream that are read or written.
  struct Bulk {
    std::shared_ptr<Opened> opened;  // null: nobody wants them
    uint64_t begin = 0, end = 0;     // in the stream
    uint64_t offset = 0;             // of the next one in the file
    Origin origin;
    std::optional<Key> transceived;  // what a pipe is told, and is to answer by that key
    bool judged = false;             // it is known whose they are; until then
    std::array<uint8_t, dcerpc::Header::kSize> first = {};
    size_t held = 0;      // of those
    bool wanted = false;  // by a pipe or a file
  };
  /// Bytes of version 1 that come as a message without a header.
  struct Raw {
    std::shared_ptr<Opened> opened;
    uint64_t offset = 0;  // of the first in the file
    uint32_t count = 0;
    Origin origin;
  };
  struct Side {
    Resync resync;
    uint64_t position = 0;     // in the stream, of the next byte
    bool broken = false;       // bytes in front of that were lost
    uint64_t message_end = 0;  // in the stream, of the message at hand
    uint64_t pdu_end = 0;      // of what in it is passed on or over
    uint64_t data_end = 0;     // of what in it is read or written
    bool compressed = false;   // it is, behind pdu_end
    bool unpacked = false;     // what is read was, and is not in the stream
    Bulk bulk;
    std::optional<Raw> raw;  // the next message is that
    // Of a compound or chain, what those behind it refer to (MS-SMB2 3.2.4.1.4, MS-CIFS 3.3.5.2.4).
    uint64_t session = 0;
    uint32_t tree = 0;
    std::shared_ptr<const Tree> connecting;  // that one before them asks for: its number is not known yet
    std::shared_ptr<Opened> opened;

    void leave_chain() {
      connecting.reset();
      opened.reset();
    }
  };
  /// A message of version 2, or a command of version 1.
  struct Message2 {
    v2::Header header;
    Bytes bytes;        // from its header on, as far as they are there
    uint64_t size = 0;  // of all of it
    uint64_t at = 0;    // in the stream
    Direction direction = Direction::to_server;
  };
  struct Command1 {
    v1::Header header;
    v1::Command command = v1::Command::none;
    v1::Block block;
    Bytes bytes;        // of the message, as far as they are there
    uint64_t size = 0;  // of all of it
    uint64_t at = 0;    // in the stream
    Direction direction = Direction::to_server;
    bool sound = false;  // there is a block
  };
  struct TreeKey {
    uint64_t session = 0, tree = 0;
  };
  struct HandleKey {
    uint64_t first = 0, second = 0;
  };
  static constexpr uint64_t kHandle1 = UINT64_MAX;  // the second half of those of version 1
  struct PendingRead {
    std::shared_ptr<Opened> opened;
    uint64_t offset = 0;
    // Of whoever asks: an asynchronous answer names no share (MS-SMB2 2.2.1.1).
    uint32_t tree = 0;
    std::shared_ptr<const Tree> connecting = {};
  };
  /// A transaction of version 1 of which secondary requests bring the rest, in any order (MS-CIFS 2.2.4.34).
  struct Gathered {
    struct Part {
      file::Pieces pieces;  // or who says the last byte first would be kept room for all
      uint64_t end = 0;     // behind the last of them
      uint64_t received = 0;
      uint32_t total = 0;
      std::string bytes;  // all of it, once it is joined

      bool take(const v1::Portion& portion);
      void join();
    };
    std::vector<uint16_t> setup;
    Part parameters, data;

    /// False where it does not fit.
    bool take(const v1::Transaction& said);
    bool whole() const { return parameters.received >= parameters.total && data.received >= data.total; }
    v1::Transaction all();
  };
  Side& side(Direction direction) { return sides_[index(direction)]; }

  // smb.cc: the frames of the stream. What they return is how many bytes are done with; `wanted`: how many there must
  // be for that.
  void go_on(Side& from, const Chunk& chunk);
  size_t take_packet(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted);
  size_t take_raw(Side& from, Direction direction, uint64_t at, uint32_t size);
  size_t take_pdu(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted);
  size_t take_smb1(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted);
  size_t take_smb2(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted);
  size_t take_compressed(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted);
  size_t take_packed(Side& from, Direction direction, Bytes rest, uint64_t at, size_t& wanted);
  void take_unpacked(Side& from, Direction direction, Bytes bytes, uint64_t at);
  void end_pdu(Side& from);
  size_t lose(Side& from, Direction direction);
  size_t pass(Side& from, Bytes rest, uint64_t at);
  bool misdirected(bool response, Direction direction);
  void frames(Pdu first, Direction direction, uint64_t at, uint64_t size, size_t header);

  // smb_operations.cc: transactions, and what is known by number.
  Operation& open(const Key& key, Kind kind, const Origin& origin);
  void begin(Operation& operation, Kind kind, const Origin& origin);
  void renamed(Operation& operation);
  void answer(Operation& operation, Status status, Direction direction);
  void close(Operation& operation, Direction direction);
  void tell(Anomaly name, Direction direction, Operation* operation = nullptr);
  std::shared_ptr<Opened> opened(const HandleKey& key, std::string fuid);
  void hold(const HandleKey& key, std::shared_ptr<Opened> opened);
  void forget(Opened& opened, Direction direction);
  Connect& connect(Operation& operation, std::string path, Direction direction);
  void enter(const TreeKey& key, std::shared_ptr<const Tree> tree);
  void expect_read(const Key& key, PendingRead read);
  std::optional<PendingRead> take_read(const Key& key);
  std::shared_ptr<gss::Login> login(uint64_t session);
  void take_token(Operation& operation, Bytes token, Direction direction);
  void keep_login(uint64_t session, std::shared_ptr<gss::Login> login);

  // smb_files.cc
  struct Extent {
    uint64_t begin = 0;   // in the stream
    uint32_t length = 0;  // bytes
    uint64_t offset = 0;  // in the file
    bool whole = false;   // the message has room for them
    std::optional<Key> transceived = {};
  };
  bool take_data(const std::shared_ptr<Opened>& opened, const Origin& origin, const Extent& extent, Bytes first);
  void watch_transfer(Operation& operation, const Bulk& bulk);
  Operation& begin_transfer(const std::shared_ptr<Opened>& opened, const Origin& origin);
  bool judge(Bulk& bulk);
  void settle(Bulk& bulk);
  void take_bulk(Bulk& bulk, Bytes bytes);
  void pass_on(Bulk& bulk, Bytes bytes);
  void skip_bulk(Side& from, uint64_t to);
  void end_bulk(Side& from);
  void end_transfer(Operation& operation, file::State state);
  void end_of_file(Opened& opened);
  void close_file(Opened& opened, Direction whose, Direction direction);
  void close_handle(Opened& opened, Direction direction);
  void close_behind(const std::shared_ptr<Opened>& opened, Direction direction);
  void close_read(Opened& opened, Direction direction);
  const std::shared_ptr<const Tree>* tree(const Origin& origin);

  // smb_pipe.cc
  bool may_be_pipe(const Origin& origin);
  bool is_pipe(const std::shared_ptr<Opened>& opened, const Origin& origin, Bytes first);
  void end_pipe(Opened& opened, uint32_t status);
  dcerpc::Call& begin_call(const Origin& origin);

  // smb_version2.cc
  void message(const Message2& message);
  void request(const Message2& message);
  void response(const Message2& message);
  void negotiate_request(const Message2& message);
  void negotiate_response(const Message2& message);
  void session_setup_request(const Message2& message);
  void session_setup_response(const Message2& message, Operation& operation);
  void tree_connect_response(const Message2& message, Operation& operation);
  void create_request(const Message2& message);
  void create_response(const Message2& message, Operation& operation);
  void read_request(const Message2& message);
  void read_response(const Message2& message);
  void write_request(const Message2& message);
  void close_request(const Message2& message);
  void set_info_request(const Message2& message);
  void ioctl_request(const Message2& message);
  void open_control(const Key& key, const Origin& origin, uint32_t function);
  void ioctl_response(const Message2& message);
  void malformed(const Message2& message);
  void end_setup(const Setup& setup, uint64_t session, bool goes_on);
  std::shared_ptr<Opened> opened(const Message2& message, const v2::FileId& file);
  Operation& open(const Message2& message, Kind kind);
  static HandleKey handle(const v2::FileId& file);
  static Key key_of(const Message2& message);
  Origin origin(const Message2& message);
  Origin origin(const Message2& message, const PendingRead& read);

  // smb_version1.cc
  void message(const v1::Header& header, Bytes bytes, uint64_t size, uint64_t at, Direction direction);
  void request(const Command1& command);
  void response(const Command1& command);
  void asked(Operation& operation, Direction direction);
  void negotiate_request(const Command1& command);
  void negotiate_response(const Command1& command, Operation& operation);
  void session_setup_request(const Command1& command);
  void session_setup_response(const Command1& command, Operation& operation);
  void tree_connect_response(const Command1& command, Operation& operation);
  void create_response(const Command1& command, Operation& operation);
  void write_request(const Command1& command);
  void raw_read_request(const Command1& command);
  void raw_write_request(const Command1& command);
  void read_response(const Command1& command);
  void malformed(const Command1& command);
  std::shared_ptr<Opened> opened(const Command1& command, uint16_t file);
  void hold1(uint16_t file, std::shared_ptr<Opened> opened);
  void close_request(const Command1& command, uint16_t file);
  Operation& open(const Command1& command, Kind kind);
  // smb_transactions.cc
  void transaction_request(const Command1& command);
  bool transaction_goes_on(const Command1& command);
  void transaction_response(const Command1& command, Operation& operation);
  void transact(const Command1& command, const v1::Transaction& said);
  void pipe_request(const Command1& command, const v1::Transaction& said);
  void pipe_response(const Command1& command);
  void set_info_request(const Command1& command, const v1::Transaction& said);

  static bool carries_data(const v1::Header& header);
  static Key key_of(const Command1& command);
  Origin origin(const Command1& command);

  const Config& config_;
  Out<Smb> out_;
  Agreement agreement_;
  Recent<Key, Operation> operations_;  // in the order in which they began
  Recent<HandleKey, std::shared_ptr<Opened>> handles_;
  Recent<TreeKey, std::shared_ptr<const Tree>> trees_;
  Recent<uint64_t, std::shared_ptr<gss::Login>> logins_;
  Recent<Key, PendingRead> reads_;
  Recent<Key, Gathered> gathered_;
  Recent<uint64_t, std::shared_ptr<Opened>> pipes_;  // those of DCERPC, by a number of their own
  Recent<uint64_t, Operation> calls_;                // of those
  std::optional<Raw> raw_;                           // that the server has yet to say it is ready for
  std::optional<Key> negotiating_;                   // in version 1, where the answer may be one of version 2
  bool netbios_ = false;                             // a session of it was asked for: there lengths have 17 bits
  bool plain_passwords_ = false;                     // in version 1 without extended security
  uint32_t own_ = 0;                                 // of operations that are no request, and of pipes
  std::array<Side, 2> sides_;                        // by Direction
};

}  // namespace lapwing::smb
