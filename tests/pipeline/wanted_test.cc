// What nobody looks at is not looked into, and whoever looks at anything of a message has all of it looked into.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/pipeline/made_up/sensor.h"

namespace lapwing::test {
namespace {

/// A form whose boundary is longer than its bound: counted by whoever looks into the body.
Capture form() {
  const std::string boundary(300, 'b');
  const std::string body =
      "--" + boundary + "\r\nContent-Disposition: form-data; name=f\r\n\r\nx\r\n--" + boundary + "--\r\n";
  Capture capture;
  Conversation talk(capture, {.server_port = 80});
  talk.open();
  talk.client("POST /u HTTP/1.1\r\nHost: a.org\r\nContent-Type: multipart/form-data; boundary=" + boundary +
              "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").close();
  return capture;
}

Outcome sense_for(const std::string& types, const std::string& rules = "") {
  return sense(form(), {.options = "outputs: [{eve-log: {types: [stats, flow" + types + "]}}]\n", .rules = rules});
}

TEST(Wanted, BodiesAreLookedIntoForWhomeverReadsThem) {
  constexpr std::string_view kLooks = "app_layer.http.boundary_max";
  const Outcome of_flows = sense_for("");
  EXPECT_EQ(of_flows.stat(kLooks), 0u);
  EXPECT_EQ(of_flows.stat("app_layer.tx.http"), 1u);
  for (std::string types : {", http", ", files", ", {anomaly: {types: {applayer: yes}}}"}) {
    const Outcome got = sense_for(types);
    EXPECT_EQ(got.stat(kLooks), 1u) << types;
    EXPECT_EQ(got.flow_to(80), of_flows.flow_to(80)) << types;
  }
  EXPECT_EQ(sense_for("", "alert dns any any -> any any (sid:1;)").stat(kLooks), 1u) << "rules of whatever";
  EXPECT_EQ(sense_for(", dns").stat(kLooks), 0u) << "records of another protocol";
}

/// A file longer than what its carrier keeps, whose MD5 is kMd5.
Capture long_file() {
  const std::string piece(10'000, 'x');
  std::string pieces;
  for (size_t at = 0; at < 300'000; at += piece.size()) {
    pieces += "carrier piece 1 " + std::to_string(at) + " " + std::to_string(piece.size()) + "\n" + piece;
  }
  Capture capture;
  Conversation talk(capture, {.server_port = 7000});
  talk.open();
  talk.client("carrier file 1 300000 f\n" + pieces + "carrier done\n").close();
  return capture;
}
constexpr std::string_view kMd5 = "d408ed46ebcc326f9e7c6bb9c77af1cd";

TEST(Wanted, DigestsOfLongFilesAreForWhomeverReadsThem) {
  const auto shown = [](const std::string& more) {
    const Outcome got = sense(long_file(), {.options = "outputs: [{eve-log: {types: [files]}}]\n" + more});
    return got.of("fileinfo").at(0).at("fileinfo");
  };
  EXPECT_FALSE(shown("").contains("md5"));
  const auto one = shown("file: {hash: [md5]}\n");
  EXPECT_EQ(one.at("md5"), kMd5);
  EXPECT_FALSE(one.contains("sha256"));

  const std::string list = testing::TempDir() + "wanted.md5";
  std::ofstream(list) << kMd5 << "\n";
  const Outcome ruled =
      sense(long_file(), {.options = "outputs: [{eve-log: {types: [alert]}}]\n",
                          .rules = "alert carrier any any -> any any (filemd5:" + list + "; sid:1;)"});
  EXPECT_EQ(ruled.of("alert").size(), 1u) << "rules may ask whatever records show";
}

/// An answer of 90 kB.
Capture download() {
  Capture capture;
  Conversation talk(capture, {.server_port = 80});
  talk.open();
  talk.client("GET /f HTTP/1.1\r\nHost: a.org\r\n\r\n");
  talk.server("HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n" + std::string(90'000, 'x')).close();
  return capture;
}

TEST(Wanted, FilesAreKeptForWhomeverReadsThem) {
  for (const Capture& capture : {download(), long_file()}) {
    const auto sensed = [&](const std::string& more, const std::string& rules = "") {
      return sense(capture,
                   {.options = "outputs: [{eve-log: {types: [stats, files]}}]\napp-layer: {memcap: 64kb}\n" + more,
                    .rules = rules});
    };
    const Outcome told = sensed("");
    EXPECT_EQ(told.stat("app_layer.memcap"), 0u);
    ASSERT_EQ(told.of("fileinfo").size(), 1u);
    EXPECT_EQ(told.of("fileinfo")[0]["fileinfo"]["state"], "CLOSED");
    EXPECT_GE(told.of("fileinfo")[0]["fileinfo"]["size"], 90'000);
    EXPECT_GT(sensed("", "alert dns any any -> any any (sid:1;)").stat("app_layer.memcap"), 0u) << "rules of whatever";
    EXPECT_GT(sensed("file: {hash: [md5]}\n").stat("app_layer.memcap"), 0u);
    EXPECT_GT(sensed("file: {magic: yes}\n").stat("app_layer.memcap"), 0u);
  }
}

}  // namespace
}  // namespace lapwing::test
