#include <gtest/gtest.h>

#include "dissectors/protocols/nfs/nfs.h"

namespace lapwing {
namespace {

/// Whether the keyword of that text holds for a call.
bool holds(std::string_view word, std::string_view text, uint32_t version, uint32_t procedure, uint32_t commit = 0) {
  nfs::Exchange exchange;
  exchange.rpc.version = version;
  exchange.procedure = procedure;
  exchange.commit = commit;
  for (const Word& row : nfs::rule_words()) {
    if (row.name != word) continue;
    const Asked asked = row.parse({.word = word, .text = text});
    return row.test({.self = &exchange, .tx = &exchange}, {}, std::get<Tested>(asked).value.get());
  }
  return false;
}

TEST(Nfs, KeywordsTellProceduresByNumberAndByName) {
  EXPECT_TRUE(holds("nfs.version", "3", 3, 0));
  EXPECT_FALSE(holds("nfs.version", ">3", 3, 0));
  EXPECT_TRUE(holds("nfs_procedure", "2<>4", 3, 2));
  EXPECT_TRUE(holds("nfs_procedure", "2<>4", 3, 4));
  EXPECT_FALSE(holds("nfs_procedure", "2<>4", 3, 5));
  EXPECT_TRUE(holds("nfs_procedure", "0<>4", 3, 0));
  EXPECT_TRUE(holds("nfs_procedure", "WRITE", 2, 8));
  EXPECT_TRUE(holds("nfs_procedure", "write", 3, 7));
  EXPECT_TRUE(holds("nfs_procedure", "WRITE", 4, 38));
  EXPECT_FALSE(holds("nfs_procedure", "WRITE", 3, 8));
  EXPECT_FALSE(holds("nfs_procedure", "STATFS", 3, 17));
  EXPECT_TRUE(holds("nfs_procedure", "COMMIT", 3, 7, 21));
  EXPECT_THROW(holds("nfs_procedure", "NONE", 3, 8), SettingError);
  EXPECT_THROW(holds("nfs_procedure", "", 3, 8), SettingError);
}

}  // namespace
}  // namespace lapwing
