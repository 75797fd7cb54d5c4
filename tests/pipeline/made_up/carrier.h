// A protocol that does not exist, whose client sends several files at once, each in pieces of any order:
//   carrier file ID SIZE NAME\n                  SIZE 0: not told
//   carrier piece ID OFFSET LENGTH\n<bytes>
//   carrier close ID\n
//   carrier done\n                               the end of a transaction
#pragma once

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "dissectors/contract/dissector.h"
#include "dissectors/parts/file/transfer.h"

namespace lapwing::test {

class Carrier {
 public:
  struct Config {};
  using Anomaly = None;
  using Pdu = None;
  using Cap = None;
  static constexpr Carried kParts[] = {{&file::Files::part}};
  static const About about;
  static const Protocol protocol;
  static std::span<const OptionRow<Config>> options() { return {}; }
  static Likelihood probe(const Chunk& first);

  struct Parcel : Transaction {
    struct Item {
      uint64_t id;
      std::unique_ptr<file::Transfer<Carrier>> transfer;
    };
    std::list<Item> items;
  };

  Carrier(const Config&, const Out<Carrier>& out) : out_(out) {}
  Step data(const Chunk& chunk);
  Step gap(Direction, uint64_t) { return Step::fail(); }
  void finish() { close(file::State::truncated); }

 private:
  void begin(uint64_t id, uint64_t size, std::string_view name);
  file::Transfer<Carrier>* find(uint64_t id);
  void close(file::State state);

  Out<Carrier> out_;
  std::unique_ptr<Parcel> parcel_;
};

}  // namespace lapwing::test
