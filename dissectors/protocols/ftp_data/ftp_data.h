// FTP's data connections (RFC 959 3.2): what a command of a control connection asked for, one to a flow.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "dissectors/contract/announced_file.h"
#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/parts/file/transfer.h"

namespace lapwing::ftp_data {

struct Config {
  uint64_t inspected = 0;  // bytes of a file
};

class FtpData;

/// [W] All that a data connection carries.
struct Data : Transaction {
  std::shared_ptr<const AnnouncedFile> announced;                   // may be null
  std::array<std::optional<file::Transfer<FtpData>>, 2> transfers;  // by Direction

  bool known() const { return announced && announced->known; }
};

/// Progress of either direction of it.
inline constexpr uint8_t kCommand = 1;

enum class Anomaly : uint8_t { unexpected_direction };

/// What ftp_data_columns.cc brings.
Table columns();
std::span<const RecordRow> records();
CarriedFile* carried_file(Transaction& tx, Direction direction, uint32_t index);

class FtpData {
 public:
  using Config = ftp_data::Config;
  using Anomaly = ftp_data::Anomaly;
  using Context = AnnouncedFile;
  enum class Pdu : uint8_t { data };
  enum class Cap : uint8_t { early };
  static constexpr lapwing::Cap kCaps[] = {
      {"early", 64 << 10, "bytes that came before the command for them; they are then a file without a name"},
  };
  static constexpr Carried kParts[] = {{&file::Files::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options();
  /// Only who was announced is one.
  static Likelihood probe(const Chunk&) { return Likelihood::no; }

  FtpData(const Config& config, const Out<FtpData>& out, std::shared_ptr<const AnnouncedFile> announced);
  Step data(const Chunk& chunk);
  Step gap(Direction direction, uint64_t lost);
  void finish();

 private:
  struct Side {
    std::string early;                      // bytes before the command for them
    std::optional<file::State> ended = {};  // how what it sends is over
    bool closed = false;
  };

  bool may_begin() const { return !data_.announced || data_.announced->known; }
  void begin();
  void pass(Direction direction, Bytes bytes);
  file::Transfer<FtpData>& transfer(Direction direction);
  void close(Direction direction, file::State state);

  const Config& config_;
  Out<FtpData> out_;
  Data data_;
  std::array<Side, 2> sides_;  // by Direction
  bool begun_ = false;
};

}  // namespace lapwing::ftp_data
