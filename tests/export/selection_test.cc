#include "export/outputs/selection.h"

#include <gtest/gtest.h>

#include <string>

namespace lapwing {
namespace {

struct Seen {
  std::string text;
  size_t batches = 0, urgent = 0, flushes = 0;
};

class Listener final : public Exporter {
 public:
  explicit Listener(Seen& seen) : seen_(seen) {}
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
  Seen& seen_;
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

TEST(Selection, AnOutputGetsTheRecordsOfItsTypesInOrder) {
  Seen seen;
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
