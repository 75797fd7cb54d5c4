#include "export/outputs/selection.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lapwing {
namespace {

struct Heard {
  std::string text;
  size_t batches = 0, urgent = 0, flushes = 0;
};

class Listener final : public Exporter {
 public:
  explicit Listener(Heard& seen) : seen_(seen) {}
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) {
      ASSERT_FALSE(batch->entries.empty());
      ASSERT_EQ(batch->entries.back().end, batch->text.size());
      for (const auto& entry : batch->entries) ASSERT_EQ(batch->text[entry.end - 1], '\n');
      seen_.text += batch->text;
      ++seen_.batches;
      seen_.urgent += batch->urgent;
      counters_.records += batch->entries.size();
    }
  }
  void flush() override { ++seen_.flushes; }
  ExporterCounters counters() const override { return counters_; }
  ExporterLabel label() const override { return {"listener", "here"}; }

 private:
  Heard& seen_;
  ExporterCounters counters_;
};

std::shared_ptr<const RecordBatch> batch_of(std::initializer_list<std::pair<RecordType, const char*>> records,
                                            bool urgent = false) {
  auto out = std::make_shared<RecordBatch>();
  for (const auto& [topic, text] : records) {
    out->text += std::string(text) + "\n";
    out->entries.push_back({topic, out->text.size()});
  }
  out->urgent = urgent;
  return out;
}

/// Keeps what it is given.
class Keeper final : public Exporter {
 public:
  explicit Keeper(std::vector<RecordBatch>& kept) : kept_(kept) {}
  void write(std::span<const std::shared_ptr<const RecordBatch>> batches) override {
    for (const auto& batch : batches) kept_.push_back(*batch);
  }
  void flush() override {}
  ExporterCounters counters() const override { return {}; }
  ExporterLabel label() const override { return {"keeper", "here"}; }

 private:
  std::vector<RecordBatch>& kept_;
};

TEST(Selection, FindingsGoWithTheirRecords) {
  auto batch = std::make_shared<RecordBatch>(*batch_of({{1, "one"}, {0, "first"}, {1, "two"}, {2, "second"}}));
  for (uint32_t entry : {0u, 1u, 3u}) batch->findings.push_back({.id = 100 + entry, .entry = entry});
  std::vector<RecordBatch> kept;
  const std::shared_ptr<const RecordBatch> batches[] = {batch};
  select_types(std::make_unique<Keeper>(kept), {true, false, true})->write(batches);
  ASSERT_EQ(kept.size(), 1u);
  ASSERT_EQ(kept[0].findings.size(), 2u);
  EXPECT_EQ(kept[0].findings[0].id, 101u);
  EXPECT_EQ(kept[0].findings[0].entry, 0u);
  EXPECT_EQ(kept[0].findings[1].id, 103u);
  EXPECT_EQ(kept[0].findings[1].entry, 1u);
}

TEST(Selection, AnOutputGetsTheRecordsOfItsTypesInOrder) {
  Heard seen;
  auto output = select_types(std::make_unique<Listener>(seen), {true, false, true});
  const std::shared_ptr<const RecordBatch> batches[] = {
      batch_of({{1, "one"}, {0, "first"}, {2, "second"}, {1, "two"}}, true),
      batch_of({{1, "three"}}),
      batch_of({{2, "third"}, {0, "fourth"}}),
  };
  output->write(batches);
  output->flush();
  EXPECT_EQ(seen.text, "first\nsecond\nthird\nfourth\n");
  EXPECT_EQ(seen.batches, 2u);
  EXPECT_EQ(seen.urgent, 1u);
  EXPECT_EQ(seen.flushes, 1u);
  EXPECT_EQ(output->counters().records, 4u);
  EXPECT_EQ(output->label().type, "listener");
}

}  // namespace
}  // namespace lapwing
