// The mount protocol of NFS 2 and 3 (RFC 1094 appendix A, RFC 1813 appendix I): a path becomes a file handle.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dissectors/contract/dissector.h"
#include "dissectors/contract/names.h"
#include "dissectors/parts/onc_rpc/program.h"

namespace lapwing::mount {

struct Config {};

// RFC 1813 I.4.2, and of older versions RFC 1094 A.5.
namespace procedure {
inline constexpr uint32_t null = 0, mount = 1, dump = 2, unmount = 3, unmount_all = 4, exports = 5, export_all = 6,
                          path_configuration = 7;
}

/// What a server offers, and to whom; none: to everybody.
struct Export {
  std::string path;
  std::vector<std::string> groups;
};
/// Who mounted what, as far as the server knows.
struct Mounted {
  std::string host, path;
};

/// [W] A call and its answer.
struct Exchange : onc_rpc::Conversation {
  std::optional<std::string> path;
  std::optional<uint32_t> status;
  std::string handle;
  std::vector<uint32_t> flavors;
  std::vector<Export> exports;
  std::vector<Mounted> mounts;

  void reset();
};

enum class Anomaly : uint8_t { malformed_data };

/// What mount_columns.cc brings.
Table columns();
std::span<const RecordRow> records();

class Mount {
 public:
  using Config = mount::Config;
  using Anomaly = mount::Anomaly;
  enum class Pdu : uint8_t { pdu };
  enum class Cap : uint8_t { tx, entries };
  static constexpr lapwing::Cap kCaps[] = {
      {"tx", 1024, "calls without answer; the oldest is recorded as it is"},
      {"entries", 256, "exports, groups of one, or mounts of an answer in its record; others are passed over"},
  };
  static constexpr Carried kParts[] = {{&onc_rpc::Rpc::part}};
  static constexpr uint32_t kProgram = 100005;
  static constexpr onc_rpc::Neighbour kNeighbours[] = {{100003, "nfs"}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options() { return {}; }
  static Likelihood probe(const Chunk& first);

  Mount(const Config&, const Out<Mount>& out) : out_(out), program_(*this, out_) {}
  Step data(const Chunk& chunk) { return program_.data(chunk); }
  Step gap(Direction direction, uint64_t lost) { return program_.gap(direction, lost); }
  void finish() { program_.finish(); }

  // For onc_rpc::Program.
  void arguments(Exchange& exchange, onc_rpc::XdrReader& body);
  bool results(Exchange& exchange, onc_rpc::XdrReader& body, bool first);
  void answered(Exchange& exchange);

 private:
  bool mounted(Exchange& exchange, onc_rpc::XdrReader& body);
  bool next_export(Exchange& exchange, onc_rpc::XdrReader& body);
  bool next_mount(Exchange& exchange, onc_rpc::XdrReader& body);

  Out<Mount> out_;
  onc_rpc::Program<Mount, Exchange> program_;
};

}  // namespace lapwing::mount
