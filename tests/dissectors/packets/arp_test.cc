#include "dissectors/packets/arp/arp.h"

#include <gtest/gtest.h>

#include <string>

#include "dissectors/registry.h"

namespace lapwing {
namespace {

const PacketDissectorRow& row() {
  for (const PacketDissectorRow* row : packet_dissectors()) {
    if (row->protocol->name == "arp") return *row;
  }
  std::abort();
}

std::string message(char operation) {
  const char bytes[] = {0, 1, 8, 0, 6, 4, 0, operation, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 2, 0, 0, 0, 0, 2, 10, 0, 0, 2};
  return {bytes, sizeof bytes};
}

std::string record(const std::string& bytes) {
  Transaction* tx = row().read(to_bytes(bytes));
  if (!tx) return "none";
  const RecordPlans plans(*row().protocol, nullptr);
  const Event event{.protocol = row().protocol, .tx = tx, .record = row().protocol->records.data(), .plans = &plans};
  std::string text, scratch;
  JsonWriter json(text);
  json.begin_object();
  write_record(event, scratch, json);
  json.end_object();
  return text;
}

TEST(Arp, SaysWhoAsksForWhom) {
  EXPECT_EQ(row().selector.ether_type, 0x0806);
  EXPECT_EQ(record(message(1)),
            R"({"arp":{"hw_type":"ethernet","proto_type":"ipv4","opcode":"request","src_mac":"02:00:00:00:00:01",)"
            R"("src_ip":"10.0.0.1","dest_mac":"02:00:00:00:00:02","dest_ip":"10.0.0.2"}})");
  EXPECT_NE(record(message(9)).find("\"inarp_reply\""), std::string::npos);
  EXPECT_NE(record(message(99)).find("\"unknown\""), std::string::npos);
}

TEST(Arp, ReadsNothingElse) {
  const std::string whole = message(2);
  for (size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(record(whole.substr(0, size)), "none") << size;
  for (size_t at : {size_t{1}, size_t{3}, size_t{4}, size_t{5}}) {
    std::string odd = whole;
    ++odd[at];
    EXPECT_EQ(record(odd), "none") << at;
  }
}

}  // namespace
}  // namespace lapwing
