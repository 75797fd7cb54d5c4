// Several files of one transaction, whose pieces come in any order: records, digests, alerts and the file store.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include "dissectors/parts/file/digest.h"
#include "sensor/base/text.h"
#include "tests/pipeline/made_up/sensor.h"
#include "tests/support/capture_writer.h"

namespace lapwing::test {
namespace {

using json = nlohmann::json;

std::string begin(int id, size_t size, std::string_view name) {
  return "carrier file " + std::to_string(id) + " " + std::to_string(size) + " " + std::string(name) + "\n";
}
std::string piece(int id, size_t offset, std::string_view bytes) {
  return "carrier piece " + std::to_string(id) + " " + std::to_string(offset) + " " + std::to_string(bytes.size()) +
         "\n" + std::string(bytes);
}
std::string text(size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  std::string out(size, ' ');
  for (char& c : out) c = static_cast<char>('a' + random() % 26);
  return out;
}
std::string digest(file::Algorithm algorithm, std::string_view bytes) {
  return to_hex(file::digest(algorithm, to_bytes(bytes)).view());
}
std::string sha256(std::string_view bytes) {
  return digest(file::Algorithm::sha256, bytes);
}

/// A whole one, one with a hole behind 3,000 bytes, and one of which the end never came.
const std::string kWhole = text(100'000, 1), kHoled = text(9'000, 2), kShort = text(5'000, 3);
constexpr size_t kHole = 3'000, kBehind = 4'000, kCame = 2'000;

std::string parcel() {
  const std::string_view whole = kWhole, holed = kHoled, brief = kShort;
  return begin(1, kWhole.size(), "whole") + begin(2, kHoled.size(), "holed") + begin(3, kShort.size(), "short") +
         piece(1, 60'000, whole.substr(60'000, 30'000)) + piece(2, kBehind, holed.substr(kBehind)) +
         piece(1, 0, whole.substr(0, 20'000)) + piece(3, 0, brief.substr(0, kCame)) +
         piece(1, 90'000, whole.substr(90'000)) + piece(2, 0, holed.substr(0, kHole)) +
         piece(1, 10'000, whole.substr(10'000, 50'000)) + piece(1, 0, "never counts") + "carrier done\n";
}

Capture sent(const std::string& bytes, Cut cut = Cut::whole) {
  Capture out(cut);
  Conversation(out).open().client(bytes).close();
  return out;
}

/// The records of files, by their names.
std::map<std::string, json> files(const Outcome& outcome) {
  std::map<std::string, json> out;
  for (const json& record : outcome.of("fileinfo")) {
    EXPECT_TRUE(out.emplace(record["fileinfo"]["filename"], record["fileinfo"]).second) << record;
    EXPECT_EQ(record["app_proto"], "carrier");
  }
  return out;
}

TEST(CarriedFiles, EachHasItsStateSizeAndDigests) {
  for (Cut cut : {Cut::whole, Cut::scrambled, Cut::twice}) {
    const Outcome got = sense(sent(parcel(), cut), {.options = "file: {hash: [md5, sha256]}\n"});
    auto seen = files(got);
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen["whole"], json({{"filename", "whole"},
                                   {"gaps", false},
                                   {"state", "CLOSED"},
                                   {"md5", digest(file::Algorithm::md5, kWhole)},
                                   {"sha256", sha256(kWhole)},
                                   {"stored", false},
                                   {"size", kWhole.size()},
                                   {"tx_id", 0}}));
    EXPECT_EQ(seen["holed"], json({{"filename", "holed"},
                                   {"gaps", true},
                                   {"state", "TRUNCATED"},
                                   {"sha256", sha256(kHoled.substr(0, kHole))},
                                   {"stored", false},
                                   {"size", kHoled.size()},
                                   {"tx_id", 0}}));
    EXPECT_EQ(seen["short"], json({{"filename", "short"},
                                   {"gaps", false},
                                   {"state", "TRUNCATED"},
                                   {"sha256", sha256(kShort.substr(0, kCame))},
                                   {"stored", false},
                                   {"size", kCame},
                                   {"tx_id", 0}}));
    EXPECT_EQ(got.stat("app_layer.tx.carrier"), 1u);
    EXPECT_EQ(got.stat("app_layer.file.pieces_max"), 0u);
  }
}

TEST(CarriedFiles, WhatIsUnderWayWhenTheFlowEndsIsTruncated) {
  auto seen = files(sense(sent(begin(1, 0, "one") + piece(1, 0, "abc") + piece(1, 5, "f") + begin(2, 3, "two") +
                               piece(2, 1, "bc") + piece(2, 0, "a"))));
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen["one"]["state"], "TRUNCATED");
  EXPECT_EQ(seen["one"]["size"], 6);
  EXPECT_EQ(seen["one"]["gaps"], true);
  EXPECT_EQ(seen["two"]["state"], "CLOSED");
}

TEST(CarriedFiles, AreOfTheirTransaction) {
  const std::string one = begin(1, 3, "one") + piece(1, 0, "abc") + "carrier done\n";
  const std::string two = begin(1, 3, "two") + piece(1, 1, "bc");
  for (const bool lost : {false, true}) {
    Capture capture;
    Conversation talk(capture);
    talk.open().client(one + two);
    if (lost) talk.lose(Direction::to_server, 100);
    const Outcome got = sense([&] {
      talk.client(piece(1, 0, "a") + "carrier done\n").close();
      return capture;
    }());
    auto seen = files(got);
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen["one"]["tx_id"], 0);
    EXPECT_EQ(seen["two"]["tx_id"], 1);
    EXPECT_EQ(seen["two"]["state"], lost ? "TRUNCATED" : "CLOSED") << "behind a hole its dissector gives up";
    EXPECT_EQ(got.stat("app_layer.parser_errors"), lost ? 1u : 0u);
  }
}

/// What lies in the store, by the names of its files.
std::map<std::string, std::string> stored(const std::string& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    out[entry.path().filename()].assign(std::istreambuf_iterator<char>(file), {});
  }
  return out;
}

constexpr std::string_view kStore = "outputs: [{file-store: {enabled: yes, dir: store, force-filestore: yes}}]\n";

TEST(CarriedFiles, AreStoredByWhatCameOfThemWithoutAHole) {
  for (Cut cut : {Cut::whole, Cut::scrambled}) {
    const TemporaryDirectory folder;
    const Outcome got = sense(sent(parcel(), cut), {.options = std::string(kStore), .log_folder = folder.path("")});
    const std::string holed = kHoled.substr(0, kHole), brief = kShort.substr(0, kCame);
    const std::map<std::string, std::string> all = {
        {sha256(kWhole), kWhole}, {sha256(holed), holed}, {sha256(brief), brief}};
    EXPECT_TRUE(stored(folder.path("store")) == all);
    std::set<uint64_t> ids;
    for (const auto& [name, file] : files(got)) {
      EXPECT_EQ(file["stored"], true) << name;
      ids.insert(file["file_id"].get<uint64_t>());
    }
    EXPECT_EQ(ids, (std::set<uint64_t>{1, 2, 3}));
    EXPECT_EQ(got.stat("file_store.stored"), 3u);
  }
}

TEST(CarriedFiles, WithoutTheirBeginningThereIsNothingToStore) {
  const TemporaryDirectory folder;
  const Outcome got = sense(sent(begin(1, 9, "tail") + piece(1, 5, "tail") + "carrier done\n"),
                            {.options = std::string(kStore), .log_folder = folder.path("")});
  auto seen = files(got);
  EXPECT_EQ(seen["tail"]["stored"], false);
  EXPECT_EQ(seen["tail"]["state"], "TRUNCATED");
  EXPECT_EQ(seen["tail"]["size"], 9);
  EXPECT_TRUE(stored(folder.path("store")).empty());
  EXPECT_EQ(got.stat("file_store.incomplete"), 1u);
}

std::string shown(const json& alert) {
  std::string out;
  for (const json& file : alert["files"]) {
    out += file["filename"].get<std::string>() + " " + file["state"].get<std::string>() + " " + file["size"].dump() +
           (file["gaps"] == true ? " gaps\n" : "\n");
  }
  return out;
}

TEST(CarriedFiles, AnAlertShowsTheFileThatItIsAboutOrAll) {
  for (Cut cut : {Cut::whole, Cut::scrambled}) {
    const Outcome got =
        sense(sent(parcel(), cut),
              {.rules = "alert carrier any any -> any any (msg:\"name\"; file.name; content:\"h\"; sid:1;)\n"
                        "alert carrier any any -> any any (msg:\"size\"; filesize:9000<>200000; sid:2;)\n"
                        "alert carrier any any -> any any (msg:\"end\"; app-layer-state:request_complete; sid:3;)\n"});
    std::map<uint32_t, std::vector<std::string>> alerts;
    for (const json& alert : got.of("alert")) {
      EXPECT_EQ(alert["app_proto"], "carrier");
      alerts[alert["alert"]["signature_id"]].push_back(shown(alert));
    }
    const std::string whole = "whole CLOSED 100000\n", holed = "holed TRUNCATED 9000 gaps\n",
                      brief = "short TRUNCATED 2000\n";
    EXPECT_THAT(alerts[1], testing::UnorderedElementsAre(whole, holed, brief));
    EXPECT_THAT(alerts[2], testing::ElementsAre(whole));
    EXPECT_THAT(alerts[3], testing::ElementsAre(whole + holed + brief));
  }
}

TEST(CarriedFiles, AreStoredByWhatARuleSaysOfTheirNames) {
  // The second name is judged when the first file is long under way, and before the second's bytes pass.
  std::string bytes = begin(1, 0, "plain") + piece(1, 0, kShort) + begin(2, 0, "wanted");
  for (size_t at = 0; at < kWhole.size(); at += 10'000)
    bytes += piece(2, at, std::string_view(kWhole).substr(at, 10'000));
  for (Cut cut : {Cut::whole, Cut::scrambled}) {
    const TemporaryDirectory folder;
    const Outcome got = sense(
        sent(bytes + "carrier done\n", cut),
        {.options = "outputs: [{file-store: {enabled: yes, dir: store}}]\n",
         .rules = "alert carrier any any -> any any (msg:\"a\"; file.name; content:\"wanted\"; filestore; sid:1;)\n",
         .log_folder = folder.path("")});
    EXPECT_TRUE(stored(folder.path("store")) == (std::map<std::string, std::string>{{sha256(kWhole), kWhole}}));
    EXPECT_EQ(got.stat("file_store.incomplete"), 0u);
  }
}

TEST(CarriedFiles, WhatWaitsIsBoundedAndTheHolesCounted) {
  std::string many = begin(1, 0, "many");
  for (size_t i = 1; i <= 66; ++i) many += piece(1, 2 * i, "x");
  const std::string half = text(600'000, 4);
  const std::string large = begin(2, 0, "large") + piece(2, 1, half) + piece(2, 700'000, half);
  const Outcome got = sense(sent(many + large + "carrier done\n"), {.options = "stream: {reassembly: {depth: 0}}\n"});
  auto seen = files(got);
  EXPECT_EQ(seen["many"]["size"], 133);
  EXPECT_EQ(seen["many"]["gaps"], true);
  EXPECT_EQ(seen["large"]["size"], 1'300'000);
  EXPECT_EQ(got.stat("app_layer.file.pieces_max"), 2u);
  EXPECT_EQ(got.stat("app_layer.file.waiting_max"), 1u);
  const json loss = got.of("loss").back()["loss"]["app_layer"]["file"];
  EXPECT_EQ(loss["pieces_max"], 2);
  EXPECT_EQ(loss["waiting_max"], 1);
}

TEST(CarriedFiles, AreNumberedInTheOrderOfPacketsWhicheverWorkerSeesThem) {
  Capture capture(Cut::scrambled);
  std::vector<std::string> servers;
  for (int i = 1; i <= 24; ++i) servers.push_back("10.2.0." + std::to_string(i));
  std::vector<Conversation> talks;
  for (const std::string& server : servers) talks.emplace_back(capture, Ends{.server = server}).open();
  for (auto& talk : talks) talk.client(begin(1, 6, "one") + begin(2, 0, "two") + piece(2, 3, "def"));
  for (auto& talk : talks) talk.client(piece(1, 3, "def") + piece(2, 0, "abc") + piece(1, 0, "abc") + "carrier done\n");
  const TemporaryDirectory folder;
  SensorSetup setup{.options = std::string(kStore), .log_folder = folder.path("")};
  const Outcome one = sense(capture, setup);
  setup.workers = 4;
  const Outcome four = sense(capture, setup);
  EXPECT_EQ(one.of("fileinfo").size(), 2 * servers.size());
  EXPECT_EQ(one.told(), four.told());
}

}  // namespace
}  // namespace lapwing::test
